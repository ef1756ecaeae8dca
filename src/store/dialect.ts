// What SQLite and PostgreSQL write differently. Everything else the store says is the same text on both.
import type { Sql } from "./sql.ts";
import type { Field, StoredRow } from "./table.ts";

export interface Dialect {
  readonly database: "sqlite" | "postgres";
  /** Statement that begins a writing transaction. */
  readonly begin: string;
  /** How many times a transaction is tried again after a conflict with another one. */
  readonly retries: number;
  placeholder(position: number): string;
  /** A list of rows as a table called `given`, all in one parameter. */
  given(fields: readonly Field[], rows: readonly StoredRow[]): Sql;
  /** True when the expression is one of the values; of none, never. */
  anyOf(expression: Sql, values: readonly string[]): Sql;
  /** True when a JSON list of strings holds one of the values. */
  holdsAnyOf(list: Sql, values: readonly string[]): Sql;
  /** True when a JSON list of strings holds what another expression says. */
  holds(list: Sql, value: Sql): Sql;
  /** True when two JSON lists of strings hold the same ones, in whatever order. */
  sameSet(list: Sql, other: Sql): Sql;
  /** The database's own clock at the moment it comes to the expression, in epoch milliseconds. */
  readonly now: Sql;
  /** 1 while the database takes no writes by a setting or because it is a replica, else 0. */
  readonly isReadOnly: Sql;
  /** Locks the rows a select finds until the transaction ends. */
  readonly lockRows: Sql;
  /** The same, leaving out rows that somebody else has locked. */
  readonly lockFreeRows: Sql;
  /**
   * Rows called `row` that a query finds for each row of `given`, the query's order and limit taken for each apart.
   *
   * @param chosen what comes after `select ... from <table>`; may refer to columns of `given`
   */
  eachGiven(given: Sql, table: Sql, chosen: Sql): Sql;
}
