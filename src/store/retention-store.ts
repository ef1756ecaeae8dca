// Retention's part of the port: removes what is older than the horizon, a batch in each transaction.
import { PruneStep } from "../domain/retention-port.ts";
import type { Horizon, Pruned, RetentionStore } from "../domain/retention-port.ts";
import { TriggerState } from "../domain/sync.ts";
import type { Database, Query } from "./database.ts";
import type { Dialect } from "./dialect.ts";
import { prunedBeginningTable } from "./entities/pruned-beginning.ts";
import { OPEN_SYNC } from "./entities/sync.ts";
import { transitionOf, transitionTable } from "./entities/transition.ts";
import { identifier, join, sql, verbatim } from "./sql.ts";
import type { Sql } from "./sql.ts";
import { insertRows, selected } from "./statements.ts";
import { isUnresolved } from "./trigger-rivals.ts";

/** One batch under way, inside its transaction. */
interface Batch {
  readonly query: Query;
  readonly dialect: Dialect;
  readonly tenantId: string;
  readonly horizon: Horizon;
  readonly limit: number;
}

export function createRetentionStore({ dialect, transaction }: Database): RetentionStore {
  return {
    prune: (tenantId, step, horizon, limit) =>
      transaction(async (query) => {
        const batch = { query, dialect, tenantId, horizon, limit };
        if (!(await isAlone(batch))) return null;
        return { ...NOTHING, ...(await STEPS[step](batch)) };
      }),
  };
}

const NOTHING: Pruned = { transitions: 0, runs: 0, triggers: 0, definitions: 0, linkedAccounts: 0 };

const STEPS: Readonly<Record<PruneStep, (batch: Batch) => Promise<Partial<Pruned>>>> = {
  [PruneStep.History]: pruneHistory,
  [PruneStep.Runs]: pruneRuns,
  [PruneStep.Triggers]: pruneTriggers,
  [PruneStep.Catalog]: pruneCatalog,
};

/** SQLite has one writer at a time; on PostgreSQL a lock by name that nobody waits for: one gateway's pruning is enough. */
async function isAlone({ query, dialect, tenantId }: Batch): Promise<boolean> {
  if (dialect.database === "sqlite") return true;
  const name = JSON.stringify(["prune", tenantId]);
  const [row] = await query(sql`select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as locked`);
  return row?.["locked"] === true;
}

async function pruneHistory(batch: Batch): Promise<Partial<Pruned>> {
  const { query, dialect, tenantId, horizon, limit } = batch;
  const rows = await query(
    sql`select ${selected(transitionTable)} from transition where tenant_id = ${tenantId} order by sequence limit ${limit}`,
  );
  const oldest = rows.map(transitionOf);
  const kept = oldest.findIndex(({ observedAt }) => observedAt >= horizon.historyBefore);
  const going = kept === -1 ? oldest : oldest.slice(0, kept);
  const [begin, cut] = [going[0]?.sequence, going.at(-1)?.sequence];
  if (begin === undefined || cut === undefined) return {};
  const lastOf = new Map(going.map((transition) => [transition.syncId, transition]));
  const runs = await lockRuns(batch, [...lastOf.keys()]);
  const removable = await removableRuns(batch, runs, cut);
  await removeRuns(batch, removable);
  const staying = new Set(runs.filter((id) => !removable.includes(id)));
  await insertRows(
    query,
    dialect,
    prunedBeginningTable,
    [...lastOf.values()]
      .filter(({ syncId }) => staying.has(syncId))
      .map(({ syncId, sequence, to: status, outcome }) => ({ tenantId, syncId, sequence, status, outcome })),
    "replace",
  );
  await query(
    sql`delete from transition where tenant_id = ${tenantId} and sequence >= ${begin} and sequence <= ${cut}`,
  );
  await mark(batch, cut);
  return { transitions: going.length, runs: removable.length };
}

async function pruneRuns(batch: Batch): Promise<Partial<Pruned>> {
  const { query, dialect, tenantId, horizon, limit } = batch;
  const left = await query(
    sql`select sync.id as id from pruned_beginning join sync on sync.tenant_id = pruned_beginning.tenant_id and sync.id = pruned_beginning.sync_id where pruned_beginning.tenant_id = ${tenantId} and ${mayGo(dialect, horizon, 0)} limit ${limit}`,
  );
  if (left.length === 0) return {};
  const runs = await lockRuns(
    batch,
    left.map(({ id }) => String(id)),
  );
  const removable = await removableRuns(batch, runs, 0);
  await removeRuns(batch, removable);
  await mark(batch, null);
  return { runs: removable.length };
}

/** In the order every writer locks runs in; with them those that name one as what they repeat. Gives the runs that are there. */
async function lockRuns({ query, dialect, tenantId }: Batch, ids: readonly string[]): Promise<readonly string[]> {
  // As two selects, because SQLite would read all runs to answer an "or" in their order.
  const alike = ["id", "retry_of_id"].map(
    (column) => sql`select id from sync where tenant_id = ${tenantId} and ${dialect.anyOf(identifier(column), ids)}`,
  );
  const rows = await query(
    sql`select id from sync where tenant_id = ${tenantId} and id in (${join(alike, " union all ")}) order by id ${dialect.lockRows}`,
  );
  const asked = new Set(ids);
  return rows.map(({ id }) => String(id)).filter((id) => asked.has(id));
}

