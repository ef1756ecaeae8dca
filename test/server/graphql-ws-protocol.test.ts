// The rules of graphql-transport-ws: what closes a socket, with which code, and what must not.
// https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { openGraphqlGateway, type GraphqlGateway } from "../support/graphql.ts";
import { serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";
import { openAcknowledged, openRawSocket, type RawSocket } from "../support/raw-socket.ts";

const WATCH = "subscription { syncStatusChanged { cursor } }";

let gateway: GraphqlGateway;
let server: GraphqlServer;
let socket: RawSocket;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  server = await serveGraphql(gateway);
  socket = await openAcknowledged(server.url);
});

afterEach(async () => {
  await socket.close();
  await server.close();
  await gateway.close();
});

describe("the WebSocket protocol", () => {
  it("answers a ping", async () => {
    socket.send({ type: "ping", payload: { a: 1 } });
    expect(await socket.next()).toEqual({ type: "pong", payload: { a: 1 } });
  });

  const violations: readonly (readonly [string, number, (raw: RawSocket) => void])[] = [
    ["a second connection_init", 4429, (raw) => raw.send({ type: "connection_init" })],
    ["a text that is no JSON", 4400, (raw) => raw.sendText("{")],
    ["an unknown type", 4400, (raw) => raw.send({ type: "start", id: "1" })],
    [
      "variables that are no object",
      4400,
      (raw) => raw.send({ id: "1", type: "subscribe", payload: { query: "{ viewer { name } }", variables: "x" } }),
    ],
    ["no id", 4400, (raw) => raw.send({ type: "subscribe", payload: { query: "{ viewer { name } }" } })],
    [
      "an id that is taken",
      4409,
      (raw) => [1, 2].forEach(() => raw.send({ id: "1", type: "subscribe", payload: { query: WATCH } })),
    ],
    ["a frame of more than 64 KB", 1009, (raw) => raw.sendText("a".repeat(64 * 1_024 + 1))],
  ];
  it.each(violations)("closes on %s with %i", async (_case, code, send) => {
    send(socket);
    expect((await socket.closed).code).toBe(code);
    expect((await socket.closed).reason).not.toMatch(/stack|node_modules/);
  });

  it("closes with 4401 when an operation comes before connection_init", async () => {
    const raw = await openRawSocket(server.url);
    raw.send({ id: "1", type: "subscribe", payload: { query: "{ viewer { name } }" } });
    expect((await raw.closed).code).toBe(4401);
  });

  it("closes with 4408 when no connection_init comes", async () => {
    const raw = await openRawSocket(server.url);
    expect((await raw.closed).code).toBe(4408);
  });

  it.each(["graphql-ws", "something-else"])("opens no socket for the sub-protocol %s alone", async (protocol) => {
    await expect(openRawSocket(server.url, protocol)).rejects.toThrow(/subprotocol/i);
  });

  it("closes with 4406 when no sub-protocol is offered", async () => {
    const raw = await openRawSocket(server.url, null);
    expect((await raw.closed).code).toBe(4406);
  });

  it("opens no socket at another path", async () => {
    await expect(openRawSocket(`${server.origin}/other`)).rejects.toThrow("400");
  });

  it("tells clients with 1001 to go elsewhere when the gateway stops, and counts its sockets", async () => {
    const stopping = await serveGraphql(gateway);
    const raw = await openAcknowledged(stopping.url);
    expect(stopping.sockets.connections()).toBe(1);
    const stopped = stopping.close();
    expect((await raw.closed).code).toBe(1001);
    await stopped;
    expect(stopping.sockets.connections()).toBe(0);
  });

  it("does not close the socket because an operation's context cannot be made, and says nothing of why", async () => {
    let broken = false;
    const moody = await serveGraphql(gateway, {
      contextOf: () => {
        if (broken) throw new Error("secret /etc/passwd");
        return gateway.context();
      },
    });
    const raw = await openAcknowledged(moody.url);
    try {
      broken = true;
      raw.send({ id: "1", type: "subscribe", payload: { query: "{ viewer { name } }" } });
      const frame = await raw.next();
      expect(frame).toMatchObject({ id: "1", type: "error", payload: [{ extensions: { code: ErrorCode.Internal } }] });
      expect(JSON.stringify(frame)).not.toContain("passwd");
      broken = false;
      raw.send({ id: "2", type: "subscribe", payload: { query: "{ viewer { name } }" } });
      expect(await raw.next()).toMatchObject({ id: "2", type: "next" });
      expect(gateway.defects).toHaveLength(1);
    } finally {
      await raw.close();
      await moody.close();
    }
  });
});
