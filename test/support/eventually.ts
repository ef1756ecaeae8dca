// Waiting for something that becomes true by itself: looks again and again, and throws when the time is up.
import { setTimeout as pause } from "node:timers/promises";

/**
 * Looks until the look gives something.
 *
 * @param what completes the sentence "expected within ... ms: "
 * @param look null or undefined means "not yet"; what it throws ends the wait
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | undefined> | T | null | undefined,
  withinMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined) return found;
    if (Date.now() >= deadline) throw new Error(`expected within ${withinMs} ms: ${what}`);
    await pause(50);
  }
}

/** Passes a promise on, or throws when it takes longer. */
export async function within<T>(what: string, promise: Promise<T>, withinMs = 20_000): Promise<T> {
  const settled = new AbortController();
  const late = pause(withinMs, undefined, { signal: settled.signal }).then(
    () => Promise.reject(new Error(`expected within ${withinMs} ms: ${what}`)),
    // Aborted: the promise was faster, and nobody looks at this one any more.
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    settled.abort();
  }
}
