// Two gateways as processes of their own, on one PostgreSQL database and one Redis: they share the work and the news, and each survives
// the loss of the other and of Redis. How often they ask is counted against what they planned, since a busy machine decides the rest.
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { databaseMaker, reachable } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { environmentOf, makeFolder } from "../support/gateway.ts";
import { ask, newestCursor, watchTransitions, type Watch } from "../support/gateway-client.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/gateway-process.ts";
import {
  definitionNamed,
  expectLegalPaths,
  listDefinitions,
  startRuns,
  untilEnded,
} from "../support/gateway-operations.ts";
import { describeWithRedisServer, onRedis, startRedisServer, type RedisServer } from "../support/redis.ts";
import { logLooks, unplanned } from "../support/look-log.ts";
import { IMPATIENT, entryOf, startVendor } from "../support/vendors.ts";

const DEFINITIONS = [
  ["rootfi", "Harbour Lane Coffee Roasters / XERO"],
  ["stuut", "Corvid Medical (Sage Intacct)"],
] as const;
/** A poll that was cut off is repeated when its lease is over; the runs themselves take a few seconds more, and a busy machine the rest. */
const ENDS_WITHIN_MS = 300_000;
/** A round of polls takes along what is due within half the shortest interval. */
const EARLY_MS = IMPATIENT.poll.fastMs / 2;
/** Long beside what a discovery takes, on a busy machine too: two gateways that do not share their work come between each other's turns. */
const DISCOVER_MS = 3_000;
const DISCOVERIES = 12;
/**
 * A turn that Redis confirmed too late may be taken twice. So few of the discoveries come out of turn then; of two gateways that do not
 * share their work, half of them do.
 */
const OUT_OF_TURN = 3;
/** From the end of one discovery to the next; turns are spread by a tenth. */
const SHORTEST_TURN_MS = DISCOVER_MS * 0.9;
const required = process.env["CI"] === "true";

interface RunningGateway {
  readonly process: GatewayProcess;
  readonly url: string;
}

interface World {
  readonly gateways: readonly RunningGateway[];
  readonly databaseUrl: string;
}

describeWithRedisServer("two gateways", () => {
  const makeDatabase = databaseMaker("postgres");
  const left: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const end of left.splice(0).toReversed()) await end();
  });

  /** Vendors and a database of their own, and as many gateways on them. */
  async function makeWorld(count: number, redis: RedisServer, speed: number): Promise<World> {
    const folder = await makeFolder();
    left.push(() => folder.remove());
    const poll = { ...IMPATIENT.poll, discoverMs: DISCOVER_MS };
    const providers = await Promise.all(
      DEFINITIONS.map(async ([kind]) => {
        const vendor = await startVendor(kind, speed);
        left.push(() => vendor.stop());
        return { ...entryOf(vendor), poll };
      }),
    );
    const databaseUrl = await makeDatabase();
    const environment = {
      ...(await environmentOf(folder.path, { providers, databaseUrl })),
      REDIS_URL: redis.url,
    };
    const gateways: RunningGateway[] = [];
    for (let started = 0; started < count; started += 1) {
      const process = startGatewayProcess(folder.path, environment);
      left.push(async () => process[Symbol.asyncDispose]());
      gateways.push({ process, url: await process.url() });
    }
    return { gateways, databaseUrl };
  }

  async function two(redis: RedisServer, speed: number) {
    const { gateways, ...world } = await makeWorld(2, redis, speed);
    const [one, other] = gateways;
    if (one === undefined || other === undefined) throw new Error("expected two gateways");
    return { one, other, ...world };
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

  async function untilAllEnded(watch: Watch, ids: readonly string[], withinMs = ENDS_WITHIN_MS): Promise<void> {
    for (const end of await Promise.all(ids.map((id) => untilEnded(watch, id, withinMs)))) {
      expect(end).toMatch(/^CREATED RUNNING (?:SUCCESS|FAILED): /u);
    }
    expectLegalPaths(watch.seen.filter(({ sync }) => ids.includes(sync.id)));
  }

  const isReady = async ({ url }: RunningGateway): Promise<number> => (await fetch(new URL("/readyz", url))).status;
  const timesLogged = ({ process }: RunningGateway, what: string): number => process.output().split(what).length - 1;

  test.runIf(reachable.postgres || required)(
    "push to a subscriber of one what the other starts, and ask the vendors no more often than one of them plans",
    async () => {
      await using redis = await startRedisServer();
      const { one, other, databaseUrl } = await two(redis, 1);
      const watch = await watching(other.url);
      await Promise.all(
        DEFINITIONS.map(([kind]) =>
          eventually(`${kind} is discovered`, async () => (await isDiscovered(one.url, kind)) || null, ENDS_WITHIN_MS),
        ),
      );
      const log = await logLooks(databaseUrl);
      await untilAllEnded(watch, await startAll(one.url));

      const discoveries = await eventually(
        "discoveries",
        async () => {
          const found = await log.discoveries("stuut");
          return found.length >= DISCOVERIES ? found.slice(0, DISCOVERIES) : null;
        },
        ENDS_WITHIN_MS,
      );
      const apartMs = discoveries.slice(1).map((atMs, index) => atMs - (discoveries[index] ?? atMs));
      expect(apartMs.filter((ms) => ms < SHORTEST_TURN_MS).length, apartMs.join(" ")).toBeLessThanOrEqual(OUT_OF_TURN);
      const looks = await log.looks();
      expect(looks.length).toBeGreaterThan(10);
      expect(unplanned(looks, EARLY_MS), JSON.stringify(looks)).toEqual([]);
    },
    900_000,
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
      await untilAllEnded(watch, ids);
    },
    900_000,
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
        // Each time it is said once; a Redis that a busy machine keeps from answering is one more time.
        await eventually("Redis is used again", () => {
          const lost = timesLogged(gateway, "Redis cannot be used");
          return lost > 0 && timesLogged(gateway, "Redis is used") === lost + 1 ? true : null;
        });
      }
      const again = await startAll(one.url);
      await onRedis(redis.url, (client) => client.flushall());
      await untilAllEnded(watch, again);
      await eventually("the flush is noticed", () => (timesLogged(other, "lost what it held") > 0 ? true : null));
    },
    900_000,
  );
});

async function isDiscovered(url: string, key: string): Promise<boolean> {
  const shape = z.object({ provider: z.object({ discoveryLagMs: z.number().nullable() }) });
  const { data } = await ask(url, shape, "query ($key: String!) { provider(key: $key) { discoveryLagMs } }", { key });
  return data.provider.discoveryLagMs !== null;
}
