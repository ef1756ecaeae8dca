// How often something may happen: a bucket of tokens that fills up by the clock it is given.

export interface BucketLimits {
  /** Tokens that come back in a second. */
  readonly perSecond: number;
  /** Tokens it holds at most, and in the beginning. */
  readonly burst: number;
}

export interface TokenBucket {
  /** Takes a token. @returns false when there is none */
  take(): boolean;
}

export function createTokenBucket({ perSecond, burst }: BucketLimits, now: () => Date): TokenBucket {
  let tokens = burst;
  let filledAt = now().getTime();
  return {
    take() {
      const time = now().getTime();
      // A clock that was set back gives nothing.
      tokens = Math.min(burst, tokens + (Math.max(0, time - filledAt) * perSecond) / 1_000);
      filledAt = time;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
