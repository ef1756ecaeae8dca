// What webhooks bring about. A hint only makes something due; what a run's status is comes from the vendor, or from a signed state.
// Deliveries come in bursts, so what many of them ask for is done together: observations in one transaction, one look for all hints.
import { steadyClock } from "../domain/steady-clock.ts";
import { ProviderError, isOutage } from "../domain/errors.ts";
import { identityOf } from "../domain/identity.ts";
import { ObservationSource, SyncStatus } from "../domain/status.ts";
import type { WorkItem } from "../domain/runtime-ports.ts";
import type { StoredDelivery } from "../domain/store-port.ts";
import type { Observation } from "../domain/sync.ts";
import type { WebhookHint } from "../domain/webhook-port.ts";
import type { Catalog } from "./catalog.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { Recorder } from "./recorder.ts";
import type { TrackingTools } from "./tools.ts";

/** One go over a provider's inbox. */
export interface InboxTurn {
  readonly tenantId: string;
  readonly configured: ConfiguredProvider;
  /** A failure that may pass: whoever needs the vendor after it in this turn does not wait for the same. */
  failure: ProviderError | null;
}

/** What a delivery brought about. UNKNOWN_RUN: it is about a run that nobody knows. */
export type Effect = "DONE" | "UNKNOWN_RUN" | { readonly failure: unknown };

export interface WebhookEffects {
  /**
   * Does what deliveries ask for; one that fails holds no other up. Doing it twice is harmless. Rejects only when the store is away.
   *
   * @returns for each of them, in their order, what came of it
   */
  apply(turn: InboxTurn, deliveries: readonly StoredDelivery[]): Promise<readonly Effect[]>;
}

interface Parts {
  readonly contact: ProviderContact;
  readonly recorder: Recorder;
  readonly catalog: Catalog;
}

/** What one delivery says, and which. */
interface Told<What> {
  readonly delivery: StoredDelivery;
  readonly what: What;
}
type RunHint = Extract<WebhookHint, { readonly kind: "RUN" }>;

/** A burst of hints that name no run costs one look in this time. */
const LOOKS_APART_MS = 5_000;

