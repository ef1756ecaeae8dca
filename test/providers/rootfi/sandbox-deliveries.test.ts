// Webhooks of the RootFi sandbox, sent over real HTTP to a receiver of the test. The vendor's document has no schema for a delivery:
// what one says is compared with what the API says of the same run.
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { type Whim, whimOf } from "../../../src/providers/rootfi/sandbox-deliveries.ts";
import { eventually, within } from "../../support/eventually.ts";
import { type FakeHandler, type FakeVendor, startFakeVendor } from "../../support/fake-vendor.ts";
import {
  ACCOUNTING,
  type Caller,
  KEY,
  closeAll,
  follow,
  jobsOf,
  listen,
  oneSync,
  readSync,
  sandbox,
  startSync,
} from "./sandbox-client.ts";

/** No oddities among the events of a test that counts them. */
const CALM = seedWith(Array.from({ length: 12 }, () => null));
const HEADERS = { Authorization: "Bearer shared", "x-team": "gateway" };

const completion = z.looseObject({
  type: z.literal("SYNC_COMPLETED"),
  event: z.literal("SYNC_COMPLETED"),
  sync_id: z.string(),
  rootfi_company_id: z.number().int(),
  status: z.enum(["SUCCESS", "FAILED"]),
  success_data_models: z.array(z.string()),
  failed_data_models: z.array(z.string()),
  created_at: z.iso.datetime(),
});
const registration = z.looseObject({ id: z.string() });

const receivers: FakeVendor[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
});

