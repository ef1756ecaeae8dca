// Webhooks of the RootFi sandbox's v4: registrations, and what is sent to them over real HTTP, signed. No document has a schema for a
// delivery: what one says is compared with what the API says of the same run.
import { createHmac } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Whim, whimOf } from "../../../src/providers/rootfi/sandbox-deliveries.ts";
import { eventually } from "../../support/eventually.ts";
import { type FakeHandler, type FakeRequest, type FakeVendor, startFakeVendor } from "../../support/fake-vendor.ts";
import { type Caller, closeAll, failure } from "./sandbox-client.ts";
import { ACCOUNTING_OF_V4, CANCEL, bothVersions, startOfV4, syncOf } from "./sandbox-v4-client.ts";

/** No oddities among the events of a test that counts them. */
const CALM = seedWith(Array.from({ length: 12 }, () => null));
const KEY = "shared-signing-key";

const hookShape = z.strictObject({
  rootfi_id: z.number().int(),
  rootfi_created_at: z.iso.datetime(),
  rootfi_updated_at: z.iso.datetime(),
  rootfi_organisation_id: z.number().int(),
  webhook_type: z.string(),
  integration_type: z.string().nullable(),
  name: z.string(),
  url: z.string(),
  state: z.enum(["ENABLED", "DISABLED"]),
  topics: z.array(z.string()),
  headers: z.array(z.strictObject({ name: z.string(), value: z.string() })).nullable(),
  signature_header: z.string().nullable(),
});
type Hook = z.output<typeof hookShape>;
const oneHook = z.object({ data: z.strictObject({ data: hookShape }) });
const allHooks = z.object({ data: z.strictObject({ data: z.array(hookShape) }) });
const entry = z.looseObject({ id: z.uuid(), webhookId: z.number(), syncId: z.string(), state: z.string() });
const attempt = z.strictObject({ attemptedAt: z.iso.datetime(), statusCode: z.number().nullable() });
const logPage = z.object({
  data: z.object({ logs: z.array(entry), count: z.number(), next: z.string().nullable() }),
});

const LIST = "GET /core/webhook-config";
const CREATE = "POST /core/webhook-config";
const UPDATE = "PUT /core/webhook-config/{id}";
const DELETE = "DELETE /core/webhook-config/{id}";
const LOGS = "GET /core/webhook-logs";

const receivers: FakeVendor[] = [];

afterEach(async () => {
  await closeAll();
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
});

describe("a registration of v4", () => {
  const body = { webhook_type: "SYNC_COMPLETED", name: "gateway", url: "https://127.0.0.1:9/hook" };

  it("is created, read, changed and deleted, with data twice in the answers", async () => {
    const { v4 } = await bothVersions();
    const created = await v4(CREATE, { body: { ...body, topics: ["a"], headers: [{ name: "x-team", value: "one" }] } });
    expect(created.status).toBe(201);
    const hook = oneHook.parse(created.body).data.data;
    expect(hook).toMatchObject({ ...body, state: "ENABLED", integration_type: null, signature_header: null });
    const params = { id: hook.rootfi_id };
    const changed = await v4(UPDATE, { params, body: { ...body, name: "renamed", state: "DISABLED" } });
    expect(oneHook.parse(changed.body).data.data).toMatchObject({ name: "renamed", state: "DISABLED", topics: ["a"] });
    const read = oneHook.parse((await v4("GET /core/webhook-config/{id}", { params })).body).data.data;
    expect(read).toMatchObject({ name: "renamed", headers: [{ name: "x-team", value: "one" }] });
    expect(allHooks.parse((await v4(LIST)).body).data.data).toEqual([read]);
    const deleted = await v4(DELETE, { params });
    expect(deleted).toMatchObject({ status: 204, body: null });
    expect(allHooks.parse((await v4(LIST)).body).data.data).toEqual([]);
    expect((await v4(UPDATE, { params, body })).status).toBe(404);
    expect(failure.parse((await v4(DELETE, { params })).body).error.code).toBe("not-found");
  });

  it("never shows its signing key again, only the header of the signature", async () => {
    const { v4 } = await bothVersions();
    const created = await v4(CREATE, { body: { ...body, signing_key: KEY } });
    const hook = oneHook.parse(created.body).data.data;
    expect(hook.signature_header).toBe("X-RootFi-Signature");
    const params = { id: hook.rootfi_id };
    const changed = await v4(UPDATE, { params, body: { ...body, signature_header: "X-Proof" } });
    expect(oneHook.parse(changed.body).data.data.signature_header).toBe("X-Proof");
    const answers = [created, changed, await v4(LIST), await v4("GET /core/webhook-config/{id}", { params })];
    expect(JSON.stringify(answers.map((answer) => answer.body))).not.toContain(KEY);
  });

  it("is not in v3's list, nor v3's in v4's", async () => {
    const { v3, v4 } = await bothVersions();
    await v4(CREATE, { body });
    expect((await v3("GET /core/webhooks")).body).toEqual({ data: [] });
  });

  it.each([
    ["an unknown type", { ...body, webhook_type: "SYNC_ENDED" }, "webhook_type"],
    ["headers as an object", { ...body, headers: { authorization: "x" } }, "headers"],
    ["no name", { ...body, name: undefined }, "name"],
    ["an unknown state", { ...body, state: "ON" }, "state"],
    ["an empty signing key", { ...body, signing_key: "" }, "signing_key"],
  ])("is refused with %s", async (_name, wrong, field) => {
    const { v4 } = await bothVersions();
    const answer = await v4(CREATE, { body: wrong });
    expect(answer.status).toBe(400);
    expect(failure.parse(answer.body).error.field).toBe(field);
  });
});

