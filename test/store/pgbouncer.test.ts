// A store behind PgBouncer in transaction mode: what belongs to a connection would belong to whoever has it next.
import { expect, onTestFinished, test } from "vitest";
import { openMigratedDatabase, openStore, storeOn } from "../../src/store/open-store.ts";
import { sql } from "../../src/store/sql.ts";
import { databaseMaker } from "../support/databases.ts";
import { describeWithPgbouncer, startPgbouncer } from "../support/pgbouncer.ts";
import { entry, rules } from "../support/store-values.ts";
import { expectVerified } from "../support/verified.ts";

const AT_ONCE = 24;
/** Fewer than gateways ask for, so that their transactions take turns on the same connections. */
const CONNECTIONS = 3;
const ANSWER_TIMES = { readMs: 12_000, writeMs: 20_000, longMs: 300 };

describeWithPgbouncer("a store behind PgBouncer in transaction mode", () => {
  const make = databaseMaker("postgres");

  test("is opened by several gateways at once, written to by all, and verified", async () => {
    await using pooler = await startPgbouncer(await make(), CONNECTIONS);
    const stores = await Promise.all([1, 2, 3].map(() => openStore(pooler.url)));
    onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))));
    const names = Array.from({ length: AT_ONCE }, (_, index) => `run-${index}`);
    await Promise.all(stores.flatMap((store) => names.map((name) => store.ledger.record("t1", [entry(name)], rules))));
    expect(await stores[0]?.ledger.countSyncs("t1", {})).toBe(AT_ONCE);
    for (const store of stores) await store.ping();
    await expectVerified(pooler.url);
  });

  test("leaves nothing of one transaction's settings to the next, and no lock", async () => {
    const direct = await make();
    await using pooler = await startPgbouncer(direct, 1);
    const database = await openMigratedDatabase(pooler.url);
    onTestFinished(() => database.close());
    await storeOn(database).ledger.record("t1", [entry("run-1")], rules);
    const settings = sql`select current_setting('statement_timeout') as statement, current_setting('idle_in_transaction_session_timeout') as idle`;
    expect(await database.read(settings)).toEqual([{ statement: "0", idle: "0" }]);
    const within = await database.transaction((query) => query(settings));
    expect(within).toEqual([{ statement: "30s", idle: "15s" }]);
    expect(
      await database.read(
        sql`select 1 as held from pg_locks where locktype = ${"advisory"} and database = (select oid from pg_database where datname = current_database())`,
      ),
    ).toEqual([]);
  });

  test("ends a question that takes too long at the server, and no other's", async () => {
    await using pooler = await startPgbouncer(await make(), CONNECTIONS);
    const database = await openMigratedDatabase(pooler.url, { answerTimes: ANSWER_TIMES });
    onTestFinished(() => database.close());
    await expect(database.readLong(sql`select pg_sleep(3600) as found`)).rejects.toThrow("Narrow the filter");
    const asleep = sql`select count(*) as found from pg_stat_activity where query like ${"select pg_sleep(3600)%"} and state = ${"active"} and datname = current_database()`;
    expect(await database.read(asleep)).toEqual([{ found: 0 }]);
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => database.readLong(sql`select 1 as found`)));
    expect(new Set(answers.map(([row]) => row?.["found"]))).toEqual(new Set([1]));
  });
});
