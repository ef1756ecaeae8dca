// Webhooks of the Polytomic sandbox, sent over real HTTP to a receiver of the test. Every event that arrives is checked against the
// vendor's OpenAPI document, as an entry of the event log.
import { createHmac } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Whim, whimOf } from "../../../src/providers/polytomic/sandbox-deliveries.ts";
import { eventually, within } from "../../support/eventually.ts";
import { type FakeHandler, type FakeVendor, startFakeVendor } from "../../support/fake-vendor.ts";
import { type Client, BEARER, closeAll, connect, contract, record, rows, syncNamed, text } from "./sandbox-client.ts";

const SECRET = "hook secret";
/** No oddities among the events of a test that counts them. */
const CALM = seedWith(Array.from({ length: 12 }, () => null));
const ORDINARY = "Support tickets to Salesforce cases";

const receivers: FakeVendor[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
});

describe("a webhook of the Polytomic sandbox", () => {
  it.each([
    [ORDINARY, ["sync.running", "sync.completed"], { status: "completed", trigger: "manual", error_count: 0 }],
    ["Orders to HubSpot deals", ["sync.running", "sync.completed_with_errors"], { number_of_warnings: 2 }],
    [
      "Subscriptions to Salesforce accounts",
      ["sync.running", "sync.failed"],
      { error: expect.stringContaining("INVALID") },
    ],
    [
      "Product usage to HubSpot companies",
      ["sync.running", "sync.failed"],
      { error: expect.stringContaining("interrupted") },
    ],
    ["Trial signups to HubSpot contacts", ["sync.running", "sync.canceled"], { status: "canceled" }],
  ])("tells of a run of %s: %j", async (name, types, ending) => {
    const client = await connect(40, CALM);
    const receiver = await listen(client);
    const { syncId, executionId } = await start(client, name);
    const events = await eventsOf(receiver, executionId, types.length);
    expect(events.map((event) => event["type"])).toEqual(types);
    expect(events.at(-1)).toMatchObject({
      event: { ...ending, execution_id: executionId, sync_id: syncId, sync_name: name },
    });
    const logged = rows((await client.call("GET", "/api/events?limit=100")).body);
    expect(logged).toEqual(expect.arrayContaining(events.map(({ id, type }) => expect.objectContaining({ id, type }))));
  });

  it("signs the bytes it sends with the registered secret", async () => {
    const client = await connect(40, CALM);
    const receiver = await listen(client);
    await start(client, ORDINARY);
    await receiver.untilRequests(2);
    for (const { headers, body } of receiver.requests) {
      expect(headers["polytomic-signature"]).toBe(createHmac("sha256", SECRET).update(Buffer.from(body)).digest("hex"));
      expect(headers["content-type"]).toBe("application/json");
    }
  });

  it("comes again after answers that are not 2xx, each time later, and never more than five times", async () => {
    const client = await connect(100, CALM);
    const arrivals = new Map<string, number[]>();
    const receiver = await listen(client, (request) => {
      const { id } = record(request.json());
      arrivals.set(String(id), [...(arrivals.get(String(id)) ?? []), performance.now()]);
      return { status: 500 };
    });
    const { executionId } = await start(client, ORDINARY);
    const first = await eventually("six tries of one event", () =>
      [...arrivals.values()].find((times) => times.length === 6),
    );
    const waits = first.slice(1).map((at, index) => at - (first[index] ?? 0));
    // 1, 2, 4, 8 and 16 seconds a hundred times faster; a timer never fires early by more than a millisecond.
    waits.forEach((wait, index) => expect(wait).toBeGreaterThanOrEqual(10 * 2 ** index - 2));
    const own = () => receiver.requests.filter((request) => request.body.includes(executionId));
    await eventually("both events are given up", () => (own().length === 12 ? true : null));
    expect(new Set(own().map((request) => request.body)).size).toBe(2);
    // The sixth try of a later event is behind everything that could still come of the first two.
    await start(client, "Orders to HubSpot deals");
    const later = () => receiver.requests.filter((request) => request.body.includes("with_errors"));
    await eventually("six tries of a later event", () => (later().length === 6 ? true : null));
    expect([...arrivals.values()].every((times) => times.length <= 6)).toBe(true);
  });

  it("is settled by the first 2xx", async () => {
    const client = await connect(100, CALM);
    const receiver = await listen(client, (_request, index) => ({ status: index === 0 ? 503 : 202 }));
    const { executionId } = await start(client, ORDINARY);
    const events = await eventsOf(receiver, executionId, 3);
    const running = events.filter((event) => event["type"] === "sync.running");
    expect(running).toHaveLength(2);
    expect(running[0]).toEqual(running[1]);
  });

  it("gets nothing while it is disabled, nor later what happened meanwhile", async () => {
    const client = await connect(40, CALM);
    const receiver = await listen(client);
    const hook = text(rows((await client.call("GET", "/api/webhooks")).body)[0], "id");
    await client.call("POST", `/api/webhooks/${hook}/disable`);
    const missed = await start(client, ORDINARY);
    await client.follow(missed.syncId, missed.executionId);
    await client.call("POST", `/api/webhooks/${hook}/enable`);
    const seen = await start(client, "Orders to HubSpot deals");
    await eventsOf(receiver, seen.executionId, 2);
    expect(receiver.requests.filter((request) => request.body.includes(missed.executionId))).toEqual([]);
  });

  it("gets nothing of what ended before it was made, and nothing once it is deleted", async () => {
    const client = await connect(40, CALM);
    const before = await start(client, ORDINARY);
    await client.follow(before.syncId, before.executionId);
    const receiver = await listen(client);
    const hook = text(rows((await client.call("GET", "/api/webhooks")).body)[0], "id");
    await client.call("DELETE", `/api/webhooks/${hook}`);
    const after = await start(client, ORDINARY);
    await client.follow(after.syncId, after.executionId);
    expect(
      receiver.requests.filter(({ body }) => body.includes(before.executionId) || body.includes(after.executionId)),
    ).toEqual([]);
  });

  it("hears of runs that start by themselves although nobody asks", async () => {
    const client = await connect(60, CALM);
    const receiver = await listen(client, () => ({ status: 204 }), { quietly: false });
    const scheduled = await eventually("a scheduled run", () =>
      receiver.requests.find(({ body }) => body.includes(`"scheduled"`)),
    );
    expect(record(scheduled.json())).toMatchObject({
      type: "sync.completed",
      event: { sync_name: "Live orders to finance spreadsheet" },
    });
  });

  it("hears of a cancelled run once", async () => {
    const client = await connect(10, CALM);
    const receiver = await listen(client);
    const { syncId, executionId } = await start(client, ORDINARY);
    await client.call("POST", `/api/syncs/${syncId}/executions/${executionId}/cancel`);
    expect(await eventsOf(receiver, executionId, 1)).toMatchObject([{ type: "sync.canceled" }]);
  });

  it("now and then gets an event twice", async () => {
    const client = await connect(40, seedWith(["doubled", null]));
    const receiver = await listen(client);
    const { executionId } = await start(client, ORDINARY);
    const [first, second, third] = await eventsOf(receiver, executionId, 3);
    expect(first).toMatchObject({ type: "sync.running" });
    expect(second).toEqual(first);
    expect(third).toMatchObject({ type: "sync.completed" });
  });

  it("now and then gets two events in reversed order", async () => {
    const client = await connect(10, seedWith(["late", null]));
    const receiver = await listen(client);
    const { executionId } = await start(client, "Subscriptions to Salesforce accounts");
    const events = await eventsOf(receiver, executionId, 2);
    expect(events.map((event) => event["type"])).toEqual(["sync.failed", "sync.running"]);
  });

  it("refuses a second webhook, and an http endpoint beyond this machine", async () => {
    const client = await connect(1);
    const create = (endpoint: string) => client.call("POST", "/api/webhooks", { body: { endpoint, secret: SECRET } });
    expect((await create("http://gateway.example/hook")).status).toBe(422);
    expect((await create("ftp://127.0.0.1/hook")).status).toBe(422);
    expect((await create("http://[::1]:9/hook")).status).toBe(200);
    expect((await create("http://127.0.0.1:9/hook")).status).toBe(422);
  });

  it("gives a receiver ten seconds at every speed, and does not keep the sandbox from closing while a receiver is silent or failing", async () => {
    // No deadline ends the try: closing alone can.
    const deadline = vi.spyOn(AbortSignal, "timeout").mockReturnValue(new AbortController().signal);
    const client = await connect(40, CALM);
    // Never answers; closing the sandbox has to cut it.
    const receiver = await listen(client, () => () => undefined);
    await start(client, ORDINARY);
    await receiver.untilRequests(1);
    // A fast sandbox does not make a receiver's machine any faster.
    expect(new Set(deadline.mock.calls.flat())).toEqual(new Set([10_000]));
    await within("the sandbox is closed", closeAll());
    await expect(fetch(`${client.url}/api/me`, { headers: BEARER })).rejects.toThrow();
  });
});

