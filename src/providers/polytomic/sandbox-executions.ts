// The runs of the Polytomic sandbox: each has a plan of statuses made when it begins, and is read from its age.
// Nothing ticks here: what should have happened since the last look is worked out when somebody asks.
import { createHash } from "node:crypto";
import type { Mode, StartBody } from "./sandbox-body.ts";

/** What becomes of every run of a definition. */
export type Fate = "complete" | "partial" | "fail" | "interrupt" | "wait" | "empty" | "stop";

export type ExecutionStatus =
  | "created"
  | "scheduled"
  | "queued"
  | "waiting"
  | "running"
  | "processing"
  | "canceling"
  | "canceled"
  | "completed"
  | "failed"
  | "interrupted";

interface Step {
  readonly status: ExecutionStatus;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface Execution {
  readonly id: string;
  readonly syncId: string;
  readonly type: "manual" | "scheduled";
  readonly createdAt: number;
  /** In order of time; the last one is terminal. Replaced when somebody cancels. */
  steps: readonly Step[];
  /** When all records would be written if nothing stopped the run. */
  readonly workEndsAt: number;
  readonly planned: Counts;
  readonly failure: string | null;
}

export interface Counts {
  readonly total: number;
  readonly insert: number;
  readonly update: number;
  readonly upserts: number;
  readonly delete: number;
  readonly error: number;
  readonly warnings: number;
}

export interface ExecutionPlan {
  readonly id: string;
  readonly syncId: string;
  readonly fate: Fate;
  readonly mode: Mode;
  readonly type: Execution["type"];
  readonly createdAt: number;
  readonly speed: number;
  readonly options: StartBody;
}

const ENDED: ReadonlySet<ExecutionStatus> = new Set(["completed", "failed", "canceled", "interrupted"]);
const CANCEL_MS = 1500;

/** Statuses on the way with their lengths in milliseconds at speed 1; `running` is lengthened by the run's own share. */
const WAY: Readonly<
  Record<Fate, { readonly steps: readonly (readonly [ExecutionStatus, number])[]; readonly end: ExecutionStatus }>
> = {
  complete: {
    steps: [
      ["queued", 900],
      ["running", 4000],
      ["processing", 1200],
    ],
    end: "completed",
  },
  partial: {
    steps: [
      ["queued", 900],
      ["running", 4500],
      ["processing", 1200],
    ],
    end: "completed",
  },
  empty: {
    steps: [
      ["queued", 900],
      ["running", 3000],
      ["processing", 500],
    ],
    end: "completed",
  },
  wait: {
    steps: [
      ["queued", 900],
      ["waiting", 3000],
      ["running", 4000],
      ["processing", 1200],
    ],
    end: "completed",
  },
  fail: {
    steps: [
      ["queued", 900],
      ["running", 4000],
    ],
    end: "failed",
  },
  interrupt: {
    steps: [
      ["queued", 900],
      ["running", 4500],
    ],
    end: "interrupted",
  },
  stop: {
    steps: [
      ["queued", 900],
      ["running", 3500],
      ["canceling", CANCEL_MS],
    ],
    end: "canceled",
  },
};

const FAILURES: Readonly<Partial<Record<Fate, string>>> = {
  fail: "Salesforce: INVALID_SESSION_ID: Session expired or invalid. Reconnect the connection and run the sync again.",
  interrupt: "Execution interrupted: the worker was restarted before the sync finished.",
};

/** Which share of the records is written when the run ends early. */
const WRITTEN_SHARE: Readonly<Partial<Record<Fate, number>>> = { fail: 0.6, interrupt: 0.45, stop: 0.5 };

export function planExecution(plan: ExecutionPlan): Execution {
  const way = WAY[plan.fate];
  // A full resync reads everything again and takes longer.
  const extraMs = draw(plan.id, 2000) + (plan.options.resync === true ? 5000 : 0);
  const steps: Step[] = [{ status: plan.type === "scheduled" ? "scheduled" : "created", at: plan.createdAt }];
  // 800 ms here and 900 in the queue: a poller that looks once a second sees the run before it starts.
  let at = plan.createdAt + Math.round(800 / plan.speed);
  let runningAt = at;
  for (const [status, lengthMs] of way.steps) {
    if (status === "running") runningAt = at;
    steps.push({ status, at });
    // Whole milliseconds, so that the share of work done reaches exactly one.
    at += Math.round((lengthMs + (status === "running" ? extraMs : 0)) / plan.speed);
  }
  steps.push({ status: way.end, at });
  const stopsAt = steps.find((step) => step.status === "canceling")?.at ?? at;
  return {
    id: plan.id,
    syncId: plan.syncId,
    type: plan.type,
    createdAt: plan.createdAt,
    steps,
    workEndsAt: runningAt + (stopsAt - runningAt) / (WRITTEN_SHARE[plan.fate] ?? 1),
    planned: plannedCounts(plan),
    failure: FAILURES[plan.fate] ?? null,
  };
}

export function statusAt(execution: Execution, now: number): ExecutionStatus {
  return execution.steps.findLast((step) => step.at <= now)?.status ?? "created";
}

export const hasEnded = (execution: Execution, now: number): boolean => ENDED.has(statusAt(execution, now));

/** Epoch milliseconds; null while it has not happened. */
export function startedAt(execution: Execution, now: number): number | null {
  return execution.steps.find((step) => step.status === "running" && step.at <= now)?.at ?? null;
}

/** Epoch milliseconds of the end, also of one that is still to come. */
export const endsAt = (execution: Execution): number => execution.steps.at(-1)?.at ?? execution.createdAt;

/** Epoch milliseconds of the next change of status; null when none is to come. */
export const nextStepAt = (execution: Execution, now: number): number | null =>
  execution.steps.find((step) => step.at > now)?.at ?? null;

/** Asks a run to stop. It goes on for a moment as `canceling`, and what it would have become is forgotten. */
export function cancelExecution(execution: Execution, now: number, speed: number): void {
  if (hasEnded(execution, now) || statusAt(execution, now) === "canceling") return;
  const past = execution.steps.filter((step) => step.at <= now);
  execution.steps = [
    ...past,
    { status: "canceling", at: now },
    { status: "canceled", at: now + Math.round(CANCEL_MS / speed) },
  ];
}

/** The execution as the vendor shows it. */
export function executionView(execution: Execution, now: number): Readonly<Record<string, unknown>> {
  const started = startedAt(execution, now);
  const ended = hasEnded(execution, now);
  const status = statusAt(execution, now);
  const showsFailure = execution.failure !== null && (status === "failed" || status === "interrupted");
  return {
    id: execution.id,
    status,
    type: execution.type,
    created_at: iso(execution.createdAt),
    started_at: started === null ? null : iso(started),
    completed_at: ended ? iso(endsAt(execution)) : null,
    counts: countsAt(execution, now),
    errors: showsFailure ? [execution.failure] : [],
  };
}

/** Counts rise while the run works and stay where they were when it stopped. */
export function countsAt(execution: Execution, now: number): Counts {
  const started = startedAt(execution, now);
  const { planned } = execution;
  const stop = execution.steps.find((step) => step.status === "canceling" || ENDED.has(step.status));
  const until = Math.min(now, stop?.at ?? now);
  const share = started === null ? 0 : Math.min(1, Math.max(0, (until - started) / (execution.workEndsAt - started)));
  const part = (count: number): number => Math.floor(count * share);
  return {
    // Reading runs ahead of writing, so the total is known before the rest.
    total: Math.floor(planned.total * Math.min(1, share * 2)),
    insert: part(planned.insert),
    update: part(planned.update),
    upserts: part(planned.upserts),
    delete: part(planned.delete),
    error: part(planned.error),
    warnings: part(planned.warnings),
  };
}

export const iso = (epochMs: number): string => new Date(epochMs).toISOString();

/** A version 4 UUID that depends on nothing but the words. */
export function idFrom(...words: readonly (string | number)[]): string {
  const hex = createHash("sha256").update(words.join("/")).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A number from 0 to below `bound` that depends on nothing but the word. */
export function draw(word: string, bound: number): number {
  return createHash("sha256").update(word).digest().readUInt32BE(0) % bound;
}

function plannedCounts(plan: ExecutionPlan): Counts {
  const none: Counts = { total: 0, insert: 0, update: 0, upserts: 0, delete: 0, error: 0, warnings: 0 };
  if (plan.fate === "empty") return none;
  const all = 200 + draw(`${plan.id}/records`, 1800);
  const asked = plan.options.identities?.length ?? (plan.options.test === true ? 10 : all);
  const total = Math.min(all, asked);
  const error = plan.fate === "partial" ? Math.min(total, 5 + draw(`${plan.id}/errors`, 20)) : 0;
  const written = total - error;
  return { ...none, total, error, warnings: plan.fate === "partial" ? 2 : 0, ...writtenAs(plan.mode, written) };
}

function writtenAs(mode: Mode, written: number): Partial<Counts> {
  if (mode === "update") return { update: written };
  if (mode === "remove") return { delete: written };
  if (mode !== "updateOrCreate") return { insert: written };
  const insert = Math.floor(written / 10);
  return { insert, update: written - insert };
}
