// Whether a failed try is followed by another, and after how long. Never so often that a struggling vendor is struck again.
import { ExponentialBackoff } from "cockatiel";
import type { IBackoff } from "cockatiel";
import type { Clock } from "../domain/clock.ts";
import type { WireLimits } from "./limits.ts";
import type { TryFailure } from "./try-result.ts";

/** Counts requests and repetitions of one client. */
export interface RetryBudget {
  countRequest(): void;
  /** Takes one repetition out of the budget. @returns false when there is none left */
  take(): boolean;
}

/** Repetitions are a share of the requests of this period and the one before it, plus a floor for quiet times. */
export function createRetryBudget(
  limits: Pick<WireLimits, "retryShare" | "retryFloor" | "retryPeriodMs">,
  clock: Clock,
): RetryBudget {
  let period = Number.NaN;
  let current = { requests: 0, repetitions: 0 };
  let previous = { requests: 0, repetitions: 0 };

  function turnPage(): void {
    const now = Math.floor(clock.now().getTime() / limits.retryPeriodMs);
    if (now === period) return;
    previous = now === period + 1 ? current : { requests: 0, repetitions: 0 };
    current = { requests: 0, repetitions: 0 };
    period = now;
  }

  return {
    countRequest: () => {
      turnPage();
      current.requests += 1;
    },
    take: () => {
      turnPage();
      const allowed = limits.retryFloor + limits.retryShare * (current.requests + previous.requests);
      if (current.repetitions + previous.repetitions + 1 > allowed) return false;
      current.repetitions += 1;
      return true;
    },
  };
}

/** Decides for one request. */
export interface RetryPlan {
  /** @returns how long to wait before the next try, in milliseconds; null when there must be none */
  next(failure: TryFailure): number | null;
}

export interface RetryRules {
  readonly repeat: "safe" | "once";
  /** Epoch milliseconds. */
  readonly deadlineMs: number;
  readonly limits: Pick<WireLimits, "tries" | "firstBackoffMs" | "longestBackoffMs">;
  readonly budget: RetryBudget;
  readonly clock: Clock;
  readonly random: () => number;
}

export function createRetryPlan(rules: RetryRules): RetryPlan {
  const waits = backoffs(rules);
  let tries = 0;
  return {
    next: (failure) => {
      tries += 1;
      const backoff = waits();
      // A `once` request that never had a connection has not been made yet.
      const allowed = rules.repeat === "safe" ? failure.repeatable : failure.repeatable && failure.connecting;
      if (!allowed || tries >= rules.limits.tries) return null;
      const waitMs = Math.max(backoff, failure.retryAfterMs ?? 0);
      if (rules.clock.now().getTime() + waitMs >= rules.deadlineMs) return null;
      return rules.budget.take() ? waitMs : null;
    },
  };
}

/** Exponential with full jitter: anything from nothing to a bound that doubles, so that many clients do not come back together. */
function backoffs({ limits, random }: RetryRules): () => number {
  const factory = new ExponentialBackoff<number>({
    initialDelay: limits.firstBackoffMs,
    maxDelay: limits.longestBackoffMs,
    generator: (tries = 0, { initialDelay, maxDelay }) => [
      Math.floor(random() * Math.min(maxDelay, initialDelay * 2 ** tries)),
      tries + 1,
    ],
  });
  let backoff: IBackoff<unknown> | null = null;
  return () => {
    backoff = backoff === null ? factory.next() : backoff.next(undefined);
    return backoff.duration;
  };
}
