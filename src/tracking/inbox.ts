// The inbox of webhooks: takes deliveries in, answers only for what is committed, and works them off afterwards.
import { ProviderError } from "../domain/errors.ts";
import { DeliveryState } from "../domain/store-port.ts";
import type { DeliverySettlement, StoredDelivery } from "../domain/store-port.ts";
import { WebhookRefusal } from "../domain/webhook-port.ts";
import type { WebhookEvent, WebhookRequest } from "../domain/webhook-port.ts";
import { steadyClock } from "../domain/steady-clock.ts";
import { reasonOf } from "../domain/reason.ts";
import type { Catalog } from "./catalog.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { Recorder } from "./recorder.ts";
import type { TrackingTools } from "./tools.ts";
import { createWebhookCatchUp } from "./webhook-catch-up.ts";
import { createWebhookEffects, type Effect, type InboxTurn } from "./webhook-effects.ts";
import { createWebhookNotes } from "./webhook-notes.ts";
import type { WebhookSilence } from "./webhook-silence.ts";

/**
 * What became of a delivery. ACCEPTED: committed, now or earlier. CONFLICTING: genuine, but its id was used for another event.
 * UNUSABLE: genuine, and nothing can be made of it. FORGED: not proven genuine. UNSUPPORTED: the provider has no webhooks.
 */
export type WebhookReceipt = "ACCEPTED" | "CONFLICTING" | "UNUSABLE" | "FORGED" | "UNSUPPORTED";

export interface Inbox {
  /** Proves a delivery genuine and stores it. Rejects when it could not be stored, so that the vendor is told to send it again. */
  receive(tenantId: string, configured: ConfiguredProvider, request: WebhookRequest): Promise<WebhookReceipt>;
  /** Works off what is due, looks for missed events where there is a reason to, and plans the next turn. */
  process(tenantId: string, configured: ConfiguredProvider): Promise<void>;
  /** Writes what is only noted yet. */
  close(): Promise<void>;
}

interface Parts {
  readonly contact: ProviderContact;
  readonly recorder: Recorder;
  readonly catalog: Catalog;
  readonly silence: WebhookSilence;
}

/** Deliveries that are worked off together. Other writers wait for their transactions. */
const AT_ONCE = 100;
/** Longer ids of a vendor's are no ids. */
const LONGEST_DELIVERY_ID = 255;
const FIRST_RETRY_MS = 2_000;
const SLOWEST_RETRY_MS = 300_000;
/** A run that neither the ledger nor the vendor knows is given up after this long. */
const PARKED_FOR_MS = 900_000;
/** After a day of failures discovery has long found what the delivery was about. */
const FAILING_FOR_MS = 86_400_000;
const KEPT_FOR_MS = 7 * 86_400_000;
const PRUNED_EVERY_MS = 3_600_000;

