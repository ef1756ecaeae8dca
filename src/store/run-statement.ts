// One statement on one connection, as TypeORM carries it out.
import { setTimeout as pause } from "node:timers/promises";
import type { DataSource, QueryRunner } from "typeorm";
import { inTime } from "./answer-time.ts";
import type { Dialect } from "./dialect.ts";
import { isFull } from "./failures.ts";
import { render } from "./sql.ts";
import type { Sql } from "./sql.ts";
import type { StoredRow } from "./table.ts";

/** @param withinMs when its connection is cut; null waits for however long it takes */
export async function withRunner<T>(
  source: DataSource,
  withinMs: number | null,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<T> {
  const runner = withinMs === null ? source.createQueryRunner() : await connectedRunner(source, withinMs);
  try {
    return withinMs === null ? await work(runner) : await inTime(runner, withinMs, () => work(runner));
  } finally {
    await runner.release();
  }
}

/** Shortest and longest wait before a connection is asked for again, in milliseconds. */
const ASK_AGAIN_MS = { first: 10, most: 250 } as const;

/**
 * The pool asks the server for a connection when all it has are in use. A server that has none left says so at once: then one of the
 * pool's own becomes free first, or somebody else gives one back.
 */
async function connectedRunner(source: DataSource, withinMs: number): Promise<QueryRunner> {
  const until = performance.now() + withinMs;
  for (let waitMs: number = ASK_AGAIN_MS.first; ; waitMs = Math.min(2 * waitMs, ASK_AGAIN_MS.most)) {
    const runner = source.createQueryRunner();
    try {
      await runner.connect();
      return runner;
    } catch (error) {
      await runner.release();
      if (!isFull(error) || performance.now() + waitMs > until) throw error;
      await pause(waitMs);
    }
  }
}

export async function run(dialect: Dialect, runner: QueryRunner, query: Sql): Promise<readonly StoredRow[]> {
  const { text, parameters } = render(query, dialect.placeholder);
  const { records }: { readonly records: readonly StoredRow[] } = await runner.query(text, [...parameters], true);
  return records;
}
