// What a list costs the vendors: one reading of each catalog however many ask at once, and nothing while that is fresh. The numbers are
// those of docs/operating.md.
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask } from "../support/gateway-client.ts";
import { VENDORS, recordRequests, startVendor, type Recorder, type VendorServer } from "../support/vendors.ts";

/** Nothing but what is asked for: no poll and no discovery comes due while the test looks. */
const NEVER_MS = 3_600_000;
const PATIENT = { poll: { fastMs: NEVER_MS, slowMs: NEVER_MS, discoverMs: NEVER_MS } } as const;
/** So slow that no run starts or ends by itself. */
const STANDSTILL = 0.01;

const LISTS = `{
  linkedAccounts(first: 100) { nodes { name status provider { key } } }
  syncJobs(first: 100) { nodes { name resources { name } latestSync { status } } }
  modelSyncs(first: 100) { nodes { name fields { target } latestSync { status } } }
}`;
const RUNS = `{
  syncs(first: 50) { nodes { status definition { name } linkedAccount { name } tasks(first: 5) { nodes { name } } transitions(first: 5) { nodes { to } } } }
}`;

/** Paths that only the catalog asks for, without ids. */
const CATALOG: Readonly<Record<(typeof VENDORS)[number], RegExp>> = {
  rootfi: /\/core\/(companies|invite_links|syncs\/config)$/,
  stuut: /\/v2\/integrations\/connections$/,
  polytomic: /\/api\/(connections|syncs|syncs\/[^/]+|syncs\/[^/]+\/status)$/,
  truto: /\/(integrated-account|sync-job|sync-job-cron-trigger)$/,
};

/**
 * RootFi: companies for accounts and again for definitions, invite links, and one sync config per category (4). Stuut: its one list for
 * accounts, for definitions and for discovery. Polytomic: connections, the list, and each of its definitions once. Truto: one call for each
 * of its lists, and before them one that tells whose the token is.
 */
const COSTS = { rootfi: 7, stuut: 3, polytomic: 22, truto: 4 };

let vendors: readonly VendorServer[];
let recorders: readonly Recorder[];
let gateway: TestGateway;

beforeAll(async () => {
  vendors = await Promise.all(VENDORS.map((vendor) => startVendor(vendor, STANDSTILL)));
  recorders = await Promise.all(vendors.map(recordRequests));
  gateway = await startTestGateway({ providers: recorders.map(({ entry }) => ({ ...entry, ...PATIENT })) });
});

afterAll(async () => {
  await gateway.close();
  await Promise.all(recorders.map((recorder) => recorder.close()));
  await Promise.all(vendors.map((vendor) => vendor.stop()));
});

const lagShape = z.object({ providers: z.array(z.object({ discoveryLagMs: z.number().nullable() })) });
const read = (query: string) => ask(gateway.url, z.record(z.string(), z.unknown()), query);
const callsOf = (index: number): number => recorders[index]?.requests.length ?? 0;
const catalogCallsOf = (index: number): number => {
  const vendor = VENDORS[index];
  return vendor === undefined
    ? 0
    : (recorders[index]?.requests.filter(({ path }) => CATALOG[vendor].test(path)).length ?? 0);
};

test("lists asked by twenty at once read each catalog once, and runs are read from the ledger alone", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => read(LISTS)));

  expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
  await eventually("the first discovery at every vendor", async () => {
    const { data } = await ask(gateway.url, lagShape, "{ providers { discoveryLagMs } }");
    return data.providers.every(({ discoveryLagMs }) => discoveryLagMs !== null) ? true : null;
  });
  expect(Object.fromEntries(VENDORS.map((vendor, index) => [vendor, catalogCallsOf(index)]))).toEqual(COSTS);

  const before = VENDORS.map((_, index) => callsOf(index));
  await read(RUNS);
  expect(VENDORS.map((_, index) => callsOf(index))).toEqual(before);
});
