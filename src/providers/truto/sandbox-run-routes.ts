// Routes of the Truto sandbox for sync job runs and for the log, the only place that says why a run failed.
import express, { type Request, type Router } from "express";
import { type RunBody, argumentFailures, runBody, runPatch } from "./sandbox-bodies.ts";
import { Refusal, badRequest, notFound, pageOf, parseBody, passes, passesTime, textOf } from "./sandbox-http.ts";
import {
  FAILURE,
  type Run,
  clockOf,
  endsAt,
  hasEnded,
  idFrom,
  iso,
  putInto,
  recordErrors,
  runView,
  startedAt,
  statusAt,
} from "./sandbox-runs.ts";
import type { Job, World } from "./sandbox-world.ts";

const LOG_TYPES = ["unified_proxy_api", "rapid_bridge", "webhook", "sync_job_cron_trigger", "mcp"];
const LOG_LIMIT = 100;

interface LogLine {
  readonly id: string;
  readonly run: Run;
  readonly at: number;
  readonly level: "info" | "warn" | "error";
  readonly message: string;
}

export function runRoutes(world: World): Router {
  const routes = express.Router();
  routes.get("/sync-job-run", (request, response) => {
    const now = Date.now();
    const runs = world.runsNewestFirst().filter((run) => isWanted(request, run, now));
    const ordered = textOf(request, "sort") === "created_at" ? runs.toReversed() : runs;
    response.json(pageOf(request, ordered, (run) => runView(run, now)));
  });
  routes.get("/sync-job-run/:id", (request, response) => {
    response.json(runView(findRun(world, request.params.id), Date.now()));
  });
  routes.post("/sync-job-run", (request, response) => {
    const body = parseBody(runBody, request.body);
    const job = checkStart(world, body);
    const now = Date.now();
    response.json(runView(world.start(job, body, now), now));
  });
  routes.patch("/sync-job-run/:id", (request, response) => {
    const run = findRun(world, request.params.id);
    const { status } = parseBody(runPatch, request.body);
    const now = Date.now();
    if (hasEnded(run, now)) throw badRequest(`Sync job run is ${statusAt(run, now)} already`);
    if (status !== undefined) putInto(run, status, now);
    response.json(runView(run, now));
  });
  routes.delete("/sync-job-run/:id", (request, response) => {
    const run = findRun(world, request.params.id);
    const now = Date.now();
    run.deletedAt = now;
    // A run that goes on is stopped and stays readable; one that has ended is removed.
    if (hasEnded(run, now)) world.runs.delete(run.id);
    else putInto(run, "stopped", now);
    response.json({ id: run.id });
  });
  logRoutes(routes, world);
  return routes;
}

function logRoutes(routes: Router, world: World): void {
  routes.get("/log", (request, response) => {
    const type = textOf(request, "log_type");
    if (type === undefined || !LOG_TYPES.includes(type))
      throw badRequest(`log_type must be one of ${LOG_TYPES.join(", ")}`);
    if (Number(textOf(request, "limit") ?? LOG_LIMIT) > LOG_LIMIT)
      throw badRequest(`limit must be at most ${LOG_LIMIT}`);
    const runs = type === "rapid_bridge" ? world.runsNewestFirst() : [];
    const runId = loggedRunOf(request);
    const lines = runs
      .filter((run) => runId === undefined || run.id === runId)
      .flatMap((run) => linesOf(run, Date.now()));
    const wanted = lines.filter((line) => passesTime(request, "created_at", line.at));
    const { result, next_cursor } = pageOf(request, wanted, lineView);
    response.json({ result, next_cursor });
  });
}

/** Says no to what the vendor would not run, and finds the job. */
function checkStart(world: World, body: RunBody): Job {
  if (body.webhook_id !== undefined && body.daemon_group_key !== undefined) {
    throw badRequest("webhook_id and daemon_group_key cannot be used together");
  }
  const job = world.jobs.get(body.sync_job_id.toLowerCase());
  if (job === undefined) throw badRequest("sync_job_id does not exist");
  const account = world.account(body.integrated_account_id);
  if (account === undefined) throw badRequest("integrated_account_id does not exist");
  if (account.status !== "active")
    throw badRequest(`Integrated account is not active: its status is ${account.status}`);
  if (body.error_handling === "batch" && (job.body.default_runtime_version ?? 3) < 2) {
    throw badRequest("error_handling batch needs runtime version 2 or later");
  }
  const failures = argumentFailures(
    job.body.args_schema ?? {},
    body.args ?? {},
    (id) => world.account(id) !== undefined,
  );
  if (failures.length > 0) throw new Refusal(400, failures[0]?.message ?? "Invalid args", failures);
  return job;
}

function findRun(world: World, id: string): Run {
  const run = world.runs.get(id.toLowerCase());
  if (run === undefined) throw notFound("Sync job run");
  return run;
}

function isWanted(request: Request, run: Run, now: number): boolean {
  return (
    passes(request, "sync_job_id", run.jobId) &&
    passes(request, "integrated_account_id", run.accountId) &&
    passes(request, "status", statusAt(run, now)) &&
    passesTime(request, "created_at", run.createdAt)
  );
}

function loggedRunOf(request: Request): string | undefined {
  const filter: unknown = request.query["log_type_filter"];
  if (typeof filter !== "object" || filter === null || !("sync_job_run_id" in filter)) return undefined;
  return String(filter.sync_job_run_id);
}

/** Newest first. */
function linesOf(run: Run, now: number): readonly LogLine[] {
  const line = (at: number, level: LogLine["level"], message: string): LogLine => ({
    id: idFrom(run.id, message),
    run,
    at,
    level,
    message,
  });
  const lines: LogLine[] = [];
  const started = startedAt(run, now);
  if (started !== null) lines.push(line(started, "info", "Sync job run started"));
  const limited = run.steps.find((step) => step.status === "rate_limited" && step.at <= clockOf(run, now));
  if (limited !== undefined)
    lines.push(line(limited.at, "warn", "Rate limited by the provider; the run resumes by itself"));
  if (hasEnded(run, now)) lines.push(endLine(run, now, line));
  return lines.toReversed();
}

function endLine(
  run: Run,
  now: number,
  line: (at: number, level: LogLine["level"], message: string) => LogLine,
): LogLine {
  const at = endsAt(run) ?? now;
  const status = statusAt(run, now);
  const errors = recordErrors(run, now);
  if (status === "failed" && errors === 0) return line(at, "error", FAILURE);
  if (status === "failed") return line(at, "error", "A record could not be persisted and error_handling is fail_fast");
  if (status === "stopped") return line(at, "warn", "Sync job run was stopped");
  if (errors > 0) return line(at, "warn", `Sync job run completed; ${errors} records could not be persisted`);
  return line(at, "info", "Sync job run completed");
}

function lineView({ id, run, at, level, message }: LogLine): Readonly<Record<string, unknown>> {
  return {
    id,
    log_type: "rapid_bridge",
    sync_job_id: run.jobId,
    sync_job_run_id: run.id,
    integrated_account_id: run.accountId,
    timestamp: iso(at),
    service: "truto-api",
    status: level === "error" ? "failed" : "completed",
    level,
    message,
    logs: [{ level, message, timestamp: iso(at) }],
    created_at: iso(at),
  };
}
