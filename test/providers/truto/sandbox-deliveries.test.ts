// Webhooks of the Truto sandbox, sent over real HTTP to a receiver of the test.
import { createHmac } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { eventually, within } from "../../support/eventually.ts";
import type { FakeHandler } from "../../support/fake-vendor.ts";
import { createGate } from "../../support/gate.ts";
import { type Client, TOKEN, closeAll, connect, record, text } from "./sandbox-client.ts";
import { closeReceivers, listen, names, seedWith } from "./sandbox-receiver.ts";

/** No oddities among the events of a test that counts them. */
const CALM = seedWith(Array.from({ length: 12 }, () => null));
const STARTED = "sync_job_run:started";
const LIFE = ["sync_job_run:created", STARTED, "sync_job_run:completed"];

afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
  await closeReceivers();
});

describe("a webhook of the Truto sandbox", () => {
  it.each([
    ["BambooHR time off", "acme-inc", "bamboohr", LIFE, "completed"],
    ["Jira issues", "globex", "jira", ["sync_job_run:created", STARTED, "sync_job_run:failed"], "failed"],
    ["Notion pages", "initech", "notion", ["sync_job_run:created", STARTED, "sync_job_run:updated"], "stopped"],
    [
      "Slack messages",
      "acme-inc",
      "slack",
      ["sync_job_run:created", STARTED, "sync_job_run:rate_limited", "sync_job_run:updated", "sync_job_run:completed"],
      "completed",
    ],
  ])("tells of a run of %s", async (label, tenant, integration, expected, end) => {
    const client = await connect(40, CALM);
    const { deliveriesOf, webhookId } = await listen(client);
    const id = await start(client, label, tenant, integration);
    const deliveries = await deliveriesOf(id, expected.length);
    expect(names(deliveries)).toEqual(expected);
    expect(deliveries[0]).toMatchObject({
      payload: { id, status: "created", started_at: null },
      webhook_id: webhookId,
    });
    expect(deliveries[1]).toMatchObject({ payload: { status: "running", finished_at: null } });
    const run = (await client.call("GET", `/sync-job-run/${id}`)).body;
    expect(deliveries.at(-1)).toMatchObject({ payload: run, environment_id: expect.any(String) });
    expect(run["status"]).toBe(end);
    expect(new Set(deliveries.map((delivery) => delivery["id"])).size).toBe(expected.length);
  });

  it("signs the bytes it sends with the secret shown at its creation", async () => {
    const client = await connect(40, CALM);
    const { server, secret } = await listen(client);
    await start(client, "BambooHR time off", "acme-inc", "bamboohr");
    await server.untilRequests(3);
    for (const { headers, body } of server.requests) {
      const hex = createHmac("sha256", secret).update(Buffer.from(body)).digest("hex");
      expect(headers).toMatchObject({ "x-truto-signature": `format=sha256,v=${hex}`, "user-agent": "truto" });
    }
  });

  it("gets the events it names and no others", async () => {
    const client = await connect(40, CALM);
    const [few, all] = [await listen(client, { events: ["sync_job_run:completed"] }), await listen(client)];
    const id = await start(client, "BambooHR time off", "acme-inc", "bamboohr");
    expect(names(await all.deliveriesOf(id, 3))).toEqual(LIFE);
    expect(names(await few.deliveriesOf(id, 1))).toEqual(["sync_job_run:completed"]);
  });

  it("tells of a deletion, of a run that goes on and of one that has ended", async () => {
    const client = await connect(4, CALM);
    const { deliveriesOf } = await listen(client, { events: ["sync_job_run:deleted", "sync_job_run:updated"] });
    const id = await start(client, "Jira issues", "globex", "jira");
    await client.call("DELETE", `/sync-job-run/${id}`);
    expect(await deliveriesOf(id, 1)).toMatchObject([
      { event: "sync_job_run:deleted", payload: { status: "stopped" } },
    ]);
    await client.call("DELETE", `/sync-job-run/${id}`);
    expect(names(await deliveriesOf(id, 2))).toEqual(["sync_job_run:deleted", "sync_job_run:deleted"]);
  });

  it("is sent a test event on request, whatever it listens to, and one that it names", async () => {
    const client = await connect(40, CALM);
    const { server, webhookId } = await listen(client, { events: ["record:created"] });
    await client.call("POST", "/webhook/test", { body: { id: webhookId } });
    await server.untilRequests(1);
    await client.call("POST", "/webhook/test", { body: { id: webhookId, event_type: "sync_job_run:failed" } });
    await server.untilRequests(2);
    const bodies = server.requests.map((request) => request.json());
    expect(bodies).toMatchObject([
      { event: "test", payload: { foo: "bar" }, webhook_id: webhookId },
      { event: "sync_job_run:failed", webhook_id: webhookId },
    ]);
  });

  it("now and then gets an event twice, and two events in reversed order", async () => {
    const twice = await connect(20, seedWith(["doubled", null, null]));
    const doubled = await listen(twice);
    const repeated = await doubled.deliveriesOf(await start(twice, "BambooHR time off", "acme-inc", "bamboohr"), 4);
    expect(names(repeated)).toEqual([LIFE[0], ...LIFE]);
    expect(repeated[0]).toEqual(repeated[1]);
    const turned = await connect(20, seedWith(["late", null, null]));
    const late = await listen(turned);
    const reversed = await late.deliveriesOf(await start(turned, "BambooHR time off", "acme-inc", "bamboohr"), 3);
    expect(names(reversed)).toEqual([STARTED, "sync_job_run:created", "sync_job_run:completed"]);
  });
});

