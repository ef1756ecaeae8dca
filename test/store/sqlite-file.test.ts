// The files of an SQLite store on disk: who may use them, and what is left in them of what was deleted.
import { chmod, mkdir, readFile, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import { claimFile } from "../../src/store/file-claim.ts";
import { openStore } from "../../src/store/open-store.ts";
import { keepPrivate } from "../../src/store/sqlite-file.ts";
import { databaseMaker } from "../support/databases.ts";
import { at, entry, rules, trigger } from "../support/store-values.ts";

const make = databaseMaker("sqlite");
const fileOf = (url: string): string => url.slice("sqlite:".length);
const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

/** Files of the folder with their modes. */
async function modesIn(folder: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(folder)).toSorted();
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await modeOf(join(folder, name))])));
}

const PRIVATE = {
  "store.sqlite": "600",
  "store.sqlite-gateway": "600",
  "store.sqlite-gateway-journal": "600",
  "store.sqlite-shm": "600",
  "store.sqlite-wal": "600",
};

describe("the files of an SQLite store", () => {
  test.each([0o000, 0o022, 0o077])(
    "are for this user alone while it is open and written to, the log and the lock too, with a rights mask of %o",
    async (mask) => {
      const url = await make();
      const folder = dirname(fileOf(url));
      const before = process.umask(mask);
      try {
        const giveBack = await claimFile(url);
        const store = await openStore(url);
        await store.ledger.record("t1", [entry("r1")], rules);
        expect(await modesIn(folder)).toEqual(PRIVATE);
        expect(await modeOf(folder)).toBe("700");
        await store.close();
        await giveBack();
        expect(await modesIn(folder)).toEqual({ "store.sqlite": "600", "store.sqlite-gateway": "600" });
      } finally {
        process.umask(before);
      }
    },
  );

  test("that others could use are closed to them at the next start, and a sentence says so; their folder stays as it is", async () => {
    const url = await make();
    const folder = dirname(fileOf(url));
    await mkdir(folder);
    await chmod(folder, 0o755);
    const first = await openStore(url);
    await first.ledger.record("t1", [entry("r1")], rules);
    // As after a crash: the log is there still.
    for (const name of await readdir(folder)) await chmod(join(folder, name), 0o644);
    const told: string[] = [];
    const second = await openStore(url, { warn: (message) => void told.push(message) });
    expect(await modesIn(folder)).toEqual({
      "store.sqlite": "600",
      "store.sqlite-shm": "600",
      "store.sqlite-wal": "600",
    });
    expect(await modeOf(folder)).toBe("755");
    expect(told).toEqual(
      ["", "-wal", "-shm"].map(
        (end) =>
          `${fileOf(url)}${end} could be used by other users of this machine (mode 0644). It is for the gateway's user alone now (0600).`,
      ),
    );
    expect(await second.ledger.countSyncs("t1", {})).toBe(1);
    await Promise.all([first.close(), second.close()]);
    await openStore(url, { warn: () => expect.fail("told twice") }).then((store) => store.close());
  });

  test("by another name are closed to others where they are", async () => {
    const url = await make();
    await openStore(url).then((store) => store.close());
    await chmod(fileOf(url), 0o666);
    const link = join(dirname(dirname(fileOf(url))), "link.sqlite");
    await symlink(fileOf(url), link);
    await keepPrivate(link);
    expect(await modeOf(fileOf(url))).toBe("600");
  });

  test("what is no file is left as it is", async () => {
    const folder = dirname(fileOf(await make()));
    await mkdir(folder, { mode: 0o755 });
    await keepPrivate(folder, () => expect.fail("it is a folder"));
    expect(await modeOf(folder)).toBe("755");
  });

  test("a file with content is not opened, made anew or emptied", async () => {
    const file = fileOf(await make());
    await mkdir(dirname(file));
    await writeFile(file, "content", { mode: 0o600 });
    await keepPrivate(file);
    expect(await readFile(file, "utf8")).toBe("content");
  });

  test("keep nothing of a start's long arguments once the start is resolved and the store is closed", async () => {
    const url = await make();
    const store = await openStore(url);
    // Long enough to have pages of their own, which are given back whole.
    const options = { fullRefresh: true, models: [], args: { token: "planted-argument".repeat(2_000) } };
    await store.triggers.create(trigger("a", { options }));
    // In the file itself, as a checkpoint in the course of time puts it there.
    await store.close();
    expect((await readFile(fileOf(url))).includes("planted-argument")).toBe(true);
    const again = await openStore(url);
    const patch = { state: TriggerState.Rejected, options: null, resolvedAt: at(1) };
    await again.triggers.update("t1", "a", TriggerState.Pending, patch);
    await again.close();
    expect((await readFile(fileOf(url))).includes("planted-argument")).toBe(false);
  });
});

test.each([
  ["removed", "", (path: string) => rm(path)],
  ["removed", "-wal", (path: string) => rm(path)],
  ["removed", "-shm", (path: string) => rm(path)],
  ["replaced", "", (path: string) => replace(path)],
  ["replaced", "-wal", (path: string) => replace(path)],
  ["replaced", "-shm", (path: string) => replace(path)],
])(
  "once one of them is %s, the one that ends in '%s', nothing is acknowledged any more, and the sentence names it",
  async (_how, end, lose) => {
    const url = await make();
    // Of an existing file, too, whose log is there although nothing was written yet.
    await openStore(url).then((store) => store.close());
    const store = await openStore(url);
    await store.ping();
    await store.ledger.record("t1", [entry("r1")], rules);
    await store.ping();
    await lose(`${fileOf(url)}${end}`);
    const refused = {
      code: ErrorCode.ServiceUnavailable,
      message: expect.stringContaining(`store.sqlite${end} is not`),
    };
    await expect(store.ledger.record("t1", [entry("r2")], rules)).rejects.toMatchObject(refused);
    // It is not ready either, before anything is written.
    await expect(store.ping()).rejects.toMatchObject(refused);
    await store.close();
  },
);

async function replace(path: string): Promise<void> {
  const content = await readFile(path);
  await writeFile(`${path}.other`, content);
  await rename(`${path}.other`, path);
}
