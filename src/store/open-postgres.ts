// Connecting to PostgreSQL: what the way to it allows is found out once, and a server that cannot hold a store is refused in words.
import { setTimeout as pause } from "node:timers/promises";
import { DataSource, MigrationExecutor } from "typeorm";
import type { QueryRunner } from "typeorm";
import { postgresWays, type DataSourceSettings } from "./data-source.ts";
import { isConnectionRefusedByRule, isFull, isUnknownParameter } from "./failures.ts";

/** A database that answers and cannot hold a store; the message is a sentence that goes on from the database's name, and says what to do. */
export class UnfitDatabase extends Error {
  override readonly name = "UnfitDatabase";
}

/** How long a server without a free connection is waited for at the start. */
const FREE_WITHIN_MS = 15_000;
const LOOK_AGAIN_MS = 250;

/**
 * Connects: with encryption as the address says it, without start-up settings where a pooler refuses them, and as soon as the server has a
 * connection left.
 *
 * @throws TypeError for an address that cannot be, or what the last way of connecting failed with
 */
export async function connectPostgres(databaseUrl: string, settings: DataSourceSettings = {}): Promise<DataSource> {
  let last: unknown = new TypeError("DATABASE_URL: expected postgres://...");
  for (const options of postgresWays(databaseUrl, settings)) {
    try {
      return await whenFree(() => new DataSource(options).initialize());
    } catch (error) {
      if (isUnknownParameter(error) && settings.pooled !== true)
        return connectPostgres(databaseUrl, { ...settings, pooled: true });
      if (!withoutEncryption(error) && !isConnectionRefusedByRule(error)) throw error;
      last = error;
    }
  }
  throw last;
}

/** In the driver's words; it gives no code. */
const withoutEncryption = (error: unknown): boolean =>
  error instanceof Error && error.message.includes("does not support SSL");

async function whenFree<T>(connect: () => Promise<T>): Promise<T> {
  const until = performance.now() + FREE_WITHIN_MS;
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      if (!isFull(error) || performance.now() > until) throw error;
      await pause(LOOK_AGAIN_MS);
    }
  }
}

/**
 * Refuses a server whose texts are not UTF-8, or that takes no writes.
 *
 * @throws UnfitDatabase
 */
export async function requireFit(source: DataSource): Promise<void> {
  const [found]: readonly ServerFacts[] = await source.query(
    "select current_setting('server_encoding') as encoding, pg_is_in_recovery() as replica, current_setting('transaction_read_only') as read_only",
  );
  const encoding = found?.encoding ?? "UTF8";
  if (encoding !== "UTF8")
    throw new UnfitDatabase(
      `has the encoding ${encoding}, which cannot hold every name that vendors send. Make one that can: create database <name> encoding 'UTF8' template template0`,
    );
  if (found?.replica === true)
    throw new UnfitDatabase("is a replica, which takes no writes. Set DATABASE_URL to the primary");
  if (found?.read_only === "on")
    throw new UnfitDatabase(
      "takes no writes: default_transaction_read_only is on. Switch it off for this database and user, or set DATABASE_URL to one that takes them",
    );
}

interface ServerFacts {
  readonly encoding: string;
  readonly replica: boolean;
  readonly read_only: string;
}

/** Any constant will do, as long as every gateway uses the same and nothing else in the database does. */
const MIGRATION_LOCK = 5_872_301_466;

/**
 * Brings the schema up to date, one gateway after the other. The lock and the migrations are one transaction: behind a pooler each
 * transaction may have another connection, and a lock of the session would stay with somebody else.
 */
export async function migrateAlone(source: DataSource): Promise<void> {
  const runner = source.createQueryRunner();
  try {
    await runner.startTransaction("READ COMMITTED");
    try {
      await migrate(source, runner);
      await runner.commitTransaction();
    } catch (error) {
      // A lost connection has rolled back by itself, and the first error says more than the second.
      await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    }
  } finally {
    await runner.release();
  }
}

async function migrate(source: DataSource, runner: QueryRunner): Promise<void> {
  // Whoever waits here waits for another gateway's migration, however long that takes.
  await runner.query("set local statement_timeout = 0");
  await runner.query("set local idle_in_transaction_session_timeout = 0");
  await runner.query("select pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
  const executor = new MigrationExecutor(source, runner);
  executor.transaction = "all";
  await executor.executePendingMigrations();
}
