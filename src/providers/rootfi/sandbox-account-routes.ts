// Routes of the RootFi sandbox about customers: companies and invite links.
import { Router } from "express";
import { z } from "zod";
import type { ModelConfigChange } from "./sandbox-configs.ts";
import { notFound, pageQuery, parsed, slice } from "./sandbox-http.ts";
import { categoryOf } from "./sandbox-models.ts";
import { type Company, type Organisation, changeConfigs, liveCompany } from "./sandbox-organisation.ts";
import { dataModel, operationDenied } from "./sandbox-sync-routes.ts";
import { activityView, companyView, inviteLinkId, inviteLinkView, pipelineStatus } from "./sandbox-views.ts";

const companiesQuery = pageQuery.extend({
  integrations: commaList().optional(),
  categories: commaList().optional(),
  status: z.enum(["HEALTHY", "EXPIRED", "PENDING", "DISCONNECTED", "SLEEPING", "DELETED"]).optional(),
  expand: commaList().optional(),
});

const syncConfig = z
  .object({
    enabled: z.boolean(),
    interval: z.number().int().min(1),
    frequency: z.enum(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    data_model: dataModel,
    category: z.enum(["ACCOUNTING", "PAYMENTS", "CRM", "ECOMMERCE", "CUSTOM"]),
    scope_access: z.partialRecord(z.enum(["READ", "CREATE", "UPDATE", "DELETE"]), z.boolean()),
    sync_from: z.iso.datetime({ offset: true }).nullish(),
    custom_fields: z.array(z.string()).nullish(),
  })
  .refine((line) => line.category === categoryOf(line.data_model), {
    path: ["category"],
    message: "Data model is not of this category",
  });

const updateCompany = z.object({
  name: z.string().min(1).optional(),
  partner_id: z.string().optional(),
  sync_config: syncConfig.optional(),
});

export function companyRoutes(organisation: Organisation): Router {
  const { book, companies } = organisation;
  const router = Router();

  router.get("/core/companies", (request, response) => {
    const query = parsed(companiesQuery, request.query);
    const nowMs = Date.now();
    const fitting = [...companies.values()].filter(
      (company) =>
        hasStatus(company, query.status, book, nowMs) &&
        hasConnection(company, "integration", query.integrations) &&
        hasConnection(company, "category", query.categories),
    );
    const page = slice(fitting, (company) => company.seed.id, "rootfi_id", query);
    const data = page.items.map((company) => ({
      ...companyView(company, organisation, nowMs),
      ...(query.expand?.includes("activity_log") === true ? { activity_log: activityView(company) } : {}),
    }));
    response.json({ data, next: page.next });
  });

  return router.use(oneCompanyRoutes(organisation));
}

export function inviteLinkRoutes(organisation: Organisation): Router {
  const { companies } = organisation;
  const router = Router();
  const live = (): readonly Company[] => [...companies.values()].filter((company) => !company.deleted);

  router.get("/core/invite_links", (request, response) => {
    const query = parsed(pageQuery.extend({ expand: z.enum(["connections"]).optional() }), request.query);
    const page = slice(live(), (company) => company.seed.id, "rootfi_id", query);
    const nowMs = Date.now();
    const data = page.items.map((company) =>
      inviteLinkView(company, organisation, nowMs, query.expand === "connections"),
    );
    response.json({ data, next: page.next });
  });

  router.get("/core/invite_links/:inviteLinkId", (request, response) => {
    const company = live().find((candidate) => inviteLinkId(candidate.seed) === request.params.inviteLinkId);
    if (company === undefined) throw notFound("Invite link", "invite_link_id");
    response.json({ data: inviteLinkView(company, organisation, Date.now(), true) });
  });

  return router;
}

function oneCompanyRoutes(organisation: Organisation): Router {
  const { book, companies } = organisation;
  const router = Router();

  router.get("/core/companies/:companyId", (request, response) => {
    const company = liveCompany(companies, Number(request.params.companyId), "company_id");
    response.json({ data: companyView(company, organisation, Date.now()) });
  });

  router.put("/core/companies/:companyId", (request, response) => {
    const company = liveCompany(companies, Number(request.params.companyId), "company_id");
    const body = parsed(updateCompany, request.body);
    if (body.sync_config !== undefined) {
      changeConfigs(organisation, company, [lineOf(body.sync_config)], company.seed.connections);
    }
    const changed: Company = {
      ...company,
      name: body.name ?? company.name,
      partnerId: body.partner_id ?? company.partnerId,
      updatedAtMs: Date.now(),
    };
    companies.set(company.seed.id, changed);
    // The official client types this answer, alone among the single reads, as a list.
    response.json({ data: [companyView(changed, organisation, Date.now())] });
  });

  router.delete("/core/companies/:companyId", (request, response) => {
    const nowMs = Date.now();
    const company = liveCompany(companies, Number(request.params.companyId), "company_id");
    const busy = company.seed.connections.some(
      (connection) => book.open(company.seed.id, connection.integration, nowMs) !== undefined,
    );
    if (busy) throw operationDenied("A sync is running for this company", "company_id");
    companies.set(company.seed.id, { ...company, deleted: true, updatedAtMs: nowMs });
    response.json({ status: "success" });
  });

  return router;
}

/** v3 takes a line whole: no `sync_from` means the full history. */
function lineOf(line: z.output<typeof syncConfig>): ModelConfigChange {
  return {
    model: line.data_model,
    enabled: line.enabled,
    interval: line.interval,
    frequency: line.frequency,
    scopeAccess: line.scope_access,
    syncFrom: line.sync_from ?? null,
    customFields: line.custom_fields ?? null,
  };
}

/** A comma-separated list. */
function commaList() {
  return z.string().transform((text) => text.split(","));
}

function hasConnection(
  company: Company,
  name: "integration" | "category",
  wanted: readonly string[] | undefined,
): boolean {
  return wanted === undefined || company.seed.connections.some((connection) => wanted.includes(connection[name]));
}

function hasStatus(company: Company, wanted: string | undefined, book: Organisation["book"], nowMs: number): boolean {
  if (wanted === "DELETED") return company.deleted;
  if (company.deleted) return false;
  if (wanted === undefined) return true;
  const { id, connections } = company.seed;
  if (wanted !== "SLEEPING") return connections.some((connection) => connection.status === wanted);
  return connections.some(
    ({ integration }) => pipelineStatus(book.open(id, integration, nowMs), nowMs).word === "SLEEPING",
  );
}
