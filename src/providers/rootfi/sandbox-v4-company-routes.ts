// Routes of the RootFi sandbox's v4 about customers: companies, and the sync config of the organisation and of each company.
import { Router } from "express";
import { z } from "zod";
import { FREQUENCIES, INTEGRATIONS, MODEL_CONFIGS, categoryOfIntegration } from "./sandbox-data.ts";
import { parsed } from "./sandbox-http.ts";
import { changeConfigs, liveCompany } from "./sandbox-organisation.ts";
import { type V4, pageOf, pageQuery } from "./sandbox-v4-http.ts";
import { singularModel } from "./sandbox-v4-sync-routes.ts";
import { companyView, configView, connectionOf } from "./sandbox-v4-views.ts";

/** v3's and the two that only v4 lists; its own spelling of Odoo among them. */
export const integration = z.enum([...INTEGRATIONS, "OODOO_ACCOUNTING", "FRESHBOOKS"]);

/** Only the name `configs` and its snake_case are documented; the fields are v3's, and what is left out stays (inferred). */
const configsBody = z.object({
  configs: z
    .array(
      z.object({
        data_model: singularModel,
        enabled: z.boolean().optional(),
        interval: z.number().int().min(1).optional(),
        frequency: z.enum(FREQUENCIES).optional(),
        scope_access: z.partialRecord(z.enum(["READ", "CREATE", "UPDATE", "DELETE"]), z.boolean()).optional(),
        sync_from: z.iso.datetime({ offset: true }).nullish(),
        custom_fields: z.array(z.string()).nullish(),
      }),
    )
    .min(1, "At least one config is needed"),
});

export function companyRoutesOfV4({ organisation, answer }: V4): Router {
  const { companies } = organisation;
  const router = Router();

  router.get("/core/companies", (request, response) => {
    const query = parsed(pageQuery, request.query);
    const nowMs = Date.now();
    const live = [...companies.values()].filter(({ deleted }) => !deleted);
    const { items, ...page } = pageOf(live, ({ seed }) => String(seed.id), query);
    const views = items.map((company) => companyView(company, organisation, nowMs));
    answer(response, 200, { companies: views, ...page });
  });

  router.patch("/core/companies/:companyId/sync-config", (request, response) => {
    const company = liveCompany(companies, Number(request.params.companyId), "company_id");
    const changes = parsed(configsBody, request.body).configs.map((line) => ({
      model: line.data_model,
      enabled: line.enabled,
      interval: line.interval,
      frequency: line.frequency,
      scopeAccess: line.scope_access,
      syncFrom: line.sync_from,
      customFields: line.custom_fields,
    }));
    changeConfigs(organisation, company, changes, [connectionOf(company)]);
    answer(response, 200);
  });

  router.get("/core/organizations/sync-config", (request, response) => {
    const query = parsed(z.object({ integration_type: integration }), request.query);
    const category = categoryOfIntegration(query.integration_type);
    const lines = MODEL_CONFIGS.filter((config) => config.category === category);
    answer(response, 200, { syncConfig: lines.map(configView) });
  });

  return router;
}
