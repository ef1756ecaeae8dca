// What a caller of `triggerSync` can get wrong: each mistake has its code and its field, and none starts anything at a vendor.
// Other requests are in `bad-requests.test.ts`.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import {
  definitionNamed,
  listAccounts,
  listDefinitions,
  triggerSync,
  type KnownAccount,
  type KnownDefinition,
} from "../support/gateway-operations.ts";
import { VENDORS, recordRequests, startVendor, type Recorder, type VendorServer } from "../support/vendors.ts";

let gateway: TestGateway;
const vendors: VendorServer[] = [];
const recorders: Recorder[] = [];
let definitions: readonly KnownDefinition[];
let accounts: readonly KnownAccount[];

beforeAll(async () => {
  for (const kind of VENDORS) vendors.push(await startVendor(kind));
  for (const vendor of vendors) recorders.push(await recordRequests(vendor));
  gateway = await startTestGateway({ providers: recorders.map(({ entry }) => entry) });
  definitions = await listDefinitions(gateway.url);
  accounts = (await Promise.all(VENDORS.map((vendor) => listAccounts(gateway.url, vendor)))).flat();
});

afterAll(async () => {
  await gateway.close();
  for (const recorder of recorders) await recorder.close();
  for (const vendor of vendors) await vendor.stop();
});

const startCount = (): number => recorders.reduce((sum, recorder) => sum + recorder.starts().length, 0);
const id = (provider: string, name: string): string => definitionNamed(definitions, provider, name).id;
const globalId = (kind: string, inner: string): string => Buffer.from(`${kind}:${inner}`).toString("base64url");

function account(provider: string, integration: string, status = "HEALTHY"): string {
  const found = accounts.find(
    (one) => one.provider.key === provider && one.integration === integration && one.status === status,
  );
  if (found === undefined) throw new Error(`${provider} has no account of ${integration} that is ${status}`);
  return found.id;
}

const xero = () => id("rootfi", "Harbour Lane Coffee Roasters / XERO");
const zendesk = () => ({ definitionId: id("truto", "Zendesk tickets"), linkedAccountId: account("truto", "zendesk") });
const slack = () => ({ definitionId: id("truto", "Slack messages"), linkedAccountId: account("truto", "slack") });
const corvid = () => id("stuut", "Corvid Medical (Sage Intacct)");
const audience = () => id("polytomic", "Audience snapshot to spreadsheet");

interface Mistake {
  readonly name: string;
  readonly input: () => Readonly<Record<string, unknown>>;
  readonly code: string;
  readonly field: readonly string[];
}

