// The rate limit: who waits, for how long, in which order, and who is told to come back.
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { createRateGate } from "../../src/wire/rate-gate.ts";
import { repliesInOrder, startFakeVendor } from "../support/fake-vendor.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { clientAt, get, post, providerErrorOf } from "./client-at.ts";

const started: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
});

const LATE = Number.MAX_SAFE_INTEGER;
const NEVER = new AbortController().signal;

describe("a rate gate", () => {
  it("never lets more pass in any stretch of time than allowed, and lets all pass in order", async () => {
    const asks = fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(asks, fc.integer({ min: 1, max: 4 }), async (pauses, requests) => {
        const clock = createManualClock();
        const gate = createRateGate({ requests, perMs: 100 }, clock);
        const passed: { index: number; atMs: number }[] = [];
        for (const [index, pauseMs] of pauses.entries()) {
          void gate.turn(LATE, NEVER).then(() => passed.push({ index, atMs: clock.now().getTime() }));
          await clock.advance(pauseMs);
        }
        await clock.advance(pauses.length * 100);
        expect(passed.map(({ index }) => index)).toEqual(pauses.map((_, index) => index));
        const distances = passed.slice(requests).map(({ atMs }, index) => atMs - (passed[index]?.atMs ?? atMs));
        expect(distances.filter((distanceMs) => distanceMs < 100)).toEqual([]);
      }),
      { seed: 20_260_102, numRuns: 30 },
    );
  });

  it("gives the place of somebody who leaves to the next", async () => {
    const clock = createManualClock();
    const gate = createRateGate({ requests: 1, perMs: 100 }, clock);
    await gate.turn(LATE, NEVER);
    const leaving = new AbortController();
    const left = gate.turn(LATE, leaving.signal).catch(() => "left");
    let passed = false;
    void gate.turn(LATE, NEVER).then(() => (passed = true));
    leaving.abort();
    expect(await left).toBe("left");
    await clock.advance(100);
    expect(passed).toBe(true);
  });

  it("takes care of somebody who comes at the moment the last one leaves", async () => {
    const clock = createManualClock();
    const gate = createRateGate({ requests: 1, perMs: 100 }, clock);
    await gate.turn(LATE, NEVER);
    const leaving = new AbortController();
    const left = gate.turn(LATE, leaving.signal).catch(() => "left");
    leaving.abort();
    let passed = false;
    void gate.turn(LATE, NEVER).then(() => (passed = true));
    expect(await left).toBe("left");
    await clock.advance(100);
    expect(passed).toBe(true);
  });

  it("keeps no timer for nobody", async () => {
    const clock = createManualClock();
    const gate = createRateGate({ requests: 1, perMs: 100 }, clock);
    await gate.turn(LATE, NEVER);
    const leaving = new AbortController();
    const left = gate.turn(LATE, leaving.signal).catch(() => "left");
    leaving.abort();
    await left;
    await clock.advance(0);
    expect(clock.pending()).toEqual([]);
  });
});

describe("a client's rate limit", () => {
  it("makes requests wait for their turn", async () => {
    const clock = createManualClock();
    const vendor = await startFakeVendor(() => ({ json: {} }));
    const http = clientAt(vendor.url, { clock, rateLimit: { requests: 2, perMs: 1_000 } });
    started.push(http, vendor);
    const all = Promise.all(["/a", "/b", "/c"].map((path) => http.request(get(path))));
    await vendor.untilRequests(2);
    expect(await clock.untilSleeping((ms) => ms <= 1_000)).toBe(1_000);
    expect(vendor.requests).toHaveLength(2);
    await clock.advance(1_000);
    await all;
    expect(vendor.requests.map((request) => request.path).toSorted()).toEqual(["/a", "/b", "/c"]);
  });

  it("refuses at once what could not be sent before its deadline", async () => {
    const clock = createManualClock();
    const vendor = await startFakeVendor(repliesInOrder({ json: {} }));
    const http = clientAt(vendor.url, { clock, rateLimit: { requests: 1, perMs: 60_000 } });
    started.push(http, vendor);
    await http.request(get("/a"));
    const error = await providerErrorOf(http.request(post("/b")));
    expect(error).toMatchObject({
      code: ErrorCode.ProviderRateLimited,
      sent: false,
      retryable: true,
      retryAfterMs: 60_000,
      httpStatus: null,
    });
  });

  it("keeps everybody quiet while the vendor wants quiet, but not for ever", async () => {
    const clock = createManualClock();
    const absurd = { status: 429, headers: { "retry-after": "31536000" } };
    const vendor = await startFakeVendor(repliesInOrder(absurd, { json: {} }));
    const http = clientAt(vendor.url, { clock });
    started.push(http, vendor);
    await providerErrorOf(http.request(get("/a")));
    const error = await providerErrorOf(http.request(get("/b")));
    expect(error).toMatchObject({ code: ErrorCode.ProviderRateLimited, sent: false, retryAfterMs: 300_000 });
    await clock.advance(300_000);
    expect((await http.request(get("/c"))).status).toBe(200);
  });

  it("makes a request that fits wait out the pause of another", async () => {
    const clock = createManualClock();
    const vendor = await startFakeVendor(
      repliesInOrder({ status: 429, headers: { "retry-after": "3" } }, { json: {} }),
    );
    const http = clientAt(vendor.url, { clock });
    started.push(http, vendor);
    await providerErrorOf(http.request(post("/a")));
    const waiting = http.request(get("/b"));
    expect(await clock.untilSleeping((ms) => ms < 15_000)).toBe(3_000);
    await clock.advance(3_000);
    expect((await waiting).status).toBe(200);
  });
});
