// The first run as a user sees it: one command, four simulated vendors, one schema, and every status transition over a plain socket.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newestCursor, watchTransitions, type Watch } from "../support/gateway-client.ts";
import {
  accountOf,
  definitionNamed,
  expectLegalPaths,
  isEnd,
  listDefinitions,
  pathOf,
  placeOf,
  startRuns,
  untilEnded,
  type KnownDefinition,
} from "../support/gateway-operations.ts";
import { vendorFolders } from "../support/provider-modules.ts";
import { VENDORS, credentialHeaders, entryOf, startVendor, type VendorServer } from "../support/vendors.ts";

let gateway: TestGateway;
let watch: Watch;
let definitions: readonly KnownDefinition[];

beforeAll(async () => {
  gateway = await startTestGateway({ sandboxSpeed: 20 });
  watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
  definitions = await listDefinitions(gateway.url);
});

afterAll(async () => {
  await watch.close();
  await gateway.close();
});

interface Start {
  readonly provider: string;
  readonly definition: string;
  /** Product of the linked account to run for, where the definition does not fix one. */
  readonly product?: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** What each run does, by model; "" where a start gives one run. */
  readonly ends: Readonly<Record<string, string>>;
}

const whole = (end: string) => ({ "": `CREATED RUNNING ${end}` });

const STARTS: readonly Start[] = [
  { provider: "rootfi", definition: "Harbour Lane Coffee Roasters / XERO", ends: whole("SUCCESS: COMPLETE") },
  { provider: "rootfi", definition: "Castor & Vale Outfitters / SHOPIFY", ends: whole("SUCCESS: PARTIAL") },
  { provider: "rootfi", definition: "Blue Heron Logistics / NETSUITE", ends: whole("SUCCESS: COMPLETE") },
  { provider: "rootfi", definition: "Meridian Dental Group / ZOHO_BOOKS", ends: whole("FAILED: ERROR") },
  { provider: "rootfi", definition: "Old Mill Pharmacy / SAGE_CLOUD_ACCOUNTING", ends: whole("FAILED: ERROR") },
  {
    provider: "stuut",
    definition: "Corvid Medical (Sage Intacct)",
    ends: {
      invoice: "CREATED RUNNING SUCCESS: COMPLETE",
      customer: "CREATED RUNNING SUCCESS: COMPLETE",
      payment: "CREATED RUNNING FAILED: ERROR",
    },
  },
  {
    provider: "stuut",
    definition: "Dunmore Foods (SAP Business One)",
    ends: { invoice: "CREATED RUNNING SUCCESS: COMPLETE", customer: "CREATED RUNNING SUCCESS: COMPLETE" },
  },
  {
    provider: "stuut",
    definition: "Elmfield Packaging (Dynamics 365)",
    ends: { invoice: "CREATED RUNNING FAILED: CANCELLED", customer: "CREATED FAILED: CANCELLED" },
  },
  { provider: "polytomic", definition: "Audience snapshot to spreadsheet", ends: whole("SUCCESS: COMPLETE") },
  { provider: "polytomic", definition: "Orders to HubSpot deals", ends: whole("SUCCESS: PARTIAL") },
  { provider: "polytomic", definition: "Churn scores to Zendesk users", ends: whole("SUCCESS: EMPTY") },
  { provider: "polytomic", definition: "Leads to finance spreadsheet", ends: whole("SUCCESS: COMPLETE") },
  { provider: "polytomic", definition: "Subscriptions to Salesforce accounts", ends: whole("FAILED: ERROR") },
  { provider: "polytomic", definition: "Product usage to HubSpot companies", ends: whole("FAILED: INTERRUPTED") },
  { provider: "polytomic", definition: "Trial signups to HubSpot contacts", ends: whole("FAILED: CANCELLED") },
  {
    provider: "truto",
    definition: "Zendesk tickets",
    product: "zendesk",
    options: { args: { start_date: "2026-01-01" } },
    ends: whole("SUCCESS: COMPLETE"),
  },
  { provider: "truto", definition: "Salesforce opportunities", product: "salesforce", ends: whole("SUCCESS: PARTIAL") },
  { provider: "truto", definition: "BambooHR time off", product: "bamboohr", ends: whole("SUCCESS: EMPTY") },
  { provider: "truto", definition: "Slack messages", product: "slack", ends: whole("SUCCESS: COMPLETE") },
  { provider: "truto", definition: "Jira issues", product: "jira", ends: whole("FAILED: ERROR") },
  { provider: "truto", definition: "Notion pages", product: "notion", ends: whole("FAILED: CANCELLED") },
];

async function begin({ provider, definition, product, options = {} }: Start) {
  const account =
    product === undefined ? {} : { linkedAccountId: (await accountOf(gateway.url, provider, product)).id };
  return startRuns(gateway.url, {
    definitionId: definitionNamed(definitions, provider, definition).id,
    ...account,
    ...options,
  });
}