describe("a delivery of v4", () => {
  it("tells the start and the end of a run, each to those who registered for it", async () => {
    const { v4 } = await bothVersions(40, CALM);
    const [beginnings, ends] = [await register(v4, { webhook_type: "SYNC_STARTED" }), await register(v4)];
    const id = await startOfV4(v4, 440_104, ["ECOMMERCE_ORDER", "ECOMMERCE_PRODUCT"]);
    const [[begun], [ended]] = [await about(beginnings.receiver, id, 1), await about(ends.receiver, id, 1)];
    const run = await syncOf(v4, 440_104, id);
    const facts = { company_id: 440_104, sync_id: id, integration_type: "SHOPIFY" };
    expect(begun?.json()).toEqual({ event: "sync.started", ...facts, created_at: run.startTime });
    expect(ended?.json()).toEqual({
      event: "sync.completed",
      ...facts,
      status: "PARTIAL_SUCCESS",
      success_data_models: ["ECOMMERCE_ORDER"],
      failed_data_models: ["ECOMMERCE_PRODUCT"],
      created_at: run.endTime,
    });
    expect(run.status).toBe("PARTIAL_SUCCESS");
  });

  it("is signed over its raw body with the registered key, in the header that the registration shows", async () => {
    const { v4 } = await bothVersions(40, CALM);
    const usual = await register(v4, { signing_key: KEY });
    const chosen = await register(v4, { signing_key: "other", signature_header: "X-Proof" });
    const id = await startOfV4(v4, 440_101);
    for (const [{ receiver, hook }, key] of [[usual, KEY] as const, [chosen, "other"] as const]) {
      const [request] = await about(receiver, id, 1);
      const expected = createHmac("sha256", key)
        .update(request?.body ?? "")
        .digest("hex");
      expect(request?.headers[String(hook.signature_header).toLowerCase()]).toBe(expected);
    }
    const [[first], [second]] = [await about(usual.receiver, id, 1), await about(chosen.receiver, id, 1)];
    expect(second?.body).toBe(first?.body);
    expect(first?.headers).not.toHaveProperty("x-proof");
  });

  it("carries the registered headers, and no signature when no key was given", async () => {
    const { v4 } = await bothVersions(40, CALM);
    const { receiver } = await register(v4, { headers: [{ name: "Authorization", value: "Bearer shared" }] });
    const [request] = await about(receiver, await startOfV4(v4, 440_101), 1);
    expect(request?.headers).toMatchObject({ authorization: "Bearer shared", "content-type": "application/json" });
    expect(Object.keys(request?.headers ?? {}).filter((name) => name.includes("signature"))).toEqual([]);
  });

  it("goes only to enabled registrations, and only for their integration", async () => {
    const { v4 } = await bothVersions(40, CALM);
    const off = await register(v4, { state: "DISABLED" });
    const tally = await register(v4, { integration_type: "NETSUITE" });
    const all = await register(v4);
    await about(all.receiver, await startOfV4(v4, 440_101), 1);
    const id = await startOfV4(v4, 440_105);
    await about(tally.receiver, id, 1);
    expect(off.receiver.requests).toEqual([]);
    expect(tally.receiver.requests.filter(({ body }) => !body.includes(id))).toEqual([]);
  });

  it("is not tried again when its registration was switched off", async () => {
    const { v4 } = await bothVersions(100, CALM);
    const receiver = await newReceiver(async () => {
      await v4(UPDATE, { params: { id: hook.rootfi_id }, body: { ...body, state: "DISABLED" } });
      return { status: 500 };
    });
    // The runs that start by themselves are one company's, and so one behind the other.
    const tally = { webhook_type: "SYNC_COMPLETED", integration_type: "TALLY" };
    const body = { ...tally, name: "gateway", url: `${receiver.url}/hook` };
    const hook = oneHook.parse((await v4(CREATE, { body })).body).data.data;
    const other = await register(v4, tally);
    // The second run's end is behind the first's retries.
    await other.receiver.untilRequests(2);
    expect(receiver.requests).toHaveLength(1);
  });

  it("tells of a cancelled run its end alone when it had not begun", async () => {
    const { v4 } = await bothVersions(2, CALM);
    const [beginnings, ends] = [await register(v4, { webhook_type: "SYNC_STARTED" }), await register(v4)];
    const id = await startOfV4(v4, 440_101, ACCOUNTING_OF_V4);
    await v4(CANCEL, { params: { sync_id: id } });
    const [ended] = await about(ends.receiver, id, 1);
    expect(ended?.json()).toMatchObject({ status: "FAILED", failed_data_models: ACCOUNTING_OF_V4 });
    // The next run's beginning is behind everything that could come of the first.
    await about(beginnings.receiver, await startOfV4(v4, 440_111), 1);
    expect(beginnings.receiver.requests.filter(({ body }) => body.includes(id))).toEqual([]);
  });

  it("reaches v3's and v4's registrations for the same run, each in its own words", async () => {
    const { v3, v4 } = await bothVersions(40, CALM);
    const { receiver } = await register(v4);
    const other = await newReceiver();
    const webhook = { name: "old", type: "SYNC_COMPLETED", url: `${other.url}/hook`, operations: [], data_models: [] };
    await v3("POST /core/webhooks", { body: { webhook: { ...webhook, headers: {} } } });
    await about(receiver, await startOfV4(v4, 440_106, ACCOUNTING_OF_V4), 1);
    const [told] = await about(other, `"rootfi_company_id":440106`, 1);
    expect(told?.json()).toMatchObject({ type: "SYNC_COMPLETED", status: "FAILED" });
    expect(told?.body).toContain("INVOICES");
  });

  it("now and then comes twice, with the same signature", async () => {
    const { v4 } = await bothVersions(10, seedWith(["doubled", null]));
    const { receiver } = await register(v4, { signing_key: KEY });
    const [one, same] = await about(receiver, await startOfV4(v4, 440_101), 2);
    expect(same?.body).toBe(one?.body);
    expect(same?.headers["x-rootfi-signature"]).toBe(one?.headers["x-rootfi-signature"]);
  });

  it("now and then comes behind a later event", async () => {
    const { v4 } = await bothVersions(10, seedWith(["late", null]));
    const { receiver } = await register(v4);
    await startOfV4(v4, 440_101);
    await startOfV4(v4, 440_111);
    await receiver.untilRequests(2);
    const moments = receiver.requests.map((request) => z.looseObject({ created_at: z.string() }).parse(request.json()));
    expect(Date.parse(moments[0]?.created_at ?? "")).toBeGreaterThan(Date.parse(moments[1]?.created_at ?? ""));
  });
});

