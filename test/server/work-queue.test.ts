// Due work, whoever plans it: what both queues promise, with the real time. What one process adds is in `in-process-queue.test.ts`,
// what several add is in `scaled-queue.test.ts`.
import { afterEach, describe, expect, test } from "vitest";
import type { WorkItem, WorkQueue } from "../../src/domain/runtime-ports.ts";
import { createInProcessQueue } from "../../src/server/in-process-queue.ts";
import { createScaledQueue } from "../../src/server/scaled-queue.ts";
import { systemClock } from "../../src/wire/system-clock.ts";
import { eventually } from "../support/eventually.ts";
import { createGate } from "../support/gate.ts";
import { describeOnRedis, linkMaker } from "../support/redis.ts";

type OnError = (error: unknown, item: WorkItem) => void;

const POLL: WorkItem = { kind: "POLL", tenantId: "t:1", providerKey: "acme" };
const CATALOG: WorkItem = { ...POLL, kind: "CATALOG" };
const now = (): Date => new Date();
const inAnHour = (): Date => new Date(Date.now() + 3_600_000);

describe("in one process", () => promises((onError) => Promise.resolve(createInProcessQueue(systemClock, onError))));

describeOnRedis("in Redis", () => {
  const connect = linkMaker();
  promises(async (onError) => createScaledQueue(await connect(), systemClock, onError));
});

function promises(make: (onError: OnError) => Promise<WorkQueue>): void {
  const made: WorkQueue[] = [];

  afterEach(async () => {
    for (const queue of made.splice(0)) await queue.close();
  });

  async function running(handler?: (item: WorkItem, queue: WorkQueue) => Promise<void>) {
    const done: WorkItem[] = [];
    const errors: (readonly [unknown, WorkItem])[] = [];
    const queue = await make((error, item) => errors.push([error, item]));
    made.push(queue);
    const start = (): void =>
      queue.start(async (item) => {
        done.push(item);
        await handler?.(item, queue);
      });
    const until = (count: number): Promise<true> =>
      eventually(`${count} items are handed out`, () => (done.length >= count ? true : null));
    return { queue, done, errors, start, until };
  }

  test("an item is handed out when it is due, with all that names it, and one that is not due is not", async () => {
    const { queue, done, start, until } = await running();
    start();
    await queue.schedule(CATALOG, inAnHour());
    await queue.schedule(POLL, now());
    await until(1);
    await queue.close();
    expect(done).toEqual([POLL]);
  });

  test("what was planned before the start is handed out after it, however long it is overdue", async () => {
    const { queue, done, start, until } = await running();
    await queue.schedule(POLL, new Date(0));
    expect(done).toEqual([]);
    start();
    await until(1);
    await queue.close();
    expect(done).toEqual([POLL]);
  });

  test("an item that is planned many times is handed out once", async () => {
    const { queue, done, start, until } = await running();
    for (let plan = 0; plan < 5; plan += 1) await queue.schedule(POLL, now());
    start();
    await until(1);
    await queue.schedule(CATALOG, now());
    await until(2);
    await queue.close();
    expect(done).toEqual([POLL, CATALOG]);
  });

  test.each([
    ["first", [now, inAnHour]],
    ["last", [inAnHour, now]],
  ] as const)("of two plans the earlier counts when it came %s", async (_, [first, second]) => {
    const { queue, done, start, until } = await running();
    await queue.schedule(POLL, first());
    await queue.schedule(POLL, second());
    start();
    await until(1);
    await queue.close();
    expect(done).toEqual([POLL]);
  });

  test("a plan for later is brought forward while the queue runs", async () => {
    const { queue, done, start, until } = await running();
    start();
    await queue.schedule(POLL, inAnHour());
    await queue.schedule(POLL, now());
    await until(1);
    await queue.close();
    expect(done).toEqual([POLL]);
  });

  test("what is planned while the item runs, however often, is one more turn after its end", async () => {
    const gate = createGate();
    let [inside, most] = [0, 0];
    const { queue, done, start, until } = await running(async () => {
      inside += 1;
      most = Math.max(most, inside);
      await gate.opened;
      inside -= 1;
    });
    start();
    await queue.schedule(POLL, now());
    await until(1);
    await queue.schedule(POLL, inAnHour());
    await queue.schedule(POLL, now());
    await queue.schedule(POLL, now());
    // Another item is handed out meanwhile, so this one could have been.
    await queue.schedule(CATALOG, now());
    await until(2);
    gate.open();
    await until(3);
    await queue.close();
    expect(done).toEqual([POLL, CATALOG, POLL]);
    expect(most).toBe(2);
  });

  test("a queue that is stopped hands out nothing more, and is stopped when what ran has ended", async () => {
    const gate = createGate();
    const { queue, done, start, until } = await running(() => gate.opened);
    start();
    await queue.schedule(POLL, now());
    await until(1);
    let stopped = false;
    const stopping = queue.stop().then(() => (stopped = true));
    await queue.schedule(CATALOG, now());
    expect(stopped).toBe(false);
    gate.open();
    await stopping;
    await queue.close();
    expect(done).toEqual([POLL]);
  });

  test("an item that plans itself while it runs goes on for ever", async () => {
    const { queue, start, until } = await running((item, own) => own.schedule(item, now()));
    start();
    await queue.schedule(POLL, now());
    await until(5);
  });

  test("different items run side by side", async () => {
    const gate = createGate();
    const { queue, done, start, until } = await running(() => gate.opened);
    start();
    const items = [POLL, CATALOG, { ...POLL, tenantId: "t2" }, { ...POLL, providerKey: "globex" }];
    for (const item of items) await queue.schedule(item, now());
    await until(4);
    gate.open();
    await queue.close();
    expect(new Set(done)).toEqual(new Set(items));
  });

  test("work that fails is reported with its item, and its next turn comes", async () => {
    const { queue, errors, start, until } = await running(() => Promise.reject(new Error("lost")));
    start();
    await queue.schedule(POLL, now());
    await until(1);
    await queue.schedule(POLL, now());
    await until(2);
    await queue.close();
    expect(errors).toEqual([
      [new Error("lost"), POLL],
      [new Error("lost"), POLL],
    ]);
  });

  test("closing waits for what runs, and hands out nothing more", async () => {
    const gate = createGate();
    const { queue, done, start, until } = await running(() => gate.opened);
    start();
    await queue.schedule(POLL, now());
    await until(1);
    await queue.schedule(POLL, now());
    let closed = false;
    const closing = queue.close().then(() => (closed = true));
    await queue.schedule(CATALOG, now());
    expect(closed).toBe(false);
    gate.open();
    await closing;
    await queue.schedule({ ...POLL, kind: "DISCOVER" }, now());
    expect(done).toEqual([POLL]);
  });
}