describe("a receiver that does not take an event", () => {
  it.each([500, 404, 202])("gets it three times more after %i, each time later", async (status) => {
    const client = await connect(100, CALM);
    const arrivals: number[] = [];
    const handler = () => {
      arrivals.push(performance.now());
      return { status };
    };
    const { countOf, deliveriesOf } = await listen(client, { events: ["sync_job_run:created"], handler });
    const id = await start(client, "BambooHR time off", "acme-inc", "bamboohr");
    const deliveries = await deliveriesOf(id, 4);
    expect(new Set(deliveries.map((delivery) => delivery["id"])).size).toBe(1);
    // 2.5, 5 and 10 seconds a hundred times faster; a timer never fires early by more than a millisecond.
    const waits = arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? 0));
    waits.forEach((wait, index) => expect(wait).toBeGreaterThanOrEqual(25 * 2 ** index - 2));
    // The next run's event is behind everything that could still come of the first.
    await client.follow(id);
    await deliveriesOf(await start(client, "Jira issues", "globex", "jira"), 4);
    expect(countOf(id)).toBe(4);
  });

  it("is given up on: five events in a row make its webhook inactive, until it is switched on again", async () => {
    const client = await connect(200, CALM);
    const answers = { status: 500 };
    const { webhookId, deliveriesOf, countOf } = await listen(client, { handler: () => answers });
    await eventually("the webhook to be inactive", async () => {
      await client.follow(await start(client, "Jira issues", "globex", "jira"));
      return (await client.call("GET", `/webhook/${webhookId}`)).body["is_active"] === false ? true : null;
    });
    const missed = await start(client, "Jira issues", "globex", "jira");
    await client.follow(missed);
    answers.status = 200;
    await client.call("PATCH", `/webhook/${webhookId}`, { body: { is_active: true } });
    await deliveriesOf(await start(client, "BambooHR time off", "acme-inc", "bamboohr"), 3);
    expect(countOf(missed)).toBe(0);
  });

  it("gives a receiver ten seconds at every speed, and does not keep the sandbox from closing while it is silent", async () => {
    // No deadline ends the try: closing alone can.
    const deadline = vi.spyOn(AbortSignal, "timeout").mockReturnValue(new AbortController().signal);
    const client = await connect(40, CALM);
    // Never answers; closing the sandbox has to cut it.
    const { server } = await listen(client, { handler: () => () => undefined });
    await start(client, "BambooHR time off", "acme-inc", "bamboohr");
    await server.untilRequests(1);
    // A fast sandbox does not make a receiver's machine any faster.
    expect(new Set(deadline.mock.calls.flat())).toEqual(new Set([10_000]));
    await within("the sandbox is closed", closeAll());
    await expect(fetch(`${client.url}/ping`, { headers: TOKEN })).rejects.toThrow();
  });
});