describe("the delivery log of v4", () => {
  it("shows what was sent, to whom, how often, and how it ended", async () => {
    const { v4 } = await bothVersions(100, CALM);
    const deaf = await register(v4, {}, () => ({ status: 500 }));
    const good = await register(v4);
    const id = await startOfV4(v4, 440_101);
    const [last] = (await about(deaf.receiver, id, 4)).toReversed();
    const failed = await eventually("a delivery that was given up", () => logOf(v4, { state: "FAILED", syncId: id }));
    expect(failed).toMatchObject({ webhookId: deaf.hook.rootfi_id, syncId: id, event: "sync.completed" });
    expect(failed).not.toHaveProperty("payload");
    const params = { delivery_id: failed.id };
    const { body } = await v4("GET /core/webhook-logs/{delivery_id}", { params });
    const { data } = z.object({ data: z.looseObject({ attempts: z.array(attempt) }) }).parse(body);
    expect(data).toMatchObject({ id: failed.id, payload: last?.json() });
    expect(data.attempts.map(({ statusCode }) => statusCode)).toEqual([500, 500, 500, 500]);
    const taken = await eventually("the other's", () =>
      logOf(v4, { webhookId: String(good.hook.rootfi_id), syncId: id }),
    );
    expect(taken.state).toBe("DELIVERED");
  });

  it("comes in pages, newest first, between two moments", async () => {
    const { v4 } = await bothVersions(100, CALM);
    const { receiver } = await register(v4);
    const ids: string[] = [];
    for (const company of [440_101, 440_111]) {
      const id = await startOfV4(v4, company);
      await about(receiver, id, 1);
      ids.unshift(id);
    }
    const own = (entries: readonly z.output<typeof entry>[]) => entries.filter(({ syncId }) => ids.includes(syncId));
    const whole = logPage.parse((await v4(LOGS)).body).data;
    expect(own(whole.logs).map(({ syncId }) => syncId)).toEqual(ids);
    const first = logPage.parse((await v4(LOGS, { query: { limit: "1" } })).body).data;
    const rest = logPage.parse((await v4(LOGS, { query: { cursor: first.next ?? "" } })).body).data;
    expect(own([...first.logs, ...rest.logs])).toEqual(own(whole.logs));
    const future = new Date(Date.now() + 60_000).toISOString();
    expect(logPage.parse((await v4(LOGS, { query: { fromDate: future } })).body).data.logs).toEqual([]);
    expect(logPage.parse((await v4(LOGS, { query: { toDate: future } })).body).data.logs.length).toBeGreaterThan(1);
  });
});

