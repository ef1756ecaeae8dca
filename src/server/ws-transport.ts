// WebSockets on the HTTP server's port, each given to the protocol as it wants one. It has no say in what is said over them.
import { STATUS_CODES, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { GraphQLError } from "graphql";
import { CloseCode, handleProtocols, type Server as Protocol } from "graphql-ws";
import { WebSocketServer, type WebSocket } from "ws";
import type { Clock } from "../domain/clock.ts";
import { createPacedStreams, type PacedStreams } from "./paced-stream.ts";
import { JSON_TYPE, refusalBody, type Refusal } from "./request-body.ts";
import { createWsAdmission, type WsAdmission } from "./ws-admission.ts";
import { createWsConnection, type WsConnection, type WsSocket } from "./ws-connection.ts";
import { WS_LIMITS, type WsLimits } from "./ws-limits.ts";

export interface WsTransport {
  /** Sockets open now. */
  connections(): number;
  /** Bytes that wait in this process to be taken by clients, of all sockets. */
  waitingBytes(): number;
  /** Subscriptions that have not ended, of all sockets. */
  streams(): number;
  /** Closes every socket with 1001 (going away), so that clients reconnect elsewhere. */
  close(): Promise<void>;
}

/** Who speaks over a socket. */
export interface WsPeer {
  readonly request: IncomingMessage;
  /** What it is subscribed to; ends with the socket. */
  readonly streams: PacedStreams;
  /** Which operations it may begin. */
  readonly admission: WsAdmission;
  /** What is answered once takes one of these. */
  readonly turns: WsConnection["turns"];
  /** Counts a ping or pong of the protocol's. */
  readonly heartbeat: WsConnection["heartbeat"];
}

export interface WsTransportOptions {
  readonly server: Server;
  readonly path: string;
  /** Why a socket is not opened for a request; null when it is. */
  readonly refused: (request: IncomingMessage) => Refusal | null;
  readonly protocol: Protocol<WsPeer>;
  readonly clock: Clock;
  readonly reportDefect: (error: unknown) => void;
  /** Default: `WS_LIMITS`. */
  readonly limits?: WsLimits;
}

const MOST_BYTES = 64 * 1024;
const LOOK_MS = 1_000;

export function createWsTransport(options: WsTransportOptions): WsTransport {
  const { server, path, refused, clock, reportDefect } = options;
  const sockets = new WebSocketServer({
    // What is refused gets an answer of HTTP.
    noServer: true,
    path,
    handleProtocols,
    maxPayload: MOST_BYTES,
    // Pongs wait in the same bounded room as everything else.
    autoPong: false,
    // The library forgets an operation a moment after its `complete`; a message in that moment could take up its id.
    allowSynchronousEvents: false,
  });
  const { limits = WS_LIMITS } = options;
  const peers = new Map<WsConnection, PacedStreams>();
  /** Aborted when nobody is connected. */
  let looking = new AbortController();

  async function look({ signal }: AbortController): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, signal).catch(() => undefined);
      if (!signal.aborted) for (const connection of peers.keys()) connection.look();
    }
  }

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const refusal = refused(request);
    if (refusal !== null) return refuseUpgrade(socket, refusal);
    sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit("connection", opened, request));
  };
  server.on("upgrade", upgrade);
  server.on("error", reportDefect);
  sockets.on("error", reportDefect);
  sockets.on("connection", (socket, request) => {
    const now = (): Date => clock.now();
    const connection = createWsConnection(asWsSocket(socket), limits, now);
    const streams = createPacedStreams(connection);
    peers.set(connection, streams);
    if (peers.size === 1) {
      looking = new AbortController();
      void look(looking);
    }
    socket.once("close", () => {
      peers.delete(connection);
      if (peers.size === 0) looking.abort();
    });
    const { turns, heartbeat } = connection;
    const admission = createWsAdmission(limits, now);
    attend(options, socket, connection, { request, streams, admission, turns, heartbeat });
  });

  return {
    connections: () => peers.size,
    waitingBytes: () => [...peers.keys()].reduce((sum, connection) => sum + connection.waitingBytes(), 0),
    streams: () => [...peers.values()].reduce((sum, streams) => sum + streams.size(), 0),
    close: async () => {
      server.off("upgrade", upgrade);
      for (const connection of peers.keys()) connection.close(1001, "Going away");
      await new Promise((resolve) => sockets.close(resolve));
    },
  };
}

/** The connection is not HTTP's any more, so that the answer is written by hand. */
function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const body = refusalBody(refusal);
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
    `content-type: ${JSON_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    "x-content-type-options: nosniff",
    "cache-control: no-store",
    "connection: close",
  ];
  // A client that has gone needs no answer.
  socket.on("error", () => undefined);
  socket.once("finish", () => socket.destroy());
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** Lets the protocol speak over a socket, to its end. Nothing that fails here may reach the process. */
function attend(
  { protocol, reportDefect }: WsTransportOptions,
  socket: WebSocket,
  connection: WsConnection,
  peer: WsPeer,
): void {
  // What breaks shows as the close.
  socket.on("error", () => undefined);
  const left = protocol.opened(
    {
      protocol: connection.protocol,
      // Not waited for: streams ask for room, so that an operation that was completed ends at once and not behind a full socket.
      send: (text) => {
        if (!isResult(text)) connection.send(text);
        else if (!connection.sendResult(text)) throw tooLarge();
      },
      close: (code = CloseCode.InternalServerError, reason = "") => connection.close(code, reason),
      onMessage: (receive) =>
        socket.on("message", (data) => {
          if (socket.readyState !== socket.OPEN || !connection.message()) return;
          void receive(String(data)).catch((error: unknown) => {
            reportDefect(error);
            connection.close(CloseCode.InternalServerError, "Internal server error");
          });
        }),
    },
    peer,
  );
  socket.once("close", (code, reason) => {
    // All streams, and not only those that the protocol still knows.
    void Promise.all([left(code, String(reason)), peer.streams.end()]).catch(reportDefect);
  });
}

/** What an operation gives; everything else is small, and has to be said. The library writes the id first, then the type. */
function isResult(text: string): boolean {
  return /^\{"id":"(?:[^"\\]|\\.)*","type":"next"/u.test(text);
}

/** The library ends the operation with it, and nothing else. */
function tooLarge(): GraphQLError {
  const message =
    "The answer is larger than what a socket may have waiting. Select less, ask in smaller pages, or read what waits first.";
  return new GraphQLError(message, { extensions: { code: "RATE_LIMITED" } });
}

function asWsSocket(socket: WebSocket): WsSocket {
  return {
    protocol: socket.protocol,
    isOpen: () => socket.readyState === socket.OPEN,
    send: (data, taken) => socket.send(data, { binary: false }, taken),
    ping: (taken) => socket.ping("", false, taken),
    pong: (data, taken) => socket.pong(data, false, taken),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    onPing: (listener) => void socket.on("ping", listener),
    onPong: (listener) => void socket.on("pong", listener),
    onClose: (listener) => void socket.on("close", listener),
  };
}
