// How often something may happen, by the clock that is given.
import { expect, it } from "vitest";
import { createTokenBucket } from "../../src/server/token-bucket.ts";

function bucketAt(limits: { readonly perSecond: number; readonly burst: number }) {
  let time = 0;
  const bucket = createTokenBucket(limits, () => new Date(time));
  const taken = (tries: number): number => Array.from({ length: tries }, () => bucket.take()).filter(Boolean).length;
  return { taken, pass: (ms: number) => (time += ms) };
}

it("lets a burst through, and then as many as come back", () => {
  const { taken, pass } = bucketAt({ perSecond: 50, burst: 100 });
  expect(taken(150)).toBe(100);
  pass(1_000);
  expect(taken(150)).toBe(50);
  pass(20);
  expect(taken(150)).toBe(1);
  pass(60_000);
  expect(taken(150)).toBe(100);
});

it("gives nothing for a clock that is set back, and goes on from there", () => {
  const { taken, pass } = bucketAt({ perSecond: 10, burst: 10 });
  expect(taken(10)).toBe(10);
  pass(-60_000);
  expect(taken(1)).toBe(0);
  pass(1_000);
  expect(taken(20)).toBe(10);
});
