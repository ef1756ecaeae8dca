// A PostgreSQL that hangs: whoever waits for it is told in time, its connections are given up, and it is used again when it answers.
import { afterEach, expect, test } from "vitest";
import { openStore } from "../../src/store/open-store.ts";
import { within } from "../support/eventually.ts";
import { describeWithPostgresServer, startPostgresServer } from "../support/postgres-server.ts";
import { entry, rules } from "../support/store-values.ts";

const UNAVAILABLE = { code: "SERVICE_UNAVAILABLE" };
/** More than the pool has connections. */
const AT_ONCE = 12;

describeWithPostgresServer("a PostgreSQL that hangs", () => {
  const left: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const end of left.splice(0).toReversed()) await end();
  });

  test("is told of in time, however many wait, and loses its connections alone", async () => {
    const server = await startPostgresServer();
    left.push(async () => server[Symbol.asyncDispose]());
    const store = await openStore(server.url, { answerTimes: { readMs: 300, writeMs: 500, longMs: 200 } });
    left.push(() => store.close());
    await store.ledger.record("t1", [entry("before")], rules);

    const goOn = await server.freeze();
    // Should it fail meanwhile: whoever waits for the server could not be closed.
    left.push(() => Promise.resolve(goOn()));
    const reads = Array.from({ length: AT_ONCE }, () => store.ledger.head("t1"));
    const asked = [...reads, store.ledger.record("t1", [entry("meanwhile")], rules)];
    for (const answer of await within("everybody is told", Promise.allSettled(asked), 15_000))
      expect(answer).toMatchObject({ status: "rejected", reason: UNAVAILABLE });

    goOn();
    const head = await store.ledger.head("t1");
    await store.ledger.record("t1", [entry("after")], rules);
    expect(await store.ledger.head("t1")).toBeGreaterThan(head);
  });
});
