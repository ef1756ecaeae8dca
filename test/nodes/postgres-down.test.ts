// Two gateways whose PostgreSQL is killed, hangs, takes no writes, or has no connection left for them: they say so, lose nothing that they
// acknowledged, and go on by themselves.
import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { eventually, within } from "../support/eventually.ts";
import { ask, newestCursor } from "../support/gateway-client.ts";
import { besideOthers, isEnd, triggerSync } from "../support/gateway-operations.ts";
import { nodesMaker, type GatewayNode } from "../support/gateway-nodes.ts";
import { describeWithPostgresServer, startPostgresServer } from "../support/postgres-server.ts";
import { readTransitions, subscribeSteadily } from "../support/steady-subscriber.ts";

const SECRET = "5e0c6a5e-0f5b-4d6c-9b6e-2f4f6d1f0a11";
const UNAVAILABLE = { errors: [{ extensions: { code: "SERVICE_UNAVAILABLE" } }], data: { triggerSync: null } };
const ACCEPTED = { errors: [], data: { triggerSync: { userErrors: [], trigger: { state: "ACCEPTED" } } } };
/** A hanging server that answers again before anybody's patience ends. */
const HANGS_MS = 2_000;
/** More than a gateway's pool has connections. */
const MANY = 15;

describeWithPostgresServer("gateways whose PostgreSQL", () => {
  const left: (() => Promise<unknown>)[] = [];

  // Before the gateways' own: they end, and what they wrote is looked at, while the server is still there.
  afterEach(async () => {
    for (const end of left.splice(0).toReversed()) await end();
  });
  const makeNodes = nodesMaker();

  async function world() {
    const server = await startPostgresServer();
    left.push(async () => server[Symbol.asyncDispose]());
    const nodes = await makeNodes({ vendors: ["truto"], speed: 5, databaseUrl: server.url });
    const providers = [{ ...nodes.vendor("truto").entry, webhookSecret: SECRET }];
    const pair = await Promise.all([nodes.start({ providers }), nodes.start({ providers })]);
    const input = await besideOthers(pair[0].url);
    const start = ({ url }: GatewayNode, idempotencyKey: string) => triggerSync(url, { ...input, idempotencyKey });
    return { server, one: pair[0], other: pair[1], start, starts: () => nodes.vendor("truto").starts().length };
  }

  test("is killed refuse everything until it is back, go on without a gap, and have lost nothing", async () => {
    const { server, one, other, start, starts } = await world();
    const begin = await newestCursor(other.url);
    await using subscriber = subscribeSteadily(other.url, begin);
    const first = await start(one, "before");
    expect(first).toMatchObject(ACCEPTED);

    await server.kill();
    expect(await start(one, "meanwhile")).toMatchObject(UNAVAILABLE);
    expect(await deliver(one)).toBe(503);
    for (const node of [one, other]) expect(await readiness(node)).toBe(503);

    await server.start();
    for (const node of [one, other])
      await eventually("it is ready", async () => ((await readiness(node)) === 200 ? true : null));
    expect(await deliver(one)).toBe(200);
    expect(await start(one, "meanwhile")).toMatchObject(ACCEPTED);
    expect(await start(other, "before")).toEqual(first);
    expect(starts()).toBe(2);
    const runs = new Set((await start(one, "meanwhile")).data.triggerSync?.syncs.map(({ id }) => id)).add(
      first.data.triggerSync?.syncs[0]?.id ?? "",
    );
    const last = await eventually("both runs end", () => {
      const ends = subscriber.seen.filter(({ syncId, to }) => runs.has(syncId) && isEnd(to));
      return ends.length === runs.size ? ends.at(-1)?.cursor : null;
    });
    // The socket was open all the time, and what it brought has no gap.
    expect(subscriber.connections()).toBe(1);
    const ledger = await readTransitions(one.url, begin, last);
    expect(subscriber.seen.slice(0, ledger.length)).toEqual(ledger);
    for (const { process } of [one, other]) expect(process.output()).not.toContain("shutting down");
  }, 120_000);

  test("hangs, takes no writes, or is locked wait for it or say so, and each start is sent once", async () => {
    const { server, one, other, start, starts } = await world();
    const goOn = await server.freeze();
    // Should it fail meanwhile: whoever waits for the server could not be closed.
    left.push(() => Promise.resolve(goOn()));
    const hanging = Promise.all([start(one, "hang-1"), start(other, "hang-2")]);
    await pause(HANGS_MS);
    goOn();
    for (const answer of await hanging) expect(answer).toMatchObject(ACCEPTED);

    await server.readOnly(true);
    await eventually("no write is taken", async () => ((await deliver(one)) === 503 ? true : null));
    expect(await start(one, "read-only")).toMatchObject(UNAVAILABLE);
    expect(await runsOf(one)).toBeGreaterThan(0);
    await server.readOnly(false);
    await eventually("writes are taken", async () => ((await deliver(one)) === 200 ? true : null));

    const keys = Array.from({ length: MANY }, (_, index) => `locked-${index}`);
    const answers = await server.onServer(async (client) => {
      await client.query("begin");
      await client.query("lock table sync_trigger in access exclusive mode");
      const waiting = keys.map((key) => start(one, key));
      await eventually("no connection is left", async () => ((await readiness(one)) === 503 ? true : null));
      expect(await readiness(other)).toBe(200);
      // Who has a connection hears nothing before the commit.
      await within("one is told that there is no connection", Promise.race(waiting));
      await client.query("commit");
      return Promise.all(waiting);
    });
    // Who found no connection was told so, and nothing was sent for them.
    expect(answers.filter(({ errors }) => errors.length > 0).length).toBeGreaterThan(0);
    for (const answer of answers) expect(answer).toMatchObject(answer.errors.length === 0 ? ACCEPTED : UNAVAILABLE);
    for (const key of keys) expect(await start(one, key)).toMatchObject(ACCEPTED);
    expect(await start(one, "read-only")).toMatchObject(ACCEPTED);
    expect(starts()).toBe(2 + 1 + MANY);
  }, 120_000);
});

/** How many runs a query lists. The test fails when the answer is not whole. */
async function runsOf({ url }: GatewayNode): Promise<number> {
  const shape = z.object({ syncs: z.object({ nodes: z.array(z.object({ id: z.string() })) }) });
  const { data, errors } = await ask(url, shape, "{ syncs(first: 10) { nodes { id } } }");
  expect(errors).toEqual([]);
  return data.syncs.nodes.length;
}

const readiness = async ({ url }: GatewayNode): Promise<number> => (await fetch(new URL("/readyz", url))).status;

/** A genuine delivery of Truto's. @returns the status it is answered with */
async function deliver({ url }: GatewayNode): Promise<number> {
  const event = {
    id: randomUUID(),
    event: "integrated_account:active",
    payload: {},
    created_at: new Date().toISOString(),
  };
  const body = JSON.stringify(event);
  const signature = `format=sha256,v=${createHmac("sha256", SECRET).update(body).digest("hex")}`;
  const headers = { "content-type": "application/json", "x-truto-signature": signature };
  return (await fetch(new URL("/webhooks/truto", url), { method: "POST", headers, body })).status;
}
