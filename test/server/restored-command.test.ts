// What is told of a restored database: by the self-check, and by the command that is run after a restore.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { claimFile } from "../../src/store/file-claim.ts";
import { marksBeside } from "../../src/store/ledger-marks.ts";
import { openStore } from "../../src/store/open-store.ts";
import { databaseMaker, describeOnEachDatabase } from "../support/databases.ts";
import { fillSoundStore } from "../support/sound-store.ts";

const MAIN = fileURLToPath(new URL("../../src/server/main.ts", import.meta.url));

/** Most of it is loading the program, on a busy machine. */
const WITHIN_MS = 120_000;

function run(command: string, databaseUrl: string): Promise<{ readonly code: unknown; readonly told: string }> {
  const env = { PATH: process.env["PATH"], DATABASE_URL: databaseUrl };
  return new Promise((resolve) => {
    execFile(process.execPath, ["--import", "tsx", MAIN, command], { env }, (error, output, errors) =>
      resolve({ code: error === null ? 0 : error.code, told: output + errors }),
    );
  });
}

async function soundStore(url: string): Promise<string> {
  const store = await openStore(url);
  await fillSoundStore(store, "t1");
  const { ledgerId } = store.identity.known();
  await store.close();
  return ledgerId;
}

describeOnEachDatabase("syncgraph restored", (open) => {
  const make = databaseMaker(open.database);
  test("gives the ledger a new id and says what that means", { timeout: WITHIN_MS }, async () => {
    const url = await make();
    const before = await soundStore(url);
    const { code, told } = await run("restored", url);
    expect({ code, told }).toMatchObject({ code: 0, told: expect.stringContaining("CURSOR_EXPIRED") });
    const { store } = await open(url);
    expect(store.identity.known()).toMatchObject({ ledgerId: expect.not.stringMatching(before), takesUnnamed: false });
  });
});

const makeFile = databaseMaker("sqlite");

test(
  "the self-check finds a ledger that has not come as far as clients were told, until it has a new id",
  { timeout: WITHIN_MS },
  async () => {
    const url = await makeFile();
    const ledgerId = await soundStore(url);
    await marksBeside(url.slice("sqlite:".length)).write({ ledgerId, heads: { t1: 54 } });
    const found = await run("verify", url);
    expect(found.code).toBe(1);
    expect(found.told).toMatch(
      /^ledger-told: tenant t1, head: .*`syncgraph restored`.* found head 8, and it had come to 54$/mu,
    );
    expect((await run("restored", url)).code).toBe(0);
    expect((await run("verify", url)).code).toBe(0);
  },
);

test("a database that a gateway works with is not given one", { timeout: WITHIN_MS }, async () => {
  const url = await makeFile();
  await soundStore(url);
  const giveBack = await claimFile(url);
  const refused = await run("restored", url);
  await giveBack();
  expect(refused).toMatchObject({ code: 1, told: expect.stringContaining("in use by another gateway") });
});
