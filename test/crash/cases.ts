// One case for each fail-point, and what chance decides within it. A fail-point without a case does not compile.
import { createHash } from "node:crypto";
import type { DatabaseName } from "../support/databases.ts";
import type { FailPoint } from "../support/fail-points.ts";
import { seededRandom } from "../support/tracking.ts";
import type { Vendor } from "../support/vendors.ts";

export interface CrashCase {
  /** How often the point is come to before the process dies: at least, and at most. */
  readonly times: readonly [least: number, most: number];
  /** What the process has been told when it dies: nothing yet, starts, or starts and then to stop. */
  readonly during: "start" | "work" | "stop";
  /** The gateway hears of its runs by webhooks, and polls seldom. */
  readonly webhooks?: boolean;
  /** There is history that is older than what is kept. */
  readonly history?: boolean;
  /** Where another gateway dies first, so that there is something left behind. */
  readonly after?: readonly FailPoint[];
}

/** As many as there are providers: all of them are at the point then. */
const EACH = [1, 5] as const;
const OF_STARTS: CrashCase = { times: EACH, during: "work" };
const OF_WEBHOOKS: CrashCase = { times: [1, 3], during: "work", webhooks: true };

export const CASES: Readonly<Record<FailPoint, CrashCase>> = {
  F1: OF_STARTS,
  F2: OF_STARTS,
  "F2-marked": OF_STARTS,
  F3: OF_STARTS,
  F4: OF_STARTS,
  F5: OF_STARTS,
  F6: { times: [1, 8], during: "work" },
  F7: OF_WEBHOOKS,
  F8: OF_WEBHOOKS,
  F9: OF_WEBHOOKS,
  F10: OF_STARTS,
  "F11-poll": OF_STARTS,
  "F11-trigger": { times: EACH, during: "start", after: ["F2", "F2-marked", "F3", "F4"] },
  "F12-migration": { times: [2, 12], during: "start" },
  // As many batches as the history has.
  "F12-pruning": { times: [1, 6], during: "start", history: true },
  F13: { times: [1, 2], during: "stop" },
  "F14-catalog": { times: [1, 10], during: "start" },
  "F14-discovery": { times: [1, 4], during: "start" },
};

/** What is started at a vendor, and how many runs that begins. */
export interface Started {
  readonly definition: string;
  readonly runs: number;
  /** Product of the linked account, where the definition does not fix one. */
  readonly product?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** Definitions that the sandboxes leave alone, so that no run of their own is in the way. */
export const STARTED: Readonly<Record<Vendor, readonly Started[]>> = {
  rootfi: [{ definition: "Harbour Lane Coffee Roasters / XERO", runs: 1 }],
  stuut: [{ definition: "Corvid Medical (Sage Intacct)", runs: 3 }],
  polytomic: [{ definition: "Audience snapshot to spreadsheet", runs: 1 }],
  truto: [{ definition: "Zendesk tickets", runs: 1, product: "zendesk", args: { start_date: "2026-01-01" } }],
};

export interface Plan {
  readonly point: FailPoint;
  readonly database: DatabaseName;
  readonly seed: number;
  /** At which time the process comes to the point it dies. */
  readonly nth: number;
  /** Where another one has died before; null when none has. */
  readonly after: FailPoint | null;
  readonly ifRunning: "ATTACH" | "START_ANOTHER";
  /** How much later the next gateway is started, by its clock. */
  readonly aheadMs: number;
  /** Whether a client that heard no answer asks again, and when. */
  readonly repeats: "at once" | "in the end" | "some" | "never";
  /** Uniform in [0, 1); what is left to decide. */
  readonly random: () => number;
}

/** Leases are over after ten seconds. Less than a start may take: the vendors' clocks do not go ahead with the gateway's. */
const AHEAD_MS = [0, 12_000, 12_000, 45_000] as const;

/** The same plan for the same three, whatever other cases there are. */
export function planOf(point: FailPoint, database: DatabaseName, seed: number): Plan {
  const digest = createHash("sha256")
    .update(JSON.stringify([point, database, seed]))
    .digest();
  const random = seededRandom(digest.readUInt32BE());
  const one = <T>(of: readonly [T, ...T[]]): T => of[Math.floor(random() * of.length)] ?? of[0];
  const { times, after = [] } = CASES[point];
  const [least, most] = times;
  const [first = null, ...others] = after;
  return {
    ...{ point, database, seed, random },
    // Often with everything at the point at once.
    nth: random() < 0.5 ? most : least + Math.floor(random() * (most - least + 1)),
    after: one([first, ...others]),
    ifRunning: one(["ATTACH", "START_ANOTHER"]),
    aheadMs: one(AHEAD_MS),
    repeats: one(["at once", "in the end", "some", "never"]),
  };
}
