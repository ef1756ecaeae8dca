// That the clock went back is noticed, told to the store, and looked at once more when every gateway has found out.
import { expect, test } from "vitest";
import { createTimeWatch } from "../../src/server/time-watch.ts";

const HOUR_MS = 3_600_000;

function watching(backMs: number | null = null) {
  const [told, warned]: [number[], string[]] = [[], []];
  const anew: (readonly [atMs: number, aheadMs: number])[] = [];
  let [changes, fails] = [0, false];
  const timekeeping = {
    tell: (now: Date, aheadMs: number | null = null) => {
      if (fails) return Promise.reject(new Error("away"));
      told.push(now.getTime());
      if (aheadMs !== null) anew.push([now.getTime(), aheadMs]);
      return Promise.resolve(backMs);
    },
  };
  const log = {
    info: () => undefined,
    warn: (_: object, text: string) => void warned.push(text),
    error: () => undefined,
  };
  const watch = createTimeWatch({ store: { timekeeping }, log }, () => (changes += 1));
  return {
    ...{ told, anew, warned, changes: () => changes },
    look: (ms: number) => watch.look(new Date(10 * HOUR_MS + ms)),
    fail: (does: boolean) => void (fails = does),
  };
}
const shifted = (...ms: readonly number[]): readonly number[] => ms.map((one) => 10 * HOUR_MS + one);

test("time that goes on is noted at once and every ten seconds, and changes nothing", async () => {
  const { look, told, changes, warned } = watching();
  for (let ms = 0; ms <= 24_000; ms += 2_000) await look(ms);
  expect(told).toEqual(shifted(0, 10_000, 20_000));
  expect([changes(), warned]).toEqual([0, []]);
});

test("time that goes back is told at once, and again when the others have found out", async () => {
  const { look, told, anew, changes, warned } = watching(HOUR_MS);
  await look(0);
  expect(warned).toEqual([expect.stringContaining("set back")]);
  told.length = 0;
  for (let ms = 2_000; ms <= 20_000; ms += 2_000) await look(ms - HOUR_MS);
  expect(told).toEqual(shifted(2_000, 12_000, 18_000).map((one) => one - HOUR_MS));
  expect(anew).toEqual([[9 * HOUR_MS + 18_000, (HOUR_MS - 2_000) / 2]]);
  expect(changes()).toBe(2);
});

test("what the store did not take is told again, with the next look", async () => {
  const { look, told, fail, changes } = watching();
  await look(0);
  fail(true);
  await look(2_000 - HOUR_MS);
  fail(false);
  await look(4_000 - HOUR_MS);
  expect(told).toEqual(shifted(0, 4_000 - HOUR_MS));
  expect(changes()).toBe(2);
});
