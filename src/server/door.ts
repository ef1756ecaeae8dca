// The door for HTTP: takes requests until it is shut, and is shut without cutting off an answer. What is answered is decided elsewhere.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../domain/clock.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { refuse, type Refusal } from "./request-body.ts";

export interface DoorLimits {
  /** A request's head has to be there after this long, and the whole request after this long. Both from its first byte. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** How often Node looks whether they are. Its own default would let them take half a minute longer. */
  readonly lookMs: number;
  /** A connection on which a request may still come is kept this long. */
  readonly keepAliveMs: number;
  /** A connection with a request on which nothing moves for this long is cut, also one whose client does not read its answer. Longer than answers take. */
  readonly idleMs: number;
}

export const DOOR_LIMITS: DoorLimits = {
  headersMs: 10_000,
  requestMs: 30_000,
  lookMs: 1_000,
  keepAliveMs: 65_000,
  idleMs: 45_000,
};

/** No client and no proxy sends nearly as many. */
const MOST_HEADERS = 100;
/** The log counts refused connections, with at most one line in this time. */
const TELL_DROPS_MS = 60_000;

export interface DoorOptions {
  readonly clock: Clock;
  readonly answer: RequestListener;
  /** Connections at once, those of WebSockets among them. More are closed as soon as they come. */
  readonly maxConnections: number;
  /** Told how many connections were not taken since it was told before. */
  readonly reportDrops: (dropped: number) => void;
  /** What is left out is as in `DOOR_LIMITS`. */
  readonly limits?: Partial<DoorLimits>;
}

export interface Door {
  readonly server: Server;
  /** From now on every answer ends its connection, so that nobody sends a request into one that is about to be closed. */
  sayGoodbye(): void;
  /**
   * Takes no more connections and waits until every request has its answer. Upgraded connections are waited for too, and are theirs to
   * close who took them.
   *
   * @param patience when it aborts, what is not answered yet is cut off
   */
  shut(patience: AbortSignal): Promise<void>;
}

/** A connection on which nothing was ever asked is closed this long after the door: its request may be on its way. */
const SILENT_MS = 1_000;

export function createDoor({ clock, answer, maxConnections, reportDrops, ...options }: DoorOptions): Door {
  const limits: DoorLimits = { ...DOOR_LIMITS, ...options.limits };
  const unanswered = new Set<ServerResponse>();
  const silent = new Set<Socket>();
  let leaving = false;
  let shutting = false;

  const taken = oneAtATime((request, response) => {
    unanswered.add(response);
    response.once("close", () => {
      unanswered.delete(response);
      // What had begun to be answered before the goodbye still keeps its connection.
      if (shutting) server.closeIdleConnections();
    });
    if (leaving) endConnection(response);
    const refused = refusedHead(request);
    if (refused === null) answer(request, response);
    else refuse(response, refused.status, refused.message);
  });
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.lookMs,
      keepAliveTimeout: limits.keepAliveMs,
    },
    (request, response) => {
      silent.delete(request.socket);
      taken(request, response);
    },
  );
  server.timeout = limits.idleMs;
  server.maxHeadersCount = MOST_HEADERS;
  server.maxConnections = maxConnections;
  let dropped = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  server.on("drop", () => {
    dropped += 1;
    const now = clock.now().getTime();
    if (now - toldAt < TELL_DROPS_MS) return;
    reportDrops(dropped);
    [dropped, toldAt] = [0, now];
  });
  // Node takes a connection without a request for a busy one.
  server.on("connection", (socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
  });
  server.on("upgrade", (request, socket) => {
    silent.delete(request.socket);
    // Whoever takes upgraded connections takes none any more.
    if (shutting) socket.destroy();
  });

  function sayGoodbye(): void {
    leaving = true;
    for (const response of unanswered) endConnection(response);
  }

  async function hangUp(shut: AbortSignal): Promise<void> {
    await clock.sleep(SILENT_MS, shut);
    for (const socket of silent) socket.destroy();
  }

  return {
    server,
    sayGoodbye,
    async shut(patience) {
      sayGoodbye();
      shutting = true;
      const done = new AbortController();
      const cutOff = (): void => server.closeAllConnections();
      patience.addEventListener("abort", cutOff, { once: true });
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeIdleConnections();
      // Rejects when everything was closed before.
      void hangUp(done.signal).catch(() => undefined);
      await closed;
      done.abort();
      patience.removeEventListener("abort", cutOff);
    },
  };
}

/** Node leaves out what is beyond its limit without a word; what is left could mean something else. */
export function refusedHead({ rawHeaders }: IncomingMessage): Refusal | null {
  if (rawHeaders.length <= 2 * MOST_HEADERS) return null;
  return { status: 431, message: `The request has more than ${MOST_HEADERS} headers. Send fewer.` };
}

function endConnection(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}
