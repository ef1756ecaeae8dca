// The machine's clock, which a test may put forward or back: what is slept for ends when its time comes, or when the clock jumps over it.
import type { Clock } from "../../src/domain/clock.ts";

export interface JumpingClock extends Clock {
  /** Puts the clock forward. */
  jump(ms: number): void;
  /** Sets the clock back. What is slept for takes as long as it would have: timers know nothing of clocks. */
  setBack(ms: number): void;
}

interface Sleeper {
  readonly end: () => void;
  /** Wakes it if its time has come, or sees to it that it wakes then. */
  readonly look: () => void;
  readonly setBack: (ms: number) => void;
}

export function createJumpingClock(): JumpingClock {
  let aheadMs = 0;
  const sleepers = new Set<Sleeper>();
  const nowMs = (): number => Date.now() + aheadMs;

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      let wakeAt = nowMs() + ms;
      let timer: NodeJS.Timeout | undefined;
      const sleeper: Sleeper = {
        end: () => {
          clearTimeout(timer);
          sleepers.delete(sleeper);
          signal?.removeEventListener("abort", onAbort);
        },
        setBack: (byMs) => {
          wakeAt -= byMs;
        },
        look: () => {
          clearTimeout(timer);
          const leftMs = wakeAt - nowMs();
          if (leftMs > 0) return void (timer = setTimeout(sleeper.look, leftMs));
          sleeper.end();
          resolve();
        },
      };
      const onAbort = (): void => {
        sleeper.end();
        reject(signal?.reason);
      };
      sleepers.add(sleeper);
      signal?.addEventListener("abort", onAbort, { once: true });
      sleeper.look();
    });
  }

  return {
    now: () => new Date(nowMs()),
    sleep,
    setBack: (ms) => {
      aheadMs -= ms;
      for (const sleeper of sleepers) sleeper.setBack(ms);
    },
    jump: (ms) => {
      aheadMs += ms;
      for (const sleeper of [...sleepers]) sleeper.look();
    },
  };
}
