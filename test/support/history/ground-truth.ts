// What histories are held against: one moment of the store, and what the vendors themselves wrote down.
import { NodeKind, globalIdOf } from "../../../src/graphql/global-id.ts";
import { openReadOnly } from "../../../src/store/checks/snapshot.ts";
import { syncTable, syncOf } from "../../../src/store/entities/sync.ts";
import { syncTriggerTable } from "../../../src/store/entities/sync-trigger.ts";
import { transitionOf, transitionTable } from "../../../src/store/entities/transition.ts";
import { identifier, sql } from "../../../src/store/sql.ts";
import { selected } from "../../../src/store/statements.ts";
import { decodeRow, type AnyTable } from "../../../src/store/table.ts";

/** A run of the ledger. Ids are the global ones that clients know. */
export interface StoredRun {
  readonly id: string;
  readonly provider: string;
  readonly remoteId: string;
  readonly status: string;
  /** The trigger that began it; null when somebody else did. */
  readonly trigger: string | null;
  readonly createdAt: Date;
}

export interface StoredTrigger {
  readonly id: string;
  readonly provider: string;
  readonly key: string | null;
  readonly state: string;
  /** It began nothing and was given a run that was going on. */
  readonly attached: boolean;
  /** Its start had no answer, so that a run was looked for. */
  readonly doubted: boolean;
  readonly runs: readonly string[];
}

export interface StoredTransition {
  readonly place: number;
  readonly run: string;
  readonly to: string;
  readonly provider: string;
}

export interface StoredWorld {
  readonly runs: readonly StoredRun[];
  readonly triggers: readonly StoredTrigger[];
  /** In order. */
  readonly transitions: readonly StoredTransition[];
}

/** A start that a vendor carried out. */
export interface Effect {
  readonly provider: string;
  /** The vendor's ids of the runs that it began. */
  readonly runs: readonly string[];
  /** Whether the gateway must come to know of them: it was told, or the vendor goes on showing them. */
  readonly findable: boolean;
}

const runId = (id: string): string => globalIdOf(NodeKind.Sync, id);

/** Reads a whole store as of one moment. */
export async function readStoredWorld(databaseUrl: string): Promise<StoredWorld> {
  const store = await openReadOnly(databaseUrl);
  try {
    return await store.at(async ({ query }) => {
      const rowsOf = (table: AnyTable, order: string) =>
        query(sql`select ${selected(table)} from ${identifier(table.name)} order by ${identifier(order)}`);
      const runs = (await rowsOf(syncTable, "id")).map(syncOf);
      const triggers = (await rowsOf(syncTriggerTable, "id")).map((row) => decodeRow(syncTriggerTable, row));
      const transitions = (await rowsOf(transitionTable, "sequence")).map(transitionOf);
      const providers = new Map(runs.map(({ id, providerKey }) => [id, providerKey]));
      return {
        runs: runs.map(({ id, providerKey, remoteId, status, triggerId, createdAt }) => ({
          ...{ id: runId(id), provider: providerKey, remoteId, status, trigger: triggerId, createdAt },
        })),
        triggers: triggers.map(({ id, providerKey, idempotencyKey, state, attached, syncIds, doubtedAt }) => ({
          doubted: doubtedAt !== null,
          ...{ id, provider: providerKey, key: idempotencyKey, state, attached, runs: syncIds.map(runId) },
        })),
        transitions: transitions.map(({ sequence, syncId, to }) => ({
          ...{ place: sequence, run: runId(syncId), to, provider: providers.get(syncId) ?? "" },
        })),
      };
    });
  } finally {
    await store.close();
  }
}
