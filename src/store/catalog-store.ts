// The catalog's part of the port: puts what vendors list into the mirror and reads it back.
import type { DefinitionSnapshot, LinkedAccountSnapshot } from "../domain/definition.ts";
import { DefinitionKind } from "../domain/definition.ts";
import { identityOf } from "../domain/identity.ts";
import type { CatalogStore, LongReadOptions } from "../domain/store-port.ts";
import type { Database, Query } from "./database.ts";
import type { Dialect } from "./dialect.ts";
import { definitionOf, definitionTable } from "./entities/definition.ts";
import { linkedAccountOf, linkedAccountTable } from "./entities/linked-account.ts";
import { definitionConditions, linkedAccountConditions } from "./filters.ts";
import { conditionsText, pageOf, pageQuery } from "./keyset.ts";
import { identifier, sql } from "./sql.ts";
import type { Sql } from "./sql.ts";
import { insertion, otherFields, selected, takeOver } from "./statements.ts";
import { encodeRow } from "./table.ts";
import type { AnyTable, RowOf, StoredRow } from "./table.ts";

const BY_NAME = { value: "name", id: "id", descending: false, numeric: false } as const;

export function createCatalogStore(database: Database): CatalogStore {
  const { dialect, read, readLong, write, transaction } = database;
  const byIds = (table: AnyTable, tenantId: string, ids: readonly string[]) =>
    read(
      sql`select ${selected(table)} from ${identifier(table.name)} where tenant_id = ${tenantId} and ${dialect.anyOf(identifier("id"), ids)}`,
    );
  const count = async (
    table: AnyTable,
    conditions: readonly Sql[],
    { signal }: LongReadOptions = {},
  ): Promise<number> => {
    const [row] = await readLong(
      sql`select count(*) as rows_found from ${identifier(table.name)} where ${conditionsText(conditions)}`,
      signal,
    );
    return Number(row?.["rows_found"]);
  };

  return {
    putLinkedAccounts: async (tenantId, providerKey, snapshots, observedAt) => {
      const rows = latest(snapshots).map((snapshot) =>
        encodeRow(linkedAccountTable, linkedAccountRow(tenantId, providerKey, snapshot, observedAt)),
      );
      if (rows.length > 0) await write(upsert(dialect, linkedAccountTable, rows));
    },
    putDefinitions: (tenantId, providerKey, snapshots, observedAt) => {
      const rows = latest(snapshots).map((snapshot) =>
        encodeRow(definitionTable, definitionRow(tenantId, providerKey, snapshot, observedAt)),
      );
      return rows.length === 0
        ? Promise.resolve([])
        : transaction((query) => putDefinitionRows(query, dialect, tenantId, rows));
    },
    oldDetails: async (tenantId, providerKey, { now, readBefore, passedReadBefore }, limit) => {
      const readAt = sql`coalesce(detailed_at, 0)`;
      const passed = sql`(next_run_at <= ${now.getTime()} and (${readAt} < next_run_at or ${readAt} < ${passedReadBefore.getTime()}))`;
      const rows = await read(
        sql`select ${selected(definitionTable)} from definition where tenant_id = ${tenantId} and provider_key = ${providerKey} and gone_at is null and detailed = ${true} and (${readAt} < ${readBefore.getTime()} or ${passed}) order by ${readAt}, id limit ${limit}`,
      );
      return rows.map(definitionOf);
    },
    markGone: async (tenantId, providerKey, kind, notObservedSince, now) => {
      const table = kind === "definition" ? definitionTable : linkedAccountTable;
      await write(
        sql`update ${identifier(table.name)} set gone_at = ${now.getTime()} where tenant_id = ${tenantId} and provider_key = ${providerKey} and gone_at is null and observed_at < ${notObservedSince.getTime()}`,
      );
    },
    markDefinitionGone: async (tenantId, id, now) => {
      // The deletion is the vendor's latest word: what was read before it, and is written after it, must not bring the row back.
      const observedAt = sql`case when observed_at > ${now.getTime()} then observed_at else ${now.getTime()} end`;
      await write(
        sql`update definition set gone_at = ${now.getTime()}, observed_at = ${observedAt} where tenant_id = ${tenantId} and id = ${id} and gone_at is null`,
      );
    },
    linkedAccountsByIds: async (tenantId, ids) => (await byIds(linkedAccountTable, tenantId, ids)).map(linkedAccountOf),
    listLinkedAccounts: async (tenantId, filter, page) => {
      const rows = await read(
        pageQuery(linkedAccountTable, linkedAccountConditions(dialect, tenantId, filter), BY_NAME, page),
      );
      return pageOf(rows.map(linkedAccountOf), page);
    },
    countLinkedAccounts: (tenantId, filter, options) =>
      count(linkedAccountTable, linkedAccountConditions(dialect, tenantId, filter), options),
    definitionsByIds: async (tenantId, ids) => (await byIds(definitionTable, tenantId, ids)).map(definitionOf),
    listDefinitions: async (tenantId, kind, filter, page) => {
      const rows = await read(
        pageQuery(definitionTable, definitionConditions(dialect, tenantId, kind, filter), BY_NAME, page),
      );
      return pageOf(rows.map(definitionOf), page);
    },
    countDefinitions: (tenantId, kind, filter, options) =>
      count(definitionTable, definitionConditions(dialect, tenantId, kind, filter), options),
    definitionsOfProvider: async (tenantId, providerKey) => {
      const conditions = definitionConditions(dialect, tenantId, null, { providerKeys: [providerKey] });
      const rows = await read(
        sql`select ${selected(definitionTable)} from definition where ${conditionsText(conditions)} order by name, id`,
      );
      return rows.map(definitionOf);
    },
  };
}

