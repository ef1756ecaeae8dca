// Events of the Polytomic sandbox, worked out from the runs; routes for their log and for the organization's one webhook.
import express, { type Request, type Router } from "express";
import { type WebhookBody, parseBody, webhookBody } from "./sandbox-body.ts";
import { type Execution, countsAt, endsAt, hasEnded, idFrom, iso, startedAt, statusAt } from "./sandbox-executions.ts";
import { notFound, textOf, unprocessable } from "./sandbox-http.ts";
import type { SyncRecord, Webhook, World } from "./sandbox-world.ts";

const EVENT_TYPES = [
  "sync.running",
  "sync.completed",
  "sync.completed_with_errors",
  "sync.failed",
  "sync.canceled",
  "bulk_sync.running",
  "bulk_sync.completed",
  "bulk_sync.completed_with_error",
  "bulk_sync.failed",
  "bulk_sync.canceled",
];
const KEPT_MS = 48 * 60 * 60_000;

export interface Happening {
  readonly type: string;
  readonly at: number;
  readonly more: Readonly<Record<string, unknown>>;
}

export function eventRoutes(world: World): Router {
  const routes = express.Router();
  routes.get("/api/events_types", (_request, response) => {
    response.json({ data: EVENT_TYPES });
  });
  routes.get("/api/events", (request, response) => {
    const type = textOf(request, "type");
    if (type !== undefined && !EVENT_TYPES.includes(type)) throw unprocessable(`type: unknown event type "${type}"`);
    const after = instantOf(request, "starting_after") ?? Date.now() - KEPT_MS;
    const before = instantOf(request, "ending_before") ?? Infinity;
    const limit = limitOf(request);
    const events = [...world.executions.values()].flatMap((execution) => {
      const sync = world.syncs.get(execution.syncId);
      return sync === undefined ? [] : happenings(execution, Date.now()).map((one) => ({ ...one, execution, sync }));
    });
    const wanted = events.filter(
      (event) => event.at > after && event.at < before && (type === undefined || event.type === type),
    );
    // Newest first; the vendor names no order and gives no token, so clients page by time.
    const page = wanted.toSorted((one, other) => other.at - one.at).slice(0, limit);
    response.json({
      data: page.length === 0 ? null : page.map((event) => eventView(world, event.sync, event.execution, event)),
    });
  });
  return routes;
}

export function webhookRoutes(world: World): Router {
  const routes = express.Router();
  routes.get("/api/webhooks", (_request, response) => {
    response.json({ data: world.webhook === null ? null : [webhookView(world, world.webhook)] });
  });
  routes.post("/api/webhooks", (request, response) => {
    const { endpoint, secret } = readWebhook(world, request);
    if (world.webhook !== null) throw unprocessable("the organization has a webhook already");
    world.webhook = { id: world.nextId("webhook"), endpoint, secret, disabled: false, createdAt: Date.now() };
    response.json({ data: webhookView(world, world.webhook) });
  });
  routes.get("/api/webhooks/:id", (request, response) => {
    response.json({ data: webhookView(world, findWebhook(world, request.params.id)) });
  });
  routes.put("/api/webhooks/:id", (request, response) => {
    const webhook = findWebhook(world, request.params.id);
    const { endpoint, secret } = readWebhook(world, request);
    webhook.endpoint = endpoint;
    webhook.secret = secret;
    response.json({ data: webhookView(world, webhook) });
  });
  routes.delete("/api/webhooks/:id", (request, response) => {
    findWebhook(world, request.params.id);
    world.webhook = null;
    response.status(200).end();
  });
  for (const action of ["enable", "disable"]) {
    routes.post(`/api/webhooks/:id/${action}`, (request, response) => {
      const webhook = findWebhook(world, String(request.params["id"]));
      webhook.disabled = action === "disable";
      response.json({ data: webhookView(world, webhook) });
    });
  }
  return routes;
}

/** What there is to tell of a run: its beginning, and its end in one of four words. In order; what was told stays as it was. */
export function happenings(execution: Execution, now: number): readonly Happening[] {
  const started = startedAt(execution, now);
  const beginning = started === null ? [] : [{ type: "sync.running", at: started, more: {} }];
  return hasEnded(execution, now) ? [...beginning, ending(execution, now)] : beginning;
}

function ending(execution: Execution, now: number): Happening {
  const at = endsAt(execution);
  const status = statusAt(execution, now);
  const counts = countsAt(execution, now);
  if (status === "canceled") return { type: "sync.canceled", at, more: { status } };
  if (status !== "completed")
    return { type: "sync.failed", at, more: { error: execution.failure ?? "the sync failed" } };
  if (counts.error > 0) {
    const error = `${counts.error} records could not be written`;
    return {
      type: "sync.completed_with_errors",
      at,
      more: { error, number_of_errors: counts.error, number_of_warnings: counts.warnings },
    };
  }
  return { type: "sync.completed", at, more: completedFacts(execution, now) };
}

function completedFacts(execution: Execution, now: number): Readonly<Record<string, unknown>> {
  const counts = countsAt(execution, now);
  const log = (type: string) => [
    `https://logs.polytomic.example/${execution.id}/${type}/000001.json?signature=sandbox`,
  ];
  return {
    status: "completed",
    trigger: execution.type,
    record_count: counts.total,
    inserted_count: counts.insert,
    updated_count: counts.update,
    upserted_count: counts.upserts,
    error_count: counts.error,
    warning_count: counts.warnings,
    total_records: log("records"),
    inserted_records: counts.insert > 0 ? log("inserts") : null,
    updated_records: counts.update > 0 ? log("updates") : null,
    deleted_records: counts.delete > 0 ? log("deletes") : null,
    errored_records: null,
    warnings: null,
  };
}

/** An event as the log shows it and as the webhook gets it; its id is the same in both. */
export function eventView(
  world: World,
  sync: SyncRecord,
  execution: Execution,
  { type, at, more }: Happening,
): Readonly<Record<string, unknown>> {
  const organizationId = world.organization.id;
  return {
    id: idFrom(execution.id, type),
    organization_id: organizationId,
    type,
    created_at: iso(at),
    event: {
      execution_id: execution.id,
      organization_id: organizationId,
      sync_id: sync.id,
      sync_name: sync.body.name,
      target_connection_id: sync.body.target.connection_id,
      ...more,
    },
  };
}

function instantOf(request: Request, name: string): number | undefined {
  const text = textOf(request, name);
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw unprocessable(`${name}: not a timestamp`);
  return at;
}

function limitOf(request: Request): number {
  const limit = Number(textOf(request, "limit") ?? 10);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) throw unprocessable("limit: expected 1 to 100");
  return limit;
}

function readWebhook(world: World, request: Request): WebhookBody {
  const body = parseBody(webhookBody, request.body, 422);
  const organizationId = body.organization_id ?? world.organization.id;
  if (organizationId !== world.organization.id) throw unprocessable("organization_id: not the organization of the key");
  return body;
}

function findWebhook(world: World, id: string): Webhook {
  if (world.webhook === null || world.webhook.id !== id.toLowerCase()) throw notFound("webhook");
  return world.webhook;
}

function webhookView(world: World, webhook: Webhook): Readonly<Record<string, unknown>> {
  const { id, endpoint, secret, disabled, createdAt } = webhook;
  return { id, organization_id: world.organization.id, endpoint, secret, disabled, created_at: iso(createdAt) };
}
