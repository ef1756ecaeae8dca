// A gateway's WebSocket side in the hands of a test: a real socket server, each of whose connections says what the test has it say.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import { within } from "./eventually.ts";
import { valueAt } from "./graphql.ts";

export interface ScriptedGateway extends AsyncDisposable {
  readonly url: string;
  /** The next connection that was opened and has not been taken yet. */
  connection(): Promise<ScriptedConnection>;
  /** Connections opened so far. */
  opened(): number;
}

export interface ScriptedConnection {
  /** The client's next message. */
  next(): Promise<unknown>;
  send(message: unknown): void;
  sendText(text: string): void;
  close(code: number, reason?: string): void;
  /** Cuts the connection without a word. */
  cut(): void;
  /** Resolves with the code that the client closed with. */
  readonly closed: Promise<number>;
}

export async function startScriptedGateway(): Promise<ScriptedGateway> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "graphql-transport-ws" });
  await once(server, "listening");
  const connections = createMailbox<ScriptedConnection>();
  let opened = 0;
  server.on("connection", (socket) => {
    opened += 1;
    connections.put(scripted(socket));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}/graphql`,
    connection: () => within("a connection", connections.take()),
    opened: () => opened,
    [Symbol.asyncDispose]: async () => {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function scripted(socket: WebSocket): ScriptedConnection {
  const messages = createMailbox<unknown>();
  socket.on("message", (data: Buffer) => messages.put(JSON.parse(data.toString("utf8"))));
  return {
    next: () => within("a message of the client", messages.take()),
    send: (message) => socket.send(JSON.stringify(message)),
    sendText: (text) => socket.send(text),
    close: (code, reason) => socket.close(code, reason),
    cut: () => socket.terminate(),
    closed: new Promise((resolve) => {
      socket.on("close", (code) => resolve(code));
    }),
  };
}

export interface BegunSubscription {
  /** What the client sent as `connection_init`'s payload. */
  readonly params: unknown;
  readonly query: unknown;
  readonly variables: unknown;
  /** Sends a transition with this cursor and what else there is. */
  event(cursor: string, more?: object, errors?: readonly object[]): void;
  /** Sends a message about the subscription. */
  say(type: string, payload?: unknown): void;
}

/**
 * Acknowledges a connection and takes its subscription.
 *
 * @param head what the client is told when it asks where the ledger ends; one that asks without it, or does not ask, fails the test
 */
export async function begin(connection: ScriptedConnection, head?: string): Promise<BegunSubscription> {
  const init = await connection.next();
  connection.send({ type: "connection_ack" });
  let subscribe = await connection.next();
  const asked = valueAt(subscribe, "payload.query") === "{ viewer { cursor } }";
  if (asked !== (head !== undefined)) throw new Error(`unexpected first operation: ${JSON.stringify(subscribe)}`);
  if (head !== undefined) {
    const id = valueAt(subscribe, "id");
    connection.send({ id, type: "next", payload: { data: { viewer: { cursor: head } } } });
    connection.send({ id, type: "complete" });
    subscribe = await connection.next();
  }
  const id = valueAt(subscribe, "id");
  const say = (type: string, payload?: unknown): void => connection.send({ id, type, payload });
  return {
    params: typeof init === "object" && init !== null ? Reflect.get(init, "payload") : undefined,
    query: valueAt(subscribe, "payload.query"),
    variables: valueAt(subscribe, "payload.variables"),
    event: (cursor, more = {}, errors) =>
      say("next", { data: { syncStatusChanged: { cursor, ...more } }, ...(errors === undefined ? {} : { errors }) }),
    say,
  };
}

interface Mailbox<T> {
  put(item: T): void;
  take(): Promise<T>;
}

function createMailbox<T>(): Mailbox<T> {
  const items: T[] = [];
  const takers: ((item: T) => void)[] = [];
  return {
    put: (item) => {
      const taker = takers.shift();
      if (taker === undefined) items.push(item);
      else taker(item);
    },
    take: () => {
      const [item] = items.splice(0, 1);
      return item === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(item);
    },
  };
}
