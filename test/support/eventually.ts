// Waiting for something that becomes true by itself: looks again and again, and throws when the time is up.
import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";

/**
 * What is waited for usually takes a moment. On a machine that does other things besides it takes as long as the machine decides, and that
 * is no reason to fail: only what never comes is.
 */
export const GENEROUS_MS = 60_000;

/**
 * Looks until the look gives something.
 *
 * @param what completes the sentence "expected within ... ms: "; a function, where only the last look knows what is missing
 * @param look null or undefined means "not yet"; what it throws ends the wait
 * @param everyMs between two looks; shorter only for what must be seen while it lasts
 */
export async function eventually<T>(
  what: string | (() => string),
  look: () => Promise<T | null | undefined> | T | null | undefined,
  withinMs = GENEROUS_MS,
  everyMs = 50,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined) return found;
    if (Date.now() >= deadline)
      throw new Error(`expected within ${withinMs} ms: ${typeof what === "string" ? what : what()}`);
    await pause(everyMs);
  }
}

/** Passes a promise on, or throws when it takes longer. */
export async function within<T>(what: string, promise: Promise<T>, withinMs = GENEROUS_MS): Promise<T> {
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

/** What went wrong, with all the facts: what was thrown may be anything, and `String` makes `[object Object]` of most. */
export function factsOf(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  // What ends a socket holds the whole of it; these two are all it says.
  if (isClose(thrown)) return `closed with ${thrown.code}: ${thrown.reason}`;
  if (!(thrown instanceof Error)) return inspect(thrown, { depth: 4 }).slice(0, MOST_TOLD);
  return thrown.cause === undefined ? thrown.message : `${thrown.message}, because: ${factsOf(thrown.cause)}`;
}

const isClose = (thrown: unknown): thrown is { readonly code: number; readonly reason: string } =>
  typeof thrown === "object" && thrown !== null && "code" in thrown && "reason" in thrown;

/** Characters. */
const MOST_TOLD = 4_000;
