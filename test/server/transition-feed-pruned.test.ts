// Following a ledger whose beginning goes: a subscriber gets what follows its place, or hears that it is gone, and never a silent gap.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { SyncStatus, isTerminal } from "../../src/domain/status.ts";
import type { Store } from "../../src/domain/store-port.ts";
import type { Transition } from "../../src/domain/sync.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createTestFeed, ended, leave, take, transitionsOf } from "../support/feed.ts";
import { createGate } from "../support/gate.ts";
import { batchesOf, before, leftOf, pruneAll } from "../support/pruning.ts";
import { at, entry, rules } from "../support/store-values.ts";
import { storeMaker } from "../support/tracking.ts";
import { expectVerified } from "../support/verified.ts";

const EXPIRED = { code: ErrorCode.CursorExpired };

/** Ended runs, three transitions each, observed a millisecond after each other. */
const runs = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => {
    const ms = from + index;
    return [`r${ms}`, { ...ended, observedAt: at(ms) }] as const;
  });

/** One look of a run, so many milliseconds after the one before. */
interface Look {
  readonly run: number;
  readonly status: SyncStatus;
  readonly afterMs: number;
  /** The run it repeats, on its first look. */
  readonly repeats: number | null;
}

const looks = (maxLength: number) =>
  fc.array(
    fc.record({
      run: fc.nat({ max: 7 }),
      status: fc.constantFrom(...Object.values(SyncStatus)),
      afterMs: fc.nat({ max: 3 }),
      repeats: fc.option(fc.nat({ max: 7 }), { freq: 3 }),
    }),
    { maxLength },
  );

describeOnEachDatabase("a feed of a ledger that is pruned", (open) => {
  test("whatever happened, whatever the horizon and wherever it stops: what must stay is there, and a stream is whole or refused", async () => {
    const { store, url } = await open();
    let tenants = 0;
    const one = fc.record({
      history: looks(24),
      horizon: fc.nat({ max: 40 }),
      limit: fc.integer({ min: 1, max: 7 }),
      stopAfter: fc.nat({ max: 6 }),
      meanwhile: looks(6),
    });
    // Several tenants at once, because the self-check looks at all of them each time.
    const cases = fc.array(one, { minLength: 1, maxLength: 8, size: "max" });
    await fc.assert(
      fc.asyncProperty(cases, async (several) => {
        const worlds = several.map((given) => ({ ...given, tenantId: `t${(tenants += 1)}`, seen: [] as Transition[] }));
        for (const { tenantId, history, horizon, limit, stopAfter, seen } of worlds) {
          seen.push(...(await write(store, tenantId, history, 0)));
          // A process that dies after some batch, writers that go on, and the next process.
          const dying = batchesOf(store, tenantId, before(horizon), limit);
          for (let batch = 0; batch < stopAfter; batch += 1) await dying.next();
          await expectStreams(store, tenantId, seen);
        }
        await expectVerified(url);
        for (const { tenantId, meanwhile, horizon, limit, seen } of worlds) {
          seen.push(...(await write(store, tenantId, meanwhile, 100)));
          await pruneAll(store, tenantId, before(horizon), limit);
          await expectStreams(store, tenantId, seen);
          await expectHorizon(store, tenantId, seen, horizon);
        }
        await expectVerified(url);
      }),
      { seed: 20261128, numRuns: 5 },
    );
  }, 90_000);

  test("a subscriber far behind that is overtaken hears that its place is gone, and goes on from the oldest", async () => {
    const { store } = await open();
    const { feed, commit, ledger } = createTestFeed(store);
    await commit("t1", ...runs(0, 200));
    const following = feed.follow("t1", {}, 0);
    expect(transitionsOf(await take(following, 10)).map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 10 }, (_, index) => index + 1),
    );
    await commit("t1", ...runs(200, 10));
    await pruneAll(store, "t1", before(190), 500);
    // What was read before it went is still given; then comes the end, and nothing in between is left out.
    const rest: number[] = [];
    const refused = await (async () => {
      for await (const { transition } of following) rest.push(transition.sequence);
    })().catch((error: unknown) => error);
    expect(rest).toEqual(Array.from({ length: rest.length }, (_, index) => index + 11));
    expect(refused).toMatchObject({ ...EXPIRED, tenantId: "t1", oldestPlace: 570 });
    const again = feed.follow("t1", {}, 570);
    expect(transitionsOf(await take(again, 60))).toEqual(await ledger("t1"));
    await leave(again);
  });
});

/** @returns every transition that was ever committed */
async function write(store: Store, tenantId: string, history: readonly Look[], from: number): Promise<Transition[]> {
  const committed: Transition[] = [];
  let ms = from;
  for (const { run, status, afterMs, repeats } of history) {
    ms += afterMs;
    const [earlier] = repeats === null ? [] : await runsOf(store, tenantId, `run-${repeats}`);
    const retryOf = earlier === undefined || earlier.remoteId === `run-${run}` ? {} : { retryOfId: earlier.id };
    const look = entry(`run-${run}`, { status, observedAt: at(ms) }, retryOf);
    const [recorded] = await store.ledger.record(tenantId, [look], rules);
    committed.push(...(recorded?.transitions ?? []));
  }
  return committed;
}

