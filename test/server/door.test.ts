// The door for HTTP, with raw connections: nothing that was asked is cut off, and nothing silent holds the door open.
import { once } from "node:events";
import { Agent, request as ask, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createDoor } from "../../src/server/door.ts";
import { systemClock } from "../../src/wire/system-clock.ts";
import { within } from "../support/eventually.ts";
import { createGate, type Gate } from "../support/gate.ts";

const left: (() => void)[] = [];

afterEach(() => {
  for (const end of left.splice(0)) end();
});

async function listening(answer: RequestListener = (_request, response) => response.end("here")) {
  const door = createDoor(systemClock, answer);
  door.server.listen(0, "127.0.0.1");
  await once(door.server, "listening");
  left.push(() => door.server.closeAllConnections());
  const { port } = door.server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  left.push(() => agent.destroy());
  return { ...door, port, get: () => get(port, agent), silent: () => silentConnection(port) };
}

/** @returns what the answer says of its connection, and its body */
function get(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = ask({ host: "127.0.0.1", port, agent }, (answer: IncomingMessage) => {
      let body = "";
      answer.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
      answer.on("end", () => resolve(`${answer.headers.connection}: ${body}`));
    });
    asked.on("error", reject).end();
  });
}

async function silentConnection(port: number): Promise<{ readonly socket: Socket; readonly closed: Promise<unknown> }> {
  const socket = connect(port, "127.0.0.1");
  left.push(() => socket.destroy());
  await once(socket, "connect");
  return { socket, closed: once(socket.resume(), "close") };
}

/** An answer that a test gives when it likes. */
function held(): { readonly asked: Gate; readonly give: Gate; readonly answer: RequestListener } {
  const [asked, give] = [createGate(), createGate()];
  const answer = (_request: IncomingMessage, response: ServerResponse): void => {
    asked.open();
    void give.opened.then(() => response.end("late"));
  };
  return { asked, give, answer };
}

const NEVER = new AbortController().signal;

test("keeps connections open, and after its goodbye ends each with its next answer", async () => {
  const { get: answered, sayGoodbye } = await listening();
  expect(await answered()).toBe("keep-alive: here");
  sayGoodbye();
  expect(await answered()).toBe("close: here");
  expect(await answered()).toBe("close: here");
});

test("waits for what is being answered, tells its client to keep nothing open, and takes no new connection", async () => {
  const { asked, give, answer } = held();
  const { get: answered, shut, port } = await listening(answer);
  const waiting = answered();
  await asked.opened;
  const closed = shut(NEVER);
  await expect(silentConnection(port)).rejects.toThrow("ECONNREFUSED");
  give.open();
  expect(await waiting).toBe("close: late");
  await within("the door is shut", closed);
});

test("does not wait for connections that nothing is asked on", async () => {
  const { get: answered, silent, shut } = await listening();
  expect(await answered()).toBe("keep-alive: here");
  const { closed } = await silent();
  await within("the door is shut", shut(NEVER), 5_000);
  await within("the silent connection is closed", closed);
});

test("closes a connection that is to be upgraded when nobody upgrades any more", async () => {
  const { silent, shut } = await listening();
  const { socket, closed } = await silent();
  const shutting = shut(NEVER);
  socket.write("GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  await within("the connection is closed", closed, 5_000);
  await within("the door is shut", shutting, 5_000);
});

test("does not wait for a connection whose answer had begun before the goodbye", async () => {
  const { asked, give, answer } = held();
  const { get: answered, shut } = await listening((request, response) => {
    response.write("first, ");
    answer(request, response);
  });
  const waiting = answered();
  await asked.opened;
  const closed = shut(NEVER);
  give.open();
  expect(await waiting).toBe("keep-alive: first, late");
  await within("the door is shut", closed, 5_000);
});

test("cuts off what is not answered when patience ends", async () => {
  const { asked, answer } = held();
  const { get: answered, shut } = await listening(answer);
  const waiting = answered();
  await asked.opened;
  const patience = new AbortController();
  const closed = shut(patience.signal);
  patience.abort();
  await expect(waiting).rejects.toThrow("socket hang up");
  await within("the door is shut", closed);
});
