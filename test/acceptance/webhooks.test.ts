// Webhooks alone bring a run to its end: polling is switched off as good as, and what the gateway learns it learns from deliveries.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { startTestGateway, type ProviderEntry, type TestGateway } from "../support/gateway.ts";
import { ask, watchTransitions } from "../support/gateway-client.ts";
import { startRuns, untilEnded } from "../support/gateway-operations.ts";
import { credentialHeaders, entryOf, startVendor, type Vendor, type VendorServer } from "../support/vendors.ts";

/** Longer than any test: what is seen in time was not seen by looking. */
const NEVER_MS = 3_600_000;
const PATIENT = { poll: { fastMs: NEVER_MS, slowMs: NEVER_MS, discoverMs: NEVER_MS } } as const;
const SECRET = "a-secret-of-the-customer";

type Told = Readonly<Record<string, unknown>>;

async function tell(vendor: VendorServer, method: string, path: string, body: Told): Promise<Told> {
  const response = await fetch(`${vendor.url}${path}`, {
    method,
    headers: { "content-type": "application/json", ...credentialHeaders(vendor) },
    body: JSON.stringify(body),
  });
  const answer = z.record(z.string(), z.unknown()).parse(await response.json());
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

/** How each vendor is told where to report, as its documents say; the secret is known before the gateway's address is. */
const REGISTER: Readonly<
  Record<
    "polytomic" | "truto" | "rootfi",
    (vendor: VendorServer) => Promise<{ readonly secret: string; at(endpoint: string): Promise<Told> }>
  >
> = {
  polytomic: (vendor) =>
    Promise.resolve({
      secret: SECRET,
      at: (endpoint) => tell(vendor, "POST", "/api/webhooks", { endpoint, secret: SECRET }),
    }),
  // Truto makes the secret itself and shows it once, so the webhook comes first and its address later.
  truto: async (vendor) => {
    const made = await tell(vendor, "POST", "/webhook", {
      target_url: "https://127.0.0.1:9/none",
      event_types: RUN_EVENTS,
    });
    const at = (endpoint: string) => tell(vendor, "PATCH", `/webhook/${String(made["id"])}`, { target_url: endpoint });
    return { secret: String(made["secret"]), at };
  },
  rootfi: (vendor) => {
    const fixed = { name: "gateway", type: "SYNC_COMPLETED", operations: ["CREATE"], data_models: ["ACCOUNTS"] };
    const headers = { authorization: SECRET };
    return Promise.resolve({
      secret: SECRET,
      at: (url) => tell(vendor, "POST", "/core/webhooks", { webhook: { ...fixed, headers, url } }),
    });
  },
};
const RUN_EVENTS = ["created", "started", "updated", "rate_limited", "completed", "failed", "deleted"].map(
  (event) => `sync_job_run:${event}`,
);

const definitionsShape = z.record(
  z.string(),
  z.object({ nodes: z.array(z.object({ id: z.string(), name: z.string() })) }),
);
const START: Readonly<
  Record<keyof typeof REGISTER, { readonly list: string; readonly name: RegExp; readonly account?: RegExp }>
> = {
  polytomic: { list: "modelSyncs", name: /^Warehouse users to Salesforce contacts$/ },
  truto: { list: "syncJobs", name: /^HubSpot contacts and companies$/, account: /hubspot/i },
  rootfi: { list: "syncJobs", name: /\/ XERO$/ },
};

async function idOf(gateway: TestGateway, list: string, name: RegExp): Promise<string> {
  const { data } = await ask(gateway.url, definitionsShape, `{ ${list}(first: 100) { nodes { id name } } }`);
  const found = data[list]?.nodes.find((node) => name.test(node.name));
  if (found === undefined) throw new Error(`no ${list} named ${name}`);
  return found.id;
}

const reportShape = z.object({
  provider: z.object({
    webhooks: z.object({
      configured: z.boolean(),
      lastReceivedAt: z.string().nullable(),
      refusals: z.array(z.object({ count: z.number() })),
    }),
  }),
});
const reportOf = async (gateway: TestGateway, key: Vendor) =>
  (
    await ask(
      gateway.url,
      reportShape,
      `{ provider(key: "${key}") { webhooks { configured lastReceivedAt refusals { count } } } }`,
    )
  ).data.provider.webhooks;

describe.each(["polytomic", "truto", "rootfi"] as const)("%s with webhooks and hardly a poll", (kind) => {
  let vendor: VendorServer;
  let gateway: TestGateway;

  beforeEach(async () => {
    vendor = await startVendor(kind, 10);
    const registration = await REGISTER[kind](vendor);
    const entry: ProviderEntry = { ...entryOf(vendor), ...PATIENT, webhookSecret: registration.secret };
    gateway = await startTestGateway({ providers: [entry] });
    await registration.at(gateway.url.replace(/\/graphql$/, `/webhooks/${kind}`));
  });

  afterEach(async () => {
    await gateway.close();
    await vendor.stop();
  });

  test("a run that was started here comes to its end, each step once and in order", async () => {
    const { list, name, account } = START[kind];
    const definitionId = await idOf(gateway, list, name);
    const linkedAccountId =
      account === undefined ? {} : { linkedAccountId: await idOf(gateway, "linkedAccounts", account) };
    await using watch = watchTransitions(gateway.url);
    const [started] = await startRuns(gateway.url, { definitionId, ...linkedAccountId });

    expect(await untilEnded(watch, started?.id ?? "")).toBe("CREATED RUNNING SUCCESS: COMPLETE");
    expect(await reportOf(gateway, kind)).toMatchObject({ configured: true, refusals: [] });
    expect((await reportOf(gateway, kind)).lastReceivedAt).not.toBeNull();
  });

  test("a forged delivery is refused and changes nothing", async () => {
    const response = await fetch(gateway.url.replace(/\/graphql$/, `/webhooks/${kind}`), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: "wrong",
        "x-truto-signature": "format=sha256,v=00",
      },
      body: JSON.stringify({
        id: "forged",
        event: "sync_job_run:completed",
        type: "sync.completed",
        payload: { id: "run-1", status: "completed" },
      }),
    });
    expect(response.status).toBe(401);
    expect((await reportOf(gateway, kind)).lastReceivedAt).toBeNull();
  });
});
