// When a request is sent again, after how long, and how often at most.
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { HttpClientOptions } from "../../src/wire/create-http-client.ts";
import type { HttpClient } from "../../src/wire/http-client.ts";
import { DEFAULT_LIMITS } from "../../src/wire/limits.ts";
import { createRetryBudget, createRetryPlan } from "../../src/wire/retry-policy.ts";
import { tryFailure } from "../../src/wire/try-result.ts";
import { repliesInOrder, startFakeVendor } from "../support/fake-vendor.ts";
import type { FakeHandler, FakeReply, FakeVendor } from "../support/fake-vendor.ts";
import { createManualClock } from "../support/manual-clock.ts";
import type { ManualClock } from "../support/manual-clock.ts";
import { clientAt, get, post, providerErrorOf } from "./client-at.ts";

const started: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
});

interface Setting {
  readonly vendor: FakeVendor;
  readonly http: HttpClient;
  readonly clock: ManualClock;
}

async function setUp(handler: FakeHandler, options: Partial<HttpClientOptions> = {}): Promise<Setting> {
  const clock = createManualClock();
  const vendor = await startFakeVendor(handler);
  const http = clientAt(vendor.url, { clock, ...options });
  started.push(http, vendor);
  return { vendor, http, clock };
}

const OK: FakeReply = { json: { ok: true } };

describe("a safe request", () => {
  it.each([408, 425, 429, 500, 502, 503, 504])("is sent again after %i", async (status) => {
    const { vendor, http } = await setUp(repliesInOrder({ status }, OK), { limits: { firstBackoffMs: 0 } });
    expect((await http.request(get("/things"))).body).toEqual({ ok: true });
    expect(vendor.requests).toHaveLength(2);
  });

  it.each([400, 401, 403, 404, 409, 410, 422, 423])("is not sent again after %i", async (status) => {
    const { vendor, http } = await setUp(repliesInOrder({ status }));
    await providerErrorOf(http.request(get("/things")));
    expect(vendor.requests).toHaveLength(1);
  });

  it("is sent again after a cut answer and after a reset", async () => {
    const cut: FakeHandler = (_request, index) => {
      if (index === 0) return (response) => void response.destroy();
      if (index === 1) return { text: '{"data": [' };
      return OK;
    };
    const { vendor, http } = await setUp(cut, { limits: { firstBackoffMs: 0 } });
    expect((await http.request(get("/things"))).body).toEqual({ ok: true });
    expect(vendor.requests).toHaveLength(3);
  });

  it("is tried three times in all and fails with the last answer", async () => {
    const { vendor, http } = await setUp(() => ({ status: 503 }), { limits: { firstBackoffMs: 0 } });
    expect(await providerErrorOf(http.request(get("/things")))).toMatchObject({ httpStatus: 503, sent: true });
    expect(vendor.requests).toHaveLength(3);
  });

  it("waits with full jitter between the tries", async () => {
    const { http, clock } = await setUp(repliesInOrder({ status: 503 }, { status: 503 }, OK), { random: () => 0.5 });
    const done = http.request(get("/things", { timeoutMs: 60_000 }));
    expect(await clock.untilSleeping((ms) => ms < 60_000)).toBe(125);
    await clock.advance(125);
    expect(await clock.untilSleeping((ms) => ms < 59_000)).toBe(250);
    await clock.advance(250);
    expect((await done).status).toBe(200);
  });

  it("that is a POST with the vendor's idempotency key is sent again too", async () => {
    const { vendor, http } = await setUp(repliesInOrder({ status: 503 }, OK), { limits: { firstBackoffMs: 0 } });
    await http.request(post("/things", { repeat: "safe" }));
    expect(vendor.requests).toHaveLength(2);
  });
});

describe("a request that must be made once", () => {
  const failures: readonly [string, FakeHandler][] = [
    ["a 503", () => ({ status: 503 })],
    ["a 429", () => ({ status: 429, headers: { "retry-after": "0" } })],
    ["a reset connection", () => (response) => void response.destroy()],
    ["a cut answer", () => ({ text: '{"id":' })],
    ["a page instead of an answer", () => ({ text: "<html>" })],
  ];

  it.each(failures)("is never sent again after %s", async (_what, handler) => {
    const { vendor, http } = await setUp(handler);
    expect(await providerErrorOf(http.request(post("/runs")))).toMatchObject({ sent: true });
    expect(vendor.requests).toHaveLength(1);
  });

  it("is sent again when no connection came about", async () => {
    const vendor = await startFakeVendor(() => OK);
    let lookups = 0;
    const resolve: HttpClientOptions["resolve"] = (_name, callback) => {
      lookups += 1;
      if (lookups === 1) callback(Object.assign(new Error("try again"), { code: "EAI_AGAIN" }), []);
      else callback(null, [{ address: "127.0.0.1", family: 4 }]);
    };
    const http = clientAt(vendor.url.replace("127.0.0.1", "vendor.internal"), {
      resolve,
      limits: { firstBackoffMs: 0 },
    });
    started.push(http, vendor);
    expect((await http.request(post("/runs"))).body).toEqual({ ok: true });
    expect(vendor.requests).toHaveLength(1);
    expect(lookups).toBe(2);
  });
});

