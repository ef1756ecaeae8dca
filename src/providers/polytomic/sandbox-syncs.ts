// Routes of the Polytomic sandbox for definitions and their runs.
import express, { type Request, type Router } from "express";
import { activateBody, isMode, parseBody, startBody, syncBody } from "./sandbox-body.ts";
import {
  type Execution,
  cancelExecution,
  executionView,
  hasEnded,
  iso,
  startedAt,
  statusAt,
} from "./sandbox-executions.ts";
import { Refusal, badRequest, booleanOf, notFound, pageOf, textOf, unprocessable } from "./sandbox-http.ts";
import type { SyncRecord, World } from "./sandbox-world.ts";

const SYNCS_PER_PAGE = 50;
/** The vendor does not say how long a page of executions is. */
const EXECUTIONS_PER_PAGE = 20;
const LOG_TYPES = ["records", "errors", "warnings", "inserts", "updates", "deletes"];
const LOG_LINK_MS = 15 * 60_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const SCHEDULE_OPTIONS = [
  { frequency: "manual", label: "Manual", description: "Runs only when somebody starts it.", configuration: {} },
  {
    frequency: "continuous",
    label: "Continuous",
    description: "Starts again shortly after it has ended.",
    configuration: {},
  },
  { frequency: "hourly", label: "Hourly", description: "Runs at a minute of every hour.", configuration: {} },
  { frequency: "daily", label: "Daily", description: "Runs at a time of every day.", configuration: {} },
  { frequency: "weekly", label: "Weekly", description: "Runs at a time of one day of the week.", configuration: {} },
  { frequency: "runafter", label: "Run after", description: "Runs when other syncs have ended.", configuration: {} },
  { frequency: "dbtcloud", label: "dbt Cloud", description: "Runs when a dbt Cloud job has ended.", configuration: {} },
];

export function syncRoutes(world: World): Router {
  const routes = express.Router();
  definitionRoutes(routes, world);
  activationRoutes(routes, world);
  executionRoutes(routes, world);
  logRoutes(routes, world);
  return routes;
}

function definitionRoutes(routes: Router, world: World): void {
  routes.get("/api/syncs", (request, response) => {
    const filtered = [...world.syncs.values()].filter(syncFilter(request));
    const sorted = filtered.toSorted((one, other) => other.updatedAt - one.updatedAt || one.id.localeCompare(other.id));
    const page = pageOf(sorted, textOf(request, "page_token"), limitOf(request), (sync) => sync.id);
    response.json({ ...page, data: page.data?.map((sync) => listItem(sync, world)) ?? null });
  });
  routes.post("/api/syncs", (request, response) => {
    const body = parseBody(syncBody, request.body, 422);
    checkTarget(world, body.target.connection_id);
    response.json({ data: syncView(world.addSync(body, Date.now()), world) });
  });
  routes.get("/api/syncs/schedules", (_request, response) => {
    response.json({ data: { schedule_options: SCHEDULE_OPTIONS } });
  });
  routes.get("/api/syncs/:id", (request, response) => {
    response.json({ data: syncView(findSync(world, request.params.id), world) });
  });
  routes.put("/api/syncs/:id", (request, response) => {
    const sync = findSync(world, request.params.id);
    const body = parseBody(syncBody, request.body, 422);
    checkTarget(world, body.target.connection_id);
    sync.body = body;
    sync.active = body.active ?? true;
    sync.updatedAt = Date.now();
    response.json({ data: syncView(sync, world) });
  });
  routes.delete("/api/syncs/:id", (request, response) => {
    world.removeSync(findSync(world, request.params.id), Date.now());
    response.status(200).end();
  });
}

