// Which gateways share one place in Redis, and what the way to Redis says about itself.
import { expect, test } from "vitest";
import { namespaceOf } from "../../src/server/redis-connection.ts";
import { describeOnRedis, linkMaker } from "../support/redis.ts";

const HERE = "postgres://user:word@database:5432/syncgraph";

test.each([
  ["another password", "postgres://user:newer@database:5432/syncgraph"],
  ["no user", "postgresql://database/syncgraph"],
  ["options", `${HERE}?sslmode=require`],
])("gateways on one database share a namespace, whatever its URL has besides: %s", (_, url) => {
  expect(namespaceOf(url)).toBe(namespaceOf(HERE));
});

test.each([
  ["another database", "postgres://user:word@database:5432/other"],
  ["another port", "postgres://user:word@database:5433/syncgraph"],
  ["another host", "postgres://user:word@elsewhere:5432/syncgraph"],
  ["a file", "sqlite:./data/syncgraph.sqlite"],
])("gateways on other databases do not: %s", (_, url) => {
  expect(namespaceOf(url)).not.toBe(namespaceOf(HERE));
});

test("a file is the same one from wherever it is named", () => {
  expect(namespaceOf("sqlite:data/it.sqlite")).toBe(namespaceOf(`sqlite:${process.cwd()}/data/it.sqlite`));
  expect(namespaceOf("sqlite:data/it.sqlite")).not.toBe(namespaceOf("sqlite:data/other.sqlite"));
});

test("a namespace can be part of a queue's name and shows nothing of the URL", () => {
  expect(namespaceOf(HERE)).toMatch(/^[0-9a-f]{16}$/u);
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
