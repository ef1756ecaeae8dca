// The door for HTTP, with raw connections: nothing that was asked is cut off, and nothing silent or slow holds the door open.
import { once } from "node:events";
import { Agent, request as ask, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, it, test } from "vitest";
import { DOOR_LIMITS, createDoor, type DoorOptions } from "../../src/server/door.ts";
import { systemClock } from "../../src/wire/system-clock.ts";
import { eventually, within } from "../support/eventually.ts";
import { createGate, type Gate } from "../support/gate.ts";
import { sendRaw } from "../support/graphql-server.ts";
import { createManualClock } from "../support/manual-clock.ts";

const left: (() => void)[] = [];

afterEach(() => {
  for (const end of left.splice(0)) end();
});

async function listening(
  answer: RequestListener = (_request, response) => response.end("here"),
  options: Partial<DoorOptions> = {},
) {
  const door = createDoor({
    clock: systemClock,
    answer,
    maxConnections: 100,
    reportDrops: () => undefined,
    ...options,
  });
  // Without limits of the test's own no connection ends by itself: what ends one is the door.
  if (options.limits === undefined)
    Object.assign(door.server, { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 });
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

test("keeps an idle connection longer than load balancers keep theirs, and tells how long", async () => {
  const { port } = await listening(undefined, { limits: {} });
  const agent = new Agent({ keepAlive: true });
  left.push(() => agent.destroy());
  const headers = await new Promise<IncomingMessage["headers"]>((resolve, reject) => {
    ask({ host: "127.0.0.1", port, agent }, (answer) => {
      answer.resume();
      resolve(answer.headers);
    })
      .on("error", reject)
      .end();
  });
  expect(headers["keep-alive"]).toBe("timeout=65");
});

test("an idle connection is kept as long, whatever a request may take in which nothing moves", async () => {
  const sockets: Socket[] = [];
  const { get: answered, server } = await listening(undefined, { limits: { idleMs: 30_000, keepAliveMs: 600_000 } });
  server.on("connection", (socket) => sockets.push(socket));
  await answered();
  await eventually("it is idle", () => ((sockets[0]?.timeout ?? 0) >= 600_000 ? true : null));
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
  await within("the door is shut", shut(NEVER));
  await within("the silent connection is closed", closed);
});

test("closes a connection that is to be upgraded when nobody upgrades any more", async () => {
  const { silent, shut } = await listening();
  const { socket, closed } = await silent();
  const shutting = shut(NEVER);
  socket.write("GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  await within("the connection is closed", closed);
  await within("the door is shut", shutting);
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
  await within("the door is shut", closed);
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

describe("a request that comes drop by drop", () => {
  /** As the gateway's, a fiftieth of it. */
  const SHORT = { headersMs: 200, requestMs: 600, lookMs: 20, keepAliveMs: 300, idleMs: 900 };
  const head = "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n";

  it.each([
    ["of which nothing comes", ""],
    ["whose head does not end", head],
    ["whose body does not end", `${head}\r\nabc`],
  ])("%s is cut, and others are answered meanwhile", async (_case, begun) => {
    const { port, get: answered } = await listening((_request, response) => response.end("here"), { limits: SHORT });
    const slow = connect(port, "127.0.0.1");
    left.push(() => slow.destroy());
    let received = "";
    slow.setEncoding("utf8").on("data", (text: string) => (received += text));
    slow.on("connect", () => slow.write(begun));
    const cut = once(slow, "close");
    expect(await answered()).toBe("keep-alive: here");
    await within("the connection is cut", cut, 10_000);
    // Answered before its body was there, it gets no second answer.
    expect(received).toMatch(begun.includes("abc") ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 408 /);
  });

  it("is cut after ten seconds without a head and thirty without a body, and Node looks every second", async () => {
    expect(DOOR_LIMITS).toMatchObject({ headersMs: 10_000, requestMs: 30_000, lookMs: 1_000 });
    const { server } = await listening(undefined, { limits: DOOR_LIMITS });
    expect([server.headersTimeout, server.requestTimeout]).toEqual([10_000, 30_000]);
    expect(Reflect.get(server, "connectionsCheckingInterval")).toBe(1_000);
  });

  it("is not read to its end by a client that leaves its answer lying: it is cut, and the answer let go", async () => {
    const gone = createGate();
    const { port } = await listening(
      (_request, response) => {
        response.once("close", gone.open);
        response.end(Buffer.alloc(64 * 1024 * 1024));
      },
      { limits: SHORT },
    );
    const lazy = connect(port, "127.0.0.1");
    left.push(() => lazy.destroy());
    lazy.on("error", () => undefined).pause();
    lazy.write("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
    await within("the answer is given up", gone.opened, 10_000);
  });
});

describe("headers", () => {
  const request = (headers: number): string =>
    `GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n${"x: y\r\n".repeat(headers - 2)}\r\n`;

  it.each([
    [100, 200],
    [101, 431],
    [129, 431],
    [1_000, 431],
  ])("%i of them are answered with %i", async (headers, status) => {
    const { port } = await listening();
    expect(await sendRaw(port, [request(headers)])).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });
});

describe("connections", () => {
  it("are taken up to their limit, more are closed, and the log is told of them at most once a minute", async () => {
    const clock = createManualClock();
    const told: number[] = [];
    const { port, silent } = await listening(undefined, {
      ...{ clock, maxConnections: 2, reportDrops: (dropped) => told.push(dropped) },
    });
    const kept = [await silent(), await silent()];
    const dropped = async (): Promise<void> => {
      const { closed } = await silentConnection(port);
      await within("it is closed", closed);
    };
    await dropped();
    await eventually("the log is told", () => told.length > 0 || null);
    for (let more = 0; more < 3; more += 1) await dropped();
    expect(told).toEqual([1]);
    await clock.advance(60_000);
    await dropped();
    await eventually("the log is told again", () => told.length > 1 || null);
    expect(told).toEqual([1, 4]);
    kept[0]?.socket.destroy();
    await eventually("there is room again", async () =>
      (await sendRaw(port, ["GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"])) === "" ? null : true,
    );
  });
});
