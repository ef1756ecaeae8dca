// The retry budget under any traffic: repetitions stay within their share, whenever they are asked for, and a quiet time gives them back.
import fc from "fast-check";
import { expect, it } from "vitest";
import { createRetryBudget } from "../../src/wire/retry-policy.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { tried } from "../support/properties.ts";

const PERIOD_MS = 1_000;
const limits = fc.record({
  retryShare: fc.double({ min: 0, max: 1, noNaN: true }),
  retryFloor: fc.integer({ min: 0, max: 10 }),
  retryPeriodMs: fc.constant(PERIOD_MS),
});
const traffic = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ requests: fc.integer({ min: 1, max: 20 }) }) },
    { weight: 5, arbitrary: fc.record({ takes: fc.integer({ min: 1, max: 20 }) }) },
    { weight: 2, arbitrary: fc.record({ passMs: fc.integer({ min: 1, max: 3 * PERIOD_MS }) }) },
  ),
  { maxLength: 30 },
);

/** One thing that happened, in the period of that number. */
interface Happened {
  readonly period: number;
  readonly what: "request" | "repetition" | "refusal";
}

it("repetitions of any two periods in a row are their share of these periods' requests and the floor at the most, and no fewer", async () => {
  await fc.assert(
    fc.asyncProperty(limits, traffic, async (given, steps) => {
      const clock = createManualClock();
      const budget = createRetryBudget(given, clock);
      const happened: Happened[] = [];
      const note = (what: Happened["what"]) =>
        happened.push({ what, period: Math.floor(clock.now().getTime() / PERIOD_MS) });
      for (const step of steps) {
        if ("requests" in step) {
          for (let left = step.requests; left > 0; left -= 1) {
            budget.countRequest();
            note("request");
          }
        } else if ("takes" in step) {
          for (let left = step.takes; left > 0; left -= 1) note(budget.take() ? "repetition" : "refusal");
        } else {
          await clock.advance(step.passMs);
        }
      }
      happened.forEach(({ period, what }, index) => {
        if (what === "request") return;
        const before = happened.slice(0, index).filter((one) => one.period === period || one.period === period - 1);
        const made = (kind: Happened["what"]) => before.filter((one) => one.what === kind).length;
        const allowed = given.retryFloor + given.retryShare * made("request");
        expect(what === "repetition").toBe(made("repetition") + 1 <= allowed);
      });
    }),
    tried(300),
  );
});