/**
 * A receiver, registered for everything. Answers 204 unless told otherwise.
 *
 * @param quietly first pauses what starts by itself many times a day, so that a test meets its own runs alone
 */
async function listen(
  client: Client,
  handler: FakeHandler = () => ({ status: 204 }),
  { quietly } = { quietly: true },
): Promise<FakeVendor> {
  if (quietly) await pauseFrequent(client);
  const receiver = await startFakeVendor(handler);
  receivers.push(receiver);
  const reply = await client.call("POST", "/api/webhooks", {
    body: { endpoint: `${receiver.url}/hook`, secret: SECRET },
  });
  expect(reply.status).toBe(200);
  return receiver;
}

async function pauseFrequent(client: Client): Promise<void> {
  const syncs = rows((await client.call("GET", "/api/syncs?active=true")).body);
  for (const sync of syncs.filter(({ schedule }) => ["continuous", "hourly"].includes(text(schedule, "frequency")))) {
    const path = `/api/syncs/${text(sync, "id")}`;
    await client.call("POST", `${path}/activate`, { body: { active: false } });
    await eventually(`${path} to be idle`, async () => {
      const status = record(record((await client.call("GET", `${path}/status`)).body)["data"]);
      return status["current_execution"] === undefined ? true : null;
    });
  }
}

async function start(client: Client, name: string): Promise<{ readonly syncId: string; readonly executionId: string }> {
  const syncId = await syncNamed(client, name);
  const reply = await client.call("POST", `/api/syncs/${syncId}/executions`, { body: {} });
  return { syncId, executionId: text(record(reply.body)["data"], "id") };
}

/** Waits for that many deliveries about a run, in order of arrival. */
async function eventsOf(
  receiver: FakeVendor,
  executionId: string,
  count: number,
): Promise<readonly Record<string, unknown>[]> {
  const found = await eventually(`${count} deliveries`, () => {
    const own = receiver.requests.filter((request) => request.body.includes(executionId));
    return own.length >= count ? own : null;
  });
  const events = found.map((request) => record(request.json()));
  contract?.checkAnswer({ method: "GET", path: "/api/events", status: 200, body: { data: events } });
  return events;
}

function seedWith(whims: readonly Whim[]): number {
  for (let seed = 1; seed < 100_000; seed += 1) {
    if (whims.every((whim, number) => whimOf(seed, number) === whim)) return seed;
  }
  throw new Error(`no seed gives ${JSON.stringify(whims)}`);
}
