// A subscriber of the shipped client, before gateways that come and go: each of its connections asks whichever gateway answers for what
// follows. Whoever strikes can tear its socket.
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import { z } from "zod";
import { FollowError, followTransitions } from "../../src/client/index.ts";
import { placeOf } from "./gateway-operations.ts";

/** A transition as it arrived. */
export interface ReceivedTransition {
  readonly place: number;
  /** Global id of the run. */
  readonly run: string;
  readonly to: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface ResumingSubscriber {
  readonly frames: readonly ReceivedTransition[];
  /** How often it began anew. */
  resumed(): number;
  /** What gateways refused it with for good: each code, and how often. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Tears the socket without a word; it goes on by itself. */
  cut(): void;
  close(): Promise<void>;
}

export interface SubscriberOptions {
  /** Addresses of the gateways that may be asked at this moment. */
  readonly urls: () => readonly string[];
  /** The cursor to begin after. */
  readonly after: string;
  /** Whose transitions; null for all. */
  readonly provider: string | null;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly onFrame?: (frame: ReceivedTransition) => void;
}

/** A gateway that hangs keeps its sockets, and does not answer a handshake either: it is left after this long. */
const SILENT_MS = 4_000;
const BETWEEN_TRIES_MS = 150;

const shape = z.object({ to: z.string(), sync: z.object({ id: z.string() }) });

export function subscribeResuming(options: SubscriberOptions): ResumingSubscriber {
  const { urls, provider, random, onFrame } = options;
  const frames: ReceivedTransition[] = [];
  const refusals = new Map<string, number>();
  const closing = new AbortController();
  let socket: WebSocket | null = null;
  let cursor = options.after;
  let begun = 0;

  /** Keeps the newest socket at hand. */
  class WatchedSocket extends WebSocket {
    constructor(address: string, protocol?: string) {
      super(address, protocol, { handshakeTimeout: SILENT_MS });
      socket = this;
    }
  }

  const between = (): Promise<void> =>
    pause(BETWEEN_TRIES_MS * (0.5 + random()), undefined, { signal: closing.signal }).catch(() => undefined);

  async function anyUrl(): Promise<string> {
    for (;;) {
      const open = urls();
      const url = open[Math.floor(random() * open.length)];
      if (url !== undefined) return url;
      if (closing.signal.aborted) return "ws://127.0.0.1:1";
      await between();
    }
  }

  async function follow(): Promise<void> {
    const stream = followTransitions({
      ...{ url: anyUrl, after: cursor, webSocketImpl: WatchedSocket, signal: closing.signal, silentMs: SILENT_MS },
      ...(provider === null ? {} : { filter: { providers: [provider] } }),
      fields: "to sync { id }",
      read: (data) => shape.parse(data),
      retryDelayMs: () => BETWEEN_TRIES_MS * (0.5 + random()),
      onState: ({ state }) => {
        if (state === "FOLLOWING") begun += 1;
      },
    });
    for await (const { cursor: next, transition } of stream) {
      const frame = { place: placeOf(next), run: transition.sync.id, to: transition.to, at: Date.now() };
      cursor = next;
      frames.push(frame);
      onFrame?.(frame);
    }
  }

  async function live(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await follow();
      } catch (error) {
        if (!(error instanceof FollowError)) throw error;
        refusals.set(error.code, (refusals.get(error.code) ?? 0) + 1);
        await between();
      }
    }
  }

  const lived = live();
  return {
    frames,
    resumed: () => Math.max(0, begun - 1),
    refusals,
    cut: () => socket?.terminate(),
    close: async () => {
      closing.abort();
      await lived;
    },
  };
}