export function createInbox(tools: TrackingTools, { contact, recorder, catalog, silence }: Parts): Inbox {
  const { store, queue, clock, log } = tools;
  const effects = createWebhookEffects(tools, { contact, recorder, catalog });
  const catchUp = createWebhookCatchUp(tools, contact);
  const notes = createWebhookNotes(tools, catchUp.remember);
  const steady = steadyClock(clock);
  const prunedAt = new Map<string, number>();
  const silent = new Set<string>();

  async function receive(
    tenantId: string,
    configured: ConfiguredProvider,
    request: WebhookRequest,
  ): Promise<WebhookReceipt> {
    const verdict = configured.provider.verifyWebhook?.(request);
    if (verdict === undefined) return "UNSUPPORTED";
    if (!verdict.genuine) {
      notes.refused(tenantId, configured, verdict.refusal);
      return isForged(verdict.refusal) ? "FORGED" : "UNUSABLE";
    }
    const { event } = verdict;
    if (event.deliveryId === "" || event.deliveryId.length > LONGEST_DELIVERY_ID) {
      notes.refused(tenantId, configured, WebhookRefusal.Malformed);
      return "UNUSABLE";
    }
    const stored = await put(tenantId, configured, event, request.receivedAt);
    notes.heard(tenantId, configured, request.receivedAt);
    if (stored === "CONFLICTING") {
      const facts = { provider: configured.info.key, deliveryId: event.deliveryId, event: event.name };
      log.warn(facts, "a genuine webhook has the id of another one; the first stays");
      notes.refused(tenantId, configured, stored);
      return stored;
    }
    if (stored === "STORED") await ring(tenantId, configured, clock.now());
    return "ACCEPTED";
  }

  function put(tenantId: string, { info }: ConfiguredProvider, event: WebhookEvent, receivedAt: Date) {
    const { key: providerKey } = info;
    return store.inbox.put({
      tenantId,
      providerKey,
      event,
      receivedAt,
      state: DeliveryState.Received,
      dueAt: receivedAt,
    });
  }

  async function ring(tenantId: string, { info }: ConfiguredProvider, dueAt: Date): Promise<void> {
    try {
      await queue.schedule({ kind: "INBOX", tenantId, providerKey: info.key }, dueAt);
    } catch (error) {
      // The row is committed, and the next turn comes by itself within a minute: the vendor need not send it again.
      log.error({ provider: info.key, error: reasonOf(error) }, "the inbox could not be planned");
    }
  }

  async function process(tenantId: string, configured: ConfiguredProvider): Promise<void> {
    await prune(tenantId);
    await noteSilence(tenantId, configured);
    await workOff({ tenantId, configured, failure: null });
    if ((await putMissed(tenantId, configured)) > 0) await workOff({ tenantId, configured, failure: null });
    const next = await store.inbox.nextDueAt(tenantId, configured.info.key);
    if (next !== null) await ring(tenantId, configured, next);
  }

  async function workOff(turn: InboxTurn): Promise<void> {
    for (;;) {
      const due = await store.inbox.due(turn.tenantId, turn.configured.info.key, clock.now(), AT_ONCE);
      // Nothing can be settled when the store is away; what is due stays due.
      const came = await effects.apply(turn, due);
      const settlements = due.map((delivery, index): DeliverySettlement => {
        const outcome = outcomeOf(delivery, came[index] ?? "DONE");
        return { deliveryId: delivery.event.deliveryId, ...outcome };
      });
      await store.inbox.settle(turn.tenantId, turn.configured.info.key, settlements);
      if (due.length < AT_ONCE) return;
    }
  }

  function outcomeOf(delivery: StoredDelivery, effect: Effect): Outcome {
    if (effect === "DONE") return { state: DeliveryState.Processed, dueAt: null };
    const facts = { provider: delivery.providerKey, deliveryId: delivery.event.deliveryId, event: delivery.event.name };
    if (effect === "UNKNOWN_RUN") {
      const outcome = parked(delivery, clock.now());
      if (outcome.dueAt === null) log.warn(facts, "webhook dropped: the run it is about was never found");
      return outcome;
    }
    const { failure: error } = effect;
    const outcome = failed(delivery, clock.now(), error instanceof ProviderError ? error.retryAfterMs : null);
    const what = { ...facts, error: reasonOf(error), dropped: outcome.dueAt === null };
    if (error instanceof ProviderError) log.warn(what, "webhook not processed");
    else log.error({ ...what, stack: error instanceof Error ? error.stack : undefined }, "webhook not processed");
    return outcome;
  }

  /** Through the same inbox, so that what did arrive is known as a repetition. */
  async function putMissed(tenantId: string, configured: ConfiguredProvider): Promise<number> {
    const { key } = configured.info;
    try {
      return await catchUp.run(tenantId, configured, async (event) => {
        await put(tenantId, configured, event, clock.now());
      });
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      log.warn(
        { provider: key, code: error.code, error: error.message },
        "missed webhooks could not be read; tried again soon",
      );
      return 0;
    }
  }

  async function noteSilence(tenantId: string, { info, webhooksConfigured }: ConfiguredProvider): Promise<void> {
    const name = JSON.stringify([tenantId, info.key]);
    const { lastWebhookAt } = await store.providerStates.get(tenantId, info.key);
    const now = webhooksConfigured && silence.isSilent(tenantId, info.key, lastWebhookAt);
    if (now && !silent.has(name)) {
      log.warn({ provider: info.key, lastWebhookAt }, "webhooks are configured and none come; polls find the changes");
    }
    if (now) silent.add(name);
    else silent.delete(name);
  }

  async function prune(tenantId: string): Promise<void> {
    const now = steady.now().getTime();
    if (now - (prunedAt.get(tenantId) ?? Number.NEGATIVE_INFINITY) < PRUNED_EVERY_MS) return;
    await store.inbox.prune(tenantId, new Date(clock.now().getTime() - KEPT_FOR_MS));
    prunedAt.set(tenantId, now);
  }

  return { receive, process, close: () => notes.close() };
}

type Outcome = Pick<StoredDelivery, "state" | "dueAt">;

const GIVEN_UP: Outcome = { state: DeliveryState.Dropped, dueAt: null };

/** Waiting as long again as it has waited, and two seconds more, doubles the pauses: 2, 4, 8 ... seconds. */
const doubledMs = (ageMs: number): number => FIRST_RETRY_MS + Math.max(0, ageMs);

function parked({ receivedAt }: StoredDelivery, now: Date): Outcome {
  // One that came at a time that has not come yet came before the clock was set back.
  const ageMs = Math.max(0, now.getTime() - receivedAt.getTime());
  if (ageMs >= PARKED_FOR_MS) return GIVEN_UP;
  // The last look is at the very end.
  const delayMs = Math.min(doubledMs(ageMs), PARKED_FOR_MS - ageMs);
  return { state: DeliveryState.Parked, dueAt: new Date(now.getTime() + delayMs) };
}

function failed({ receivedAt, state }: StoredDelivery, now: Date, retryAfterMs: number | null): Outcome {
  const ageMs = now.getTime() - receivedAt.getTime();
  if (ageMs >= FAILING_FOR_MS) return GIVEN_UP;
  const delayMs = Math.max(Math.min(doubledMs(ageMs), SLOWEST_RETRY_MS), Math.min(retryAfterMs ?? 0, PRUNED_EVERY_MS));
  return { state, dueAt: new Date(now.getTime() + delayMs) };
}

/** Only what cannot be proven is refused: vendors stop sending, or stop a customer's run, when a genuine delivery is not taken. */
function isForged(refusal: WebhookRefusal): boolean {
  switch (refusal) {
    case WebhookRefusal.NotConfigured:
    case WebhookRefusal.BadSignature:
      return true;
    case WebhookRefusal.Stale:
    case WebhookRefusal.Malformed:
      return false;
  }
}
