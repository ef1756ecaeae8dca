// A quota that several gateways share: nobody sends without a turn of it, in order, in time, and each gateway gets its part.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NoTurnError, createRateGate } from "../../src/wire/rate-gate.ts";
import type { RateGate } from "../../src/wire/rate-gate.ts";
import { LapsedTurnError, QuotaUnknownError, createSharedTurns } from "../../src/wire/shared-turns.ts";
import { createFakeQuota } from "../support/fake-quota.ts";
import type { FakeQuota } from "../support/fake-quota.ts";
import { createManualClock } from "../support/manual-clock.ts";
import type { ManualClock } from "../support/manual-clock.ts";

const LATE = Number.MAX_SAFE_INTEGER;
const NEVER = new AbortController().signal;
const LIMIT = { requests: 1, perMs: 1_000 };
/** A turn of this limit lasts so long at first. */
const LASTS_MS = 50;

interface Setting {
  readonly clock: ManualClock;
  readonly quota: FakeQuota;
  readonly gates: readonly RateGate[];
}

function setUp(gateways = 1, limit = LIMIT): Setting {
  const clock = createManualClock();
  const quota = createFakeQuota(limit, clock);
  const gates = Array.from({ length: gateways }, () =>
    createRateGate(limit, clock, createSharedTurns(quota, limit, clock)),
  );
  return { clock, quota, gates };
}

function one({ gates: [gate], ...rest }: Setting): Omit<Setting, "gates"> & { readonly gate: RateGate } {
  if (gate === undefined) throw new Error("expected a gate");
  return { ...rest, gate };
}

/** What a wait came to, once it is known. */
function watch(waiting: Promise<unknown>): { outcome: unknown } {
  const seen: { outcome: unknown } = { outcome: "waits" };
  waiting.then(
    () => (seen.outcome = "sends"),
    (error: unknown) => (seen.outcome = error),
  );
  return seen;
}

