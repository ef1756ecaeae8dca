// A WebSocket client that speaks graphql-transport-ws by hand: it sends what it is told and shows what came.
import type { ClientRequestArgs } from "node:http";
import { connect, type Socket } from "node:net";
import { WebSocket } from "ws";
import { valueAt } from "./graphql.ts";

export interface RawSocket {
  readonly protocol: string;
  send(message: unknown): void;
  sendText(text: string): void;
  /** Sends messages so that they arrive as one piece. */
  sendTogether(...messages: readonly unknown[]): void;
  /** A ping of the WebSocket protocol itself. */
  ping(): void;
  /** Resolves with the next ping, or answer to one, of the WebSocket protocol itself. */
  pinged(): Promise<void>;
  ponged(): Promise<void>;
  /** Reads nothing more, as a client that hangs; what is underway fills the sockets' buffers. */
  pause(): void;
  resume(): void;
  /** The next message that has not been taken yet. Rejects when the socket closes instead. */
  next(): Promise<unknown>;
  /** Resolves when the server has closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  close(): Promise<void>;
  /** Cuts the connection without a word. */
  cut(): Promise<void>;
}

/** @param protocol null offers none */
export async function openRawSocket(url: string, protocol: string | null = "graphql-transport-ws"): Promise<RawSocket> {
  const address = url.replace(/^http/, "ws");
  const carriers: Socket[] = [];
  const socket = new WebSocket(address, protocol === null ? [] : [protocol], {
    createConnection: ({ port }: ClientRequestArgs) => {
      const carrier = connect(Number(port), "127.0.0.1");
      carriers.push(carrier);
      return carrier;
    },
  });
  const arrived: unknown[] = [];
  let waiting: ((message: unknown) => void)[] = [];
  socket.on("message", (data: Buffer) => {
    const message: unknown = JSON.parse(data.toString("utf8"));
    const take = waiting.shift();
    if (take === undefined) arrived.push(message);
    else take(message);
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on("close", (code, reason) => resolve({ code, reason: reason.toString("utf8") }));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("error", reject);
  });
  // What breaks later shows as the close.
  socket.on("error", () => undefined);
  return {
    protocol: socket.protocol,
    send: (message) => socket.send(JSON.stringify(message)),
    sendText: (text) => socket.send(text),
    sendTogether: (...messages) => {
      for (const carrier of carriers) carrier.cork();
      for (const message of messages) socket.send(JSON.stringify(message));
      for (const carrier of carriers) carrier.uncork();
    },
    ping: () => socket.ping(),
    pinged: () => new Promise((resolve) => socket.once("ping", () => resolve())),
    ponged: () => new Promise((resolve) => socket.once("pong", () => resolve())),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    next: () => {
      if (arrived.length > 0) return Promise.resolve(arrived.shift());
      const message = new Promise((resolve) => {
        waiting = [...waiting, resolve];
      });
      return Promise.race([
        message,
        closed.then(({ code, reason }) => Promise.reject(new Error(`closed with ${code}: ${reason}`))),
      ]);
    },
    closed,
    close: async () => {
      socket.resume();
      socket.close();
      await closed;
    },
    cut: async () => {
      socket.terminate();
      await closed;
    },
  };
}

/** Opens and initialises. */
export async function openAcknowledged(url: string): Promise<RawSocket> {
  const socket = await openRawSocket(url);
  socket.send({ type: "connection_init" });
  const answer = await socket.next();
  if (valueAt(answer, "type") !== "connection_ack") throw new Error(`not acknowledged: ${JSON.stringify(answer)}`);
  return socket;
}
