// What the transport does when the protocol over it fails: nothing reaches the process, and nothing is left of the socket.
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWsTransport, type WsPeer, type WsTransport } from "../../src/server/ws-transport.ts";
import { systemClock } from "../../src/wire/system-clock.ts";
import { eventually } from "../support/eventually.ts";
import { createGate } from "../support/gate.ts";
import { openRawSocket } from "../support/raw-socket.ts";

/** What the protocol does with each message, and at the end of a socket. */
interface Script {
  receive: (text: string, close: () => void) => Promise<void>;
  left: () => Promise<void>;
  opened: (peer: WsPeer) => void;
}

let server: Server;
let transport: WsTransport;
let script: Script;
let defects: unknown[];
let url: string;

beforeEach(async () => {
  defects = [];
  script = { receive: () => Promise.resolve(), left: () => Promise.resolve(), opened: () => undefined };
  server = createServer();
  transport = createWsTransport({
    ...{
      server,
      path: "/graphql",
      refused: () => null,
      clock: systemClock,
      reportDefect: (error) => void defects.push(error),
    },
    protocol: {
      opened: (socket, peer) => {
        script.opened(peer);
        socket.onMessage((text) => script.receive(text, () => void socket.close(4499, "enough")));
        return () => script.left();
      },
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  url = `http://127.0.0.1:${address.port}/graphql`;
});

afterEach(async () => {
  await transport.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe("a socket", () => {
  it("whose message makes the protocol fail is closed with 4500 and no reason of the failure's, which is reported", async () => {
    const failure = new Error("secret");
    script.receive = () => Promise.reject(failure);
    const socket = await openRawSocket(url);
    socket.sendText("x");
    expect(await socket.closed).toEqual({ code: 4500, reason: "Internal server error" });
    expect(defects).toEqual([failure]);
  });

  it("whose end makes the protocol fail is reported, and no more", async () => {
    const failure = new Error("at the end");
    script.left = () => Promise.reject(failure);
    const socket = await openRawSocket(url);
    await socket.cut();
    await eventually("it is reported", () => defects.length > 0 || null);
    expect(defects).toEqual([failure]);
  });

  it("ends every stream it had, also one the protocol has forgotten", async () => {
    const left = createGate();
    script.opened = ({ streams }) => {
      const stream = {
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.resolve({ done: false, value: 1 }),
          return: () => {
            left.open();
            return Promise.resolve({ done: true, value: undefined });
          },
        }),
      };
      streams.paced<unknown, unknown>(stream, (event) => event);
    };
    const socket = await openRawSocket(url);
    expect(transport.streams()).toBe(1);
    await socket.cut();
    await left.opened;
    await eventually("the socket is gone", () => transport.connections() === 0 || null);
    expect(transport.streams()).toBe(0);
  });

  it("that is being closed is not listened to any more", async () => {
    const received: string[] = [];
    script.receive = (text, close) => {
      received.push(text);
      close();
      return Promise.resolve();
    };
    const socket = await openRawSocket(url);
    socket.sendTogether("first", "second");
    expect((await socket.closed).code).toBe(4499);
    expect(received).toEqual(['"first"']);
  });
});

describe("the transport", () => {
  it("reports what happens to the server under it", () => {
    const failure = new Error("the port is gone");
    server.emit("error", failure);
    expect(defects).toEqual([failure]);
  });
});
