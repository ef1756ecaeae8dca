// Random runs, and their statistics counted one by one: what the database must come to as well.
import fc from "fast-check";
import type { StatisticsBucket, SyncNumbers, SyncStatistics } from "../../src/domain/statistics.ts";
import { SyncOutcome, SyncStatus } from "../../src/domain/status.ts";
import type { SyncFilter } from "../../src/domain/store-port.ts";
import { SyncErrorCode } from "../../src/domain/sync.ts";
import type { Observation, RecordCounts, Sync } from "../../src/domain/sync.ts";
import { at } from "./store-values.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null, freq: 3 });
const smallCount = maybe(fc.integer({ min: 0, max: 9 }));
const randomError = maybe(
  fc.record({
    message: fc.constant("m"),
    code: fc.constantFrom(...Object.values(SyncErrorCode)),
    retryable: fc.boolean(),
    advice: fc.constant(null),
  }),
);

export const randomRun: fc.Arbitrary<Partial<Observation>> = fc
  .record({
    status: fc.constantFrom(...Object.values(SyncStatus)),
    outcome: maybe(fc.constantFrom(SyncOutcome.Partial, SyncOutcome.Cancelled, SyncOutcome.Lost)),
    createdAt: fc.integer({ min: -20 * DAY_MS, max: 20 * DAY_MS }).map(at),
    startedAt: maybe(fc.integer({ min: 0, max: 50 }).map(at)),
    finishedAt: maybe(fc.integer({ min: 0, max: 50 }).map(at)),
    recordCounts: maybe(fc.record({ ...fewCounts(), total: smallCount, failed: smallCount, fetched: smallCount })),
    error: randomError,
    models: fc.subarray(["x", "y"]),
  })
  .map(({ status, outcome, ...facts }) => ({
    status,
    outcome: status === SyncStatus.Success && outcome !== SyncOutcome.Partial ? null : outcome,
    facts,
  }));

export const randomFilter: fc.Arbitrary<SyncFilter> = fc.oneof(
  fc.constant({}),
  fc.record({ statuses: fc.subarray(Object.values(SyncStatus)) }),
  fc.record({ open: fc.boolean(), models: fc.subarray(["x", "y"]) }),
  fc.record({
    createdAfter: fc.integer({ min: -20 * DAY_MS, max: 0 }).map(at),
    createdBefore: fc.integer({ min: 0, max: 20 * DAY_MS }).map(at),
  }),
);

function fewCounts() {
  const never = fc.constant(null);
  return {
    total: never,
    inserted: smallCount,
    updated: never,
    upserted: never,
    deleted: never,
    failed: never,
    warnings: never,
    fetched: never,
    persisted: smallCount,
  };
}

export function isChosen(sync: Sync, filter: SyncFilter): boolean {
  const isOpen = sync.status === "CREATED" || sync.status === "RUNNING";
  return (
    (filter.statuses?.includes(sync.status) ?? true) &&
    (filter.models?.some((model) => sync.models.includes(model)) ?? true) &&
    (filter.open === undefined || filter.open === isOpen) &&
    (filter.createdAfter === undefined || sync.createdAt >= filter.createdAfter) &&
    (filter.createdBefore === undefined || sync.createdAt < filter.createdBefore)
  );
}

export function naive(runs: readonly Sync[], bucket: StatisticsBucket | null): SyncStatistics {
  const failed = runs.filter(({ status }) => status === "FAILED");
  const outcomes = tally(
    Object.values(SyncOutcome),
    runs.map(({ outcome }) => outcome),
  );
  const failures = tally(
    Object.values(SyncErrorCode),
    failed.filter(({ outcome }) => outcome !== "CANCELLED").map(({ error }) => error?.code ?? "UNKNOWN"),
  );
  const starts =
    bucket === null
      ? []
      : [...new Set(runs.map(({ createdAt }) => startOf(createdAt, bucket)))].toSorted((one, other) => one - other);
  return {
    ...naiveNumbers(runs),
    outcomes: outcomes.map(([outcome, count]) => ({ outcome, count })),
    failures: failures.map(([code, count]) => ({ code, count })),
    buckets: starts.map((start) => ({
      start: new Date(start),
      end: new Date(start + { HOUR: HOUR_MS, DAY: DAY_MS, WEEK: 7 * DAY_MS }[bucket ?? "HOUR"]),
      ...naiveNumbers(runs.filter(({ createdAt }) => startOf(createdAt, bucket ?? "HOUR") === start)),
    })),
  };
}

/** By the calendar, not by arithmetic. */
function startOf(time: Date, bucket: StatisticsBucket): number {
  const start = new Date(time);
  start.setUTCMinutes(0, 0, 0);
  if (bucket === "HOUR") return start.getTime();
  start.setUTCHours(0);
  while (bucket === "WEEK" && start.getUTCDay() !== 1) start.setUTCDate(start.getUTCDate() - 1);
  return start.getTime();
}

function naiveNumbers(runs: readonly Sync[]): SyncNumbers {
  const of = (...statuses: SyncStatus[]) => runs.filter(({ status }) => statuses.includes(status));
  const ended = of("SUCCESS", "FAILED");
  const durations = ended
    .flatMap(({ startedAt, finishedAt }) =>
      startedAt === null || finishedAt === null ? [] : [Math.max(0, finishedAt.getTime() - startedAt.getTime())],
    )
    .toSorted((one, other) => one - other);
  const rank = (share: number) => durations[Math.ceil(share * durations.length) - 1] ?? null;
  const sum = (name: keyof RecordCounts) => {
    const counted = runs.flatMap(({ recordCounts }) => recordCounts?.[name] ?? []);
    return counted.length === 0 ? null : counted.reduce((total, count) => total + count, 0);
  };
  return {
    total: runs.length,
    open: of("CREATED", "RUNNING").length,
    succeeded: of("SUCCESS").length,
    failed: of("FAILED").length,
    successRate: ended.length === 0 ? null : of("SUCCESS").length / ended.length,
    durationMsP50: rank(0.5),
    durationMsP95: rank(0.95),
    recordCounts: {
      ...{
        total: sum("total"),
        inserted: sum("inserted"),
        updated: sum("updated"),
        upserted: sum("upserted"),
        deleted: sum("deleted"),
      },
      ...{ failed: sum("failed"), warnings: sum("warnings"), fetched: sum("fetched"), persisted: sum("persisted") },
    },
  };
}

function tally<Value>(
  values: readonly Value[],
  found: readonly (Value | null)[],
): readonly (readonly [Value, number])[] {
  return values
    .map((value) => [value, found.filter((one) => one === value).length] as const)
    .filter(([, count]) => count > 0)
    .toSorted(([, one], [, other]) => other - one);
}
