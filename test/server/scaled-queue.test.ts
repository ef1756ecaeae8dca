// Due work of several gateways: each queue here stands for one, with a connection of its own.
import { randomUUID } from "node:crypto";
import { Queue } from "bullmq";
import { afterEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/domain/clock.ts";
import type { WorkItem, WorkQueue } from "../../src/domain/runtime-ports.ts";
import { REDIS_PREFIX, type RedisLink } from "../../src/server/redis-connection.ts";
import { createScaledQueue } from "../../src/server/scaled-queue.ts";
import { systemClock } from "../../src/wire/system-clock.ts";
import { eventually } from "../support/eventually.ts";
import { createGate } from "../support/gate.ts";
import { describeOnRedis, linkMaker } from "../support/redis.ts";

const POLL: WorkItem = { kind: "POLL", tenantId: "t1", providerKey: "acme" };
const MANY: readonly WorkItem[] = Array.from({ length: 20 }, (_, index) => ({ ...POLL, providerKey: `acme-${index}` }));
const now = (): Date => new Date();
const inAnHour = (): Date => new Date(Date.now() + 3_600_000);

describeOnRedis("due work of several gateways", () => {
  const connect = linkMaker();
  const made: WorkQueue[] = [];

  afterEach(async () => {
    for (const queue of made.splice(0)) await queue.close();
  });

  /** Gateways on one database, or on others. */
  async function gateways(...namespaces: readonly string[]) {
    const done: { readonly by: number; readonly item: WorkItem }[] = [];
    const queues = await Promise.all(
      namespaces.map(async (namespace) =>
        createScaledQueue(await connect({ namespace }), systemClock, () => undefined),
      ),
    );
    made.push(...queues);
    const start = (handler: () => Promise<void> = () => Promise.resolve()): void => {
      for (const [by, queue] of queues.entries()) {
        queue.start((item) => {
          done.push({ by, item });
          return handler();
        });
      }
    };
    const until = (count: number): Promise<true> =>
      eventually(`${count} items are handed out`, () => (done.length >= count ? true : null));
    return { queues, done, start, until };
  }

  async function two() {
    const namespace = `test-${randomUUID()}`;
    const { queues, ...rest } = await gateways(namespace, namespace);
    const [one, other] = queues;
    if (one === undefined || other === undefined) throw new Error("expected two queues");
    return { one, other, ...rest };
  }

  const names = (done: readonly { readonly item: WorkItem }[]): readonly string[] =>
    done.map(({ item }) => item.providerKey).toSorted();

  test("what all of them plan is done by one of them", async () => {
    const { one, other, done, start, until } = await two();
    await Promise.all(MANY.flatMap((item) => [one.schedule(item, now()), other.schedule(item, now())]));
    start();
    await until(MANY.length);
    await Promise.all([one.close(), other.close()]);
    expect(names(done)).toEqual(names(MANY.map((item) => ({ item }))));
  });

  test("what one that is stopping still plans is done by another", async () => {
    const { one, other, done, start, until } = await two();
    start();
    await one.stop();
    await Promise.all(MANY.map((item) => one.schedule(item, now())));
    await until(MANY.length);
    await Promise.all([one.close(), other.close()]);
    expect(done.map(({ by }) => by)).toEqual(MANY.map(() => 1));
  });

  test("what is on its way to one when it is stopped is done by another", async () => {
    const link = await connect();
    const [onItsWay, gate] = [createGate(), createGate()];
    let isHeld = false;
    /** Once it is held, an item that Redis has handed out does not arrive. */
    const slow: RedisLink = {
      ...link,
      answer: async (asked) => {
        const answer = await link.answer(asked);
        if (isHeld) {
          onItsWay.open();
          await gate.opened;
        }
        return answer;
      },
    };
    const [one, other] = [slow, link].map((its) => createScaledQueue(its, systemClock, () => undefined));
    if (one === undefined || other === undefined) throw new Error("expected two queues");
    made.push(one, other);
    const done: string[] = [];
    const doneBy = (name: string) => () => Promise.resolve(void done.push(name));
    await one.schedule(POLL, now());
    isHeld = true;
    one.start(doneBy("one"));
    await onItsWay.opened;
    const stopping = one.stop();
    gate.open();
    await stopping;
    expect(done).toEqual([]);
    other.start(doneBy("other"));
    await eventually("the item is done", () => (done.length > 0 ? true : null));
    await Promise.all([one.close(), other.close()]);
    expect(done).toEqual(["other"]);
  });

  test("of plans made at the same time the earliest counts", async () => {
    const { one, other, done, start, until } = await two();
    start();
    await Promise.all(MANY.flatMap((item) => [one.schedule(item, inAnHour()), other.schedule(item, inAnHour())]));
    await Promise.all(
      MANY.flatMap((item, index) => {
        const [early, late] = index % 2 === 0 ? [one, other] : [other, one];
        return [early.schedule(item, now()), late.schedule(item, new Date(Date.now() + 60_000))];
      }),
    );
    await until(MANY.length);
    expect(new Set(names(done))).toEqual(new Set(names(MANY.map((item) => ({ item })))));
  });

  test("of two that set one job's time at the same moment, the later plan does not win by coming last", async () => {
    const link = await connect();
    const [between, gate] = [createGate(), createGate()];
    let answers = 0;
    /** Is held up when it has read the plan and made the job, and has yet to set its time. */
    const slow: RedisLink = {
      ...link,
      answer: async (asked) => {
        const answer = await link.answer(asked);
        answers += 1;
        if (answers === 3) {
          between.open();
          await gate.opened;
        }
        return answer;
      },
    };
    const [late, early] = [slow, link].map((one) => createScaledQueue(one, systemClock, () => undefined));
    if (late === undefined || early === undefined) throw new Error("expected two queues");
    made.push(late, early);
    const planned = late.schedule(POLL, inAnHour());
    await between.opened;
    await early.schedule(POLL, now());
    gate.open();
    await planned;
    const done: WorkItem[] = [];
    early.start((item) => Promise.resolve(void done.push(item)));
    await eventually("the item is handed out", () => (done.length > 0 ? true : null));
  });

  test("what Redis does not take, though it answers, is done by the gateway that planned it", async () => {
    const link = await connect();
    const queue = createScaledQueue(link, systemClock, () => undefined);
    made.push(queue);
    const done: WorkItem[] = [];
    queue.start((item) => Promise.resolve(void done.push(item)));
    await link.commands.set(`${REDIS_PREFIX}:${link.namespace}:due`, "no sorted set");
    await queue.schedule(POLL, now());
    await eventually("the item is handed out", () => (done.length > 0 ? true : null));
    expect(link.isUp()).toBe(true);
  });

  test("what another plans while an item runs is one more turn after its end, never beside it", async () => {
    const gate = createGate();
    let [inside, most] = [0, 0];
    const { one, other, done, start, until } = await two();
    start(async () => {
      inside += 1;
      most = Math.max(most, inside);
      await gate.opened;
      inside -= 1;
    });
    await one.schedule(POLL, now());
    await until(1);
    await Promise.all([one.schedule(POLL, now()), other.schedule(POLL, now()), other.schedule(POLL, inAnHour())]);
    gate.open();
    await until(2);
    await Promise.all([one.close(), other.close()]);
    expect(done).toHaveLength(2);
    expect(most).toBe(1);
  });

  test("what one leaves when it closes the others take up, the next turn of what ran last too", async () => {
    const gate = createGate();
    const { one, other, done, until } = await two();
    one.start(async (item) => {
      done.push({ by: 0, item });
      await gate.opened;
      await one.schedule(item, now());
    });
    await one.schedule(POLL, now());
    await until(1);
    const closing = one.close();
    gate.open();
    await closing;
    other.start((item) => {
      done.push({ by: 1, item });
      return Promise.resolve();
    });
    await until(2);
    expect(done.map(({ by }) => by)).toEqual([0, 1]);
  });

  describe("what a gateway that died took with it", () => {
    /** The pause between two looks for what is not planned, cut short. */
    const hasty: Clock = {
      ...systemClock,
      sleep: (ms, signal) => systemClock.sleep(ms === 30_000 ? 100 : ms, signal),
    };

    async function alone() {
      const link = await connect();
      const done: WorkItem[] = [];
      const queue = createScaledQueue(link, hasty, () => undefined);
      made.push(queue);
      queue.start((item) => Promise.resolve(void done.push(item)));
      await queue.schedule(POLL, inAnHour());
      const keys = `${REDIS_PREFIX}:${link.namespace}:`;
      const until = (): Promise<true> => eventually("the item is handed out", () => (done.length > 0 ? true : null));
      return { link, keys, until };
    }

    test("is planned when it is found to be neither planned nor running", async () => {
      const { link, keys, until } = await alone();
      await link.commands.del(`${keys}due`, `${keys}POLL/t1/acme`, `${keys}delayed`);
      await until();
    });

    test("is woken when it is late, although a machine whose clock was ahead has set its job's time", async () => {
      const { link, keys, until } = await alone();
      await link.commands.zadd(`${keys}due`, Date.now() - 60_000, "POLL/t1/acme");
      await until();
    });

    test("has a job made for it when it is planned and has none", async () => {
      const { link, keys, until } = await alone();
      await link.commands
        .multi()
        .del(`${keys}POLL/t1/acme`, `${keys}delayed`)
        .zadd(`${keys}due`, 1, "POLL/t1/acme")
        .exec();
      await until();
    });
  });

  test("an item that only a newer gateway knows is left to it, and does not come back at once", async () => {
    const namespace = `test-${randomUUID()}`;
    const link = await connect({ namespace });
    const data = { kind: "NEWER", tenantId: "t1", providerKey: "acme" };
    const name = "NEWER/t1/acme";
    await link.commands.zadd(`${REDIS_PREFIX}:${namespace}:due`, 1, name);
    const newer = new Queue(namespace, { connection: link.commands, prefix: REDIS_PREFIX });
    await newer.add("NEWER", data, { jobId: name, removeOnComplete: true });
    const { queues, done, start, until } = await gateways(namespace);
    start();
    await eventually("it is dropped", async () => ((await newer.getJob(name)) === undefined ? true : null));
    await queues[0]?.schedule(POLL, now());
    await until(1);
    await queues[0]?.close();
    expect(done.map(({ item }) => item)).toEqual([POLL]);
    expect(await newer.getJobCountByTypes("active", "waiting", "delayed")).toBe(0);
  });

  test("gateways on other databases have work of their own", async () => {
    const { queues, done, start, until } = await gateways(`test-${randomUUID()}`, `test-${randomUUID()}`);
    for (const queue of queues) await queue.schedule(POLL, now());
    start();
    await until(2);
    expect(done.map(({ by }) => by).toSorted()).toEqual([0, 1]);
  });
});
