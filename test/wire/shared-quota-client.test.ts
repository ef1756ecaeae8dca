// A client whose quota other gateways have too: what it does when the store is silent, when it connects late, and what costs no turn.
import { afterEach, describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { HttpClientOptions } from "../../src/wire/create-http-client.ts";
import { DEFAULT_LIMITS } from "../../src/wire/limits.ts";
import { createFakeQuota } from "../support/fake-quota.ts";
import { startFakeVendor } from "../support/fake-vendor.ts";
import type { FakeReply } from "../support/fake-vendor.ts";
import { createGate } from "../support/gate.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { clientAt, get, post, providerErrorOf } from "./client-at.ts";

const started: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
});

const LIMIT = { requests: 1, perMs: 1_000 };
const MANY = { requests: 100, perMs: 1_000 };
const OK: FakeReply = { json: {} };

async function setUp(reply: (index: number) => FakeReply, options: Partial<HttpClientOptions> = {}) {
  const clock = createManualClock();
  const rateLimit = options.rateLimit ?? LIMIT;
  const quota = createFakeQuota(rateLimit, clock);
  const vendor = await startFakeVendor((_request, index) => reply(index));
  started.push(vendor);
  const connect = (more: Partial<HttpClientOptions> = {}) => {
    const url = more.resolve === undefined ? vendor.url : vendor.url.replace("127.0.0.1", "vendor.internal");
    const http = clientAt(url, { clock, rateLimit, sharedQuota: quota, ...options, ...more });
    started.unshift(http);
    return http;
  };
  return { clock, quota, vendor, connect };
}

/** Finds the vendor's address after something was done. */
const resolveAfter =
  (done: () => Promise<void>): NonNullable<HttpClientOptions["resolve"]> =>
  (_name, callback) =>
    void done().then(() => callback(null, [{ address: "127.0.0.1", family: 4 }]));

describe("a client on a shared quota", () => {
  it("sends nothing while the store does not answer, and says that it is the gateway that cannot", async () => {
    const { quota, vendor, connect } = await setUp(() => OK);
    const http = connect();
    quota.way = () => Promise.reject(new Error("the store is down"));
    for (const request of [get("/a"), post("/b")]) {
      expect(await providerErrorOf(http.request(request))).toMatchObject({
        code: ErrorCode.ServiceUnavailable,
        retryable: true,
        retryAfterMs: null,
        sent: false,
        httpStatus: null,
      });
    }
    expect(vendor.requests).toEqual([]);
  });

  it("is kept quiet by a 429 that another got", async () => {
    const tooMany = { status: 429, headers: { "retry-after": "12" } };
    const { clock, vendor, connect } = await setUp((index) => (index === 0 ? tooMany : OK), { rateLimit: MANY });
    const [http, other] = [connect(), connect()];
    await providerErrorOf(http.request(post("/a")));
    await clock.advance(0);
    const refused = await providerErrorOf(other.request(get("/b", { timeoutMs: 11_000 })));
    expect(refused).toMatchObject({ code: ErrorCode.ProviderRateLimited, sent: false, retryAfterMs: 12_000 });
    const waiting = other.request(get("/c"));
    await clock.untilSleeping((ms) => ms === 12_000);
    await clock.advance(11_999);
    expect(vendor.requests).toHaveLength(1);
    await clock.advance(1);
    expect((await waiting).status).toBe(200);
  });

  it("takes another turn when connecting took longer than the first one lasted, and sends once, over that connection", async () => {
    const { clock, quota, vendor, connect } = await setUp(() => OK);
    let connections = 0;
    const resolve = resolveAfter(() => {
      connections += 1;
      return clock.advance(300);
    });
    const answer = connect({ resolve }).request(post("/runs"));
    await clock.untilSleeping((ms) => ms < LIMIT.perMs);
    expect(vendor.requests).toEqual([]);
    await clock.advance(LIMIT.perMs);
    expect((await answer).status).toBe(200);
    expect(vendor.requests).toHaveLength(1);
    expect(quota.wishes).toHaveLength(2);
    expect(connections).toBe(1);
  });

  it("takes a turn for each try", async () => {
    const { quota, connect } = await setUp((index) => (index === 0 ? { status: 503 } : OK), {
      rateLimit: MANY,
      limits: { firstBackoffMs: 0 },
    });
    expect((await connect().request(get("/a"))).status).toBe(200);
    expect(quota.wishes).toHaveLength(2);
  });

  it("has the quota to itself where nobody shares it", async () => {
    const { quota, vendor, connect } = await setUp(() => OK);
    expect((await connect({ sharedQuota: null }).request(get("/a"))).status).toBe(200);
    expect([vendor.requests.length, quota.wishes.length]).toEqual([1, 0]);
  });
});

