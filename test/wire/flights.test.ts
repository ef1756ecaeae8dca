// Identical reads at the same time share one call, and only as long as it is under way.
import { afterEach, describe, expect, it } from "vitest";
import type { HttpClient } from "../../src/wire/http-client.ts";
import { startFakeVendor } from "../support/fake-vendor.ts";
import type { FakeHandler, FakeVendor } from "../support/fake-vendor.ts";
import { clientAt, get, post, providerErrorOf } from "./client-at.ts";

const started: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
});

async function setUp(handler: FakeHandler): Promise<{ vendor: FakeVendor; http: HttpClient }> {
  const vendor = await startFakeVendor(handler);
  const http = clientAt(vendor.url, { limits: { tries: 1 } });
  started.push(http, vendor);
  return { vendor, http };
}

/** Answers when told to. */
function held(): { handler: FakeHandler; release(): void } {
  const waiting: (() => void)[] = [];
  const handler: FakeHandler = (_request, index) => (response) =>
    void waiting.push(() => response.end(JSON.stringify({ index })));
  return { handler, release: () => waiting.splice(0).forEach((answer) => answer()) };
}

describe("identical reads", () => {
  it("at the same time are one call", async () => {
    const { handler, release } = held();
    const { vendor, http } = await setUp(handler);
    const reads = Array.from({ length: 50 }, () => http.request(get("/things", { query: { page: 1 } })));
    await vendor.untilRequests(1);
    release();
    const bodies = (await Promise.all(reads)).map(({ body }) => body);
    expect(new Set(bodies.map((body) => JSON.stringify(body)))).toEqual(new Set(['{"index":0}']));
    expect(vendor.requests).toHaveLength(1);
  });

  it("one after the other are calls of their own", async () => {
    const { vendor, http } = await setUp(() => ({ json: {} }));
    await http.request(get("/things"));
    await http.request(get("/things"));
    expect(vendor.requests).toHaveLength(2);
  });

  it("fail together, and the failure is not kept", async () => {
    const { vendor, http } = await setUp((_request, index) => (index === 0 ? { status: 404 } : { json: {} }));
    const errors = await Promise.all([1, 2].map(() => providerErrorOf(http.request(get("/things")))));
    expect(errors.map(({ httpStatus }) => httpStatus)).toEqual([404, 404]);
    expect((await http.request(get("/things"))).status).toBe(200);
    expect(vendor.requests).toHaveLength(2);
  });

  it("go on when one caller leaves", async () => {
    const { handler, release } = held();
    const { vendor, http } = await setUp(handler);
    const leaving = new AbortController();
    const left = providerErrorOf(http.request(get("/things", { signal: leaving.signal })));
    const stays = http.request(get("/things"));
    await vendor.untilRequests(1);
    leaving.abort();
    expect(await left).toMatchObject({ sent: true });
    release();
    expect((await stays).body).toEqual({ index: 0 });
  });

  it("end when the last caller leaves, and the next caller gets a call of its own", async () => {
    const { handler, release } = held();
    const { vendor, http } = await setUp(handler);
    const leaving = new AbortController();
    const left = [1, 2].map(() => providerErrorOf(http.request(get("/things", { signal: leaving.signal }))));
    await vendor.untilRequests(1);
    leaving.abort();
    await Promise.all(left);
    const next = http.request(get("/things"));
    await vendor.untilRequests(2);
    release();
    expect((await next).body).toEqual({ index: 1 });
  });
});

describe("requests that differ", () => {
  it.each([
    ["in the query", get("/things", { query: { page: 1 } }), get("/things", { query: { page: 2 } })],
    ["in a header", get("/things", { headers: { "x-tenant": "a" } }), get("/things", { headers: { "x-tenant": "b" } })],
    ["in nothing, but write", post("/things"), post("/things")],
  ])("%s are calls of their own", async (_how, one, other) => {
    const { vendor, http } = await setUp(() => ({ json: {} }));
    await Promise.all([http.request(one), http.request(other)]);
    expect(vendor.requests).toHaveLength(2);
  });
});
