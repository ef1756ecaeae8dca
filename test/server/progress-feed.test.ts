// Following one run between its transitions: from its present state to its end, one read for all, nothing left behind.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { identityOf } from "../../src/domain/identity.ts";
import { BusNews, type EventBus } from "../../src/domain/runtime-ports.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import type { Store } from "../../src/domain/store-port.ts";
import type { Observation, RecordCounts, Sync } from "../../src/domain/sync.ts";
import { createInProcessBus } from "../../src/server/in-process-bus.ts";
import { createProgressFeed } from "../../src/server/progress-feed.ts";
import { createGate } from "../support/gate.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { at, entry, rules, task } from "../support/store-values.ts";
import { storeMaker } from "../support/tracking.ts";

const RUN = identityOf("t1", "acme", "sync", "run");
const openStore = storeMaker();

/** A feed whose reads, listeners and sleeps are counted. `deaf` drops every ring. */
async function following({ deaf = false } = {}) {
  const store = await openStore();
  const clock = createManualClock();
  const inner = createInProcessBus();
  let [listeners, moment] = [0, 0];
  const bus: EventBus = {
    ...inner,
    listen: (tenantId, listener) => {
      listeners += 1;
      const end = inner.listen(tenantId, listener);
      return () => {
        listeners -= 1;
        end();
      };
    },
  };
  const reads: (readonly string[])[] = [];
  let between: () => Promise<void> = () => Promise.resolve();
  const syncsByIds: Store["ledger"]["syncsByIds"] = async (tenantId, ids) => {
    reads.push(ids);
    await between();
    return store.ledger.syncsByIds(tenantId, ids);
  };
  const feed = createProgressFeed({ store: { ...store, ledger: { ...store.ledger, syncsByIds } }, bus, clock });
  return {
    feed,
    clock,
    reads,
    /** What each read waits for before it reads. */
    beforeReading: (work: () => Promise<void>) => void (between = work),
    held: () => [listeners, clock.pending().length],
    /** Commits what was seen of a run, each look a millisecond after the one before, and rings. */
    see: async (given: Partial<Observation> = {}, remoteId = "run", news: BusNews = BusNews.Progress) => {
      moment += 1;
      await store.ledger.record("t1", [entry(remoteId, { observedAt: at(moment), ...given })], rules);
      if (!deaf) bus.ring("t1", news);
    },
    bus,
  };
}

const counted = (total: number): Partial<Observation> => {
  const none = {
    inserted: null,
    updated: null,
    upserted: null,
    deleted: null,
    failed: null,
    warnings: null,
    fetched: null,
    persisted: null,
  };
  return { facts: { recordCounts: { ...none, total } satisfies RecordCounts } };
};

const next = async (runs: AsyncIterator<Sync>): Promise<Sync> => {
  const { done, value } = await runs.next();
  if (done === true) throw new Error("the stream has ended");
  return value;
};

test("a run is given as it stands, with every version after that, and the stream ends behind its end", async () => {
  const { feed, see, held } = await following();
  await see({ status: SyncStatus.Created });
  const runs = feed.follow("t1", RUN);
  expect(await next(runs)).toMatchObject({ id: RUN, status: "CREATED", version: 1 });
  const steps: readonly (readonly [Partial<Observation>, object])[] = [
    [{ status: SyncStatus.Running }, { status: "RUNNING", version: 2 }],
    [counted(10), { recordCounts: { total: 10 }, version: 3 }],
    [{ facts: { waitingReason: "RATE_LIMITED" } }, { waitingReason: "RATE_LIMITED", version: 4 }],
    [{ tasks: [task("tickets")] }, { version: 5 }],
    [
      { status: SyncStatus.Success, ...counted(20) },
      { status: "SUCCESS", recordCounts: { total: 20 }, version: 6 },
    ],
  ];
  for (const [given, expected] of steps) {
    const waiting = next(runs);
    await see(given);
    expect(await waiting).toMatchObject(expected);
  }
  expect(await runs.next()).toEqual({ done: true, value: undefined });
  expect(held()).toEqual([0, 0]);
});

test("a run that has ended is given once", async () => {
  const { feed, see } = await following();
  await see({ status: SyncStatus.Failed });
  const seen: SyncStatus[] = [];
  for await (const { status } of feed.follow("t1", RUN)) seen.push(status);
  expect(seen).toEqual([SyncStatus.Failed]);
});

test("a reader that is slow skips what came in between, and gets the end", async () => {
  const { feed, see } = await following();
  await see();
  const runs = feed.follow("t1", RUN);
  await next(runs);
  const waiting = next(runs);
  await see(counted(1));
  expect((await waiting).recordCounts?.total).toBe(1);
  for (const total of [2, 3, 4]) await see(counted(total));
  await see({ status: SyncStatus.Success });
  const rest: Sync[] = [];
  for await (const run of runs) rest.push(run);
  expect(rest.at(-1)).toMatchObject({ status: "SUCCESS", recordCounts: { total: 4 } });
  expect(rest.length).toBeLessThan(5);
});

