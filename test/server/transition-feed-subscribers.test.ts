// One subscriber of the ledger: where it begins, what it is shown, and what is left of it when it goes.
import { describe, expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { SyncOutcome, SyncStatus } from "../../src/domain/status.ts";
import { createCountingStore } from "../support/counting-store.ts";
import { createTestFeed, ended, leave, take } from "../support/feed.ts";
import { createGate } from "../support/gate.ts";
import { at } from "../support/store-values.ts";
import { storeMaker } from "../support/tracking.ts";

const { Created, Running, Failed } = SyncStatus;

describe("subscribers that come back together", () => {
  const openStore = storeMaker();

  test("share what is read for them, and each gets all of it", async () => {
    const counting = createCountingStore(await openStore());
    const { feed, commit, ledger } = createTestFeed(counting.store);
    for (let run = 0; run < 20; run += 1) await commit("t1", [`run-${run}`, ended]);
    counting.reset();
    const subscribers = Array.from({ length: 100 }, () => feed.follow("t1", {}, 3));
    const taken = await Promise.all(subscribers.map((one) => take(one, 57)));
    const calls = counting.calls();
    await leave(...subscribers);
    const missed = (await ledger("t1")).slice(3).map(({ sequence }) => sequence);
    expect(new Set(taken.map((entries) => entries.map(({ transition }) => transition.sequence).join()))).toEqual(
      new Set([missed.join()]),
    );
    // Two of each when the first came before the others, and one that found nothing new.
    for (const [name, count] of Object.entries(calls)) expect([name, count <= 4]).toEqual([name, true]);
  });

  test("go on when the read they shared fails, once there is another", async () => {
    const store = await openStore();
    let failing = true;
    const { feed, commit } = createTestFeed(store, {
      transitionsAfter: (...given) =>
        failing && given[1] === 0 ? Promise.reject(new Error("away")) : store.ledger.transitionsAfter(...given),
    });
    await commit("t1", ["a", ended]);
    // What is shared is given up with the last who follows.
    const steady = feed.follow("t1", {}, 3);
    const waiting = steady.next();
    const broken = await Promise.allSettled(
      [feed.follow("t1", {}, 0), feed.follow("t1", {}, 0)].map((one) => one.next()),
    );
    expect(broken.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    failing = false;
    const again = feed.follow("t1", {}, 0);
    expect(await take(again, 3)).toHaveLength(3);
    await leave(again, steady);
    await waiting;
  });
});

describe("a subscriber", () => {
  const openStore = storeMaker();

  test("without a place gets only what is committed later", async () => {
    const store = await openStore();
    const placed = createGate();
    const oldestSequence = (tenantId: string) => {
      placed.open();
      return store.ledger.oldestSequence(tenantId);
    };
    const { feed, commit } = createTestFeed(store, { oldestSequence });
    await commit("t1", ["before", ended]);
    const following = feed.follow("t1", {}, null);
    const next = take(following, 2);
    await placed.opened;
    await commit("t1", ["later"]);
    expect((await next).map(({ sync, transition }) => [sync.remoteId, transition.sequence])).toEqual([
      ["later", 4],
      ["later", 5],
    ]);
    await leave(following);
  });

  test("gets the run with its transition, and a run's own transitions in their order", async () => {
    const { feed, commit } = createTestFeed(await openStore());
    await commit("t1", ["a", { status: Created }], ["b"]);
    await commit("t1", ["a", { ...ended, observedAt: at(9) }]);
    const following = feed.follow("t1", {}, 0);
    const entries = await take(following, 5);
    await leave(following);
    expect(entries.filter(({ sync }) => sync.remoteId === "a").map(({ transition }) => transition.to)).toEqual([
      "CREATED",
      "RUNNING",
      "SUCCESS",
    ]);
    expect(entries.every(({ transition, sync }) => transition.syncId === sync.id)).toBe(true);
    expect(entries.at(-1)?.sync.status).toBe(SyncStatus.Success);
  });

  test("gets nothing that its filter leaves out, and waits on past it", async () => {
    const { feed, commit } = createTestFeed(await openStore());
    await commit("t1", ["a", ended], ["b"]);
    const following = feed.follow("t1", { statuses: [Failed] }, 0);
    const next = following.next();
    await commit("t1", ["a2", ended]);
    await commit("t1", ["b", { status: Failed, outcome: SyncOutcome.Cancelled, observedAt: at(9) }]);
    expect((await next).value).toMatchObject({ sync: { remoteId: "b" }, transition: { to: Failed } });
    await leave(following);
  });

  test("of one tenant sees nothing of another's, and is not woken by it", async () => {
    const { feed, commit } = createTestFeed(await openStore());
    const [one, other] = [feed.follow("t1", {}, 0), feed.follow("t2", {}, 0)];
    const [first, second] = [one.next(), other.next()];
    await commit("t1", ["mine"]);
    await commit("t2", ["theirs"]);
    expect((await first).value).toMatchObject({ sync: { tenantId: "t1", remoteId: "mine" } });
    expect((await second).value).toMatchObject({ sync: { tenantId: "t2", remoteId: "theirs" } });
    await leave(one, other);
  });

  test("that asks for a place the ledger has not come to is refused", async () => {
    const { feed, commit, listeners, clock } = createTestFeed(await openStore());
    await commit("t1", ["a"]);
    await expect(feed.follow("t1", {}, 3).next()).rejects.toMatchObject({ code: ErrorCode.CursorExpired });
    await expect(feed.follow("t2", {}, 2).next()).rejects.toMatchObject({ code: ErrorCode.CursorExpired });
    expect([listeners(), clock.pending()]).toEqual([0, []]);
  });

  test("that comes while the ledger is being read for another is not told an old end of it", async () => {
    const store = await openStore();
    const gate = createGate();
    const reading = createGate();
    let held = false;
    const { feed, commit } = createTestFeed(store, {
      transitionsAfter: async (...asked) => {
        const page = await store.ledger.transitionsAfter(...asked);
        if (!held) {
          held = true;
          reading.open();
          await gate.opened;
        }
        return page;
      },
    });
    const first = feed.follow("t1", {}, null);
    const waiting = first.next();
    await reading.opened;
    await commit("t1", ["a"]);
    const others = Array.from({ length: 3 }, () => feed.follow("t1", {}, 2));
    const nexts = others.map((one) => one.next());
    gate.open();
    await commit("t1", ["b"]);
    for (const next of await Promise.all(nexts)) expect(next.value).toMatchObject({ sync: { remoteId: "b" } });
    expect((await waiting).done).toBe(false);
    await leave(first, ...others);
  });

  test("that leaves while it waits is let go at once, and nothing of it stays", async () => {
    const { feed, commit, listeners, clock } = createTestFeed(await openStore());
    await commit("t1", ["a"]);
    const following = feed.follow("t1", {}, 0);
    await take(following, 2);
    const waiting = following.next();
    expect(await following.return?.()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await following.next()).toEqual({ done: true, value: undefined });
    expect([listeners(), clock.pending()]).toEqual([0, []]);
  });

  test("that leaves in the middle of a page, or before it has begun, leaves nothing behind either", async () => {
    const { feed, commit, listeners, clock } = createTestFeed(await openStore());
    await commit("t1", ["a", ended]);
    const begun = feed.follow("t1", {}, 0);
    await take(begun, 1);
    await leave(begun);
    await leave(feed.follow("t1", {}, 0));
    for await (const one of feed.follow("t1", {}, 0)) if (one.transition.to === Running) break;
    expect([listeners(), clock.pending()]).toEqual([0, []]);
  });

  test("that leaves does not disturb those who stay", async () => {
    const { feed, commit, listeners } = createTestFeed(await openStore());
    const [leaves, stays] = [feed.follow("t1", {}, 0), feed.follow("t1", {}, 0)];
    const [, next] = [leaves.next(), stays.next()];
    await leave(leaves);
    expect(listeners()).toBe(1);
    await commit("t1", ["a"]);
    expect((await next).value).toMatchObject({ sync: { remoteId: "a" } });
    await leave(stays);
    expect(listeners()).toBe(0);
  });

  test("by the thousand leaves no listener, no timer, and no warning", async () => {
    const { feed, commit, listeners, clock } = createTestFeed(await openStore());
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on("warning", note);
    await commit("t1", ["a"]);
    for (let round = 0; round < 4; round += 1) {
      const crowd = Array.from({ length: 250 }, () => feed.follow("t1", {}, 0));
      const entries = await Promise.all(crowd.map((one) => take(one, 2)));
      expect(entries.every((taken) => taken.length === 2)).toBe(true);
      expect(listeners()).toBe(1);
      const waiting = crowd.map((one) => one.next());
      await leave(...crowd);
      expect((await Promise.all(waiting)).every(({ done }) => done)).toBe(true);
    }
    process.off("warning", note);
    expect([listeners(), clock.pending(), warnings]).toEqual([0, [], []]);
  });
});
