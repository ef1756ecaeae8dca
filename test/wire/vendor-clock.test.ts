import { describe, expect, test } from "vitest";
import { createVendorClock } from "../../src/wire/vendor-clock.ts";

const at = (ms: number): Date => new Date(Date.UTC(2026, 0, 1) + ms);
const DAY_MS = 86_400_000;

/** What the clock makes of our first moment after answers that took so long and said so. */
function aheadAfter(...answers: readonly (readonly [headers: Record<string, string>, tookMs: number])[]): number {
  const clock = createVendorClock();
  for (const [headers, tookMs] of answers) clock.note(headers, at(0), at(tookMs));
  return clock.theirs(at(0)).getTime() - at(0).getTime();
}

const dated = (ms: number): Record<string, string> => ({ date: at(ms).toUTCString() });

describe("a vendor's clock", () => {
  test("is ours before any answer", () => {
    expect(aheadAfter()).toBe(0);
  });

  test.each([DAY_MS, -DAY_MS])("that is off by %i ms is told by its answers, to the second", (ms) => {
    expect(Math.abs(aheadAfter([dated(ms), 200]) - ms)).toBeLessThanOrEqual(1_000);
  });

  test.each([
    ["as far as the way and the cut to seconds explain", dated(-1_000), 1_500],
    ["by a second or two", dated(2_500), 100],
    ["as a cache says that kept the answer", { ...dated(-DAY_MS), age: "86400" }, 100],
    ["as an answer says that took long", dated(DAY_MS), 6_000],
    ["as nothing says that is a date", { date: "soon" }, 100],
  ])("that differs %s is taken for ours", (_how, headers, tookMs) => {
    expect(aheadAfter([headers, tookMs])).toBe(0);
  });

  test("that was put right is ours from then on, and what was before is as it was", () => {
    const clock = createVendorClock();
    clock.note(dated(DAY_MS), at(0), at(100));
    clock.note(dated(60_000), at(60_000), at(60_100));
    expect(clock.theirs(at(70_000))).toEqual(at(70_000));
    expect(clock.theirs(at(30_000)).getTime()).toBeGreaterThan(at(DAY_MS).getTime());
  });

  test("does not tremble with each answer", () => {
    const once = aheadAfter([dated(DAY_MS), 100]);
    expect(aheadAfter([dated(DAY_MS), 100], [dated(DAY_MS + 1_000), 900])).toBe(once);
  });
});

describe("how close a vendor's clock is known", () => {
  const KNOWN_MS = 250;
  const between = (clock: ReturnType<typeof createVendorClock>, ms: number) => {
    const { earliest, latest, isKnown } = clock.between(at(ms));
    return [earliest.getTime() - at(ms).getTime(), latest.getTime() - at(ms).getTime(), isKnown];
  };

  test("is a guess before any answer", () => {
    expect(between(createVendorClock(), 0)).toEqual([-60_000, 60_000, false]);
  });

  test("is a second and the way there and back after one, and less after more", () => {
    const clock = createVendorClock();
    clock.note(dated(10_000), at(10_600), at(10_700));
    expect(between(clock, 11_000)).toEqual([-700 - KNOWN_MS, 400 + KNOWN_MS, true]);
    clock.note(dated(12_000), at(12_050), at(12_100));
    expect(between(clock, 13_000)).toEqual([-100 - KNOWN_MS, 400 + KNOWN_MS, true]);
  });

  test("is what was known at the time, whatever came later, also when either clock was put right by little", () => {
    const clock = createVendorClock();
    clock.note(dated(10_000), at(10_600), at(10_700));
    clock.note(dated(12_000), at(11_100), at(11_100));
    expect(between(clock, 11_000)).toEqual([-700 - KNOWN_MS, 400 + KNOWN_MS, true]);
    expect(between(clock, 12_000)).toEqual([900 - KNOWN_MS, 1_900 + KNOWN_MS, true]);
  });

  test("of a time before all answers is what the first one told", () => {
    const clock = createVendorClock();
    clock.note(dated(DAY_MS), at(0), at(0));
    expect(between(clock, -60_000)).toEqual([DAY_MS - KNOWN_MS, DAY_MS + 1_000 + KNOWN_MS, true]);
  });
});