const runsOf = async (store: Store, tenantId: string, remoteId: string) =>
  (await leftOf(store, tenantId)).runs.filter((one) => one.remoteId === remoteId);

/** From each place: exactly what was committed after it, or a refusal that names the oldest place; never anything else. */
async function expectStreams(store: Store, tenantId: string, committed: readonly Transition[]): Promise<void> {
  const { feed, clock, listeners } = createTestFeed(store);
  const oldest = await store.ledger.oldestSequence(tenantId);
  const places = Array.from({ length: committed.length + 1 }, (_, place) => place);
  for (const after of places.filter((place) => place < oldest - 1)) {
    const refused = { ...EXPIRED, oldestPlace: oldest - 1 };
    await expect(feed.follow(tenantId, {}, after).next()).rejects.toMatchObject(refused);
  }
  for (const after of places.filter((place) => place >= oldest - 1)) {
    const following = feed.follow(tenantId, {}, after);
    expect(transitionsOf(await take(following, committed.length - after))).toEqual(committed.slice(after));
    await leave(following);
  }
  expect([listeners(), clock.pending()]).toEqual([0, []]);
}

async function expectHorizon(
  store: Store,
  tenantId: string,
  committed: readonly Transition[],
  horizon: number,
): Promise<void> {
  const { transitions, runs: left } = await leftOf(store, tenantId);
  const firstKept = committed.findIndex(({ observedAt }) => observedAt >= at(horizon));
  const kept = firstKept === -1 ? [] : committed.slice(firstKept);
  expect(transitions).toEqual(kept);
  // Each run that is left has a reason to be, and each that has one is left.
  const withHistory = new Set(kept.map(({ syncId }) => syncId));
  for (const { id, status, observedAt } of left)
    expect(withHistory.has(id) || !isTerminal(status) || observedAt >= at(horizon)).toBe(true);
  const lastOf = new Map(committed.map((transition) => [transition.syncId, transition]));
  const open = [...lastOf.values()].filter(({ to }) => !isTerminal(to)).map(({ syncId }) => syncId);
  expect(left.map(({ id }) => id)).toEqual(expect.arrayContaining([...withHistory, ...open]));
}

describe("a feed", () => {
  const openStore = storeMaker();

  test("that loses a run between reading its transition and reading itself says that the place is gone", async () => {
    const store = await openStore();
    const { commit } = createTestFeed(store);
    await commit("t1", ...runs(0, 3));
    let pruned = false;
    const { feed } = createTestFeed(store, {
      syncsByIds: async (...asked) => {
        if (!pruned) await pruneAll(store, "t1", before(2));
        pruned = true;
        return store.ledger.syncsByIds(...asked);
      },
    });
    await expect(feed.follow("t1", {}, 0).next()).rejects.toMatchObject({ ...EXPIRED, oldestPlace: 6 });
    expect(pruned).toBe(true);
  });

  test("whose ledger has a transition of no run, and not because it was removed, fails", async () => {
    const store = await openStore();
    const { feed, commit } = createTestFeed(store, { syncsByIds: () => Promise.resolve([]) });
    await commit("t1", ...runs(0, 1));
    await expect(feed.follow("t1", {}, 0).next()).rejects.toThrow("a transition of no run");
  });

  test("that slept while all that came was removed begins a new subscriber at the end, and refuses places in between", async () => {
    const store = await openStore();
    let placed = createGate();
    const oldestSequence = async (tenantId: string): Promise<number> => {
      const oldest = await store.ledger.oldestSequence(tenantId);
      placed.open();
      return oldest;
    };
    const { feed, commit, clock } = createTestFeed(store, { oldestSequence }, true);
    await commit("t1", ...runs(0, 1));
    const sleeping = feed.follow("t1", {}, 3);
    const awake = take(sleeping, 3);
    await clock.untilSleeping();
    await commit("t1", ...runs(1, 1));
    await clock.advance(1_000);
    await awake;
    await commit("t1", ...runs(10, 2));
    await pruneAll(store, "t1", before(50));
    await expect(feed.follow("t1", {}, 8).next()).rejects.toMatchObject({ ...EXPIRED, oldestPlace: 12 });
    await expect(feed.follow("t1", {}, 13).next()).rejects.toMatchObject(EXPIRED);
    placed = createGate();
    const fresh = feed.follow("t1", {}, null);
    const first = fresh.next();
    await placed.opened;
    const refused = expect(sleeping.next()).rejects.toMatchObject({ ...EXPIRED, oldestPlace: 12 });
    await commit("t1", ...runs(60, 1));
    await clock.advance(1_000);
    await refused;
    const late = feed.follow("t1", {}, 12);
    for (const next of [await first, await late.next()]) expect(next.value?.transition.sequence).toBe(13);
    await leave(fresh, late);
  });
});
