// PostgreSQL's way of saying things.
import type { Dialect } from "./dialect.ts";
import { identifier, join, sql, storableJson, verbatim } from "./sql.ts";

const TYPES = { text: "text", bigint: "bigint", integer: "integer", boolean: "boolean", json: "jsonb" } as const;

/** Longest a statement may take at the server, whatever becomes of the gateway. */
export const STATEMENT_TIMEOUT_MS = 30_000;
/** A gateway that froze inside a transaction must not hold the ledger of the others. */
export const IDLE_TRANSACTION_TIMEOUT_MS = 15_000;

export const postgresDialect: Dialect = {
  database: "postgres",
  // One message, and for this transaction alone: behind a pooler the connection is the next one's afterwards.
  begin: `begin isolation level read committed; set local statement_timeout = ${STATEMENT_TIMEOUT_MS}; set local idle_in_transaction_session_timeout = ${IDLE_TRANSACTION_TIMEOUT_MS}`,
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
  isReadOnly: verbatim("case when current_setting('transaction_read_only') = 'on' then 1 else 0 end"),
  lockRows: verbatim("for update"),
  lockFreeRows: verbatim("for update skip locked"),
  eachGiven: (given, table, chosen) => sql`${given} cross join lateral (select * from ${table} ${chosen}) as row`,
};
