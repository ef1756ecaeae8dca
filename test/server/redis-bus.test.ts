// The doorbell between gateways: heard by the others, once by oneself and at once, and silent without Redis.
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { BusNews, type EventBus } from "../../src/domain/runtime-ports.ts";
import { createRedisBus } from "../../src/server/redis-bus.ts";
import { REDIS_PREFIX } from "../../src/server/redis-connection.ts";
import { eventually } from "../support/eventually.ts";
import { REDIS_URL, describeOnRedis, linkMaker, onRedis } from "../support/redis.ts";

describeOnRedis("the doorbell between gateways", () => {
  const connect = linkMaker();

  async function bus(namespace: string): Promise<EventBus> {
    const link = await connect({ namespace });
    const made = createRedisBus(link);
    const channel = `${REDIS_PREFIX}:${namespace}:bell`;
    // A subscription is answered in the order it was sent in.
    await link.subscriber.subscribe(channel);
    return made;
  }

  async function two() {
    const namespace = `test-${randomUUID()}`;
    const [one, other] = [await bus(namespace), await bus(namespace)];
    const heard: string[] = [];
    one.listen("t1", (news) => heard.push(`one: ${news}`));
    other.listen("t1", (news) => heard.push(`other: ${news}`));
    other.listen("t2", () => heard.push("another tenant"));
    return { namespace, one, other, heard };
  }

  const until = (heard: readonly string[], what: string): Promise<true> =>
    eventually(`"${what}" is heard`, () => (heard.includes(what) ? true : null));

  test("a ring is heard here before it returns, once, and by the others' listeners of the tenant", async () => {
    const { one, other, heard } = await two();
    one.ring("t1", BusNews.Progress);
    expect(heard).toEqual(["one: PROGRESS"]);
    await until(heard, "other: PROGRESS");
    // Comes after whatever Redis might have given back.
    other.ring("t1", BusNews.Transitions);
    await until(heard, "one: TRANSITIONS");
    expect(heard).toEqual(["one: PROGRESS", "other: PROGRESS", "other: TRANSITIONS", "one: TRANSITIONS"]);
  });

  test("gateways on another database hear nothing", async () => {
    const { one, other, heard } = await two();
    const stranger = await bus(`test-${randomUUID()}`);
    stranger.listen("t1", () => heard.push("stranger"));
    one.ring("t1", BusNews.Transitions);
    await until(heard, "other: TRANSITIONS");
    other.ring("t1", BusNews.Progress);
    await until(heard, "one: PROGRESS");
    expect(heard).not.toContain("stranger");
  });

  test("what is no ring is ignored, and the next one is heard", async () => {
    const { namespace, one, heard } = await two();
    await onRedis(REDIS_URL, async (redis) => {
      for (const message of ["no JSON", "{}", '["x","t1","NOISE"]', '["x","t1","PROGRESS","more"]'])
        await redis.publish(`${REDIS_PREFIX}:${namespace}:bell`, message);
    });
    one.ring("t1", BusNews.Transitions);
    await until(heard, "other: TRANSITIONS");
    expect(heard).toEqual(["one: TRANSITIONS", "other: TRANSITIONS"]);
  });

  test("a closed bus is silent, also to what others ring", async () => {
    const { namespace, one, other, heard } = await two();
    await other.close();
    const third = await bus(namespace);
    third.listen("t1", (news) => heard.push(`third: ${news}`));
    one.ring("t1", BusNews.Transitions);
    await until(heard, "third: TRANSITIONS");
    other.ring("t1", BusNews.Transitions);
    expect(heard).toEqual(["one: TRANSITIONS", "third: TRANSITIONS"]);
  });
});
