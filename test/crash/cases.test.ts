// The cases themselves: one for each fail-point, and the same for the same seed.
import { expect, test } from "vitest";
import { failPoints } from "../support/fail-points.ts";
import { CASES, planOf } from "./cases.ts";

const SEEDS = Array.from({ length: 50 }, (_, index) => index + 1);

test("every fail-point has a case, and no other name has", () => {
  expect(Object.keys(CASES)).toEqual(failPoints);
  expect(failPoints.length).toBeGreaterThan(13);
});

test("a seed decides everything that chance decides, within the case's bounds", () => {
  for (const point of failPoints) {
    const plans = SEEDS.map((seed) => planOf(point, "sqlite", seed));
    const again = SEEDS.map((seed) => planOf(point, "sqlite", seed));
    const told = ({ random, ...plan }: (typeof plans)[number]) => ({ ...plan, next: random() });
    expect(plans.map(told)).toEqual(again.map(told));
    const [least, most] = CASES[point].times;
    expect(plans.every(({ nth }) => nth >= least && nth <= most)).toBe(true);
    expect(new Set(plans.map(({ nth }) => nth)).size).toBeGreaterThan(1);
    expect(new Set(plans.map(({ repeats }) => repeats)).size).toBe(4);
  }
});
