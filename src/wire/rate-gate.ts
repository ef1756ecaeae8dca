// Makes requests wait for their turn: never more in any stretch of time than the vendor allows, and none while it asked for quiet.
import type { Clock } from "../domain/clock.ts";
import type { RateLimit } from "../domain/provider-port.ts";

/** The turn would come after the deadline. */
export class NoTurnError extends Error {
  override readonly name = "NoTurnError";
  /** When the turn would come, in milliseconds from now. */
  readonly waitMs: number;

  constructor(waitMs: number) {
    super(`no turn for ${waitMs} ms`);
    this.waitMs = waitMs;
  }
}

export interface RateGate {
  /**
   * Resolves when the caller may send, in order of asking.
   *
   * @param deadlineMs epoch milliseconds
   * @throws NoTurnError at once when the turn would come too late, or the signal's reason
   */
  turn(deadlineMs: number, signal: AbortSignal): Promise<void>;
  /** Nobody gets a turn for that long. A shorter pause does not end a longer one. */
  pause(ms: number): void;
}

interface Waiter {
  readonly go: () => void;
}

/**
 * A sliding window: the request after `limit.requests` others waits until the first of them is `limit.perMs` old. A counter per
 * fixed window would let twice as many pass around the window's edge.
 */
export function createRateGate(limit: RateLimit, clock: Clock): RateGate {
  const requests = Math.max(1, Math.floor(limit.requests));
  /** When the latest turns were, oldest first. */
  const turns: number[] = [];
  const waiting: Waiter[] = [];
  let pausedUntilMs = 0;
  let pumpSleep: AbortController | null = null;

  /** When the turn comes of somebody with that many before them. */
  function turnAtMs(ahead: number, nowMs: number): number {
    const place = ahead - (requests - turns.length);
    const rounds = Math.floor(place / requests) + 1;
    const windowMs = place < 0 ? nowMs : (turns[place % requests] ?? nowMs) + rounds * limit.perMs;
    return Math.max(nowMs, pausedUntilMs, windowMs);
  }

  function take(nowMs: number): void {
    turns.push(nowMs);
    if (turns.length > requests) turns.shift();
  }

  async function pump(): Promise<void> {
    const sleep = new AbortController();
    pumpSleep = sleep;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const nowMs = clock.now().getTime();
      const waitMs = turnAtMs(0, nowMs) - nowMs;
      if (waitMs <= 0) {
        waiting.shift();
        take(nowMs);
        next.go();
      } else {
        // Ended only when nobody waits any more.
        await clock.sleep(waitMs, sleep.signal).catch(() => undefined);
      }
    }
    pumpSleep = null;
  }

  function turn(deadlineMs: number, signal: AbortSignal): Promise<void> {
    const nowMs = clock.now().getTime();
    const atMs = turnAtMs(waiting.length, nowMs);
    if (signal.aborted) return Promise.reject(signal.reason);
    if (atMs > deadlineMs) return Promise.reject(new NoTurnError(atMs - nowMs));
    if (waiting.length === 0 && atMs <= nowMs) {
      take(nowMs);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.splice(waiting.indexOf(waiter), 1);
        if (waiting.length === 0) pumpSleep?.abort();
        reject(signal.reason);
      };
      const waiter: Waiter = {
        go: () => {
          signal.removeEventListener("abort", leave);
          resolve();
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      waiting.push(waiter);
      if (pumpSleep === null) void pump();
    });
  }

  function pause(ms: number): void {
    pausedUntilMs = Math.max(pausedUntilMs, clock.now().getTime() + ms);
  }

  return { turn, pause };
}
