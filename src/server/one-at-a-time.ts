// One request of a connection at a time. HTTP/1.1 lets a client send the next ones before it has the answer; worked for at once, one
// connection would hold the answers of as many operations as fit into it.
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { refuse } from "./request-body.ts";

/** Requests of a connection that wait for the one before. */
const MOST_WAITING = 16;

export function oneAtATime(answer: RequestListener): RequestListener {
  /** What waits on each connection on which something is being answered. */
  const waiting = new WeakMap<Socket, (() => void)[]>();

  function begin(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    response.once("close", () => {
      const next = socket.destroyed ? undefined : waiting.get(socket)?.shift();
      if (next === undefined) waiting.delete(socket);
      else next();
    });
    answer(request, response);
  }

  return (request, response) => {
    const before = waiting.get(request.socket);
    if (before === undefined) {
      waiting.set(request.socket, []);
      begin(request, response);
    } else if (before.length < MOST_WAITING) before.push(() => begin(request, response));
    else refuse(response, 429, `More than ${MOST_WAITING} requests wait on this connection. Read their answers first.`);
  };
}
