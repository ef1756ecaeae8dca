// Numbers over runs as clients ask for them, and the duration a run is held against.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import type { Observation } from "../../src/domain/sync.ts";
import { listAt, openGraphqlGateway, valueAt, type GraphqlGateway } from "../support/graphql.ts";
import { idOf, seedRun, seedRuns } from "../support/seed-runs.ts";
import { at } from "../support/store-values.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

let gateway: GraphqlGateway;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
});

afterEach(async () => {
  await gateway.close();
});

/** A run of `job-1` that ended well after so long. */
const seedEnded = (remoteId: string, durationMs: number, createdAt = at(0), given: Partial<Observation> = {}) =>
  seedRun(gateway.store, remoteId, {
    status: SyncStatus.Success,
    ...given,
    facts: { createdAt, startedAt: at(0), finishedAt: at(durationMs), ...given.facts },
  });

const NUMBERS =
  "total open succeeded failed successRate durationMsP50 durationMsP95 recordCounts { total failed fetched }";
const STATISTICS = `query ($filter: SyncFilter, $bucket: StatisticsBucket) {
  syncStatistics(filter: $filter, bucket: $bucket) { ${NUMBERS} outcomes { outcome count } failures { code count } buckets { start end ${NUMBERS} } }
}`;

describe("syncStatistics", () => {
  const recordCounts = {
    total: 3_000_000_000,
    inserted: 1,
    updated: null,
    upserted: null,
    deleted: null,
    failed: 2,
    warnings: null,
    fetched: null,
    persisted: null,
  };
  const error = { message: "m", code: "AUTH", retryable: false, advice: null } as const;

  it("gives all numbers of the runs that match, and in buckets when asked", async () => {
    await seedEnded("a", 100, at(0), { facts: { recordCounts } });
    await seedEnded("b", 300, at(DAY_MS), { facts: { recordCounts } });
    await seedEnded("c", 200, at(DAY_MS), { status: SyncStatus.Failed, facts: { error } });
    await seedRun(gateway.store, "d", { facts: { createdAt: at(DAY_MS) } });

    const { data, errors } = await gateway.ask(STATISTICS, { bucket: "DAY" });

    expect(errors).toEqual([]);
    expect(data).toEqual({
      syncStatistics: {
        ...{ total: 4, open: 1, succeeded: 2, failed: 1, successRate: 2 / 3, durationMsP50: 200, durationMsP95: 300 },
        recordCounts: { total: 6_000_000_000, failed: 4, fetched: null },
        outcomes: [
          { outcome: "PARTIAL", count: 2 },
          { outcome: "ERROR", count: 1 },
        ],
        failures: [{ code: "AUTH", count: 1 }],
        buckets: [
          {
            ...{ start: "2026-01-01T00:00:00.000Z", end: "2026-01-02T00:00:00.000Z" },
            ...{ total: 1, open: 0, succeeded: 1, failed: 0, successRate: 1, durationMsP50: 100, durationMsP95: 100 },
            recordCounts: { total: 3_000_000_000, failed: 2, fetched: null },
          },
          {
            ...{ start: "2026-01-02T00:00:00.000Z", end: "2026-01-03T00:00:00.000Z" },
            ...{ total: 3, open: 1, succeeded: 1, failed: 1, successRate: 0.5, durationMsP50: 200, durationMsP95: 300 },
            recordCounts: { total: 3_000_000_000, failed: 2, fetched: null },
          },
        ],
      },
    });
  });

  it("has no buckets unless asked, and null for rates and sums of no run", async () => {
    const { data, errors } = await gateway.ask(STATISTICS);
    expect(errors).toEqual([]);
    expect(valueAt(data, "syncStatistics")).toEqual({
      ...{ total: 0, open: 0, succeeded: 0, failed: 0, successRate: null, durationMsP50: null, durationMsP95: null },
      ...{ recordCounts: { total: null, failed: null, fetched: null }, outcomes: [], failures: [], buckets: [] },
    });
  });

  it("follows the filter of `syncs`, and costs one statement and no call to a vendor", async () => {
    await seedRuns(gateway.store, 5);
    gateway.counting.reset();
    const filter = { definitions: [globalIdOf(NodeKind.SyncJob, idOf("definition", "job-1"))], open: true };
    const { data } = await gateway.ask(STATISTICS, { filter, bucket: "HOUR" });
    expect(data).toMatchObject({ syncStatistics: { total: 3, open: 3, buckets: [{ total: 3 }] } });
    expect(gateway.counting.calls()).toEqual({ "ledger.statistics": 1 });
    expect(gateway.vendorCalls).toEqual([]);
  });

  it("shows durations that GraphQL cannot hold as the longest it can", async () => {
    await seedEnded("a", 30 * DAY_MS);
    const { data } = await gateway.ask(STATISTICS, { bucket: "WEEK" });
    const longest = { durationMsP50: 2 ** 31 - 1, durationMsP95: 2 ** 31 - 1 };
    expect(data).toMatchObject({ syncStatistics: { ...longest, buckets: [longest] } });
  });

  it("refuses more than 400 buckets, and what its filter refuses, with null beside the error", async () => {
    const runs = Array.from({ length: 401 }, (_, hour) => seedEnded(`r${hour}`, 1, at((hour * DAY_MS) / 24)));
    await Promise.all(runs);
    const tooMany = await gateway.ask(STATISTICS, { bucket: "HOUR" });
    expect(tooMany).toMatchObject({
      data: { syncStatistics: null },
      errors: [
        {
          path: ["syncStatistics"],
          message: expect.stringContaining("createdAfter"),
          extensions: { code: "BAD_USER_INPUT" },
        },
      ],
    });
    const wrong = await gateway.ask(STATISTICS, { filter: { syncs: ["nonsense"] } });
    expect(wrong).toMatchObject({
      data: { syncStatistics: null },
      errors: [{ extensions: { code: "BAD_USER_INPUT" } }],
    });
    expect(gateway.defects).toEqual([]);
  });

  it("counts nothing of another tenant", async () => {
    await seedRuns(gateway.store, 2);
    const { data } = await gateway.ask(STATISTICS, {}, { tenantId: "t2" });
    expect(data).toMatchObject({ syncStatistics: { total: 0 } });
  });
});

