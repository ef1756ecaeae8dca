// Turns of a quota that several gateways share: takes them ahead of time, waits for them, and lets none be used too late.
import type { Clock } from "../domain/clock.ts";
import type { RateLimit } from "../domain/provider-port.ts";
import type { SharedQuota } from "../domain/quota-port.ts";

export interface Turn {
  /**
   * To be called at the moment of sending.
   *
   * @throws LapsedTurnError when that is too late; then nothing may be sent, and another turn is needed
   */
  use(): void;
}

/** The turn came too long ago: the vendor would see the request among later ones. */
export class LapsedTurnError extends Error {
  override readonly name = "LapsedTurnError";
}

/** The gateways' store did not tell how much of the quota is left. */
export class QuotaUnknownError extends Error {
  override readonly name = "QuotaUnknownError";
}

/** A turn to be used now, or when it is worth asking again: until then there is none. */
export type NextTurn = { readonly turn: Turn } | { readonly notBeforeMs: number };

export interface SharedTurns {
  /**
   * To be called by one at a time. A turn that is to be waited for is kept for whoever asks next.
   *
   * @param deadlineMs epoch milliseconds; no turn is taken that comes later
   * @throws QuotaUnknownError
   */
  next(deadlineMs: number): Promise<NextTurn>;
  /** Tells all gateways that nobody may send for that long. When they cannot be told, the vendor tells them. */
  pause(ms: number): void;
}

/** A store that takes longer has no answer. */
const ANSWER_WITHIN_MS = 5_000;
/** Enough for the way back from the store and a connection's first greeting; as long as it lasts a turn is the quota's, used or not. */
const USUALLY_LASTS_MS = 250;
const LASTS_AT_MOST_MS = 5_000;

/** A turn in this gateway's hands, in epoch milliseconds of its own clock. */
interface HeldTurn {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly lastsMs: number;
  /** The vendor may have asked for quiet since it was taken. */
  readonly waitedFor: boolean;
}

export function createSharedTurns(quota: SharedQuota, limit: RateLimit, clock: Clock): SharedTurns {
  const shortestMs = Math.ceil(Math.min(USUALLY_LASTS_MS, limit.perMs / 20));
  const longestMs = Math.min(LASTS_AT_MOST_MS, limit.perMs);
  let lastsMs = shortestMs;
  let held: HeldTurn | null = null;
  const nowMs = (): number => clock.now().getTime();

  async function take(deadlineMs: number): Promise<HeldTurn | { readonly notBeforeMs: number }> {
    const askedMs = nowMs();
    const { taken, waitMs } = await answered(quota.take({ withinMs: Math.max(0, deadlineMs - askedMs), lastsMs }));
    const fromMs = nowMs() + waitMs;
    // When the store answered is not known, but it was not before it was asked.
    return taken
      ? { fromMs, untilMs: askedMs + waitMs + lastsMs, lastsMs, waitedFor: waitMs > 0 }
      : { notBeforeMs: fromMs };
  }

  async function next(deadlineMs: number): Promise<NextTurn> {
    if (held !== null && nowMs() > held.untilMs) {
      held = null;
      // Nobody wanted it any more, or this gateway is slow to wake.
      lastsMs = Math.min(2 * lastsMs, longestMs);
    }
    if (held === null) {
      const found = await take(deadlineMs);
      if ("notBeforeMs" in found) return found;
      held = found;
    }
    if (nowMs() < held.fromMs) return { notBeforeMs: held.fromMs };
    const turn = held;
    held = null;
    const pausedForMs = turn.waitedFor ? await answered(quota.pausedForMs()) : 0;
    return pausedForMs > 0 ? { notBeforeMs: nowMs() + pausedForMs } : { turn: { use: () => use(turn) } };
  }

  /** Turns last as long as this gateway was found to need, lately. */
  function use({ untilMs, lastsMs: lasted }: HeldTurn): void {
    const lateMs = nowMs() - (untilMs - lasted);
    lastsMs = Math.min(Math.max(shortestMs, 2 * lateMs, Math.floor(0.9 * lastsMs)), longestMs);
    if (lateMs > lasted) throw new LapsedTurnError(`used ${lateMs} ms after it came, and it lasted ${lasted} ms`);
  }

  async function answered<T>(asking: Promise<T>): Promise<T> {
    const settled = new AbortController();
    const late = clock.sleep(ANSWER_WITHIN_MS, settled.signal).then(() => {
      throw new Error(`no answer within ${ANSWER_WITHIN_MS} ms`);
    });
    try {
      return await Promise.race([asking, late]);
    } catch (cause) {
      throw new QuotaUnknownError("the quota's store does not answer", { cause });
    } finally {
      settled.abort();
    }
  }

  return {
    next,
    // A store that does not take it does not give turns either.
    pause: (ms) => void quota.pause(ms).catch(() => undefined),
  };
}
