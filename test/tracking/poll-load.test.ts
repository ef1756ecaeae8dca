// Polling keeps to half of a provider's quota, however many runs are open and however many calls each of them takes.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createPollLoad } from "../../src/tracking/poll-load.ts";
import type { ConfiguredProvider } from "../../src/tracking/provider-directory.ts";
import { createFakeProvider } from "../support/fake-provider.ts";
import { configure } from "../support/tracking.ts";

const SETTINGS = { seed: 20261122, numRuns: 1_000 };
const POLL = { fastMs: 1_000, slowMs: 30_000, discoverMs: 60_000 };

const provider = (requests: number, perMs: number): ConfiguredProvider => ({
  ...configure(createFakeProvider("acme")),
  poll: POLL,
  rateLimit: { requests, perMs },
});

test("before anything was polled the intervals are the provider's own", () => {
  expect(createPollLoad().intervalsOf(provider(1, 60_000))).toEqual(POLL);
});

test("all open runs together take no more than half of the quota, and the intervals never shrink below the provider's own", () => {
  const round = fc.record({
    openRuns: fc.integer({ min: 0, max: 100_000 }),
    runs: fc.integer({ min: 1, max: 100 }),
    perRun: fc.integer({ min: 0, max: 5 }),
  });
  fc.assert(
    fc.property(
      round,
      fc.integer({ min: 1, max: 1_000 }),
      fc.integer({ min: 100, max: 60_000 }),
      ({ openRuns, runs, perRun }, requests, perMs) => {
        const configured = provider(requests, perMs);
        const load = createPollLoad();
        load.note(configured, { openRuns, runs, calls: runs * perRun });
        const { fastMs, slowMs, discoverMs } = load.intervalsOf(configured);
        const callsPerMs = (openRuns * perRun) / fastMs;
        expect(callsPerMs).toBeLessThanOrEqual((0.5 * requests * 1.001) / perMs);
        expect(fastMs).toBeGreaterThanOrEqual(POLL.fastMs);
        expect(slowMs).toBeGreaterThanOrEqual(Math.max(POLL.slowMs, fastMs));
        expect(discoverMs).toBe(POLL.discoverMs);
      },
    ),
    SETTINGS,
  );
});

test("runs that are seen together in one call stretch nothing", () => {
  const configured = provider(60, 60_000);
  const load = createPollLoad();
  load.note(configured, { openRuns: 100, runs: 100, calls: 1 });
  expect(load.intervalsOf(configured)).toEqual({ ...POLL, fastMs: 2_000 });
  load.note(configured, { openRuns: 1, runs: 1, calls: 1 });
  expect(load.intervalsOf(configured)).toEqual(POLL);
});

test("one unusual round moves the intervals a part of the way, many of them all of it", () => {
  const configured = provider(60, 60_000);
  const load = createPollLoad();
  load.note(configured, { openRuns: 10, runs: 10, calls: 10 });
  expect(load.intervalsOf(configured).fastMs).toBe(20_000);
  load.note(configured, { openRuns: 10, runs: 10, calls: 20 });
  expect(load.intervalsOf(configured).fastMs).toBe(26_000);
  for (let round = 0; round < 30; round += 1) load.note(configured, { openRuns: 10, runs: 10, calls: 20 });
  expect(load.intervalsOf(configured).fastMs).toBe(40_000);
});

test("each provider has its own load", () => {
  const [busy, idle] = [provider(10, 60_000), provider(10, 60_000)];
  const load = createPollLoad();
  load.note(busy, { openRuns: 1_000, runs: 1, calls: 1 });
  expect(load.intervalsOf(busy).fastMs).toBe(12_000_000);
  expect(load.intervalsOf(idle)).toEqual(POLL);
});

test("gateways that share the looks at open runs take half of the quota together, however the runs fall to them", () => {
  const gateway = fc.record({
    looksAt: fc.integer({ min: 1, max: 200 }),
    perRun: fc.double({ min: 0.01, max: 5, noNaN: true }),
  });
  fc.assert(
    fc.property(
      fc.array(gateway, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 1_000 }),
      fc.integer({ min: 100, max: 60_000 }),
      (gateways, requests, perMs) => {
        const configured = provider(requests, perMs);
        // Each counts the runs that are open for all of them: what one has looked at is due again for any.
        const openRuns = gateways.reduce((sum, { looksAt }) => sum + looksAt, 0);
        const callsPerMs = gateways.map(({ looksAt, perRun }) => {
          const load = createPollLoad();
          load.note(configured, { openRuns, runs: looksAt, calls: looksAt * perRun });
          return (looksAt * perRun) / load.intervalsOf(configured).fastMs;
        });
        const together = callsPerMs.reduce((sum, calls) => sum + calls, 0);
        expect(together).toBeLessThanOrEqual((0.5 * requests * 1.01) / perMs);
      },
    ),
    SETTINGS,
  );
});
