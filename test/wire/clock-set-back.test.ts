// A client whose clock is set back by an hour: what it waits for takes as long as it would have.
import { afterEach, expect, test } from "vitest";
import type { Clock } from "../../src/domain/clock.ts";
import { ErrorCode } from "../../src/domain/errors.ts";
import { startFakeVendor, type FakeHandler } from "../support/fake-vendor.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { clientAt, get, providerErrorOf } from "./client-at.ts";

const HOUR_MS = 3_600_000;
const started: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
});

/** Timers go on whatever the clock says. */
function settable() {
  const machine = createManualClock();
  let backMs = 0;
  const clock: Clock = {
    now: () => new Date(machine.now().getTime() - backMs),
    sleep: (ms, signal) => machine.sleep(ms, signal),
  };
  return { machine, clock, setBack: (ms: number) => void (backMs += ms) };
}

async function clientOf(handler: FakeHandler, given: Parameters<typeof clientAt>[1]) {
  const vendor = await startFakeVendor(handler);
  const http = clientAt(vendor.url, given);
  started.push(http, vendor);
  return http;
}

test("its quota comes back with the end of the vendor's stretch of time", async () => {
  const { machine, clock, setBack } = settable();
  const http = await clientOf(() => ({ json: {} }), { clock, rateLimit: { requests: 1, perMs: 1_000 } });
  await http.request(get("/things"));
  setBack(HOUR_MS);
  const waiting = http.request(get("/things"));
  await machine.untilSleeping((remainingMs) => remainingMs <= 1_000);
  await machine.advance(1_000);
  expect((await waiting).status).toBe(200);
});

test("a vendor that was not asked because it had failed is asked again when it would have been", async () => {
  const { machine, clock, setBack } = settable();
  let status = 503;
  const limits = { tries: 1, breakerFailures: 1, breakerOpenMs: 5_000 };
  const http = await clientOf(() => ({ status, json: {} }), { clock, limits });
  await providerErrorOf(http.request(get("/things")));
  status = 200;
  expect((await providerErrorOf(http.request(get("/things")))).code).toBe(ErrorCode.ProviderUnavailable);
  setBack(HOUR_MS);
  await providerErrorOf(http.request(get("/things")));
  await machine.advance(5_000);
  expect((await http.request(get("/things"))).status).toBe(200);
});
