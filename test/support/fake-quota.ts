// A shared quota in memory, by the rule of the store's own, for gateways that are tested without a database. Its clock is the test's.
import type { Clock } from "../../src/domain/clock.ts";
import type { RateLimit } from "../../src/domain/provider-port.ts";
import type { SharedQuota, TurnWish } from "../../src/domain/quota-port.ts";

export interface FakeQuota extends SharedQuota {
  /** Every wish for a turn, taken or not. */
  readonly wishes: readonly TurnWish[];
  /** Pauses in milliseconds, in the order in which they were told. */
  readonly pauses: readonly number[];
  /** Awaited before each answer; may throw in its place. Default: at once. */
  way: () => Promise<void>;
}

export function createFakeQuota(limit: RateLimit, clock: Clock): FakeQuota {
  const turns: { readonly comesMs: number; readonly untilMs: number }[] = [];
  const wishes: TurnWish[] = [];
  const pauses: number[] = [];
  let pausedUntilMs = 0;
  const fake: FakeQuota = {
    wishes,
    pauses,
    way: () => Promise.resolve(),
    async take(wish) {
      await fake.way();
      wishes.push(wish);
      const nowMs = clock.now().getTime();
      const freeing = turns.at(-limit.requests)?.untilMs ?? Number.NEGATIVE_INFINITY;
      const comesMs = Math.max(nowMs, pausedUntilMs, turns.at(-1)?.comesMs ?? 0, freeing + limit.perMs);
      const taken = comesMs - nowMs <= wish.withinMs;
      const untilMs = Math.max(turns.at(-1)?.untilMs ?? 0, comesMs + wish.lastsMs);
      if (taken) turns.push({ comesMs, untilMs });
      const answer = { taken, waitMs: comesMs - nowMs };
      await fake.way();
      return answer;
    },
    async pausedForMs() {
      await fake.way();
      return Math.max(0, pausedUntilMs - clock.now().getTime());
    },
    async pause(ms) {
      await fake.way();
      pauses.push(ms);
      pausedUntilMs = Math.max(pausedUntilMs, clock.now().getTime() + ms);
    },
  };
  return fake;
}
