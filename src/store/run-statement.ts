// One statement on one connection, as TypeORM carries it out.
import type { DataSource, QueryRunner } from "typeorm";
import { inTime } from "./answer-time.ts";
import type { Dialect } from "./dialect.ts";
import { render } from "./sql.ts";
import type { Sql } from "./sql.ts";
import type { StoredRow } from "./table.ts";

/** @param withinMs when its connection is cut; null waits for however long it takes */
export async function withRunner<T>(
  source: DataSource,
  withinMs: number | null,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<T> {
  const runner = source.createQueryRunner();
  try {
    return withinMs === null ? await work(runner) : await inTime(runner, withinMs, () => work(runner));
  } finally {
    await runner.release();
  }
}

export async function run(dialect: Dialect, runner: QueryRunner, query: Sql): Promise<readonly StoredRow[]> {
  const { text, parameters } = render(query, dialect.placeholder);
  const { records }: { readonly records: readonly StoredRow[] } = await runner.query(text, [...parameters], true);
  return records;
}
