// One idempotency key is one start, however often and however fast it is sent.
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import {
  accountOf,
  definitionNamed,
  listDefinitions,
  triggerSync,
  type KnownDefinition,
} from "../support/gateway-operations.ts";
import {
  VENDORS,
  recordRequests,
  startVendor,
  type Recorder,
  type Vendor,
  type VendorServer,
} from "../support/vendors.ts";

let gateway: TestGateway;
const vendors: VendorServer[] = [];
const recorders = new Map<Vendor, Recorder>();
let definitions: readonly KnownDefinition[];

beforeAll(async () => {
  for (const kind of VENDORS) {
    const vendor = await startVendor(kind, 5);
    vendors.push(vendor);
    recorders.set(kind, await recordRequests(vendor));
  }
  gateway = await startTestGateway({ providers: [...recorders.values()].map(({ entry }) => entry) });
  definitions = await listDefinitions(gateway.url);
});

afterAll(async () => {
  await gateway.close();
  for (const recorder of recorders.values()) await recorder.close();
  for (const vendor of vendors) await vendor.stop();
});

const NAMES: Readonly<Record<Vendor, string>> = {
  rootfi: "Quarry Road Motors / SALESFORCE",
  stuut: "Corvid Medical (Sage Intacct)",
  polytomic: "Audience snapshot to spreadsheet",
  truto: "Slack messages",
};

async function inputFor(vendor: Vendor): Promise<Readonly<Record<string, unknown>>> {
  const definitionId = definitionNamed(definitions, vendor, NAMES[vendor]).id;
  return vendor === "truto"
    ? { definitionId, linkedAccountId: (await accountOf(gateway.url, "truto", "slack")).id }
    : { definitionId };
}

test.concurrent.each(VENDORS)("%s: 20 equal requests at once start once and get equal payloads", async (vendor) => {
  // START_ANOTHER: nothing but the key holds the other nineteen back.
  const input = { ...(await inputFor(vendor)), idempotencyKey: `twenty at ${vendor}`, ifRunning: "START_ANOTHER" };
  const answers = await Promise.all(Array.from({ length: 20 }, () => triggerSync(gateway.url, input)));
  const [first] = answers;
  expect(first?.errors).toEqual([]);
  expect(first?.data.triggerSync).toMatchObject({ attached: false, userErrors: [], trigger: { state: "ACCEPTED" } });
  expect(first?.data.triggerSync?.syncs.length).toBeGreaterThan(0);
  for (const answer of answers) expect(answer).toEqual(first);
  expect(recorders.get(vendor)?.starts()).toHaveLength(1);

  const other = await triggerSync(gateway.url, { ...input, ifRunning: "ATTACH" });
  expect(other.data.triggerSync).toMatchObject({
    syncs: [],
    userErrors: [{ code: "IDEMPOTENCY_KEY_REUSED", field: ["idempotencyKey"] }],
  });
  expect(recorders.get(vendor)?.starts()).toHaveLength(1);
});

test("20 requests at once without a key attach to the one run they start", async () => {
  const definitionId = definitionNamed(definitions, "rootfi", "Larkspur Care Homes / MS_DYNAMICS_365").id;
  const before = recorders.get("rootfi")?.starts().length ?? 0;
  const answers = await Promise.all(Array.from({ length: 20 }, () => triggerSync(gateway.url, { definitionId })));
  const runs = answers.flatMap(({ data }) => data.triggerSync?.syncs ?? []).map(({ id }) => id);
  expect(runs).toHaveLength(20);
  expect(new Set(runs).size).toBe(1);
  expect(answers.filter(({ data }) => data.triggerSync?.attached === false)).toHaveLength(1);
  expect(recorders.get("rootfi")?.starts()).toHaveLength(before + 1);
});

test("Polytomic is sent a key of its own for each start, and never the caller's", () => {
  const keys = (recorders.get("polytomic")?.starts() ?? []).map(({ headers }) => headers["idempotency-key"]);
  expect(keys).toHaveLength(1);
  expect(keys[0]).toMatch(/^[A-Za-z0-9_-]{8,255}$/u);
});
