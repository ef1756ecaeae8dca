// How each vendor is told where to report, as its documents say. The secret is known before the gateway's address is.
import type { Json } from "../support/openapi-examples.ts";
import { objectOf } from "../support/openapi-examples.ts";
import { vendorTakes } from "../support/vendor-truth.ts";
import { credentialHeaders, type Vendor, type VendorServer } from "../support/vendors.ts";

/** Stuut has no webhooks. */
export const REPORTING = ["rootfi", "polytomic", "truto"] as const;

export interface Registration {
  readonly secret: string;
  /** Tells the vendor the address. */
  at(endpoint: string): Promise<Json>;
}

const SECRET = "a-secret-of-the-customer";

const RUN_EVENTS = ["created", "started", "updated", "rate_limited", "completed", "failed", "deleted"].map(
  (event) => `sync_job_run:${event}`,
);

export const REGISTER: Readonly<Record<Exclude<Vendor, "stuut">, (vendor: VendorServer) => Promise<Registration>>> = {
  polytomic: (vendor) =>
    Promise.resolve({
      secret: SECRET,
      at: (endpoint) => vendorTakes(vendor, "/api/webhooks", { endpoint, secret: SECRET }),
    }),
  // Truto makes the secret itself and shows it once, so the webhook comes first and its address later.
  truto: async (vendor) => {
    const made = await vendorTakes(vendor, "/webhook", {
      target_url: "https://127.0.0.1:9/none",
      event_types: RUN_EVENTS,
    });
    return { secret: String(made["secret"]), at: (endpoint) => moved(vendor, String(made["id"]), endpoint) };
  },
  // The event is of the sync; operations and data models, which every registration needs, are about records.
  rootfi: (vendor) => {
    const fixed = { name: "gateway", type: "SYNC_COMPLETED", operations: ["CREATE"], data_models: ["ACCOUNTS"] };
    const headers = { authorization: SECRET };
    return Promise.resolve({
      secret: SECRET,
      at: (url) => vendorTakes(vendor, "/core/webhooks", { webhook: { ...fixed, headers, url } }),
    });
  },
};

async function moved(vendor: VendorServer, id: string, endpoint: string): Promise<Json> {
  const response = await fetch(`${vendor.url}/webhook/${id}`, {
    method: "PATCH",
    headers: { ...credentialHeaders(vendor), "content-type": "application/json" },
    body: JSON.stringify({ target_url: endpoint }),
  });
  if (!response.ok) throw new Error(`truto answers the new address of webhook ${id} with ${response.status}`);
  return objectOf(await response.json());
}
