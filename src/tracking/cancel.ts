// Stopping runs: one, or all that a definition has open. The vendor is asked; that a run has stopped is seen later, like any other end.
import pLimit from "p-limit";
import type { SyncDefinition } from "../domain/definition.ts";
import { ErrorCode, ProviderError, type UserProblem } from "../domain/errors.ts";
import { shownKeyOf, type CancelAllResult, type CancelResult, type SyncOperations } from "../domain/gateway-port.ts";
import { isTerminal } from "../domain/status.ts";
import type { Sync } from "../domain/sync.ts";
import { refOf, type Poller } from "./poller.ts";
import { providerGone, unknownObject, unknownSync } from "./problems.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { TrackingTools } from "./tools.ts";

type Cancels = Pick<SyncOperations, "cancel" | "cancelAll">;

const CALLS_AT_ONCE = 4;
/** What vendors say when there is nothing to stop any more; whether that is so, the runs themselves tell. */
const REFUSALS: readonly ErrorCode[] = [
  ErrorCode.ProviderConflict,
  ErrorCode.ProviderNotFound,
  ErrorCode.ProviderRejected,
  ErrorCode.SyncFinished,
];

export function createCancels(tools: TrackingTools, contact: ProviderContact, poller: Poller): Cancels {
  const { store, clock, directory, queue } = tools;

  async function cancel(tenantId: string, syncId: string): Promise<CancelResult> {
    const [sync] = await store.ledger.syncsByIds(tenantId, [syncId]);
    if (sync === undefined) return { sync: null, problems: [unknownSync] };
    const configured = directory.find(tenantId, sync.providerKey);
    if (configured === undefined)
      return { sync, problems: [await providerGone(store, tenantId, sync.providerKey, ["syncId"])] };
    const stop = configured.provider.cancel?.bind(configured.provider);
    if (stop === undefined) return { sync, problems: [cannotCancel(shownKeyOf(configured.info), "syncId")] };
    if (isTerminal(sync.status)) return { sync, problems: [finished] };
    const ended = await stopUnlessEnded(tenantId, configured, [sync], () => stop(refOf(sync)));
    if (ended !== null) return { sync: ended[0] ?? sync, problems: [finished] };
    const [asked = sync] = await lookSoon(tenantId, configured, [sync]);
    return { sync: asked, problems: [] };
  }

  async function cancelAll(tenantId: string, definitionId: string): Promise<CancelAllResult> {
    const [definition] = await store.catalog.definitionsByIds(tenantId, [definitionId]);
    if (definition === undefined) return nothing(unknownObject(["definitionId"], "sync definition"));
    const configured = directory.find(tenantId, definition.providerKey);
    if (configured === undefined)
      return nothing(await providerGone(store, tenantId, definition.providerKey, ["definitionId"]));
    const { cancel: stopOne, cancelAll: stopAll } = configured.provider;
    if (stopOne === undefined && stopAll === undefined)
      return nothing(cannotCancel(shownKeyOf(configured.info), "definitionId"));
    const open = await store.ledger.openSyncs(tenantId, definition.id);
    if (open.length === 0) return nothing(nothingOpen(definition));
    const failure = await stopEach(tenantId, configured, definition, open);
    const syncs = await lookSoon(tenantId, configured, open);
    if (failure !== null) throw failure;
    return { syncs, problems: [] };
  }

  /** @returns the first failure, when everything has been tried; null when nothing failed */
  async function stopEach(
    tenantId: string,
    configured: ConfiguredProvider,
    definition: SyncDefinition,
    open: readonly Sync[],
  ): Promise<ProviderError | null> {
    const { provider } = configured;
    const limit = pLimit(CALLS_AT_ONCE);
    const stop = (syncs: readonly Sync[], call: () => Promise<void>): Promise<ProviderError | null> =>
      stopUnlessEnded(tenantId, configured, syncs, call).then(() => null, providersFailure);
    const failures =
      provider.cancelAll === undefined
        ? await Promise.all(open.map((sync) => limit(() => stop([sync], async () => provider.cancel?.(refOf(sync))))))
        : [await stop(open, async () => provider.cancelAll?.(definition.remoteId))];
    return failures.find((failure) => failure !== null) ?? null;
  }

  /**
   * Asks the vendor. Runs that ended a moment ago cannot be stopped: that is no failure. Any other is the vendor's.
   *
   * @returns the runs' ends when the vendor refused because of them; null when it will stop them
   */
  async function stopUnlessEnded(
    tenantId: string,
    configured: ConfiguredProvider,
    syncs: readonly Sync[],
    stop: () => Promise<void>,
  ): Promise<readonly Sync[] | null> {
    try {
      await contact.through(tenantId, configured, stop);
      return null;
    } catch (error) {
      if (!(error instanceof ProviderError) || !REFUSALS.includes(error.code)) throw error;
      const limit = pLimit(CALLS_AT_ONCE);
      const now = await Promise.all(syncs.map((sync) => limit(() => poller.readNow(tenantId, configured, sync))));
      if (!now.every(({ status }) => isTerminal(status))) throw error;
      return now;
    }
  }

  /** @returns the runs as they stand */
  async function lookSoon(
    tenantId: string,
    { info }: ConfiguredProvider,
    syncs: readonly Sync[],
  ): Promise<readonly Sync[]> {
    const ids = syncs.map(({ id }) => id);
    await store.polling.makeDue(tenantId, ids, clock.now());
    await queue.schedule({ kind: "POLL", tenantId, providerKey: info.key }, clock.now());
    const found = await store.ledger.syncsByIds(tenantId, ids);
    return syncs.map((sync) => found.find(({ id }) => id === sync.id) ?? sync);
  }

  return { cancel, cancelAll };
}

function providersFailure(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  throw error;
}

const nothing = (problem: UserProblem): CancelAllResult => ({ syncs: [], problems: [problem] });

const finished: UserProblem = {
  code: ErrorCode.SyncFinished,
  message: "This sync has ended already; there is nothing to cancel.",
  field: ["syncId"],
};

const nothingOpen = ({ name }: SyncDefinition): UserProblem => ({
  code: ErrorCode.SyncFinished,
  message: `No sync of "${name}" is open; there is nothing to cancel.`,
  field: ["definitionId"],
});

const cannotCancel = (providerKey: string, field: string): UserProblem => ({
  code: ErrorCode.CapabilityNotSupported,
  message: `${providerKey}: this provider has no way to cancel a run.`,
  field: [field],
});
