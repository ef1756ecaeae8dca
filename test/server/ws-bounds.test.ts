// What one WebSocket may make the gateway do: what is over gets an `error` and the socket lives; who floods it is closed.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WS_LIMITS } from "../../src/server/ws-limits.ts";
import { eventually, within } from "../support/eventually.ts";
import { createGate } from "../support/gate.ts";
import { TENANT, openGraphqlGateway, valueAt, type GraphqlGateway } from "../support/graphql.ts";
import { serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";
import { cursorAt } from "../support/ledger-cursors.ts";
import { openAcknowledged, type RawSocket } from "../support/raw-socket.ts";
import { seedRun } from "../support/seed-runs.ts";

const WATCH = "subscription { syncStatusChanged { cursor } }";
const QUERY = "{ viewer { name } }";

let gateway: GraphqlGateway;
let server: GraphqlServer;
let socket: RawSocket;

beforeAll(async () => {
  gateway = await openGraphqlGateway();
});

beforeEach(async () => {
  server = await serveGraphql(gateway, { clock: gateway.clock });
  socket = await openAcknowledged(server.url);
});

afterEach(async () => {
  await socket.cut();
  await server.close();
});

afterAll(() => gateway.close());

const subscribe = (id: string, query = WATCH, variables: object = {}): void =>
  socket.send({ id, type: "subscribe", payload: { query, variables } });

/** Everything that comes until the answer to a ping that is sent behind all else. */
async function answers(): Promise<readonly unknown[]> {
  socket.send({ type: "ping" });
  const frames: unknown[] = [];
  for (;;) {
    const frame = await within("a frame", socket.next());
    if (valueAt(frame, "type") === "pong") return frames;
    frames.push(frame);
  }
}

const refusal = (id: string, code: string, words: string) => ({
  id,
  type: "error",
  payload: [{ message: expect.stringContaining(words), extensions: { code } }],
});

async function expectAlive(): Promise<void> {
  await gateway.clock.advance(2_000);
  subscribe("alive", QUERY);
  expect(await within("an answer", socket.next())).toMatchObject({ id: "alive", type: "next" });
  expect(await within("its end", socket.next())).toEqual({ id: "alive", type: "complete" });
}

describe("operations of a socket", () => {
  it("are a hundred at once: the next one gets an error, and may come when one has ended", async () => {
    for (let number = 1; number <= WS_LIMITS.mostOperations; number += 1) subscribe(String(number));
    expect(await answers()).toEqual([]);
    await gateway.clock.advance(1_000);
    subscribe("101");
    expect(await answers()).toEqual([refusal("101", "RATE_LIMITED", "at most 100 operations at once")]);
    expect(server.sockets.streams()).toBe(100);
    socket.send({ id: "7", type: "complete" });
    subscribe("102");
    expect(await answers()).toEqual([]);
    expect(server.sockets.streams()).toBe(100);
    socket.send({ id: "8", type: "complete" });
    await expectAlive();
  });

  it("are a hundred in a burst, and fifty a second, whatever becomes of them", async () => {
    for (let number = 0; number < 160; number += 1) subscribe(String(number), "{");
    const errors = (frames: readonly unknown[], code: string): number =>
      frames.filter((frame) => valueAt(frame, "payload.0.extensions.code") === code).length;
    const first = await answers();
    expect([errors(first, "GRAPHQL_PARSE_FAILED"), errors(first, "RATE_LIMITED")]).toEqual([100, 60]);
    await gateway.clock.advance(1_000);
    for (let number = 0; number < 60; number += 1) subscribe(`again ${number}`, "{");
    const second = await answers();
    expect([errors(second, "GRAPHQL_PARSE_FAILED"), errors(second, "RATE_LIMITED")]).toEqual([50, 10]);
    await expectAlive();
  });

  it("may come five thousand at once without its end", async () => {
    for (let number = 0; number < 5_000; number += 1) subscribe(String(number));
    const frames = await answers();
    expect(frames).toHaveLength(4_900);
    expect(frames[0]).toEqual(refusal("100", "RATE_LIMITED", "More than 50 operations a second"));
    expect(server.sockets.streams()).toBe(100);
    for (let number = 0; number < 100; number += 1) socket.send({ id: String(number), type: "complete" });
    await expectAlive();
  });

  it.each([
    ["of 128 characters", "i".repeat(128)],
    ["of an object's prototype", "__proto__"],
    ["of an object's constructor", "constructor"],
  ])("may have an id %s", async (_case, id) => {
    subscribe(id, QUERY);
    const answer = { id, type: "next", payload: { data: { viewer: { name: "tester" } } } };
    expect(await answers()).toEqual([answer, { id, type: "complete" }]);
    await expectAlive();
  });

  it.each([129, 60_000])("may not have an id of %i characters", async (characters) => {
    const id = "i".repeat(characters);
    subscribe(id, QUERY);
    expect(await answers()).toEqual([refusal(id, "BAD_USER_INPUT", "at most 128 characters")]);
    await expectAlive();
  });

  it("have a megabyte of text and variables at once", async () => {
    const filter = { models: ["m".repeat(60_000)] };
    const query = "subscription ($filter: SyncFilter) { syncStatusChanged(filter: $filter) { cursor } }";
    for (let number = 0; number < 20; number += 1) subscribe(String(number), query, { filter });
    const frames = await answers();
    expect(frames.map((frame) => valueAt(frame, "id"))).toEqual(["17", "18", "19"]);
    expect(frames[0]).toEqual(refusal("17", "RATE_LIMITED", "at most 1024 KB of text and variables"));
    await expectAlive();
  });

  it("that are answered once are executed ten at a time, and those that leave before are not begun", async () => {
    const gate = createGate();
    let running = 0;
    gateway.script.outages = async () => {
      running += 1;
      await gate.opened;
      return [];
    };
    for (let number = 0; number < 25; number += 1) subscribe(String(number), "{ syncs { nodes { id } } }");
    for (let number = 20; number < 25; number += 1) socket.send({ id: String(number), type: "complete" });
    expect(await answers()).toEqual([]);
    expect(running).toBe(WS_LIMITS.mostTurns);
    gate.open();
    const done = new Set<unknown>();
    while (done.size < 20) {
      const frame = await within("an answer", socket.next());
      if (valueAt(frame, "type") === "complete") done.add(valueAt(frame, "id"));
    }
    expect(running).toBe(20);
    gateway.script.outages = () => Promise.resolve([]);
  });

  it("that wait for others of their socket for their whole time get an error", async () => {
    gateway.script.outages = () => new Promise(() => undefined);
    for (let number = 0; number < 10; number += 1) subscribe(String(number), "{ syncs { nodes { id } } }");
    subscribe("late", QUERY);
    expect(await answers()).toEqual([]);
    await gateway.clock.advance(15_000);
    expect(await answers()).toContainEqual(refusal("late", "RATE_LIMITED", "was not begun in its time"));
    gateway.script.outages = () => Promise.resolve([]);
  });
});

describe("what a socket makes the gateway hold", () => {
  /** Each event is this large, four times over. */
  const MODELS = ["m".repeat(100_000)];
  const NESTED =
    "subscription ($after: String) { syncStatusChanged(after: $after) { sync { a: models b: models c: models d: models } } }";
  const EVENT_BYTES = 400_000;

  it("is little when a hundred subscriptions of a client that does not read have an event each", async () => {
    await seedRun(gateway.store, "run-large", { facts: { models: MODELS } });
    socket.pause();
    const after = await cursorAt(gateway.store, TENANT, (await gateway.store.ledger.head(TENANT)) - 1);
    for (let number = 0; number < 100; number += 1) subscribe(String(number), NESTED, { after });
    let [before, looks, most] = [-1, 0, 0];
    await eventually("nothing more comes to wait", () => {
      const now = server.sockets.waitingBytes();
      most = Math.max(most, now);
      looks = now > WS_LIMITS.mostWaitingBytes && now === before ? looks + 1 : 0;
      before = now;
      return looks === 4 || null;
    });
    expect(server.sockets.streams()).toBe(100);
    expect(most).toBeLessThanOrEqual(WS_LIMITS.mostHeldBytes);
    socket.resume();
    let events = 0;
    while (events < 100) if (valueAt(await within("an event", socket.next()), "type") === "next") events += 1;
  });

  it("is not more for one answer: it gets an error, and the socket lives", async () => {
    await seedRun(gateway.store, "run-large", { facts: { models: MODELS } });
    const many = Array.from({ length: 50 }, (_, index) => `a${index}: models`).join(" ");
    const words = "larger than what a socket may have waiting";
    subscribe("query", `{ syncs(first: 1) { nodes { ${many} } } }`);
    expect(await within("an answer", socket.next())).toEqual(refusal("query", "RATE_LIMITED", words));
    const after = await cursorAt(gateway.store, TENANT, (await gateway.store.ledger.head(TENANT)) - 1);
    subscribe("event", `subscription ($after: String) { syncStatusChanged(after: $after) { sync { ${many} } } }`, {
      after,
    });
    expect(await within("an answer", socket.next())).toEqual(refusal("event", "RATE_LIMITED", words));
    await expectAlive();
    expect([server.sockets.streams(), gateway.defects]).toEqual([0, []]);
    expect(50 * 100_000).toBeGreaterThan(WS_LIMITS.mostHeldBytes);
    expect(EVENT_BYTES).toBeLessThan(WS_LIMITS.mostHeldBytes);
  });
});

describe("a flood", () => {
  it.each([
    ["of pings", () => socket.send({ type: "ping" })],
    ["of pongs", () => socket.send({ type: "pong" })],
    ["of WebSocket's own pings", () => socket.ping()],
    ["of messages that mean nothing", () => socket.send({ id: "nobody", type: "complete" })],
  ])("%s is not answered for long: the socket is closed with 4429", async (_case, flood) => {
    for (let sent = 0; sent <= WS_LIMITS.messages.burst; sent += 1) flood();
    expect((await within("the end", socket.closed, 20_000)).code).toBe(4429);
    expect(gateway.defects).toEqual([]);
  });

  it("that a clock spreads over time is none", async () => {
    for (let second = 0; second < 20; second += 1) {
      for (let sent = 0; sent < 50; sent += 1) socket.send({ type: "ping" });
      for (let got = 0; got < 50; got += 1) expect(await within("a pong", socket.next())).toEqual({ type: "pong" });
      await gateway.clock.advance(1_000);
    }
    await expectAlive();
  });
});
