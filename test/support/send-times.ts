// When this process sends requests, as the client that writes them tells it. When they arrive is decided by the machine they travel
// through; how far they are apart when they leave is decided by the gateway.
import { subscribe, unsubscribe } from "node:diagnostics_channel";

export interface SendTimes {
  /** Epoch milliseconds of the requests so far, in order. */
  readonly times: readonly number[];
  stop(): void;
}

/** @param origin whose requests count: `http://127.0.0.1:4001` */
export function watchSends(origin: string): SendTimes {
  const times: number[] = [];
  const note = (message: unknown): void => {
    if (originOf(message) === origin) times.push(Date.now());
  };
  // Published in the moment in which a request's head is written to its connection.
  subscribe("undici:client:sendHeaders", note);
  return { times, stop: () => void unsubscribe("undici:client:sendHeaders", note) };
}

function originOf(message: unknown): string | null {
  if (typeof message !== "object" || message === null || !("request" in message)) return null;
  const { request } = message;
  return typeof request === "object" && request !== null && "origin" in request ? String(request.origin) : null;
}

/**
 * The shortest time in which more requests were sent than allowed, in milliseconds: from one to the one that is `requests` later. Infinite
 * when there were not so many.
 */
export function shortestOverrun(times: readonly number[], requests: number): number {
  const overruns = times.slice(requests).map((atMs, index) => atMs - (times[index] ?? atMs));
  return Math.min(...overruns, Number.POSITIVE_INFINITY);
}
