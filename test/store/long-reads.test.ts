// Questions that may take long: they hold up nothing else, and end in time.
import { setMaxListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { Database } from "../../src/store/database.ts";
import { openMigratedDatabase, storeOn } from "../../src/store/open-store.ts";
import { sql } from "../../src/store/sql.ts";
import type { Sql } from "../../src/store/sql.ts";
import { databaseMaker, describeOnEachDatabase } from "../support/databases.ts";
import type { DatabaseName } from "../support/databases.ts";
import { entry, rules } from "../support/store-values.ts";

/** They take longer than any test runs. */
const ENDLESS: Readonly<Record<DatabaseName, Sql>> = {
  sqlite: sql`with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as found from n`,
  postgres: sql`select pg_sleep(3600) as found`,
};
const HEAD = sql`select coalesce(max(last_sequence), 0) as found from ledger_head where tenant_id = ${"t1"}`;
const TIMES = { readMs: 12_000, writeMs: 20_000 };

describeOnEachDatabase("questions that may take long", ({ database: name }) => {
  const make = databaseMaker(name);
  const opened: Database[] = [];
  const waiting: AbortController[] = [];
  afterEach(async () => {
    // A test that failed leaves endless questions, and closing waits for them.
    for (const one of waiting.splice(0)) one.abort(new Error("the test has ended"));
    await Promise.all(opened.splice(0).map((database) => database.close()));
  });
  const open = async (longMs: number): Promise<Database> => {
    const database = await openMigratedDatabase(await make(), { answerTimes: { ...TIMES, longMs } });
    opened.push(database);
    return database;
  };
  const waiter = (): AbortController => {
    const one = new AbortController();
    setMaxListeners(0, one.signal);
    waiting.push(one);
    return one;
  };

  test("hold up no read and no write, however many of them there are", async () => {
    const database = await open(600_000);
    const store = storeOn(database);
    const nobodyWaits = waiter();
    const endings: string[] = [];
    const long = Array.from({ length: 12 }, () =>
      database.readLong(ENDLESS[name], nobodyWaits.signal).catch(() => endings.push("long")),
    );
    await turn();
    await store.ping();
    await store.ledger.record("t1", [entry("r1")], rules);
    const reads = await Promise.all(Array.from({ length: 20 }, () => database.read(HEAD)));
    expect(reads.map(([row]) => Number(row?.["found"]))).toEqual(reads.map(() => 2));
    expect(await store.ledger.countSyncs("t1", { open: true })).toBe(1);
    // All of that was answered, and none of them has ended.
    expect(endings).toEqual([]);
    nobodyWaits.abort(new Error("nobody waits"));
    await Promise.all(long);
    expect(endings).toHaveLength(12);
  });

  test("end in time, begun or waiting, with what to do about it, and the next one is answered", async () => {
    const database = await open(300);
    const { signal } = waiter();
    const refused = await Promise.allSettled([1, 2, 3, 4].map(() => database.readLong(ENDLESS[name], signal)));
    for (const answer of refused) {
      expect(answer).toMatchObject({
        reason: {
          code: ErrorCode.BadUserInput,
          message: expect.stringContaining("within 0.3 s. Narrow the filter: createdAfter"),
        },
      });
    }
    expect(await database.readLong(sql`select 1 as found`)).toEqual([{ found: 1 }]);
  });

  test("end when nobody waits for the answer any more, before they begin too, and the next one is answered", async () => {
    const database = await open(600_000);
    const gone = waiter();
    const answers = [1, 2, 3, 4].map(() => database.readLong(ENDLESS[name], gone.signal));
    await turn();
    gone.abort(new Error("the client has gone"));
    for (const answer of await Promise.allSettled(answers))
      expect(answer).toMatchObject({ reason: { message: "the client has gone" } });
    await expect(database.readLong(ENDLESS[name], gone.signal)).rejects.toThrow("the client has gone");
    expect(await database.readLong(sql`select 1 as found`)).toEqual([{ found: 1 }]);
  });

  test("that fail by themselves fail with the database's own error", async () => {
    const database = await open(600_000);
    await expect(database.readLong(sql`select * from no_such_table`)).rejects.toMatchObject({
      code: name === "sqlite" ? "SQLITE_ERROR" : "42P01",
    });
  });

  test("see what was committed just before they were asked", async () => {
    const store = storeOn(await open(600_000));
    for (const round of [1, 2, 3, 4, 5]) {
      await store.ledger.record("t1", [entry(`r${String(round)}`)], rules);
      expect(await store.ledger.countSyncs("t1", {})).toBe(round);
      expect((await store.ledger.statistics("t1", {}, null)).total).toBe(round);
      expect(await store.ledger.head("t1")).toBe(round * 2);
    }
  });
});

describeOnEachDatabase("which questions may take long", ({ database: name }) => {
  const make = databaseMaker(name);

  test("sums, counts and searches that no index answers; not what is open, what has an id, or what an index holds", async () => {
    const database = await openMigratedDatabase(await make());
    const kinds: string[] = [];
    const noted =
      <Given extends readonly unknown[], Answer>(kind: string, read: (...given: Given) => Answer) =>
      (...given: Given): Answer => {
        kinds.push(kind);
        return read(...given);
      };
    const { catalog, ledger } = storeOn({
      ...database,
      read: noted("quick", database.read),
      readLong: noted("long", database.readLong),
    });
    const newest = { field: "CREATED_AT", descending: true } as const;
    const page = { limit: 1, direction: "forward", from: null } as const;
    const kindOf = async (work: () => Promise<unknown>): Promise<string> => {
      kinds.length = 0;
      await work();
      return kinds.join();
    };
    try {
      expect({
        statistics: await kindOf(() => ledger.statistics("t1", {}, null)),
        count: await kindOf(() => ledger.countSyncs("t1", {})),
        "count of open ones": await kindOf(() => ledger.countSyncs("t1", { open: true })),
        "count of accounts": await kindOf(() => catalog.countLinkedAccounts("t1", {})),
        "count of definitions": await kindOf(() => catalog.countDefinitions("t1", null, {})),
        list: await kindOf(() => ledger.listSyncs("t1", {}, newest, page)),
        "list by model": await kindOf(() => ledger.listSyncs("t1", { models: ["tickets"] }, newest, page)),
        "list by outcome": await kindOf(() => ledger.listSyncs("t1", { outcomes: ["LOST"] }, newest, page)),
        "list by outcomes": await kindOf(() => ledger.listSyncs("t1", { outcomes: ["LOST", "ERROR"] }, newest, page)),
        "list by origin": await kindOf(() => ledger.listSyncs("t1", { origins: ["MANUAL"] }, newest, page)),
        "list by model, open": await kindOf(() =>
          ledger.listSyncs("t1", { models: ["tickets"], open: true }, newest, page),
        ),
        "list by model, of a definition": await kindOf(() =>
          ledger.listSyncs("t1", { models: ["tickets"], definitionIds: ["d"] }, newest, page),
        ),
        "list by id": await kindOf(() => ledger.listSyncs("t1", { models: ["tickets"], syncIds: ["s"] }, newest, page)),
      }).toEqual({
        statistics: "long",
        count: "long",
        "count of open ones": "quick",
        "count of accounts": "long",
        "count of definitions": "long",
        list: "quick",
        "list by model": "long",
        "list by outcome": "quick",
        "list by outcomes": "long",
        "list by origin": "long",
        "list by model, open": "quick",
        "list by model, of a definition": "quick",
        "list by id": "quick",
      });
    } finally {
      await database.close();
    }
  });
});
