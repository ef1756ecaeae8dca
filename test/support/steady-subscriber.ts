// A subscriber as users have it, by the shipped client: it goes on whenever its socket breaks. It writes down what it was handed.
import { WebSocket } from "ws";
import { z } from "zod";
import { followTransitions, type WebSocketClass } from "../../src/client/index.ts";
import { eventually, factsOf } from "./eventually.ts";

export interface SubscribedTransition {
  readonly cursor: string;
  readonly syncId: string;
  readonly to: string;
}

export interface SteadySubscriber extends AsyncDisposable {
  /** In the order in which they came. */
  readonly seen: readonly SubscribedTransition[];
  /** How many connections have begun. */
  connections(): number;
  /** Waits for a transition. */
  until(cursor: string, withinMs?: number): Promise<void>;
}

const shape = z.object({ to: z.string(), sync: z.object({ id: z.string() }) });
const RETRIED_AFTER_MS = 100;

/** What follows a cursor, up to another one, told to somebody who was never disconnected. */
export async function readTransitions(
  url: string,
  after: string,
  last: string,
): Promise<readonly SubscribedTransition[]> {
  await using reader = subscribeSteadily(url, after);
  await reader.until(last);
  if (reader.connections() !== 1) throw new Error("the reader was disconnected");
  return reader.seen.slice(0, reader.seen.findIndex(({ cursor }) => cursor === last) + 1);
}

/**
 * @param after cursor to begin after
 * @param webSocketImpl what connects; one of the test's own may say who it is
 */
export function subscribeSteadily(
  url: string,
  after: string,
  webSocketImpl: WebSocketClass = WebSocket,
): SteadySubscriber {
  const seen: SubscribedTransition[] = [];
  const left = new AbortController();
  let connections = 0;
  let failure: Error | null = null;
  const stream = followTransitions({
    ...{ url, after, webSocketImpl, signal: left.signal, fields: "to sync { id }" },
    read: (data) => shape.parse(data),
    retryDelayMs: () => RETRIED_AFTER_MS,
    onState: ({ state }) => {
      if (state === "FOLLOWING") connections += 1;
    },
  });
  const ended = (async () => {
    for await (const { cursor, transition } of stream) {
      seen.push({ cursor, syncId: transition.sync.id, to: transition.to });
    }
  })().catch((error: unknown) => {
    failure = error instanceof Error ? error : new Error(factsOf(error));
  });
  return {
    seen,
    connections: () => connections,
    until: async (cursor, withinMs) => {
      await eventually(
        `a transition at ${cursor}`,
        () => {
          if (failure !== null) throw failure;
          return seen.some((one) => one.cursor === cursor) ? true : null;
        },
        withinMs,
      );
    },
    [Symbol.asyncDispose]: async () => {
      left.abort();
      await ended;
    },
  };
}
