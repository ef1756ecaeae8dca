// Routes of the RootFi sandbox's v4 about webhooks: registrations, and the log of what was sent to them.
import { Router } from "express";
import { z } from "zod";
import { DELIVERY_STATES, type Hook, deliveryState } from "./sandbox-hooks.ts";
import { notFound, parsed } from "./sandbox-http.ts";
import { integration } from "./sandbox-v4-company-routes.ts";
import { type V4, pageOf, pageQuery } from "./sandbox-v4-http.ts";
import { deliveryView, hookView } from "./sandbox-v4-views.ts";
import { receiverUrl } from "./sandbox-webhook-routes.ts";

const hookBody = z
  .object({
    webhook_type: z.enum(["INTEGRATION", "DATA_MODEL_CHANGES", "CONNECTION_CHANGED", "SYNC_STARTED", "SYNC_COMPLETED"]),
    integration_type: integration.nullish(),
    name: z.string().min(1),
    url: receiverUrl,
    topics: z.array(z.string()).optional(),
    state: z.enum(["ENABLED", "DISABLED"]).optional(),
    signing_key: z.string().min(1).optional(),
    /** Documented in answers only; that it can be chosen is inferred. */
    signature_header: z
      .string()
      .regex(/^[\w-]+$/u)
      .optional(),
    headers: z.array(z.object({ name: z.string().min(1), value: z.string() })).optional(),
  })
  .refine((body) => body.webhook_type !== "INTEGRATION" || typeof body.integration_type === "string", {
    path: ["integration_type"],
    message: "An integration webhook needs its integration",
  });

const logQuery = pageQuery.extend({
  state: z.enum(DELIVERY_STATES).optional(),
  fromDate: z.iso.datetime({ offset: true }).optional(),
  toDate: z.iso.datetime({ offset: true }).optional(),
  webhookId: z.coerce.number().int().optional(),
  syncId: z.string().optional(),
});

const DEFAULT_SIGNATURE_HEADER = "X-RootFi-Signature";

export function webhookRoutesOfV4(v4: V4): Router {
  return Router().use(configRoutes(v4), logRoutes(v4));
}

/** `data` stands twice in the answers. */
function configRoutes({ organisation: { hooks }, answer }: V4): Router {
  const router = Router();
  let created = 0;
  const known = (id: string): Hook => {
    const hook = hooks.get(Number(id));
    if (hook === undefined) throw notFound("Webhook config", "id");
    return hook;
  };

  router.get("/core/webhook-config", (_request, response) => {
    answer(response, 200, { data: [...hooks.values()].map(hookView) });
  });

  router.get("/core/webhook-config/:id", (request, response) => {
    answer(response, 200, { data: hookView(known(request.params.id)) });
  });

  router.post("/core/webhook-config", (request, response) => {
    const body = parsed(hookBody, request.body);
    created += 1;
    const hook = hookOf(body, { ...NEW_HOOK, id: 8_100 + created, createdAtMs: Date.now() });
    hooks.set(hook.id, hook);
    answer(response, 201, { data: hookView(hook) });
  });

  router.put("/core/webhook-config/:id", (request, response) => {
    const hook = hookOf(parsed(hookBody, request.body), known(request.params.id));
    hooks.set(hook.id, hook);
    answer(response, 200, { data: hookView(hook) });
  });

  router.delete("/core/webhook-config/:id", (request, response) => {
    hooks.delete(known(request.params.id).id);
    response.status(204).end();
  });

  return router;
}

function logRoutes({ organisation: { log }, answer }: V4): Router {
  const router = Router();

  router.get("/core/webhook-logs", (request, response) => {
    const query = parsed(logQuery, request.query);
    const from = Date.parse(query.fromDate ?? "") || Number.NEGATIVE_INFINITY;
    const to = Date.parse(query.toDate ?? "") || Number.POSITIVE_INFINITY;
    const fitting = log
      .all()
      .filter(
        (delivery) =>
          (query.state === undefined || deliveryState(delivery) === query.state) &&
          (query.webhookId === undefined || delivery.hookId === query.webhookId) &&
          (query.syncId === undefined || delivery.syncId === query.syncId) &&
          delivery.createdAtMs >= from &&
          delivery.createdAtMs <= to,
      );
    const { items, ...page } = pageOf(fitting, ({ id }) => id, query);
    answer(response, 200, { logs: items.map((delivery) => deliveryView(delivery, false)), ...page });
  });

  router.get("/core/webhook-logs/:deliveryId", (request, response) => {
    const delivery = log.all().find(({ id }) => id === request.params.deliveryId);
    if (delivery === undefined) throw notFound("Delivery", "deliveryId");
    answer(response, 200, deliveryView(delivery, true));
  });

  return router;
}

const NEW_HOOK: Pick<Hook, "topics" | "enabled" | "headers" | "integration" | "signingKey" | "signatureHeader"> = {
  topics: [],
  enabled: true,
  headers: null,
  integration: null,
  signingKey: null,
  signatureHeader: DEFAULT_SIGNATURE_HEADER,
};

/** What is optional and left out stays as it was. */
function hookOf(body: z.output<typeof hookBody>, before: typeof NEW_HOOK & Pick<Hook, "id" | "createdAtMs">): Hook {
  return {
    id: before.id,
    createdAtMs: before.createdAtMs,
    updatedAtMs: Date.now(),
    type: body.webhook_type,
    integration: body.integration_type === undefined ? before.integration : body.integration_type,
    name: body.name,
    url: body.url,
    enabled: body.state === undefined ? before.enabled : body.state === "ENABLED",
    topics: body.topics ?? before.topics,
    headers: body.headers ?? before.headers,
    signingKey: body.signing_key ?? before.signingKey,
    signatureHeader: body.signature_header ?? before.signatureHeader,
  };
}