describe("a run's expected duration", () => {
  const RUN = "query ($id: ID!) { sync(id: $id) { expectedDurationMs isSlow } }";
  const askRun = async (remoteId: string) => {
    const { data, errors } = await gateway.ask(RUN, { id: globalIdOf(NodeKind.Sync, idOf("sync", remoteId)) });
    expect(errors).toEqual([]);
    return valueAt(data, "sync");
  };
  const seedPast = async (...durations: readonly number[]) => {
    for (const [index, ms] of durations.entries()) await seedEnded(`past-${index}`, ms);
  };

  it("is the median of its definition's runs that ended well, and null with fewer than three", async () => {
    await seedRun(gateway.store, "now", { facts: { startedAt: at(0) } });
    await seedPast(9_000, 1_000);
    expect(await askRun("now")).toEqual({ expectedDurationMs: null, isSlow: false });
    await seedEnded("third", 2_000);
    expect(await askRun("now")).toEqual({ expectedDurationMs: 2_000, isSlow: false });
    await seedRun(gateway.store, "of nothing", { definitionRemoteId: null });
    expect(await askRun("of nothing")).toEqual({ expectedDurationMs: null, isSlow: false });
  });

  // Short runs: five minutes beyond; long ones: three times as long.
  it.each([
    ["at 5 minutes beyond a short run", 10_000, 5 * MINUTE_MS + 10_000, false],
    ["past 5 minutes beyond a short run", 10_000, 5 * MINUTE_MS + 10_001, true],
    ["at 3 times a long run", 10 * MINUTE_MS, 30 * MINUTE_MS, false],
    ["past 3 times a long run", 10 * MINUTE_MS, 30 * MINUTE_MS + 1, true],
  ])("makes an open one slow only when it is far longer: %s", async (_case, usualMs, elapsedMs, isSlow) => {
    await seedPast(usualMs, usualMs, usualMs);
    await seedRun(gateway.store, "now", { facts: { createdAt: at(-DAY_MS), startedAt: at(0) } });
    await seedRun(gateway.store, "not started", { status: SyncStatus.Created, facts: { createdAt: at(0) } });
    await gateway.clock.advance(elapsedMs);
    expect(await askRun("now")).toEqual({ expectedDurationMs: usualMs, isSlow });
    expect(await askRun("not started")).toMatchObject({ isSlow });
  });

  it("is that of runs with the same models: a long model beside short ones is not slow", async () => {
    for (const index of [1, 2, 3]) await seedEnded(`short-${index}`, 1_000, at(0), { facts: { models: ["short"] } });
    for (const index of [1, 2, 3])
      await seedEnded(`long-${index}`, 60 * MINUTE_MS, at(0), { facts: { models: ["long"] } });
    for (const model of ["short", "long"]) {
      await seedRun(gateway.store, `now ${model}`, { facts: { startedAt: at(0), models: [model] } });
    }
    await gateway.clock.advance(50 * MINUTE_MS);
    expect(await askRun("now short")).toEqual({ expectedDurationMs: 1_000, isSlow: true });
    expect(await askRun("now long")).toEqual({ expectedDurationMs: 60 * MINUTE_MS, isSlow: false });
  });

  it("does not make an ended run slow, however long it took", async () => {
    await seedPast(1_000, 1_000, 1_000);
    await seedEnded("long", 10 * DAY_MS);
    expect(await askRun("long")).toEqual({ expectedDurationMs: 1_000, isSlow: false });
  });

  it("costs one statement for a page of runs, and none when it is not asked for or all have ended", async () => {
    await seedRuns(gateway.store, 12, 4);
    gateway.counting.reset();
    const { data } = await gateway.ask("{ syncs { nodes { expectedDurationMs isSlow } } }");
    expect(listAt(data, "syncs.nodes")).toHaveLength(12);
    expect(gateway.counting.calls()).toEqual({ "ledger.expectedDurations": 1, "ledger.listSyncs": 1 });

    gateway.counting.reset();
    await gateway.ask("{ syncs { nodes { durationMs isStale } } }");
    expect(gateway.counting.calls()).toEqual({ "ledger.listSyncs": 1 });

    await seedPast(1, 2, 3);
    gateway.counting.reset();
    await gateway.ask("{ syncs(filter: { open: false }) { nodes { isSlow } } }");
    expect(gateway.counting.calls()).toEqual({ "ledger.listSyncs": 1 });
  });
});
