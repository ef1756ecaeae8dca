// What runs add up to, counted by the database: no run is loaded. One statement, so that all numbers are of the same moment.
import { ErrorCode, GatewayError } from "../domain/errors.ts";
import { MOST_BUCKETS, StatisticsBucket, alikeKey } from "../domain/statistics.ts";
import type { RunsAlike, SyncNumbers, SyncStatistics } from "../domain/statistics.ts";
import { SyncOutcome } from "../domain/status.ts";
import type { LedgerStore } from "../domain/store-port.ts";
import { SyncErrorCode } from "../domain/sync.ts";
import type { RecordCounts } from "../domain/sync.ts";
import type { Database } from "./database.ts";
import type { Dialect } from "./dialect.ts";
import { OPEN_SYNC } from "./entities/sync.ts";
import { syncConditions } from "./filters.ts";
import { GROUP_KEY, conditionsText } from "./keyset.ts";
import { identifier, join, sql, verbatim } from "./sql.ts";
import type { Sql } from "./sql.ts";
import { json, whole } from "./table.ts";
import type { StoredRow } from "./table.ts";

export function statisticsReads({
  read,
  readLong,
  dialect,
}: Database): Pick<LedgerStore, "statistics" | "expectedDurations"> {
  return {
    statistics: async (tenantId, filter, bucket, { signal } = {}) => {
      const conditions = conditionsText(syncConditions(dialect, tenantId, filter));
      const rows = await readLong(statisticsQuery(conditions, bucket), signal);
      return statisticsOf(rows, bucket);
    },
    expectedDurations: async (tenantId, asked) => {
      if (asked.length === 0) return [];
      const alike = [...new Map(asked.map((one) => [alikeKey(one), one])).values()];
      const rows = await read(expectedDurationQuery(dialect, tenantId, alike));
      return rows.flatMap((row) => {
        const found = alike[Number(row["place_asked"])];
        return found === undefined ? [] : [{ ...found, durationMs: Math.round(Number(row["duration_ms"])) }];
      });
    },
  };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Epoch milliseconds zero was a Thursday: the first Monday after it came four days later. */
const SPANS: Readonly<Record<StatisticsBucket, { readonly widthMs: number; readonly firstStartMs: number }>> = {
  HOUR: { widthMs: HOUR_MS, firstStartMs: 0 },
  DAY: { widthMs: DAY_MS, firstStartMs: 0 },
  WEEK: { widthMs: 7 * DAY_MS, firstStartMs: 4 * DAY_MS },
};

const COUNTED = [
  "total",
  "inserted",
  "updated",
  "upserted",
  "deleted",
  "failed",
  "warnings",
  "fetched",
  "persisted",
] as const satisfies readonly (keyof RecordCounts)[];
const OUTCOMES = Object.values(SyncOutcome);
const FAILURES = Object.values(SyncErrorCode);

/** An end before its start is a vendor's clock that was set back: it counts as no time at all. */
const DURATION_MS = verbatim("case when finished_at > started_at then finished_at - started_at else 0 end");
const HAS_TIMES = verbatim("started_at is not null and finished_at is not null");

/** One row over all runs, then one for each stretch of time, oldest first; one stretch too many tells that there are more. */
function statisticsQuery(conditions: Sql, bucket: StatisticsBucket | null): Sql {
  const columns = [
    verbatim("status, outcome, started_at, finished_at"),
    sql`coalesce(error ->> 'code', ${SyncErrorCode.Unknown}) as failure`,
    sql`${bucketStart(bucket)} as bucket`,
    sql`case when not (${verbatim(OPEN_SYNC)}) and ${HAS_TIMES} then ${DURATION_MS} end as duration_ms`,
    // Floating point on both databases: exact up to 2^53, and no sum overflows.
    ...COUNTED.map(
      (name) =>
        sql`cast(record_counts ->> ${verbatim(`'${name}'`)} as double precision) as ${identifier(`records_${name}`)}`,
    ),
  ];
  const run = sql`select ${join(columns, ", ")} from sync where ${conditions}`;
  const whole = sql`select 0 as part, cast(null as bigint) as bucket, ${sums()} from (${placed(verbatim(""))}) as placed`;
  if (bucket === null) return sql`with run as (${run}) ${whole}`;
  const apart = sql`select 1 as part, bucket, ${sums()} from (${placed(verbatim("bucket, "))}) as placed group by bucket`;
  return sql`with run as (${run}) ${whole} union all ${apart} order by part, bucket limit ${MOST_BUCKETS + 2}`;
}

/** The remainder is taken twice because that of a time before the first start is negative. */
function bucketStart(bucket: StatisticsBucket | null): Sql {
  if (bucket === null) return verbatim("0");
  const { widthMs, firstStartMs } = SPANS[bucket];
  return sql`created_at - ((created_at - ${firstStartMs}) % ${widthMs} + ${widthMs}) % ${widthMs}`;
}

/** Runs with their place among those with a duration, and how many of these there are. */
function placed(group: Sql): Sql {
  const timed = sql`partition by ${group}duration_ms is null`;
  return sql`select run.*, row_number() over (${timed} order by duration_ms) as place, count(*) over (${timed}) as placed_runs from run`;
}

function sums(): Sql {
  const counted = (name: string, condition: Sql): Sql =>
    sql`count(*) filter (where ${condition}) as ${identifier(name)}`;
  // Nearest rank: the smallest duration that at least so many of a hundred runs do not exceed.
  const percentile = (name: string, percent: number): Sql =>
    sql`min(case when place >= (placed_runs * ${percent} + 99) / 100 then duration_ms end) as ${identifier(name)}`;
  return join(
    [
      verbatim("count(*) as total"),
      counted("open", verbatim(OPEN_SYNC)),
      counted("succeeded", verbatim("status = 'SUCCESS'")),
      counted("failed", verbatim("status = 'FAILED'")),
      percentile("p50", 50),
      percentile("p95", 95),
      ...COUNTED.map((name) => sql`sum(${identifier(`records_${name}`)}) as ${identifier(`records_${name}`)}`),
      ...OUTCOMES.map((outcome) => counted(`outcome_${outcome}`, sql`outcome = ${outcome}`)),
      ...FAILURES.map((code) =>
        counted(
          `failure_${code}`,
          sql`status = 'FAILED' and coalesce(outcome, '') <> 'CANCELLED' and failure = ${code}`,
        ),
      ),
    ],
    ", ",
  );
}

function statisticsOf(rows: readonly StoredRow[], bucket: StatisticsBucket | null): SyncStatistics {
  const [whole = {}, ...apart] = rows;
  if (apart.length > MOST_BUCKETS) throw tooMany(bucket);
  const counts = <Value extends string>(prefix: string, values: readonly Value[]) =>
    values
      .map((value) => ({ value, count: Number(whole[`${prefix}_${value}`]) }))
      .filter(({ count }) => count > 0)
      .toSorted((one, other) => other.count - one.count);
  return {
    ...numbersOf(whole),
    outcomes: counts("outcome", OUTCOMES).map(({ value, count }) => ({ outcome: value, count })),
    failures: counts("failure", FAILURES).map(({ value, count }) => ({ code: value, count })),
    buckets:
      bucket === null ? [] : apart.map((row) => ({ ...spanOf(Number(row["bucket"]), bucket), ...numbersOf(row) })),
  };
}

function spanOf(startMs: number, bucket: StatisticsBucket): { readonly start: Date; readonly end: Date } {
  return { start: new Date(startMs), end: new Date(startMs + SPANS[bucket].widthMs) };
}

function numbersOf(row: StoredRow): SyncNumbers {
  const number = (name: string): number => Number(row[name]);
  const known = (name: string): number | null => (row[name] === null || row[name] === undefined ? null : number(name));
  const [succeeded, failed] = [number("succeeded"), number("failed")];
  const ended = succeeded + failed;
  const recordCounts = Object.fromEntries(COUNTED.map((name) => [name, known(`records_${name}`)])) as Record<
    (typeof COUNTED)[number],
    number | null
  >;
  return {
    total: number("total"),
    open: number("open"),
    succeeded,
    failed,
    successRate: ended === 0 ? null : succeeded / ended,
    durationMsP50: known("p50"),
    durationMsP95: known("p95"),
    recordCounts,
  };
}

function tooMany(bucket: StatisticsBucket | null): GatewayError {
  const larger = bucket === StatisticsBucket.Week ? "" : ", or use a larger bucket";
  const message = `bucket: the runs fall into more than ${MOST_BUCKETS} buckets of one ${String(bucket)}. Narrow createdAfter and createdBefore${larger}.`;
  return new GatewayError(ErrorCode.BadUserInput, message);
}

/** Runs an expectation is made of, at most and at least: enough to be usual, few enough to follow a definition that grows. */
const MOST_RUNS = 20;
const FEWEST_RUNS = 3;

/** Of a definition's runs no more are searched: models that are seldom run may else have all of its past looked through. */
const MOST_SEARCHED = 500;
const ASKED_FIELDS = [
  GROUP_KEY,
  { property: "models", name: "models_asked", column: json<readonly string[]>() },
  { property: "place", name: "place_asked", column: whole() },
] as const;

function expectedDurationQuery(dialect: Dialect, tenantId: string, alike: readonly RunsAlike[]): Sql {
  const rows = alike.map(({ definitionId, models }, place) => ({
    group_key: definitionId,
    models_asked: models,
    place_asked: place,
  }));
  const given = dialect.given(ASKED_FIELDS, rows);
  const own = sql`tenant_id = ${tenantId} and definition_id = given.group_key`;
  const oldest = sql`coalesce((select created_at from sync where ${own} order by created_at desc, id desc limit 1 offset ${MOST_SEARCHED - 1}), 0)`;
  // Wrapped, so that no planner takes the index by status and sorts all runs of the tenant for each definition.
  const succeeded = verbatim("coalesce(status, '') = 'SUCCESS'");
  const same = dialect.sameSet(verbatim("models"), verbatim("given.models_asked"));
  const chosen = sql`where ${own} and created_at >= ${oldest} and ${succeeded} and ${HAS_TIMES} and ${same} order by created_at desc, id desc limit ${MOST_RUNS}`;
  const newest = sql`select given.place_asked, ${DURATION_MS} as duration_ms from ${dialect.eachGiven(given, identifier("sync"), chosen)}`;
  const ranked = sql`select place_asked, duration_ms, row_number() over (partition by place_asked order by duration_ms) as place, count(*) over (partition by place_asked) as runs from (${newest}) as newest`;
  // The middle one, or the two in the middle.
  return sql`select place_asked, cast(avg(duration_ms) as double precision) as duration_ms from (${ranked}) as ranked where runs >= ${FEWEST_RUNS} and place in ((runs + 1) / 2, (runs + 2) / 2) group by place_asked`;
}
