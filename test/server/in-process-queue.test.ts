// Due work in one process: in time, each item once at a time, and nothing left running when it is closed.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { WorkItem } from "../../src/domain/runtime-ports.ts";
import { createInProcessQueue } from "../../src/server/in-process-queue.ts";
import { createGate } from "../support/gate.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { at } from "../support/store-values.ts";

const POLL: WorkItem = { kind: "POLL", tenantId: "t1", providerKey: "acme" };

function running(handler?: (item: WorkItem) => Promise<void>) {
  const clock = createManualClock();
  const errors: (readonly [unknown, WorkItem])[] = [];
  const queue = createInProcessQueue(clock, (error, item) => errors.push([error, item]));
  const done: (readonly [WorkItem["kind"], number])[] = [];
  const start = () =>
    queue.start(async (item) => {
      done.push([item.kind, clock.now().getTime() - at(0).getTime()]);
      await handler?.(item);
    });
  return { clock, queue, done, errors, start };
}

test("an item is handed out when it is due, once", async () => {
  const { clock, queue, done, start } = running();
  start();
  await queue.schedule(POLL, at(100));
  await clock.advance(99);
  expect(done).toEqual([]);
  await clock.advance(500);
  expect(done).toEqual([["POLL", 100]]);
});

test("what was planned before the start is handed out after it, at once when it is overdue", async () => {
  const { clock, queue, done, start } = running();
  await queue.schedule(POLL, at(-1_000));
  await queue.schedule({ ...POLL, kind: "CATALOG" }, at(50));
  await clock.advance(10);
  expect(done).toEqual([]);
  start();
  await clock.advance(100);
  expect(done).toEqual([
    ["POLL", 10],
    ["CATALOG", 50],
  ]);
});

test("of two plans of one item the earlier time counts, whichever came first", async () => {
  for (const [first, second] of [
    [100, 40],
    [40, 100],
  ] as const) {
    const { clock, queue, done, start } = running();
    start();
    await queue.schedule(POLL, at(first));
    await queue.schedule(POLL, at(second));
    await clock.advance(1_000);
    expect(done).toEqual([["POLL", 40]]);
    expect(clock.pending()).toEqual([]);
  }
});

test("any plans are kept as one at the earliest time for each item", async () => {
  const items = fc.record({
    kind: fc.constantFrom("POLL", "CATALOG"),
    tenantId: fc.constantFrom("t1", "t2"),
    providerKey: fc.constantFrom("acme", "acme-eu"),
  });
  const plans = fc.array(fc.tuple(items, fc.integer({ min: 1, max: 1_000 })), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(plans, async (planned) => {
      const clock = createManualClock();
      const queue = createInProcessQueue(clock, () => undefined);
      const done: string[] = [];
      queue.start((item) =>
        Promise.resolve(void done.push(`${JSON.stringify(item)} ${clock.now().getTime() - at(0).getTime()}`)),
      );
      const earliest = new Map<string, number>();
      for (const [item, dueMs] of planned) {
        const name = JSON.stringify(item);
        earliest.set(name, Math.min(dueMs, earliest.get(name) ?? dueMs));
        await queue.schedule(item, at(dueMs));
      }
      await clock.advance(2_000);
      expect(done.toSorted()).toEqual([...earliest].map(([name, dueMs]) => `${name} ${dueMs}`).toSorted());
      await queue.close();
    }),
    { seed: 20261122, numRuns: 100 },
  );
});

test("an item never runs beside itself: what is planned meanwhile waits for its end, the earliest of it", async () => {
  const gate = createGate();
  let inside = 0;
  let most = 0;
  const { clock, queue, done, start } = running(async () => {
    inside += 1;
    most = Math.max(most, inside);
    await gate.opened;
    inside -= 1;
  });
  start();
  await queue.schedule(POLL, at(10));
  await clock.advance(10);
  await queue.schedule(POLL, at(300));
  await queue.schedule(POLL, at(20));
  await clock.advance(90);
  expect(done).toEqual([["POLL", 10]]);
  gate.open();
  await clock.advance(0);
  await clock.advance(1_000);
  expect(done).toEqual([
    ["POLL", 10],
    ["POLL", 100],
  ]);
  expect(most).toBe(1);
});

test("an item that plans itself while it runs goes on for ever", async () => {
  const { clock, queue, done, start } = running(async (item) =>
    queue.schedule(item, new Date(clock.now().getTime() + 100)),
  );
  start();
  await queue.schedule(POLL, at(0));
  await clock.advance(450);
  expect(done.map(([, time]) => time)).toEqual([0, 100, 200, 300, 400]);
  await queue.close();
});

test("different items run side by side", async () => {
  const gate = createGate();
  const { clock, queue, done, start } = running(() => gate.opened);
  start();
  for (const item of [
    POLL,
    { ...POLL, kind: "CATALOG" as const },
    { ...POLL, tenantId: "t2" },
    { ...POLL, providerKey: "globex" },
  ])
    await queue.schedule(item, at(5));
  await clock.advance(5);
  expect(done).toHaveLength(4);
  gate.open();
});

test("work that fails is reported with its item, and its next turn comes", async () => {
  const { clock, queue, done, errors, start } = running(() => Promise.reject(new Error("lost")));
  start();
  await queue.schedule(POLL, at(1));
  await clock.advance(1);
  await queue.schedule(POLL, at(2));
  await clock.advance(1);
  expect(done).toHaveLength(2);
  expect(errors).toEqual([
    [new Error("lost"), POLL],
    [new Error("lost"), POLL],
  ]);
});

test("closing waits for what runs, drops what is planned, and takes nothing more", async () => {
  const gate = createGate();
  const { clock, queue, done, start } = running(() => gate.opened);
  start();
  await queue.schedule(POLL, at(1));
  await queue.schedule({ ...POLL, kind: "CATALOG" }, at(50));
  await clock.advance(1);
  await queue.schedule(POLL, at(2));
  let closed = false;
  const closing = queue.close().then(() => void (closed = true));
  await clock.advance(100);
  expect(closed).toBe(false);
  gate.open();
  await closing;
  await queue.schedule({ ...POLL, kind: "DISCOVER" }, at(0));
  await clock.advance(1_000);
  expect(done).toEqual([["POLL", 1]]);
  expect(clock.pending()).toEqual([]);
});
