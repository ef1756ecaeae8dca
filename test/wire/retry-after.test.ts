// The headers that say how long to wait.
import { describe, expect, it } from "vitest";
import { retryAfterMs } from "../../src/wire/retry-after.ts";

const NOW = new Date("2026-01-01T00:00:00.000Z");

describe("retryAfterMs", () => {
  it.each<[string, Record<string, string>, number | null]>([
    ["seconds", { "retry-after": "7" }, 7_000],
    ["parts of a second", { "retry-after": " 0.25 " }, 250],
    ["zero", { "retry-after": "0" }, 0],
    ["a date", { "retry-after": "Thu, 01 Jan 2026 00:01:00 GMT" }, 60_000],
    ["a date that has passed", { "retry-after": "Wed, 31 Dec 2025 00:00:00 GMT" }, 0],
    [
      "a date by a clock that is a day ahead",
      { "retry-after": "Fri, 02 Jan 2026 00:00:30 GMT", date: "Fri, 02 Jan 2026 00:00:00 GMT" },
      30_000,
    ],
    ["a year", { "retry-after": "31536000" }, 31_536_000_000],
    ["nonsense", { "retry-after": "soon" }, null],
    ["a negative number", { "retry-after": "-5" }, null],
    ["nothing", {}, null],
    ["an empty header and a reset", { "retry-after": "", "ratelimit-reset": "3" }, 3_000],
    ["seconds before a reset", { "retry-after": "1", "x-ratelimit-reset": "99" }, 1_000],
    ["a reset in seconds", { "x-ratelimit-reset": "12" }, 12_000],
    ["a reset as epoch seconds", { "x-ratelimit-reset": "1767225620" }, 20_000],
    ["a reset as epoch milliseconds", { "x-ratelimit-reset": "1767225620000" }, 20_000],
    ["a reset that has passed", { "x-ratelimit-reset": "1700000000" }, 0],
    ["a reset that is no number", { "x-ratelimit-reset": "tomorrow" }, null],
    ["a negative reset", { "ratelimit-reset": "-1" }, null],
  ])("reads %s", (_what, headers, expected) => {
    expect(retryAfterMs(headers, NOW)).toBe(expected);
  });
});
