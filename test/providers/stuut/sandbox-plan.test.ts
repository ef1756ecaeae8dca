// What the Stuut sandbox plans for a sync, without a server and without waiting.
import { describe, expect, it } from "vitest";
import { Fate } from "../../../src/providers/stuut/sandbox-data.ts";
import { isOver, planSync, stageAt } from "../../../src/providers/stuut/sandbox-plan.ts";

const BOUNDS = [
  ["the shortest draw", () => 0],
  ["the longest draw", (_label: string, bound: number) => bound - 1],
] as const;
const CASES = BOUNDS.flatMap(([name, draw]) => Object.values(Fate).map((fate) => ({ name, draw, fate })));

describe("a planned sync", () => {
  it.each(CASES)(
    "of $fate with $name takes 5 to 20 seconds, with a second at least in each stage",
    ({ draw, fate }) => {
      for (const scheduled of [false, true]) {
        const stages = planSync(fate, scheduled, draw);
        const endMs = stages.at(-1)?.fromMs ?? 0;
        expect(endMs).toBeGreaterThanOrEqual(5_000);
        expect(endMs).toBeLessThanOrEqual(20_000);
        for (const [place, stage] of stages.slice(1).entries()) {
          const lasted = stage.fromMs - (stages[place]?.fromMs ?? 0);
          expect(lasted).toBeGreaterThanOrEqual(stages[place]?.status === "running" ? 3_000 : 1_000);
        }
        expect(isOver(stages, endMs - 1)).toBe(false);
        expect(isOver(stages, endMs)).toBe(true);
      }
    },
  );

  it("is scheduled before it is queued when nobody asked for it", () => {
    const stages = planSync(Fate.Complete, true, () => 0);
    expect([0, 1_000, 2_200, 6_200].map((age) => stageAt(stages, age).status)).toEqual([
      "scheduled",
      "queued",
      "running",
      "complete",
    ]);
  });

  it("is in its first stage when the clock goes back", () => {
    expect(
      stageAt(
        planSync(Fate.Complete, false, () => 0),
        -1,
      ).status,
    ).toBe("queued");
  });
});
