// What is Stuut's own: a start is a batch of runs, attempts and their waits, the health of connections, refusals before any call, runs
// that a newer one replaced unseen, and one list for all open runs.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask, newestCursor, watchTransitions, type Watch } from "../support/gateway-client.ts";
import {
  definitionNamed,
  listDefinitions,
  startRuns,
  triggerSync,
  untilEnded,
  type KnownDefinition,
} from "../support/gateway-operations.ts";
import { listOf, objectOf, type Json } from "../support/openapi-examples.ts";
import { vendorSays } from "../support/vendor-truth.ts";
import { recordRequests, startVendor, type Recorder, type VendorServer } from "../support/vendors.ts";
import { progressOf } from "./watch-progress.ts";

let vendor: VendorServer;
let recorder: Recorder;
let gateway: TestGateway;
let watch: Watch;
let definitions: readonly KnownDefinition[];

beforeAll(async () => {
  vendor = await startVendor("stuut", 5);
  recorder = await recordRequests(vendor);
  gateway = await startTestGateway({ providers: [recorder.entry] });
  watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
  definitions = await listDefinitions(gateway.url);
});

afterAll(async () => {
  await watch.close();
  await gateway.close();
  await recorder.close();
  await vendor.stop();
});

const idOf = (name: string): string => definitionNamed(definitions, "stuut", name).id;
const connections = async (): Promise<readonly Json[]> =>
  listOf(await vendorSays(vendor, "/v2/integrations/connections"));

const batchShape = z.object({
  nodes: z.array(
    z.object({
      id: z.string(),
      batchId: z.string().nullable(),
      models: z.array(z.string()),
      trigger: z.object({ id: z.string(), syncs: z.object({ nodes: z.array(z.object({ id: z.string() })) }) }),
    }),
  ),
});

