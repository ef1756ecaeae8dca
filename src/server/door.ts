// The door for HTTP: takes requests until it is shut, and is shut without cutting off an answer. What is answered is decided elsewhere.
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../domain/clock.ts";

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

export function createDoor(clock: Clock, answer: RequestListener): Door {
  const unanswered = new Set<ServerResponse>();
  const silent = new Set<Socket>();
  let leaving = false;
  let shutting = false;

  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 15_000 },
    (request, response) => {
      silent.delete(request.socket);
      unanswered.add(response);
      response.once("close", () => {
        unanswered.delete(response);
        // What had begun to be answered before the goodbye still keeps its connection.
        if (shutting) server.closeIdleConnections();
      });
      if (leaving) endConnection(response);
      answer(request, response);
    },
  );
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

function endConnection(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}
