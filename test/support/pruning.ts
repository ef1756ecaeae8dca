// Letting history go in the hands of a test: batch after batch, and everything that is left of a tenant.
import { identityOf } from "../../src/domain/identity.ts";
import { PruneStep } from "../../src/domain/retention-port.ts";
import type { Horizon, Pruned } from "../../src/domain/retention-port.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import type { Sync, Transition, Trigger } from "../../src/domain/sync.ts";
import { at, entry, rules, syncJob, task, trigger } from "./store-values.ts";

export const TENANT = "t1";
export const runId = (remoteId: string): string => identityOf(TENANT, "acme", "sync", remoteId);
export const DEFINITION = identityOf(TENANT, "acme", "definition", "job-1");
export const NOTHING: Pruned = { transitions: 0, runs: 0, triggers: 0, definitions: 0, linkedAccounts: 0 };

/** Everything before so many milliseconds after the fixed moment goes. */
export const before = (ms: number): Horizon => ({ historyBefore: at(ms), triggersBefore: at(ms) });

/** In the order of a round. */
const STEPS = [PruneStep.History, PruneStep.Runs, PruneStep.Triggers, PruneStep.Catalog] as const;

/** Batches that removed something, until nothing is left to remove. A consumer may stop after any, as a process that dies does. */
export async function* batchesOf(
  store: Store,
  tenantId: string,
  horizon: Horizon,
  limit: number,
): AsyncGenerator<Pruned, void, void> {
  for (const step of STEPS) {
    for (;;) {
      const pruned = await store.retention.prune(tenantId, step, horizon, limit);
      if (pruned === null) throw new Error("somebody else is removing something of this tenant's");
      if (Object.values({ ...pruned }).every((count) => count === 0)) break;
      yield pruned;
    }
  }
}

/** A whole round. */
export async function pruneAll(store: Store, tenantId: string, horizon: Horizon, limit = 100): Promise<Pruned> {
  const total = { transitions: 0, runs: 0, triggers: 0, definitions: 0, linkedAccounts: 0 };
  for await (const batch of batchesOf(store, tenantId, horizon, limit)) {
    total.transitions += batch.transitions;
    total.runs += batch.runs;
    total.triggers += batch.triggers;
    total.definitions += batch.definitions;
    total.linkedAccounts += batch.linkedAccounts;
  }
  return total;
}

export interface Left {
  readonly transitions: readonly Transition[];
  /** Oldest first. */
  readonly runs: readonly Sync[];
}

export async function leftOf(store: Store, tenantId: string): Promise<Left> {
  const order = { field: "CREATED_AT", descending: false } as const;
  const page = { limit: 100, direction: "forward", from: null } as const;
  return {
    transitions: await store.ledger.transitionsAfter(tenantId, 0, 10_000),
    runs: (await store.ledger.listSyncs(tenantId, {}, order, page)).items,
  };
}

/** A run with a task that begins and ends at these moments: three transitions. */
export async function run(store: Store, remoteId: string, from: number, to: number): Promise<void> {
  await store.ledger.record(TENANT, [entry(remoteId, { observedAt: at(from), tasks: [task("tickets")] })], rules);
  await see(store, remoteId, to, SyncStatus.Success);
}

export const see = (store: Store, remoteId: string, ms: number, status: SyncStatus) =>
  store.ledger.record(TENANT, [entry(remoteId, { observedAt: at(ms), status })], rules);

export const remoteIds = async (store: Store): Promise<readonly string[]> =>
  (await leftOf(store, TENANT)).runs.map(({ remoteId }) => remoteId).toSorted();

export const sequences = async (store: Store): Promise<readonly number[]> =>
  (await leftOf(store, TENANT)).transitions.map(({ sequence }) => sequence);

/** A trigger that was accepted and lists these runs. */
export async function accepted(
  store: Store,
  id: string,
  ms: number,
  remotes: readonly string[],
  given: Partial<Trigger> = {},
): Promise<void> {
  await store.catalog.putDefinitions(TENANT, "acme", [syncJob("job-1")], at(0));
  const answered = { options: null, sentAt: at(ms), resolvedAt: at(ms), state: TriggerState.Accepted };
  const named = { tenantId: TENANT, definitionId: DEFINITION, createdAt: at(ms), syncIds: remotes.map(runId) };
  await store.triggers.create(trigger(id, { ...named, ...answered, ...given }));
}
