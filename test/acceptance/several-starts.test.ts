// Starting much at once, each start with its own result; and starting what runs already, which attaches to the run there is.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask } from "../support/gateway-client.ts";
import {
  accountOf,
  definitionNamed,
  listDefinitions,
  startRuns,
  triggerSync,
  type KnownDefinition,
} from "../support/gateway-operations.ts";
import { vendorTakes } from "../support/vendor-truth.ts";
import {
  VENDORS,
  recordRequests,
  startVendor,
  type Recorder,
  type Vendor,
  type VendorServer,
} from "../support/vendors.ts";

/** So slow that what is started here stays open, and what a sandbox began with has ended. */
const SLOW = 0.2;
const NEVER_MS = 3_600_000;

const vendors = new Map<Vendor, VendorServer>();
const recorders = new Map<Vendor, Recorder>();
let gateway: TestGateway;
let definitions: readonly KnownDefinition[];
let accounts: Readonly<Record<"slack" | "notion", string>>;

beforeAll(async () => {
  for (const kind of VENDORS) {
    const vendor = await startVendor(kind, SLOW);
    vendors.set(kind, vendor);
    recorders.set(kind, await recordRequests(vendor));
  }
  // Nothing is discovered by itself: what the vendors' own customers start is not known here until somebody asks.
  const poll = { fastMs: NEVER_MS, slowMs: NEVER_MS, discoverMs: NEVER_MS };
  gateway = await startTestGateway({ providers: [...recorders.values()].map(({ entry }) => ({ ...entry, poll })) });
  definitions = await listDefinitions(gateway.url);
  const [slack, notion] = [
    await accountOf(gateway.url, "truto", "slack"),
    await accountOf(gateway.url, "truto", "notion"),
  ];
  accounts = { slack: slack.id, notion: notion.id };
});

afterAll(async () => {
  await gateway.close();
  for (const recorder of recorders.values()) await recorder.close();
  for (const vendor of vendors.values()) await vendor.stop();
});

const idOf = (provider: Vendor, name: string): string => definitionNamed(definitions, provider, name).id;
const startsAt = (kind: Vendor): number => recorders.get(kind)?.starts().length ?? 0;
const theVendor = (kind: Vendor): VendorServer => {
  const vendor = vendors.get(kind);
  if (vendor === undefined) throw new Error(`no ${kind}`);
  return vendor;
};

describe("a start of what runs already", () => {
  const INPUTS: Readonly<Record<Vendor, () => Readonly<Record<string, unknown>>>> = {
    rootfi: () => ({ definitionId: idOf("rootfi", "Quarry Road Motors / SALESFORCE") }),
    stuut: () => ({ definitionId: idOf("stuut", "Bright & Sons Electrical (QuickBooks)") }),
    polytomic: () => ({ definitionId: idOf("polytomic", "Audience snapshot to spreadsheet") }),
    truto: () => ({ definitionId: idOf("truto", "Slack messages"), linkedAccountId: accounts.slack }),
  };

  test.each(VENDORS)("%s: attaches to all runs of the start before, and asks the vendor for no other", async (kind) => {
    const runs = await startRuns(gateway.url, INPUTS[kind]());
    const before = startsAt(kind);
    const { data, errors } = await triggerSync(gateway.url, INPUTS[kind]());
    expect(errors).toEqual([]);
    expect(data.triggerSync).toMatchObject({ attached: true, userErrors: [], trigger: { state: "ACCEPTED" } });
    expect(data.triggerSync?.syncs.map(({ id }) => id).toSorted()).toEqual(runs.map(({ id }) => id).toSorted());
    expect(startsAt(kind)).toBe(before);
  });

  const OUTSIDE: readonly (readonly [
    Exclude<Vendor, "truto">,
    string,
    (remoteId: string) => readonly [string, unknown],
    { readonly models?: readonly string[] },
  ])[] = [
    [
      "rootfi",
      "Larkspur Care Homes / MS_DYNAMICS_365",
      () => [
        "/core/syncs",
        {
          company_id: 440_111,
          integration_type: "MS_DYNAMICS_365",
          full_sync: false,
          data_models_to_sync: ["ACCOUNTS"],
        },
      ],
      { models: ["ACCOUNTS"] },
    ],
    ["stuut", "Corvid Medical (Sage Intacct)", (id) => [`/v2/integrations/connections/${id}/sync`, {}], {}],
    ["polytomic", "Leads to finance spreadsheet", (id) => [`/api/syncs/${id}/executions`, {}], {}],
  ];

  test.each(OUTSIDE)(
    "%s: attaches to the run that somebody else started a moment ago: %s",
    async (kind, name, start, asked) => {
      const definition = definitionNamed(definitions, kind, name);
      // As the vendor's own customers do, who ask no gateway.
      await vendorTakes(theVendor(kind), ...start(definition.remoteId));
      const { data, errors } = await triggerSync(gateway.url, { definitionId: definition.id, ...asked });
      expect(errors).toEqual([]);
      expect(data.triggerSync).toMatchObject({ attached: true, userErrors: [], trigger: { state: "ACCEPTED" } });
      expect(data.triggerSync?.syncs.length).toBe(kind === "stuut" ? 3 : 1);
    },
  );

  test("rootfi: is not given a run that does less than is asked for, whoever started it", async () => {
    const definitionId = idOf("rootfi", "Larkspur Care Homes / MS_DYNAMICS_365");
    for (const asked of [{}, { models: ["ACCOUNTS"], fullRefresh: true }]) {
      const { data, errors } = await triggerSync(gateway.url, { definitionId, ...asked });
      expect(errors).toEqual([]);
      expect(data.triggerSync).toMatchObject({ attached: false, syncs: [], userErrors: [{ code: "ALREADY_RUNNING" }] });
    }
  });
});

