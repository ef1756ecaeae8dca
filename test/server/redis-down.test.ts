// Redis is killed, hangs, comes back empty: due work goes on, the doorbell never hurts who rings it, and the log says so once.
import { afterEach, expect, test, vi } from "vitest";
import type { Clock } from "../../src/domain/clock.ts";
import { BusNews, type WorkItem, type WorkQueue } from "../../src/domain/runtime-ports.ts";
import { createRedisBus } from "../../src/server/redis-bus.ts";
import { REDIS_PREFIX, type RedisLink } from "../../src/server/redis-connection.ts";
import { createScaledQueue } from "../../src/server/scaled-queue.ts";
import { systemClock } from "../../src/wire/system-clock.ts";
import { eventually } from "../support/eventually.ts";
import { createGate } from "../support/gate.ts";
import { linkTo } from "../support/link.ts";
import { describeWithRedisServer, linkMaker, onRedis, startRedisServer, type RedisServer } from "../support/redis.ts";

// Longer than what is waited for in a test: a wait that ends says what never came.
vi.setConfig({ testTimeout: 300_000 });

const POLL: WorkItem = { kind: "POLL", tenantId: "t1", providerKey: "acme" };
const CATALOG: WorkItem = { ...POLL, kind: "CATALOG" };
/** Of each command: less than a second, after which Redis counts as not there, and more. */
const SLOW_MS = 150;
const TOO_SLOW_MS = 1_500;
const now = (): Date => new Date();
const inAnHour = (): Date => new Date(Date.now() + 3_600_000);

