// The databases the store runs on, for suites that must hold on each. A suite names no database: it is given a way to open a store.
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, describe, expect, test } from "vitest";
import type { Store } from "../../src/domain/store-port.ts";
import { openStore } from "../../src/store/open-store.ts";
import { NEEDS_SERVERS, expectMarked, leaveOut, required } from "./needs.ts";

export type DatabaseName = "sqlite" | "postgres";

export interface TestDatabase {
  available(): Promise<boolean>;
  /** Makes an empty database of its own; `drop` removes it, with whoever is still connected. */
  create(): Promise<{ url: string; drop(): Promise<void> }>;
}

/** A new database does not compile until every suite has an answer for it. */
export const databases: Readonly<Record<DatabaseName, TestDatabase>> = {
  sqlite: {
    available: () => Promise.resolve(true),
    create: async () => {
      const folder = await mkdtemp(join(tmpdir(), "syncgraph-store-"));
      return {
        url: `sqlite:${join(folder, "made", "store.sqlite")}`,
        drop: () => rm(folder, { recursive: true, force: true }),
      };
    },
  },
  postgres: {
    available: () =>
      onServer(() => Promise.resolve()).then(
        () => true,
        () => false,
      ),
    create: async () => {
      expectMarked();
      const name = `syncgraph_test_${randomUUID().replaceAll("-", "")}`;
      await onServer((client) => client.query(`create database ${name}`));
      const url = new URL(SERVER_URL);
      url.pathname = `/${name}`;
      return {
        url: url.href,
        drop: () =>
          onServer((client) => client.query(`drop database if exists ${name} with (force)`)).then(() => undefined),
      };
    },
  },
};

export interface OpenedStore {
  readonly store: Store;
  readonly url: string;
  /** Closes the store before the test ends; otherwise that happens after it. */
  close(): Promise<void>;
}

export interface EachDatabase {
  /** Opens a store on an empty database, or on that of another store of the same test. Closed and dropped after the test. */
  (url?: string): Promise<OpenedStore>;
  readonly database: DatabaseName;
}

/**
 * Runs a suite on each database; on PostgreSQL in `npm run test:servers`. It is left out there, visibly, where no server answers at
 * TEST_DATABASE_URL, and must be there when CI is `true`.
 */
export function describeOnEachDatabase(name: string, suite: (open: EachDatabase) => void): void {
  describe(`${name} on sqlite`, () => suite(opener("sqlite")));
  if (reachable.postgres) describe(`${name} on postgres`, NEEDS_SERVERS, () => suite(opener("postgres")));
  else if (required) test(`${name} on postgres has a server to run on`, NEEDS_SERVERS, () => expect.fail(NO_POSTGRES));
  else leaveOut(`${name} on postgres`, POSTGRES_ANSWERS);
}

/** Runs a suite that holds of PostgreSQL alone, as {@link describeOnEachDatabase} runs its part. */
export const describeOnPostgres = (name: string, suite: () => void): void => {
  describe.runIf(reachable.postgres || required)(name, NEEDS_SERVERS, suite);
};

/** One test that holds of PostgreSQL alone. */
export const testOnPostgres = (name: string, body: () => Promise<void>, timeoutMs?: number): void => {
  const options = timeoutMs === undefined ? NEEDS_SERVERS : { ...NEEDS_SERVERS, timeout: timeoutMs };
  test.runIf(reachable.postgres || required)(name, options, body);
};

/** Makes empty databases for one test and drops them after it, for suites that open them in their own way. */
export function databaseMaker(database: DatabaseName): () => Promise<string> {
  const drops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const drop of drops.splice(0)) await drop();
  });
  return async () => {
    const { url, drop } = await databases[database].create();
    drops.push(drop);
    return url;
  };
}

const POSTGRES_ANSWERS = "a PostgreSQL answers at TEST_DATABASE_URL (default 127.0.0.1:5432)";
const NO_POSTGRES = `not so: ${POSTGRES_ANSWERS}`;
const SERVER_URL = process.env["TEST_DATABASE_URL"] ?? "postgres://root@127.0.0.1:5432/test";

/** Known before suites are collected, so that what is left out is seen as skipped. */
export const reachable: Readonly<Record<DatabaseName, boolean>> = {
  sqlite: await databases.sqlite.available(),
  postgres: await databases.postgres.available(),
};

async function onServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: SERVER_URL, connectionTimeoutMillis: 3_000 });
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function opener(database: DatabaseName): EachDatabase {
  const stores: Store[] = [];
  // Hooks run last made first: stores are closed before their database is dropped.
  const make = databaseMaker(database);
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });
  const open = async (shared?: string): Promise<OpenedStore> => {
    const url = shared ?? (await make());
    const store = await openStore(url);
    stores.push(store);
    return { store, url, close: () => store.close() };
  };
  return Object.assign(open, { database });
}