async function batchOf(runs: readonly { readonly id: string }[]): Promise<z.output<typeof batchShape>["nodes"]> {
  const fields = "... on Sync { id batchId models trigger { id syncs { nodes { id } } } }";
  const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { ${fields} } }`;
  return (await ask(gateway.url, batchShape, query, { ids: runs.map(({ id }) => id) })).data.nodes;
}

describe("a start", () => {
  test("is one request without a body, and one run for each model that syncs, all of one batch", async () => {
    const before = recorder.starts().length;
    const runs = await startRuns(gateway.url, { definitionId: idOf("Corvid Medical (Sage Intacct)") });

    expect(recorder.starts().slice(before)).toMatchObject([
      { path: "/v2/integrations/connections/conn_01HZX3COR/sync", body: "" },
    ]);
    const batch = await batchOf(runs);
    expect(batch.map(({ models }) => models)).toEqual([["invoice"], ["customer"], ["payment"]]);
    const corvid = (await connections()).find(({ id }) => id === "conn_01HZX3COR");
    const [said] = new Set(listOf(corvid?.["models"]).map((model) => objectOf(model["last_sync"])["batch_id"]));
    expect(new Set(batch.map(({ batchId }) => batchId))).toEqual(new Set([said]));

    const attached = await triggerSync(gateway.url, { definitionId: idOf("Corvid Medical (Sage Intacct)") });
    expect(attached.data.triggerSync).toMatchObject({ attached: true, userErrors: [] });
    expect(new Set(attached.data.triggerSync?.syncs.map(({ id }) => id))).toEqual(new Set(runs.map(({ id }) => id)));
    expect(recorder.starts()).toHaveLength(before + 1);
  });

  test("whose batch the vendor does not name is told by its trigger", async () => {
    const runs = await startRuns(gateway.url, { definitionId: idOf("Elmfield Packaging (Dynamics 365)") });
    const batch = await batchOf(runs);
    expect(batch.map(({ batchId, models }) => ({ batchId, models }))).toEqual([
      { batchId: null, models: ["invoice"] },
      { batchId: null, models: ["customer"] },
    ]);
    for (const { trigger } of batch) expect(trigger.syncs.nodes).toEqual(runs.map(({ id }) => ({ id })));
  });

  test("that schedules nothing is told, and is no success", async () => {
    const { data, errors } = await triggerSync(gateway.url, { definitionId: idOf("Junction Print (file upload)") });
    expect(errors).toEqual([]);
    expect(data.triggerSync).toMatchObject({ syncs: [], userErrors: [{ code: "PROVIDER_REJECTED" }] });
  });

  test.each([
    ["Fairway Tools (Xero)", "its syncs are disabled", "DEFINITION_INACTIVE"],
    ["Granary Wholesale (QuickBooks)", "somebody must sign in again", "LINKED_ACCOUNT_UNAVAILABLE"],
    ["Ivybridge Dairy (NetSuite)", "nobody has signed in yet", "LINKED_ACCOUNT_UNAVAILABLE"],
  ])("of %s is refused before any call, because %s", async (name, _reason, code) => {
    const before = recorder.requests.length;
    const { data, errors } = await triggerSync(gateway.url, { definitionId: idOf(name), ifRunning: "START_ANOTHER" });
    expect(errors).toEqual([]);
    expect(data.triggerSync).toMatchObject({
      syncs: [],
      trigger: null,
      userErrors: [{ code, field: ["definitionId"] }],
    });
    expect(recorder.requests.slice(before).filter(({ method }) => method !== "GET")).toEqual([]);
  });

  test("cannot be taken back, and that is said without a call", async () => {
    const [run] = await startRuns(gateway.url, { definitionId: idOf("Aldgate Industrial Supply (NetSuite)") });
    const before = recorder.starts().length;
    const shape = z.object({ cancelSync: z.object({ userErrors: z.array(z.object({ code: z.string() })) }) });
    const mutation = "mutation ($id: ID!) { cancelSync(input: { syncId: $id }) { userErrors { code } } }";
    const { data } = await ask(gateway.url, shape, mutation, { id: run?.id });
    expect(data.cancelSync.userErrors).toEqual([{ code: "CAPABILITY_NOT_SUPPORTED" }]);
    expect(recorder.requests.filter(({ method }) => method !== "GET")).toHaveLength(before);
  });
});

describe("a run that failed", () => {
  test("is repeated by a start of its connection, and the new run of its model says which one it repeats", async () => {
    const definitionId = idOf("Bright & Sons Electrical (QuickBooks)");
    const failed = await startRuns(gateway.url, { definitionId });
    for (const { id } of failed) expect(await untilEnded(watch, id)).toMatch(/ FAILED: ERROR$/u);
    const invoices = failed.find(({ models }) => models.includes("invoice"))?.id ?? "";
    const before = recorder.starts().length;

    const run = z.object({ models: z.array(z.string()), retryOf: z.object({ id: z.string() }).nullable() });
    const shape = z.object({ retrySync: z.object({ syncs: z.array(run), userErrors: z.array(z.unknown()) }) });
    const mutation = `mutation ($id: ID!) { retrySync(input: { syncId: $id }) { syncs { models retryOf { id } } userErrors { code } } }`;
    const { data } = await ask(gateway.url, shape, mutation, { id: invoices });
    expect(data.retrySync.userErrors).toEqual([]);
    expect(data.retrySync.syncs.map(({ models }) => models)).toEqual([["invoice"], ["customer"]]);
    expect(data.retrySync.syncs[0]?.retryOf).toEqual({ id: invoices });
    expect(recorder.starts()).toHaveLength(before + 1);
  });
});

describe("a run that waits for its next attempt", () => {
  const stepShape = z.object({
    status: z.string(),
    outcome: z.string().nullable(),
    rawStatus: z.string(),
    attempt: z.number(),
    waitingReason: z.string().nullable(),
    error: z.object({ code: z.string(), retryable: z.boolean(), advice: z.string().nullable() }).nullable(),
  });
  const fields = "status outcome rawStatus attempt waitingReason error { code retryable advice }";

  test("goes on as RUNNING, says what it waits for and why, and ends well at its second attempt", async () => {
    const runs = await startRuns(gateway.url, { definitionId: idOf("Dunmore Foods (SAP Business One)") });
    const invoices = runs.find(({ models }) => models.includes("invoice"))?.id ?? "";
    const steps = await progressOf(gateway.url, invoices, stepShape, fields);

    expect([...new Set(steps.map(({ status }) => status))]).toEqual(["CREATED", "RUNNING", "SUCCESS"]);
    expect(steps).toContainEqual(
      expect.objectContaining({ status: "CREATED", rawStatus: "queued", attempt: 0, waitingReason: "QUEUED" }),
    );
    expect(steps).toContainEqual({
      status: "RUNNING",
      outcome: null,
      rawStatus: "pending_retry",
      attempt: 1,
      waitingReason: "RETRY_PENDING",
      error: { code: "TRANSIENT", retryable: true, advice: expect.any(String) as string },
    });
    expect(steps).toContainEqual(expect.objectContaining({ status: "RUNNING", attempt: 2, waitingReason: null }));
    expect(steps.at(-1)).toEqual({
      ...{
        status: "SUCCESS",
        outcome: "COMPLETE",
        rawStatus: "complete",
        attempt: 2,
        waitingReason: null,
        error: null,
      },
    });
  });
});

describe("a run that a newer one replaced unseen", () => {
  const runShape = z.object({
    remoteId: z.string(),
    status: z.string(),
    outcome: z.string().nullable(),
    rawStatus: z.string(),
    origin: z.string(),
    finishedAt: z.string().nullable(),
    error: z.object({ retryable: z.boolean(), advice: z.string().nullable() }).nullable(),
  });
  const listShape = z.object({ syncs: z.object({ nodes: z.array(runShape) }) });

  test("is lost, and the newer one's status is its own", async () => {
    const definitionId = idOf("Holt Freight (Xero)");
    const runs = await startRuns(gateway.url, { definitionId });
    const replaced = runs.find(({ models }) => models.includes("customer"))?.id ?? "";
    expect(await untilEnded(watch, replaced)).toMatch(/ FAILED: LOST$/u);

    const query = `query ($filter: SyncFilter) { syncs(first: 2, filter: $filter) {
      nodes { remoteId status outcome rawStatus origin finishedAt error { retryable advice } }
    } }`;
    const filter = { definitions: [definitionId], models: ["customer"] };
    const [newer, lost] = await eventually("the newer run's end", async () => {
      const { nodes } = (await ask(gateway.url, listShape, query, { filter })).data.syncs;
      return nodes[0]?.status === "SUCCESS" ? nodes : null;
    });
    expect(newer).toMatchObject({ outcome: "COMPLETE", rawStatus: "complete", origin: "SCHEDULED", error: null });
    expect(lost).toMatchObject({ status: "FAILED", outcome: "LOST", origin: "GATEWAY", finishedAt: null });
    expect(lost?.rawStatus).not.toBe("complete");
    expect(lost?.error).toEqual({ retryable: true, advice: expect.any(String) as string });
    expect(newer?.remoteId).not.toBe(lost?.remoteId);
  });
});
