// TypeORM's options for a database URL: one factory for the gateway and for TypeORM's command line.
import pg from "pg";
import type { DataSourceOptions } from "typeorm";
import { InitialSchema1762000000000 } from "./migrations/1762000000000-initial-schema.ts";
import { WebhookInbox1762100000000 } from "./migrations/1762100000000-webhook-inbox.ts";
import { TriggerLeases1762200000000 } from "./migrations/1762200000000-trigger-leases.ts";
import { SharedQuotas1762400000000 } from "./migrations/1762400000000-shared-quotas.ts";
import { Retention1762500000000 } from "./migrations/1762500000000-retention.ts";
import { sqliteDriver } from "./sqlite-driver.ts";
import { Indices1762600000000 } from "./migrations/1762600000000-indices.ts";
import { ProviderAccounts1762740000000 } from "./migrations/1762740000000-provider-accounts.ts";
import { DiscoveryProgress1762720000000 } from "./migrations/1762720000000-discovery-progress.ts";
import { StoreIdentity1762730000000 } from "./migrations/1762730000000-store-identity.ts";
import { DoubtedStarts1762710000000 } from "./migrations/1762710000000-doubted-starts.ts";
import { IDLE_TRANSACTION_TIMEOUT_MS, STATEMENT_TIMEOUT_MS } from "./postgres-dialect.ts";
import { postgresWay } from "./postgres-tls.ts";
import { entitySchemaOf } from "./table.ts";
import { tables } from "./tables.ts";

/** Where the gateway keeps its data when nobody says otherwise. */
export const DEFAULT_DATABASE_URL = "sqlite:./data/syncgraph.sqlite";

export interface DataSourceSettings {
  /** Connections of a PostgreSQL pool, at least 2. Default 10. SQLite has one connection for each data source. */
  readonly poolSize?: number;
  /**
   * A pooler such as PgBouncer refuses what a connection asks for when it begins. Transactions then ask for it themselves
   * (`postgresDialect.begin`), and single reads are ended by the gateway's own time. Default false.
   */
  readonly pooled?: boolean;
  /** What the connections are called in PostgreSQL's own lists. Default `syncgraph`. */
  readonly applicationName?: string;
}

/** Connections of a PostgreSQL pool when nobody says otherwise. */
export const DEFAULT_POOL_SIZE = 10;

type StoreDataSourceOptions = Extract<DataSourceOptions, { readonly type: "sqlite" | "postgres" }>;
export type PostgresOptions = Extract<DataSourceOptions, { readonly type: "postgres" }>;

/**
 * @param databaseUrl `sqlite:<file>` or `postgres://...`
 * @throws TypeError when it is neither, or an SQLite database in memory
 */
export function dataSourceOptions(databaseUrl: string, settings: DataSourceSettings = {}): StoreDataSourceOptions {
  const [preferred] = postgresWays(databaseUrl, settings);
  if (preferred !== undefined) return preferred;
  const file = /^sqlite:(?:\/\/)?(?<file>.+)$/u.exec(databaseUrl)?.groups?.["file"];
  // The value may hold a password, so the message does not repeat it.
  if (file === undefined)
    throw new TypeError(`DATABASE_URL: expected sqlite:<file> or postgres://..., got another kind of address`);
  // The store reads and writes over two connections, and each would have a memory of its own.
  if (file.startsWith(":memory:"))
    throw new TypeError("DATABASE_URL: expected the path of a file after sqlite:, got :memory:");
  return sqliteOptions(file);
}

const INT8 = 20;
const JSONB = 3802;
const DRIVER = { types: { getTypeParser: parserOf }, keepAlive: true } as const;

/** What PostgreSQL is asked for when a connection begins. */
const START_SETTINGS = {
  statement_timeout: STATEMENT_TIMEOUT_MS,
  idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
} as const;

const SHARED = {
  migrations: [
    InitialSchema1762000000000,
    WebhookInbox1762100000000,
    TriggerLeases1762200000000,
    SharedQuotas1762400000000,
    Retention1762500000000,
    Indices1762600000000,
    DoubtedStarts1762710000000,
    DiscoveryProgress1762720000000,
    StoreIdentity1762730000000,
    ProviderAccounts1762740000000,
  ],
  migrationsTableName: "migration",
  synchronize: false,
  logging: false,
} as const;

function sqliteOptions(file: string): StoreDataSourceOptions {
  const entities = tables.map((table) => entitySchemaOf(table, "sqlite"));
  return {
    ...SHARED,
    migrations: [...SHARED.migrations],
    type: "sqlite",
    database: file,
    driver: sqliteDriver,
    entities,
    enableWAL: true,
    busyTimeout: 5_000,
  };
}

/**
 * The options to try one after the other, as the address' `sslmode` allows it. None for what is no PostgreSQL address.
 *
 * @throws TypeError for an encryption that cannot be
 */
export function postgresWays(databaseUrl: string, settings: DataSourceSettings = {}): readonly PostgresOptions[] {
  if (!/^postgres(?:ql)?:\/\//u.test(databaseUrl)) return [];
  const { url, tls } = postgresWay(databaseUrl);
  const options: PostgresOptions = {
    ...SHARED,
    migrations: [...SHARED.migrations],
    type: "postgres",
    url,
    entities: tables.map((table) => entitySchemaOf(table, "postgres")),
    poolSize: Math.max(2, settings.poolSize ?? DEFAULT_POOL_SIZE),
    applicationName: settings.applicationName ?? "syncgraph",
    connectTimeoutMS: 5_000,
    installExtensions: false,
    // An idle connection that breaks is replaced by the pool; the next query says so if the database is gone.
    poolErrorHandler: () => undefined,
  };
  const driver = settings.pooled === true ? DRIVER : { ...DRIVER, ...START_SETTINGS };
  if (tls.length === 0) return [{ ...options, extra: driver }];
  return tls.map((ssl) => ({ ...options, extra: { ...driver, ssl } }));
}

/** As SQLite's driver returns them: whole numbers as numbers (epoch milliseconds and counts fit), JSON as its text. */
function parserOf(type: number, format?: "text" | "binary"): (value: string) => unknown {
  if (type === INT8) return Number;
  if (type === JSONB) return String;
  return pg.types.getTypeParser(type, format ?? "text") as (value: string) => unknown;
}
