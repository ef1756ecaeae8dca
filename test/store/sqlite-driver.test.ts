// The driver as TypeORM gets it: it says nothing about a statement that its caller did not ask for.
import sqlite3 from "sqlite3";
import { expect, test } from "vitest";
import { openMigratedDatabase } from "../../src/store/open-store.ts";
import { sql } from "../../src/store/sql.ts";
import { databaseMaker } from "../support/databases.ts";

const make = databaseMaker("sqlite");
const CALLS = ["run", "all", "get", "each", "prepare", "exec", "close"] as const;
/** As the package has them before a store has been opened. */
const untraced = CALLS.map((name) => sqlite3.Database.prototype[name]);

test("the stack of a statement's failure repeats neither the statement nor its parameters", async () => {
  const database = await openMigratedDatabase(await make());
  try {
    const add = sql`insert into ledger_head (tenant_id, last_sequence) values (${"planted-parameter"}, ${1})`;
    await database.write(add);
    const failure: unknown = await database.write(add).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "SQLITE_CONSTRAINT" });
    expect(failure instanceof Error ? failure.stack : "").not.toMatch(/planted-parameter|--> in Database#/u);
  } finally {
    await database.close();
  }
});

test("a store leaves the package's own calls as they are: none is wrapped to trace it", async () => {
  const database = await openMigratedDatabase(await make());
  await database.close();
  expect(CALLS.map((name) => sqlite3.Database.prototype[name])).toEqual(untraced);
});
