// Old history goes: what of it, what stays and why, and what is left is a store in which everything still fits.
import { expect, test } from "vitest";
import { PruneStep } from "../../src/domain/retention-port.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import type { Database } from "../../src/store/database.ts";
import { openMigratedDatabase } from "../../src/store/open-store.ts";
import { createRetentionStore } from "../../src/store/retention-store.ts";
import { sql } from "../../src/store/sql.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { createGate } from "../support/gate.ts";
import {
  NOTHING,
  TENANT,
  accepted,
  batchesOf,
  before,
  leftOf,
  pruneAll,
  remoteIds,
  run,
  runId,
  see,
  sequences,
} from "../support/pruning.ts";
import { at, entry, rules, task } from "../support/store-values.ts";
import { expectVerified } from "../support/verified.ts";

const FIRST_PAGE = { limit: 100, direction: "forward", from: null } as const;

describeOnEachDatabase("retention", (open) => {
  test("removes runs that ended before the horizon with all that is theirs, and nothing else", async () => {
    const { store, url } = await open();
    await run(store, "old", 0, 10);
    await see(store, "old", 11, SyncStatus.Failed);
    await run(store, "new", 90, 100);
    expect(await pruneAll(store, TENANT, before(50))).toEqual({ ...NOTHING, transitions: 3, runs: 1 });
    expect([await remoteIds(store), await sequences(store)]).toEqual([["new"], [4, 5, 6]]);
    expect(await store.ledger.tasksBySync(TENANT, [runId("old")], FIRST_PAGE)).toMatchObject([{ items: [] }]);
    expect(await store.ledger.conflictsBySync(TENANT, [runId("old")])).toEqual([[]]);
    expect([await store.ledger.head(TENANT), await store.ledger.oldestSequence(TENANT)]).toEqual([6, 4]);
    await expectVerified(url);
    expect(await pruneAll(store, TENANT, before(50))).toEqual(NOTHING);
  });

  test("removes all there is, and the numbers go on where they were", async () => {
    const { store, url } = await open();
    await run(store, "old", 0, 10);
    await pruneAll(store, TENANT, before(50));
    expect([await store.ledger.head(TENANT), await store.ledger.oldestSequence(TENANT)]).toEqual([3, 4]);
    await expectVerified(url);
    await run(store, "new", 60, 70);
    expect(await sequences(store)).toEqual([4, 5, 6]);
    await expectVerified(url);
  });

  test("an open run does not hold up what is above its beginning: it stays, and its beginning goes", async () => {
    const { store, url } = await open();
    await see(store, "endless", 0, SyncStatus.Running);
    await run(store, "old", 10, 20);
    await run(store, "new", 90, 100);
    expect(await pruneAll(store, TENANT, before(50))).toMatchObject({ transitions: 5, runs: 1 });
    expect([await remoteIds(store), await sequences(store)]).toEqual([
      ["endless", "new"],
      [6, 7, 8],
    ]);
    expect(await store.ledger.transitionsBySync(TENANT, [runId("endless")], FIRST_PAGE)).toMatchObject([{ items: [] }]);
    await expectVerified(url);
    await see(store, "endless", 110, SyncStatus.Failed);
    await expectVerified(url);
    expect(await pruneAll(store, TENANT, before(200))).toMatchObject({ transitions: 4, runs: 2 });
    expect(await remoteIds(store)).toEqual([]);
    await expectVerified(url);
  });

  test("an open run stays, also when nobody has looked at it for as long as history is kept", async () => {
    const { store, url } = await open();
    await see(store, "left", 0, SyncStatus.Running);
    expect(await pruneAll(store, TENANT, before(10_000))).toEqual({ ...NOTHING, transitions: 2 });
    expect(await remoteIds(store)).toEqual(["left"]);
    await expectVerified(url);
  });

  test("the beginning of a run that ended later goes with a small batch, and the run with its end", async () => {
    const { store, url } = await open();
    await see(store, "long", 0, SyncStatus.Created);
    await run(store, "old", 1, 2);
    await see(store, "long", 3, SyncStatus.Success);
    const batches = batchesOf(store, TENANT, before(50), 1);
    for (let removed = 1; removed <= 5; removed += 1) {
      expect((await batches.next()).value).toMatchObject({ transitions: 1 });
      expect(await store.ledger.oldestSequence(TENANT)).toBe(removed + 1);
      await expectVerified(url);
    }
    expect(await remoteIds(store)).toEqual(["long"]);
    expect((await batches.next()).value).toMatchObject({ transitions: 1, runs: 1 });
    expect((await batches.next()).done).toBe(true);
    await expectVerified(url);
  });

  test("an ended run that the vendor still reports stays without its history, and goes when it is reported no more", async () => {
    const { store, url } = await open();
    await run(store, "listed", 0, 10);
    await see(store, "listed", 60, SyncStatus.Success);
    expect(await pruneAll(store, TENANT, before(50))).toMatchObject({ transitions: 3, runs: 0 });
    expect([await remoteIds(store), await sequences(store)]).toEqual([["listed"], []]);
    await expectVerified(url);
    // The vendor's word after it changes nothing: no new history begins.
    await see(store, "listed", 70, SyncStatus.Running);
    expect(await sequences(store)).toEqual([]);
    expect(await pruneAll(store, TENANT, before(70))).toEqual(NOTHING);
    expect(await pruneAll(store, TENANT, before(71))).toEqual({ ...NOTHING, runs: 1 });
    expect(await remoteIds(store)).toEqual([]);
    await expectVerified(url);
  });

  test("an ended run that is due to be read stays, unless nobody has read there for as long as history is kept", async () => {
    const { store, url } = await open();
    const dueAt = (ms: number) => ({ ...rules, nextPollAt: () => at(ms) });
    const end = entry("due", { status: SyncStatus.Success, observedAt: at(10) });
    await store.ledger.record(TENANT, [end], dueAt(60));
    expect(await pruneAll(store, TENANT, before(50))).toMatchObject({ transitions: 3, runs: 0 });
    expect(await pruneAll(store, TENANT, before(60))).toEqual(NOTHING);
    await expectVerified(url);
    const lease = { owner: "gateway", until: at(90) };
    await store.polling.claimDue(TENANT, "acme", at(60), 1, lease);
    expect(await pruneAll(store, TENANT, before(90))).toEqual(NOTHING);
    expect(await pruneAll(store, TENANT, before(91))).toMatchObject({ runs: 1 });
    await expectVerified(url);
  });

  test("pages of a run's transitions tell of nothing before what is kept", async () => {
    const { store } = await open();
    await see(store, "r1", 0, SyncStatus.Created);
    await see(store, "r1", 10, SyncStatus.Running);
    await see(store, "r1", 90, SyncStatus.Success);
    const page = async (from: number) =>
      (
        await store.ledger.transitionsBySync(TENANT, [runId("r1")], {
          ...FIRST_PAGE,
          from: { value: from, id: "" },
        })
      ).map(({ items, hasPreviousPage }) => [items.map(({ to }) => to), hasPreviousPage]);
    expect(await page(1)).toEqual([[["RUNNING", "SUCCESS"], true]]);
    await pruneAll(store, TENANT, before(50));
    expect(await page(1)).toEqual([[["SUCCESS"], false]]);
    expect(await page(3)).toEqual([[[], true]]);
    const [whole] = await store.ledger.transitionsBySync(TENANT, [runId("r1")], {
      ...FIRST_PAGE,
      direction: "backward",
    });
    expect(whole).toMatchObject({ items: [{ from: "RUNNING" }], hasPreviousPage: false, hasNextPage: false });
  });

  test("a batch that is cut off after any of its statements leaves everything as it was", async () => {
    const { store, url } = await open();
    await accepted(store, "g", 0, ["old"]);
    await see(store, "endless", 0, SyncStatus.Running);
    await store.ledger.record(TENANT, [entry("old", { tasks: [task("t")] }, { triggerId: "g" })], rules);
    await see(store, "old", 10, SyncStatus.Success);
    const whole = await leftOf(store, TENANT);
    const database = await openMigratedDatabase(url);
    try {
      let cutOff = 0;
      for (let statements = 0; ; statements += 1) {
        const dying = createRetentionStore({
          ...database,
          transaction: (work) =>
            database.transaction((query) => {
              let left = statements;
              return work((one) => {
                left -= 1;
                return left < 0 ? Promise.reject(new Error("cut off")) : query(one);
              });
            }),
        });
        const done = await dying.prune(TENANT, PruneStep.History, before(50), 100).then(
          () => true,
          () => false,
        );
        if (done) break;
        cutOff += 1;
        expect(await leftOf(store, TENANT)).toEqual(whole);
      }
      expect(cutOff).toBeGreaterThan(7);
    } finally {
      await database.close();
    }
    expect([await remoteIds(store), await sequences(store)]).toEqual([["endless"], []]);
    await expectVerified(url);
  });

  /** SQLite lets nobody begin a second writing transaction. */
  async function isWaiting({ read }: Database): Promise<true | null> {
    if (open.database === "sqlite") return true;
    const waiting = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return (await read(waiting)).length > 0 ? true : null;
  }

  test("a run that is reported at the moment it would go stays, with what was reported", async () => {
    const { store, url } = await open();
    const { store: other } = await open(url);
    await run(store, "old", 0, 10);
    const reached = createGate();
    const answer = createGate();
    const database = await openMigratedDatabase(url);
    try {
      const reporting = database.transaction(async (query) => {
        await query(sql`update sync set observed_at = ${at(90).getTime()} where tenant_id = ${TENANT}`);
        reached.open();
        await answer.opened;
      });
      await reached.opened;
      const pruning = other.retention.prune(TENANT, PruneStep.History, before(50), 100);
      await eventually("the removal waits", () => isWaiting(database));
      answer.open();
      await reporting;
      expect(await pruning).toEqual({ ...NOTHING, transitions: 3 });
      expect(await remoteIds(store)).toEqual(["old"]);
    } finally {
      await database.close();
    }
    await expectVerified(url);
  });

  test("two that remove at once remove everything once, beside writers, and each transition is either there or below the rest", async () => {
    const { store, url } = await open();
    const { store: other } = await open(url);
    for (let index = 0; index < 30; index += 1) await run(store, `old-${index}`, index, index + 1);
    const removed = [0, 0];
    const removing = [store, other].map(async (one, index) => {
      for (let left = 90; left > 0;) {
        const batch = await one.retention.prune(TENANT, PruneStep.History, before(1_000), 7);
        removed[index] = (removed[index] ?? 0) + (batch?.transitions ?? 0);
        left = 90 - (removed[0] ?? 0) - (removed[1] ?? 0);
      }
    });
    const writing = Array.from({ length: 10 }, (_, index) => run(store, `new-${index}`, 2_000, 2_001));
    await Promise.all([...removing, ...writing]);
    expect((removed[0] ?? 0) + (removed[1] ?? 0)).toBe(90);
    expect(await sequences(store)).toHaveLength(30);
    expect(await remoteIds(store)).toEqual(Array.from({ length: 10 }, (_, index) => `new-${index}`).toSorted());
    await expectVerified(url);
  });
});