describeWithRedisServer("without Redis", () => {
  const connect = linkMaker();
  const queues: WorkQueue[] = [];

  afterEach(async () => {
    for (const queue of queues.splice(0)) await queue.close();
  });

  async function gateway(server: Pick<RedisServer, "url">, clock: Clock = systemClock) {
    const said: string[] = [];
    const note = (_facts: unknown, message: string): void => void said.push(message);
    const link = await connect({
      url: server.url,
      namespace: "test-down",
      log: { info: note, warn: note, error: note },
    });
    const queue = createScaledQueue(link, clock, () => undefined);
    queues.push(queue);
    const done: WorkItem["kind"][] = [];
    const start = (handler: (item: WorkItem) => Promise<void> = () => Promise.resolve()): void =>
      queue.start((item) => {
        done.push(item.kind);
        return handler(item);
      });
    return { link, queue, said, done, start };
  }

  const until = (link: RedisLink, up: boolean): Promise<true> =>
    eventually(`Redis is ${up ? "" : "not "}up`, () => (link.isUp() === up ? true : null));

  const has = (done: readonly unknown[], count: number): Promise<true> =>
    eventually(`${count} items are handed out`, () => (done.length >= count ? true : null));
  /** Only for work that goes on and on. */
  const goesOn = (done: readonly unknown[], turns: number): Promise<true> => has(done, done.length + turns);

  const keysIn = ({ url }: RedisServer): Promise<number> => onRedis(url, (redis) => redis.zcard(DUE));
  const DUE = `${REDIS_PREFIX}:test-down:due`;
  const isPlannedIn = (server: RedisServer): Promise<true> =>
    eventually("the plan is in Redis again", async () => ((await keysIn(server)) > 0 ? true : null));

  test("work that plans itself goes on when Redis is killed, comes back empty, and is flushed", async () => {
    await using server = await startRedisServer();
    const { link, queue, said, done, start } = await gateway(server);
    start(() => queue.schedule(POLL, new Date(Date.now() + 20)));
    await queue.schedule(POLL, now());
    await goesOn(done, 1);
    await server.kill();
    await until(link, false);
    await goesOn(done, 3);
    await server.start();
    await until(link, true);
    await isPlannedIn(server);
    await goesOn(done, 3);
    await onRedis(server.url, (redis) => redis.flushall());
    await isPlannedIn(server);
    await goesOn(done, 3);
    await eventually("the log tells of the flush", () => said.find((message) => message.includes("lost what it held")));
    expect(said).toEqual([
      "Redis is used: due work and news are shared between gateways",
      "Redis cannot be used; each gateway goes on by itself until it is back",
      "Redis is used: due work and news are shared between gateways",
      "Redis has lost what it held; due work is planned again",
    ]);
  });

  test("items that were due much later are looked at when their plan is lost, however it is lost", async () => {
    await using server = await startRedisServer();
    const { link, queue, done, start } = await gateway(server);
    start();
    await queue.schedule(CATALOG, inAnHour());
    await queue.schedule(POLL, inAnHour());
    await server.kill();
    await eventually("both are handed out here", () => (done.length === 2 ? true : null));
    await server.start();
    await until(link, true);
    await eventually("both are handed out from Redis", () => (done.length === 4 ? true : null));
    await queue.schedule(POLL, inAnHour());
    await onRedis(server.url, (redis) => redis.flushall());
    await eventually("both are handed out after the flush", () => (done.length === 6 ? true : null));
    expect(done.toSorted()).toEqual(["CATALOG", "CATALOG", "CATALOG", "POLL", "POLL", "POLL"]);
  });

  test("an item that runs while Redis goes is not run beside itself, and has its next turn", async () => {
    await using server = await startRedisServer();
    const gate = createGate();
    let [inside, most] = [0, 0];
    const { link, queue, done, start } = await gateway(server);
    start(async () => {
      inside += 1;
      most = Math.max(most, inside);
      await gate.opened;
      inside -= 1;
    });
    await queue.schedule(POLL, now());
    await has(done, 1);
    await server.kill();
    await until(link, false);
    await queue.schedule(POLL, now());
    // Handed out here and now, so the other one could have been.
    await queue.schedule(CATALOG, now());
    await eventually("the other item", () => (done.includes("CATALOG") ? true : null));
    gate.open();
    await has(done, 3);
    expect(most).toBe(2);
  });

  test("a gateway starts without Redis, works, and shares its work when Redis comes", async () => {
    await using server = await startRedisServer();
    await server.kill();
    const { link, queue, said, done, start } = await gateway(server);
    expect(link.isUp()).toBe(false);
    await queue.schedule(POLL, now());
    start(() => queue.schedule(POLL, new Date(Date.now() + 20)));
    await goesOn(done, 1);
    await server.start();
    await until(link, true);
    await isPlannedIn(server);
    await goesOn(done, 1);
    expect(said).toEqual([
      "Redis cannot be used; each gateway goes on by itself until it is back",
      "Redis is used: due work and news are shared between gateways",
    ]);
  });

  test("runs that another gateway started are polled from here too, again and again", async () => {
    await using server = await startRedisServer();
    await server.kill();
    const { queue, done, start } = await gateway(server, {
      ...systemClock,
      sleep: (ms, signal) => systemClock.sleep(ms === 30_000 ? 100 : ms, signal),
    });
    start();
    await queue.schedule(POLL, now());
    await queue.schedule(CATALOG, now());
    await eventually("polls", () => (done.filter((kind) => kind === "POLL").length > 2 ? true : null));
    expect(done.filter((kind) => kind === "CATALOG")).toHaveLength(1);
  });

  test("a Redis that hangs holds nothing up", async () => {
    await using server = await startRedisServer();
    const { link, queue, done, start } = await gateway(server);
    start(() => queue.schedule(POLL, new Date(Date.now() + 20)));
    const thaw = server.freeze();
    await queue.schedule(POLL, now());
    await until(link, false);
    await goesOn(done, 3);
    thaw();
    await until(link, true);
    await isPlannedIn(server);
    await goesOn(done, 1);
  });

  test("a Redis whose memory is used up is as good as none, and is used again when it has some", async () => {
    await using server = await startRedisServer();
    const { link, queue, done, start } = await gateway(server);
    start(() => queue.schedule(POLL, new Date(Date.now() + 20)));
    await onRedis(server.url, (redis) => redis.config("SET", "maxmemory", "1"));
    await until(link, false);
    await queue.schedule(POLL, now());
    await goesOn(done, 3);
    await onRedis(server.url, (redis) => redis.config("SET", "maxmemory", "0"));
    await until(link, true);
    await isPlannedIn(server);
    await goesOn(done, 3);
  });

  test("a Redis that takes its time is waited for, and one that takes too long is as good as none", async () => {
    await using server = await startRedisServer();
    await using way = await linkTo(server.url);
    const { link, queue, done, start } = await gateway(way);
    start(() => queue.schedule(POLL, new Date(Date.now() + 20)));
    way.lengthen(SLOW_MS);
    await queue.schedule(POLL, now());
    await goesOn(done, 2);
    expect(link.isUp()).toBe(true);
    way.lengthen(TOO_SLOW_MS);
    await until(link, false);
    await goesOn(done, 3);
    way.lengthen(0);
    await until(link, true);
    await isPlannedIn(server);
    await goesOn(done, 3);
  });

  test("a replica that takes its primary's place is used instead of it, though the old one still answers", async () => {
    await using primary = await startRedisServer();
    await using replica = await startRedisServer();
    await follow(replica, primary);
    await using way = await linkTo(primary.url);
    const [one, other] = [await gateway(way), await gateway(way)];
    const [ringing, listening] = [createRedisBus(one.link), createRedisBus(other.link)];
    const heard: string[] = [];
    listening.listen("t1", (news) => heard.push(news));
    one.start(() => one.queue.schedule(POLL, new Date(Date.now() + 20)));
    await one.queue.schedule(POLL, now());
    await goesOn(one.done, 1);

    await onRedis(replica.url, (redis) => redis.replicaof("NO", "ONE"));
    way.leadTo(replica.url);
    // It takes no writes any more, and hears of nothing that the new one is told.
    await onRedis(primary.url, (redis) => redis.replicaof("127.0.0.1", 1));
    await goesOn(one.done, 3);
    const plans = (): Promise<number> => onRedis(replica.url, (redis) => redis.zcard(DUE));
    await onRedis(replica.url, (redis) => redis.del(DUE));
    await eventually("the plan is in the new one", async () => ((await plans()) > 0 ? true : null));
    await Promise.all([until(one.link, true), until(other.link, true)]);
    await goesOn(one.done, 3);
    await eventually("a ring is heard elsewhere", () => {
      ringing.ring("t1", BusNews.Transitions);
      return heard.length > 0 ? true : null;
    });
  });

  test("ringing is heard here, returns at once and throws nothing, and is heard elsewhere when Redis is back", async () => {
    await using server = await startRedisServer();
    const [one, other] = [await gateway(server), await gateway(server)];
    const [ringing, listening] = [createRedisBus(one.link), createRedisBus(other.link)];
    const heard: string[] = [];
    ringing.listen("t1", () => heard.push("here"));
    listening.listen("t1", (news) => heard.push(news));
    await server.kill();
    // Nobody has noticed yet: this one may be lost, or come late.
    ringing.ring("t1", BusNews.Transitions);
    await Promise.all([until(one.link, false), until(other.link, false)]);
    ringing.ring("t1", BusNews.Progress);
    expect(heard).toEqual(["here", "here"]);
    await server.start();
    await Promise.all([until(one.link, true), until(other.link, true)]);
    await eventually("a ring is heard elsewhere", () => {
      ringing.ring("t1", BusNews.Transitions);
      return heard.filter((news) => news === "TRANSITIONS").length > 1 ? true : null;
    });
    expect(heard).not.toContain("PROGRESS");
  });

  test("a queue can be closed without Redis, and still waits for what runs", async () => {
    await using server = await startRedisServer();
    const gate = createGate();
    const { link, queue, done, start } = await gateway(server);
    start(() => gate.opened);
    await queue.schedule(POLL, now());
    await has(done, 1);
    await server.kill();
    await until(link, false);
    let closed = false;
    const closing = queue.close().then(() => (closed = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(false);
    gate.open();
    await closing;
  });
});

/** Makes one server hold whatever the other does, from now on. */
async function follow(replica: RedisServer, primary: RedisServer): Promise<void> {
  const { hostname, port } = new URL(primary.url);
  await onRedis(primary.url, (redis) => redis.config("SET", "repl-diskless-sync-delay", "0"));
  await onRedis(replica.url, async (redis) => {
    await redis.replicaof(hostname, port);
    await eventually("it follows", async () =>
      (await redis.info("replication")).includes("master_link_status:up") ? true : null,
    );
  });
}
