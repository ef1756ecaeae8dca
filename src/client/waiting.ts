// How long to wait before the next try, and waiting that can be left.

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * Full jitter: anything between nothing and a bound that doubles with each failure, so that clients which lost the same gateway do not
 * come back together.
 *
 * @param failures tries in a row that came to nothing, at least 1
 */
export function fullJitterMs(failures: number): number {
  return Math.random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
}

/** Resolves after that many milliseconds, or at once when the signal aborts. */
export function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
