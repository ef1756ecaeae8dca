// Routes of the RootFi sandbox about webhook registrations. What is sent to them is the driver's business.
import { createHash } from "node:crypto";
import { Router } from "express";
import { z } from "zod";
import { notFound, parsed } from "./sandbox-http.ts";
import type { Organisation } from "./sandbox-organisation.ts";
import { dataModel } from "./sandbox-sync-routes.ts";

/** The vendor takes https alone; a receiver on the same machine has no certificate. */
export const receiverUrl = z.union(
  [z.url({ protocol: /^https$/u }), z.url({ protocol: /^http$/u, hostname: /^(localhost|127(\.\d+){3}|\[::1\])$/u })],
  { error: "Expected an https address, or http on a loopback address" },
);

const webhookBody = z.object({
  name: z.string().min(1),
  type: z.enum(["DATA_MODEL_CHANGES", "CONNECTION_CHANGED", "SYNC_COMPLETED"]),
  url: receiverUrl,
  operations: z.array(z.enum(["CREATE", "UPDATE", "DELETE"])),
  data_models: z.array(dataModel),
  headers: z.record(z.string(), z.unknown()),
});

/** The body is wrapped on creation and not wrapped on update; the answer is the other way round. */
export function webhookRoutes({ webhooks }: Organisation, seed: number): Router {
  const router = Router();
  let created = 0;

  router.get("/core/webhooks", (_request, response) => {
    response.json({ data: [...webhooks.values()] });
  });

  router.post("/core/webhooks", (request, response) => {
    const { webhook } = parsed(z.object({ webhook: webhookBody }), request.body);
    created += 1;
    const id = createHash("sha256").update(`${seed}:webhook:${created}`).digest("hex").slice(0, 16);
    const stored = { id, created_at: new Date(Date.now()).toISOString(), ...webhook };
    webhooks.set(id, stored);
    response.json(stored);
  });

  router.put("/core/webhooks/:webhookId", (request, response) => {
    const known = webhooks.get(request.params.webhookId);
    if (known === undefined) throw notFound("Webhook", "webhook_id");
    const changed = { ...known, ...parsed(webhookBody, request.body) };
    webhooks.set(request.params.webhookId, changed);
    response.json({ data: changed });
  });

  router.delete("/core/webhooks/:webhookId", (request, response) => {
    if (!webhooks.delete(request.params.webhookId)) throw notFound("Webhook", "webhook_id");
    response.json({ status: "success" });
  });

  return router;
}
