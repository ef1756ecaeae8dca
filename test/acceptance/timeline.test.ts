// A run's timeline: each change of its status with the vendor's time of it, when the gateway learned of it, and how; whether a trigger, a
// poll, a discovery, a live read or a webhook told. What nobody saw is put in and says so.
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask, newestCursor, watchTransitions } from "../support/gateway-client.ts";
import { accountOf, definitionNamed, listDefinitions, startRuns, untilEnded } from "../support/gateway-operations.ts";
import { listOf, objectOf, type Json } from "../support/openapi-examples.ts";
import { time, vendorSays } from "../support/vendor-truth.ts";
import { credentialHeaders, entryOf, startVendor, type Vendor, type VendorServer } from "../support/vendors.ts";
import { REGISTER } from "./webhook-registration.ts";

/** Each status lasts long enough to be seen on a busy machine. */
const SPEED = 4;
const NEVER_MS = 3_600_000;
const NO_POLLS = { fastMs: NEVER_MS, slowMs: NEVER_MS, discoverMs: NEVER_MS };

let vendor: VendorServer;
let gateway: TestGateway;

afterEach(async () => {
  await gateway.close();
  await vendor.stop();
});

async function startWorld(kind: Vendor, poll: Readonly<Record<string, number>>): Promise<void> {
  vendor = await startVendor(kind, SPEED);
  gateway = await startTestGateway({ providers: [{ ...entryOf(vendor), poll }] });
  await eventually("the first discovery", async () => {
    const shape = z.object({ providers: z.array(z.object({ discoveryLagMs: z.number().nullable() })) });
    const { data } = await ask(gateway.url, shape, "{ providers { discoveryLagMs } }");
    return data.providers.every(({ discoveryLagMs }) => discoveryLagMs !== null) ? true : null;
  });
}

const stepShape = z.object({
  from: z.string().nullable(),
  to: z.string(),
  rawStatus: z.string().nullable(),
  occurredAt: z.string(),
  observedAt: z.string(),
  observedVia: z.string(),
  inferred: z.boolean(),
});
type Step = z.output<typeof stepShape>;
const runShape = z.object({
  sync: z.object({
    remoteId: z.string(),
    status: z.string(),
    origin: z.string(),
    trigger: z.object({ state: z.string(), sentAt: z.string() }).nullable(),
    transitions: z.object({ nodes: z.array(stepShape) }),
  }),
});

async function timelineOf(id: string, maxAgeSeconds: number | null = null) {
  const query = `query ($id: ID!, $maxAgeSeconds: Int) { sync(id: $id, maxAgeSeconds: $maxAgeSeconds) {
    remoteId status origin trigger { state sentAt }
    transitions { nodes { from to rawStatus occurredAt observedAt observedVia inferred } }
  } }`;
  const { data, errors } = await ask(gateway.url, runShape, query, { id, maxAgeSeconds });
  expect(errors).toEqual([]);
  return { ...data.sync, steps: data.sync.transitions.nodes };
}

const ALDGATE = "conn_01HZX3ALD";

async function begin(): Promise<string> {
  const definitions = await listDefinitions(gateway.url);
  const definitionId = definitionNamed(definitions, "stuut", "Aldgate Industrial Supply (NetSuite)").id;
  const [run] = await startRuns(gateway.url, { definitionId });
  return run?.id ?? "";
}

/** What Stuut shows of a run. */
async function shown(remoteId: string): Promise<Json> {
  const models = listOf(await vendorSays(vendor, "/v2/integrations/connections")).flatMap((one) =>
    listOf(one["models"]),
  );
  return models.map((model) => objectOf(model["last_sync"])).find((sync) => sync["id"] === remoteId) ?? {};
}

/** Each step happened when the vendor says, and was learned of after that, one after the other. */
async function expectTimes(remoteId: string, steps: readonly Step[]): Promise<void> {
  const truth = await shown(remoteId);
  expect(steps.map(({ to, occurredAt }) => [to, occurredAt])).toEqual([
    ["CREATED", time(truth["created_at"])],
    ["RUNNING", time(truth["started_at"])],
    ["SUCCESS", time(truth["completed_at"])],
  ]);
  expect(steps.map(({ observedAt }) => observedAt)).toEqual(steps.map(({ observedAt }) => observedAt).toSorted());
  for (const { occurredAt, observedAt } of steps) expect(observedAt >= occurredAt).toBe(true);
}

