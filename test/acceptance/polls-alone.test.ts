// Polls alone bring every run of every sandbox to the end that the sandbox itself tells: no vendor is told where the gateway is.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask, newestCursor, watchTransitions, type Watch } from "../support/gateway-client.ts";
import { expectLegalPaths, listDefinitions, untilEnded } from "../support/gateway-operations.ts";
import { VENDORS, entryOf, startVendor, type Vendor, type VendorServer } from "../support/vendors.ts";
import { FATES, STARTS, endedRuns, startAll, type KnownRun } from "./sandbox-runs.ts";
import { truthOf, type Truth } from "./sandbox-truth.ts";

// Longer than what is waited for in a test: a wait that ends says what never came.
vi.setConfig({ testTimeout: 300_000 });

const SPEED = 10;
const vendors = new Map<Vendor, VendorServer>();
const truths = new Map<Vendor, Truth>();
let gateway: TestGateway;
let watch: Watch;

beforeAll(async () => {
  for (const kind of VENDORS) {
    const vendor = await startVendor(kind, SPEED);
    vendors.set(kind, vendor);
    // Before the gateway, so that it knows of no run that was not noted here.
    truths.set(kind, truthOf(vendor));
  }
  gateway = await startTestGateway({ providers: [...vendors.values()].map(entryOf) });
  watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
  await listDefinitions(gateway.url);
});

afterAll(async () => {
  await watch.close();
  await gateway.close();
  for (const truth of truths.values()) await truth.stop();
  for (const vendor of vendors.values()) await vendor.stop();
});

/** Every kind of end that the vendor has a fate for. */
const ENDS: Readonly<Record<Vendor, readonly string[]>> = {
  rootfi: ["FAILED: ERROR", "SUCCESS: COMPLETE", "SUCCESS: PARTIAL"],
  stuut: ["FAILED: CANCELLED", "FAILED: ERROR", "FAILED: LOST", "SUCCESS: COMPLETE"],
  polytomic: [
    "FAILED: CANCELLED",
    "FAILED: ERROR",
    "FAILED: INTERRUPTED",
    "SUCCESS: COMPLETE",
    "SUCCESS: EMPTY",
    "SUCCESS: PARTIAL",
  ],
  truto: ["FAILED: CANCELLED", "FAILED: ERROR", "SUCCESS: COMPLETE", "SUCCESS: EMPTY", "SUCCESS: PARTIAL"],
};

const endOf = ({ status, outcome }: KnownRun): string => `${status}: ${outcome ?? "no outcome"}`;

async function expectTruth(kind: Vendor, runs: readonly KnownRun[]): Promise<void> {
  const untrue: unknown[] = [];
  for (const run of runs) {
    const said = (await truths.get(kind)?.endsOf(run)) ?? [];
    if (!said.includes(endOf(run))) untrue.push({ ...run, said });
  }
  expect(untrue).toEqual([]);
}

describe.each(VENDORS)("%s without webhooks", (kind) => {
  test.concurrent("everything that can be started ends as the vendor says, and with every kind of end it has", async () => {
    const ids = new Set(await startAll(gateway.url, kind));
    expect(ids.size).toBeGreaterThanOrEqual(STARTS[kind].length);
    await Promise.all([...ids].map((id) => untilEnded(watch, id)));

    const runs = (await endedRuns(gateway.url, kind)).filter(({ id }) => ids.has(id));
    expect(runs).toHaveLength(ids.size);
    await expectTruth(kind, runs);
    expect([...new Set(runs.map(endOf))].toSorted()).toEqual(ENDS[kind]);
  });

  test.concurrent("what the vendor begins by itself ends as it says too, as does what had ended before", async () => {
    const since = new Date().toISOString();
    const runs = await eventually("a run of the vendor's own", async () => {
      const ended = await endedRuns(gateway.url, kind);
      const own = ended.filter(({ createdAt, origin }) => createdAt > since && origin !== "GATEWAY");
      return own.length > 0 ? ended : null;
    });
    expect(runs.filter(({ createdAt }) => createdAt < since).length).toBeGreaterThan(0);
    await expectTruth(kind, runs);
  });
});

test("no fate that a sandbox has is left out", () => {
  const started = (kind: Vendor) => new Set(STARTS[kind].flatMap(({ fates }) => fates));
  const left = Object.entries(FATES).map(([kind, fates]) => fates.filter((fate) => !started(kind as Vendor).has(fate)));
  expect(left).toEqual([[], [], [], []]);
});

test("no step of any run was learned from a webhook, and every run goes a legal path", async () => {
  expectLegalPaths(watch.seen);
  const query = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Sync { transitions { nodes { observedVia } } } } }";
  const shape = z.object({
    nodes: z.array(z.object({ transitions: z.object({ nodes: z.array(z.object({ observedVia: z.string() })) }) })),
  });
  const ids = [...new Set(watch.seen.map(({ sync }) => sync.id))].slice(0, 100);
  const { data } = await ask(gateway.url, shape, query, { ids });
  const sources = data.nodes.flatMap(({ transitions }) => transitions.nodes).map(({ observedVia }) => observedVia);
  expect(new Set(sources)).toEqual(new Set(["TRIGGER", "POLL", "DISCOVERY"]));
});
