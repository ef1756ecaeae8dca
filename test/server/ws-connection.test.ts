// One socket's account: what waits, when there is room, when it stalls; with a socket that takes what the test says it takes.
import { beforeEach, describe, expect, it } from "vitest";
import { createWsConnection, type WsConnection, type WsSocket } from "../../src/server/ws-connection.ts";
import { WS_LIMITS, type WsLimits } from "../../src/server/ws-limits.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";

const LIMITS: WsLimits = { ...WS_LIMITS, mostWaitingBytes: 100, stallMs: 1_000, pingMs: 500, closeMs: 200 };

interface FakeSocket extends WsSocket {
  /** What was done to it, in order. */
  readonly done: string[];
  /** The client's side takes the oldest that waits. */
  take(): void;
  pinged(): void;
  ponged(): void;
  /** The connection is gone. */
  end(): void;
}

function createFakeSocket(): FakeSocket {
  const done: string[] = [];
  const waiting: (() => void)[] = [];
  const listeners = {
    ping: (_data: Buffer): void => undefined,
    pong: (): void => undefined,
    close: (): void => undefined,
  };
  let open = true;
  const put = (what: string, taken: () => void): void => {
    done.push(what);
    waiting.push(taken);
  };
  return {
    done,
    protocol: "graphql-transport-ws",
    isOpen: () => open,
    send: (data, taken) => put(data.toString("utf8"), taken),
    ping: (taken) => put("ping", taken),
    pong: (data, taken) => put(`pong ${data.toString("utf8")}`, taken),
    pause: () => void done.push("pause"),
    resume: () => void done.push("resume"),
    terminate: () => void done.push("terminate"),
    close: (code) => {
      open = false;
      done.push(`close ${code}`);
    },
    onPing: (listener) => void (listeners.ping = listener),
    onPong: (listener) => void (listeners.pong = listener),
    onClose: (listener) => void (listeners.close = listener),
    take: () => waiting.shift()?.(),
    pinged: () => listeners.ping(Buffer.from("x")),
    ponged: () => listeners.pong(),
    end: () => {
      open = false;
      listeners.close();
    },
  };
}

let clock: ManualClock;
let socket: FakeSocket;
let connection: WsConnection;

beforeEach(() => {
  clock = createManualClock();
  socket = createFakeSocket();
  connection = createWsConnection(socket, LIMITS, () => clock.now());
});

const large = "m".repeat(101);
const closes = (): readonly string[] => socket.done.filter((one) => one.startsWith("close") || one === "terminate");

/** Lets time pass with a look at its end. */
async function pass(ms: number): Promise<void> {
  await clock.advance(ms);
  connection.look();
}

describe("room", () => {
  it("is there until more waits than may, and again when enough was taken", async () => {
    connection.send("a".repeat(100));
    expect(await connection.room()).toBe(true);
    connection.send("b");
    const room = connection.room();
    await expect(Promise.race([room, Promise.resolve("later")])).resolves.toBe("later");
    socket.take();
    expect(await room).toBe(true);
    expect(connection.waitingBytes()).toBe(1);
  });

  it("is refused as soon as the socket closes, by whichever side", async () => {
    connection.send(large);
    const room = connection.room();
    connection.close(1001, "");
    expect([await room, await connection.room()]).toEqual([false, false]);
    const other = createFakeSocket();
    const others = createWsConnection(other, LIMITS, () => clock.now());
    others.send(large);
    const waiting = others.room();
    other.end();
    expect(await waiting).toBe(false);
  });

  it("is counted in bytes", () => {
    connection.send("é".repeat(10));
    expect(connection.waitingBytes()).toBe(20);
  });
});

describe("a client that does not read", () => {
  it("is not read from while more waits than may, answers to its pings included", () => {
    connection.send("a".repeat(100));
    socket.pinged();
    expect(socket.done.slice(1)).toEqual(["pong x", "pause"].toReversed());
    socket.take();
    expect(socket.done.at(-1)).toBe("resume");
  });

  it("is closed with 1013 when it takes nothing for the time of a stall, and not before", async () => {
    connection.send("a");
    await pass(999);
    expect(closes()).toEqual([]);
    await pass(1);
    expect(closes()).toEqual(["close 1013"]);
    // Its answer to the close must be read.
    expect(socket.done.at(-1)).toBe("resume");
  });

  it("is left alone for as long as it takes something now and then", async () => {
    for (let sent = 0; sent < 10; sent += 1) connection.send("a");
    for (let taken = 0; taken < 9; taken += 1) {
      await pass(999);
      socket.take();
    }
    expect(closes()).toEqual([]);
    await pass(1_000);
    expect(closes()).toEqual(["close 1013"]);
  });

  it("is not blamed for the time in which nothing waited", async () => {
    await clock.advance(5_000);
    connection.send("a");
    connection.look();
    await pass(999);
    expect(closes()).toEqual([]);
  });

  it("gets nothing more once it closes, and is cut when it does not close", async () => {
    connection.send(large);
    await pass(1_000);
    connection.send("more");
    expect(socket.done).not.toContain("more");
    await pass(199);
    expect(closes()).toEqual(["close 1013"]);
    await pass(1);
    expect(closes()).toEqual(["close 1013", "terminate"]);
  });
});

describe("a client to which nothing waits", () => {
  it("is pinged, and cut when it did not answer by the next ping", async () => {
    await pass(500);
    socket.take();
    socket.ponged();
    await pass(500);
    socket.take();
    expect(socket.done.filter((one) => one === "ping")).toHaveLength(2);
    expect(closes()).toEqual([]);
    await pass(499);
    expect(closes()).toEqual([]);
    await pass(1);
    expect(closes()).toEqual(["terminate"]);
  });

  it("has a whole time to answer after something waited for it", async () => {
    await pass(500);
    socket.take();
    connection.send("a");
    await pass(400);
    socket.take();
    await pass(200);
    expect(closes()).toEqual([]);
  });
});