describe("the event that a run starts", () => {
  it("stops the run when it is answered with 400", async () => {
    const client = await connect(20, CALM);
    const handler = (request: { json(): unknown }) => ({
      status: record(request.json())["event"] === STARTED ? 400 : 200,
    });
    const { deliveriesOf } = await listen(client, { handler });
    const id = await start(client, "BambooHR time off", "acme-inc", "bamboohr");
    const seen = await client.follow(id);
    expect(seen.at(-1)).toMatchObject({ status: "stopped", finished_at: expect.any(String), resource_stats: {} });
    expect(names(await deliveriesOf(id, 3))).toEqual(["sync_job_run:created", STARTED, "sync_job_run:updated"]);
  });

  it("keeps the run where it is until it is answered with 200", async () => {
    const client = await connect(40, CALM);
    const answered = createGate();
    const handler: FakeHandler = async (_request, index) => {
      if (index < 3) return { status: 503 };
      await answered.opened;
      return {};
    };
    const { server } = await listen(client, { events: [STARTED], handler });
    const id = await start(client, "Zendesk tickets", "acme-inc", "zendesk", { args: { start_date: "2026-01-01" } });
    await server.untilRequests(4);
    // The tries so far took 17.5 seconds of the sandbox's own; the longest such run works for seven.
    const held = (await client.call("GET", `/sync-job-run/${id}`)).body;
    const untouched = { list: { fetched: 0, persisted: 0 } };
    expect(held).toMatchObject({
      status: "running",
      finished_at: null,
      resource_stats: { "ticketing/tickets": untouched },
    });
    answered.open();
    const end = (await client.follow(id)).at(-1);
    expect(end).toMatchObject({ status: "completed", started_at: held["started_at"] });
    const lastedMs = Date.parse(text(end, "finished_at")) - Date.parse(text(end, "started_at"));
    expect(lastedMs).toBeGreaterThanOrEqual((17_500 + 4_500) / 40 - 10);
  });

  it("does not hold the run for ever when nobody answers well", async () => {
    const client = await connect(100, CALM);
    const { countOf } = await listen(client, { events: [STARTED], handler: () => ({ status: 503 }) });
    const id = await start(client, "BambooHR time off", "acme-inc", "bamboohr");
    expect((await client.follow(id)).at(-1)).toMatchObject({ status: "completed" });
    expect(countOf(id)).toBe(4);
  });

  it("lets a run go when the webhook that was asked is removed", async () => {
    const client = await connect(40, CALM);
    const { server, webhookId } = await listen(client, { events: [STARTED], handler: () => ({ status: 503 }) });
    const id = await start(client, "BambooHR time off", "acme-inc", "bamboohr");
    await server.untilRequests(1);
    await client.call("DELETE", `/webhook/${webhookId}`);
    expect((await client.follow(id)).at(-1)).toMatchObject({ status: "completed" });
  });

  it("is no matter for runs when nobody listens to it", async () => {
    const client = await connect(40, CALM);
    await listen(client, { events: ["sync_job_run:completed"], handler: () => ({ status: 400 }) });
    const id = await start(client, "BambooHR time off", "acme-inc", "bamboohr");
    expect((await client.follow(id)).at(-1)).toMatchObject({ status: "completed" });
  });
});

async function start(
  client: Client,
  label: string,
  tenant: string,
  integration: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return text((await client.start(label, tenant, integration, more)).body, "id");
}