describe("a gateway without any configuration", () => {
  test("lists definitions of all vendors through one schema", () => {
    expect(new Set(definitions.map(({ provider }) => provider.key))).toEqual(new Set(vendorFolders()));
  });

  test.concurrent.each(STARTS)(
    "$provider: a run of $definition is seen from its creation to its end",
    async (start) => {
      const runs = await begin(start);
      const ends = await Promise.all(
        runs.map(async ({ id, models: [model = ""] }) => [
          start.provider === "stuut" ? model : "",
          await untilEnded(watch, id),
        ]),
      );
      expect(Object.fromEntries(ends)).toEqual(start.ends);
    },
  );

  test("a run that a newer one replaced unseen ends FAILED with outcome LOST", async () => {
    const runs = await begin({ provider: "stuut", definition: "Holt Freight (Xero)", ends: {} });
    const replaced = runs.find(({ models }) => models.includes("customer"));
    expect(await untilEnded(watch, replaced?.id ?? "")).toMatch(/ FAILED: LOST$/u);
  });

  test("transitions come in the ledger's order, without holes, each once, and every run goes a legal path", () => {
    const places = watch.seen.map(({ cursor }) => placeOf(cursor));
    const [first = 0] = places;
    expect(places).toEqual(places.map((_, index) => first + index));
    expectLegalPaths(watch.seen);
  });

  test("what was triggered here says so", () => {
    const ours = watch.seen.filter(({ sync }) => sync.definition?.name === "Audience snapshot to spreadsheet");
    expect(new Set(ours.map(({ sync }) => sync.origin))).toEqual(new Set(["GATEWAY"]));
  });

  test("vendors' own schedules are followed too, and do not claim to be ours", async () => {
    const provider = await watch.until("a scheduled run of Saltmarsh", (seen) => {
      const own = seen.filter(({ sync }) => sync.definition?.name === "Saltmarsh Brewing Co / TALLY");
      return own.find(({ to, sync }) => isEnd(to) && sync.origin === "AUTOMATIC")?.sync.provider.key;
    });
    expect(provider).toBe("rootfi");
  });

  test("a client that comes back with any cursor gets exactly what came after it", async () => {
    const all = watch.seen.map(({ cursor }) => cursor);
    expect(all.length).toBeGreaterThan(40);
    const places = [0, 1, 7, Math.floor(all.length / 2), all.length - 2];
    for (const place of places) {
      const rest = all.slice(place + 1);
      await using resumed = watchTransitions(gateway.url, { after: all[place] ?? "" });
      const seen = await resumed.until("the rest", (later) => (later.length >= rest.length ? later : null));
      expect(seen.slice(0, rest.length).map(({ cursor }) => cursor)).toEqual(rest);
    }
  });

  test("a client that subscribes without a cursor sees what begins from then on", async () => {
    const before = new Set(watch.seen.map(({ cursor }) => cursor));
    await using live = watchTransitions(gateway.url);
    const first = await live.until("a transition", ([one]) => one);
    expect(before.has(first.cursor)).toBe(false);
  });
});

describe("runs that somebody started at the vendor itself", () => {
  const vendors: VendorServer[] = [];
  let outside: TestGateway;
  let outsideWatch: Watch;

  beforeAll(async () => {
    for (const vendor of VENDORS) vendors.push(await startVendor(vendor, 4));
    outside = await startTestGateway({ providers: vendors.map(entryOf) });
    await listDefinitions(outside.url);
    outsideWatch = watchTransitions(outside.url, { after: await newestCursor(outside.url) });
  });

  afterAll(async () => {
    await outsideWatch.close();
    await outside.close();
    for (const vendor of vendors) await vendor.stop();
  });

  test.concurrent.each(VENDORS)(
    "%s: it appears by itself, is followed to its end, and is not called ours",
    async (kind) => {
      const vendor = vendors.find((one) => one.vendor === kind);
      if (vendor === undefined) throw new Error(`no ${kind}`);
      const remoteId = await startAtVendor(vendor, outside.url);
      const syncId = await outsideWatch.until(
        `the run ${remoteId}`,
        (seen) => seen.find(({ sync }) => sync.remoteId === remoteId)?.sync.id,
      );
      await untilEnded(outsideWatch, syncId);
      const path = pathOf(outsideWatch.seen, syncId);
      expect(path.map(({ to }) => to)).toEqual(["CREATED", "RUNNING", "SUCCESS"]);
      expect(path.map(({ sync }) => sync.origin)).not.toContain("GATEWAY");
    },
  );
});

const ROOTFI_START = {
  company_id: 440_112,
  integration_type: "SALESFORCE",
  full_sync: false,
  data_models_to_sync: ["CRM_DEALS"],
};

/** Starts a run the way the vendor's own customers do. @returns the vendor's id of it */
async function startAtVendor(vendor: VendorServer, url: string): Promise<string> {
  const known = await listDefinitions(url);
  const post = async (path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${vendor.url}${path}`, {
      method: "POST",
      headers: { ...credentialHeaders(vendor), "content-type": "application/json" },
      body: JSON.stringify(body ?? {}),
    });
    expect(response.status).toBeLessThan(300);
    return response.json();
  };
  switch (vendor.vendor) {
    case "rootfi":
      return idIn(await post("/core/syncs", ROOTFI_START), "sync_id");
    case "stuut":
      return idIn(await post("/v2/integrations/connections/conn_01HZX3ALD/sync"), "id");
    case "polytomic": {
      const { remoteId } = definitionNamed(known, "polytomic", "Audience snapshot to spreadsheet");
      return idIn(await post(`/api/syncs/${remoteId}/executions`), "id");
    }
    case "truto": {
      const job = definitionNamed(known, "truto", "Support conversations");
      const account = await accountOf(url, "truto", "intercom");
      const args = { integrated_account_id: account.remoteId };
      return idIn(
        await post("/sync-job-run", { sync_job_id: job.remoteId, integrated_account_id: account.remoteId, args }),
        "id",
      );
    }
  }
}

/** The first value under that name, wherever the vendor's envelope puts it. */
function idIn(answer: unknown, name: string): string {
  if (typeof answer !== "object" || answer === null) throw new Error(`no ${name} in the answer`);
  const entries = Object.entries(answer);
  const own = entries.find(([key, value]) => key === name && typeof value === "string");
  if (own !== undefined) return String(own[1]);
  const inner = entries.find(([, value]) => typeof value === "object" && value !== null);
  return idIn(inner?.[1], name);
}