/** Asked once the runs are locked: what is committed by then counts. */
async function removableRuns(
  { query, dialect, tenantId, horizon }: Batch,
  ids: readonly string[],
  cut: number,
): Promise<readonly string[]> {
  const rows = await query(
    sql`select id from sync where tenant_id = ${tenantId} and ${dialect.anyOf(identifier("id"), ids)} and ${mayGo(dialect, horizon, cut)}`,
  );
  return rows.map(({ id }) => String(id));
}

/**
 * A run goes when it has ended, has no transition above the cut, and nobody reported it since the horizon: what a vendor still lists would
 * come back as a new run. One that is still to be read stays, unless nobody reads at its provider any more; so does one that a start is
 * about to repeat.
 */
function mayGo(dialect: Dialect, { historyBefore }: Horizon, cut: number): Sql {
  const before = historyBefore.getTime();
  const later = sql`select 1 from transition where transition.tenant_id = sync.tenant_id and transition.sync_id = sync.id and transition.sequence > ${cut}`;
  const due = sql`select 1 from sync_poll where sync_poll.tenant_id = sync.tenant_id and sync_poll.sync_id = sync.id and (sync_poll.next_poll_at >= ${before} or sync_poll.lease_until >= ${before})`;
  const repeats = sql`select 1 from sync_trigger where sync_trigger.tenant_id = sync.tenant_id and sync_trigger.retry_of_id = sync.id and ${isUnresolved(dialect)}`;
  // Wrapped, so that no planner takes the index by observation instead of the key.
  const unseen = sql`coalesce(sync.observed_at, 0) < ${before}`;
  return sql`not (sync.${verbatim(OPEN_SYNC)}) and ${unseen} and not exists (${later}) and not exists (${due}) and not exists (${repeats})`;
}

async function removeRuns({ query, dialect, tenantId }: Batch, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const repeated = dialect.anyOf(identifier("retry_of_id"), ids);
  await query(
    sql`update sync set retry_of_id = null, version = version + 1 where tenant_id = ${tenantId} and ${repeated}`,
  );
  await query(sql`update sync_trigger set retry_of_id = null where tenant_id = ${tenantId} and ${repeated}`);
  await query(sql`delete from sync where tenant_id = ${tenantId} and ${dialect.anyOf(identifier("id"), ids)}`);
}

/** How far things have gone, committed with their going. The head's lock is the last one, as for every writer. */
async function mark({ query, tenantId, horizon }: Batch, cut: number | null): Promise<void> {
  const before = horizon.triggersBefore.getTime();
  const through = cut === null ? sql`` : sql`pruned_through = ${cut}, `;
  await query(
    sql`update ledger_head set ${through}pruned_before = case when pruned_before > ${before} then pruned_before else ${before} end where tenant_id = ${tenantId}`,
  );
}

async function pruneTriggers({ query, dialect, tenantId, horizon, limit }: Batch): Promise<Partial<Pruned>> {
  const before = horizon.triggersBefore.getTime();
  const states = [TriggerState.Accepted, TriggerState.Rejected, TriggerState.Uncertain];
  const resolved = sql`tenant_id = ${tenantId} and ${dialect.anyOf(identifier("state"), states)} and created_at < ${before} and resolved_at < ${before}`;
  const named = sql`select 1 from sync where sync.tenant_id = sync_trigger.tenant_id and sync.trigger_id = sync_trigger.id`;
  const removed = await query(
    sql`delete from sync_trigger where tenant_id = ${tenantId} and id in (select id from sync_trigger where ${resolved} and not exists (${named}) limit ${limit}) returning 1 as removed`,
  );
  return { triggers: removed.length };
}

/** Runs and triggers keep their definition and account; a definition keeps its account. */
async function pruneCatalog(batch: Batch): Promise<Partial<Pruned>> {
  const definitions = await removeGone(batch, "definition", ["sync"]);
  const linkedAccounts = await removeGone(batch, "linked_account", ["sync", "definition"]);
  return { definitions, linkedAccounts };
}

/** @param referring tables with an index over what they refer to; triggers have none and are read once */
async function removeGone(
  { query, tenantId, horizon, limit }: Batch,
  table: "definition" | "linked_account",
  referring: readonly string[],
): Promise<number> {
  const [name, column] = [identifier(table), identifier(`${table}_id`)];
  const gone = sql`tenant_id = ${tenantId} and gone_at < ${horizon.historyBefore.getTime()}`;
  const unnamed = referring.map(
    (other) =>
      sql`not exists (select 1 from ${identifier(other)} as other where other.tenant_id = ${name}.tenant_id and other.${column} = ${name}.id)`,
  );
  const unstarted = sql`id not in (select ${column} from sync_trigger where tenant_id = ${tenantId} and ${column} is not null)`;
  const unused = sql`select id from ${name} where ${join([gone, ...unnamed, unstarted], " and ")} limit ${limit}`;
  // Asked again of the row that is removed: a vendor that lists it again brings it back.
  const removed = await query(sql`delete from ${name} where ${gone} and id in (${unused}) returning 1 as removed`);
  return removed.length;
}
