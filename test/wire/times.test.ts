// Times in the spellings vendors use, and what only looks like one.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { timeOf, timeOrDayOf } from "../../src/wire/times.ts";

const SETTINGS = { seed: 20261122, numRuns: 400 };

describe("times", () => {
  it("are read from both spellings as the same instant", () => {
    const instant = fc.date({ min: new Date(0), max: new Date("2100-01-01T00:00:00Z"), noInvalidDate: true });
    fc.assert(
      fc.property(instant, (time) => {
        const written = time.toISOString();
        expect(timeOf(written)).toEqual(time);
        expect(timeOf(written.replace("T", " ").replace("Z", ""))).toEqual(time);
      }),
      SETTINGS,
    );
  });

  it.each([
    null,
    undefined,
    "",
    "yesterday",
    "2026-13-01 00:00:00",
    "2026-04-01",
    "1764000000",
    "2026-04-01 25:00:00",
    "2027-02-30T10:00:00Z",
    "2027-02-29 10:00",
    "2026-04-31T00:00:00+02:00",
    "2026-00-10T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-01T24:00:01Z",
    "2026-01-01T10:60:00Z",
  ])("are not read from %j", (written) => {
    expect(timeOf(written)).toBeNull();
  });

  it.each([
    ["2026-04-01T10:00:00Z", "2026-04-01T10:00:00.000Z"],
    ["2026-04-01T10:00:00.123456Z", "2026-04-01T10:00:00.123Z"],
    ["2026-04-01T10:00:00", "2026-04-01T10:00:00.000Z"],
    ["2026-04-01 10:00", "2026-04-01T10:00:00.000Z"],
    ["2026-04-01t10:00:00z", "2026-04-01T10:00:00.000Z"],
    ["2026-04-01 10:00:00 +02", "2026-04-01T08:00:00.000Z"],
    ["2026-04-01T10:00:00-0530", "2026-04-01T15:30:00.000Z"],
    ["2026-04-01T10:00:00+05:30", "2026-04-01T04:30:00.000Z"],
    [" 2026-04-01T10:00:00Z ", "2026-04-01T10:00:00.000Z"],
  ])("reads %j as %s", (written, instant) => {
    expect(timeOf(written)?.toISOString()).toBe(instant);
  });

  it("are read for each day that the calendar has, and for no other", () => {
    const parts = fc.record({
      year: fc.integer({ min: 1970, max: 2100 }),
      month: fc.integer({ min: 0, max: 13 }),
      day: fc.integer({ min: 0, max: 32 }),
    });
    fc.assert(
      fc.property(parts, ({ year, month, day }) => {
        const written = [String(year), ...[month, day].map((part) => String(part).padStart(2, "0"))].join("-");
        const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
        const days = [0, 31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0][month] ?? 0;
        const exists = day >= 1 && day <= days;
        expect(timeOrDayOf(written)?.toISOString() ?? null).toBe(exists ? `${written}T00:00:00.000Z` : null);
        expect(timeOf(`${written} 23:59:59 -08`) === null).toBe(!exists);
      }),
      SETTINGS,
    );
  });

  it("that stand for never are none", () => {
    expect(timeOf("0001-01-01T00:00:00Z")).toBeNull();
    expect(timeOrDayOf("0001-01-01")).toBeNull();
  });

  it.each([42, true, {}, ["2026-04-01T10:00:00Z"]])("are not read from the value %j", (value) => {
    expect(timeOf(value)).toBeNull();
    expect(timeOrDayOf(value)).toBeNull();
  });

  it("may be a day alone only where that is asked for", () => {
    expect(timeOrDayOf("2026-04-01")?.toISOString()).toBe("2026-04-01T00:00:00.000Z");
    expect(timeOrDayOf("2026-04-01T10:00:00Z")?.toISOString()).toBe("2026-04-01T10:00:00.000Z");
    expect(timeOrDayOf("2026-13-01")).toBeNull();
    expect(timeOrDayOf("2027-02-30")).toBeNull();
  });
});
