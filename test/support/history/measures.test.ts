// The checkers that measure: lag, and what processes hold. Green on numbers that are well, red on those that are not.
import { describe, expect, test } from "vitest";
import { checkLag, percentile } from "./check-lag.ts";
import { checkResources, slopePerMinute, type Sample } from "./check-resources.ts";

const foundBy = (breaches: readonly { readonly found: string }[]): readonly string[] =>
  breaches.map(({ found }) => found);

describe("lag", () => {
  const frames = Array.from({ length: 100 }, (_, index) => ({
    place: index + 1,
    run: "a",
    to: "RUNNING",
    at: 1_000 + index,
  }));
  const sightings = new Map(frames.map(({ place }) => [place, 1_000]));

  test("is measured from the first sight in the database, by nearest rank", () => {
    expect(checkLag(frames, sightings, { calm: null, mostP99Ms: 98 })).toEqual({
      ...{ breaches: [], samples: 100, p50Ms: 49, p99Ms: 98, maxMs: 99 },
    });
    expect(percentile([5], 0.99)).toBe(5);
    expect(percentile([], 0.5)).toBeNull();
  });

  test("counts only what was committed and told in calm stretches when these are given", () => {
    const calm = [{ from: 990, to: 1_009 }];
    expect(checkLag(frames, sightings, { calm, mostP99Ms: 10 })).toMatchObject({ breaches: [], samples: 10, maxMs: 9 });
  });

  test("that is over the limit, or was never measured, is found", () => {
    expect(foundBy(checkLag(frames, sightings, { calm: null, mostP99Ms: 97 }).breaches)).toEqual([
      "p99 is 98 ms, at most 97 was promised",
    ]);
    expect(checkLag([], sightings, { calm: null, mostP99Ms: 97 }).breaches).toHaveLength(1);
  });
});

describe("resources", () => {
  const limits = { warmUpMs: 60_000, leastMs: 120_000, mostMbPerMinute: 1, mostHandlesPerMinute: 1 };
  const life = (aliveMb: (minute: number) => number, handles: (minute: number) => number = () => 20, minutes = 10) => {
    const samples = Array.from({ length: minutes * 6 + 1 }, (_, index): Sample => {
      const minute = index / 6;
      // It is asked what is alive now and then.
      const liveMb = index % 3 === 0 ? aliveMb(minute) : null;
      return { at: minute * 60_000, rssMb: aliveMb(minute) + 100 + minute * 9, liveMb, handles: handles(minute) };
    });
    return [{ process: "node 1", samples }];
  };

  test("are flat when what is alive breathes without climbing, whatever the warm-up took and the resident size does", () => {
    const breathing = life((minute) => (minute < 1 ? minute * 90 : 90 + (Math.round(minute * 6) % 3)));
    expect(checkResources(breathing, limits).breaches).toEqual([]);
    expect(checkResources(breathing, limits).slopes).toHaveLength(1);
  });

  test("that climb are found: memory, and handles", () => {
    expect(
      foundBy(
        checkResources(
          life((minute) => 90 + minute * 2),
          limits,
        ).breaches,
      ),
    ).toEqual(["grows by 2.00 MB a minute, at most 1 was promised"]);
    const leaking = checkResources(
      life(
        () => 90,
        (minute) => 20 + minute * 6,
      ),
      limits,
    );
    expect(foundBy(leaking.breaches)).toEqual(["grows by 6.00 handles a minute, at most 1 was promised"]);
  });

  test("of lives too short for a slope are not judged", () => {
    expect(
      checkResources(
        life(
          (minute) => minute * 50,
          () => 20,
          2,
        ),
        limits,
      ),
    ).toEqual({ breaches: [], slopes: [] });
  });

  test("are fitted by the line of least squares", () => {
    expect(
      slopePerMinute([
        [0, 1],
        [60_000, 3],
        [120_000, 5],
      ]),
    ).toBeCloseTo(2);
    expect(slopePerMinute([[5, 1]])).toBe(0);
  });
});
