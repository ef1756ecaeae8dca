// The fail-points themselves: the one that is asked for is died at, at the right time, and no other.
import { expect, test } from "vitest";
import { createReach, failPoints, type FailPoint } from "./fail-points.ts";

function reach(asked: string | undefined) {
  const deaths: FailPoint[] = [];
  return { deaths, ...createReach(asked, (point) => deaths.push(point)) };
}

const isPassed = (wait: Promise<void>): Promise<boolean> =>
  Promise.race([
    wait.then(() => true),
    new Promise<boolean>((resolve) => {
      setImmediate(() => resolve(false));
    }),
  ]);

test("nobody dies or waits when no point is asked for", async () => {
  const { at, now, stay, deaths } = reach(undefined);
  for (const point of failPoints) {
    now(point);
    expect([point, await isPassed(at(point)), await isPassed(stay(point))]).toEqual([point, true, true]);
  }
  expect(deaths).toEqual([]);
});

test("the nth to come to the point dies, those before it wait there, and other points are passed", async () => {
  const { at, now, stay, deaths } = reach("F2:3");
  expect(await isPassed(at("F2"))).toBe(false);
  expect(await isPassed(at("F2-marked"))).toBe(true);
  expect(await isPassed(stay("F2"))).toBe(false);
  now("F2");
  expect(deaths).toEqual([]);
  now("F2");
  expect(deaths).toEqual(["F2"]);
  now("F2");
  expect(deaths).toEqual(["F2"]);
});

test("the first to come dies when no number is given", () => {
  const { now, deaths } = reach("F12-migration");
  now("F12-migration");
  expect(deaths).toEqual(["F12-migration"]);
});

test.each(["F99", "F2:0", "F2:x", "", "toString"])("a point that does not exist is refused: %j", (asked) => {
  expect(() => createReach(asked)).toThrow(TypeError);
});
