// The machine's clock keeps the port's promises.
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/wire/system-clock.ts";

describe("the system clock", () => {
  it("sleeps at least as long as asked", async () => {
    const startedMs = performance.now();
    await systemClock.sleep(20);
    expect(performance.now() - startedMs).toBeGreaterThan(18);
    const [before, told, after] = [Date.now(), systemClock.now().getTime(), Date.now()];
    expect([before, told, after]).toEqual([before, told, after].toSorted((less, more) => less - more));
  });

  it("rejects with the signal's reason, before and during a sleep", async () => {
    const reason = new Error("enough");
    await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const sleeping = systemClock.sleep(60_000, controller.signal);
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
  });

  it("does not take a very long sleep for a very short one", async () => {
    const controller = new AbortController();
    let woke = false;
    const sleeping = systemClock.sleep(2 ** 40, controller.signal).then(
      () => (woke = true),
      () => undefined,
    );
    await systemClock.sleep(5);
    expect(woke).toBe(false);
    controller.abort();
    await sleeping;
  });
});
