// A clock for measuring: it goes on where its own clock was when that is set back.
import { expect, test } from "vitest";
import { steadyClock } from "../../src/domain/steady-clock.ts";

const HOUR_MS = 3_600_000;

test("time goes on through any number of settings back, and along with settings forward", () => {
  let nowMs = 10 * HOUR_MS;
  const clock = steadyClock({ now: () => new Date(nowMs), sleep: () => Promise.resolve() });
  const told: number[] = [];
  for (const stepMs of [0, 5, -HOUR_MS, 5, 5, -2 * HOUR_MS, 5, HOUR_MS, 5]) {
    nowMs += stepMs;
    told.push(clock.now().getTime() - 10 * HOUR_MS);
  }
  expect(told).toEqual([0, 5, 5, 10, 15, 15, 20, HOUR_MS + 20, HOUR_MS + 25]);
});
