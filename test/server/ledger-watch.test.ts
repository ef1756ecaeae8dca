// That a ledger went back is noticed: while a gateway runs, and from one gateway to the next by what was written down.
import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Store } from "../../src/domain/store-port.ts";
import { createLedgerWatch } from "../../src/server/ledger-watch.ts";
import { redisMarks } from "../../src/server/redis-marks.ts";
import { marksBeside, type LedgerMark, type LedgerMarks } from "../../src/store/ledger-marks.ts";
import { databaseMaker, describeOnEachDatabase } from "../support/databases.ts";
import { ended } from "../support/feed.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { describeOnRedis, linkMaker } from "../support/redis.ts";
import { restoreTo } from "../support/restore.ts";
import { entry, rules } from "../support/store-values.ts";

const T = "t1";

function createMarks(): LedgerMarks & { readonly kept: () => LedgerMark | null } {
  let kept: LedgerMark | null = null;
  return {
    kept: () => kept,
    read: () => Promise.resolve(kept),
    write: (mark) => {
      kept = mark;
      return Promise.resolve();
    },
  };
}

async function watched(store: Store, marks: LedgerMarks) {
  const clock = createManualClock();
  const [told, changes]: [string[], string[]] = [[], []];
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (_facts: object, text: string) => void told.push(text),
  };
  const changed = (): void => void changes.push(store.identity.known().ledgerId);
  const watch = createLedgerWatch({ store, clock, log, tenantIds: [T], marks, changed });
  await watch.start();
  onTestFinished(() => watch.close());
  return { watch, clock, told, changes };
}

const grow = async (store: Store, ...runs: readonly string[]): Promise<void> => {
  await store.ledger.record(
    T,
    runs.map((run) => entry(run, ended)),
    rules,
  );
};
const idOf = async (store: Store): Promise<string> => (await store.identity.look()).ledgerId;

describeOnEachDatabase("a ledger that is watched", (open) => {
  test("keeps its id from one gateway to the next while it only grows", async () => {
    const { store } = await open();
    const id = await idOf(store);
    const marks = createMarks();
    const first = await watched(store, marks);
    await grow(store, "a");
    await first.watch.close();
    expect(marks.kept()).toEqual({ ledgerId: id, heads: { [T]: 3 } });
    await grow(store, "b");
    const second = await watched(store, marks);
    await second.watch.close();
    expect([await idOf(store), first.told, second.told, first.changes, second.changes]).toEqual([id, [], [], [], []]);
  });

  test("has a new one when it is found to have gone back between two gateways, and only then", async () => {
    const { store, url } = await open();
    await grow(store, "a", "b");
    const [id, marks] = [await idOf(store), createMarks()];
    await (await watched(store, marks)).watch.close();
    await restoreTo(url, T, 3);
    const after = await watched(store, marks);
    const renewed = await idOf(store);
    expect(renewed).not.toBe(id);
    expect(after.told).toEqual([expect.stringContaining("gone back")]);
    expect(after.changes).toEqual([renewed]);
    await after.watch.close();
    expect(marks.kept()).toEqual({ ledgerId: renewed, heads: { [T]: 3 } });
    const next = await watched(store, marks);
    expect([await idOf(store), next.told]).toEqual([renewed, []]);
  });

  test("has a new one within a second when it goes back under a running gateway, whatever is written down", async () => {
    const { store, url } = await open();
    await grow(store, "a", "b");
    const id = await idOf(store);
    const broken = { read: () => Promise.reject(new Error("away")), write: () => Promise.reject(new Error("away")) };
    const { clock, told, changes } = await watched(store, broken);
    await restoreTo(url, T, 3);
    await clock.advance(1_000);
    await expect.poll(() => told.length).toBe(1);
    expect(await idOf(store)).not.toBe(id);
    expect(changes).toHaveLength(1);
  });

  test("is followed anew when another process has given it a new id", async () => {
    const { store, url } = await open();
    const { store: other } = await open(url);
    const { clock, told, changes } = await watched(store, createMarks());
    const { ledgerId } = await other.identity.renewLedger(await idOf(other));
    await clock.advance(1_000);
    await expect.poll(() => changes).toEqual([ledgerId]);
    expect(told).toEqual([]);
  });

  test("does not take another store's mark for its own", async () => {
    const { store } = await open();
    const marks = createMarks();
    await marks.write({ ledgerId: "another", heads: { [T]: 1_000 } });
    const { told, changes } = await watched(store, marks);
    expect([told, changes]).toEqual([[], []]);
    expect(marks.kept()).toEqual({ ledgerId: await idOf(store), heads: { [T]: 0 } });
  });

  test("gets one new id from any number that find it has gone back", async () => {
    const { store, url } = await open();
    const { store: other } = await open(url);
    const id = await idOf(store);
    const ids = await Promise.all([store, other].map((one) => one.identity.renewLedger(id)));
    expect(new Set(ids.map(({ ledgerId }) => ledgerId)).size).toBe(1);
    expect(ids[0]?.ledgerId).not.toBe(id);
  });
});

const make = databaseMaker("sqlite");
const MARK: LedgerMark = { ledgerId: "0123456789abcdef", heads: { local: 54 } };

test("a mark beside a file is kept whole, and what is no mark says nothing", async () => {
  const file = (await make()).slice("sqlite:".length).replace("/made/", "/");
  const marks = marksBeside(file);
  expect(await marks.read()).toBeNull();
  await marks.write(MARK);
  expect(await marks.read()).toEqual(MARK);
  for (const text of ["", "{", "[]", '{"ledgerId":1,"heads":{}}', '{"ledgerId":"a","heads":{"local":-1}}']) {
    await writeFile(`${file}-ledger`, text);
    expect(await marks.read()).toBeNull();
  }
  await marks.write(MARK);
  expect(JSON.parse(await readFile(`${file}-ledger`, "utf8"))).toEqual(MARK);
});

describeOnRedis("a mark in Redis", () => {
  const makeLink = linkMaker();
  test("is kept for every gateway on the database, and for no other", async () => {
    const namespace = `test-${randomUUID()}`;
    const [one, other] = [redisMarks(await makeLink({ namespace })), redisMarks(await makeLink())];
    expect(await one.read()).toBeNull();
    await one.write(MARK);
    expect(await redisMarks(await makeLink({ namespace })).read()).toEqual(MARK);
    expect(await other.read()).toBeNull();
  });
});
