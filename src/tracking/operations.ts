// What callers may do with runs: start, retry, cancel, read now.
import { ErrorCode, type UserProblem } from "../domain/errors.ts";
import type { SyncOperations, TriggerCommand, TriggerResult } from "../domain/gateway-port.ts";
import type { CallOptions } from "../domain/provider-port.ts";
import { isTerminal } from "../domain/status.ts";
import { IfRunning, type Sync, type Trigger } from "../domain/sync.ts";
import { createCancels } from "./cancel.ts";
import { triggerIdOf } from "./idempotency.ts";
import { answerInTime } from "./in-time.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { Poller } from "./poller.ts";
import { providerGone, unknownSync } from "./problems.ts";
import { shareCall, type SharedCall } from "./shared-call.ts";
import type { TrackingTools } from "./tools.ts";
import { createTriggerOutcomes } from "./trigger-outcomes.ts";
import type { Triggers } from "./trigger.ts";

/** Gateways go by one clock; what is less is the way to it. */
const CLOCKS_DIFFER_MS = 2_000;

export function createOperations(
  tools: TrackingTools,
  contact: ProviderContact,
  triggers: Triggers,
  poller: Poller,
): SyncOperations {
  const { store, clock, directory } = tools;
  const outcomes = createTriggerOutcomes(tools);
  const reads = new Map<string, SharedCall<Sync>>();

  async function find(tenantId: string, syncId: string): Promise<Sync | null> {
    const [sync] = await store.ledger.syncsByIds(tenantId, [syncId]);
    return sync ?? null;
  }

  async function retry(tenantId: string, syncId: string, idempotencyKey: string | null): Promise<TriggerResult> {
    const sync = await find(tenantId, syncId);
    if (sync === null) return refused(unknownSync);
    const configured = directory.find(tenantId, sync.providerKey);
    if (configured === undefined) return refused(await providerGone(store, tenantId, sync.providerKey, ["syncId"]));
    if (sync.definitionId === null) return refused(noDefinition);
    if (!isTerminal(sync.status)) return refused(stillOpen);
    return trigger(tenantId, commandOf(sync, sync.definitionId, configured, idempotencyKey), sync);
  }

  /** A vendor that hangs holds a start up for longer than anybody waits: it goes on, and the trigger tells how it ends. */
  function trigger(tenantId: string, command: TriggerCommand, retryOf?: Sync): Promise<TriggerResult> {
    const id = triggerIdOf(tenantId, command.idempotencyKey);
    let committed: Trigger | null = null;
    const onCommitted = (known: Trigger): void => void (committed = known);
    const started = triggers.trigger(tenantId, command, {
      id,
      onCommitted,
      ...(retryOf === undefined ? {} : { retryOf }),
    });
    return answerInTime(tools, started, () => outcomes.answerNow(tenantId, id, committed));
  }

  async function refresh(
    tenantId: string,
    syncId: string,
    maxAgeMs: number,
    options: CallOptions = {},
  ): Promise<Sync | null> {
    const sync = await find(tenantId, syncId);
    const configured = sync === null ? undefined : directory.find(tenantId, sync.providerKey);
    if (sync === null || configured === undefined) return sync;
    const ageMs = clock.now().getTime() - sync.observedAt.getTime();
    // What was seen at a time that has not come was seen before the clock was set back.
    if (ageMs >= -CLOCKS_DIFFER_MS && ageMs <= maxAgeMs) return sync;
    const running = reads.get(sync.id);
    const read = running === undefined || running.abandoned ? begin(tenantId, configured, sync) : running;
    return read.wait(options.signal);
  }

  function begin(tenantId: string, configured: ConfiguredProvider, sync: Sync): SharedCall<Sync> {
    const read = shareCall(configured.info.key, (signal) =>
      poller.readNow(tenantId, configured, sync, { signal }).finally(() => {
        if (reads.get(sync.id) === read) reads.delete(sync.id);
      }),
    );
    reads.set(sync.id, read);
    return read;
  }

  return {
    trigger: (tenantId, command) => trigger(tenantId, command),
    retry,
    refresh,
    ...createCancels(tools, contact, poller),
  };
}

/** The same start again, as far as the run itself tells how it was started. Arguments are not kept once a run has begun. */
function commandOf(
  sync: Sync,
  definitionId: string,
  { info }: ConfiguredProvider,
  idempotencyKey: string | null,
): TriggerCommand {
  const takes = new Set<string>(info.capabilities.startOptions);
  return {
    definitionId,
    idempotencyKey,
    ifRunning: IfRunning.Reject,
    ...(takes.has("linkedAccountRemoteId") && sync.linkedAccountId !== null
      ? { linkedAccountId: sync.linkedAccountId }
      : {}),
    ...(takes.has("models") && sync.models.length > 0 ? { models: sync.models } : {}),
    ...(takes.has("fullRefresh") && sync.fullRefresh !== null ? { fullRefresh: sync.fullRefresh } : {}),
  };
}

const refused = (problem: UserProblem): TriggerResult => ({
  syncs: [],
  attached: false,
  trigger: null,
  problems: [problem],
});

const noDefinition: UserProblem = {
  code: ErrorCode.NotFound,
  message:
    "What this sync ran is not known to the gateway any more, so it cannot be started again. Trigger a definition instead.",
  field: ["syncId"],
};

const stillOpen: UserProblem = {
  code: ErrorCode.AlreadyRunning,
  message: "This sync has not ended. Wait for its end, or cancel it first.",
  field: ["syncId"],
};
