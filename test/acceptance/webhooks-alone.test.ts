// Webhooks alone bring every run of the sandboxes that have them to the end that the sandbox itself tells: polls and discovery never come
// due. Stuut has no webhooks, so polls are all it has.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { eventually } from "../support/eventually.ts";
import { ask, newestCursor, watchTransitions, type Watch } from "../support/gateway-client.ts";
import { expectLegalPaths, untilEnded } from "../support/gateway-operations.ts";
import { entryOf, startVendor, type VendorServer } from "../support/vendors.ts";
import { endedRuns, startAll } from "./sandbox-runs.ts";
import { truthOf } from "./sandbox-truth.ts";
import { REGISTER, REPORTING } from "./webhook-registration.ts";

// Longer than what is waited for in a test: a wait that ends says what never came.
vi.setConfig({ testTimeout: 300_000 });

/** Longer than any test: what is seen in time was not seen by looking. */
const NEVER_MS = 3_600_000;
/** All runs of the vendor in one process, which a busy machine gives little time. */
const ENDS_WITHIN_MS = 180_000;
const PATIENT = { poll: { fastMs: NEVER_MS, slowMs: NEVER_MS, discoverMs: NEVER_MS } } as const;

const providerShape = z.object({
  provider: z.object({
    webhooks: z.object({ lastReceivedAt: z.string().nullable(), refusals: z.array(z.unknown()) }),
  }),
});

const failedShape = z.object({
  syncs: z.object({
    nodes: z.array(
      z.object({
        id: z.string(),
        outcome: z.string(),
        error: z.object({ code: z.string() }).nullable(),
        tasks: z.object({ nodes: z.array(z.unknown()) }),
      }),
    ),
  }),
});
const FAILED = `query ($provider: String!) { syncs(first: 100, filter: { providers: [$provider], statuses: [FAILED] }) {
  nodes { id outcome error { code } tasks { nodes { key } } }
} }`;

describe.each(REPORTING)("%s with webhooks and without polls", (kind) => {
  let vendor: VendorServer;
  let gateway: TestGateway;
  let watch: Watch;

  beforeEach(async () => {
    vendor = await startVendor(kind, 10);
    const registration = await REGISTER[kind](vendor);
    const entry = { ...entryOf(vendor), ...PATIENT, webhookSecret: registration.secret };
    gateway = await startTestGateway({ providers: [entry] });
    watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
    await registration.at(gateway.url.replace(/\/graphql$/, `/webhooks/${kind}`));
  });

  afterEach(async () => {
    await watch.close();
    await gateway.close();
    await vendor.stop();
  });

  test("everything that can be started ends as the vendor says", async () => {
    const ids = new Set(await startAll(gateway.url, kind));
    await Promise.all([...ids].map((id) => untilEnded(watch, id, ENDS_WITHIN_MS)));

    const runs = (await endedRuns(gateway.url, kind)).filter(({ id }) => ids.has(id));
    const truth = truthOf(vendor);
    const said = await Promise.all(
      runs.map(async (run) => ({ remoteId: run.remoteId, ends: await truth.endsOf(run) })),
    );
    expect(runs).toHaveLength(ids.size);
    expect(runs.map(({ remoteId, status, outcome }) => ({ remoteId, ends: [`${status}: ${outcome}`] }))).toEqual(said);
    expectLegalPaths(watch.seen);
    await expectExplained(kind, ids);

    const { data } = await ask(
      gateway.url,
      providerShape,
      `{ provider(key: "${kind}") { webhooks { lastReceivedAt refusals { count } } } }`,
    );
    expect(data.provider.webhooks).toEqual({ lastReceivedAt: expect.any(String), refusals: [] });
  });

  /** No webhook says why a run failed, nor has RootFi's its jobs: both are read once it has ended. */
  async function expectExplained(provider: string, ids: ReadonlySet<string>): Promise<void> {
    const failed = await eventually("every failed run is explained", async () => {
      const { data } = await ask(gateway.url, failedShape, FAILED, { provider });
      const runs = data.syncs.nodes.filter(({ id, outcome }) => ids.has(id) && outcome !== "CANCELLED");
      const whole = runs.filter(
        ({ error, tasks }) => error !== null && (provider !== "rootfi" || tasks.nodes.length > 0),
      );
      return whole.length === runs.length ? runs : null;
    });
    expect(failed.length).toBeGreaterThan(0);
  }
});
