// The moments at which a gateway is killed, as a closed set, and how often each was reached. Where they are is in `failing-parts.ts`.
import { writeSync } from "node:fs";

/** Each with what has been done by then, and what has not. */
export const FAIL_POINTS = {
  F1: "a start was checked, and its intention is not committed",
  F2: "the intention is committed, and not marked as sent",
  "F2-marked": "the intention is marked as sent, and the vendor was not called",
  F3: "the start has left for the vendor, and no answer was read",
  F4: "the vendor has answered the start, and nothing of it is stored",
  F5: "run and transition are committed, and nobody was told",
  F6: "the bell was rung",
  F7: "a webhook is proven, and not in the inbox",
  F8: "a webhook is in the inbox, and the vendor was not answered",
  F9: "a webhook is in the inbox, and was not worked off",
  F10: "a poll was answered, and nothing of it is committed",
  "F11-poll": "runs are leased to be polled, and nothing else was done",
  "F11-trigger": "abandoned starts are taken over, and nothing else was done",
  "F12-migration": "some statements of the migrations have run, and others have not",
  "F12-pruning": "a batch of old history is gone, and the next was not asked for",
  F13: "the gateway was told to stop, and is stopping",
  "F14-catalog": "a page of a vendor's catalog is stored, and the next was not asked for",
  "F14-discovery": "a page of a vendor's runs is recorded, and the next was not asked for",
} as const;
export type FailPoint = keyof typeof FAIL_POINTS;

export const failPoints = Object.keys(FAIL_POINTS).filter(isFailPoint);

export interface Reach {
  /** The process is at the point: passes, or stays there for ever while others come to it too, or dies. */
  at(point: FailPoint): Promise<void>;
  /** The same where nothing can wait: passes, or dies. */
  now(point: FailPoint): void;
  /** Stays for ever when the process is to die at the point, without coming to it. */
  stay(point: FailPoint): Promise<void>;
}

/**
 * @param asked `name` or `name:nth`: whoever comes to the point as the nth dies; those before it wait there, so that they are killed in it
 *   too. Undefined: nobody dies.
 * @param die is not expected to come back
 * @throws TypeError when there is no such point
 */
export function createReach(asked: string | undefined, die: (point: FailPoint) => void = killThisProcess): Reach {
  const [name = "", nth = "1"] = (asked ?? "").split(":");
  if (asked !== undefined && !(isFailPoint(name) && /^[1-9]\d*$/u.test(nth)))
    throw new TypeError(`FAILPOINT: expected the name of a fail-point and how often it is reached, got ${asked}`);
  let left = Number(nth);
  const now = (point: FailPoint): void => {
    if (point !== name) return;
    left -= 1;
    if (left === 0) die(point);
  };
  const stay = (point: FailPoint): Promise<void> => (point === name ? new Promise(() => undefined) : Promise.resolve());
  return {
    now,
    stay,
    at: (point) => {
      now(point);
      return stay(point);
    },
  };
}

/** What a killed process says last. */
export const lastWords = (point: FailPoint): string => `killed at ${point}: ${FAIL_POINTS[point]}`;

function isFailPoint(name: string): name is FailPoint {
  return Object.hasOwn(FAIL_POINTS, name);
}

function killThisProcess(point: FailPoint): void {
  writeSync(process.stderr.fd, `${lastWords(point)}\n`);
  process.kill(process.pid, "SIGKILL");
}
