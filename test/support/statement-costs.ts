// What a statement reads, by the database's own account of it. PostgreSQL carries the statement out, undoes it, and counts the rows it
// read. SQLite counts nothing: there the plan is judged.
import type { Database, Query } from "../../src/store/database.ts";
import { sql } from "../../src/store/sql.ts";
import type { Sql } from "../../src/store/sql.ts";
import type { StoredRow } from "../../src/store/table.ts";

/** What is wrong with a statement: it reads more when the store holds more. */
export interface Excess {
  readonly statement: string;
  readonly why: string;
}

export interface WatchedDatabase {
  readonly database: Database;
  /** Statements since the last time, and what is wrong with them. */
  taken(): { readonly statements: number; readonly excesses: readonly Excess[] };
}

/** Rows that a statement may read which is given a few, or gives a few. A tenant has thousands of each. */
const MOST_ROWS_READ = 1_000;

/** The database, with each statement judged before it is carried out. */
export function watchStatements(database: Database): WatchedDatabase {
  let statements = 0;
  let excesses: Excess[] = [];
  const isPostgres = database.dialect.database === "postgres";
  const judge = async (query: Query, statement: Sql, mayChange: boolean): Promise<void> => {
    statements += 1;
    const why = isPostgres ? await rowsTooMany(query, statement, mayChange) : await planTooWide(query, statement);
    excesses.push(...why.map((reason) => ({ statement: statement.texts.join("?"), why: reason })));
  };
  return {
    database: {
      ...database,
      readLong: async (statement, signal) => {
        await judge(database.read, statement, false);
        return database.readLong(statement, signal);
      },
      read: async (statement) => {
        await judge(database.read, statement, false);
        return database.read(statement);
      },
      write: async (statement) => {
        await database.transaction((query) => judge(query, statement, true));
        return database.write(statement);
      },
      transaction: (work) =>
        database.transaction((query) =>
          work(async (statement) => {
            await judge(query, statement, true);
            return query(statement);
          }),
        ),
    },
    taken: () => {
      const result = { statements, excesses };
      statements = 0;
      excesses = [];
      return result;
    },
  };
}

/** As much of a node of PostgreSQL's plan as this needs. Numbers of rows are those of one of the loops. */
interface Node {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Rows Removed by Index Recheck"?: number;
  readonly "Rows Removed by Join Filter"?: number;
  readonly Plans?: readonly Node[];
}

async function rowsTooMany(query: Query, statement: Sql, mayChange: boolean): Promise<readonly string[]> {
  const nodes = await postgresNodes(query, statement, mayChange);
  const costs = nodes.map((node) => ({ node, rows: rowsReadBy(node) })).filter(({ rows }) => rows > 0);
  const total = costs.reduce((sum, { rows }) => sum + rows, 0);
  if (total <= MOST_ROWS_READ) return [];
  const parts = costs.map(({ node, rows }) => `${node["Node Type"]} ${node["Relation Name"] ?? ""}: ${String(rows)}`);
  return [`${String(total)} rows are read, more than ${String(MOST_ROWS_READ)} (${parts.join(", ")})`];
}

function rowsReadBy(node: Node): number {
  const compared = node["Rows Removed by Join Filter"] ?? 0;
  const looked =
    node["Relation Name"] === undefined || node["Node Type"] === "ModifyTable"
      ? 0
      : node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0);
  return Math.round((looked + compared) * node["Actual Loops"]);
}

async function postgresNodes(query: Query, statement: Sql, mayChange: boolean): Promise<readonly Node[]> {
  const explain = sql`explain (analyze, format json, timing off) ${statement}`;
  if (!mayChange) return nodesOf(await query(explain));
  await query(sql`savepoint judged`);
  try {
    return nodesOf(await query(explain));
  } finally {
    await query(sql`rollback to savepoint judged`);
  }
}

function nodesOf(rows: readonly StoredRow[]): readonly Node[] {
  const plans = rows[0]?.["QUERY PLAN"] as readonly { readonly Plan: Node }[] | undefined;
  if (plans === undefined) throw new Error("PostgreSQL explained nothing");
  const within = (node: Node): readonly Node[] => [node, ...(node.Plans ?? []).flatMap(within)];
  return plans.flatMap(({ Plan }) => within(Plan));
}

/** A step of SQLite's plan. Steps with one parent are loops, each inside the one before it. */
interface Step {
  readonly parent: number;
  readonly detail: string;
}

async function planTooWide(query: Query, statement: Sql): Promise<readonly string[]> {
  const steps = (await query(sql`explain query plan ${statement}`)).map((row): Step => ({
    parent: Number(row["parent"]),
    detail: String(row["detail"]),
  }));
  const text = statement.texts.join("?");
  const isSorted = steps.some(({ detail }) => detail.includes("TEMP B-TREE"));
  // In the order of the index, reading ends when there are enough; the least value of an index is its first.
  const endsEarly = (detail: string): boolean =>
    !isSorted &&
    (/ limit /u.test(text) || (/\b(?:min|max)\([a-z_]+\)/u.test(text) && detail.includes(" COVERING INDEX ")));
  return steps.flatMap(({ parent, detail }, index) => {
    const reason = wideness(detail, endsEarly(detail));
    if (reason !== null) return [`${detail}: ${reason}`];
    const outer = steps
      .slice(0, index)
      .filter((step) => step.parent === parent && wideness(step.detail, false) !== null);
    return GIVEN.test(detail) && outer.length > 0
      ? [`${detail}: what is given is gone through for each row of ${outer.map((step) => step.detail).join(", ")}`]
      : [];
  });
}

const TABLES =
  "sync|transition|sync_task|sync_poll|sync_conflict|pruned_beginning|sync_trigger|webhook_delivery|definition|linked_account|quota_turn";
const ALIASES = "row|other|mine|held|retry|part";
const TABLE = new RegExp(`^(?:SCAN|SEARCH) (?:${TABLES}|${ALIASES})\\b`, "u");
const GIVEN = /^SCAN (?:json_each|given)\b/u;
/** Columns that say whose rows, and of which provider, perhaps from a place on: there is no end to how many these are. */
const OWNER_ALONE = /\((?:tenant_id=\?)?(?: AND provider_key=\?)?(?: AND [a-z_]+[<>]\?)?\)$/u;

function wideness(detail: string, endsEarly: boolean): string | null {
  if (!TABLE.test(detail)) return null;
  if (detail.startsWith("SCAN ")) return "the whole table is read";
  return OWNER_ALONE.test(detail) && !endsEarly ? "all rows of the tenant or of its provider are read" : null;
}