function activationRoutes(routes: Router, world: World): void {
  routes.post("/api/syncs/:id/activate", (request, response) => {
    const sync = findSync(world, request.params.id);
    sync.active = parseBody(activateBody, request.body, 400).active;
    sync.updatedAt = Date.now();
    response.json({ data: { id: sync.id, active: sync.active } });
  });
  routes.post("/api/syncs/:id/cancel", (request, response) => {
    const sync = findSync(world, request.params.id);
    const now = Date.now();
    const open = world.openExecution(sync.id, now);
    if (open !== undefined) cancelExecution(open, now, world.speed);
    const message = open === undefined ? "no execution is running" : "execution cancellation has been queued";
    response.json({ data: { message } });
  });
  routes.get("/api/syncs/:id/status", (request, response) => {
    const sync = findSync(world, request.params.id);
    const now = Date.now();
    const next = world.nextRun(sync, now);
    const open = world.openExecution(sync.id, now);
    const last = world.executionsOf(sync.id).find((execution) => hasEnded(execution, now));
    response.json({
      data: {
        // What there is none of is left out, not null.
        ...(open === undefined ? {} : { current_execution: executionView(open, now) }),
        ...(last === undefined ? {} : { last_execution: executionView(last, now) }),
        next_execution_time: next === null ? null : iso(next),
      },
    });
  });
}

function executionRoutes(routes: Router, world: World): void {
  routes.post("/api/syncs/:id/executions", (request, response) => {
    const sync = findSync(world, request.params.id);
    const options = parseBody(startBody, request.body, 400);
    const now = Date.now();
    if (!sync.active) throw badRequest("sync is not active: activate it before starting an execution");
    const open = world.openExecution(sync.id, now);
    if (open !== undefined)
      throw new Refusal(409, "an execution of this sync is already running", { execution_id: open.id });
    const execution = world.start(sync, options, now);
    response.json({
      data: { id: execution.id, created_at: iso(execution.createdAt), status: statusAt(execution, now) },
    });
  });
  routes.get("/api/syncs/:id/executions", (request, response) => {
    const sync = findSync(world, request.params.id);
    const now = Date.now();
    const ascending = booleanOf(request, "ascending") === true;
    const onlyEnded = booleanOf(request, "only_completed") === true;
    const newestFirst = world.executionsOf(sync.id).filter((execution) => !onlyEnded || hasEnded(execution, now));
    const ordered = ascending ? newestFirst.toReversed() : newestFirst;
    const page = pageOf(ordered, textOf(request, "page_token"), EXECUTIONS_PER_PAGE, (execution) => execution.id);
    response.json({ ...page, data: page.data?.map((execution) => executionView(execution, now)) ?? null });
  });
  routes.get("/api/syncs/:sync_id/executions/:id", (request, response) => {
    const execution = findExecution(world, request.params.sync_id, request.params.id);
    response.json({ data: executionView(execution, Date.now()) });
  });
  routes.post("/api/syncs/:sync_id/executions/:id/cancel", (request, response) => {
    const execution = findExecution(world, request.params.sync_id, request.params.id);
    const now = Date.now();
    if (hasEnded(execution, now)) throw badRequest(`execution is not running: it is ${statusAt(execution, now)}`);
    cancelExecution(execution, now, world.speed);
    response.json({ data: { message: "execution cancellation has been queued" } });
  });
}

function logRoutes(routes: Router, world: World): void {
  routes.get("/api/syncs/:sync_id/executions/:id/consolelog", (request, response) => {
    const execution = findExecution(world, request.params.sync_id, request.params.id);
    const after = textOf(request, "after");
    const limit = limitOf(request);
    const entries = execution.steps
      .filter((step) => step.at <= Date.now())
      .map((step, index) => ({
        id: String(index + 1),
        level: step.status === "failed" || step.status === "interrupted" ? "error" : "info",
        message: `execution is ${step.status}`,
        payload: null,
        timestamp: iso(step.at),
      }));
    const newer = entries.slice(after === undefined ? 0 : entries.findIndex((entry) => entry.id === after) + 1);
    const newest = newer.slice(-limit);
    response.json({ data: { entries: newest.length === 0 ? null : newest, next_cursor: newest.at(-1)?.id ?? null } });
  });
  routes.get("/api/syncs/:sync_id/executions/:id/:type", (request, response) => {
    const execution = findLog(world, request.params);
    const now = Date.now();
    const url = signedUrl(execution, request.params.type, "000001.json");
    const urls = startedAt(execution, now) === null ? null : [url];
    response.json({ data: { expires: iso(now + LOG_LINK_MS), urls } });
  });
  routes.get("/api/syncs/:sync_id/executions/:id/:type/:filename", (request, response) => {
    const execution = findLog(world, request.params);
    response.json({ data: { url: signedUrl(execution, request.params.type, request.params.filename) } });
  });
}

