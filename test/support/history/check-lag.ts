// Real-time lag: from when a connection of its own first saw a transition in the database to when a subscriber had it in hand.
import type { Frame } from "./check-stream.ts";
import type { Breach } from "./history.ts";

/** A stretch of time, in milliseconds since 1970. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface LagReport {
  readonly breaches: readonly Breach[];
  readonly samples: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

export interface LagLimits {
  /** Only transitions committed in these stretches count; null counts all. */
  readonly calm: readonly Stretch[] | null;
  readonly mostP99Ms: number;
}

/** @param sightings when each place was first seen in the database */
export function checkLag(
  frames: Iterable<Frame>,
  sightings: ReadonlyMap<number, number>,
  { calm, mostP99Ms }: LagLimits,
): LagReport {
  const lags: number[] = [];
  for (const { place, at } of frames) {
    const seenAt = sightings.get(place);
    if (seenAt === undefined) continue;
    if (calm !== null && !calm.some(({ from, to }) => seenAt >= from && at <= to)) continue;
    // The database is looked at every few milliseconds: a subscriber may be told sooner than that.
    lags.push(Math.max(0, at - seenAt));
  }
  lags.sort((one, other) => one - other);
  const [p50Ms, p99Ms, maxMs] = [percentile(lags, 0.5), percentile(lags, 0.99), lags.at(-1) ?? null];
  const found = p99Ms === null ? "no transition to measure" : `p99 is ${p99Ms} ms, at most ${mostP99Ms} was promised`;
  const isLate = p99Ms === null || p99Ms > mostP99Ms;
  return {
    breaches: isLate ? [{ check: "lag", subject: "all subscribers", found }] : [],
    ...{ samples: lags.length, p50Ms, p99Ms, maxMs },
  };
}

/** Nearest rank. @param sorted ascending */
export function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
