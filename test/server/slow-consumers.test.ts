// Clients that do not read what they asked for: what waits for them is bounded, they are told to come back, and nobody else notices.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ledgerCursor } from "../../src/graphql/cursors.ts";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import type { RecordCounts } from "../../src/domain/sync.ts";
import { WS_LIMITS } from "../../src/server/ws-limits.ts";
import { cursorsIn } from "../support/ledger-cursors.ts";
import { eventually, within } from "../support/eventually.ts";
import { TENANT, openGraphqlGateway, valueAt, type GraphqlGateway } from "../support/graphql.ts";
import { serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";
import { openAcknowledged, type RawSocket } from "../support/raw-socket.ts";
import { ended, idOf, seedRun } from "../support/seed-runs.ts";
import { at, entry, rules } from "../support/store-values.ts";

const WATCH =
  "subscription ($after: String) { syncStatusChanged(after: $after) { cursor to sync { remoteId models } } }";
/** Makes each event so large that a few dozen fill what the operating system takes for a client that does not read. */
const LARGE = "m".repeat(100_000);
const EVENT_BYTES = 101_000;
const NO_COUNTS: RecordCounts = {
  ...{ total: null, inserted: null, updated: null, upserted: null, deleted: null },
  ...{ failed: null, warnings: null, fetched: null, persisted: null },
};

let gateway: GraphqlGateway;
let server: GraphqlServer;
let opened: RawSocket[];

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  server = await serveGraphql(gateway, { clock: gateway.clock });
  opened = [];
});

afterEach(async () => {
  for (const socket of opened) await socket.cut();
  await server.close();
  await gateway.close();
});

async function open(): Promise<RawSocket> {
  const socket = await openAcknowledged(server.url);
  opened.push(socket);
  return socket;
}

const watch = (socket: RawSocket, after = ledgerCursor(TENANT, 0), id = "1"): void =>
  socket.send({
    id,
    type: "subscribe",
    payload: { query: WATCH, variables: { after } },
  });

/** Runs with large events, three transitions each. */
async function record(from: number, runs: number): Promise<void> {
  const entries = Array.from({ length: runs }, (_, index) =>
    entry(`run-${from + index}`, { ...ended, facts: { models: [LARGE] } }),
  );
  await gateway.store.ledger.record(TENANT, entries, rules);
  gateway.ring();
}

const cursorOf = (frame: unknown): unknown => valueAt(frame, "payload.data.syncStatusChanged.cursor");

/** Cursors of the next events. */
async function take(socket: RawSocket, count: number): Promise<readonly unknown[]> {
  const cursors: unknown[] = [];
  while (cursors.length < count) cursors.push(cursorOf(await within("an event", socket.next())));
  return cursors;
}

const cursors = async (from: number, to: number): Promise<readonly string[]> =>
  (await cursorsIn(gateway.store, TENANT)).slice(from - 1, to);

/** Waits until as much waits for the clients as ever will. */
async function untilFull(): Promise<number> {
  let [before, looks] = [-1, 0];
  return eventually("nothing more comes to wait", () => {
    const now = server.sockets.waitingBytes();
    looks = now > 0 && now === before ? looks + 1 : 0;
    before = now;
    return looks === 4 ? now : null;
  });
}