async function logOf(v4: Caller, query: Readonly<Record<string, string>>) {
  return logPage.parse((await v4(LOGS, { query })).body).data.logs[0];
}

async function newReceiver(handler: FakeHandler = () => ({ status: 204 })): Promise<FakeVendor> {
  const receiver = await startFakeVendor(handler);
  receivers.push(receiver);
  return receiver;
}

/** A receiver with its registration for SYNC_COMPLETED. Answers 204 unless told otherwise. */
async function register(
  v4: Caller,
  change: Readonly<Record<string, unknown>> = {},
  handler?: FakeHandler,
): Promise<{ readonly receiver: FakeVendor; readonly hook: Hook }> {
  const receiver = await newReceiver(handler);
  const body = { webhook_type: "SYNC_COMPLETED", name: "gateway", url: `${receiver.url}/hook`, ...change };
  return { receiver, hook: oneHook.parse((await v4(CREATE, { body })).body).data.data };
}

/** Waits for that many deliveries with that text, in order of arrival. */
async function about(receiver: FakeVendor, text: string, count: number): Promise<readonly FakeRequest[]> {
  return eventually(`${count} deliveries with ${text}`, () => {
    const own = receiver.requests.filter(({ body }) => body.includes(text));
    return own.length >= count ? own : null;
  });
}

function seedWith(whims: readonly Whim[]): number {
  for (let seed = 1; seed < 100_000; seed += 1) {
    if (whims.every((whim, number) => whimOf(seed, number) === whim)) return seed;
  }
  throw new Error(`no seed gives ${JSON.stringify(whims)}`);
}
