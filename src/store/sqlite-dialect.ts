// SQLite's way of saying things: JSON functions take lists apart, one writer at a time makes row locks needless.
import type { Dialect } from "./dialect.ts";
import { identifier, join, sql, storableJson, verbatim } from "./sql.ts";
import type { Sql } from "./sql.ts";

const NOTHING = verbatim("");

export const sqliteDialect: Dialect = {
  database: "sqlite",
  // Takes the write lock at once: a transaction that reads first and writes later could not wait for it.
  begin: "begin immediate",
  retries: 0,
  placeholder: () => "?",
  given: (fields, rows) => {
    const columns = fields.map(
      ({ name }) => sql`json_extract(value, ${verbatim(`'$.${name}'`)}) as ${identifier(name)}`,
    );
    return sql`(select ${join(columns, ", ")} from json_each(${storableJson(rows)})) as given`;
  },
  anyOf: (expression, values) =>
    oneOrMany(expression, values, (list) => sql`${expression} in (select value from json_each(${list}))`),
  holdsAnyOf: (list, values) =>
    sql`exists (select 1 from json_each(${list}) as item where item.value in (select value from json_each(${storableJson(values)})))`,
  holds: (list, value) => sql`exists (select 1 from json_each(${list}) as item where item.value = ${value})`,
  // Most lists that are the same are so to the letter, which needs no taking apart.
  sameSet: (list, other) => sql`(${list} = ${other} or (${within(list, other)} and ${within(other, list)}))`,
  now: verbatim("cast(round(unixepoch('subsec') * 1000) as integer)"),
  isReadOnly: verbatim("0"),
  lockRows: NOTHING,
  lockFreeRows: NOTHING,
  // There is no lateral join; `cross join` keeps the order, so that the inner query runs once for each given row.
  eachGiven: (given, table, chosen) =>
    sql`${given} cross join ${table} as row where row.rowid in (select rowid from ${table} ${chosen})`,
};

const within = (list: Sql, other: Sql): Sql =>
  sql`not exists (select 1 from json_each(${list}) as item where item.value not in (select value from json_each(${other})))`;

function oneOrMany(expression: Sql, values: readonly string[], many: (list: string) => Sql): Sql {
  const [only] = values;
  if (only === undefined) return verbatim("1 = 0");
  return values.length === 1 ? sql`${expression} = ${only}` : many(storableJson(values));
}
