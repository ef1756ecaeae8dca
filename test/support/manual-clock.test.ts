// The tests' own clock must be trustworthy, or every test with it proves nothing.
import { describe, expect, it } from "vitest";
import { createManualClock } from "./manual-clock.ts";

describe("the manual clock", () => {
  it("wakes sleepers in order, each at its own time, also those who sleep again", async () => {
    const clock = createManualClock();
    const startMs = clock.now().getTime();
    const woke: [string, number][] = [];
    const note = (name: string): void => void woke.push([name, clock.now().getTime() - startMs]);
    void clock.sleep(300).then(() => note("late"));
    void clock
      .sleep(100)
      .then(() => note("early"))
      .then(() => clock.sleep(50))
      .then(() => note("again"));
    await clock.advance(299);
    expect(woke).toEqual([
      ["early", 100],
      ["again", 150],
    ]);
    expect(clock.pending()).toEqual([1]);
    await clock.advance(1);
    expect(woke.at(-1)).toEqual(["late", 300]);
  });

  it("rejects an aborted sleep with the signal's reason and forgets it", async () => {
    const clock = createManualClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(100, controller.signal);
    controller.abort("gone");
    await expect(sleeping).rejects.toBe("gone");
    await expect(clock.sleep(100, controller.signal)).rejects.toBe("gone");
    expect(clock.pending()).toEqual([]);
  });

  it("tells when somebody begins to sleep, and only for a sleep that matches", async () => {
    const clock = createManualClock();
    let found: number | null = null;
    void clock.untilSleeping((ms) => ms < 100).then((ms) => (found = ms));
    void clock.sleep(500);
    await clock.advance(0);
    expect(found).toBeNull();
    void clock.sleep(50);
    await clock.advance(0);
    expect(found).toBe(50);
  });
});
