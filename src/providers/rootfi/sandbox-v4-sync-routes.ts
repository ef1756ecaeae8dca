// Routes of the RootFi sandbox's v4 about runs: list, start, retry, cancel, and the jobs of one.
import { Router } from "express";
import { z } from "zod";
import { Refusal, notFound, parsed } from "./sandbox-http.ts";
import { categoryOf, pluralOf, singularOf } from "./sandbox-models.ts";
import { type Company, liveCompany } from "./sandbox-organisation.ts";
import { type Run, hasEnded } from "./sandbox-runs.ts";
import { type V4, pageOf, pageQuery } from "./sandbox-v4-http.ts";
import { connectionOf, jobViews, syncView } from "./sandbox-v4-views.ts";

/** A model by its name in v4; becomes its name in v3. */
export const singularModel = z.string().transform((name, context) => {
  const plural = pluralOf(name);
  if (plural !== undefined) return plural;
  context.addIssue({ code: "custom", message: "Unknown data model" });
  return z.NEVER;
});

const startBody = z.object({
  /** From when on is taken and not shown anywhere: v4's sync has no field for it. */
  dataModelsToSync: z
    .array(z.object({ dataModel: singularModel, syncFrom: z.iso.datetime({ offset: true }).optional() }))
    .min(1, "At least one data model is needed")
    .optional(),
  fullSync: z.boolean().default(false),
  isManualSync: z.boolean().default(true),
});

const listQuery = pageQuery.extend({ jobType: z.enum(["PULL", "PUSH"]).default("PULL") });

export function syncRoutesOfV4(v4: V4): Router {
  return Router().use(companySyncRoutes(v4), oneSyncRoutes(v4));
}

function companySyncRoutes({ organisation, answer }: V4): Router {
  const { book, companies, configs } = organisation;
  const router = Router();

  router.get("/core/companies/:companyId/syncs", (request, response) => {
    const query = parsed(listQuery, request.query);
    const nowMs = Date.now();
    const company = liveCompany(companies, Number(request.params.companyId), "company_id");
    // Nothing is written to the customers' platforms here, so there is no run to push.
    const runs = query.jobType === "PUSH" ? [] : book.all(nowMs).filter((run) => isOf(company, run));
    const { items, ...page } = pageOf(runs, ({ uuid }) => uuid, query);
    answer(response, 200, { syncs: items.map((run) => syncView(run, nowMs)), ...page });
  });

  router.post("/core/companies/:companyId/syncs", (request, response) => {
    const company = liveCompany(companies, Number(request.params.companyId), "company_id");
    const body = parsed(startBody, request.body ?? {});
    const { category } = connectionOf(company);
    const named = body.dataModelsToSync?.map(({ dataModel }) => dataModel);
    const models = [...new Set(named ?? configs.enabledModels(company.seed.id, category))];
    const run = start({ organisation, answer }, company, { ...body, models, automatic: !body.isManualSync });
    answer(response, 201, startedView(run));
  });

  return router;
}

function oneSyncRoutes(v4: V4): Router {
  const { organisation, answer } = v4;
  const router = Router();

  router.get("/core/syncs/:syncId/jobs", (request, response) => {
    const query = parsed(pageQuery, request.query);
    const nowMs = Date.now();
    const run = knownRun(v4, request.params.syncId, nowMs);
    const { items, ...page } = pageOf(jobViews(run, nowMs), ({ id }) => id, query);
    answer(response, 200, { jobs: items, ...page });
  });

  router.post("/core/syncs/:syncId/retry", (request, response) => {
    const nowMs = Date.now();
    const run = knownRun(v4, request.params.syncId, nowMs);
    if (!hasEnded(run, nowMs)) throw conflict("Sync has not ended, only a completed sync can be retried", "sync_id");
    const company = liveCompany(organisation.companies, run.companyId, "sync_id");
    const { models, fullSync } = run;
    answer(response, 201, startedView(start(v4, company, { models, fullSync, automatic: false })));
  });

  // Neither the path nor the answer is documented; both are inferred from the neighbours.
  router.post("/core/syncs/:syncId/cancel", (request, response) => {
    const nowMs = Date.now();
    const run = knownRun(v4, request.params.syncId, nowMs);
    if (hasEnded(run, nowMs)) throw conflict("Sync has already ended", "sync_id");
    organisation.book.stop(run, nowMs);
    answer(response, 200);
  });

  return router;
}

function start(
  { organisation: { book } }: V4,
  company: Company,
  wish: Pick<Run, "models" | "fullSync" | "automatic">,
): Run {
  const { models, fullSync } = wish;
  const nowMs = Date.now();
  const connection = connectionOf(company);
  const foreign = models.find((model) => categoryOf(model) !== connection.category);
  if (foreign !== undefined) {
    const message = `${singularOf(foreign)} is not available for ${connection.integration}`;
    throw new Refusal(400, "bad-request", message, "dataModelsToSync");
  }
  if (models.length === 0) {
    throw new Refusal(400, "bad-request", "No data model is enabled for this company", "dataModelsToSync");
  }
  // The statuses of these two are documented for another refusal of v4, that to disconnect a company.
  if (connection.status !== "HEALTHY") {
    throw new Refusal(400, "no-active-connection", "Company has no active connection", "company_id");
  }
  if (book.open(company.seed.id, connection.integration, nowMs) !== undefined) {
    throw conflict("A sync is already running for this company", "company_id");
  }
  return book.start({ companyId: company.seed.id, connection, models, fullSync }, nowMs, wish.automatic);
}

/** v4 says no status of a run that it has just accepted. */
function startedView({ uuid, models }: Run): unknown {
  return { sync: { id: uuid, dataModelsSyncing: models.map(singularOf) } };
}

function knownRun({ organisation: { book, companies } }: V4, uuid: string, nowMs: number): Run {
  const run = book.all(nowMs).find((candidate) => candidate.uuid === uuid);
  const company = run === undefined ? undefined : companies.get(run.companyId);
  if (run === undefined || company === undefined || !isOf(company, run)) throw notFound("Sync", "sync_id");
  return run;
}

function isOf(company: Company, run: Run): boolean {
  return run.companyId === company.seed.id && run.integration === connectionOf(company).integration;
}

function conflict(message: string, field: string): Refusal {
  return new Refusal(409, "operation-denied", message, field);
}
