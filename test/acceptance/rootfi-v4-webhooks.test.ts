// RootFi's v4 reports by webhooks that a key signs and nothing else proves: they alone bring every run to the end that the vendor tells.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask, newestCursor, watchTransitions, type Watch } from "../support/gateway-client.ts";
import {
  definitionNamed,
  expectLegalPaths,
  listDefinitions,
  startRuns,
  untilEnded,
} from "../support/gateway-operations.ts";
import { readRun } from "../support/sync-job-changes.ts";
import { vendorTakes } from "../support/vendor-truth.ts";
import { startVendor, type VendorServer } from "../support/vendors.ts";
import { STARTABLE, endOfV4, entryOfV4, rawSync, v4Of } from "./rootfi-v4.ts";

// Longer than what is waited for in a test: a wait that ends says what never came.
vi.setConfig({ testTimeout: 300_000 });

/** Longer than any test: what is seen in time was not seen by looking. */
const NEVER_MS = 3_600_000;
/** All runs of the vendor in one process, which a busy machine gives little time. */
const ENDS_WITHIN_MS = 180_000;
const KEY = "signing-key-of-the-customer";

let vendor: VendorServer;
let v4: VendorServer;
let gateway: TestGateway;
let watch: Watch;

const receiver = (): string => gateway.url.replace(/\/graphql$/u, "/webhooks/rootfi");

beforeEach(async () => {
  vendor = await startVendor("rootfi", 10);
  v4 = v4Of(vendor);
  const poll = { fastMs: NEVER_MS, slowMs: NEVER_MS, discoverMs: NEVER_MS };
  const entry = { ...entryOfV4(v4), poll, webhookSecret: KEY, webhookSignatureHeader: "X-RootFi-Signature" };
  gateway = await startTestGateway({ providers: [entry] });
  watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
});

afterEach(async () => {
  await watch.close();
  await gateway.close();
  await vendor.stop();
});

const reportShape = z.object({
  provider: z.object({
    webhooks: z.object({ lastReceivedAt: z.string().nullable(), refusals: z.array(z.object({ reason: z.string() })) }),
  }),
});
const report = async () =>
  (
    await ask(
      gateway.url,
      reportShape,
      `{ provider(key: "rootfi") { webhooks { lastReceivedAt refusals { reason } } } }`,
    )
  ).data.provider;

test("everything that can be started ends as the vendor says", async () => {
  for (const type of ["SYNC_STARTED", "SYNC_COMPLETED"]) {
    const body = { webhook_type: type, name: `gateway ${type}`, url: receiver(), signing_key: KEY };
    await vendorTakes(v4, "/core/webhook-config", body);
  }
  const definitions = await listDefinitions(gateway.url);
  const started = await Promise.all(
    STARTABLE.map(async (name) => {
      const definition = definitionNamed(definitions, "rootfi", name);
      const [run] = await startRuns(gateway.url, { definitionId: definition.id });
      return { company: definition.remoteId.split(":")[0] ?? "", id: run?.id ?? "" };
    }),
  );
  await Promise.all(started.map(({ id }) => untilEnded(watch, id, ENDS_WITHIN_MS)));
  for (const { company, id } of started) {
    const { status, outcome, remoteId } = await readRun(gateway.url, id);
    expect(`${status}: ${outcome}`).toBe(endOfV4(await rawSync(v4, company, remoteId)));
  }
  expectLegalPaths(watch.seen);
  expect((await report()).webhooks).toEqual({ lastReceivedAt: expect.any(String), refusals: [] });
});

test.each([
  ["signed with another key", { signing_key: "another" }],
  ["not signed", {}],
  ["that brings the key instead of a signature", { headers: [{ name: "X-RootFi-Signature", value: KEY }] }],
])("a delivery %s is refused and tells nothing", async (_what, proof) => {
  const name = "Quarry Road Motors / SALESFORCE";
  await vendorTakes(v4, "/core/webhook-config", {
    ...proof,
    webhook_type: "SYNC_COMPLETED",
    name: "somebody's",
    url: receiver(),
  });
  const definition = definitionNamed(await listDefinitions(gateway.url), "rootfi", name);
  const [run] = await startRuns(gateway.url, { definitionId: definition.id });
  const refusals = await eventually("the refusal", async () => {
    const { refusals: told } = (await report()).webhooks;
    return told.length > 0 ? told : null;
  });
  expect(refusals.map(({ reason }) => reason)).toEqual(["BAD_SIGNATURE"]);
  expect((await report()).webhooks.lastReceivedAt).toBeNull();
  // The start's answer and the first look for runs, which comes with the gateway, may have told of it; the delivery did not.
  expect(await sourcesOf(run?.id ?? "")).not.toContain("WEBHOOK");
});

/** How each of a run's transitions was observed. */
async function sourcesOf(id: string): Promise<readonly string[]> {
  const transitions = z.object({ nodes: z.array(z.object({ observedVia: z.string() })) });
  const query = "query ($id: ID!) { sync(id: $id) { transitions(first: 10) { nodes { observedVia } } } }";
  const { data } = await ask(gateway.url, z.object({ sync: z.object({ transitions }) }), query, { id });
  expect(data.sync.transitions.nodes).not.toEqual([]);
  return data.sync.transitions.nodes.map(({ observedVia }) => observedVia);
}