describe("a SYNC_COMPLETED webhook of the RootFi sandbox", () => {
  it.each([
    [440_101, "XERO", ACCOUNTING, "SUCCESS"],
    [440_103, "ZOHO_BOOKS", ACCOUNTING, "FAILED"],
    [440_104, "SHOPIFY", ["ECOMMERCE_ORDERS", "ECOMMERCE_CUSTOMERS"], "SUCCESS"],
    [440_106, "SAGE_CLOUD_ACCOUNTING", ACCOUNTING, "FAILED"],
  ])(
    "tells how a run of company %i at %s ended, and by which models",
    async (companyId, integration, models, status) => {
      const call = await sandbox(40, CALM);
      const { receiver } = await register(call);
      const id = await start(call, companyId, integration, models);
      const [delivered] = await deliveriesOf(receiver, id, 1);
      expect(delivered).toMatchObject({
        sync_id: id,
        rootfi_company_id: companyId,
        integration_type: integration,
        status,
      });
      const [run, jobs] = [await readSync(call, id), await jobsOf(call, id)];
      expect(delivered).toMatchObject({ status: run.status, created_at: run.end_time });
      const failed = models.filter((model) => jobs.some((job) => job.data_model === model && job.status === "FAILED"));
      expect(delivered?.failed_data_models).toEqual(failed);
      expect(delivered?.success_data_models).toEqual(models.filter((model) => !failed.includes(model)));
    },
  );

  it("carries the registered headers and no signature", async () => {
    const call = await sandbox(40, CALM);
    const { receiver } = await register(call);
    await start(call, 440_101, "XERO", ACCOUNTING);
    await receiver.untilRequests(1);
    const headers = receiver.requests[0]?.headers ?? {};
    expect(headers).toMatchObject({
      authorization: "Bearer shared",
      "x-team": "gateway",
      "content-type": "application/json",
    });
    expect(Object.keys(headers).filter((name) => name.includes("signature"))).toEqual([]);
  });

  it("comes again after answers that are not 2xx, each time later, and never more than three times", async () => {
    const call = await sandbox(100, CALM);
    const arrivals = new Map<string, number[]>();
    const { receiver } = await register(call, {}, (request) => {
      arrivals.set(request.body, [...(arrivals.get(request.body) ?? []), performance.now()]);
      return { status: 500 };
    });
    const id = await start(call, 440_101, "XERO", ACCOUNTING);
    await deliveriesOf(receiver, id, 4);
    const [times = []] = [...arrivals].filter(([body]) => body.includes(id)).map(([, at]) => at);
    // 2, 4 and 8 seconds a hundred times faster; a timer never fires early by more than a millisecond.
    const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(waits).toHaveLength(3);
    waits.forEach((wait, index) => expect(wait).toBeGreaterThanOrEqual(20 * 2 ** index - 2));
    // The next run's fourth try is behind everything that could still come of the first.
    await deliveriesOf(receiver, await start(call, 440_111, "MS_DYNAMICS_365", ACCOUNTING), 4);
    expect([...arrivals.values()].every((at) => at.length <= 4)).toBe(true);
  });

  it("is settled by the first 2xx", async () => {
    const call = await sandbox(100, CALM);
    const tries = new Map<string, number>();
    const { receiver } = await register(call, {}, ({ body }) => {
      tries.set(body, (tries.get(body) ?? 0) + 1);
      return { status: tries.get(body) === 1 ? 503 : 204 };
    });
    const first = await start(call, 440_101, "XERO", ACCOUNTING);
    await deliveriesOf(receiver, first, 2);
    await deliveriesOf(receiver, await start(call, 440_111, "MS_DYNAMICS_365", ACCOUNTING), 2);
    expect([...tries.values()].every((count) => count <= 2)).toBe(true);
  });

  it("gets nothing of other types, of what ended before it was made, or once it is deleted", async () => {
    const call = await sandbox(40, CALM);
    const other = await register(call, { type: "DATA_MODEL_CHANGES" });
    const before = await start(call, 440_101, "XERO", ACCOUNTING);
    await follow(call, before);
    const { receiver, id } = await register(call);
    const told = await start(call, 440_101, "XERO", ACCOUNTING);
    await deliveriesOf(receiver, told, 1);
    await call("DELETE /core/webhooks/{webhook_id}", { params: { webhook_id: id } });
    const after = await start(call, 440_101, "XERO", ACCOUNTING);
    await follow(call, after);
    expect(other.receiver.requests).toEqual([]);
    expect(receiver.requests.filter(({ body }) => body.includes(before) || body.includes(after))).toEqual([]);
  });

  it("hears of runs that start by themselves although nobody asks", async () => {
    const call = await sandbox(50, CALM);
    const { receiver } = await register(call);
    await receiver.untilRequests(1);
    expect(completion.parse(receiver.requests[0]?.json())).toMatchObject({
      rootfi_company_id: 440_109,
      status: "SUCCESS",
    });
  });

  it("follows a change of the registration", async () => {
    const call = await sandbox(20, CALM);
    const [first, second] = [await register(call), await newReceiver()];
    const body = bodyFor(second, { headers: { authorization: "Bearer other" } });
    await call("PUT /core/webhooks/{webhook_id}", { params: { webhook_id: first.id }, body });
    await start(call, 440_101, "XERO", ACCOUNTING);
    await second.untilRequests(1);
    expect(second.requests[0]?.headers["authorization"]).toBe("Bearer other");
    expect(first.receiver.requests).toEqual([]);
  });

  it("now and then gets an event twice", async () => {
    const call = await sandbox(10, seedWith(["doubled", null]));
    const { receiver } = await register(call);
    const [one, same] = await deliveriesOf(receiver, await start(call, 440_101, "XERO", ACCOUNTING), 2);
    expect(same).toEqual(one);
  });

  it("now and then gets two events in reversed order", async () => {
    const call = await sandbox(10, seedWith(["late", null]));
    const { receiver } = await register(call);
    await start(call, 440_101, "XERO", ACCOUNTING);
    await start(call, 440_111, "MS_DYNAMICS_365", ACCOUNTING);
    await receiver.untilRequests(2);
    const [first, second] = receiver.requests.map((request) => Date.parse(completion.parse(request.json()).created_at));
    expect(first).toBeGreaterThan(second ?? Infinity);
  });

  it("is refused on http beyond this machine", async () => {
    const call = await sandbox();
    const { receiver } = await register(call);
    const far = { ...bodyFor(receiver), url: "http://gateway.example/hook" };
    expect((await call("POST /core/webhooks", { body: { webhook: far } })).status).toBe(400);
  });

  it("gives a receiver ten seconds at every speed, and does not keep the sandbox from closing while its receiver is silent", async () => {
    // No deadline ends the try: closing alone can.
    const deadline = vi.spyOn(AbortSignal, "timeout").mockReturnValue(new AbortController().signal);
    const server = await listen(40, CALM);
    // Never answers; closing the sandbox has to cut it.
    const receiver = await newReceiver(() => () => undefined);
    const send = (path: string, body: unknown) =>
      fetch(server.url + path, {
        method: "POST",
        headers: { ...KEY, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    expect((await send("/core/webhooks", { webhook: bodyFor(receiver) })).status).toBe(200);
    await receiver.untilRequests(1);
    // A fast sandbox does not make a receiver's machine any faster.
    expect(new Set(deadline.mock.calls.flat())).toEqual(new Set([10_000]));
    await within("the sandbox is closed", server.close());
    await expect(fetch(`${server.url}/core/webhooks`, { headers: KEY })).rejects.toThrow();
  });
});

async function newReceiver(handler: FakeHandler = () => ({ status: 204 })): Promise<FakeVendor> {
  const receiver = await startFakeVendor(handler);
  receivers.push(receiver);
  return receiver;
}

function bodyFor(receiver: FakeVendor, change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const url = `${receiver.url}/hook`;
  return { name: "gateway", type: "SYNC_COMPLETED", url, operations: [], data_models: [], headers: HEADERS, ...change };
}

/** A receiver with its registration. Answers 204 unless told otherwise. */
async function register(
  call: Caller,
  change: Readonly<Record<string, unknown>> = {},
  handler?: FakeHandler,
): Promise<{ readonly receiver: FakeVendor; readonly id: string }> {
  const receiver = await newReceiver(handler);
  const answer = await call("POST /core/webhooks", { body: { webhook: bodyFor(receiver, change) } });
  return { receiver, id: registration.parse(answer.body).id };
}

async function start(call: Caller, companyId: number, integration: string, models: readonly string[]): Promise<string> {
  return oneSync.parse((await startSync(call, companyId, integration, models)).body).data.sync_id;
}

/** Waits for that many deliveries about a run, in order of arrival. */
async function deliveriesOf(
  receiver: FakeVendor,
  id: string,
  count: number,
): Promise<readonly z.output<typeof completion>[]> {
  const found = await eventually(`${count} deliveries`, () => {
    const own = receiver.requests.filter((request) => request.body.includes(id));
    return own.length >= count ? own : null;
  });
  return found.map((request) => completion.parse(request.json()));
}

function seedWith(whims: readonly Whim[]): number {
  for (let seed = 1; seed < 100_000; seed += 1) {
    if (whims.every((whim, number) => whimOf(seed, number) === whim)) return seed;
  }
  throw new Error(`no seed gives ${JSON.stringify(whims)}`);
}
