// The circuit breaker: when it opens, what it answers, how it closes.
import { afterEach, describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { HttpClientOptions } from "../../src/wire/create-http-client.ts";
import type { HttpClient } from "../../src/wire/http-client.ts";
import { startFakeVendor } from "../support/fake-vendor.ts";
import type { FakeHandler, FakeVendor } from "../support/fake-vendor.ts";
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
  const http = clientAt(vendor.url, { clock, limits: { tries: 1 }, ...options });
  started.push(http, vendor);
  return { vendor, http, clock };
}

async function failTimes(http: HttpClient, times: number): Promise<void> {
  for (let index = 0; index < times; index += 1) await providerErrorOf(http.request(get(`/things/${index}`)));
}

describe("the circuit", () => {
  it("opens after five failures in a row and answers at once without calling", async () => {
    const { vendor, http, clock } = await setUp(() => ({ status: 503 }));
    await failTimes(http, 5);
    await clock.advance(4_000);
    const error = await providerErrorOf(http.request(post("/things")));
    expect(error).toMatchObject({
      code: ErrorCode.ProviderUnavailable,
      sent: false,
      retryable: true,
      retryAfterMs: 6_000,
      httpStatus: null,
    });
    expect(vendor.requests).toHaveLength(5);
  });

  it.each([400, 401, 404, 409, 422, 429])("is not opened by %i, however often it comes", async (status) => {
    const { vendor, http } = await setUp(() => ({ status }));
    await failTimes(http, 12);
    expect(vendor.requests).toHaveLength(12);
  });

  it("counts from the beginning after an answer, be it an error of the caller's", async () => {
    const { vendor, http } = await setUp((_request, index) => ({ status: index === 4 ? 404 : 503 }));
    await failTimes(http, 9);
    expect(vendor.requests).toHaveLength(9);
    await failTimes(http, 1);
    await failTimes(http, 1);
    expect(vendor.requests).toHaveLength(10);
  });

  it("is not opened by callers that go away", async () => {
    const { vendor, http } = await setUp(() => () => undefined);
    for (let index = 1; index <= 8; index += 1) {
      const caller = new AbortController();
      const failing = providerErrorOf(http.request(get(`/hang/${index}`, { signal: caller.signal })));
      await vendor.untilRequests(index);
      caller.abort();
      await failing;
    }
    expect(vendor.requests).toHaveLength(8);
  });

  it("lets one probe through when its time is over, makes the others wait for it, and closes when it succeeds", async () => {
    let release: () => void = () => undefined;
    const { vendor, http, clock } = await setUp((_request, index) => {
      if (index < 5) return { status: 503 };
      if (index > 5) return { json: {} };
      return (response) => {
        release = () => void response.end("{}");
      };
    });
    await failTimes(http, 5);
    await clock.advance(10_000);
    const probe = http.request(get("/probe"));
    await vendor.untilRequests(6);
    const others = [http.request(get("/a")), http.request(get("/b"))];
    await clock.advance(1);
    expect(vendor.requests).toHaveLength(6);
    release();
    expect((await Promise.all([probe, ...others])).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(vendor.requests).toHaveLength(8);
  });

  it("answers those who waited for a probe that fails, without calling", async () => {
    let fail: () => void = () => undefined;
    const { vendor, http, clock } = await setUp((_request, index) => {
      if (index < 5) return { status: 503 };
      return (response) => {
        fail = () => void response.writeHead(503).end();
      };
    });
    await failTimes(http, 5);
    await clock.advance(10_000);
    const probe = providerErrorOf(http.request(get("/probe")));
    await vendor.untilRequests(6);
    const others = [providerErrorOf(http.request(get("/a"))), providerErrorOf(http.request(get("/b")))];
    await clock.advance(1);
    fail();
    expect(await probe).toMatchObject({ httpStatus: 503 });
    expect(await Promise.all(others)).toMatchObject([{ sent: false }, { sent: false }]);
    expect(vendor.requests).toHaveLength(6);
  });

  it("opens again when the probe fails", async () => {
    const { vendor, http, clock } = await setUp(() => ({ status: 500 }));
    await failTimes(http, 5);
    await clock.advance(10_000);
    await failTimes(http, 2);
    expect(vendor.requests).toHaveLength(6);
    await clock.advance(10_000);
    await failTimes(http, 1);
    expect(vendor.requests).toHaveLength(7);
  });

  it("stays in doubt when the caller of the probe goes away", async () => {
    const { vendor, http, clock } = await setUp((_request, index) => (index < 5 ? { status: 503 } : () => undefined));
    await failTimes(http, 5);
    await clock.advance(10_000);
    const caller = new AbortController();
    const probe = providerErrorOf(http.request(get("/probe", { signal: caller.signal })));
    await vendor.untilRequests(6);
    caller.abort();
    await probe;
    await clock.advance(0);
    expect(await providerErrorOf(http.request(get("/next")))).toMatchObject({ sent: false });
    expect(vendor.requests).toHaveLength(6);
  });

  it("that opens between two tries leaves the caller with what the vendor said", async () => {
    const { http } = await setUp(() => ({ status: 502 }), { limits: { breakerFailures: 1, firstBackoffMs: 0 } });
    expect(await providerErrorOf(http.request(get("/things")))).toMatchObject({ httpStatus: 502, sent: true });
  });
});
