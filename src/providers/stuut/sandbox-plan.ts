// The stages of one sync of the Stuut sandbox, and which of them it is in at a given age. Pure.
// Every offset is in milliseconds of the sync's own life at speed 1.
import { Fate } from "./sandbox-data.ts";

type Status = "scheduled" | "queued" | "running" | "cancelled" | "failed" | "pending_retry" | "complete";

export interface Stage {
  readonly status: Status;
  readonly fromMs: number;
  /** Attempts made so far. */
  readonly attempt: number;
  readonly error: string | null;
}

/**
 * Plans a sync: 1.2 to 2 seconds waiting, at least 3 running, 5 to 20 in all.
 *
 * @param scheduled a sync that nobody asked for is `scheduled` for a second before it is queued
 * @param draw gives a whole number from 0 up to the bound, repeatable for the sync
 */
export function planSync(
  fate: Fate,
  scheduled: boolean,
  draw: (label: string, bound: number) => number,
): readonly Stage[] {
  const queueMs = 1_200 + draw("queue", 800);
  const runMs = 4_000 + draw("run", 4_000);
  const steps: Step[] = scheduled ? [["scheduled", 1_000, 0, null]] : [];
  return timed([...steps, ...stepsOf(fate, queueMs, runMs)]);
}

/** The stage a sync of that age is in. */
export function stageAt(stages: readonly Stage[], ageMs: number): Stage {
  const stage = stages.findLast(({ fromMs }) => fromMs <= ageMs) ?? stages[0];
  if (stage === undefined) throw new Error("expected a sync with stages, got none");
  return stage;
}

export function isOver(stages: readonly Stage[], ageMs: number): boolean {
  return ENDS.has(stageAt(stages, ageMs).status);
}

/** When the sync first ran; null for one that never does. */
export function firstRunMs(stages: readonly Stage[]): number | null {
  return stages.find(({ status }) => status === "running")?.fromMs ?? null;
}

const ENDS: ReadonlySet<Status> = new Set(["complete", "failed", "cancelled"]);

const REFUSED = "Upstream returned 401: the access token is no longer valid";
const LIMITED = "Upstream returned 429: request limit reached, next attempt is due";

/** Status, how long it lasts, attempts made, error. */
type Step = readonly [status: Status, lastsMs: number, attempt: number, error: string | null];

function stepsOf(fate: Fate, queueMs: number, runMs: number): readonly Step[] {
  const queued: Step = ["queued", queueMs, 0, null];
  const running: Step = ["running", runMs, 1, null];
  switch (fate) {
    case Fate.Complete:
      return [queued, running, ["complete", 0, 1, null]];
    case Fate.Eager:
      return [
        ["running", queueMs + runMs, 1, null],
        ["complete", 0, 1, null],
      ];
    case Fate.Failed:
      return [queued, running, ["failed", 0, 1, REFUSED]];
    case Fate.Cancelled:
      return [queued, running, ["cancelled", 0, 1, null]];
    case Fate.Withdrawn:
      return [
        ["queued", queueMs + runMs, 0, null],
        ["cancelled", 0, 0, null],
      ];
    case Fate.Retried:
      return [
        queued,
        ["running", 3_200, 1, null],
        ["pending_retry", 3_000, 1, LIMITED],
        ["queued", 1_000, 1, LIMITED],
        ["running", 3_500, 2, LIMITED],
        // The error belonged to the first attempt and is gone once the sync ended well.
        ["complete", 0, 2, null],
      ];
  }
}

function timed(steps: readonly Step[]): readonly Stage[] {
  let fromMs = 0;
  return steps.map(([status, lastsMs, attempt, error]) => {
    const stage = { status, fromMs, attempt, error };
    fromMs += lastsMs;
    return stage;
  });
}
