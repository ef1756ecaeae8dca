// The ledger's part of the port: hands writing to `record.ts` and numbers to `statistics.ts`, reads runs, tasks and transitions.
import { SyncOrderField } from "../domain/store-port.ts";
import type { LedgerStore, SyncOrder } from "../domain/store-port.ts";
import type { Sync } from "../domain/sync.ts";
import type { Database } from "./database.ts";
import { conflictOf, syncConflictTable } from "./entities/sync-conflict.ts";
import { syncTaskOf, syncTaskTable } from "./entities/sync-task.ts";
import { OPEN_SYNC, syncOf, syncTable } from "./entities/sync.ts";
import { transitionOf, transitionTable } from "./entities/transition.ts";
import { isOfFew, isSearch, syncConditions } from "./filters.ts";
import { conditionsText, groupedPageQuery, groupedPages, pageOf, pageQuery } from "./keyset.ts";
import type { ListOrder } from "./keyset.ts";
import { recordEntries } from "./record.ts";
import { identifier, join, sql, verbatim } from "./sql.ts";
import type { Sql } from "./sql.ts";
import { selected } from "./statements.ts";
import { statisticsReads } from "./statistics.ts";
import type { AnyTable } from "./table.ts";

const NEWEST_FIRST: ListOrder = { value: "created_at", id: "id", descending: true, numeric: true };
const BY_SEQUENCE: ListOrder = { value: "sequence", id: null, descending: false, numeric: true };
const BY_OBSERVATION: ListOrder = { value: "observed_at", id: "id", descending: false, numeric: true };
const MOST_CONFLICTS = 100;
const BY_TASK_NAME: ListOrder = { value: "name", id: "task_key", descending: false, numeric: false };

export function createLedgerStore(database: Database): LedgerStore {
  return { ...ledgerReads(database), ...runReads(database), ...statisticsReads(database), record: recordIn(database) };
}

function recordIn({ transaction, dialect }: Database): LedgerStore["record"] {
  return (tenantId, entries, rules) =>
    entries.length === 0
      ? Promise.resolve([])
      : transaction((query) => recordEntries({ query, dialect, tenantId }, entries, rules));
}

function ledgerReads({ read, dialect }: Database) {
  const number = async (query: Sql): Promise<number> => Number((await read(query))[0]?.["found"]);
  // With everything pruned, the next number to come is the lowest one that can still be read.
  const oldestSequence = (tenantId: string): Promise<number> =>
    number(
      sql`select coalesce((select min(sequence) from transition where tenant_id = ${tenantId}), (select last_sequence + 1 from ledger_head where tenant_id = ${tenantId}), 1) as found`,
    );
  return {
    head: (tenantId) =>
      number(sql`select coalesce((select last_sequence from ledger_head where tenant_id = ${tenantId}), 0) as found`),
    transitionsAfter: async (tenantId, sequence, limit) => {
      const rows = await read(
        sql`select ${selected(transitionTable)} from transition where tenant_id = ${tenantId} and sequence > ${sequence} order by sequence limit ${limit}`,
      );
      return rows.map(transitionOf);
    },
    oldestSequence,
    transitionsByIds: async (tenantId, ids) => {
      const rows = await read(byIds(transitionTable, tenantId, dialect.anyOf(identifier("id"), ids)));
      return rows.map(transitionOf);
    },
    transitionsBySync: async (tenantId, syncIds, page) => {
      const list = { table: transitionTable, tenantId, group: "sync_id", order: BY_SEQUENCE };
      const rows = syncIds.length === 0 ? [] : await read(groupedPageQuery(dialect, list, syncIds, page));
      const pages = groupedPages(rows, "sync_id", syncIds, page, transitionOf);
      if (page.direction === "backward" || page.from === null) return pages;
      // Where the page was to go on from may have been pruned since: then nothing of the run's is before it.
      const isKept = Number(page.from.value) >= (await oldestSequence(tenantId));
      return isKept ? pages : pages.map((one) => ({ ...one, hasPreviousPage: false }));
    },
  } satisfies Partial<LedgerStore>;
}

