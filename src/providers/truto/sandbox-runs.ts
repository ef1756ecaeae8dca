// The sync job runs of the Truto sandbox: each has a plan of statuses made when it is let go, and is read from its age.
import { createHash } from "node:crypto";
import type { Resource, RunBody, RunStatus } from "./sandbox-bodies.ts";

/** What becomes of every run of a job. */
export type Fate = "complete" | "partial" | "fail" | "limited" | "stop" | "empty";

interface Step {
  readonly status: RunStatus;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface Run {
  readonly id: string;
  readonly jobId: string;
  readonly accountId: string;
  readonly body: Omit<RunBody, "sync_job_id" | "integrated_account_id">;
  readonly resources: readonly Resource[];
  readonly version: number;
  readonly fate: Fate;
  readonly createdAt: number;
  /** Runs of one key take turns; null when the run waits for nobody. */
  readonly mutex: string | null;
  /** Empty while another run holds the mutex. In order of time, the last one terminal. */
  steps: readonly Step[];
  /** How long fetching everything takes, in milliseconds. */
  workMs: number;
  /** Since when the run stands still, waiting for the answer to its `started`; null when it does not. May lie ahead. */
  heldSince: number | null;
  /** How long it has stood still before, in milliseconds. */
  heldMs: number;
  /** When somebody deleted it; null while nobody has. */
  deletedAt: number | null;
}

const ENDED: ReadonlySet<RunStatus> = new Set(["completed", "failed", "stopped"]);
/** At speed 1: long enough for a poller that looks once a second to see the run before it starts. */
const CREATED_MS = 1500;

/** Statuses after `created` with their lengths in milliseconds at speed 1; the first `running` gets the run's own share on top. */
const WAY: Readonly<
  Record<Fate, { readonly steps: readonly (readonly [RunStatus, number])[]; readonly end: RunStatus }>
> = {
  complete: { steps: [["running", 4500]], end: "completed" },
  partial: { steps: [["running", 5000]], end: "completed" },
  empty: { steps: [["running", 3000]], end: "completed" },
  limited: {
    steps: [
      ["running", 3000],
      ["rate_limited", 3500],
      ["running", 3000],
    ],
    end: "completed",
  },
  fail: { steps: [["running", 4000]], end: "failed" },
  stop: { steps: [["running", 3500]], end: "stopped" },
};

/** Which share of the records is fetched when the run ends early. */
const FETCHED_SHARE: Readonly<Partial<Record<Fate, number>>> = { fail: 0.4, stop: 0.6 };

export const FAILURE =
  "Request to jira failed with status 401: The access token has expired and could not be refreshed. Reconnect the account.";

/** Gives a run its future, beginning at the moment it is let go. */
export function release(run: Run, at: number, speed: number): void {
  const extraMs = draw(run.id, 2500) + (run.body.ignore_previous_run === true ? 4000 : 0);
  const steps: Step[] = [];
  let next = at + Math.round(CREATED_MS / speed);
  WAY[run.fate].steps.forEach(([status, lengthMs], index) => {
    steps.push({ status, at: next });
    // Whole milliseconds, so that the share of work done reaches exactly one.
    next += Math.round((lengthMs + (index === 0 ? extraMs : 0)) / speed);
  });
  run.steps = [...steps, { status: endOf(run), at: next }];
  run.workMs = workedUntil(run, next) / (FETCHED_SHARE[run.fate] ?? 1);
}

/** What time it is for a run: it does not pass while the run stands still. */
export const clockOf = (run: Run, now: number): number => Math.min(now, run.heldSince ?? now);

/** Makes a run stand still at the moment it starts, until `goOn`. */
export function holdAtStart(run: Run): void {
  run.heldSince ??= run.steps.find((step) => step.status === "running")?.at ?? null;
}

/** Lets a run go on; what is still to come happens later by as long as it stood still. */
export function goOn(run: Run, now: number): void {
  const { heldSince } = run;
  if (heldSince === null) return;
  const waitedMs = Math.max(0, now - heldSince);
  run.steps = run.steps.map((step) => (step.at <= heldSince ? step : { ...step, at: step.at + waitedMs }));
  run.heldMs += waitedMs;
  run.heldSince = null;
}

export function statusAt(run: Run, now: number): RunStatus {
  const clock = clockOf(run, now);
  return run.steps.findLast((step) => step.at <= clock)?.status ?? "created";
}

export const hasEnded = (run: Run, now: number): boolean => ENDED.has(statusAt(run, now));

/** Epoch milliseconds of the next change of status; null when none is to come by itself. */
export function nextStepAt(run: Run, now: number): number | null {
  const next = run.steps.find((step) => step.at > now)?.at ?? null;
  return next !== null && run.heldSince !== null && next > run.heldSince ? null : next;
}

/** Epoch milliseconds of the end, also of one that is still to come; null while the run waits for another. */
export const endsAt = (run: Run): number | null => run.steps.at(-1)?.at ?? null;

export function startedAt(run: Run, now: number): number | null {
  return run.steps.find((step) => step.status === "running" && step.at <= now)?.at ?? null;
}

/** Puts a run into a status now; what it would have become is forgotten when the status is an end. */
export function putInto(run: Run, status: RunStatus, now: number): void {
  goOn(run, now);
  const past = run.steps.filter((step) => step.at <= now);
  const future = ENDED.has(status) ? [] : run.steps.filter((step) => step.at > now && step.status !== status);
  run.steps = [...past, { status, at: now }, ...future];
}

export function runView(run: Run, now: number): Readonly<Record<string, unknown>> {
  const { body } = run;
  const started = startedAt(run, now);
  const ended = hasEnded(run, now);
  return {
    id: run.id,
    sync_job_id: run.jobId,
    integrated_account_id: run.accountId,
    status: statusAt(run, now),
    args: body.args ?? {},
    resources: run.resources,
    daemon_id: null,
    daemon_group_key: body.daemon_group_key ?? null,
    webhook_id: body.webhook_id ?? null,
    error_handling: body.error_handling ?? "ignore",
    ignore_previous_run: body.ignore_previous_run ?? false,
    version: run.version,
    resource_stats: statsAt(run, now),
    created_at: iso(run.createdAt),
    updated_at: iso(
      ended ? (endsAt(run) ?? now) : (run.steps.findLast((step) => step.at <= clockOf(run, now))?.at ?? run.createdAt),
    ),
    started_at: started === null ? null : iso(started),
    finished_at: ended ? iso(endsAt(run) ?? now) : null,
  };
}

/** Resource name, method, counters. They rise while the run works, stand still while it is rate limited, and stay when it ends. */
export function statsAt(
  run: Run,
  now: number,
): Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>> {
  const share = shareDone(run, now);
  if (share === null) return {};
  const stats: Record<string, Record<string, Record<string, number>>> = {};
  for (const resource of run.resources) {
    const { resource: name, method } = resource;
    if (typeof name !== "string" || typeof method !== "string") continue;
    stats[name] = { ...stats[name], [method]: countersOf(run, name, share) };
  }
  return stats;
}

/** How many records could not be stored, over all resources. */
export function recordErrors(run: Run, now: number): number {
  const counters = Object.values(statsAt(run, now)).flatMap((methods) => Object.values(methods));
  return counters.reduce((sum, one) => sum + (one["errors"] ?? 0), 0);
}

export const iso = (epochMs: number): string => new Date(epochMs).toISOString();

/** The vendor's other spelling: no zone, whole seconds. */
export const sqlTime = (epochMs: number): string => iso(epochMs).slice(0, 19).replace("T", " ");

/** A version 4 UUID that depends on nothing but the words. */
export function idFrom(...words: readonly (string | number)[]): string {
  const hex = createHash("sha256").update(words.join("/")).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A number from 0 to below `bound` that depends on nothing but the word. */
export function draw(word: string, bound: number): number {
  return createHash("sha256").update(word).digest().readUInt32BE(0) % bound;
}

/** Records that fail end a run only when it was asked to fail fast. */
function endOf(run: Run): RunStatus {
  return run.fate === "partial" && run.body.error_handling === "fail_fast" ? "failed" : WAY[run.fate].end;
}

/** From 0 to 1; null before the run has started. */
function shareDone(run: Run, now: number): number | null {
  if (startedAt(run, now) === null) return null;
  return run.workMs === 0 ? 0 : Math.min(1, workedUntil(run, now) / run.workMs);
}

/** Milliseconds spent in `running`. */
function workedUntil(run: Run, now: number): number {
  const clock = clockOf(run, now);
  const workingMs = run.steps.reduce((sum, step, index) => {
    const until = Math.min(clock, run.steps[index + 1]?.at ?? clock);
    return step.status === "running" ? sum + Math.max(0, until - step.at) : sum;
  }, 0);
  return Math.max(0, workingMs - run.heldMs);
}

function countersOf(run: Run, name: string, share: number): Readonly<Record<string, number>> {
  if (run.fate === "empty") return { fetched: 0, persisted: 0 };
  const fetched = Math.floor((100 + draw(`${run.id}/${name}`, 900)) * share);
  if (run.fate !== "partial") return { fetched, persisted: fetched };
  const errors = Math.min(fetched, Math.ceil(7 * share));
  return { fetched, persisted: fetched - errors, errors };
}
