// Runs that take far longer than usual, and runs that nobody confirms any more: both are told while the vendor is away, and stop being told
// when it is back and says what became of them. The runs' past is put into the database before the gateway starts on it.
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { SyncStatus } from "../../src/domain/status.ts";
import type { Observation, SyncFacts } from "../../src/domain/sync.ts";
import { openStore } from "../../src/store/open-store.ts";
import { eventually } from "../support/eventually.ts";
import { makeFolder, startTestGateway, type TemporaryFolder, type TestGateway } from "../support/gateway.ts";
import { ask } from "../support/gateway-client.ts";
import { entry, rules } from "../support/store-values.ts";
import { entryOf, startVendor, type VendorServer } from "../support/vendors.ts";

const MINUTE_MS = 60_000;
const TENANT = "local";
const CORVID = "conn_01HZX3COR";
const DUNMORE = "conn_01HZX3DUN";

let vendor: VendorServer;
let folder: TemporaryFolder;
let gateway: TestGateway;

beforeEach(async () => {
  vendor = await startVendor("stuut");
  await vendor.stop();
  folder = await makeFolder();
  const databaseUrl = `sqlite:${join(folder.path, "past.sqlite")}`;
  await seedPast(databaseUrl);
  gateway = await startTestGateway({ providers: [entryOf(vendor)], databaseUrl });
});

afterEach(async () => {
  await gateway.close();
  await vendor.stop();
  await folder.remove();
});

const ago = (minutes: number): Date => new Date(Date.now() - minutes * MINUTE_MS);

const run = (remoteId: string, connection: string, observed: Partial<Observation>, facts: Partial<SyncFacts>) =>
  entry(
    remoteId,
    {
      definitionRemoteId: connection,
      linkedAccountRemoteId: connection,
      ...observed,
      facts: { models: ["invoice"], ...facts },
    },
    { providerKey: "stuut" },
  );

const ended = (remoteId: string, startedAgo: number) =>
  run(
    remoteId,
    CORVID,
    { status: SyncStatus.Success, rawStatus: "complete", observedAt: ago(startedAgo - 10) },
    { createdAt: ago(startedAgo), startedAt: ago(startedAgo), finishedAt: ago(startedAgo - 10) },
  );

/** Three runs of ten minutes each, and three that go on: one far too long, one as long as usual, one not heard of for an hour. */
async function seedPast(databaseUrl: string): Promise<void> {
  const store = await openStore(databaseUrl);
  try {
    const entries = [
      ...[ended("past_1", 900), ended("past_2", 800), ended("past_3", 700)],
      run("endless", CORVID, { observedAt: ago(0) }, { createdAt: ago(121), startedAt: ago(120) }),
      run("usual", CORVID, { observedAt: ago(0) }, { createdAt: ago(3), startedAt: ago(2) }),
      run("forgotten", DUNMORE, { observedAt: ago(60) }, { createdAt: ago(62), startedAt: ago(61) }),
    ];
    await store.ledger.record(TENANT, entries, rules);
  } finally {
    await store.close();
  }
}

const shape = z.object({
  syncByRemoteId: z.object({
    status: z.string(),
    outcome: z.string().nullable(),
    expectedDurationMs: z.number().nullable(),
    isSlow: z.boolean(),
    isStale: z.boolean(),
  }),
});

async function stateOf(remoteId: string) {
  const query = `query ($remoteId: String!) { syncByRemoteId(provider: "stuut", remoteId: $remoteId) {
    status outcome expectedDurationMs isSlow isStale
  } }`;
  return (await ask(gateway.url, shape, query, { remoteId })).data.syncByRemoteId;
}

test("a run is slow when it takes far longer than its definition's runs do, and stale when nobody confirms it", async () => {
  const open = { status: "RUNNING", outcome: null };
  const usualMs = 10 * MINUTE_MS;
  expect(await stateOf("endless")).toEqual({ ...open, expectedDurationMs: usualMs, isSlow: true, isStale: false });
  expect(await stateOf("usual")).toEqual({ ...open, expectedDurationMs: usualMs, isSlow: false, isStale: false });
  expect(await stateOf("forgotten")).toEqual({ ...open, expectedDurationMs: null, isSlow: false, isStale: true });
});

test("what the vendor says when it is back ends both", async () => {
  expect(await stateOf("forgotten")).toMatchObject({ status: "RUNNING", isStale: true });
  await vendor.startAgain();
  // Its newest sync of the model is younger than the two runs: they were replaced while nobody looked.
  for (const remoteId of ["endless", "forgotten"]) {
    const state = await eventually(`the end of ${remoteId}`, async () => {
      const now = await stateOf(remoteId);
      return now.status === "RUNNING" ? null : now;
    });
    expect(state).toMatchObject({ status: "FAILED", outcome: "LOST", isSlow: false, isStale: false });
  }
});
