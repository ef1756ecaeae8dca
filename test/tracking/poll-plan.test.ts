// When a run is looked at next: always within the provider's intervals, sooner near its start and its expected end.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PollIntervals } from "../../src/domain/provider-port.ts";
import { SyncStatus, WaitingReason } from "../../src/domain/status.ts";
import { backOffMs, nextPollAt } from "../../src/tracking/poll-plan.ts";
import type { PollSubject } from "../../src/tracking/poll-plan.ts";
import { at } from "../support/store-values.ts";

const SETTINGS = { seed: 20261122, numRuns: 1_000 };
const INTERVALS: PollIntervals = { fastMs: 1_000, slowMs: 30_000, discoverMs: 60_000 };
/** A random number that leaves a delay as it is. */
const MIDDLE = 0.5;

const running = (given: Partial<PollSubject> = {}): PollSubject => ({
  status: SyncStatus.Running,
  createdAt: at(0),
  startedAt: at(0),
  waitingReason: null,
  resumesAt: null,
  ...given,
});
const delay = (run: PollSubject, now: number, usualMs: number | null = null): number =>
  (nextPollAt(run, at(now), INTERVALS, usualMs, MIDDLE)?.getTime() ?? Number.NaN) - at(now).getTime();

const time = fc.integer({ min: -10_000_000, max: 10_000_000 }).map(at);
const subject = fc.record({
  status: fc.constantFrom(SyncStatus.Created, SyncStatus.Running),
  createdAt: time,
  startedAt: fc.option(time),
  waitingReason: fc.option(fc.constantFrom(...Object.values(WaitingReason))),
  resumesAt: fc.option(time),
});
const intervals = fc
  .tuple(fc.integer({ min: 10, max: 60_000 }), fc.integer({ min: 0, max: 600_000 }))
  .map(([fastMs, more]): PollIntervals => ({ fastMs, slowMs: fastMs + more, discoverMs: 60_000 }));
const usual = fc.option(fc.integer({ min: 0, max: 10_000_000 }));
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("the next look at an open run", () => {
  test("is never before a tenth less than the fast interval, nor after a tenth more than the slow one", () => {
    fc.assert(
      fc.property(subject, time, intervals, usual, random, (run, now, between, usualMs, chance) => {
        const delayMs = (nextPollAt(run, now, between, usualMs, chance)?.getTime() ?? Number.NaN) - now.getTime();
        expect(delayMs).toBeGreaterThanOrEqual(Math.floor(between.fastMs * 0.9));
        expect(delayMs).toBeLessThanOrEqual(Math.ceil(between.slowMs * 1.1));
      }),
      SETTINGS,
    );
  });

  test("is spread by a tenth to either side, evenly with the random number", () => {
    fc.assert(
      fc.property(subject, time, usual, random, (run, now, usualMs, chance) => {
        const middle = (nextPollAt(run, now, INTERVALS, usualMs, MIDDLE)?.getTime() ?? Number.NaN) - now.getTime();
        const spread = (nextPollAt(run, now, INTERVALS, usualMs, chance)?.getTime() ?? Number.NaN) - now.getTime();
        expect(Math.abs(spread - middle * (0.9 + 0.2 * chance))).toBeLessThanOrEqual(1);
      }),
      SETTINGS,
    );
  });

  test("takes no more looks than a few dozen for a run of hours, and finds its end within a tenth of its age", () => {
    let now = 0;
    let looks = 0;
    const open: PollIntervals = { ...INTERVALS, slowMs: 3_600_000 };
    for (; now < 4 * 3_600_000; looks += 1) {
      const next = nextPollAt(running(), at(now), open, null, MIDDLE)?.getTime() ?? Number.NaN;
      expect(next - at(now).getTime()).toBeLessThanOrEqual(Math.max(INTERVALS.fastMs, Math.ceil(now / 10)));
      now = next - at(0).getTime();
    }
    expect(looks).toBeGreaterThan(30);
    expect(looks).toBeLessThan(100);
  });
});

test.each([SyncStatus.Success, SyncStatus.Failed])("a run that is %s is not looked at any more", (status) => {
  expect(nextPollAt(running({ status }), at(0), INTERVALS, 1_000, MIDDLE)).toBeNull();
});

test("a run is looked at fast right after its start, slower with its age, and no slower than the cap", () => {
  expect([0, 5_000, 20_000, 100_000, 10_000_000].map((now) => delay(running(), now))).toEqual([
    1_000, 1_000, 2_000, 10_000, 30_000,
  ]);
});

test("a run that waits in the queue is judged by its age since creation, its usual duration not yet counting", () => {
  expect(delay(running({ status: SyncStatus.Created, startedAt: null, createdAt: at(-50_000) }), 0, 1_000)).toBe(5_000);
});

test("looks come closer as the expected end nears, and spread again once it has passed", () => {
  const delays = [0, 45_000, 84_000, 89_999, 90_000, 96_000, 180_000].map((now) => delay(running(), now, 90_000));
  expect(delays).toEqual([30_000, 15_000, 2_000, 1_000, 1_000, 2_000, 30_000]);
});

test("a run that waits for the platform is looked at when it resumes, within the intervals", () => {
  const waiting = (resumesAt: number) =>
    delay(running({ waitingReason: WaitingReason.RateLimited, resumesAt: at(resumesAt) }), 0);
  expect([waiting(12_000), waiting(10), waiting(9_000_000), waiting(-5_000)]).toEqual([12_000, 1_000, 30_000, 1_000]);
});

test("a start in the future, as by a vendor's fast clock, is a start now", () => {
  expect(delay(running({ startedAt: at(500_000) }), 0)).toBe(1_000);
});

describe("the pause after a look that failed", () => {
  test("doubles with each failure in a row up to four slow intervals", () => {
    expect([1, 2, 3, 4, 20, 1_000].map((failures) => backOffMs(INTERVALS, failures, null))).toEqual([
      2_000, 4_000, 8_000, 16_000, 120_000, 120_000,
    ]);
  });

  test("is never shorter than the vendor asks, up to an hour", () => {
    expect(backOffMs(INTERVALS, 1, 45_000)).toBe(45_000);
    expect(backOffMs(INTERVALS, 1, 400_000)).toBe(400_000);
    expect(backOffMs(INTERVALS, 4, 10)).toBe(16_000);
    expect(backOffMs(INTERVALS, 1, 31_536_000_000)).toBe(3_600_000);
  });

  test("never shrinks with another failure or a longer wait asked for", () => {
    const wait = fc.option(fc.integer({ min: 0, max: 10_000_000 }));
    fc.assert(
      fc.property(intervals, fc.integer({ min: 1, max: 50 }), wait, (between, failures, asked) => {
        expect(backOffMs(between, failures + 1, asked)).toBeGreaterThanOrEqual(backOffMs(between, failures, asked));
        expect(backOffMs(between, failures, asked)).toBeGreaterThanOrEqual(Math.min(asked ?? 0, 3_600_000));
        expect(backOffMs(between, failures, null)).toBeLessThanOrEqual(between.slowMs * 4);
      }),
      SETTINGS,
    );
  });
});