function runReads({ read, readLong, dialect }: Database) {
  const byDefinition = (tenantId: string) => ({
    table: syncTable,
    tenantId,
    group: "definition_id",
    order: NEWEST_FIRST,
  });
  return {
    syncsByIds: async (tenantId, ids) =>
      (await read(byIds(syncTable, tenantId, dialect.anyOf(identifier("id"), ids)))).map(syncOf),
    listSyncs: async (tenantId, filter, order, page, { signal } = {}) => {
      const query = pageQuery(syncTable, syncConditions(dialect, tenantId, filter), listOrderOf(order), page);
      const rows = isSearch(filter) ? await readLong(query, signal) : await read(query);
      return pageOf(rows.map(syncOf), page);
    },
    countSyncs: async (tenantId, filter, { signal } = {}) => {
      const query = sql`select count(*) as found from sync where ${conditionsText(syncConditions(dialect, tenantId, filter))}`;
      const [row] = isOfFew(filter) ? await read(query) : await readLong(query, signal);
      return Number(row?.["found"]);
    },
    latestSyncs: async (tenantId, definitionIds) => {
      if (definitionIds.length === 0) return [];
      const page = { limit: 1, direction: "forward", from: null } as const;
      const rows = await read(groupedPageQuery(dialect, byDefinition(tenantId), definitionIds, page));
      return groupedPages(rows, "definition_id", [...new Set(definitionIds)], page, syncOf).flatMap(
        ({ items }) => items,
      );
    },
    latestSyncsByModel: async (tenantId, pairs) => {
      if (pairs.length === 0) return [];
      const given = dialect.given(
        PAIR_FIELDS,
        pairs.map(({ definitionId, model }) => ({ definition_id: definitionId, model })),
      );
      const chosen = sql`where tenant_id = ${tenantId} and definition_id = given.definition_id and ${dialect.holds(verbatim("models"), verbatim("given.model"))} order by created_at desc, id desc limit 1`;
      const columns = join(
        syncTable.fields.map(({ name }) => sql`row.${identifier(name)}`),
        ", ",
      );
      const rows = await read(sql`select ${columns} from ${dialect.eachGiven(given, identifier("sync"), chosen)}`);
      // One run may be the newest for several of the models it has.
      return [...new Map(rows.map(syncOf).map((sync): [string, Sync] => [sync.id, sync])).values()];
    },
    syncsByDefinition: async (tenantId, definitionIds, page) => {
      const rows =
        definitionIds.length === 0
          ? []
          : await read(groupedPageQuery(dialect, byDefinition(tenantId), definitionIds, page));
      return groupedPages(rows, "definition_id", definitionIds, page, syncOf);
    },
    openSyncs: async (tenantId, definitionId) => {
      const rows = await read(
        sql`select ${selected(syncTable)} from sync where tenant_id = ${tenantId} and definition_id = ${definitionId} and ${verbatim(OPEN_SYNC)} order by created_at desc, id desc`,
      );
      return rows.map(syncOf);
    },
    syncsOfTrigger: async (tenantId, { id, definitionId }) => {
      const rows = await read(
        sql`select ${selected(syncTable)} from sync where tenant_id = ${tenantId} and definition_id = ${definitionId} and trigger_id = ${id} order by created_at, id`,
      );
      return rows.map(syncOf);
    },
    conflictsBySync: async (tenantId, syncIds) => {
      if (syncIds.length === 0) return [];
      const list = { table: syncConflictTable, tenantId, group: "sync_id", order: BY_OBSERVATION };
      const page = { limit: MOST_CONFLICTS, direction: "forward", from: null } as const;
      const rows = await read(groupedPageQuery(dialect, list, syncIds, page));
      return groupedPages(rows, "sync_id", syncIds, page, conflictOf).map(({ items }) => items);
    },
    tasksBySync: async (tenantId, syncIds, page) => {
      const list = { table: syncTaskTable, tenantId, group: "sync_id", order: BY_TASK_NAME };
      const rows = syncIds.length === 0 ? [] : await read(groupedPageQuery(dialect, list, syncIds, page));
      return groupedPages(rows, "sync_id", syncIds, page, syncTaskOf);
    },
  } satisfies Partial<LedgerStore>;
}

const PLAIN_TEXT = { type: "text", nullable: false, read: String, write: String } as const;
const PAIR_FIELDS = [
  { property: "definitionId", name: "definition_id", column: PLAIN_TEXT },
  { property: "model", name: "model", column: PLAIN_TEXT },
];

function byIds(table: AnyTable, tenantId: string, condition: Sql): Sql {
  return sql`select ${selected(table)} from ${identifier(table.name)} where tenant_id = ${tenantId} and ${condition}`;
}

function listOrderOf({ field, descending }: SyncOrder): ListOrder {
  return {
    value: field === SyncOrderField.CreatedAt ? "created_at" : "observed_at",
    id: "id",
    descending,
    numeric: true,
  };
}
