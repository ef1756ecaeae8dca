// The program `syncgraph` as a person types it: its commands, its help, its version, and what it says to what is none.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStore } from "../../src/store/open-store.ts";
import { buildProgram, type BuiltProgram } from "../support/built-program.ts";
import { databaseMaker } from "../support/databases.ts";
import { account } from "../support/store-values.ts";

const ROOT = new URL("../../", import.meta.url);
/** Most of them are loading the program on a busy machine. */
const WITHIN_MS = 120_000;
const makeFile = databaseMaker("sqlite");
/** Built once: compiling it anew for each of them would take most of their time. */
let program: BuiltProgram;

beforeAll(async () => {
  program = await buildProgram();
});

afterAll(() => program.remove());

interface Ended {
  readonly code: number | string | null | undefined;
  readonly output: string;
  readonly errors: string;
}

function syncgraph(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const env = { PATH: process.env["PATH"], ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [program.path, ...words], { env }, (error, output, errors) =>
      resolve({ code: error === null ? 0 : error.code, output, errors }),
    );
  });
}

test("names its commands and its version", { timeout: WITHIN_MS }, async () => {
  const { code, output } = await syncgraph(["--help"]);
  expect(code).toBe(0);
  for (const command of ["serve", "migrate", "verify", "providers", "sandbox"])
    expect(output).toMatch(new RegExp(`^  ${command}`, "mu"));
  const { version } = JSON.parse(await readFile(new URL("package.json", ROOT), "utf8"));
  expect(await syncgraph(["--version"])).toEqual({ code: 0, output: `${version}\n`, errors: "" });
});

test.each([
  [["srve"], "Did you mean serve?"],
  [["serve", "now"], "too many arguments"],
  [["verify", "--fix"], "unknown option '--fix'"],
  [["providers", "rename", "old"], "missing required argument 'new'"],
  [["providers", "rename", "old", "New Key"], '"New Key" is no key'],
  [["providers", "adopt"], "missing required argument 'key'"],
  [["sandbox"], "missing required argument 'vendor'"],
  [["sandbox", "nobody"], '"nobody" is no vendor. There are: '],
  [["sandbox", "truto", "http"], '"http" is no port'],
  [["sandbox", "truto", "0", "fast"], '"fast" is no speed'],
])("says what is wrong with %j and ends with 2", { timeout: WITHIN_MS }, async (words, reason) => {
  const { code, output, errors } = await syncgraph(words);
  expect({ code, output }).toEqual({ code: 2, output: "" });
  expect(errors).toContain(reason);
  expect(errors).not.toMatch(/^\s+at /mu);
});

test("brings a schema up to date without serving", { timeout: WITHIN_MS }, async () => {
  const url = await makeFile();
  const done = { code: 0, output: "", errors: "The schema is up to date.\n" };
  expect(await syncgraph(["verify"], { DATABASE_URL: url })).toMatchObject({ code: 2 });
  expect(await syncgraph(["migrate"], { DATABASE_URL: url })).toEqual(done);
  expect(await syncgraph(["migrate"], { DATABASE_URL: url })).toEqual(done);
  expect(await syncgraph(["verify"], { DATABASE_URL: url })).toMatchObject({ code: 0 });
  await openStore(url).then((store) => store.close());
});

test(
  "tells which providers a store knows, renames and adopts one, and says what it does not know",
  { timeout: WITHIN_MS },
  async () => {
    const url = await makeFile();
    const environment = { DATABASE_URL: url };
    expect(await syncgraph(["providers", "list"], environment)).toMatchObject({
      code: 0,
      output: "The store knows no provider.\n",
    });
    const store = await openStore(url);
    await store.accounts.add("local", [account("books"), account("crm")]);
    await store.close();
    expect(await syncgraph(["providers", "rename", "books", "ledger"], environment)).toMatchObject({
      code: 0,
      errors: "",
    });
    expect(await syncgraph(["providers", "adopt", "crm"], environment)).toMatchObject({ code: 0, errors: "" });
    const { output } = await syncgraph(["providers", "list"], environment);
    expect(output.split("\n")).toEqual([
      "crm  kind not known  address not known  not confirmed yet",
      "ledger  fake  https://api.fake.example  not confirmed yet  first called books",
      "",
    ]);
    const unknown = { code: 1, output: "", errors: 'The store knows no provider "nobody". It knows: crm, ledger.\n' };
    expect(await syncgraph(["providers", "adopt", "nobody"], environment)).toEqual(unknown);
    expect(await syncgraph(["providers", "rename", "nobody", "other"], environment)).toEqual(unknown);
  },
);

test("a sandbox at a port that is taken says so", { timeout: WITHIN_MS }, async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => {
    holder.listen(0, "127.0.0.1", resolve);
  });
  const { port } = holder.address() as AddressInfo;
  const { code, errors } = await syncgraph(["sandbox", "truto", String(port)]);
  holder.close();
  expect(code).toBe(1);
  expect(errors).toBe(`The port ${port} of 127.0.0.1 is in use. Stop what uses it, or set PORT to another.\n`);
});

test("says why a schema cannot be brought up to date, without a password", { timeout: WITHIN_MS }, async () => {
  const { code, errors } = await syncgraph(["migrate"], { DATABASE_URL: "postgres://user:secret@127.0.0.1:1/db" });
  expect(code).toBe(1);
  expect(errors).toBe(
    "The database postgres://127.0.0.1:1/db cannot be opened: connect ECONNREFUSED 127.0.0.1:1. Check DATABASE_URL.\n",
  );
});
