// Following the ledger: each transition once, in order, from any place, whatever happens to the bell, the subscriber and the database.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { FeedEntry } from "../../src/domain/gateway-port.ts";
import { openMigratedDatabase } from "../../src/store/open-store.ts";
import { sql } from "../../src/store/sql.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createTestFeed, ended, leave, take, transitionsOf } from "../support/feed.ts";
import { storeMaker } from "../support/tracking.ts";

describeOnEachDatabase("a feed", (open) => {
  test("resumed at any place of the ledger gives exactly what follows it", async () => {
    const { store } = await open();
    const { feed, commit, ledger } = createTestFeed(store);
    await commit("t1", ...Array.from({ length: 8 }, (_, index) => [`r${index}`, ended] as const));
    const all = await ledger("t1");
    expect(all).toHaveLength(24);
    for (let after = 0; after <= all.length; after += 1) {
      const following = feed.follow("t1", {}, after);
      expect(transitionsOf(await take(following, all.length - after))).toEqual(all.slice(after));
      await leave(following);
    }
  });

  test("cut and resumed at random while the ledger grows gives each transition once, in order", async () => {
    const { store } = await open();
    const steps = fc.array(
      fc.oneof(
        fc.record({ commit: fc.integer({ min: 1, max: 4 }) }),
        fc.record({ read: fc.integer({ min: 1, max: 6 }) }),
        fc.constant("cut" as const),
      ),
      { maxLength: 14 },
    );
    let tenants = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (todo) => {
        tenants += 1;
        const tenantId = `t${tenants}`;
        const { feed, commit, ledger, listeners } = createTestFeed(store);
        const seen: FeedEntry[] = [];
        let runs = 0;
        const place = () => seen.at(-1)?.transition.sequence ?? 0;
        let following = feed.follow(tenantId, {}, 0);
        for (const step of todo) {
          if (step === "cut") {
            await leave(following);
            following = feed.follow(tenantId, {}, place());
          } else if ("commit" in step) {
            await commit(tenantId, ...Array.from({ length: step.commit }, () => [`r${(runs += 1)}`] as const));
          } else {
            seen.push(...(await take(following, Math.min(step.read, runs * 2 - place()))));
          }
        }
        seen.push(...(await take(following, runs * 2 - place())));
        await leave(following);
        expect(transitionsOf(seen)).toEqual(await ledger(tenantId));
        expect(listeners()).toBe(0);
      }),
      { seed: 20261122, numRuns: 25 },
    );
  });

  test("refuses a place whose history has been pruned, and takes the one just before what is kept", async () => {
    const { store, url } = await open();
    const { feed, commit, ledger, listeners } = createTestFeed(store);
    await commit("t1", ["a", ended], ["b", ended]);
    const database = await openMigratedDatabase(url);
    await database.write(sql`delete from transition where tenant_id = ${"t1"} and sequence < ${4}`);
    await database.close();
    for (const after of [0, 2]) {
      await expect(feed.follow("t1", {}, after).next()).rejects.toMatchObject({ code: ErrorCode.CursorExpired });
    }
    const kept = feed.follow("t1", {}, 3);
    expect(transitionsOf(await take(kept, 3))).toEqual(await ledger("t1"));
    await leave(kept);
    expect(listeners()).toBe(0);
  });
});

describe("a feed", () => {
  const openStore = storeMaker();

  test("delivers within a second when every ring is lost", async () => {
    const { feed, commit, clock } = createTestFeed(await openStore(), {}, true);
    await commit("t1", ["a"]);
    const following = feed.follow("t1", {}, 0);
    await take(following, 2);
    const next = following.next();
    await commit("t1", ["b"]);
    await clock.untilSleeping();
    await clock.advance(1_000);
    expect((await next).value).toMatchObject({ sync: { remoteId: "b" } });
    await leave(following);
  });

  test("lets a subscriber fall further behind than its memory, and gives it everything from the database", async () => {
    const { feed, commit, ledger } = createTestFeed(await openStore());
    const [slow, fast] = [feed.follow("t1", {}, 0), feed.follow("t1", {}, 0)];
    const firsts = [slow.next(), fast.next()];
    await commit("t1", ["first"]);
    const begun = await Promise.all(firsts);
    for (let batch = 0; batch < 8; batch += 1) {
      await commit("t1", ...Array.from({ length: 100 }, (_, index) => [`r${batch}-${index}`, ended] as const));
    }
    const all = await ledger("t1");
    expect(all).toHaveLength(2_402);
    expect(transitionsOf(await take(fast, 2_401))).toEqual(all.slice(1));
    expect(transitionsOf(await take(slow, 2_401))).toEqual(all.slice(1));
    expect(begun.map(({ value }) => value?.transition.sequence)).toEqual([1, 1]);
    await leave(slow, fast);
  });

  test("waits out a database that fails for a moment, and goes on with the next look", async () => {
    const store = await openStore();
    let failing = false;
    const { feed, commit, clock } = createTestFeed(store, {
      transitionsAfter: (...asked) =>
        failing ? Promise.reject(new Error("no answer")) : store.ledger.transitionsAfter(...asked),
    });
    await commit("t1", ["a"]);
    const following = feed.follow("t1", {}, 0);
    await take(following, 2);
    const next = following.next();
    failing = true;
    await commit("t1", ["b"]);
    await clock.advance(1_000);
    failing = false;
    await clock.advance(1_000);
    expect((await next).value).toMatchObject({ sync: { remoteId: "b" } });
    await leave(following);
  });

  test("tells a subscriber that cannot begin why, and keeps nothing of it", async () => {
    const { feed, listeners, clock } = createTestFeed(await openStore(), {
      head: () => Promise.reject(new Error("no answer")),
    });
    await expect(feed.follow("t1", {}, null).next()).rejects.toThrow("no answer");
    expect([listeners(), clock.pending()]).toEqual([0, []]);
  });

  test("reads the ledger once for all its subscribers", async () => {
    const store = await openStore();
    let reads = 0;
    const { feed, commit } = createTestFeed(store, {
      transitionsAfter: (...asked) => {
        reads += 1;
        return store.ledger.transitionsAfter(...asked);
      },
    });
    const crowd = Array.from({ length: 50 }, () => feed.follow("t1", {}, 0));
    const nexts = crowd.map((one) => take(one, 2));
    await commit("t1", ["a"]);
    await Promise.all(nexts);
    await leave(...crowd);
    expect(reads).toBeLessThan(10);
  });

  test("that is closed ends every subscription", async () => {
    const { feed, commit, listeners, clock } = createTestFeed(await openStore());
    await commit("t1", ["a"]);
    const [waits, pauses] = [feed.follow("t1", {}, 2), feed.follow("t1", {}, 0)];
    const waiting = waits.next();
    await take(pauses, 1);
    feed.close();
    expect([(await waiting).done, (await pauses.next()).done]).toEqual([true, true]);
    expect([listeners(), clock.pending()]).toEqual([0, []]);
  });
});
