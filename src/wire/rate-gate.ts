// Makes requests wait for their turn: never more in any stretch of time than the vendor allows, and none while it asked for quiet.
import type { Clock } from "../domain/clock.ts";
import type { RateLimit } from "../domain/provider-port.ts";
import type { SharedTurns, Turn } from "./shared-turns.ts";

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
   * @throws NoTurnError as soon as it is known that the turn would come too late, or the signal's reason
   * @throws QuotaUnknownError when the turns are shared and nobody can tell how many are left
   */
  turn(deadlineMs: number, signal: AbortSignal): Promise<Turn>;
  /** Nobody gets a turn for that long. A shorter pause does not end a longer one. */
  pause(ms: number): void;
}

interface Waiter {
  readonly deadlineMs: number;
  readonly go: (turn: Turn) => void;
  readonly fail: (reason: unknown) => void;
}

/** The turn of a client that shares its quota with nobody: it is used at once. */
const OWN_TURN: Turn = { use: () => undefined };

/**
 * A sliding window: the request after `limit.requests` others waits until the first of them is `limit.perMs` old. A counter per
 * fixed window would let twice as many pass around the window's edge.
 *
 * @param shared the turns of all gateways, of which each request takes one too, when its own comes; null when there is one gateway
 */
export function createRateGate(limit: RateLimit, clock: Clock, shared: SharedTurns | null = null): RateGate {
  const requests = Math.max(1, Math.floor(limit.requests));
  /** When the latest turns were, oldest first. */
  const turns: number[] = [];
  const waiting: Waiter[] = [];
  /** Because the vendor asked for quiet, or the other gateways have all turns before then. */
  let closedUntilMs = 0;
  let pumping = false;
  /** Ends the sleep that is slept for whoever waits; one for each sleep, since somebody may come at the moment it is ended. */
  let asleep = new AbortController();

  /** When the turn comes of somebody with that many before them, at the earliest. */
  function turnAtMs(ahead: number, nowMs: number): number {
    const place = ahead - (requests - turns.length);
    const rounds = Math.floor(place / requests) + 1;
    const windowMs = place < 0 ? nowMs : (turns[place % requests] ?? nowMs) + rounds * limit.perMs;
    return Math.max(nowMs, closedUntilMs, windowMs);
  }

  function take(nowMs: number): void {
    turns.push(nowMs);
    if (turns.length > requests) turns.shift();
  }

  async function pump(): Promise<void> {
    pumping = true;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const nowMs = clock.now().getTime();
      const waitMs = turnAtMs(0, nowMs) - nowMs;
      if (waitMs > 0) {
        asleep = new AbortController();
        // Ended only when nobody waits any more.
        await clock.sleep(waitMs, asleep.signal).catch(() => undefined);
      } else if (shared === null) {
        give(OWN_TURN);
      } else {
        await giveShared(shared, next.deadlineMs);
      }
    }
    pumping = false;
  }

  function give(turn: Turn): void {
    const next = waiting.shift();
    // Whoever asked has left, and nobody came: the turn is lost.
    if (next === undefined) return;
    take(clock.now().getTime());
    next.go(turn);
  }

  async function giveShared(turnsOfAll: SharedTurns, deadlineMs: number): Promise<void> {
    try {
      const next = await turnsOfAll.next(deadlineMs);
      if ("turn" in next) give(next.turn);
      else closeUntil(next.notBeforeMs);
    } catch (unknown) {
      // Whoever waits would be told the same.
      for (const waiter of waiting.splice(0)) waiter.fail(unknown);
    }
  }

  function closeUntil(atMs: number): void {
    closedUntilMs = Math.max(closedUntilMs, atMs);
    const nowMs = clock.now().getTime();
    for (const waiter of waiting.filter(({ deadlineMs }) => deadlineMs < closedUntilMs)) {
      waiting.splice(waiting.indexOf(waiter), 1);
      waiter.fail(new NoTurnError(closedUntilMs - nowMs));
    }
  }

  function turn(deadlineMs: number, signal: AbortSignal): Promise<Turn> {
    const nowMs = clock.now().getTime();
    const atMs = turnAtMs(waiting.length, nowMs);
    if (signal.aborted) return Promise.reject(signal.reason);
    if (atMs > deadlineMs) return Promise.reject(new NoTurnError(atMs - nowMs));
    if (shared === null && waiting.length === 0 && atMs <= nowMs) {
      take(nowMs);
      return Promise.resolve(OWN_TURN);
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.splice(waiting.indexOf(waiter), 1);
        if (waiting.length === 0) asleep.abort();
        reject(signal.reason);
      };
      const stay = (): void => signal.removeEventListener("abort", leave);
      const waiter: Waiter = {
        deadlineMs,
        go: (given) => {
          stay();
          resolve(given);
        },
        fail: (reason) => {
          stay();
          reject(reason);
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      waiting.push(waiter);
      if (!pumping) void pump();
    });
  }

  function pause(ms: number): void {
    closedUntilMs = Math.max(closedUntilMs, clock.now().getTime() + ms);
    shared?.pause(ms);
  }

  return { turn, pause };
}
