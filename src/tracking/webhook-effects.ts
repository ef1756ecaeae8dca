// What a webhook brings about. A hint only makes something due; what a run's status is comes from the vendor, or from a signed state.
import { ProviderError } from "../domain/errors.ts";
import { identityOf } from "../domain/identity.ts";
import { ObservationSource, SyncStatus } from "../domain/status.ts";
import type { WorkItem } from "../domain/runtime-ports.ts";
import type { StoredDelivery } from "../domain/store-port.ts";
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

export interface WebhookEffects {
  /**
   * Does what a delivery asks for. Doing it twice is harmless. Throws `ProviderError` when the vendor had to be asked and failed.
   *
   * @returns false when it is about a run that nobody knows
   */
  apply(turn: InboxTurn, delivery: StoredDelivery): Promise<boolean>;
}

interface Parts {
  readonly contact: ProviderContact;
  readonly recorder: Recorder;
  readonly catalog: Catalog;
}

type RunHint = Extract<WebhookHint, { readonly kind: "RUN" }>;

/** A burst of hints that name no run costs one look in this time. */
const LOOKS_APART_MS = 5_000;

export function createWebhookEffects(tools: TrackingTools, { contact, recorder, catalog }: Parts): WebhookEffects {
  const { store, queue, clock } = tools;
  const looks = new Map<string, number>();

  async function apply(turn: InboxTurn, { event, receivedAt }: StoredDelivery): Promise<boolean> {
    const hints = turn.configured.provider.interpretWebhook?.(event.payload, receivedAt) ?? [];
    let known = true;
    for (const hint of hints) known = (await follow(turn, hint, receivedAt)) && known;
    return known;
  }

  async function follow(turn: InboxTurn, hint: WebhookHint, receivedAt: Date): Promise<boolean> {
    const { tenantId, configured } = turn;
    const { key: providerKey } = configured.info;
    switch (hint.kind) {
      case "OBSERVATION":
        await recorder.record({
          tenantId,
          configured,
          source: ObservationSource.Webhook,
          observations: [hint.observation],
        });
        return true;
      case "RUN":
        return lookAtRun(turn, hint, receivedAt);
      case "RUNS":
        await lookSoon({ kind: "DISCOVER", tenantId, providerKey });
        return true;
      case "CATALOG":
        catalog.expire(tenantId, configured);
        await lookSoon({ kind: "CATALOG", tenantId, providerKey });
        return true;
    }
  }

  async function lookAtRun(turn: InboxTurn, hint: RunHint, receivedAt: Date): Promise<boolean> {
    const { tenantId, configured } = turn;
    const { key: providerKey } = configured.info;
    const [known] = await store.ledger.syncsByIds(tenantId, [identityOf(tenantId, providerKey, "sync", hint.remoteId)]);
    if (known === undefined) return meet(turn, hint, receivedAt);
    await store.polling.makeDue(tenantId, known.id, clock.now());
    await queue.schedule({ kind: "POLL", tenantId, providerKey }, clock.now());
    return true;
  }

  /** A run the ledger has not: started elsewhere, or here and the answer to the start is still on its way. */
  async function meet(turn: InboxTurn, { kind: _, ...ids }: RunHint, receivedAt: Date): Promise<boolean> {
    if (turn.failure !== null) throw turn.failure;
    const { tenantId, configured } = turn;
    const unknown = { batchId: null, models: [], status: SyncStatus.Created, createdAt: receivedAt, startedAt: null };
    try {
      const { observations } = await contact.through(tenantId, configured, () =>
        configured.provider.observe([{ ...ids, ...unknown }], { tasks: false }),
      );
      await recorder.record({ tenantId, configured, source: ObservationSource.Webhook, observations });
      return observations.some(({ remoteId }) => remoteId === ids.remoteId);
    } catch (error) {
      if (error instanceof ProviderError && error.retryable) turn.failure = error;
      throw error;
    }
  }

  async function lookSoon(item: WorkItem): Promise<void> {
    const name = JSON.stringify(item);
    const lookAt = Math.max(clock.now().getTime(), (looks.get(name) ?? Number.NEGATIVE_INFINITY) + LOOKS_APART_MS);
    // The same look put off twice is one look.
    if (lookAt <= clock.now().getTime()) looks.set(name, lookAt);
    await queue.schedule(item, new Date(lookAt));
  }

  return { apply };
}
