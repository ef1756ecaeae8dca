// What will happen in one run of the RootFi sandbox, and what of it has happened at a given age. Pure; the book of runs is elsewhere.
// Every offset is in milliseconds of the run's own life at speed 1.
import { Fate } from "./sandbox-data.ts";

export interface JobPlan {
  readonly model: string;
  /** Place of the parent in the run's list of jobs; null for a job of its own. */
  readonly parent: number | null;
  /** Null when the run ended before the job began. */
  readonly startMs: number | null;
  readonly endMs: number;
  /** Null when it succeeds. */
  readonly error: Readonly<Record<string, string>> | null;
  readonly retries: number;
  /** How long it slept on the platform's limit. */
  readonly sleptMs: number;
}

export interface Plan {
  /** Infinity when the run ended before it began. */
  readonly startMs: number;
  readonly endMs: number;
  readonly failed: boolean;
  /** While the platform's limit holds everything up. */
  readonly pause: { readonly fromMs: number; readonly untilMs: number } | null;
  readonly jobs: readonly JobPlan[];
}

export const RunStatus = { Created: "CREATED", Running: "RUNNING", Success: "SUCCESS", Failed: "FAILED" } as const;
export type RunStatus = (typeof RunStatus)[keyof typeof RunStatus];

/**
 * Plans a run: about 1.2 to 2 seconds waiting, then 5 to 9 seconds of jobs one after the other, 6 more when it sleeps.
 * The first model is read by a parent job with two children, one per half; each other model by one job.
 *
 * @param draw gives a whole number from 0 up to the bound, repeatable for the run
 */
export function planRun(fate: Fate, models: readonly string[], draw: (label: string, bound: number) => number): Plan {
  const startMs = 1_200 + draw("queue", 800);
  const runningMs = 5_000 + draw("length", 4_000);
  const [first = "ACCOUNTS", ...others] = models;
  const leaves = [first, first, ...others];
  const slotMs = runningMs / leaves.length;
  const sleeper = fate === Fate.Sleeping ? Math.floor(leaves.length / 2) : leaves.length;
  const planned = leaves.map((model, place): JobPlan => {
    const sleptMs = place === sleeper ? SLEEP_MS : 0;
    const from = startMs + place * slotMs + (place > sleeper ? SLEEP_MS : 0);
    const error = errorOf(fate, place, leaves.length);
    const parent = place < 2 ? 0 : null;
    return {
      model,
      parent,
      startMs: from,
      endMs: from + slotMs + sleptMs,
      error,
      retries: error === null ? 0 : 2,
      sleptMs,
    };
  });
  const whole = [parentOf(planned.slice(0, 2), first), ...planned];
  const stopMs = fate === Fate.Stopped ? startMs + runningMs * 0.8 : Number.POSITIVE_INFINITY;
  const jobs = whole.map((job) => cutShort(job, stopMs, STOPPED));
  const sleeping = jobs.find((job) => job.sleptMs > 0);
  const fromMs = (sleeping?.startMs ?? 0) + slotMs / 2;
  return {
    startMs,
    endMs: Math.max(...jobs.map((job) => job.endMs)),
    failed: fate === Fate.Failing || fate === Fate.Stopped,
    pause: sleeping === undefined ? null : { fromMs, untilMs: fromMs + SLEEP_MS },
    jobs,
  };
}

/** The plan of a run that a caller stops at that age: what had not ended by then fails, and the run with it. */
export function stoppedPlan(plan: Plan, ageMs: number): Plan {
  return {
    ...plan,
    startMs: ageMs < plan.startMs ? Number.POSITIVE_INFINITY : plan.startMs,
    endMs: ageMs,
    failed: true,
    jobs: plan.jobs.map((job) => cutShort(job, ageMs, CANCELLED)),
  };
}

/** The vendor's word for a run of that age. */
export function runStatus(plan: Plan, ageMs: number): RunStatus {
  if (ageMs >= plan.endMs) return plan.failed ? RunStatus.Failed : RunStatus.Success;
  return ageMs < plan.startMs ? RunStatus.Created : RunStatus.Running;
}

/** The vendor's word for a job of a run of that age. */
export function jobStatus(job: JobPlan, ageMs: number): RunStatus {
  if (ageMs >= job.endMs) return job.error === null ? RunStatus.Success : RunStatus.Failed;
  return job.startMs !== null && ageMs >= job.startMs ? RunStatus.Running : RunStatus.Created;
}

/** When something last changed in a run of that age. */
export function lastChangeMs(moments: readonly (number | null)[], ageMs: number): number {
  return Math.max(0, ...moments.filter((moment) => moment !== null).filter((moment) => moment <= ageMs));
}

/** Long enough that whoever looks every few seconds sees it. */
const SLEEP_MS = 6_000;

const REFUSED = {
  code: "platform-auth-failed",
  message: "Zoho Books refused the request: the organisation's user has no access (401)",
};
const INVALID = { code: "invalid-record", message: "3 records were rejected: field currency_code is missing" };
const STOPPED = { code: "sync-stopped", message: "The sync was stopped by the platform team for maintenance" };
const CANCELLED = { code: "sync-cancelled", message: "The sync was cancelled on request" };
const CHILD_FAILED = { code: "child-job-failed", message: "A part of this job failed" };

function errorOf(fate: Fate, place: number, count: number): JobPlan["error"] {
  if (fate === Fate.Failing && place > 0) return REFUSED;
  if (fate === Fate.Partial && place === count - 1) return INVALID;
  return null;
}

function parentOf(children: readonly JobPlan[], model: string): JobPlan {
  return {
    model,
    parent: null,
    startMs: Math.min(...children.map((child) => child.startMs ?? child.endMs)),
    endMs: Math.max(...children.map((child) => child.endMs)),
    error: children.some((child) => child.error !== null) ? CHILD_FAILED : null,
    retries: 0,
    sleptMs: 0,
  };
}

function cutShort(job: JobPlan, stopMs: number, error: JobPlan["error"]): JobPlan {
  if (job.endMs <= stopMs) return job;
  const began = job.startMs !== null && job.startMs < stopMs;
  return { ...job, startMs: began ? job.startMs : null, endMs: stopMs, error };
}
