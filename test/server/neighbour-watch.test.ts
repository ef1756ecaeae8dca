// Two gateways on one database without Redis: told once, and only when the other one stays.
import { expect, test } from "vitest";
import { ALONE_NO_LONGER, LOOK_EVERY_MS, watchNeighbours } from "../../src/server/neighbour-watch.ts";
import { createManualClock } from "../support/manual-clock.ts";

function watched(found: (look: number) => number) {
  const clock = createManualClock();
  const said: string[] = [];
  const warn = (_facts: object, message: string) => void said.push(message);
  let looks = 0;
  const otherGateways = () =>
    new Promise<number>((resolve) => {
      looks += 1;
      resolve(found(looks));
    });
  const log = { warn, info: warn, error: warn };
  const end = watchNeighbours({ otherGateways }, { clock, log });
  return { clock, said, end, looks: () => looks };
}

test("another gateway that stays is told once", async () => {
  const { clock, said, looks } = watched(() => 1);
  await clock.advance(LOOK_EVERY_MS);
  expect(said).toEqual([]);
  await clock.advance(9 * LOOK_EVERY_MS);
  expect(said).toEqual([ALONE_NO_LONGER]);
  expect(looks()).toBe(2);
});

test("one that was replaced is not, nor is a database that does not answer", async () => {
  const { clock, said, end, looks } = watched((look) => {
    if (look === 2) throw new Error("no answer");
    return look % 2;
  });
  await clock.advance(6 * LOOK_EVERY_MS);
  expect(said).toEqual([]);
  await end();
  await clock.advance(6 * LOOK_EVERY_MS);
  expect(looks()).toBe(6);
});