test("a ring about transitions wakes it too, and another run's news gives nothing", async () => {
  const { feed, see } = await following();
  await see();
  const runs = feed.follow("t1", RUN);
  await next(runs);
  const waiting = next(runs);
  await see({}, "other");
  await see({ status: SyncStatus.Success }, "run", BusNews.Transitions);
  expect(await waiting).toMatchObject({ remoteId: "run", status: "SUCCESS" });
});

test("with every ring lost the news comes within a second", async () => {
  const { feed, see, clock } = await following({ deaf: true });
  await see();
  const runs = feed.follow("t1", RUN);
  await next(runs);
  const waiting = next(runs);
  await see(counted(7));
  await clock.advance(1_000);
  expect((await waiting).recordCounts?.total).toBe(7);
  await runs.return?.();
});

test("a database that fails while somebody waits is asked again; one that fails at the beginning is told", async () => {
  const { feed, see, clock, beforeReading, reads, held } = await following({ deaf: true });
  await see();
  const runs = feed.follow("t1", RUN);
  await next(runs);
  const waiting = next(runs);
  await see(counted(7));
  beforeReading(() => Promise.reject(new Error("down")));
  const before = reads.length;
  await clock.advance(1_000);
  expect(reads.length).toBe(before + 1);
  await expect(feed.follow("t1", RUN).next()).rejects.toThrow("down");
  beforeReading(() => Promise.resolve());
  await clock.untilSleeping();
  await clock.advance(1_000);
  expect((await waiting).recordCounts?.total).toBe(7);
  await runs.return?.();
  expect(held()).toEqual([0, 0]);
});

test.each([
  ["that never was", "t1", identityOf("t1", "acme", "sync", "nobody")],
  ["of another tenant", "t2", RUN],
])("a run %s is not found, and nothing stays", async (_case, tenantId, id) => {
  const { feed, see, held } = await following();
  await see();
  await expect(feed.follow(tenantId, id).next()).rejects.toMatchObject({ code: ErrorCode.NotFound });
  expect(held()).toEqual([0, 0]);
});

test("a hundred readers of one run share its reads, and readers of several runs of a tenant do too", async () => {
  const { feed, see, reads, held } = await following();
  await see();
  await see({}, "other");
  const other = feed.follow("t1", identityOf("t1", "acme", "sync", "other"));
  const crowd = [other, ...Array.from({ length: 100 }, () => feed.follow("t1", RUN))];
  await Promise.all(crowd.map(next));
  // The first one's, and one that began after the others had come.
  expect(reads.length).toBeLessThanOrEqual(2);
  expect(held()).toEqual([1, 1]);
  const before = reads.length;
  const waiting = crowd.slice(1).map(next);
  await see(counted(5));
  expect((await Promise.all(waiting)).every(({ recordCounts }) => recordCounts?.total === 5)).toBe(true);
  expect(reads.slice(before).map((ids) => ids.length)).toEqual([2]);
  for (const one of crowd) await one.return?.();
  expect(held()).toEqual([0, 0]);
});

test("who comes while the run is being read for another is not told an old state of it", async () => {
  const { feed, see, beforeReading } = await following({ deaf: true });
  const [reading, gate] = [createGate(), createGate()];
  await see(counted(1));
  const early = feed.follow("t1", RUN);
  expect((await next(early)).recordCounts?.total).toBe(1);
  beforeReading(() => (reading.open(), gate.opened));
  const first = feed.follow("t1", RUN);
  const answered = next(first);
  await reading.opened;
  await see(counted(2));
  const late = next(feed.follow("t1", RUN));
  gate.open();
  expect((await late).recordCounts?.total).toBe(2);
  await answered;
  await Promise.all([early.return?.(), first.return?.()]);
});

test("who leaves while waiting is let go at once and disturbs nobody", async () => {
  const { feed, see, held } = await following();
  await see();
  const [leaves, stays] = [feed.follow("t1", RUN), feed.follow("t1", RUN)];
  await Promise.all([next(leaves), next(stays)]);
  const waiting = [leaves.next(), stays.next()] as const;
  expect(await leaves.return?.()).toEqual({ done: true, value: undefined });
  expect(await waiting[0]).toEqual({ done: true, value: undefined });
  expect(held()).toEqual([1, 1]);
  await see(counted(3));
  expect((await waiting[1]).value).toMatchObject({ recordCounts: { total: 3 } });
  await stays.return?.();
  expect(held()).toEqual([0, 0]);
  await feed.follow("t1", RUN).return?.();
  expect(held()).toEqual([0, 0]);
});

test("closing the feed ends every stream", async () => {
  const { feed, see, held } = await following();
  await see();
  const runs = feed.follow("t1", RUN);
  await next(runs);
  const waiting = runs.next();
  feed.close();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(held()).toEqual([0, 0]);
});
