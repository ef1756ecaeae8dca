// Time for what a process measures by itself: how long ago something was, how long something is still to wait.
import type { Clock } from "./clock.ts";

/**
 * A clock that runs on when the one it is made from is set back, so that no moment comes twice: what was an hour ago does not lie ahead
 * suddenly. When that one is put forward it goes along. Its times are for comparing with each other, and for nothing that others see.
 */
export function steadyClock(clock: Clock): Clock {
  let addedMs = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    now() {
      const nowMs = clock.now().getTime();
      if (nowMs < lastMs) addedMs += lastMs - nowMs;
      lastMs = nowMs;
      return new Date(nowMs + addedMs);
    },
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
}