const told = (steps: readonly Step[]) =>
  steps.map(({ observedVia, inferred, rawStatus }) => [observedVia, inferred, rawStatus]);

test("what was started here is told by the start, and from then on by polls", async () => {
  await startWorld("stuut", { fastMs: 50, slowMs: 50, discoverMs: NEVER_MS });
  await using watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
  const id = await begin();
  await untilEnded(watch, id);
  const { remoteId, origin, trigger, steps } = await timelineOf(id);
  expect(told(steps)).toEqual([
    ["TRIGGER", false, "queued"],
    ["POLL", false, "running"],
    ["POLL", false, "complete"],
  ]);
  await expectTimes(remoteId, steps);
  expect({ origin, state: trigger?.state }).toEqual({ origin: "GATEWAY", state: "ACCEPTED" });
  expect((trigger?.sentAt ?? "") <= (steps[0]?.observedAt ?? "")).toBe(true);
});

test("what somebody else started is told by discovery, and no trigger of ours began it", async () => {
  await startWorld("stuut", { ...NO_POLLS, discoverMs: 100 });
  await using watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
  const path = `/v2/integrations/connections/${ALDGATE}/sync`;
  await fetch(`${vendor.url}${path}`, { method: "POST", headers: credentialHeaders(vendor) });
  const id = await watch.until("a run of Aldgate", (seen) => seen[0]?.sync.id);
  await untilEnded(watch, id);
  const { remoteId, origin, trigger, steps } = await timelineOf(id);
  expect(new Set(steps.map(({ observedVia }) => observedVia))).toEqual(new Set(["DISCOVERY"]));
  expect({ origin, trigger }).toEqual({ origin: "MANUAL", trigger: null });
  await expectTimes(remoteId, steps);
});

test("what a caller asked to be read says so", async () => {
  await startWorld("stuut", NO_POLLS);
  const id = await begin();
  const { remoteId, steps } = await eventually("the end by live reads alone", async () => {
    const run = await timelineOf(id, 0);
    return run.status === "SUCCESS" ? run : null;
  });
  expect(steps.map(({ observedVia }) => observedVia)).toEqual(["TRIGGER", "LIVE_READ", "LIVE_READ"]);
  await expectTimes(remoteId, steps);
});

test("what nobody saw is put in with the vendor's time, and says that nobody saw it", async () => {
  await startWorld("stuut", NO_POLLS);
  const id = await begin();
  const { remoteId } = await timelineOf(id);
  await eventually("the end at the vendor", async () =>
    (await shown(remoteId))["status"] === "complete" ? true : null,
  );
  const { steps } = await timelineOf(id, 0);
  expect(told(steps)).toEqual([
    ["TRIGGER", false, "queued"],
    ["LIVE_READ", true, null],
    ["LIVE_READ", false, "complete"],
  ]);
  await expectTimes(remoteId, steps);
});

test("what a webhook told says so", async () => {
  vendor = await startVendor("truto", SPEED);
  const { secret, at } = await REGISTER.truto(vendor);
  gateway = await startTestGateway({ providers: [{ ...entryOf(vendor), poll: NO_POLLS, webhookSecret: secret }] });
  await at(gateway.url.replace(/\/graphql$/, "/webhooks/truto"));
  await using watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
  const definitionId = definitionNamed(
    await listDefinitions(gateway.url),
    "truto",
    "HubSpot contacts and companies",
  ).id;
  const linkedAccountId = (await accountOf(gateway.url, "truto", "hubspot")).id;
  const [run] = await startRuns(gateway.url, { definitionId, linkedAccountId });
  await untilEnded(watch, run?.id ?? "");
  const { steps } = await timelineOf(run?.id ?? "");
  expect(steps.map(({ to, observedVia }) => [to, observedVia])).toEqual([
    ["CREATED", "TRIGGER"],
    ["RUNNING", "WEBHOOK"],
    ["SUCCESS", "WEBHOOK"],
  ]);
});
