// Which gateways share one place in Redis, and what the way to Redis says about itself.
import { expect, test } from "vitest";
import { namespaceOf } from "../../src/server/redis-connection.ts";
import { describeOnRedis, linkMaker } from "../support/redis.ts";

const ID = "0123456789abcdef0123456789abcdef";

test("gateways on one database share a namespace, which is another one for another store and for a copy of this one", () => {
  const here = namespaceOf(ID, "7/16384");
  expect(namespaceOf(ID, "7/16384")).toBe(here);
  expect(namespaceOf(ID, "7/16385")).not.toBe(here);
  expect(namespaceOf(ID.replace("0", "1"), "7/16384")).not.toBe(here);
});

test("a namespace can be part of a queue's name and shows nothing of the database", () => {
  expect(namespaceOf(ID, "/data/it.sqlite")).toMatch(/^[0-9a-f]{16}$/u);
});

describeOnRedis("the way to Redis", () => {
  const connect = linkMaker();

  test("says that it is used, and nothing more when it is closed", async () => {
    const said: string[] = [];
    const note = (_facts: unknown, message: string): void => void said.push(message);
    const link = await connect({ log: { info: note, warn: note, error: note } });
    const disconnected = new Promise((resolve) => link.commands.once("close", resolve));
    await link.close();
    await disconnected;
    expect(said).toEqual(["Redis is used: due work and news are shared between gateways"]);
  });

  test("passes answers and refusals on", async () => {
    const link = await connect();
    expect(await link.answer(link.commands.ping())).toBe("PONG");
    await expect(link.answer(link.commands.call("NOTHING"))).rejects.toThrow("unknown command");
    expect(link.isUp()).toBe(true);
  });
});