function findSync(world: World, id: string): SyncRecord {
  const sync = world.syncs.get(id.toLowerCase());
  if (sync === undefined) throw notFound("sync");
  return sync;
}

function findExecution(world: World, syncId: string, id: string): Execution {
  const sync = findSync(world, syncId);
  const execution = world.executions.get(id.toLowerCase());
  if (execution === undefined || execution.syncId !== sync.id) throw notFound("execution");
  return execution;
}

function findLog(
  world: World,
  place: { readonly sync_id: string; readonly id: string; readonly type: string },
): Execution {
  if (!LOG_TYPES.includes(place.type)) throw badRequest(`unknown log type "${place.type}"`);
  return findExecution(world, place.sync_id, place.id);
}

function signedUrl(execution: Execution, type: string, filename: string): string {
  return `https://logs.polytomic.example/${execution.id}/${type}/${encodeURIComponent(filename)}?signature=sandbox`;
}

function checkTarget(world: World, connectionId: string): void {
  const connection = world.organization.connections.find(({ id }) => id === connectionId.toLowerCase());
  if (connection === undefined) throw unprocessable("target.connection_id: connection not found");
  if (!connection.operations.includes("destination")) throw unprocessable("target.connection_id: not a destination");
}

function syncFilter(request: Request): (sync: SyncRecord) => boolean {
  const active = booleanOf(request, "active");
  const mode = textOf(request, "mode");
  const target = textOf(request, "target_connection_id");
  if (mode !== undefined && !isMode(mode)) throw badRequest(`mode: unknown mode "${mode}"`);
  if (target !== undefined && !UUID.test(target)) throw badRequest("target_connection_id must be a UUID");
  return (sync) =>
    (active === undefined || sync.active === active) &&
    (mode === undefined || sync.body.mode === mode) &&
    (target === undefined || sync.body.target.connection_id === target.toLowerCase());
}

/** What is too large or not positive becomes the page size, as the vendor says. */
function limitOf(request: Request): number {
  const text = textOf(request, "limit");
  if (text === undefined) return SYNCS_PER_PAGE;
  const limit = Number(text);
  if (!Number.isInteger(limit)) throw badRequest("limit must be an integer");
  return limit <= 0 || limit > SYNCS_PER_PAGE ? SYNCS_PER_PAGE : limit;
}

/** What the list and the page of one definition have in common. */
function commonView(sync: SyncRecord, world: World): Readonly<Record<string, unknown>> {
  const { body } = sync;
  const { run_after, ...schedule } = body.schedule;
  const modelIds = body.fields.flatMap((field) => (field.source === undefined ? [] : [field.source.model_id]));
  return {
    id: sync.id,
    name: body.name,
    organization_id: world.organization.id,
    active: sync.active,
    mode: body.mode,
    model_ids: [...new Set(modelIds)],
    schedule: {
      ...schedule,
      run_after: { sync_ids: run_after?.sync_ids ?? [], bulk_sync_ids: run_after?.bulk_sync_ids ?? [] },
    },
    only_enrich_updates: body.only_enrich_updates ?? false,
    skip_initial_backfill: body.skip_initial_backfill ?? false,
    sync_all_records: body.sync_all_records ?? false,
    created_at: iso(sync.createdAt),
    created_by: sync.createdBy,
    updated_at: iso(sync.updatedAt),
    updated_by: sync.createdBy,
  };
}

function listItem(sync: SyncRecord, world: World): Readonly<Record<string, unknown>> {
  const { connection_id, object } = sync.body.target;
  return { ...commonView(sync, world), target_connection_id: connection_id, target_object: object ?? "" };
}

function syncView(sync: SyncRecord, world: World): Readonly<Record<string, unknown>> {
  const { body } = sync;
  return {
    ...commonView(sync, world),
    fields: body.fields,
    override_fields: body.override_fields ?? [],
    overrides: body.overrides ?? [],
    filters: body.filters ?? [],
    filter_logic: body.filter_logic ?? "",
    policies: body.policies ?? [],
    target: { configuration: {}, ...body.target },
    ...(body.identity === undefined ? {} : { identity: body.identity }),
    // The real API hands the passphrase back in plain; clients must cope with that.
    ...(body.encryption_passphrase === undefined ? {} : { encryption_passphrase: body.encryption_passphrase }),
  };
}
