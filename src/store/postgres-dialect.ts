// PostgreSQL's way of saying things.
import type { Dialect } from "./dialect.ts";
import { identifier, join, sql, storableJson, verbatim } from "./sql.ts";

const TYPES = { text: "text", bigint: "bigint", integer: "integer", boolean: "boolean", json: "jsonb" } as const;

export const postgresDialect: Dialect = {
  database: "postgres",
  begin: "begin isolation level read committed",
  retries: 8,
  placeholder: (position) => `$${position}`,
  given: (fields, rows) => {
    const columns = fields.map(({ name, column }) => sql`${identifier(name)} ${verbatim(TYPES[column.type])}`);
    return sql`json_to_recordset(${storableJson(rows)}::json) as given(${join(columns, ", ")})`;
  },
  anyOf: (expression, values) => {
    const [only] = values;
    if (only === undefined) return verbatim("false");
    return values.length === 1 ? sql`${expression} = ${only}` : sql`${expression} = any(${values}::text[])`;
  },
  holdsAnyOf: (list, values) => sql`${list} ?| ${values}::text[]`,
  holds: (list, value) => sql`${list} ? ${value}`,
  sameSet: (list, other) => sql`(${list} @> ${other} and ${list} <@ ${other})`,
  // The clock, not the beginning of the transaction: that one may have waited for a lock since.
  now: verbatim("cast(floor(extract(epoch from clock_timestamp()) * 1000) as bigint)"),
  lockRows: verbatim("for update"),
  lockFreeRows: verbatim("for update skip locked"),
  eachGiven: (given, table, chosen) => sql`${given} cross join lateral (select * from ${table} ${chosen}) as row`,
};