describe("the vendor's wish to wait", () => {
  it.each<[string, Record<string, string>, number]>([
    ["in seconds", { "retry-after": "2" }, 2_000],
    ["as a date", { "retry-after": "Thu, 01 Jan 2026 00:00:03 GMT", date: "Thu, 01 Jan 2026 00:00:00 GMT" }, 3_000],
    ["as seconds to the reset", { "ratelimit-reset": "4" }, 4_000],
    ["as the time of the reset", { "x-ratelimit-reset": "1767225605", date: "Thu, 01 Jan 2026 00:00:00 GMT" }, 5_000],
  ])("%s is granted", async (_how, headers, waitMs) => {
    const { vendor, http, clock } = await setUp(repliesInOrder({ status: 429, headers }, OK));
    const done = http.request(get("/things", { timeoutMs: 60_000 }));
    expect(await clock.untilSleeping((ms) => ms < 60_000)).toBe(waitMs);
    await clock.advance(waitMs - 1);
    expect(vendor.requests).toHaveLength(1);
    await clock.advance(1);
    expect((await done).status).toBe(200);
  });

  it("that does not fit into the deadline fails at once and is passed on", async () => {
    const { vendor, http, clock } = await setUp(repliesInOrder({ status: 429, headers: { "retry-after": "60" } }));
    const error = await providerErrorOf(http.request(get("/things")));
    expect(error).toMatchObject({
      code: ErrorCode.ProviderRateLimited,
      retryAfterMs: 60_000,
      retryable: true,
      sent: true,
    });
    expect(vendor.requests).toHaveLength(1);
    expect(clock.now()).toEqual(createManualClock().now());
  });

  it("for a year is cut to an hour", async () => {
    const { http } = await setUp(repliesInOrder({ status: 429, headers: { "retry-after": "31536000" } }));
    expect(await providerErrorOf(http.request(get("/things")))).toMatchObject({ retryAfterMs: 3_600_000 });
  });
});

describe("the retry budget", () => {
  it("keeps a storm of 503 within a fifth of the traffic and a small floor", async () => {
    const limits = { firstBackoffMs: 0, breakerFailures: 1_000_000 };
    const { vendor, http } = await setUp(() => ({ status: 503 }), { limits });
    for (let request = 0; request < 100; request += 1) await providerErrorOf(http.request(get(`/things/${request}`)));
    expect(vendor.requests.length).toBeGreaterThan(100);
    expect(vendor.requests.length).toBeLessThanOrEqual(100 * 1.2 + DEFAULT_LIMITS.retryFloor);
  });

  it("fills up again as time passes", async () => {
    const clock = createManualClock();
    const budget = createRetryBudget({ retryFloor: 2, retryShare: 0, retryPeriodMs: 1_000 }, clock);
    expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false]);
    await clock.advance(1_000);
    expect(budget.take()).toBe(false);
    await clock.advance(1_000);
    expect(budget.take()).toBe(true);
  });
});

describe("every wait", () => {
  it("is within its bounds, never before the vendor's wish, and fits into the deadline", () => {
    const unit = fc.double({ min: 0, max: 0.999_999, noNaN: true });
    const failing = fc.record({ unit, wish: fc.option(fc.integer({ min: 0, max: 40_000 })) });
    fc.assert(
      fc.property(
        fc.array(failing, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 60_000 }),
        (tries, timeoutMs) => {
          const clock = createManualClock();
          let unitNow = 0;
          const plan = createRetryPlan({
            repeat: "safe",
            deadlineMs: clock.now().getTime() + timeoutMs,
            limits: { tries: 4, firstBackoffMs: 250, longestBackoffMs: 700 },
            budget: { countRequest: () => undefined, take: () => true },
            clock,
            random: () => unitNow,
          });
          tries.forEach((attempt, index) => {
            unitNow = attempt.unit;
            const facts = { repeatable: true, retryAfterMs: attempt.wish };
            const waitMs = plan.next(tryFailure(ErrorCode.ProviderUnavailable, "expected success, got 503", facts));
            const bound = Math.min(700, 250 * 2 ** index);
            const wantedMs = Math.max(Math.floor(attempt.unit * bound), attempt.wish ?? 0);
            expect(waitMs).toBe(index >= 3 || wantedMs >= timeoutMs ? null : wantedMs);
          });
        },
      ),
      { seed: 20_260_101 },
    );
  });
});
