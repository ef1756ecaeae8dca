// Statements that write many rows at once, made from a table's description. Rows travel as one JSON parameter.
import type { Query } from "./database.ts";
import type { Dialect } from "./dialect.ts";
import { identifier, identifiers, join, sql } from "./sql.ts";
import type { Sql } from "./sql.ts";
import { encodeRow } from "./table.ts";
import type { AnyTable, Columns, Field, RowOf, StoredRow, Table } from "./table.ts";

/** What happens to a row that is there already. */
type OnConflict = "fail" | "skip" | "replace";

/**
 * Inserts rows in the order of their key, so that two writers wait for each other instead of deadlocking.
 *
 * @param onConflict `skip` keeps every row that is there, whichever unique index it stands in the way of; `replace` goes by the primary key
 * @returns how many rows were written
 */
export async function insertRows<C extends Columns>(
  query: Query,
  dialect: Dialect,
  table: Table<C>,
  rows: readonly RowOf<C>[],
  onConflict: OnConflict = "fail",
): Promise<number> {
  if (rows.length === 0) return 0;
  const stored = rows.map((row) => encodeRow(table, row));
  const written = await query(
    sql`${insertion(dialect, table, stored)} ${conflictClause(table, onConflict)} returning 1 as written`,
  );
  return written.length;
}

/** Writes every column of rows that exist. */
export async function updateRows<C extends Columns>(
  query: Query,
  dialect: Dialect,
  table: Table<C>,
  rows: readonly RowOf<C>[],
): Promise<void> {
  if (rows.length === 0) return;
  const stored = rows.map((row) => encodeRow(table, row));
  const key = keyFields(table).map(
    ({ name }) => sql`${identifier(table.name)}.${identifier(name)} = given.${identifier(name)}`,
  );
  const changes = otherFields(table).map(({ name }) => sql`${identifier(name)} = given.${identifier(name)}`);
  await query(
    sql`update ${identifier(table.name)} set ${join(changes, ", ")} from ${dialect.given(table.fields, stored)} where ${join(key, " and ")}`,
  );
}

/** `insert ... select ...`, without what follows. The `where` keeps SQLite from reading a following `on` as a join's. */
export function insertion(dialect: Dialect, table: AnyTable, stored: readonly StoredRow[]): Sql {
  const names = identifiers(table.fields.map(({ name }) => name));
  const order = identifiers(keyFields(table).map(({ name }) => name));
  return sql`insert into ${identifier(table.name)} (${names}) select ${names} from ${dialect.given(table.fields, stored)} where true order by ${order}`;
}

/** Assignments that take over what an insert brought. */
export function takeOver(fields: readonly Field[]): Sql {
  return join(
    fields.map(({ name }) => sql`${identifier(name)} = excluded.${identifier(name)}`),
    ", ",
  );
}

export const otherFields = (table: AnyTable): readonly Field[] =>
  table.fields.filter(({ property }) => !table.primaryKey.includes(property));

export const selected = (table: AnyTable): Sql => identifiers(table.fields.map(({ name }) => name));

const keyFields = (table: AnyTable): readonly Field[] =>
  table.fields.filter(({ property }) => table.primaryKey.includes(property));

function conflictClause(table: AnyTable, onConflict: OnConflict): Sql {
  if (onConflict === "fail") return sql``;
  if (onConflict === "skip") return sql`on conflict do nothing`;
  const key = identifiers(keyFields(table).map(({ name }) => name));
  return sql`on conflict (${key}) do update set ${takeOver(otherFields(table))}`;
}