describe("an open circuit", () => {
  it("answers at once: with no call, no turn and no wait", async () => {
    const { clock, quota, vendor, connect } = await setUp(() => ({ status: 503 }), {
      rateLimit: MANY,
      limits: { tries: 1 },
    });
    const http = connect();
    for (let failure = 0; failure < 5; failure += 1) await providerErrorOf(http.request(get(`/things/${failure}`)));
    const turns = quota.wishes.length;
    quota.way = () => new Promise(() => undefined);
    for (let request = 0; request < 101; request += 1) {
      expect(await providerErrorOf(http.request(get(`/more/${request}`)))).toMatchObject({ sent: false });
    }
    expect([vendor.requests.length, quota.wishes.length]).toEqual([5, turns]);
    expect(clock.pending()).toEqual([]);
  });

  it("keeps back what had to take another turn while it opened", async () => {
    const { clock, vendor, connect } = await setUp(() => ({ status: 503 }), {
      rateLimit: { requests: 2, perMs: 1_000 },
      limits: { tries: 1, breakerFailures: 1 },
    });
    const [asked, found] = [createGate(), createGate()];
    let connections = 0;
    const resolve = resolveAfter(async () => {
      connections += 1;
      if (connections > 1) return;
      asked.open();
      await found.opened;
    });
    const http = connect({ resolve });
    const late = providerErrorOf(http.request(post("/late")));
    await asked.opened;
    expect(await providerErrorOf(http.request(post("/failing")))).toMatchObject({ httpStatus: 503 });
    await clock.advance(300);
    found.open();
    await clock.untilSleeping((ms) => ms < 1_000);
    await clock.advance(1_000);
    expect(await late).toMatchObject({ code: ErrorCode.ProviderUnavailable, httpStatus: null, sent: false });
    expect(vendor.requests.map(({ path }) => path)).toEqual(["/failing"]);
  });

  it("stays open when its probe finds no turn any more: the vendor was not asked", async () => {
    const closing = { status: 503, headers: { connection: "close" } };
    const { clock, quota, vendor, connect } = await setUp(() => closing, { rateLimit: MANY, limits: { tries: 1 } });
    let late = false;
    const resolve = resolveAfter(async () => {
      if (!late) return;
      quota.way = () => Promise.reject(new Error("the store is down"));
      await clock.advance(300);
    });
    const http = connect({ resolve });
    for (let failure = 0; failure < 5; failure += 1) await providerErrorOf(http.request(get(`/things/${failure}`)));
    await clock.advance(10_000);
    late = true;
    const probe = await providerErrorOf(http.request(get("/probe")));
    expect(probe).toMatchObject({ code: ErrorCode.ServiceUnavailable, sent: false });
    const next = await providerErrorOf(http.request(get("/next")));
    expect(next).toMatchObject({ code: ErrorCode.ProviderUnavailable, sent: false });
    expect(vendor.requests).toHaveLength(5);
  });
});

describe("gateways beside each other", () => {
  it("each keep a storm of 503 within a fifth of their traffic and a small floor, and every repetition takes a turn", async () => {
    const { quota, vendor, connect } = await setUp(() => ({ status: 503 }), {
      rateLimit: { requests: 10_000, perMs: 1_000 },
      limits: { firstBackoffMs: 0, breakerFailures: 1_000_000 },
    });
    const gateways = [connect(), connect(), connect()];
    for (let request = 0; request < 60; request += 1)
      for (const http of gateways) await providerErrorOf(http.request(get(`/things/${request}`)));
    const traffic = 60 * gateways.length;
    expect(vendor.requests.length).toBeGreaterThan(traffic);
    expect(vendor.requests.length).toBeLessThanOrEqual(traffic * 1.2 + gateways.length * DEFAULT_LIMITS.retryFloor);
    expect(quota.wishes).toHaveLength(vendor.requests.length);
    // Hundreds of requests, one after the other.
  }, 180_000);
});
