// What callers may do with runs: start, retry, cancel, read now.
import { ErrorCode, ProviderError, type UserProblem } from "../domain/errors.ts";
import type { CancelResult, SyncOperations, TriggerCommand, TriggerResult } from "../domain/gateway-port.ts";
import { isTerminal } from "../domain/status.ts";
import { IfRunning, type Sync } from "../domain/sync.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import { refOf, type Poller } from "./poller.ts";
import type { TrackingTools } from "./tools.ts";
import type { Triggers } from "./trigger.ts";

export function createOperations(
  tools: TrackingTools,
  contact: ProviderContact,
  triggers: Triggers,
  poller: Poller,
): SyncOperations {
  const { store, clock, directory } = tools;
  const reads = new Map<string, Promise<Sync>>();

  async function find(tenantId: string, syncId: string): Promise<Sync | null> {
    const [sync] = await store.ledger.syncsByIds(tenantId, [syncId]);
    return sync ?? null;
  }

  async function retry(tenantId: string, syncId: string, idempotencyKey: string | null): Promise<TriggerResult> {
    const sync = await find(tenantId, syncId);
    if (sync === null) return refused(unknownSync);
    const configured = directory.find(tenantId, sync.providerKey);
    if (sync.definitionId === null || configured === undefined) return refused(noDefinition);
    if (!isTerminal(sync.status)) return refused(stillOpen);
    return triggers.trigger(tenantId, commandOf(sync, sync.definitionId, configured, idempotencyKey), sync.id);
  }

  async function cancel(tenantId: string, syncId: string): Promise<CancelResult> {
    const sync = await find(tenantId, syncId);
    if (sync === null) return { sync: null, problems: [unknownSync] };
    const configured = directory.find(tenantId, sync.providerKey);
    const stop = configured?.provider.cancel?.bind(configured.provider);
    if (configured === undefined || stop === undefined) return { sync, problems: [cannotCancel(sync.providerKey)] };
    if (isTerminal(sync.status)) return { sync, problems: [finished] };
    try {
      await contact.through(tenantId, configured, () => stop(refOf(sync)));
    } catch (error) {
      return await notCancelled(tenantId, configured, sync, error);
    }
    await store.polling.makeDue(tenantId, sync.id, clock.now());
    await tools.queue.schedule({ kind: "POLL", tenantId, providerKey: sync.providerKey }, clock.now());
    return { sync: (await find(tenantId, syncId)) ?? sync, problems: [] };
  }

  /** A run that ended a moment ago cannot be cancelled: then the caller is shown its end. Any other failure is the vendor's. */
  async function notCancelled(
    tenantId: string,
    configured: ConfiguredProvider,
    sync: Sync,
    error: unknown,
  ): Promise<CancelResult> {
    const refusals: readonly ErrorCode[] = [
      ErrorCode.ProviderConflict,
      ErrorCode.ProviderNotFound,
      ErrorCode.ProviderRejected,
      ErrorCode.SyncFinished,
    ];
    if (!(error instanceof ProviderError) || !refusals.includes(error.code)) throw error;
    const now = await poller.readNow(tenantId, configured, sync);
    if (!isTerminal(now.status)) throw error;
    return { sync: now, problems: [finished] };
  }

  async function refresh(tenantId: string, syncId: string, maxAgeMs: number): Promise<Sync | null> {
    const sync = await find(tenantId, syncId);
    const configured = sync === null ? undefined : directory.find(tenantId, sync.providerKey);
    if (sync === null || configured === undefined) return sync;
    if (clock.now().getTime() - sync.observedAt.getTime() <= maxAgeMs) return sync;
    const running = reads.get(sync.id);
    if (running !== undefined) return running;
    const read = poller.readNow(tenantId, configured, sync).finally(() => reads.delete(sync.id));
    reads.set(sync.id, read);
    return read;
  }

  return { trigger: (tenantId, command) => triggers.trigger(tenantId, command), retry, cancel, refresh };
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

const unknownSync: UserProblem = {
  code: ErrorCode.NotFound,
  message: "There is no sync with this id. List syncs to find the id you mean.",
  field: ["syncId"],
};

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

const finished: UserProblem = {
  code: ErrorCode.SyncFinished,
  message: "This sync has ended already; there is nothing to cancel.",
  field: ["syncId"],
};

const cannotCancel = (providerKey: string): UserProblem => ({
  code: ErrorCode.CapabilityNotSupported,
  message: `${providerKey}: this provider has no way to cancel a run.`,
  field: ["syncId"],
});
