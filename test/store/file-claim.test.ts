// One gateway for one SQLite file.
import { mkdir, readdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { claimFile, FileTaken } from "../../src/store/file-claim.ts";
import { openStore } from "../../src/store/open-store.ts";
import { databaseMaker } from "../support/databases.ts";

const makeFile = databaseMaker("sqlite");

test("a file is one gateway's until that one gives it back", async () => {
  const url = await makeFile();
  const giveBack = await claimFile(url);
  await expect(claimFile(url)).rejects.toBeInstanceOf(FileTaken);
  await giveBack();
  await claimFile(url).then((again) => again());
});

test("a file is the same one by another name", async () => {
  const url = await makeFile();
  await openStore(url).then((store) => store.close());
  const file = url.slice("sqlite:".length);
  const elsewhere = join(dirname(file), `elsewhere-${String(process.pid)}`);
  await mkdir(elsewhere);
  await symlink(file, join(elsewhere, "link.sqlite"));
  const giveBack = await claimFile(url);
  await expect(claimFile(`sqlite:${join(elsewhere, "link.sqlite")}`)).rejects.toBeInstanceOf(FileTaken);
  await giveBack();
});

test("nothing is left beside what is no file", async () => {
  const url = await makeFile();
  const folder = dirname(url.slice("sqlite:".length));
  await mkdir(folder);
  await claimFile(`sqlite:${folder}`).then((giveBack) => giveBack());
  expect(await readdir(dirname(folder))).toEqual(["made"]);
});

test("a store may be looked at while a gateway has it", async () => {
  const url = await makeFile();
  const giveBack = await claimFile(url);
  await openStore(url).then((store) => store.close());
  await giveBack();
});

test("PostgreSQL is for many gateways", async () => {
  const url = "postgres://nobody@127.0.0.1:1/none";
  const claims = await Promise.all([claimFile(url), claimFile(url)]);
  await Promise.all(claims.map((giveBack) => giveBack()));
});
