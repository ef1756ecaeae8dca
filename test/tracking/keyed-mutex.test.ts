// One at a time per key, whatever fails, and nothing kept of a key nobody uses.
import { expect, test } from "vitest";
import { createKeyedMutex } from "../../src/tracking/keyed-mutex.ts";
import { createGate } from "../support/gate.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("work under one key runs one after the other, in the order in which it came", async () => {
  const mutex = createKeyedMutex();
  const events: string[] = [];
  const work = (name: string) =>
    mutex("key", async () => {
      events.push(`${name} begins`);
      await turn();
      events.push(`${name} ends`);
      return name;
    });
  expect(await Promise.all([work("a"), work("b"), work("c")])).toEqual(["a", "b", "c"]);
  expect(events).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

test("work under different keys does not wait for each other", async () => {
  const mutex = createKeyedMutex();
  const held = createGate();
  const waiting = mutex("one", () => held.opened);
  expect(await mutex("other", () => Promise.resolve("through"))).toBe("through");
  held.open();
  await waiting;
});

test("work that fails passes its error on and lets the next begin", async () => {
  const mutex = createKeyedMutex();
  const failing = mutex("key", () => Promise.reject(new Error("lost")));
  const next = mutex("key", () => Promise.resolve("done"));
  await expect(failing).rejects.toThrow("lost");
  expect(await next).toBe("done");
});

test("work never overlaps under a key that is taken up and given back at every moment", async () => {
  const mutex = createKeyedMutex();
  let inside = 0;
  let most = 0;
  let done = 0;
  const work = (ticks: number) => async () => {
    inside += 1;
    most = Math.max(most, inside);
    for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
    inside -= 1;
    done += 1;
  };
  const chain = async (offset: number) => {
    for (let round = 0; round < 200; round += 1) {
      for (let tick = 0; tick < (offset * round) % 7; tick += 1) await Promise.resolve();
      await mutex("key", work((offset + round) % 5));
    }
  };
  await Promise.all([1, 2, 3, 4, 5].map(chain));
  expect([most, done]).toEqual([1, 1_000]);
});
