// One moment of a database, read only: nothing is made, migrated or locked, and a gateway may write meanwhile.
import sqlite3 from "sqlite3";
import { DataSource } from "typeorm";
import type { QueryRunner } from "typeorm";
import { dataSourceOptions } from "../data-source.ts";
import type { Query } from "../database.ts";
import { storeFailure } from "../failures.ts";
import { connectPostgres } from "../open-postgres.ts";
import { postgresDialect } from "../postgres-dialect.ts";
import { render, sql } from "../sql.ts";
import { sqliteDialect } from "../sqlite-dialect.ts";
import type { StoredRow } from "../table.ts";
import type { Snapshot } from "./check.ts";

export interface ReadOnlyStore {
  /** Every query of the work sees the commits there were at its first one, and nothing later. */
  at<T>(work: (snapshot: Snapshot) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** The database can be read, and holds another schema than this program's. */
export class OtherSchemaError extends Error {
  override readonly name = "OtherSchemaError";
}

/**
 * @throws TypeError for a URL that is none of a store's
 * @throws OtherSchemaError when migrations are pending, or unknown
 * @throws GatewayError `SERVICE_UNAVAILABLE` when the database does not answer, or is not there
 */
export async function openReadOnly(databaseUrl: string): Promise<ReadOnlyStore> {
  const source = await connect(databaseUrl).catch((error: unknown) => {
    throw storeFailure(error);
  });
  try {
    const runner = source.createQueryRunner();
    const expected = source.migrations.map(({ name }) => name);
    await inTransaction(runner, () => requireSchema(runner, expected));
    return {
      at: async (work) => {
        try {
          return await inTransaction(runner, () => work({ query: queryOf(runner), dialect: dialectOf(runner) }));
        } catch (error) {
          throw storeFailure(error);
        }
      },
      close: async () => {
        await runner.release();
        await source.destroy();
      },
    };
  } catch (error) {
    await source.destroy();
    throw error instanceof OtherSchemaError ? error : storeFailure(error);
  }
}

function connect(databaseUrl: string): Promise<DataSource> {
  const options = dataSourceOptions(databaseUrl);
  if (options.type === "postgres") return connectPostgres(databaseUrl);
  // The flag for addresses keeps TypeORM from making the folder of a file that is not there.
  const flags = sqlite3.OPEN_READONLY | sqlite3.OPEN_URI;
  return new DataSource({ ...options, flags, enableWAL: false }).initialize();
}

/**
 * SQLite in WAL mode: a transaction reads the file as it was at its first read, whatever is appended to the log. PostgreSQL: the same
 * by its isolation level. Neither holds up a writer; both keep old rows alive until the end, which is why the transaction is not kept
 * open while nobody asks.
 */
async function inTransaction<T>(runner: QueryRunner, work: () => Promise<T>): Promise<T> {
  const postgres = runner.connection.options.type === "postgres";
  await runner.query(postgres ? "begin isolation level repeatable read read only" : "begin");
  try {
    // A large ledger takes longer than any statement of a gateway may.
    if (postgres) await runner.query("set local statement_timeout = 0");
    return await work();
  } finally {
    await runner.query("rollback").catch(() => undefined);
  }
}

async function requireSchema(runner: QueryRunner, expected: readonly (string | undefined)[]): Promise<void> {
  const there = await runner.hasTable("migration");
  const rows = there ? await queryOf(runner)(sql`select name from migration order by id`) : [];
  const names = rows.map(({ name }) => String(name));
  const pending = expected.filter((name) => name !== undefined && !names.includes(name));
  if (pending.length > 0)
    throw new OtherSchemaError(
      `The schema lacks ${pending.join(", ")}. Start the gateway or run \`syncgraph migrate\`.`,
    );
  const unknown = names.filter((name) => !expected.includes(name));
  if (unknown.length > 0)
    throw new OtherSchemaError(`The schema has ${unknown.join(", ")}, which a newer version of this program made.`);
}

function queryOf(runner: QueryRunner): Query {
  const { placeholder } = dialectOf(runner);
  return async (query) => {
    const { text, parameters } = render(query, placeholder);
    const { records }: { readonly records: readonly StoredRow[] } = await runner.query(text, [...parameters], true);
    return records;
  };
}

const dialectOf = (runner: QueryRunner) =>
  runner.connection.options.type === "postgres" ? postgresDialect : sqliteDialect;
