// What there is to tell of a run of the Truto sandbox, worked out from its steps.
import type { RunStatus } from "./sandbox-bodies.ts";
import { type Run, clockOf } from "./sandbox-runs.ts";

export interface Happening {
  readonly event: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export const STARTED = "sync_job_run:started";
export const TEST = "test";

/** The vendor has no event for a stop; the run is updated then, as when it goes on after a limit. Inferred. */
const EVENTS: Readonly<Record<RunStatus, string>> = {
  created: "sync_job_run:created",
  running: "sync_job_run:updated",
  rate_limited: "sync_job_run:rate_limited",
  completed: "sync_job_run:completed",
  failed: "sync_job_run:failed",
  stopped: "sync_job_run:updated",
};

/** In order; what was told once stays as it was. Records are not sent: a gateway's webhook has no use for them. */
export function happenings(run: Run, now: number): readonly Happening[] {
  const past = run.steps.filter((step) => step.at <= clockOf(run, now));
  const first = past.find((step) => step.status === "running");
  const told = past
    // A stop by deletion is told as the deletion.
    .filter(({ status, at }) => !(status === "stopped" && at === run.deletedAt))
    .map((step) => ({ event: step === first ? STARTED : EVENTS[step.status], at: step.at }));
  const deleted = run.deletedAt === null ? [] : [{ event: "sync_job_run:deleted", at: run.deletedAt }];
  return [{ event: EVENTS.created, at: run.createdAt }, ...told, ...deleted];
}
