// What runs add up to: how many, how well, how long, how much. Counted by the store; nothing here counts.
import type { SyncOutcome } from "./status.ts";
import type { RecordCounts, SyncErrorCode } from "./sync.ts";

/** Stretches of time that runs are sorted into by their creation, in UTC. Weeks are ISO 8601's: they begin on Monday. */
export const StatisticsBucket = { Hour: "HOUR", Day: "DAY", Week: "WEEK" } as const;
export type StatisticsBucket = (typeof StatisticsBucket)[keyof typeof StatisticsBucket];

/** Most stretches of time that one answer has. */
export const MOST_BUCKETS = 400;

/** Sums over some runs. */
export interface SyncNumbers {
  /** All of them: `open + succeeded + failed`. */
  readonly total: number;
  /** Not ended: CREATED or RUNNING. */
  readonly open: number;
  readonly succeeded: number;
  readonly failed: number;
  /** `succeeded / (succeeded + failed)`, 0 to 1; null when none has ended. */
  readonly successRate: number | null;
  /**
   * Nearest-rank percentiles of how long ended runs took, in milliseconds: each is the duration of one of them. Runs without both
   * times are left out, an end before its start counts as 0. Null when no run is left.
   */
  readonly durationMsP50: number | null;
  readonly durationMsP95: number | null;
  /** Each count summed over the runs that have it; null where none has. */
  readonly recordCounts: RecordCounts;
}

/** The runs created from `start` until just before `end`. */
export interface SyncNumbersOfBucket extends SyncNumbers {
  readonly start: Date;
  readonly end: Date;
}

export interface SyncStatistics extends SyncNumbers {
  /** Ended runs by outcome, most frequent first; outcomes that did not occur are left out. */
  readonly outcomes: readonly { readonly outcome: SyncOutcome; readonly count: number }[];
  /** Failed runs by kind of failure, most frequent first. A failure that came without an error is UNKNOWN. */
  readonly failures: readonly { readonly code: SyncErrorCode; readonly count: number }[];
  /** Oldest first; those in which no run was created are left out. Empty when none were asked for. */
  readonly buckets: readonly SyncNumbersOfBucket[];
}

/** Runs that take about as long as each other: those of one definition with the same models, in whatever order. */
export interface RunsAlike {
  readonly definitionId: string;
  readonly models: readonly string[];
}

/** The same text for runs that are alike, and for no others. */
export const alikeKey = ({ definitionId, models }: RunsAlike): string =>
  JSON.stringify([definitionId, ...[...new Set(models)].toSorted()]);

/** How long such runs usually take. */
export interface ExpectedDuration extends RunsAlike {
  /** Median over the newest of them that ended well. */
  readonly durationMs: number;
}
