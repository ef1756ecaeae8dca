// What callers may do with runs: start, retry, cancel, read now.
import { ErrorCode, ProviderError, type UserProblem } from "../domain/errors.ts";
import type { RetryCommand, SyncOperations, TriggerCommand, TriggerResult } from "../domain/gateway-port.ts";
import type { CallOptions } from "../domain/provider-port.ts";
import { isTerminal } from "../domain/status.ts";
import { ErrorHandling, type Sync, type Trigger } from "../domain/sync.ts";
import { createCancels } from "./cancel.ts";
import { triggerIdOf } from "./idempotency.ts";
import { answerInTime } from "./in-time.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import { refOf, type Poller } from "./poller.ts";
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

  async function retry(tenantId: string, syncId: string, how: RetryCommand): Promise<TriggerResult> {
    const sync = await find(tenantId, syncId);
    if (sync === null) return refused(unknownSync);
    const configured = directory.find(tenantId, sync.providerKey);
    if (configured === undefined) return refused(await providerGone(store, tenantId, sync.providerKey, ["syncId"]));
    if (sync.definitionId === null) return refused(noDefinition);
    if (!isTerminal(sync.status)) return refused(stillOpen);
    const kept = commandOf(sync, sync.definitionId, configured, how);
    // A repeated request finds its trigger: the vendor need not be asked again, nor be there.
    const isKnown = how.idempotencyKey !== null && (await isStarted(tenantId, how.idempotencyKey));
    const readBack = isKnown ? {} : await readBackOf(tenantId, configured, sync);
    return "problem" in readBack ? refused(readBack.problem) : trigger(tenantId, { ...kept, ...readBack }, sync);
  }

  async function isStarted(tenantId: string, idempotencyKey: string): Promise<boolean> {
    return (await store.triggers.byIds(tenantId, [triggerIdOf(tenantId, idempotencyKey)])).length > 0;
  }

  /** What the ledger does not keep of a start: arguments may hold secrets. */
  async function readBackOf(
    tenantId: string,
    configured: ConfiguredProvider,
    sync: Sync,
  ): Promise<Pick<TriggerCommand, "args"> | { readonly problem: UserProblem }> {
    const { provider } = configured;
    try {
      return (await contact.through(tenantId, configured, async () => provider.startedWith?.(refOf(sync)))) ?? {};
    } catch (error) {
      if (!(error instanceof ProviderError) || !UNTOLD.has(error.code)) throw error;
      return { problem: argumentsUnknown };
    }
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

/** The same start again, as far as the ledger keeps how it was started. */
function commandOf(
  sync: Sync,
  definitionId: string,
  { info }: ConfiguredProvider,
  { idempotencyKey, ifRunning }: RetryCommand,
): TriggerCommand {
  const takes = new Set<string>(info.capabilities.startOptions);
  return {
    definitionId,
    idempotencyKey,
    ifRunning,
    ...(takes.has("linkedAccountRemoteId") && sync.linkedAccountId !== null
      ? { linkedAccountId: sync.linkedAccountId }
      : {}),
    ...(takes.has("models") && sync.models.length > 0 ? { models: sync.models } : {}),
    ...(takes.has("fullRefresh") && sync.fullRefresh !== null ? { fullRefresh: sync.fullRefresh } : {}),
    ...(takes.has("onError") && isErrorHandling(sync.onError) ? { onError: sync.onError } : {}),
  };
}

const isErrorHandling = (word: string | null): word is ErrorHandling =>
  Object.values<string | null>(ErrorHandling).includes(word);

/** The run is gone at the vendor, or does not tell them. */
const UNTOLD: ReadonlySet<ErrorCode> = new Set([ErrorCode.ProviderNotFound, ErrorCode.ProviderBadResponse]);

const argumentsUnknown: UserProblem = {
  code: ErrorCode.BadUserInput,
  message:
    "The vendor does not tell the arguments (args) of this run any more, so it cannot be started again as it was. Use triggerSync with the arguments it needs.",
  field: ["syncId"],
};

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
