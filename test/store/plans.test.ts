// What the store's statements read: never more because the store holds more, but for those that say why.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { openMigratedDatabase, storeOn } from "../../src/store/open-store.ts";
import { syncPollTable } from "../../src/store/entities/sync-poll.ts";
import { sql } from "../../src/store/sql.ts";
import type { Sql } from "../../src/store/sql.ts";
import { databases, describeOnEachDatabase, type DatabaseName } from "../support/databases.ts";
import { MANY_TENANT, seedManyRows } from "../support/many-rows.ts";
import { watchStatements } from "../support/statement-costs.ts";
import type { WatchedDatabase } from "../support/statement-costs.ts";
import { storeCalls } from "../support/store-calls.ts";
import type { StoreCall } from "../support/store-call.ts";

/** Each call with its name, in the order of the table: some ask for what an earlier one wrote. */
const calls = Object.entries(storeCalls).flatMap(([part, members]) =>
  Object.entries<Readonly<Record<string, StoreCall>>>(members).flatMap(([member, ways]) =>
    Object.entries(ways).map(([way, call]) => ({ name: `${part}.${member}, ${way}`, call })),
  ),
);

/** What needs none. */
const NO_STATEMENT: Readonly<Record<DatabaseName, readonly string[]>> = {
  sqlite: ["store.now, once", "identity.place, once", "store.otherGateways, once"],
  postgres: [],
};

const syncIdField = syncPollTable.fields.find(({ property }) => property === "syncId") ?? expect.fail("no such column");

describeOnEachDatabase("statements over many rows", ({ database: name }) => {
  let database: Database;
  let watched: WatchedDatabase;
  let drop = (): Promise<void> => Promise.resolve();

  beforeAll(async () => {
    const made = await databases[name].create();
    drop = made.drop;
    database = await openMigratedDatabase(made.url);
    await seedManyRows(database);
    watched = watchStatements(database);
  }, 300_000);
  afterAll(async () => {
    await database.close();
    await drop();
  });

  test("all of them read a bounded number of rows, but for those that say why they do not", async () => {
    const store = storeOn(watched.database);
    const wrong: Record<string, readonly unknown[]> = {};
    const needless: string[] = [];
    const silent: string[] = [];
    for (const { name: asked, call } of calls) {
      await call.run(store);
      const { statements, excesses } = watched.taken();
      const mayGrow = call.grows?.on.includes(name) === true;
      if (statements === 0 && !NO_STATEMENT[name].includes(asked)) silent.push(asked);
      if (excesses.length > 0 && !mayGrow) wrong[asked] = excesses;
      if (excesses.length === 0 && mayGrow) needless.push(asked);
    }
    expect(wrong).toEqual({});
    // A reason that is no longer needed is taken out.
    expect(needless).toEqual([]);
    expect(silent).toEqual([]);
  }, 300_000);

  const planted: readonly (readonly [string, Sql, RegExp])[] = [
    ["a whole table", sql`select count(*) from sync where raw_status = ${"x"}`, /whole table|rows are read/u],
    ["all of a tenant", sql`select max(version) from sync where tenant_id = ${MANY_TENANT}`, /all rows|rows are read/u],
    [
      "all of a tenant, sorted for a few",
      sql`select id from sync where tenant_id = ${MANY_TENANT} order by version limit 5`,
      /all rows|rows are read/u,
    ],
    [
      "an index whose first rows do not match",
      sql`select sync_id from sync_poll where tenant_id = ${MANY_TENANT} and provider_key = ${"acme"} and fence > 1`,
      /all rows|rows are read/u,
    ],
  ];
  test.each(planted)("the check can fail: %s is found", async (_kind, statement, reason) => {
    await watched.database.read(statement);
    expect(watched.taken().excesses.map(({ why }) => why)).toEqual([expect.stringMatching(reason)]);
  });

  test("the check can fail: what is given, gone through for each row of a tenant, is found", async () => {
    const given = database.dialect.given([syncIdField], [{ sync_id: "run-5" }, { sync_id: "run-10" }]);
    // Kept from using the key, as a planner keeps itself from it that knows no better.
    const all = sql`update sync_poll set polls = 0 from ${given} where sync_poll.tenant_id = ${MANY_TENANT} and sync_poll.sync_id || '' = given.sync_id`;
    await watched.database.write(all);
    expect(
      watched
        .taken()
        .excesses.map(({ why }) => why)
        .join(),
    ).toMatch(/all rows of the tenant|rows are read/u);
  });
});
