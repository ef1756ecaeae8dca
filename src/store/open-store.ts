// The front door: opens the database, brings its schema up to date and returns the port.
import { DataSource } from "typeorm";
import type { DataSourceOptions } from "typeorm";
import { ErrorCode, GatewayError } from "../domain/errors.ts";
import type { Store } from "../domain/store-port.ts";
import { ANSWER_TIMES, type AnswerTimes } from "./answer-time.ts";
import { createAccountStore } from "./account-store.ts";
import { createCatalogStore } from "./catalog-store.ts";
import { dataSourceOptions } from "./data-source.ts";
import type { DataSourceSettings } from "./data-source.ts";
import { openDatabase } from "./database.ts";
import type { Database, Query } from "./database.ts";
import { storeFailure, TAKES_NO_WRITES } from "./failures.ts";
import { createIdentityStore, readIdentity } from "./identity-store.ts";
import { createInboxStore } from "./inbox-store.ts";
import { createLedgerStore } from "./ledger-store.ts";
import { createPollStore } from "./poll-store.ts";
import { connectPostgres, migrateAlone, requireFit } from "./open-postgres.ts";
import { postgresDialect } from "./postgres-dialect.ts";
import { createProviderStateStore } from "./provider-state-store.ts";
import { postgresReaders, sqliteReaders } from "./readers.ts";
import { createRetentionStore } from "./retention-store.ts";
import { createQuotaStore } from "./quota-store.ts";
import { sql } from "./sql.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";
import { keepPrivate, placesOf, type Warn } from "./sqlite-file.ts";
import { createTimekeepingStore } from "./timekeeping-store.ts";
import { createTriggerStore } from "./trigger-store.ts";

/** What a gateway's connections are called in PostgreSQL's lists, with something of its own behind it. */
export const GATEWAY_NAME = "syncgraph gateway";

export interface StoreOptions extends DataSourceSettings {
  /** How long PostgreSQL is waited for, and on both databases what may take long. Default: `ANSWER_TIMES`. */
  readonly answerTimes?: AnswerTimes;
  /** Told of an SQLite file that other users of the machine could use. Default: nobody is. */
  readonly warn?: Warn;
}

/**
 * Opens the store and runs pending migrations. Any number of gateways may open one PostgreSQL database at once; an SQLite file belongs
 * to one gateway.
 *
 * @param databaseUrl `sqlite:<file>` (folders are made) or `postgres://...`
 * @throws TypeError for another kind of URL
 * @throws UnfitDatabase when it answers and cannot hold a store
 * @throws GatewayError `SERVICE_UNAVAILABLE` when the database does not answer
 */
export async function openStore(databaseUrl: string, options: StoreOptions = {}): Promise<Store> {
  return storeOn(await openMigratedDatabase(databaseUrl, options));
}

/** The port over an open database. */
export function storeOn(database: Database): Store {
  return {
    catalog: createCatalogStore(database),
    ledger: createLedgerStore(database),
    polling: createPollStore(database),
    triggers: createTriggerStore(database),
    inbox: createInboxStore(database),
    providerStates: createProviderStateStore(database),
    accounts: createAccountStore(database),
    retention: createRetentionStore(database),
    quotas: createQuotaStore(database),
    identity: createIdentityStore(database),
    timekeeping: createTimekeepingStore(database),
    ping: () => ping(database),
    now: () => now(database),
    otherGateways: () => otherGateways(database),
    close: () => database.close(),
  };
}

