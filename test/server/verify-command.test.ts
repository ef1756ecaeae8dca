// The self-check as a person runs it: what it prints, and the code it ends with. And the guard that acceptance tests end with.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openMigratedDatabase, openStore } from "../../src/store/open-store.ts";
import { sql, verbatim } from "../../src/store/sql.ts";
import { checkNames } from "../../src/store/verify.ts";
import { databaseMaker } from "../support/databases.ts";
import { makeFolder, startTestGateway } from "../support/gateway.ts";
import { fillSoundStore, runId } from "../support/sound-store.ts";

const MAIN = fileURLToPath(new URL("../../src/server/main.ts", import.meta.url));

const makeFile = databaseMaker("sqlite");

/** A check on a busy machine takes seconds, and most of them are loading the program. */
const WITHIN_MS = 60_000;

interface Ended {
  readonly code: number | string | null | undefined;
  readonly output: string;
  readonly errors: string;
}

function verify(environment: Readonly<Record<string, string>>): Promise<Ended> {
  const env = { PATH: process.env["PATH"], ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, ["--import", "tsx", MAIN, "verify"], { env }, (error, output, errors) =>
      resolve({ code: error === null ? 0 : error.code, output, errors }),
    );
  });
}

async function soundStore(): Promise<string> {
  const url = await makeFile();
  const store = await openStore(url);
  await fillSoundStore(store, "t1");
  await store.close();
  return url;
}

async function damage(url: string, statement: string): Promise<void> {
  const database = await openMigratedDatabase(url);
  await database.write(sql`${verbatim(statement)}`);
  await database.close();
}

test("says what it looked at and ends with 0 when nothing is wrong", { timeout: WITHIN_MS }, async () => {
  expect(await verify({ DATABASE_URL: await soundStore() })).toEqual({
    code: 0,
    output: `${checkNames.length + 1} checks over 4 runs, 8 transitions, 6 triggers, 2 deliveries: nothing is wrong\n`,
    errors: "",
  });
});

test("prints each violation with its check and ends with 1", { timeout: WITHIN_MS }, async () => {
  const url = await soundStore();
  await damage(url, "delete from sync_poll");
  const { code, output, errors } = await verify({ DATABASE_URL: url });
  expect({ code, errors }).toEqual({ code: 1, errors: "" });
  const lines = output.trimEnd().split("\n");
  expect(lines).toHaveLength(3);
  expect(lines).toContain(
    `poll-open: tenant t1, ${runId("t1", "open")}: expected that an open run has a row that says when it is looked at next; found no row for a run in RUNNING`,
  );
  expect(lines[2]).toMatch(/2 violations$/u);
});

test.each([
  ["no database is there", () => makeFile(), "SQLITE_CANTOPEN"],
  ["the configuration is wrong", () => Promise.resolve("mysql://user:secret@host/db"), "DATABASE_URL"],
  ["the server does not answer", () => Promise.resolve("postgres://user:secret@127.0.0.1:1/db"), "ECONNREFUSED"],
] as const)("says why and ends with 2 when %s", { timeout: WITHIN_MS }, async (_case, database, reason) => {
  const { code, output, errors } = await verify({ DATABASE_URL: await database() });
  expect({ code, output }).toEqual({ code: 2, output: "" });
  expect(errors).toContain(reason);
  expect(errors).not.toMatch(/secret|^\s+at /mu);
});

test("a test gateway cannot be closed in silence over a store with something wrong in it", async () => {
  const url = await soundStore();
  const gateway = await startTestGateway({ databaseUrl: url });
  await damage(url, "update sync set trigger_id = null where trigger_id is not null and tenant_id = 't1'");
  await expect(gateway.close()).rejects.toThrow("the store's self-check");
});

test("nor a folder removed in which a gateway left such a store", async () => {
  const folder = await makeFolder();
  const url = `sqlite:${join(folder.path, "data", "gateway.sqlite")}`;
  await openStore(url).then((store) => store.close());
  await damage(url, "insert into ledger_head (tenant_id, last_sequence) values ('t1', 1)");
  await expect(folder.remove()).rejects.toThrow("the store's self-check");
});
