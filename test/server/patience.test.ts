// Waiting for what still runs at the end, on a clock that stands still: nothing is given up early, and nothing holds the end up.
import { expect, test } from "vitest";
import { withPatience } from "../../src/server/patience.ts";
import { createGate } from "../support/gate.ts";
import { createManualClock } from "../support/manual-clock.ts";

const GIVEN_UP_AFTER_MS = 8_000;
const CUT_OFF_AFTER_MS = 2_000;

function impatient() {
  const clock = createManualClock();
  const done: string[] = [];
  const work = createGate();
  const ended = withPatience({ clock, giveUp: () => void done.push("given up") }, (patience) => {
    patience.addEventListener("abort", () => {
      done.push("cut off");
      work.open();
    });
    return work.opened;
  });
  return { clock, done, work, ended };
}

test("work that ends in time is not given up, and leaves no timer behind", async () => {
  const { clock, done, work, ended } = impatient();
  await clock.advance(GIVEN_UP_AFTER_MS - 1);
  work.open();
  await ended;
  expect(done).toEqual([]);
  expect(clock.pending()).toEqual([]);
});

test("work that takes longer is given up, and cut off when that does not end it", async () => {
  const { clock, done, ended } = impatient();
  await clock.advance(GIVEN_UP_AFTER_MS);
  await clock.untilSleeping((remainingMs) => remainingMs === CUT_OFF_AFTER_MS);
  expect(done).toEqual(["given up"]);
  await clock.advance(CUT_OFF_AFTER_MS);
  await ended;
  expect(done).toEqual(["given up", "cut off"]);
});

test("work that fails passes its failure on", async () => {
  const clock = createManualClock();
  const failing = withPatience({ clock, giveUp: () => undefined }, () => Promise.reject(new Error("broken")));
  await expect(failing).rejects.toThrow("broken");
  expect(clock.pending()).toEqual([]);
});