describe("gates on one quota", () => {
  it("together never let more pass in any stretch of time than allowed, each in order, and answer all by their deadline", async () => {
    const ask = fc.record({
      gate: fc.integer({ min: 0, max: 2 }),
      laterMs: fc.constantFrom(0, 0, 3, 40, 150),
      withinMs: fc.constantFrom(20, 300, 5_000),
      leavesAfterMs: fc.option(fc.constantFrom(0, 10, 120), { freq: 4 }),
      pauseMs: fc.option(fc.constantFrom(30, 200), { freq: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(ask, { minLength: 1, maxLength: 30 }),
        fc.constantFrom(1, 3),
        fc.constantFrom(0, 0, 2, 9),
        async (asks, requests, wayMs) => {
          const { clock, quota, gates } = setUp(3, { requests, perMs: 100 });
          quota.way = () => clock.sleep(wayMs);
          const sent: { index: number; gate: number; atMs: number }[] = [];
          const late: number[] = [];
          const open = new Set(asks.keys());
          for (const [index, { gate, laterMs, withinMs, leavesAfterMs, pauseMs }] of asks.entries()) {
            const deadlineMs = clock.now().getTime() + withinMs;
            const leaving = new AbortController();
            for (const ms of [withinMs, ...(leavesAfterMs === null ? [] : [leavesAfterMs])])
              void clock.sleep(ms).then(() => leaving.abort());
            const end = (): void => {
              open.delete(index);
              if (clock.now().getTime() > deadlineMs) late.push(index);
            };
            const waiting = gates[gate]?.turn(deadlineMs, leaving.signal);
            void waiting
              ?.then((turn) => {
                turn.use();
                sent.push({ index, gate, atMs: clock.now().getTime() });
              })
              .catch(() => undefined)
              .finally(end);
            if (pauseMs !== null) gates[gate]?.pause(pauseMs);
            await clock.advance(laterMs);
          }
          await clock.advance(6_000);
          expect([...open, ...late]).toEqual([]);
          for (const gate of gates.keys()) {
            const order = sent.filter((call) => call.gate === gate).map(({ index }) => index);
            expect(order).toEqual(order.toSorted((left, right) => left - right));
          }
          const distances = sent.slice(requests).map(({ atMs }, index) => atMs - (sent[index]?.atMs ?? atMs));
          expect(distances.filter((distanceMs) => distanceMs < 100)).toEqual([]);
        },
      ),
      { seed: 20_261_128, numRuns: 150 },
    );
  });

  it("get equal parts of it, however many wait at each", async () => {
    const { clock, gates } = setUp(3, { requests: 3, perMs: 1_000 });
    const sent = [0, 0, 0];
    for (const [gate, waiters] of [40, 10, 100].entries()) {
      for (let waiter = 0; waiter < waiters; waiter += 1)
        void gates[gate]?.turn(LATE, new AbortController().signal).then(() => (sent[gate] = (sent[gate] ?? 0) + 1));
    }
    await clock.advance(9_999);
    expect(sent).toEqual([10, 10, 10]);
  });
});

describe("a gate on a shared quota", () => {
  it("asks once for each request, and waits as long as it is told", async () => {
    const { clock, quota, gates } = setUp(2);
    const { gate } = one({ clock, quota, gates });
    await gates[1]?.turn(LATE, NEVER);
    const waiting = watch(gate.turn(LATE, NEVER));
    await clock.advance(LIMIT.perMs + LASTS_MS - 1);
    expect(waiting.outcome).toBe("waits");
    await clock.advance(1);
    expect(waiting.outcome).toBe("sends");
    expect(quota.wishes).toHaveLength(2);
  });

  it("refuses whom the turn comes too late for as soon as it knows, without taking it", async () => {
    const { clock, quota, gates } = setUp(2, { requests: 2, perMs: 1_000 });
    const { gate } = one({ clock, quota, gates });
    for (let turn = 0; turn < 2; turn += 1) await gates[1]?.turn(LATE, NEVER);
    const nowMs = clock.now().getTime();
    const waiters = [700, 800].map((ms) => watch(gate.turn(nowMs + ms, NEVER)));
    await clock.advance(0);
    const waitMs = LIMIT.perMs + LASTS_MS;
    for (const { outcome } of waiters) expect(outcome).toEqual(new NoTurnError(waitMs));
    // What it knows now it need not ask for.
    expect(await gate.turn(nowMs + 900, NEVER).catch((error: unknown) => error)).toEqual(new NoTurnError(waitMs));
    expect(quota.wishes).toHaveLength(3);
    await clock.advance(waitMs);
    expect(await gates[1]?.turn(clock.now().getTime(), NEVER)).toBeDefined();
  });

  it("gives the turn of somebody who leaves to the next, and keeps no timer for nobody", async () => {
    const { clock, quota, gate } = one(setUp());
    await gate.turn(LATE, NEVER);
    const leaving = new AbortController();
    const left = gate.turn(LATE, leaving.signal).catch(() => "left");
    const next = watch(gate.turn(LATE, NEVER));
    await clock.advance(500);
    leaving.abort();
    expect(await left).toBe("left");
    await clock.advance(LIMIT.perMs + LASTS_MS - 500);
    expect(next.outcome).toBe("sends");
    expect(quota.wishes).toHaveLength(2);
    const last = new AbortController();
    const nobody = gate.turn(LATE, last.signal).catch(() => "left");
    await clock.advance(10);
    last.abort();
    await nobody;
    await clock.advance(0);
    expect(clock.pending()).toEqual([]);
  });

  it("does not use a turn it has waited for when the vendor has asked another gateway for quiet meanwhile", async () => {
    const { clock, quota, gates } = setUp(2);
    const { gate } = one({ clock, quota, gates });
    await gates[1]?.turn(LATE, NEVER);
    const waiters = [4_000, 20_000].map((ms) => watch(gate.turn(clock.now().getTime() + ms, NEVER)));
    await clock.advance(500);
    gates[1]?.pause(5_000);
    await clock.advance(600);
    expect(waiters.map(({ outcome }) => outcome)).toEqual([new NoTurnError(4_450), "waits"]);
    await clock.advance(4_399);
    expect(waiters[1]?.outcome).toBe("waits");
    await clock.advance(1);
    expect(waiters[1]?.outcome).toBe("sends");
  });

  it("tells the others to be quiet, and keeps quiet itself even when they cannot be told", async () => {
    const { clock, quota, gates } = setUp(2);
    const { gate } = one({ clock, quota, gates });
    const refused = (asked: RateGate | undefined, ms: number) =>
      asked?.turn(clock.now().getTime() + ms, NEVER).catch((error: unknown) => error);
    gate.pause(3_000);
    await clock.advance(1_000);
    expect(quota.pauses).toEqual([3_000]);
    for (const each of gates) expect(await refused(each, 1_999)).toEqual(new NoTurnError(2_000));
    quota.way = () => Promise.reject(new Error("the store is down"));
    gate.pause(9_000);
    await clock.advance(0);
    quota.way = () => Promise.resolve();
    expect(quota.pauses).toEqual([3_000]);
    expect(await refused(gate, 8_999)).toEqual(new NoTurnError(9_000));
  });

  it("lets nobody pass while the store does not answer, tells all who wait, and asks again for the next", async () => {
    const { clock, quota, gate } = one(setUp());
    quota.way = () => Promise.reject(new Error("the store is down"));
    const refused = [watch(gate.turn(LATE, NEVER)), watch(gate.turn(LATE, NEVER))];
    await clock.advance(0);
    for (const { outcome } of refused) expect(outcome).toBeInstanceOf(QuotaUnknownError);
    quota.way = () => new Promise(() => undefined);
    const unanswered = [watch(gate.turn(LATE, NEVER)), watch(gate.turn(LATE, NEVER))];
    await clock.advance(4_999);
    for (const { outcome } of unanswered) expect(outcome).toBe("waits");
    await clock.advance(1);
    for (const { outcome } of unanswered) expect(outcome).toBeInstanceOf(QuotaUnknownError);
    quota.way = () => Promise.resolve();
    await gate.turn(LATE, NEVER);
    expect(clock.pending()).toEqual([]);
  });

  it("lets no turn be used later than it lasts, and asks for turns that last longer when they came too late", async () => {
    const { clock, quota, gate } = one(setUp());
    const first = await gate.turn(LATE, NEVER);
    await clock.advance(LASTS_MS);
    first.use();
    const second = watch(gate.turn(LATE, NEVER).then((turn) => clock.sleep(200).then(() => turn.use())));
    await clock.advance(2_000);
    expect(second.outcome).toBeInstanceOf(LapsedTurnError);
    await clock.advance(LIMIT.perMs);
    const third = await gate.turn(LATE, NEVER);
    await clock.advance(400);
    third.use();
    expect(quota.wishes.map(({ lastsMs }) => lastsMs)).toEqual([LASTS_MS, 100, 400]);
  });

  it("counts how long a turn lasts from when it asked, since it may have come then", async () => {
    const { clock, quota, gate } = one(setUp());
    quota.way = () => clock.sleep(LASTS_MS / 2 + 1);
    const used = watch(gate.turn(LATE, NEVER).then((turn) => turn.use()));
    await clock.advance(2 * LASTS_MS);
    expect(used.outcome).toBeInstanceOf(LapsedTurnError);
  });

  it("drops a turn that it woke up too late for", async () => {
    const { clock, quota, gates } = setUp(2);
    const { gate } = one({ clock, quota, gates });
    await gates[1]?.turn(LATE, NEVER);
    const leaving = new AbortController();
    const left = gate.turn(LATE, leaving.signal).catch(() => "left");
    await clock.advance(1);
    leaving.abort();
    await left;
    await clock.advance(LIMIT.perMs + 2 * LASTS_MS);
    const next = watch(gate.turn(LATE, NEVER).then((turn) => turn.use()));
    await clock.advance(LIMIT.perMs - 2);
    expect(next.outcome).toBe("waits");
    await clock.advance(1);
    expect(next.outcome).toBe("sends");
    expect(quota.wishes.map(({ lastsMs }) => lastsMs)).toEqual([LASTS_MS, LASTS_MS, 2 * LASTS_MS]);
  });
});
