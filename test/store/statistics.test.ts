// What runs add up to, on each database: against a naive count in memory over random runs, and case by case at the edges.
import fc from "fast-check";
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { identityOf } from "../../src/domain/identity.ts";
import type { ExpectedDuration, StatisticsBucket, SyncStatistics } from "../../src/domain/statistics.ts";
import { SyncOutcome, SyncStatus } from "../../src/domain/status.ts";
import type { Store } from "../../src/domain/store-port.ts";
import type { Observation, RecordCounts, SyncErrorCode } from "../../src/domain/sync.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { at, entry, rules } from "../support/store-values.ts";
import { randomRun, randomFilter, isChosen, naive } from "../support/naive-statistics.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NO_COUNTS: RecordCounts = {
  total: null,
  inserted: null,
  updated: null,
  upserted: null,
  deleted: null,
  failed: null,
  warnings: null,
  fetched: null,
  persisted: null,
};
const NO_RUNS: SyncStatistics = {
  ...{ total: 0, open: 0, succeeded: 0, failed: 0, successRate: null, durationMsP50: null, durationMsP95: null },
  ...{ recordCounts: NO_COUNTS, outcomes: [], failures: [], buckets: [] },
};

describeOnEachDatabase("statistics", (open) => {
  test("of random runs are what counting them one by one gives, whole and in buckets, with any filter", async () => {
    const { store } = await open();
    let tenant = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(randomRun, { maxLength: 30 }),
        randomFilter,
        fc.constantFrom(null, "HOUR", "DAY", "WEEK"),
        async (runs, filter, bucket) => {
          const tenantId = `t${(tenant += 1)}`;
          const recorded = await store.ledger.record(
            tenantId,
            runs.map((given, index) => entry(`r${index}`, given)),
            rules,
          );
          const chosen = recorded.map(({ sync }) => sync).filter((sync) => isChosen(sync, filter));
          const found = await store.ledger.statistics(tenantId, filter, bucket);
          expect(found).toEqual(naive(chosen, bucket));
          expect(found.total).toBe(await store.ledger.countSyncs(tenantId, filter));
        },
      ),
      { numRuns: 60, seed: 20260301 },
    );
  });

  test("of no runs are zeros, and null where there is nothing to divide, order or sum", async () => {
    const { store } = await open();
    for (const bucket of [null, "HOUR", "DAY", "WEEK"] as const)
      expect(await store.ledger.statistics("t1", {}, bucket)).toEqual(NO_RUNS);
  });

  test("give percentiles by nearest rank: a duration that a run really had", async () => {
    const { store } = await open();
    const cases: readonly (readonly [durations: readonly number[], p50: number, p95: number])[] = [
      [[7], 7, 7],
      [[10, 20], 10, 20],
      [[30, 10, 20], 20, 30],
      [[4, 3, 2, 1], 2, 4],
      [Array.from({ length: 19 }, (_, index) => index + 1), 10, 19],
      [Array.from({ length: 20 }, (_, index) => index + 1), 10, 19],
      [Array.from({ length: 100 }, (_, index) => 100 - index), 50, 95],
      [Array.from({ length: 101 }, (_, index) => index + 1), 51, 96],
    ];
    for (const [index, [durations, p50, p95]] of cases.entries()) {
      await store.ledger.record(
        `t${index}`,
        durations.map((ms, place) => entry(`r${place}`, lasting(ms))),
        rules,
      );
      const { durationMsP50, durationMsP95 } = await store.ledger.statistics(`t${index}`, {}, null);
      expect([durations.length, durationMsP50, durationMsP95]).toEqual([durations.length, p50, p95]);
    }
  });

  test("leave runs that go on or lack a time out of the percentiles, and take an end before the start for no time", async () => {
    const { store } = await open();
    const started = { startedAt: at(0) };
    await store.ledger.record(
      "t1",
      [
        entry("open", { facts: { ...started, finishedAt: at(9) } }),
        entry("no start", { status: "SUCCESS", facts: { finishedAt: at(9) } }),
        entry("no end", { status: "FAILED", facts: started }),
      ],
      rules,
    );
    expect(await store.ledger.statistics("t1", {}, null)).toMatchObject({
      total: 3,
      durationMsP50: null,
      durationMsP95: null,
    });
    await store.ledger.record("t1", [entry("backwards", lasting(-5_000)), entry("long", lasting(40 * DAY_MS))], rules);
    expect(await store.ledger.statistics("t1", {}, null)).toMatchObject({
      durationMsP50: 0,
      durationMsP95: 40 * DAY_MS,
    });
  });

  test("sum records beyond 32 bits, and tell a sum of zero from nobody having counted", async () => {
    const { store } = await open();
    const counted = (recordCounts: Partial<RecordCounts>) => ({
      facts: { recordCounts: { ...NO_COUNTS, ...recordCounts } },
    });
    await store.ledger.record(
      "t1",
      [
        entry("a", counted({ total: 4_000_000_000, failed: 0 })),
        entry("b", counted({ total: 4_000_000_000, deleted: 1 })),
        entry("c"),
      ],
      rules,
    );
    expect((await store.ledger.statistics("t1", {}, null)).recordCounts).toEqual({
      ...NO_COUNTS,
      total: 8_000_000_000,
      failed: 0,
      deleted: 1,
    });
  });

  test("begin hours, days and ISO weeks where UTC does, over the turn of a year and before 1970", async () => {
    const { store } = await open();
    const created = [
      "2025-12-28T23:59:59.999Z",
      "2025-12-29T00:00:00.000Z",
      "2026-01-04T23:59:59.999Z",
      "2026-01-05T00:00:00.000Z",
      "1969-12-31T23:59:59.999Z",
    ];
    await store.ledger.record(
      "t1",
      created.map((time, index) => entry(`r${index}`, { facts: { createdAt: new Date(time) } })),
      rules,
    );
    const buckets = async (bucket: StatisticsBucket) =>
      (await store.ledger.statistics("t1", {}, bucket)).buckets.map(
        ({ start, end, total }) => `${start.toISOString()} ${end.toISOString()} ${total}`,
      );
    expect(await buckets("WEEK")).toEqual([
      "1969-12-29T00:00:00.000Z 1970-01-05T00:00:00.000Z 1",
      "2025-12-22T00:00:00.000Z 2025-12-29T00:00:00.000Z 1",
      "2025-12-29T00:00:00.000Z 2026-01-05T00:00:00.000Z 2",
      "2026-01-05T00:00:00.000Z 2026-01-12T00:00:00.000Z 1",
    ]);
    expect((await buckets("DAY")).slice(0, 2)).toEqual([
      "1969-12-31T00:00:00.000Z 1970-01-01T00:00:00.000Z 1",
      "2025-12-28T00:00:00.000Z 2025-12-29T00:00:00.000Z 1",
    ]);
    expect((await buckets("HOUR")).at(-2)).toBe("2026-01-04T23:00:00.000Z 2026-01-05T00:00:00.000Z 1");
  });

  test("have at most 400 buckets: more are refused with what to do, and narrower or larger ones are given", async () => {
    const { store } = await open();
    const hours = Array.from({ length: 401 }, (_, hour) =>
      entry(`r${hour}`, { facts: { createdAt: at(hour * HOUR_MS) } }),
    );
    await store.ledger.record("t1", hours, rules);
    await expect(store.ledger.statistics("t1", {}, "HOUR")).rejects.toMatchObject({
      code: ErrorCode.BadUserInput,
      message: expect.stringMatching(/400.*HOUR.*createdAfter.*createdBefore.*larger bucket/u),
    });
    const narrower = await store.ledger.statistics("t1", { createdAfter: at(HOUR_MS) }, "HOUR");
    expect([narrower.buckets.length, narrower.total]).toEqual([400, 400]);
    const larger = await store.ledger.statistics("t1", {}, "DAY");
    expect([larger.buckets.length, larger.total]).toEqual([17, 401]);
    expect((await store.ledger.statistics("t1", {}, null)).total).toBe(401);
  });

  test("list outcomes and failures most frequent first, a failure without an error as unknown, and a cancelled run as none", async () => {
    const { store } = await open();
    const failure = (code: SyncErrorCode) => ({
      status: SyncStatus.Failed,
      facts: { error: { message: "m", code, retryable: false, advice: null } },
    });
    await store.ledger.record(
      "t1",
      [
        entry("a", failure("AUTH")),
        ...["b", "c"].map((name) => entry(name, failure("VENDOR"))),
        ...["d", "e", "f"].map((name) => entry(name, { status: SyncStatus.Failed, outcome: SyncOutcome.Cancelled })),
        entry("lost", { status: SyncStatus.Failed, outcome: SyncOutcome.Lost }),
        // Still going on: the error is an attempt's, not the run's.
        entry("g", { ...failure("DATA"), status: SyncStatus.Running }),
      ],
      rules,
    );
    const { outcomes, failures } = await store.ledger.statistics("t1", {}, null);
    expect(outcomes).toEqual([
      { outcome: "ERROR", count: 3 },
      { outcome: "CANCELLED", count: 3 },
      { outcome: "LOST", count: 1 },
    ]);
    expect(failures).toEqual([
      { code: "VENDOR", count: 2 },
      { code: "AUTH", count: 1 },
      { code: "UNKNOWN", count: 1 },
    ]);
  });
});