export function createWebhookEffects(tools: TrackingTools, { contact, recorder, catalog }: Parts): WebhookEffects {
  const { store, queue, clock } = tools;
  const steady = steadyClock(clock);
  const looks = new Map<string, number>();

  async function apply(turn: InboxTurn, deliveries: readonly StoredDelivery[]): Promise<readonly Effect[]> {
    const effects = new Map<StoredDelivery, Effect>();
    const fail = (failed: ReadonlyMap<Told<unknown>, unknown>): void => {
      for (const [{ delivery }, failure] of failed) effects.set(delivery, { failure });
    };
    const observed: Told<Observation>[] = [];
    const hinted: Told<RunHint>[] = [];
    const general: Told<"RUNS" | "CATALOG">[] = [];
    const unmet: Told<RunHint>[] = [];
    const met = new Set<string>();
    for (const delivery of deliveries) {
      try {
        for (const what of hintsOf(turn, delivery)) {
          if (what.kind === "OBSERVATION") observed.push({ delivery, what: what.observation });
          else if (what.kind === "RUN") hinted.push({ delivery, what });
          else general.push({ delivery, what: what.kind });
        }
      } catch (failure) {
        effects.set(delivery, { failure });
      }
    }
    for (const round of roundsOf(observed)) fail(await failuresAmong(round, (some) => record(turn, some)));
    fail(await failuresAmong(hinted, async (some) => unmet.push(...(await makeDue(turn, some)))));
    const meetAll = async (some: readonly Told<RunHint>[]): Promise<void> => {
      for (const remoteId of await meet(turn, some)) met.add(remoteId);
    };
    fail(await failuresAmong(unmet, meetAll));
    for (const { delivery, what } of unmet)
      if (!met.has(what.remoteId) && !effects.has(delivery)) effects.set(delivery, "UNKNOWN_RUN");
    for (const kind of ["RUNS", "CATALOG"] as const) {
      const told = general.filter(({ what }) => what === kind);
      fail(await failuresAmong(told, () => lookAround(turn, kind)));
    }
    return deliveries.map((delivery) => effects.get(delivery) ?? "DONE");
  }

  function record({ tenantId, configured }: InboxTurn, told: readonly Told<Observation>[]): Promise<unknown> {
    const observations = told.map(({ what }) => what);
    return recorder.record({ tenantId, configured, source: ObservationSource.Webhook, observations });
  }

  /** @returns hints about runs that the ledger has not */
  async function makeDue(
    { tenantId, configured }: InboxTurn,
    hinted: readonly Told<RunHint>[],
  ): Promise<readonly Told<RunHint>[]> {
    const { key: providerKey } = configured.info;
    const idOf = ({ what }: Told<RunHint>): string => identityOf(tenantId, providerKey, "sync", what.remoteId);
    const found = await store.ledger.syncsByIds(tenantId, [...new Set(hinted.map(idOf))]);
    const known = new Set(found.map(({ id }) => id));
    if (known.size > 0) {
      await store.polling.makeDue(tenantId, [...known], clock.now());
      await queue.schedule({ kind: "POLL", tenantId, providerKey }, clock.now());
    }
    return hinted.filter((one) => !known.has(idOf(one)));
  }

  /**
   * Asks the vendor about runs the ledger has not: started elsewhere, or here and the answer to the start is still on its way.
   *
   * @returns the vendor's ids of those it knows
   */
  async function meet(turn: InboxTurn, hinted: readonly Told<RunHint>[]): Promise<readonly string[]> {
    if (turn.failure !== null) throw turn.failure;
    const { tenantId, configured } = turn;
    const unknown = { batchId: null, models: [], status: SyncStatus.Created, startedAt: null };
    const refs = hinted.map(({ what: { kind: _, ...ids }, delivery }) => ({
      ...{ ...ids, ...unknown, createdAt: delivery.receivedAt },
    }));
    // Of several hints about one run the last stands for all.
    const asked = [...new Map(refs.map((ref) => [ref.remoteId, ref])).values()];
    try {
      const { observations } = await contact.through(tenantId, configured, () =>
        configured.provider.observe(asked, { tasks: false }),
      );
      await recorder.record({ tenantId, configured, source: ObservationSource.Webhook, observations });
      return observations.map(({ remoteId }) => remoteId);
    } catch (error) {
      if (error instanceof ProviderError && error.retryable) turn.failure = error;
      throw error;
    }
  }

  async function lookAround({ tenantId, configured }: InboxTurn, kind: "RUNS" | "CATALOG"): Promise<void> {
    const { key: providerKey } = configured.info;
    if (kind === "RUNS") return lookSoon({ kind: "DISCOVER", tenantId, providerKey });
    catalog.expire(tenantId, configured);
    return lookSoon({ kind, tenantId, providerKey });
  }

  async function lookSoon(item: WorkItem): Promise<void> {
    const name = JSON.stringify(item);
    const now = steady.now().getTime();
    const waitMs = Math.max(0, (looks.get(name) ?? Number.NEGATIVE_INFINITY) + LOOKS_APART_MS - now);
    // The same look put off twice is one look.
    if (waitMs === 0) looks.set(name, now);
    await queue.schedule(item, new Date(clock.now().getTime() + waitMs));
  }

  return { apply };
}

const hintsOf = ({ configured }: InboxTurn, { event, receivedAt }: StoredDelivery): readonly WebhookHint[] =>
  configured.provider.interpretWebhook?.(event.payload, receivedAt) ?? [];

/** Each run's first observation, then each run's second, and so on: what is decided of a run must not depend on what else is told at once. */
function roundsOf(observed: readonly Told<Observation>[]): readonly (readonly Told<Observation>[])[] {
  const rounds: Told<Observation>[][] = [];
  const told = new Map<string, number>();
  for (const one of observed) {
    const round = told.get(one.what.remoteId) ?? 0;
    told.set(one.what.remoteId, round + 1);
    (rounds[round] ??= []).push(one);
  }
  return rounds;
}

/**
 * Does work for many at once. When it fails, does it for each half, until those that cannot be done stand alone and all others are done.
 *
 * @returns the failures of those
 */
async function failuresAmong<Item>(
  items: readonly Item[],
  work: (some: readonly Item[]) => Promise<unknown>,
): Promise<ReadonlyMap<Item, unknown>> {
  const [first] = items;
  if (first === undefined) return new Map();
  try {
    await work(items);
    return new Map();
  } catch (error) {
    // Nothing can be done for anybody.
    if (isOutage(error)) throw error;
    if (items.length === 1) return new Map([[first, error]]);
  }
  const half = Math.ceil(items.length / 2);
  const left = await failuresAmong(items.slice(0, half), work);
  return new Map([...left, ...(await failuresAmong(items.slice(half), work))]);
}
