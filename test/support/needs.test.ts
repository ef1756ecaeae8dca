// The mark of tests that need servers: one that is forgotten is noticed, wherever the servers are.
import { expect, test } from "vitest";
import { databases } from "./databases.ts";
import { NEEDS_SERVERS, expectMarked } from "./needs.ts";
import { startPostgresServer } from "./postgres-server.ts";
import { linkMaker, startRedisServer } from "./redis.ts";

const makeLink = linkMaker();

test.each([
  ["a database on PostgreSQL", () => databases.postgres.create()],
  ["a PostgreSQL of its own", () => startPostgresServer()],
  ["a link to Redis", () => makeLink()],
  ["a Redis of its own", () => startRedisServer()],
])("a test without the mark does not get %s", async (_what, take) => {
  await expect(take()).rejects.toThrow(/uses a server and is not marked so: see NEEDS_SERVERS/);
});

test("a test with the mark does", NEEDS_SERVERS, () => {
  expect(expectMarked).not.toThrow();
});
