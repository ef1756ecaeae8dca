// Routes of the Truto sandbox around the jobs: integrated accounts, webhooks, the cursors of incremental runs, and the ping.
import express, { type Request, type Router } from "express";
import { parseBody, badRequest, notFound, pageOf, passes, textOf } from "./sandbox-http.ts";
import { stateBody, webhookBody, webhookPatch, webhookTest } from "./sandbox-bodies.ts";
import type { Account } from "./sandbox-data.ts";
import { draw, idFrom, iso } from "./sandbox-runs.ts";
import type { Driver } from "./sandbox-driver.ts";
import type { RunState, Webhook, World } from "./sandbox-world.ts";

const DAY_MS = 24 * 60 * 60_000;

export function otherRoutes(world: World, driver: Driver): Router {
  const routes = express.Router();
  routes.get("/ping", (_request, response) => {
    response.json({ message: "pong" });
  });
  accountRoutes(routes, world);
  webhookRoutes(routes, world, driver);
  stateRoutes(routes, world);
  return routes;
}

function accountRoutes(routes: Router, world: World): void {
  routes.get("/integrated-account", (request, response) => {
    const accounts = world.accounts.filter(
      (account) =>
        passes(request, "tenant_id", account.tenantId) &&
        passes(request, "integration", account.integration) &&
        passes(request, "is_sandbox", String(account.isSandbox)) &&
        passes(request, "environment_id", world.environmentId) &&
        passes(request, "status", account.status),
    );
    response.json(pageOf(request, accounts, (account) => accountView(account, world)));
  });
  routes.get("/integrated-account/:id", (request, response) => {
    const account = world.account(request.params.id);
    if (account === undefined) throw notFound("Integrated account");
    response.json(accountView(account, world));
  });
}

function webhookRoutes(routes: Router, world: World, driver: Driver): void {
  routes.get("/webhook", (request, response) => {
    const webhooks = [...world.webhooks.values()].filter((webhook) =>
      passes(request, "is_active", String(webhook.isActive)),
    );
    response.json(pageOf(request, webhooks, (webhook) => webhookView(webhook, world)));
  });
  routes.post("/webhook", (request, response) => {
    const { target_url, is_active = true, event_types = null } = parseBody(webhookBody, request.body);
    const now = Date.now();
    const webhook: Webhook = {
      id: world.nextId("webhook"),
      targetUrl: target_url,
      isActive: is_active,
      eventTypes: event_types,
      secret: world.nextId("webhook secret"),
      droppedInARow: 0,
      createdAt: now,
      updatedAt: now,
    };
    world.webhooks.set(webhook.id, webhook);
    // The only answer that shows the secret.
    response.json({ ...webhookView(webhook, world), secret: webhook.secret });
  });
  routes.post("/webhook/test", (request, response) => {
    const { id, event_type } = parseBody(webhookTest, request.body);
    driver.test(findWebhook(world, id), event_type);
    response.json({ success: true });
  });
  routes.get("/webhook/:id", (request, response) => {
    response.json(webhookView(findWebhook(world, request.params.id), world));
  });
  routes.patch("/webhook/:id", (request, response) => {
    const webhook = findWebhook(world, request.params.id);
    const patch = parseBody(webhookPatch, request.body);
    webhook.targetUrl = patch.target_url ?? webhook.targetUrl;
    webhook.isActive = patch.is_active ?? webhook.isActive;
    // Whoever switches a webhook on again gets all its tries again.
    if (patch.is_active === true) webhook.droppedInARow = 0;
    webhook.eventTypes = patch.event_types ?? webhook.eventTypes;
    webhook.updatedAt = Date.now();
    response.json(webhookView(webhook, world));
  });
  routes.delete("/webhook/:id", (request, response) => {
    const webhook = findWebhook(world, request.params.id);
    world.webhooks.delete(webhook.id);
    response.json({ id: webhook.id });
  });
}

function stateRoutes(routes: Router, world: World): void {
  routes.get("/sync-job-run-state", (request, response) => {
    const states = [...statesOf(world, request).values()].map((state) => ({ ...state, id: state.key }));
    response.json(pageOf(request, states, stateView));
  });
  routes.post("/sync-job-run-state", (request, response) => {
    const states = statesOf(world, request);
    const { key, value } = parseBody(stateBody, request.body);
    if (key === undefined) throw badRequest("key is required");
    const now = Date.now();
    const state: RunState = { key, value, createdAt: states.get(key)?.createdAt ?? now, updatedAt: now };
    states.set(key, state);
    response.json(stateView(state));
  });
  routes.get("/sync-job-run-state/:key", (request, response) => {
    response.json(stateView(findState(statesOf(world, request), request.params.key)));
  });
  routes.patch("/sync-job-run-state/:key", (request, response) => {
    const state = findState(statesOf(world, request), request.params.key);
    state.value = parseBody(stateBody, request.body).value;
    state.updatedAt = Date.now();
    response.json(stateView(state));
  });
  routes.delete("/sync-job-run-state/:key", (request, response) => {
    const states = statesOf(world, request);
    const state = findState(states, request.params.key);
    states.delete(state.key);
    response.json(stateView(state));
  });
}

function accountView(account: Account, world: World): Readonly<Record<string, unknown>> {
  const createdAt = world.startedAt - 40 * DAY_MS + draw(account.id, DAY_MS);
  return {
    id: account.id,
    tenant_id: account.tenantId,
    environment_id: world.environmentId,
    environment_integration_id: idFrom(world.seed, "environment integration", account.integration),
    status: account.status,
    is_sandbox: account.isSandbox,
    authentication_method: account.integration === "bamboohr" ? "api_key" : "oauth2",
    region: "wnam",
    last_error: account.lastError,
    last_action_result: null,
    // Credentials are kept out of it by the vendor; what is left is what the account's forms asked for.
    context: { subdomain: account.tenantId },
    integration: {
      id: idFrom(world.seed, "integration", account.integration),
      name: account.integration,
      category: account.category,
    },
    created_at: iso(createdAt),
    updated_at: iso(createdAt + DAY_MS),
  };
}

function findWebhook(world: World, id: string): Webhook {
  const webhook = world.webhooks.get(id.toLowerCase());
  if (webhook === undefined) throw notFound("Webhook");
  return webhook;
}

function webhookView(webhook: Webhook, world: World): Readonly<Record<string, unknown>> {
  return {
    id: webhook.id,
    target_url: webhook.targetUrl,
    is_active: webhook.isActive,
    ...(webhook.eventTypes === null ? {} : { event_types: webhook.eventTypes }),
    environment_id: world.environmentId,
    created_at: iso(webhook.createdAt),
    updated_at: iso(webhook.updatedAt),
  };
}

function statesOf(world: World, request: Request): Map<string, RunState> {
  const stateKey = textOf(request, "state_key");
  if (stateKey === undefined) throw badRequest("state_key is required");
  const known = world.states.get(stateKey) ?? new Map<string, RunState>();
  world.states.set(stateKey, known);
  return known;
}

function findState(states: Map<string, RunState>, key: string): RunState {
  const state = states.get(key);
  if (state === undefined) throw notFound("Sync job run state");
  return state;
}

function stateView({ key, value, createdAt, updatedAt }: RunState): Readonly<Record<string, unknown>> {
  return { key, value, sync_job_run_id: null, created_at: iso(createdAt), updated_at: iso(updatedAt) };
}
