// Redis for tests: the server of the machine, where each test has keys of its own, and servers of a test's own that it may kill.
import { randomUUID } from "node:crypto";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach } from "vitest";
import { REDIS_PREFIX, connectRedis, type RedisLink } from "../../src/server/redis-connection.ts";
import type { TrackingLog } from "../../src/tracking/tools.ts";
import { systemClock } from "../../src/wire/system-clock.ts";
import { eventually } from "./eventually.ts";
import { canRun, describeWhere, expectMarked, freePort } from "./needs.ts";

export const REDIS_URL = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379";

const SERVER_PROGRAM = "redis-server";

/** Runs a suite that needs Redis. Left out, visibly, where none answers at REDIS_URL; it must be there when CI is `true`. */
export function describeOnRedis(name: string, suite: () => void): void {
  describeWhere(reachable, name, "Redis answers at REDIS_URL (default 127.0.0.1:6379)", suite);
}

/** Runs a suite that starts servers of its own, which needs the program `redis-server`. */
export function describeWithRedisServer(name: string, suite: () => void): void {
  describeWhere(installed, name, "redis-server can be run", suite);
}

const reachable = await answers(REDIS_URL);
const installed = canRun(SERVER_PROGRAM);

/** Makes links that are closed after the test. Links of one namespace are as those of gateways on one database. */
export function linkMaker(): (given?: { url?: string; namespace?: string; log?: TrackingLog }) => Promise<RedisLink> {
  const made: { readonly link: RedisLink; readonly url: string }[] = [];
  afterEach(async () => {
    for (const { link, url } of made.splice(0)) {
      await link.close();
      await forget(url, link.namespace);
    }
  });
  return async ({ url = REDIS_URL, namespace = `test-${randomUUID()}`, log = SILENT } = {}) => {
    expectMarked();
    const link = await connectRedis(url, namespace, { clock: systemClock, log });
    made.push({ link, url });
    return link;
  };
}

/** Removes what a namespace has in Redis; nothing happens when Redis is not there. */
export async function forget(url: string, namespace: string): Promise<void> {
  await onRedis(url, async (redis) => {
    const keys = await redis.keys(`${REDIS_PREFIX}:${namespace}*`);
    if (keys.length > 0) await redis.del(...keys);
  }).catch(() => undefined);
}

export async function onRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  /** Ends it at once; what it held is lost. */
  kill(): Promise<void>;
  /** Starts it again at the same address, empty. */
  start(): Promise<void>;
  /** Lets it hang, connections and all, until the returned call. */
  freeze(): () => void;
}

/**
 * A Redis of the test's own, which keeps nothing on disk.
 *
 * @param given more settings, as `redis-server` takes them: `--maxmemory`, `256mb`
 */
export async function startRedisServer(given: readonly string[] = []): Promise<RedisServer> {
  expectMarked();
  const folder = await mkdtemp(join(tmpdir(), "syncgraph-redis-"));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let running: ChildProcess | null = null;

  async function start(): Promise<void> {
    const settings = [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--appendonly",
      "no",
      "--dir",
      folder,
      ...given,
    ];
    const child = spawn(SERVER_PROGRAM, settings, { stdio: "ignore" });
    running = child;
    await eventually("redis-server answers", async () => ((await answers(url)) ? true : null));
  }

  async function kill(): Promise<void> {
    if (running === null) return;
    const ended = once(running, "exit");
    running.kill("SIGKILL");
    running = null;
    await ended;
  }

  await start();
  return {
    url,
    kill,
    start,
    freeze() {
      const frozen = running;
      frozen?.kill("SIGSTOP");
      return () => void frozen?.kill("SIGCONT");
    },
    [Symbol.asyncDispose]: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  return onRedis(url, (redis) => redis.ping()).then(
    () => true,
    () => false,
  );
}

const SILENT: TrackingLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