const MISTAKES: readonly Mistake[] = [
  {
    name: "an id of nothing",
    input: () => ({ definitionId: globalId("SyncJob", randomUUID()) }),
    code: "NOT_FOUND",
    field: ["definitionId"],
  },
  {
    name: "an id that is none",
    input: () => ({ definitionId: "248df4b7" }),
    code: "BAD_USER_INPUT",
    field: ["definitionId"],
  },
  { name: "an empty id", input: () => ({ definitionId: "" }), code: "BAD_USER_INPUT", field: ["definitionId"] },
  {
    name: "a very long id",
    input: () => ({ definitionId: "A".repeat(10_000) }),
    code: "BAD_USER_INPUT",
    field: ["definitionId"],
  },
  {
    name: "an id of another type",
    input: () => ({ definitionId: account("truto", "slack") }),
    code: "BAD_USER_INPUT",
    field: ["definitionId"],
  },
  {
    name: "the vendor's own id",
    input: () => ({ definitionId: "440101:XERO" }),
    code: "BAD_USER_INPUT",
    field: ["definitionId"],
  },
  {
    name: "args at RootFi",
    input: () => ({ definitionId: xero(), args: { since: "2026" } }),
    code: "CAPABILITY_NOT_SUPPORTED",
    field: ["args"],
  },
  {
    name: "fullRefresh at Stuut",
    input: () => ({ definitionId: corvid(), fullRefresh: true }),
    code: "CAPABILITY_NOT_SUPPORTED",
    field: ["fullRefresh"],
  },
  {
    name: "models at Stuut",
    input: () => ({ definitionId: corvid(), models: ["invoice"] }),
    code: "CAPABILITY_NOT_SUPPORTED",
    field: ["models"],
  },
  {
    name: "onError at Polytomic",
    input: () => ({ definitionId: audience(), onError: "IGNORE" }),
    code: "CAPABILITY_NOT_SUPPORTED",
    field: ["onError"],
  },
  {
    name: "identities at Truto",
    input: () => ({ ...slack(), identities: ["a"] }),
    code: "CAPABILITY_NOT_SUPPORTED",
    field: ["identities"],
  },
  {
    name: "a linked account where the definition has one",
    input: () => ({
      definitionId: xero(),
      linkedAccountId: accounts.find(({ provider }) => provider.key === "rootfi")?.id,
    }),
    code: "CAPABILITY_NOT_SUPPORTED",
    field: ["linkedAccountId"],
  },
  {
    name: "args without a required one",
    input: () => ({ ...zendesk(), args: {} }),
    code: "BAD_USER_INPUT",
    field: ["args", "start_date"],
  },
  { name: "no args where one is required", input: zendesk, code: "BAD_USER_INPUT", field: ["args", "start_date"] },
  {
    name: "args of a wrong type",
    input: () => ({ ...zendesk(), args: { start_date: 5 } }),
    code: "BAD_USER_INPUT",
    field: ["args", "start_date"],
  },
  {
    name: "args of a wrong format",
    input: () => ({
      definitionId: id("truto", "Salesforce opportunities"),
      linkedAccountId: account("truto", "salesforce"),
      args: { updated_after: "yesterday" },
    }),
    code: "BAD_USER_INPUT",
    field: ["args", "updated_after"],
  },
  {
    name: "no linked account at Truto",
    input: () => ({ definitionId: id("truto", "Slack messages") }),
    code: "BAD_USER_INPUT",
    field: ["linkedAccountId"],
  },
  {
    name: "a linked account that is no id",
    input: () => ({ ...slack(), linkedAccountId: "acme" }),
    code: "BAD_USER_INPUT",
    field: ["linkedAccountId"],
  },
  {
    name: "a linked account of nobody",
    input: () => ({ ...slack(), linkedAccountId: globalId("LinkedAccount", randomUUID()) }),
    code: "NOT_FOUND",
    field: ["linkedAccountId"],
  },
  {
    name: "a linked account of another provider",
    input: () => ({ ...slack(), linkedAccountId: account("rootfi", "QUICKBOOKS") }),
    code: "NOT_FOUND",
    field: ["linkedAccountId"],
  },
  {
    name: "a linked account of another product",
    input: () => ({ ...slack(), linkedAccountId: account("truto", "jira") }),
    code: "BAD_USER_INPUT",
    field: ["linkedAccountId"],
  },
  {
    name: "a Truto account that needs a new sign-in",
    input: () => ({
      ...zendesk(),
      linkedAccountId: account("truto", "zendesk", "AUTHENTICATION_REQUIRED"),
      args: { start_date: "2026-01-01" },
    }),
    code: "LINKED_ACCOUNT_UNAVAILABLE",
    field: ["linkedAccountId"],
  },
  {
    name: "a Stuut connection that needs a new sign-in",
    input: () => ({ definitionId: id("stuut", "Granary Wholesale (QuickBooks)") }),
    code: "LINKED_ACCOUNT_UNAVAILABLE",
    field: ["definitionId"],
  },
  {
    name: "a disabled Stuut connection",
    input: () => ({ definitionId: id("stuut", "Fairway Tools (Xero)") }),
    code: "DEFINITION_INACTIVE",
    field: ["definitionId"],
  },
  {
    name: "a disconnected RootFi company",
    input: () => ({ definitionId: id("rootfi", "Fenwick Print Works / QUICKBOOKS") }),
    code: "DEFINITION_INACTIVE",
    field: ["definitionId"],
  },
  {
    name: "an inactive model sync",
    input: () => ({ definitionId: id("polytomic", "Legacy accounts to Salesforce") }),
    code: "DEFINITION_INACTIVE",
    field: ["definitionId"],
  },
  {
    name: "models that the definition has not",
    input: () => ({ definitionId: xero(), models: ["NO_SUCH_MODEL"] }),
    code: "BAD_USER_INPUT",
    field: ["models"],
  },
  {
    name: "models of another category",
    input: () => ({ definitionId: xero(), models: ["CRM_DEALS"] }),
    code: "BAD_USER_INPUT",
    field: ["models"],
  },
  {
    name: "no models at all",
    input: () => ({ definitionId: xero(), models: [] }),
    code: "BAD_USER_INPUT",
    field: ["models"],
  },
  { name: "no resources at all", input: () => ({ ...slack(), models: [] }), code: "BAD_USER_INPUT", field: ["models"] },
  {
    name: "resources that the job has not",
    input: () => ({ ...slack(), models: ["crm/deals"] }),
    code: "BAD_USER_INPUT",
    field: ["models"],
  },
  {
    name: "an empty idempotency key",
    input: () => ({ definitionId: xero(), idempotencyKey: "" }),
    code: "BAD_USER_INPUT",
    field: ["idempotencyKey"],
  },
  {
    name: "an idempotency key of 256 characters",
    input: () => ({ definitionId: xero(), idempotencyKey: "k".repeat(256) }),
    code: "BAD_USER_INPUT",
    field: ["idempotencyKey"],
  },
];

describe("triggerSync refuses", () => {
  test.each(MISTAKES)("$name: $code", async ({ input, code, field }) => {
    const before = startCount();
    const { data, errors } = await triggerSync(gateway.url, input());
    expect(errors).toEqual([]);
    expect(data.triggerSync).toMatchObject({ syncs: [], attached: false, trigger: null });
    expect(data.triggerSync?.userErrors.map((error) => ({ code: error.code, field: error.field }))).toEqual([
      { code, field },
    ]);
    expect(data.triggerSync?.userErrors[0]?.message.length).toBeGreaterThan(20);
    expect(startCount()).toBe(before);
  });

  test.each([
    ["no definition", {}],
    ["an unknown field", { definitionId: "x", tenantId: "other" }],
    ["an unknown word", { definitionId: "x", ifRunning: "QUEUE" }],
    ["args that are a list", { definitionId: "x", args: [1] }],
    ["models that are objects", { definitionId: "x", models: [{ name: "invoice" }] }],
  ])("%s as no input of this schema", async (_name, input) => {
    const before = startCount();
    const response = await fetch(gateway.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        query: "mutation ($input: TriggerSyncInput!) { triggerSync(input: $input) { attached } }",
        variables: { input },
      }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
    expect(startCount()).toBe(before);
  });
});
