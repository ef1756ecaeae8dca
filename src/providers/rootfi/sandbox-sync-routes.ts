// Routes of the RootFi sandbox about runs: syncs, their jobs, the organisation's sync config.
import { Router } from "express";
import { z } from "zod";
import { type ConnectionSeed, INTEGRATIONS, MODEL_CONFIGS } from "./sandbox-data.ts";
import { Refusal, notFound, pageQuery, parsed, slice } from "./sandbox-http.ts";
import { categoryOf } from "./sandbox-models.ts";
import { type Company, type Organisation, liveCompany } from "./sandbox-organisation.ts";
import type { Run, RunBook } from "./sandbox-runs.ts";
import { configView, jobViews, syncView } from "./sandbox-views.ts";

export const dataModel = z.string().refine((name) => categoryOf(name) !== undefined, "Unknown data model");

const createSync = z.object({
  company_id: z.number().int(),
  integration_type: z.enum(INTEGRATIONS),
  full_sync: z.boolean(),
  data_models_to_sync: z.array(dataModel).min(1, "At least one data model is needed"),
});

const category = z.enum(["ACCOUNTING", "PAYMENTS", "CRM", "ECOMMERCE", "CUSTOM"]);

/** The literal paths come before `/core/syncs/{sync_id}`, which would take them for ids. */
export function syncRoutes(organisation: Organisation): Router {
  return Router().use(literalRoutes(organisation), runRoutes(organisation), startRoute(organisation));
}

/** The refusal's status is not documented; 403 is the one of the documented statuses that fits. */
export function operationDenied(message: string, field: string): Refusal {
  return new Refusal(403, "operation-denied", message, field);
}

function startRoute({ book, companies }: Organisation): Router {
  const router = Router();

  router.post("/core/syncs", (request, response) => {
    const body = parsed(createSync, request.body);
    const nowMs = Date.now();
    const company = liveCompany(companies, body.company_id, "company_id");
    const connection = startableConnection(company, body, book, nowMs);
    const models = [...new Set(body.data_models_to_sync)];
    const run = book.start({ companyId: body.company_id, connection, models, fullSync: body.full_sync }, nowMs);
    const short = { id: run.syncId, status: "created" };
    response.json({ data: company.seed.answersShort ? short : syncView(run, nowMs) });
  });

  return router;
}

function runRoutes({ book }: Organisation): Router {
  const router = Router();

  router.get("/core/syncs", (request, response) => {
    const query = parsed(pageQuery.extend({ rootfi_company_id: z.coerce.number().int().optional() }), request.query);
    const nowMs = Date.now();
    const wanted = query.rootfi_company_id;
    const runs = book.all(nowMs).filter((run) => wanted === undefined || run.companyId === wanted);
    const page = slice(runs, (run) => run.rowId, "id", query);
    // The vendor's answer names its public host, whoever asked: a client must take the cursor out and leave the address alone.
    const next = page.next === null ? null : `https://api.rootfi.dev/syncs?next=${encodeURIComponent(page.next)}`;
    response.json({ data: page.items.map((run) => syncView(run, nowMs)), next });
  });

  router.get("/core/syncs/:syncId", (request, response) => {
    const nowMs = Date.now();
    response.json({ data: syncView(knownRun(book, request.params.syncId, nowMs), nowMs) });
  });

  // No page parameters are documented here although the answer has a cursor; `limit` and `next` work as they do elsewhere.
  router.get("/core/syncs/:syncId/jobs", (request, response) => {
    const query = parsed(pageQuery, request.query);
    const nowMs = Date.now();
    const run = knownRun(book, request.params.syncId, nowMs);
    const numbered = jobViews(run, nowMs).map((view, place) => ({ view, id: run.firstJobId + place }));
    const page = slice(numbered, ({ id }) => id, "rootfi_id", query);
    response.json({
      data: page.items.map(({ view }) => view),
      next: page.next === null ? null : encodeURIComponent(page.next),
    });
  });

  return router;
}

function literalRoutes({ book }: Organisation): Router {
  const router = Router();

  router.get("/core/syncs/config", (request, response) => {
    const query = parsed(z.object({ category }), request.query);
    const configs = MODEL_CONFIGS.filter((config) => config.category === query.category);
    response.json({ sync_config: configs.map(configView) });
  });

  router.get("/core/syncs/jobs/:jobId", (request, response) => {
    const nowMs = Date.now();
    const id = Number(request.params.jobId);
    const run = book.all(nowMs).find(({ firstJobId, plan }) => id >= firstJobId && id < firstJobId + plan.jobs.length);
    const job = run === undefined ? undefined : jobViews(run, nowMs)[id - run.firstJobId];
    if (job === undefined) throw notFound("Job", "job_id");
    response.json({ data: job });
  });

  return router;
}

function startableConnection(
  company: Company,
  body: z.output<typeof createSync>,
  book: RunBook,
  nowMs: number,
): ConnectionSeed {
  const connection = company.seed.connections.find((candidate) => candidate.integration === body.integration_type);
  if (connection === undefined) throw notFound("Connection", "integration_type");
  const foreign = body.data_models_to_sync.find((model) => categoryOf(model) !== connection.category);
  if (foreign !== undefined) {
    throw new Refusal(
      400,
      "bad-request",
      `${foreign} is not available for ${connection.integration}`,
      "data_models_to_sync",
    );
  }
  if (connection.status !== "HEALTHY") {
    throw operationDenied(
      `Connection is ${connection.status.toLowerCase()}, reconnect it before syncing`,
      "company_id",
    );
  }
  if (book.open(company.seed.id, connection.integration, nowMs) !== undefined) {
    throw operationDenied("A sync is already running for this company and integration", "company_id");
  }
  return connection;
}

function knownRun(book: RunBook, syncId: string, nowMs: number): Run {
  const run = book.all(nowMs).find((candidate) => candidate.syncId === syncId);
  if (run === undefined) throw notFound("Sync", "sync_id");
  return run;
}
