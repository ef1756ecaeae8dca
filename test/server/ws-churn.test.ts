// Clients that come and go: ten thousand subscriptions later nothing of them is left.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ledgerCursor } from "../../src/graphql/cursors.ts";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { WS_LIMITS } from "../../src/server/ws-limits.ts";
import { eventually, within } from "../support/eventually.ts";
import { TENANT, openGraphqlGateway, valueAt, type GraphqlGateway } from "../support/graphql.ts";
import { serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";
import { openAcknowledged, openRawSocket, type RawSocket } from "../support/raw-socket.ts";
import { idOf, seedRun } from "../support/seed-runs.ts";

const WATCH = "subscription ($after: String) { syncStatusChanged(after: $after) { cursor } }";
const PROGRESS = "subscription ($id: ID!) { syncProgressed(id: $id) { status } }";

let gateway: GraphqlGateway;
let server: GraphqlServer;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  server = await serveGraphql(gateway, { clock: gateway.clock });
  await seedRun(gateway.store, "run-1");
});

afterEach(async () => {
  await server.close();
  await gateway.close();
});

const subscribe = (socket: RawSocket, id: string, query = WATCH, variables: object = {}): void =>
  socket.send({ id, type: "subscribe", payload: { query, variables } });
const complete = (socket: RawSocket, id: string): void => socket.send({ id, type: "complete" });
const variables = { id: globalIdOf(NodeKind.Sync, idOf("sync", "run-1")) };
const beginning = { after: ledgerCursor(TENANT, 0) };

/** Everything a subscription may hold on to in this process. */
const held = () => ({
  streams: server.sockets.streams(),
  sockets: server.sockets.connections(),
  bytes: server.sockets.waitingBytes(),
  listeners: gateway.listeners(),
  sleepers: gateway.clock.pending().length,
});
const NOTHING = { streams: 0, sockets: 0, bytes: 0, listeners: 0, sleepers: 0 };

/** Handles and timers of the process, by kind. */
function resources(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

describe("subscriptions that come and go", () => {
  it(
    "leave nothing behind, whether they were completed, cut off, or never came to begin",
    { timeout: 90_000 },
    async () => {
      const before = resources();
      for (let round = 0; round < 50; round += 1) {
        const sockets = await Promise.all(Array.from({ length: 4 }, () => openAcknowledged(server.url)));
        for (const [index, socket] of sockets.entries()) {
          for (let number = 0; number < 50; number += 1) {
            const id = String(number);
            if (number % 2 === 0) subscribe(socket, id);
            else subscribe(socket, id, PROGRESS, variables);
            // Half are completed, most of them before they have begun; the others go with their socket.
            if (index % 2 === 0) complete(socket, id);
          }
        }
        // Of each kind of leaving one socket's subscriptions have begun, and the other's have not.
        for (const socket of sockets.slice(2)) {
          socket.send({ type: "ping" });
          while (valueAt(await within("a pong", socket.next()), "type") !== "pong");
        }
        await Promise.all(sockets.map((socket, index) => (index % 2 === 0 ? socket.close() : socket.cut())));
      }
      await eventually("everything is released", () => {
        const now = held();
        return Object.values(now).join() === Object.values(NOTHING).join() || null;
      });
      expect(held()).toEqual(NOTHING);
      expect(gateway.defects).toEqual([]);
      await eventually("no handle and no timer is left", () => {
        const now = resources();
        return Object.keys(now).every((kind) => (now[kind] ?? 0) <= (before[kind] ?? 0)) || null;
      });
    },
  );

  it("are released while they wait for a socket that is full", async () => {
    const socket = await openAcknowledged(server.url);
    await seedRun(gateway.store, "run-2", { facts: { models: ["m".repeat(500_000)] } });
    socket.pause();
    for (let number = 0; number < 100; number += 1)
      subscribe(
        socket,
        String(number),
        "subscription ($after: String) { syncStatusChanged(after: $after) { sync { models } } }",
        beginning,
      );
    await eventually("the socket is full", () => server.sockets.waitingBytes() > WS_LIMITS.mostWaitingBytes || null);
    expect(server.sockets.streams()).toBeGreaterThan(0);
    await socket.cut();
    await eventually("everything is released", () => server.sockets.streams() === 0 || null);
    await eventually(
      "nothing is held",
      () => (gateway.listeners() === 0 && server.sockets.connections() === 0) || null,
    );
  });

  it("may take up the id of one that was just completed, and are not taken for it", async () => {
    const socket = await openAcknowledged(server.url);
    const begin = { id: "same", type: "subscribe", payload: { query: WATCH, variables: beginning } };
    const end = { id: "same", type: "complete" };
    for (let round = 0; round < 20; round += 1) {
      socket.send(begin);
      expect(valueAt(await within("the first event", socket.next()), "type")).toBe("next");
      socket.sendTogether(end, begin, { type: "ping" });
      const told: unknown[] = [];
      // What had come for the first may be on its way still; a `complete` would be the first's, taken for the second's.
      while (!(told.includes("next") && told.includes("pong")))
        told.push(valueAt(await within("an event", socket.next()), "type"));
      expect(told).not.toContain("complete");
      expect(server.sockets.streams()).toBe(1);
      socket.send(end);
      await eventually("it is released", () => server.sockets.streams() === 0 || null);
    }
    await socket.close();
  });

  it("do not outlive a socket that closes while they begin", async () => {
    for (let round = 0; round < 30; round += 1) {
      const socket = await openAcknowledged(server.url);
      subscribe(socket, "1", WATCH, beginning);
      await socket.cut();
    }
    await eventually(
      "everything is released",
      () => Object.values(held()).join() === Object.values(NOTHING).join() || null,
    );
  });
});

describe("sockets that misbehave", () => {
  it("leave the others and the process alone", async () => {
    const good = await openAcknowledged(server.url);
    subscribe(good, "1");
    const sockets = await Promise.all(Array.from({ length: 20 }, () => openRawSocket(server.url)));
    for (const [index, socket] of sockets.entries()) {
      socket.send({ type: "connection_init" });
      if (index % 2 === 0) socket.sendText("{");
      subscribe(socket, "1", WATCH, beginning);
      subscribe(socket, "1", WATCH, beginning);
      if (index % 3 === 0) await socket.cut();
    }
    await Promise.all(sockets.map((socket) => socket.closed));
    await eventually("they are gone", () => server.sockets.connections() === 1 || null);
    await seedRun(gateway.store, "run-3");
    gateway.ring();
    expect(valueAt(await within("an event", good.next()), "type")).toBe("next");
    expect([server.sockets.streams(), gateway.defects]).toEqual([1, []]);
    await good.close();
  });
});