/** The database beneath the port, for this folder and its tests. */
export async function openMigratedDatabase(databaseUrl: string, options: StoreOptions = {}): Promise<Database> {
  const settings = dataSourceOptions(databaseUrl, options);
  const { answerTimes = ANSWER_TIMES, warn } = options;
  const sources: DataSource[] = [];
  const make = (given: DataSourceOptions): DataSource => {
    const source = new DataSource(given);
    sources.push(source);
    return source;
  };
  try {
    if (settings.type === "postgres") {
      const writer = await connectPostgres(databaseUrl, options);
      sources.push(writer);
      await requireFit(writer);
      await migrateAlone(writer);
      const readers = postgresReaders(writer, answerTimes);
      const identity = await readIdentity((query) => readers.read(query));
      const checkPlace = () => Promise.resolve();
      const { writeMs } = answerTimes;
      return openDatabase({ dialect: postgresDialect, writer, readers, checkPlace, writeMs, identity, file: null });
    }
    const writer = make(settings);
    await keepPrivate(settings.database, warn);
    await prepareFile(await writer.initialize());
    // Readers know no table: they are given statements, never entities.
    const makeReader = () => openReader(make({ ...settings, entities: [], migrations: [] }));
    const quick = await Promise.all(Array.from({ length: QUICK_READERS }, makeReader));
    const readers = sqliteReaders({ quick, long: await makeReader() }, answerTimes.longMs);
    const identity = await readIdentity((query) => readers.read(query));
    const checkPlace = await placesOf(settings.database);
    const file = settings.database;
    return openDatabase({ dialect: sqliteDialect, writer, readers, checkPlace, writeMs: null, identity, file });
  } catch (error) {
    await Promise.allSettled(sources.filter((source) => source.isInitialized).map((source) => source.destroy()));
    throw storeFailure(error);
  }
}

/** With the writer and the one for long questions they are as many as Node has threads for files. */
const QUICK_READERS = 2;

async function prepareFile(writer: DataSource): Promise<void> {
  // A committed transition survives a power cut; the larger log makes checkpoints rare.
  await writer.query("pragma synchronous = full");
  await writer.query("pragma wal_autocheckpoint = 4000");
  // Arguments of starts may hold secrets: what is deleted or emptied is overwritten in the file.
  await writer.query("pragma secure_delete = on");
  await writer.runMigrations({ transaction: "all" });
}

async function openReader(reader: DataSource): Promise<DataSource> {
  await reader.initialize();
  await reader.query("pragma query_only = on");
  return reader;
}

async function now({ dialect, read }: Database): Promise<Date | null> {
  // A file has no clock but that of the machine.
  if (dialect.database === "sqlite") return null;
  const [row] = await read(sql`select ${dialect.now} as now`);
  return new Date(Number(row?.["now"]));
}

/** Gateways are told apart by the names of their connections; see `StoreOptions.applicationName`. */
async function otherGateways({ dialect, read }: Database): Promise<number> {
  if (dialect.database === "sqlite") return 0;
  const [row] = await read(
    sql`select count(distinct application_name) as found from pg_stat_activity
      where datname = current_database() and application_name like ${`${GATEWAY_NAME} %`} and application_name <> current_setting('application_name')
      and state_change > clock_timestamp() - interval '10 seconds'`,
  );
  return Number(row?.["found"]);
}

const PING_TIMEOUT_MS = 5_000;

async function ping(database: Database): Promise<void> {
  const signal = AbortSignal.timeout(PING_TIMEOUT_MS);
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () =>
      reject(new GatewayError(ErrorCode.ServiceUnavailable, "The gateway's database does not answer in time.")),
    );
  });
  // Touches a table: an SQLite file that is damaged answers `select 1` from memory.
  const read = async () => {
    const [row] = await database.read(
      sql`select count(*) as found, ${database.dialect.isReadOnly} as read_only from ledger_head where tenant_id = ${""}`,
    );
    if (Number(row?.["read_only"]) === 1) throw new GatewayError(ErrorCode.ServiceUnavailable, TAKES_NO_WRITES);
    await database.checkPlace();
    await database.proveWrites(tryWriting);
  };
  await Promise.race([read(), late]);
}

/** More than fits into the room that is left in a page: a disk that is full has no other. */
const BULK = "x".repeat(8_192);

/** Writes a row and takes it away again: nobody sees it. */
async function tryWriting(query: Query): Promise<void> {
  await query(
    sql`insert into provider_state (tenant_id, provider_key, health, unknown_statuses) values (${""}, ${""}, ${BULK}, '{}')`,
  );
  await query(sql`delete from provider_state where tenant_id = ${""} and provider_key = ${""}`);
}