describe("triggerSyncs", () => {
  const payloadShape = z.object({
    attached: z.boolean(),
    syncs: z.array(z.object({ id: z.string(), status: z.string(), provider: z.object({ key: z.string() }) })),
    userErrors: z.array(z.object({ code: z.string(), field: z.array(z.string()).nullable() })),
  });
  const shape = z.object({
    triggerSyncs: z.object({ results: z.array(payloadShape.nullable()), userErrors: z.array(z.unknown()) }),
  });
  const mutation = `mutation ($input: TriggerSyncsInput!) { triggerSyncs(input: $input) {
    results { attached syncs { id status provider { key } } userErrors { code field } } userErrors { code }
  } }`;

  test("gives each start its own result: begun, attached, refused, and failed because its vendor is down", async () => {
    await recorders.get("truto")?.close();
    const xero = idOf("rootfi", "Harbour Lane Coffee Roasters / XERO");
    const triggers = [
      { definitionId: xero },
      { definitionId: idOf("truto", "Notion pages"), linkedAccountId: accounts.notion },
      { definitionId: idOf("stuut", "Aldgate Industrial Supply (NetSuite)") },
      { definitionId: idOf("polytomic", "Legacy accounts to Salesforce") },
      { definitionId: xero },
      { definitionId: idOf("polytomic", "Churn scores to Zendesk users"), models: ["users"] },
    ];
    const { data, errors } = await ask(gateway.url, shape, mutation, { input: { triggers } });

    const { results, userErrors } = data.triggerSyncs;
    const run = (key: string) => ({
      id: expect.any(String) as string,
      status: expect.any(String) as string,
      provider: { key },
    });
    const refused = (code: string, place: string, field: string) => ({
      ...{ attached: false, syncs: [] },
      userErrors: [{ code, field: ["triggers", place, field] }],
    });
    expect(userErrors).toEqual([]);
    expect(results).toEqual([
      { attached: expect.any(Boolean) as boolean, syncs: [run("rootfi")], userErrors: [] },
      null,
      { attached: false, syncs: [run("stuut"), run("stuut"), run("stuut")], userErrors: [] },
      refused("DEFINITION_INACTIVE", "3", "definitionId"),
      { attached: expect.any(Boolean) as boolean, syncs: [run("rootfi")], userErrors: [] },
      refused("CAPABILITY_NOT_SUPPORTED", "5", "models"),
    ]);
    // The two starts of one definition are one run, whichever came first.
    expect(results[0]?.syncs).toEqual(results[4]?.syncs);
    expect([results[0]?.attached, results[4]?.attached].toSorted()).toEqual([false, true]);
    expect(errors).toMatchObject([
      {
        path: ["triggerSyncs", "results", 1],
        extensions: { provider: "truto", code: "PROVIDER_UNAVAILABLE", retryable: true },
      },
    ]);
  });
});
