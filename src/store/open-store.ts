// The front door: opens the database, brings its schema up to date and returns the port.
import { DataSource } from "typeorm";
import { ErrorCode, GatewayError } from "../domain/errors.ts";
import type { Store } from "../domain/store-port.ts";
import { createCatalogStore } from "./catalog-store.ts";
import { dataSourceOptions } from "./data-source.ts";
import type { DataSourceSettings } from "./data-source.ts";
import { openDatabase } from "./database.ts";
import type { Database } from "./database.ts";
import { storeFailure } from "./failures.ts";
import { createInboxStore } from "./inbox-store.ts";
import { createLedgerStore } from "./ledger-store.ts";
import { createPollStore } from "./poll-store.ts";
import { postgresDialect } from "./postgres-dialect.ts";
import { createProviderStateStore } from "./provider-state-store.ts";
import { sql } from "./sql.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";
import { createTriggerStore } from "./trigger-store.ts";

export type StoreOptions = DataSourceSettings;

/**
 * Opens the store and runs pending migrations. Any number of gateways may open one PostgreSQL database at once; an SQLite file belongs
 * to one gateway.
 *
 * @param databaseUrl `sqlite:<file>` (folders are made) or `postgres://...`
 * @throws TypeError for another kind of URL
 * @throws GatewayError `SERVICE_UNAVAILABLE` when the database does not answer
 */
export async function openStore(databaseUrl: string, options: StoreOptions = {}): Promise<Store> {
  const database = await openMigratedDatabase(databaseUrl, options);
  return {
    catalog: createCatalogStore(database),
    ledger: createLedgerStore(database),
    polling: createPollStore(database),
    triggers: createTriggerStore(database),
    inbox: createInboxStore(database),
    providerStates: createProviderStateStore(database),
    ping: () => ping(database),
    close: () => database.close(),
  };
}

/** The database beneath the port, for this folder and its tests. */
export async function openMigratedDatabase(databaseUrl: string, options: StoreOptions = {}): Promise<Database> {
  const settings = dataSourceOptions(databaseUrl, options);
  const writer = new DataSource(settings);
  const reader = settings.type === "sqlite" ? new DataSource(settings) : writer;
  try {
    await writer.initialize();
    if (settings.type === "postgres") await migrateAlone(writer);
    else await prepareFile(writer, reader);
    return openDatabase(settings.type === "postgres" ? postgresDialect : sqliteDialect, writer, reader);
  } catch (error) {
    await Promise.allSettled(
      [...new Set([writer, reader])].filter((source) => source.isInitialized).map((source) => source.destroy()),
    );
    throw storeFailure(error);
  }
}

async function prepareFile(writer: DataSource, reader: DataSource): Promise<void> {
  // A committed transition survives a power cut; the larger log makes checkpoints rare.
  await writer.query("pragma synchronous = full");
  await writer.query("pragma wal_autocheckpoint = 4000");
  await writer.runMigrations({ transaction: "all" });
  await reader.initialize();
  await reader.query("pragma query_only = on");
}

/** Any constant will do, as long as every gateway uses the same and nothing else in the database does. */
const MIGRATION_LOCK = 5_872_301_466;

async function migrateAlone(source: DataSource): Promise<void> {
  const runner = source.createQueryRunner();
  try {
    // Whoever waits here waits for another gateway's migration, however long that takes.
    await runner.query("set statement_timeout = 0");
    await runner.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    try {
      await source.runMigrations({ transaction: "all" });
    } finally {
      await runner.query("select pg_advisory_unlock($1)", [MIGRATION_LOCK]);
      await runner.query("reset statement_timeout");
    }
  } finally {
    await runner.release();
  }
}

const PING_TIMEOUT_MS = 5_000;

async function ping({ read }: Database): Promise<void> {
  const signal = AbortSignal.timeout(PING_TIMEOUT_MS);
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () =>
      reject(new GatewayError(ErrorCode.ServiceUnavailable, "The gateway's database does not answer in time.")),
    );
  });
  // Touches a table: an SQLite file that is gone or damaged answers `select 1` from memory.
  await Promise.race([read(sql`select count(*) as found from ledger_head where tenant_id = ${""}`), late]);
}
