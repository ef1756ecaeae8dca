// Which PostgreSQL can hold a store: one that is none is refused with what to do, one that becomes none says so, and one that is short of
// connections is waited for.
import { randomUUID } from "node:crypto";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { UnfitDatabase } from "../../src/store/open-postgres.ts";
import { GATEWAY_NAME, openStore } from "../../src/store/open-store.ts";
import { cannotOpenDatabase, databaseReason } from "../../src/server/start-error.ts";
import { databaseMaker, describeOnPostgres } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { describeWithPostgresServer, startPostgresServer } from "../support/postgres-server.ts";
import { entry, rules } from "../support/store-values.ts";

const AT_ONCE = 40;
const refusalOf = (url: string): Promise<unknown> => openStore(url).catch((error: unknown) => error);

describeOnPostgres("a PostgreSQL database", () => {
  const make = databaseMaker("postgres");

  async function onDatabase(url: string, text: string): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
  }

  test.each(["SQL_ASCII", "LATIN1"])(
    "whose texts are %s is refused with how to make one that is right",
    async (encoding) => {
      const url = await make();
      const name = `syncgraph_test_${randomUUID().replaceAll("-", "")}`;
      const made = `create database ${name} encoding '${encoding}' lc_collate 'C' lc_ctype 'C' template template0`;
      await onDatabase(url, made);
      const other = new URL(url);
      other.pathname = `/${name}`;
      try {
        const refused = await refusalOf(other.href);
        expect(refused).toBeInstanceOf(UnfitDatabase);
        expect(cannotOpenDatabase(refused, other.href).message).toBe(
          `The database postgres://${other.host}/${name} has the encoding ${encoding}, which cannot hold every name that vendors send. Make one that can: create database <name> encoding 'UTF8' template template0.`,
        );
      } finally {
        await onDatabase(url, `drop database ${name} with (force)`);
      }
    },
  );

  test("that takes no writes by a setting is refused, and one that takes them again is opened", async () => {
    const url = await make();
    const name = new URL(url).pathname.slice(1);
    await onDatabase(url, `alter database ${name} set default_transaction_read_only = on`);
    const refused = await refusalOf(url);
    expect(refused).toBeInstanceOf(UnfitDatabase);
    expect(String(refused)).toContain("default_transaction_read_only is on");
    await onDatabase(url, `begin read write; alter database ${name} reset default_transaction_read_only; commit`);
    await openStore(url).then((store) => store.close());
  });

  test("tells how many other gateways use it, and does not count this one or programs that look once", async () => {
    const url = await make();
    const open = async (applicationName?: string) => {
      const store = await openStore(url, applicationName === undefined ? {} : { applicationName });
      onTestFinished(() => store.close());
      return store;
    };
    const one = await open(`${GATEWAY_NAME} one`);
    await open();
    expect(await one.otherGateways()).toBe(0);
    const other = await open(`${GATEWAY_NAME} other`);
    await other.ping();
    expect(await one.otherGateways()).toBe(1);
  });
});

describeWithPostgresServer("a PostgreSQL server", () => {
  test("that becomes read-only, or a replica, is told as that, and works when it takes writes again", async () => {
    await using server = await startPostgresServer();
    const store = await openStore(server.url);
    onTestFinished(() => store.close());
    const reason = () => store.ping().then(() => "ready", databaseReason);
    expect(await reason()).toBe("ready");
    const readOnly = "the database takes no writes: it is read-only, or a replica";
    await server.readOnly(true);
    await eventually("it is seen", async () => ((await reason()) === readOnly ? true : null));
    await expect(store.ledger.record("t1", [entry("r1")], rules)).rejects.toMatchObject({
      code: ErrorCode.ServiceUnavailable,
      message: expect.stringContaining("takes no writes"),
    });
    await server.readOnly(false);
    await eventually("it works again", async () => ((await reason()) === "ready" ? true : null));
    await store.ledger.record("t1", [entry("r1")], rules);

    await server.becomeReplica();
    await eventually("the replica is seen", async () => ((await reason()) === readOnly ? true : null));
    const refused = await refusalOf(server.url);
    expect(String(refused)).toContain("is a replica, which takes no writes. Set DATABASE_URL to the primary");
  }, 120_000);

  test("with fewer connections than the pool wants answers everything nevertheless", async () => {
    await using server = await startPostgresServer([
      "-c",
      "max_connections=4",
      "-c",
      "superuser_reserved_connections=0",
      "-c",
      "max_wal_senders=0",
    ]);
    const store = await openStore(server.url, { poolSize: 20 });
    onTestFinished(() => store.close());
    const names = Array.from({ length: AT_ONCE }, (_, index) => `run-${index}`);
    await Promise.all(names.map((name) => store.ledger.record("t1", [entry(name)], rules)));
    const counts = await Promise.all(names.map(() => store.ledger.countSyncs("t1", {})));
    expect(new Set(counts)).toEqual(new Set([AT_ONCE]));
  }, 120_000);

  test("whose connections are all in use is waited for at the start", async () => {
    await using server = await startPostgresServer([
      "-c",
      "max_connections=2",
      "-c",
      "superuser_reserved_connections=0",
      "-c",
      "max_wal_senders=0",
    ]);
    const holders = [1, 2].map(() => new pg.Client({ connectionString: server.url }));
    for (const holder of holders) await holder.connect();
    const opening = openStore(server.url);
    const looked = await Promise.race([opening, holders[0]?.query("select pg_sleep(0.5)")]);
    expect(looked).not.toHaveProperty("ping");
    await Promise.all(holders.map((holder) => holder.end()));
    await (await opening).close();
  }, 120_000);
});
