// When an open run is looked at next. Pure; the store asks while it records.
import type { PollIntervals } from "../domain/provider-port.ts";
import { SyncStatus, isTerminal, type WaitingReason } from "../domain/status.ts";
import type { ClaimedRun, PollSettlement } from "../domain/poll-port.ts";

export interface PollSubject {
  readonly status: SyncStatus;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly waitingReason: WaitingReason | null;
  readonly resumesAt: Date | null;
}

const JITTER = 0.2;

/**
 * Fast right after the start and near the expected end, slower in between and after it, always between the two intervals.
 *
 * @param usualDurationMs how long runs of this definition take; null when none has ended yet
 * @param random uniform in [0, 1)
 * @returns null when the run has ended
 */
export function nextPollAt(
  run: PollSubject,
  now: Date,
  intervals: PollIntervals,
  usualDurationMs: number | null,
  random: number,
): Date | null {
  if (isTerminal(run.status)) return null;
  const jittered = delayMs(run, now, intervals, usualDurationMs) * (1 - JITTER / 2 + JITTER * random);
  return new Date(now.getTime() + Math.round(jittered));
}

function delayMs(run: PollSubject, now: Date, intervals: PollIntervals, usualDurationMs: number | null): number {
  const between = (ms: number) => Math.min(Math.max(ms, intervals.fastMs), intervals.slowMs);
  if (run.resumesAt !== null && run.resumesAt > now) return between(run.resumesAt.getTime() - now.getTime());
  const elapsedMs = Math.max(0, now.getTime() - (run.startedAt ?? run.createdAt).getTime());
  // A tenth of its age keeps the number of polls logarithmic in a run's length while the end is found within 10 %.
  if (run.status === SyncStatus.Created || usualDurationMs === null) return between(elapsedMs / 10);
  const remainingMs = usualDurationMs - elapsedMs;
  return between(remainingMs > 0 ? remainingMs / 3 : -remainingMs / 3);
}

/** Delay after a poll that failed: doubles with each failure in a row, never less than the vendor asks. */
export function backOffMs(intervals: PollIntervals, failures: number, retryAfterMs: number | null): number {
  const doubled = intervals.fastMs * 2 ** Math.min(failures, 10);
  return Math.max(Math.min(doubled, intervals.slowMs * 4), Math.min(retryAfterMs ?? 0, 3_600_000));
}

/** What becomes of a lease under which nothing was learned of the run. */
export function afterFailure(
  claim: ClaimedRun,
  intervals: PollIntervals,
  now: Date,
  retryAfterMs: number | null,
): PollSettlement {
  const failures = claim.failures + 1;
  const nextPollAt = new Date(now.getTime() + backOffMs(intervals, failures, retryAfterMs));
  const { fence, missingSince } = claim;
  return { syncId: claim.sync.id, fence, nextPollAt, failures, missingSince };
}