describeOnEachDatabase("expected durations", (open) => {
  const runs = (name: string, models: readonly string[] = []) => ({
    definitionId: identityOf("t1", "acme", "definition", name),
    models,
  });
  interface Past {
    readonly status?: SyncStatus;
    readonly models?: readonly string[];
    /** Added to the runs' creation; the first is created at 0, the next at 1 ... */
    readonly fromMs?: number;
  }
  const lasted = (
    store: Store,
    definitionRemoteId: string,
    durations: readonly number[],
    { status = SyncStatus.Success, models = [], fromMs = 0 }: Past = {},
  ) =>
    store.ledger.record(
      "t1",
      durations.map((ms, index) => {
        const { facts } = lasting(ms);
        return entry(`${definitionRemoteId} ${status} ${models.join(" ")} ${fromMs + index}`, {
          definitionRemoteId,
          status,
          facts: { ...facts, createdAt: at(fromMs + index), models },
        });
      }),
      rules,
    );
  const byDuration = (found: readonly ExpectedDuration[]) =>
    found.toSorted((one, other) => one.durationMs - other.durationMs);

  test("are the median of each definition's successful runs, from three on", async () => {
    const { store } = await open();
    const failed = { status: SyncStatus.Failed };
    await lasted(store, "three", [30, 10, 20]);
    await lasted(store, "four", [10, 1_000, 21, 40]);
    await lasted(store, "two", [1, 2]);
    await lasted(store, "failing", [1, 2, 3, 4], failed);
    await lasted(store, "three", [9_000, 9_000, 9_000], failed);
    const asked = ["three", "four", "two", "failing", "nobody", "three"].map((name) => runs(name));
    expect(byDuration(await store.ledger.expectedDurations("t1", asked))).toEqual([
      { ...runs("three"), durationMs: 20 },
      { ...runs("four"), durationMs: 31 },
    ]);
    expect(await store.ledger.expectedDurations("t1", [])).toEqual([]);
  });

  test("are of runs with the same models, in whatever order and however often they are named", async () => {
    const { store } = await open();
    await lasted(store, "job", [1, 1, 1], { models: ["a"] });
    await lasted(store, "job", [900, 900, 900], { models: ["b"] });
    await lasted(store, "job", [50], { models: ["a", "b"] });
    await lasted(store, "job", [60, 70], { models: ["b", "a", "b"] });
    await lasted(store, "job", [7_000, 7_000, 7_000], { models: ["a", "b", "c"] });
    await lasted(store, "job", [4, 4, 4]);
    const asked = [["a"], ["b"], ["b", "a"], ["c"], []].map((models) => runs("job", models));
    expect(byDuration(await store.ledger.expectedDurations("t1", asked))).toEqual([
      { ...runs("job", ["a"]), durationMs: 1 },
      { ...runs("job"), durationMs: 4 },
      { ...runs("job", ["b", "a"]), durationMs: 60 },
      { ...runs("job", ["b"]), durationMs: 900 },
    ]);
  });

  test("forget what is older than twenty runs, and skip runs that lack a time", async () => {
    const { store } = await open();
    await lasted(store, "job", [...Array.from({ length: 30 }, () => 1), ...Array.from({ length: 20 }, () => 500)]);
    const untimed = Array.from({ length: 25 }, (_, index) =>
      entry(`untimed ${index}`, {
        definitionRemoteId: "job",
        status: SyncStatus.Success,
        facts: { createdAt: at(1_000 + index) },
      }),
    );
    await store.ledger.record("t1", untimed, rules);
    expect(await store.ledger.expectedDurations("t1", [runs("job")])).toEqual([{ ...runs("job"), durationMs: 500 }]);
  });

  test("are looked for among the definition's newest five hundred runs alone", async () => {
    const { store } = await open();
    const often = (count: number) => Array.from({ length: count }, () => 1);
    await lasted(store, "job", [40, 50, 60], { models: ["seldom"] });
    await lasted(store, "job", often(497), { models: ["often"], fromMs: 10 });
    const seldom = runs("job", ["seldom"]);
    expect(await store.ledger.expectedDurations("t1", [seldom])).toEqual([{ ...seldom, durationMs: 50 }]);
    await lasted(store, "job", often(1), { models: ["often"], fromMs: 1_000 });
    expect(await store.ledger.expectedDurations("t1", [seldom])).toEqual([]);
  });
});

function lasting(ms: number): Partial<Observation> & Pick<Observation, "facts"> {
  return { status: SyncStatus.Success, facts: { createdAt: at(0), startedAt: at(0), finishedAt: at(ms) } };
}
