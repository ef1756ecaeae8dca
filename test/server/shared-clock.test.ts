// The time gateways share, on a machine's clock that stands still and a database's that a test sets.
import { expect, test } from "vitest";
import { createSharedClock } from "../../src/server/shared-clock.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { at } from "../support/store-values.ts";

const HOUR_MS = 3_600_000;
const COMPARED_EVERY_MS = 2_000;
const own = at(0).getTime();

function sharing() {
  const machine = createManualClock(at(0));
  const logged: string[] = [];
  const note = (facts: Readonly<Record<string, unknown>>): void => void logged.push(JSON.stringify(facts));
  const clock = createSharedClock(machine, { info: note, warn: note, error: note });
  const aheadMs = () => clock.now().getTime() - machine.now().getTime();
  /** Lets it compare once more. */
  const again = async (): Promise<void> => {
    await machine.untilSleeping((remainingMs) => remainingMs === COMPARED_EVERY_MS);
    await machine.advance(COMPARED_EVERY_MS);
    await machine.untilSleeping((remainingMs) => remainingMs === COMPARED_EVERY_MS);
  };
  return { machine, clock, aheadMs, again, logged };
}

test("before it follows anything, and beside a database without a clock, it is the machine's", async () => {
  const { clock, aheadMs, logged } = sharing();
  expect(clock.now()).toEqual(at(0));
  const end = await clock.follow(() => Promise.resolve(null));
  expect(aheadMs()).toBe(0);
  expect(logged).toEqual([]);
  end();
});

test.each([HOUR_MS, -HOUR_MS])(
  "a machine that is off by %d ms goes by the database, and says so once",
  async (offMs) => {
    const { machine, clock, aheadMs, again, logged } = sharing();
    const end = await clock.follow(() => Promise.resolve(new Date(machine.now().getTime() - offMs)));
    expect(aheadMs()).toBe(-offMs);
    await again();
    expect(logged).toEqual([JSON.stringify({ aheadMs: offMs })]);
    end();
  },
);

test("what may be the way to the database and back is no difference", async () => {
  const { machine, clock, aheadMs, logged } = sharing();
  const end = await clock.follow(async () => {
    await machine.advance(2_000);
    return new Date(own + 2_400);
  });
  expect(aheadMs()).toBe(0);
  expect(logged).toEqual([]);
  end();
});

test("a clock that is set while the gateway runs is noticed, and a database that does not answer changes nothing", async () => {
  const { machine, clock, aheadMs, again } = sharing();
  let off: number | null = HOUR_MS;
  const end = await clock.follow(() =>
    off === null ? Promise.reject(new Error("no answer")) : Promise.resolve(new Date(machine.now().getTime() - off)),
  );
  off = null;
  await again();
  expect(aheadMs()).toBe(-HOUR_MS);
  off = 0;
  await again();
  expect(aheadMs()).toBe(0);
  end();
});

test("it compares no more once that is ended", async () => {
  const { machine, clock } = sharing();
  const end = await clock.follow(() => Promise.resolve(null));
  await machine.untilSleeping();
  end();
  expect(machine.pending()).toEqual([]);
});