/** A vendor's pages may shift while they are read and show an object twice: the later sight counts. */
function latest<T extends { readonly remoteId: string }>(snapshots: readonly T[]): readonly T[] {
  return [...new Map(snapshots.map((snapshot) => [snapshot.remoteId, snapshot])).values()];
}

function linkedAccountRow(
  tenantId: string,
  providerKey: string,
  snapshot: LinkedAccountSnapshot,
  observedAt: Date,
): RowOf<typeof linkedAccountTable.columns> {
  return {
    ...snapshot,
    tenantId,
    providerKey,
    id: identityOf(tenantId, providerKey, "linkedAccount", snapshot.remoteId),
    observedAt,
    goneAt: null,
  };
}

function definitionRow(
  tenantId: string,
  providerKey: string,
  snapshot: DefinitionSnapshot,
  observedAt: Date,
): RowOf<typeof definitionTable.columns> {
  const { remoteId, name, active, nextRunAt, linkedAccountRemoteId, createdAt, updatedAt, detailed, ...details } =
    snapshot;
  const account =
    linkedAccountRemoteId === null ? null : identityOf(tenantId, providerKey, "linkedAccount", linkedAccountRemoteId);
  return {
    ...{
      remoteId,
      name,
      active,
      nextRunAt,
      linkedAccountRemoteId,
      createdAt,
      updatedAt,
      detailed,
      detailedAt: detailed ? observedAt : null,
      details,
      tenantId,
      providerKey,
      observedAt,
    },
    id: identityOf(tenantId, providerKey, "definition", remoteId),
    kind: snapshot.kind,
    integration: snapshot.kind === DefinitionKind.SyncJob ? snapshot.integration : null,
    linkedAccountId: account,
    goneAt: null,
  };
}

/** Of two reads that overlap, the one that began later wins, whichever is written first. */
function upsert(dialect: Dialect, table: AnyTable, rows: readonly StoredRow[]): Sql {
  const name = identifier(table.name);
  return sql`${insertion(dialect, table, rows)} on conflict (tenant_id, id) do update set ${takeOver(otherFields(table))} where excluded.observed_at >= ${name}.observed_at`;
}

async function putDefinitionRows(
  query: Query,
  dialect: Dialect,
  tenantId: string,
  rows: readonly StoredRow[],
): Promise<readonly string[]> {
  const ids = rows.map((row) => String(row["id"]));
  const mine = sql`tenant_id = ${tenantId} and ${dialect.anyOf(identifier("id"), ids)}`;
  // Locked in the order of the insert below, so that two nodes reading one catalog take turns.
  await query(sql`select id from definition where ${mine} order by tenant_id, id ${dialect.lockRows}`);
  const brief = rows.filter((row) => row["detailed"] === false && row["updated_at"] !== null);
  const renewed = brief.length === 0 ? [] : await query(renewal(dialect, brief));
  const kept = new Set(renewed.map((row) => row["id"]));
  const replaced = rows.filter((row) => !kept.has(row["id"]));
  if (replaced.length > 0) await query(upsert(dialect, definitionTable, replaced));
  const lacking = await query(sql`select remote_id from definition where ${mine} and detailed = ${false}`);
  return lacking.map((row) => String(row["remote_id"])).toSorted();
}

/** A short description of what is known in detail and has not changed since: only the sight is new. An old sight brings nothing back. */
function renewal(dialect: Dialect, brief: readonly StoredRow[]): Sql {
  const isLater = sql`given.observed_at >= definition.observed_at`;
  const observedAt = sql`case when ${isLater} then given.observed_at else definition.observed_at end`;
  const goneAt = sql`case when ${isLater} then null else definition.gone_at end`;
  // A list tells these too, and they may change while the time of the last change does not.
  const name = sql`case when ${isLater} then given.name else definition.name end`;
  const active = sql`case when ${isLater} then given.active else definition.active end`;
  return sql`update definition set observed_at = ${observedAt}, gone_at = ${goneAt}, name = ${name}, active = ${active} from ${dialect.given(definitionTable.fields, brief)} where definition.tenant_id = given.tenant_id and definition.id = given.id and definition.detailed = ${true} and definition.updated_at = given.updated_at returning definition.id as id`;
}
