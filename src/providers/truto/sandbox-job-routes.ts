// Routes of the Truto sandbox for sync jobs and for the cron triggers that run them.
import express, { type Request, type Router } from "express";
import { type JobBody, type TriggerBody, jobBody, triggerBody, triggerPatch } from "./sandbox-bodies.ts";
import { badRequest, notFound, pageOf, parseBody, passes } from "./sandbox-http.ts";
import { iso, sqlTime } from "./sandbox-runs.ts";
import type { Job, Trigger, World } from "./sandbox-world.ts";

export function jobRoutes(world: World): Router {
  const routes = express.Router();
  definitionRoutes(routes, world);
  triggerRoutes(routes, world);
  return routes;
}

function definitionRoutes(routes: Router, world: World): void {
  routes.get("/sync-job", (request, response) => {
    const jobs = [...world.jobs.values()].filter(
      (job) =>
        passes(request, "integration_name", job.body.integration_name ?? "") &&
        passes(request, "environment_id", world.environmentId),
    );
    // This list is one of those whose reference page says `results` where the guides say `result`.
    response.json(pageOf(request, jobs, (job) => jobView(job, world), "results"));
  });
  routes.get("/sync-job/:id", (request, response) => {
    response.json(jobView(findJob(world, request.params.id), world));
  });
  routes.post("/sync-job", (request, response) => {
    const body = stamped(parseBody(jobBody, request.body));
    const now = Date.now();
    const job: Job = { id: world.nextId("sync job"), fate: "complete", body, createdAt: now, updatedAt: now };
    world.jobs.set(job.id, job);
    response.json(jobView(job, world));
  });
  routes.patch("/sync-job/:id", (request, response) => {
    const job = findJob(world, request.params.id);
    job.body = { ...job.body, ...parseBody(jobBody, request.body) };
    job.updatedAt = Date.now();
    response.json(jobView(job, world));
  });
  routes.delete("/sync-job/:id", (request, response) => {
    const job = findJob(world, request.params.id);
    world.jobs.delete(job.id);
    response.json({ id: job.id });
  });
}

function triggerRoutes(routes: Router, world: World): void {
  routes.get("/sync-job-cron-trigger", (request, response) => {
    response.json(
      pageOf(
        request,
        [...world.triggers.values()].filter((trigger) => isWanted(request, trigger)),
        (trigger) => triggerView(trigger, world),
      ),
    );
  });
  routes.get("/sync-job-cron-trigger/:id", (request, response) => {
    response.json(triggerView(findTrigger(world, request.params.id), world));
  });
  routes.post("/sync-job-cron-trigger", (request, response) => {
    const body = checkTrigger(world, parseBody(triggerBody, request.body));
    const now = Date.now();
    const trigger: Trigger = {
      id: world.nextId("cron trigger"),
      body,
      scheduled: false,
      checkedUntil: now,
      createdAt: now,
      updatedAt: now,
    };
    world.triggers.set(trigger.id, trigger);
    response.json(triggerView(trigger, world));
  });
  routes.patch("/sync-job-cron-trigger/:id", (request, response) => {
    const trigger = findTrigger(world, request.params.id);
    const { cron_expression, ...patch } = parseBody(triggerPatch, request.body);
    const expression = cron_expression ?? trigger.body.cron_expression;
    const body = checkTrigger(world, { ...trigger.body, ...patch, cron_expression: expression });
    // A changed expression takes effect only when the trigger is scheduled again.
    if (expression !== trigger.body.cron_expression) trigger.scheduled = false;
    trigger.body = body;
    trigger.updatedAt = Date.now();
    response.json(triggerView(trigger, world));
  });
  routes.delete("/sync-job-cron-trigger/:id", (request, response) => {
    const trigger = findTrigger(world, request.params.id);
    world.triggers.delete(trigger.id);
    response.json({ id: trigger.id });
  });
  routes.post("/sync-job-cron-trigger/:id/schedule", (request, response) => {
    const trigger = findTrigger(world, request.params.id);
    trigger.scheduled = true;
    trigger.checkedUntil = Date.now();
    response.json({ success: true });
  });
}

function findJob(world: World, id: string): Job {
  const job = world.jobs.get(id.toLowerCase());
  if (job === undefined) throw notFound("Sync job");
  return job;
}

function findTrigger(world: World, id: string): Trigger {
  const trigger = world.triggers.get(id.toLowerCase());
  if (trigger === undefined) throw notFound("Sync job cron trigger");
  return trigger;
}

function checkTrigger(world: World, body: TriggerBody): TriggerBody {
  if (!world.jobs.has(body.sync_job_id)) throw badRequest("sync_job_id does not exist");
  const accountId = body.integrated_account_id;
  if (accountId !== undefined && world.account(accountId) === undefined)
    throw badRequest("integrated_account_id does not exist");
  const webhookId = body.webhook_id ?? null;
  const daemonGroupKey = body.daemon_group_key ?? null;
  if (webhookId !== null && daemonGroupKey !== null)
    throw badRequest("webhook_id and daemon_group_key cannot be used together");
  return body;
}

function isWanted(request: Request, { body }: Trigger): boolean {
  return (
    passes(request, "sync_job_id", body.sync_job_id) &&
    passes(request, "integrated_account_id", body.integrated_account_id ?? "")
  );
}

/** What the vendor puts in for fields a new job does not name. */
function stamped(body: JobBody): JobBody {
  const defaults = {
    label: "Untitled",
    integration_name: "",
    default_runtime_version: 3,
    args_schema: {},
    resources: [],
  };
  return { args_validation: null, mutex_key: null, state_key: null, ...defaults, ...body };
}

/** Jobs write times without a zone, runs with one: the vendor's pages show both. */
function jobView(job: Job, world: World): Readonly<Record<string, unknown>> {
  const times = { created_at: sqlTime(job.createdAt), updated_at: sqlTime(job.updatedAt) };
  return { id: job.id, environment_id: world.environmentId, ...job.body, ...times };
}

function triggerView({ id, body, createdAt, updatedAt }: Trigger, world: World): Readonly<Record<string, unknown>> {
  const { integrated_account_id, ...rest } = body;
  return {
    webhook_id: null,
    daemon_group_key: null,
    super_query: null,
    error_handling: null,
    events_to_send: null,
    meta: {},
    args: {},
    ...rest,
    ...(integrated_account_id === undefined ? {} : { integrated_account_id }),
    id,
    resources: world.jobs.get(body.sync_job_id)?.body.resources ?? [],
    environment_id: world.environmentId,
    created_at: iso(createdAt),
    updated_at: iso(updatedAt),
  };
}