describe("a client that does not read", () => {
  it("has little waiting for it, and the others get everything in order", async () => {
    const paused = await Promise.all([open(), open(), open(), open()]);
    for (const socket of paused) {
      watch(socket);
      socket.pause();
    }
    const reader = await open();
    watch(reader);

    let most = 0;
    const seen: unknown[] = [];
    for (let run = 0; run < 40; run += 10) {
      await record(run, 10);
      seen.push(...(await take(reader, 30)));
      most = Math.max(most, server.sockets.waitingBytes());
    }

    expect(seen).toEqual(await cursors(1, 120));
    // Otherwise the operating system took all of it, and nothing is shown.
    expect(await untilFull()).toBeGreaterThan(WS_LIMITS.mostWaitingBytes);
    most = Math.max(most, server.sockets.waitingBytes());
    expect(most).toBeLessThanOrEqual(paused.length * (WS_LIMITS.mostWaitingBytes + EVENT_BYTES));
    expect(server.sockets.streams()).toBe(5);
  });

  it("is told after a stall to come back, and goes on where it was without a gap", async () => {
    const socket = await open();
    watch(socket);
    socket.pause();
    await record(0, 40);
    await untilFull();

    await gateway.clock.advance(WS_LIMITS.stallMs - 2_000);
    expect(server.sockets.streams()).toBe(1);
    await gateway.clock.advance(2_000);
    // What it held is free at once, however long the socket takes to close.
    expect(server.sockets.streams()).toBe(0);
    await eventually("its feed is given up", () => gateway.listeners() === 0 || null);

    socket.resume();
    expect(await socket.closed).toEqual({ code: 1013, reason: "Nothing was read for a while" });
    const got: unknown[] = [];
    for (let last = false; !last;) {
      const frame = await socket.next().catch(() => null);
      last = frame === null;
      if (frame !== null) got.push(cursorOf(frame));
    }
    expect(got.length).toBeGreaterThan(0);
    expect(got.length).toBeLessThan(120);
    const again = await open();
    watch(again, String(got.at(-1)));
    expect([...got, ...(await take(again, 120 - got.length))]).toEqual(await cursors(1, 120));
  });

  it("and does not answer the close either is cut", async () => {
    const socket = await open();
    watch(socket);
    socket.pause();
    await record(0, 40);
    await untilFull();
    await gateway.clock.advance(WS_LIMITS.stallMs);
    expect(server.sockets.connections()).toBe(1);
    await gateway.clock.advance(WS_LIMITS.closeMs + 1_000);
    await eventually("the socket is gone", () => server.sockets.connections() === 0 || null);
    expect(server.sockets.waitingBytes()).toBe(0);
  });

  it("but now and then takes something is left alone", async () => {
    const socket = await open();
    watch(socket);
    socket.pause();
    await record(0, 70);
    let waiting = await untilFull();
    for (let round = 0; round < 3; round += 1) {
      await gateway.clock.advance(WS_LIMITS.stallMs - 2_000);
      socket.resume();
      await take(socket, 40);
      socket.pause();
      waiting = await untilFull();
    }
    expect(waiting).toBeGreaterThan(0);
    expect([server.sockets.connections(), server.sockets.streams()]).toEqual([1, 1]);
  });

  it("does not hold up the end of the gateway", async () => {
    const socket = await open();
    watch(socket);
    socket.pause();
    await record(0, 40);
    await untilFull();
    const closing = server.close();
    await gateway.clock.advance(WS_LIMITS.closeMs + 1_000);
    await within("the end", closing);
    server = await serveGraphql(gateway);
  });

  it("is not read from either, so that what it asks cannot pile up", async () => {
    const socket = await open();
    socket.pause();
    const payload = { text: "p".repeat(60_000) };
    for (let ping = 0; ping < 300; ping += 1) socket.send({ type: "ping", payload });
    const waiting = await untilFull();
    expect(waiting).toBeGreaterThan(WS_LIMITS.mostWaitingBytes);
    // What was read already when it was too much is answered.
    expect(waiting).toBeLessThanOrEqual(WS_LIMITS.mostWaitingBytes + 3 * 61_000);
    socket.resume();
    for (let pong = 0; pong < 300; pong += 1)
      expect(valueAt(await within("a pong", socket.next()), "type")).toBe("pong");
    expect(server.sockets.connections()).toBe(1);
  });

  it("gets of a run's progress the newest and its end, and not what came in between", async () => {
    const socket = await open();
    await seedRun(gateway.store, "run-1", { facts: { models: [LARGE] } });
    const id = globalIdOf(NodeKind.Sync, idOf("sync", "run-1"));
    const query = "subscription ($id: ID!) { syncProgressed(id: $id) { status models recordCounts { total } } }";
    socket.send({ id: "1", type: "subscribe", payload: { query, variables: { id } } });
    await socket.next();
    socket.pause();
    const versions = 150;
    for (let total = 1; total <= versions; total += 1) {
      const recordCounts = { ...NO_COUNTS, total };
      const last = total === versions ? ended : {};
      await seedRun(gateway.store, "run-1", { observedAt: at(total), facts: { recordCounts }, ...last });
      gateway.ring();
    }
    const waiting = await untilFull();
    expect(waiting).toBeLessThanOrEqual(WS_LIMITS.mostWaitingBytes + EVENT_BYTES);
    socket.resume();
    const totals: unknown[] = [];
    for (;;) {
      const frame = await within("an event", socket.next());
      if (valueAt(frame, "type") === "complete") break;
      totals.push(valueAt(frame, "payload.data.syncProgressed.recordCounts.total"));
    }
    expect(totals.at(-1)).toBe(versions);
    expect(totals.length).toBeLessThan(versions);
  });
});

describe("a client to which nothing waits", () => {
  it("is pinged, and cut when it does not answer", async () => {
    const socket = await open();
    socket.pause();
    await gateway.clock.advance(WS_LIMITS.pingMs + 1_000);
    expect(server.sockets.connections()).toBe(1);
    await gateway.clock.advance(WS_LIMITS.pingMs);
    await eventually("the socket is gone", () => server.sockets.connections() === 0 || null);
  });

  it("and that answers is left alone", async () => {
    const socket = await open();
    for (let ping = 0; ping < 4; ping += 1) {
      const pinged = socket.pinged();
      await gateway.clock.advance(WS_LIMITS.pingMs + 1_000);
      await within("a ping", pinged);
      // Its answer is there before that of a question asked after it.
      socket.send({ type: "ping" });
      await socket.next();
    }
    expect(server.sockets.connections()).toBe(1);
  });

  it("is answered when it pings by itself", async () => {
    const socket = await open();
    const ponged = socket.ponged();
    socket.ping();
    await within("a pong", ponged);
  });
});
