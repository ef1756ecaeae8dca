// Opening, failing and closing.
import { chmod, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import { storeFailure } from "../../src/store/failures.ts";
import { openMigratedDatabase, openStore } from "../../src/store/open-store.ts";
import { sql } from "../../src/store/sql.ts";
import { databaseMaker, databases, describeOnEachDatabase, testOnPostgres } from "../support/databases.ts";
import { entry, rules } from "../support/store-values.ts";

const makeFile = databaseMaker("sqlite");

test.each([
  ["another kind of database", "mysql://user:secret@host/db", /expected sqlite:<file> or postgres/u],
  ["a file without its scheme", "./data/store.sqlite", /expected sqlite:<file> or postgres/u],
  ["a database in memory", "sqlite::memory:", /expected the path of a file/u],
])("%s is refused, and the message repeats no password", async (_case, url, message) => {
  const refused = await openStore(url).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(TypeError);
  expect(String(refused)).toMatch(message);
  expect(String(refused)).not.toContain("secret");
});

test("an SQLite file that is no database fails to open and says why", async () => {
  const url = await makeFile();
  const file = url.slice("sqlite:".length);
  await openStore(url).then((store) => store.close());
  await Promise.all([`${file}-wal`, `${file}-shm`].map((path) => rm(path, { force: true })));
  await writeFile(file, "this is not a database, but it is long enough to be looked at as one".repeat(20));
  await chmod(file, 0o600);
  await expect(openStore(url)).rejects.toMatchObject({ code: "SQLITE_NOTADB" });
});

test("a PostgreSQL server that is not there is SERVICE_UNAVAILABLE with its cause", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const refused = await openStore(`postgres://root@127.0.0.1:${port}/none`).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(GatewayError);
  expect(refused).toMatchObject({ code: ErrorCode.ServiceUnavailable, cause: { code: "ECONNREFUSED" } });
});

test.each([
  Object.assign(new Error("terminating connection"), { code: "57P01" }),
  Object.assign(new Error("broken"), { code: "08006" }),
  new Error("Connection terminated unexpectedly"),
  Object.assign(new Error("locked"), { code: "SQLITE_BUSY" }),
  new AggregateError([Object.assign(new Error("refused"), { code: "ECONNREFUSED" })]),
])("%s is an outage, and the cause is kept", (error) => {
  expect(storeFailure(error)).toMatchObject({ code: ErrorCode.ServiceUnavailable, cause: error });
});

test.each([
  Object.assign(new Error("duplicate key"), { code: "23505" }),
  new Error("something else"),
  new RangeError("a defect"),
])("%s is no outage and passes as it is", (error) => {
  expect(storeFailure(error)).toBe(error);
});

describeOnEachDatabase("an open store", (open) => {
  test("keeps what was committed when it is closed and opened again", async () => {
    const { store, url, close } = await open();
    const [recorded] = await store.ledger.record("t1", [entry("r1")], rules);
    await close();
    const { store: again } = await open(url);
    expect(await again.ledger.syncsByIds("t1", [recorded?.sync.id ?? ""])).toEqual([recorded?.sync]);
  });

  test("tells the time of a database that has a clock of its own, to the millisecond", async () => {
    const { store } = await open();
    const before = Date.now();
    const told = await store.now();
    expect(told === null).toBe(open.database === "sqlite");
    // The server is on this machine.
    const toldMs = told?.getTime() ?? before;
    expect(toldMs).toBeGreaterThanOrEqual(before);
    expect(toldMs).toBeLessThanOrEqual(Date.now());
  });

  test("answers everything with SERVICE_UNAVAILABLE once it is closed, may be closed twice, and finishes writes begun before", async () => {
    const { store, url, close } = await open();
    const writes = [1, 2, 3].map((index) => store.ledger.record("t1", [entry(`r${index}`)], rules));
    await Promise.all([...writes, close()]);
    await close();
    await expect(store.ping()).rejects.toMatchObject({ code: ErrorCode.ServiceUnavailable });
    await expect(store.ledger.record("t1", [entry("x")], rules)).rejects.toMatchObject({
      code: ErrorCode.ServiceUnavailable,
    });
    expect(await (await open(url)).store.ledger.countSyncs("t1", {})).toBe(3);
  });

  test("gives a driver's own error without the statement's parameters", async () => {
    const { url, close } = await open();
    await close();
    const database = await openMigratedDatabase(url);
    try {
      const add = sql`insert into ledger_head (tenant_id, last_sequence) values (${"planted-parameter"}, ${1})`;
      await database.write(add);
      const failure: unknown = await database.write(add).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: open.database === "sqlite" ? "SQLITE_CONSTRAINT" : "23505" });
      expect(failure).not.toHaveProperty("parameters");
    } finally {
      await database.close();
    }
  });
});

test("the reading connection of an SQLite store cannot write", async () => {
  const database = await openMigratedDatabase(await makeFile());
  try {
    await expect(database.read(sql`delete from ledger_head`)).rejects.toMatchObject({
      cause: { code: "SQLITE_READONLY" },
    });
  } finally {
    await database.close();
  }
});

testOnPostgres("a store recovers by itself after the PostgreSQL server cut every connection", async () => {
  const { url, drop } = await databases.postgres.create();
  const store = await openStore(url);
  const database = await openMigratedDatabase(url);
  try {
    await store.ping();
    await database.read(
      sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    const codes = new Set<unknown>();
    const ping = (): Promise<string> =>
      store.ping().then(
        () => "answered",
        (error: unknown) => {
          codes.add(error instanceof GatewayError ? error.code : error);
          return "not yet";
        },
      );
    await expect.poll(ping).toBe("answered");
    expect([...codes].filter((code) => code !== ErrorCode.ServiceUnavailable)).toEqual([]);
  } finally {
    await Promise.all([database.close(), store.close()]);
    await drop();
  }
});

test("each database can be made and dropped", async () => {
  const { url, drop } = await databases.sqlite.create();
  await openStore(url).then((store) => store.close());
  await drop();
  expect(url).toMatch(/^sqlite:/u);
});
