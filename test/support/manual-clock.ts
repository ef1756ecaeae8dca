// A clock that stands still until a test moves it.
import type { Clock } from "../../src/domain/clock.ts";

export interface ManualClock extends Clock {
  /** Moves time on, waking sleepers in the order in which they are due; what they do at once is done before the next wakes. */
  advance(ms: number): Promise<void>;
  /** What is slept for at this moment: milliseconds still to go, soonest first. */
  pending(): readonly number[];
  /**
   * Resolves with the remaining milliseconds of a sleep that matches, as soon as there is one. For work that does real I/O before
   * it sleeps; a sleep that never comes is the test's timeout.
   */
  untilSleeping(matches?: (remainingMs: number) => boolean): Promise<number>;
}

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

interface Watcher {
  readonly matches: (remainingMs: number) => boolean;
  readonly found: (remainingMs: number) => void;
}

export function createManualClock(start: Date = new Date("2026-01-01T00:00:00.000Z")): ManualClock {
  let nowMs = start.getTime();
  const sleepers = new Set<Sleeper>();
  const watchers = new Set<Watcher>();
  const soonestFirst = (): Sleeper[] => [...sleepers].toSorted((one, other) => one.wakeAt - other.wakeAt);
  const pending = (): number[] => soonestFirst().map((sleeper) => sleeper.wakeAt - nowMs);

  function tellWatchers(): void {
    for (const watcher of watchers) {
      const match = pending().find(watcher.matches);
      if (match === undefined) continue;
      watchers.delete(watcher);
      watcher.found(match);
    }
  }

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      if (ms <= 0) {
        resolve();
        return;
      }
      const onAbort = (): void => {
        sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        wakeAt: nowMs + ms,
        wake: () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      sleepers.add(sleeper);
      tellWatchers();
    });
  }

  async function advance(ms: number): Promise<void> {
    const target = nowMs + ms;
    await settle();
    for (let next = soonestFirst()[0]; next !== undefined && next.wakeAt <= target; next = soonestFirst()[0]) {
      nowMs = Math.max(nowMs, next.wakeAt);
      next.wake();
      await settle();
    }
    nowMs = target;
  }

  function untilSleeping(matches: (remainingMs: number) => boolean = () => true): Promise<number> {
    return new Promise((resolve) => {
      watchers.add({ matches, found: resolve });
      tellWatchers();
    });
  }

  return { now: () => new Date(nowMs), sleep, advance, pending, untilSleeping };
}

/** A manual clock that shows the time as it passes, for tests before vendors that go by the machine's: only what is slept for is the test's. */
export function createGoingClock(): ManualClock {
  const bornMs = Date.now();
  const manual = createManualClock(new Date(bornMs));
  return { ...manual, now: () => new Date(manual.now().getTime() + Date.now() - bornMs) };
}

/** Lets promise chains that are ready run; a turn of the event loop has room for any number of them. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
