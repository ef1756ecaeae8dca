// The way to Redis: one connection for commands, one that listens, and what is known about how Redis is. Nothing in Redis is the
// only copy of anything, so losing it slows a gateway down and breaks nothing.
import { createHash, randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import type { Clock } from "../domain/clock.ts";
import { RedisConnector } from "./redis-connector.ts";
import type { TrackingLog } from "../tracking/tools.ts";

export const RedisNews = {
  /** It answers and takes writes, after a time when it did not. */
  Up: "UP",
  Down: "DOWN",
  /** It answers as ever and has lost what it held. */
  Forgot: "FORGOT",
} as const;
export type RedisNews = (typeof RedisNews)[keyof typeof RedisNews];

export interface RedisLink {
  /** For everything but waiting. Commands wait while Redis is away: ask through `answer`, and only while it is up. */
  readonly commands: Redis;
  readonly subscriber: Redis;
  /** The part of every key and channel that keeps gateways on different databases apart. */
  readonly namespace: string;
  isUp(): boolean;
  /** Passes the answer on; rejects when it takes more than a second, and then looks how Redis is. */
  answer<T>(asked: Promise<T>): Promise<T>;
  /** @returns the call that ends it */
  listen(listener: (news: RedisNews) => void): () => void;
  close(): Promise<void>;
}

export interface RedisLinkTools {
  readonly clock: Clock;
  readonly log: TrackingLog;
}

/** What all keys begin with. */
export const REDIS_PREFIX = "syncgraph";
const PROBE_EVERY_MS = 1_000;
const ANSWER_WITHIN_MS = 1_000;
const SLOWEST_RECONNECT_MS = 2_000;
/** Longer than BullMQ ever waits for a job: its connection is made after the pattern of this one. */
const SILENT_SOCKET_MS = 15_000;

/**
 * Gateways on one database share one namespace, and no others do: two installations may use one Redis. The database says who it is, since one
 * has many addresses and many may have one. Where it is counts too: a copy of a database is another one.
 */
export function namespaceOf(installationId: string, place: string): string {
  return createHash("sha256")
    .update(JSON.stringify([installationId, place]))
    .digest("hex")
    .slice(0, 16);
}

/** A primary that was made a replica keeps its connections and refuses whatever is to be written. */
const isReplica = (error: Error): boolean => error.message.startsWith("READONLY");

/** Resolves when it is known how Redis is, whether it is up or not. */
export async function connectRedis(url: string, namespace: string, tools: RedisLinkTools): Promise<RedisLink> {
  const commands = new Redis(url, {
    Connector: RedisConnector,
    // BullMQ demands it: what waits for jobs waits as long as it takes.
    maxRetriesPerRequest: null,
    retryStrategy: (attempts) => Math.min(50 * 2 ** Math.min(attempts, 10), SLOWEST_RECONNECT_MS),
    connectTimeout: SLOWEST_RECONNECT_MS,
    socketTimeout: SILENT_SOCKET_MS,
    reconnectOnError: (error) => isReplica(error) && lookElsewhere(),
  });
  const subscriber = commands.duplicate();
  /** Another one has taken its place, and answers at the same address. Who only listens is told nothing of that, and would go on listening. */
  function lookElsewhere(): true {
    subscriber.disconnect(true);
    return true;
  }
  const state = createState(tools.log);
  for (const connection of [commands, subscriber]) connection.on("error", (error: Error) => state.remember(error));
  const closed = new AbortController();
  let probing: Promise<void> | null = null;
  commands.on("close", () => {
    if (!closed.signal.aborted) state.turn(false);
  });

  async function answer<T>(asked: Promise<T>): Promise<T> {
    // Whoever gave up on it does not hear when it fails after all.
    asked.catch(() => undefined);
    const settled = new AbortController();
    const late = tools.clock.sleep(ANSWER_WITHIN_MS, settled.signal).then(
      () => Promise.reject(new Error(`Redis did not answer within ${ANSWER_WITHIN_MS} ms`)),
      () => new Promise<never>(() => undefined),
    );
    try {
      return await Promise.race([asked, late]);
    } finally {
      settled.abort();
    }
  }

  /** A write and a read: a Redis that is full or a replica answers reads and is of no use. The value is new when the key was gone. */
  async function look(): Promise<void> {
    const key = `${REDIS_PREFIX}:${namespace}:memory`;
    try {
      if (commands.status !== "ready") throw new Error("not connected");
      await answer(commands.set(key, randomUUID(), "NX"));
      const memory = await answer(commands.get(key));
      if (!closed.signal.aborted) state.turn(true, memory);
    } catch (error) {
      if (!closed.signal.aborted) state.turn(false, null, error);
    }
  }

  /** Whoever asks while one looks hears what that one found. */
  function probe(): Promise<void> {
    probing ??= look().finally(() => (probing = null));
    return probing;
  }

  const known = new Promise<void>((resolve) => {
    commands.once("ready", () => void probe().then(resolve));
    commands.once("error", () => resolve());
    closed.signal.addEventListener("abort", () => resolve());
    tools.clock.sleep(SLOWEST_RECONNECT_MS, closed.signal).then(resolve, resolve);
  });
  void (async () => {
    await known;
    if (!state.isUp()) state.turn(false);
    commands.on("ready", () => void probe());
    while (!closed.signal.aborted) {
      await probe();
      await tools.clock.sleep(PROBE_EVERY_MS, closed.signal).catch(() => undefined);
    }
  })();
  await known;
  return {
    commands,
    subscriber,
    namespace,
    isUp: () => state.isUp(),
    answer: (asked) =>
      answer(asked).catch((error: unknown) => {
        void probe();
        throw error;
      }),
    listen: (listener) => state.listen(listener),
    close() {
      closed.abort();
      for (const connection of [commands, subscriber]) connection.disconnect();
      return Promise.resolve();
    },
  };
}

/** How Redis is: told to listeners, and once per change to the log. */
function createState(log: TrackingLog) {
  const listeners = new Set<(news: RedisNews) => void>();
  let up: boolean | null = null;
  let memory: string | null = null;
  let reason = "no connection";

  function tell(news: RedisNews): void {
    for (const listener of listeners) listener(news);
  }

  return {
    isUp: () => up === true,
    remember(error: Error) {
      if (error.message !== "") reason = error.message;
    },
    turn(nowUp: boolean, found: string | null = null, error?: unknown) {
      const [wasUp, lost] = [up, memory !== null && memory !== found];
      up = nowUp;
      if (nowUp) memory = found;
      if (nowUp === wasUp) {
        if (nowUp && lost) {
          log.warn({}, "Redis has lost what it held; due work is planned again");
          tell(RedisNews.Forgot);
        }
        return;
      }
      if (nowUp) log.info({}, "Redis is used: due work and news are shared between gateways");
      else {
        const why = error instanceof Error && error.message !== "not connected" ? error.message : reason;
        log.warn({ reason: why }, "Redis cannot be used; each gateway goes on by itself until it is back");
      }
      tell(nowUp ? RedisNews.Up : RedisNews.Down);
    },
    listen(listener: (news: RedisNews) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
