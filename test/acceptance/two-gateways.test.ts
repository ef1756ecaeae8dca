// Two gateways as processes of their own, on one PostgreSQL database and one Redis: they share the work and the news, and each survives
// the loss of the other and of Redis.
import { afterEach, expect, test } from "vitest";
import { databaseMaker, reachable } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { environmentOf, makeFolder } from "../support/gateway.ts";
import { newestCursor, watchTransitions, type Watch } from "../support/gateway-client.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/gateway-process.ts";
import {
  definitionNamed,
  expectLegalPaths,
  listDefinitions,
  startRuns,
  untilEnded,
} from "../support/gateway-operations.ts";
import { describeWithRedisServer, onRedis, startRedisServer, type RedisServer } from "../support/redis.ts";
import { recordRequests, startVendor } from "../support/vendors.ts";

const DEFINITIONS = [
  ["rootfi", "Harbour Lane Coffee Roasters / XERO"],
  ["stuut", "Corvid Medical (Sage Intacct)"],
] as const;
/** A poll that was cut off is repeated when its lease is over; the runs themselves take a few seconds more. */
const TAKEN_OVER_WITHIN_MS = 60_000;
const required = process.env["CI"] === "true";

interface RunningGateway {
  readonly process: GatewayProcess;
  readonly url: string;
}

interface World {
  readonly gateways: readonly RunningGateway[];
  /** Requests of every kind that the vendors have had. */
  calls(): number;
}

describeWithRedisServer("two gateways", () => {
  const makeDatabase = databaseMaker("postgres");
  const left: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const end of left.splice(0).toReversed()) await end();
  });

  /** Vendors and a database of their own, and as many gateways on them. */
  async function makeWorld(count: number, redis: RedisServer | null, speed: number): Promise<World> {
    const folder = await makeFolder();
    left.push(() => folder.remove());
    const recorders = await Promise.all(
      DEFINITIONS.map(async ([kind]) => {
        const vendor = await startVendor(kind, speed);
        left.push(() => vendor.stop());
        const recorder = await recordRequests(vendor);
        left.push(() => recorder.close());
        return recorder;
      }),
    );
    const providers = recorders.map(({ entry }) => entry);
    const environment = {
      ...(await environmentOf(folder.path, { providers, databaseUrl: await makeDatabase() })),
      ...(redis === null ? {} : { REDIS_URL: redis.url }),
    };
    const gateways: RunningGateway[] = [];
    for (let started = 0; started < count; started += 1) {
      const process = startGatewayProcess(folder.path, environment);
      left.push(async () => process[Symbol.asyncDispose]());
      gateways.push({ process, url: await process.url() });
    }
    return { gateways, calls: () => recorders.reduce((sum, { requests }) => sum + requests.length, 0) };
  }

  async function two(redis: RedisServer, speed: number) {
    const { gateways, calls } = await makeWorld(2, redis, speed);
    const [one, other] = gateways;
    if (one === undefined || other === undefined) throw new Error("expected two gateways");
    return { one, other, calls };
  }

  async function watching(url: string): Promise<Watch> {
    const watch = watchTransitions(url, { after: await newestCursor(url) });
    left.push(() => watch.close());
    return watch;
  }

  /** @returns ids of the runs */
  async function startAll(url: string): Promise<readonly string[]> {
    const definitions = await listDefinitions(url);
    const runs = DEFINITIONS.map(([kind, name]) =>
      startRuns(url, { definitionId: definitionNamed(definitions, kind, name).id }),
    );
    return (await Promise.all(runs)).flat().map(({ id }) => id);
  }

  async function untilAllEnded(watch: Watch, ids: readonly string[], withinMs = 60_000): Promise<void> {
    for (const end of await Promise.all(ids.map((id) => untilEnded(watch, id, withinMs)))) {
      expect(end).toMatch(/^CREATED RUNNING (?:SUCCESS|FAILED): /u);
    }
    expectLegalPaths(watch.seen.filter(({ sync }) => ids.includes(sync.id)));
  }

  const isReady = async ({ url }: RunningGateway): Promise<number> => (await fetch(new URL("/readyz", url))).status;
  const timesLogged = ({ process }: RunningGateway, what: string): number => process.output().split(what).length - 1;

  test.runIf(reachable.postgres || required)(
    "push to a subscriber of one what the other starts, and ask the vendors as often as one gateway does",
    async () => {
      await using redis = await startRedisServer();
      const [pair, alone] = [await two(redis, 1), await makeWorld(1, null, 1)];
      const [single] = alone.gateways;
      if (single === undefined) throw new Error("expected a gateway");
      const watches = [await watching(pair.other.url), await watching(single.url)] as const;
      const [ofPair, ofSingle] = await Promise.all([startAll(pair.one.url), startAll(single.url)]);
      const before = [pair.calls(), alone.calls()] as const;
      await Promise.all([untilAllEnded(watches[0], ofPair), untilAllEnded(watches[1], ofSingle)]);
      // Both over the same time, whatever the machine has to do besides.
      const [byTwo, byOne] = [pair.calls() - before[0], alone.calls() - before[1]];
      expect(byOne).toBeGreaterThan(20);
      expect(byTwo).toBeLessThanOrEqual(byOne * 1.2);
    },
    120_000,
  );

  test.runIf(reachable.postgres || required)(
    "finish the runs of one that is killed",
    async () => {
      await using redis = await startRedisServer();
      const { one, other } = await two(redis, 3);
      const watch = await watching(other.url);
      const ids = await startAll(one.url);
      await watch.until("a transition", ([first]) => first);
      await one.process.stop("SIGKILL");
      await untilAllEnded(watch, ids, TAKEN_OVER_WITHIN_MS);
    },
    150_000,
  );

  test.runIf(reachable.postgres || required)(
    "bring runs to their end when Redis is killed, when it is back, and when it is flushed",
    async () => {
      await using redis = await startRedisServer();
      const { one, other } = await two(redis, 3);
      const watch = await watching(other.url);

      const killed = await startAll(one.url);
      await redis.kill();
      await untilAllEnded(watch, killed);
      expect(await Promise.all([isReady(one), isReady(other)])).toEqual([200, 200]);
      const without = await startAll(one.url);
      await untilAllEnded(watch, without);

      await redis.start();
      for (const gateway of [one, other]) {
        await eventually("Redis is used again", () => (timesLogged(gateway, "Redis is used") === 2 ? true : null));
        expect(timesLogged(gateway, "Redis cannot be used")).toBe(1);
      }
      const again = await startAll(one.url);
      await onRedis(redis.url, (client) => client.flushall());
      await untilAllEnded(watch, again);
      await eventually("the flush is noticed", () => (timesLogged(other, "lost what it held") === 1 ? true : null));
    },
    180_000,
  );
});
