// Two gateways behind a load balancer, replaced one after the other while clients query, start runs and subscribe: nobody notices.
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { reachable } from "../support/databases.ts";
import { eventually, within } from "../support/eventually.ts";
import { ask, newestCursor } from "../support/gateway-client.ts";
import { besideOthers, triggerSync } from "../support/gateway-operations.ts";
import { nodesMaker, type GatewayNode } from "../support/gateway-nodes.ts";
import { startLoadBalancer } from "../support/load-balancer.ts";
import { describeWithRedisServer, startRedisServer } from "../support/redis.ts";
import { readTransitions, subscribeSteadily } from "../support/steady-subscriber.ts";

const SUBSCRIBERS = 50;
const RESTARTS = 3;
/** Ten looks of the load balancer. */
const DRAINING = { environment: { SYNCGRAPH_DRAIN_SECONDS: "2" } };
/** The load's pace, however fast the answers are. */
const QUERY_EVERY_MS = 100;
const START_EVERY_MS = 500;
const required = process.env["CI"] === "true";

describeWithRedisServer("a rolling restart", () => {
  const makeNodes = nodesMaker();
  const left: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const end of left.splice(0).toReversed()) await end();
  });

  function using<Held extends AsyncDisposable>(held: Held): Held {
    left.push(async () => held[Symbol.asyncDispose]());
    return held;
  }

  test.runIf(reachable.postgres || required)(
    "fails no request, starts no run twice, and gives every subscriber every transition once and in order",
    async () => {
      const redis = using(await startRedisServer());
      const nodes = await makeNodes({ vendors: ["truto"], redisUrl: redis.url });
      const balancer = using(await startLoadBalancer());
      let running: readonly GatewayNode[] = await Promise.all([nodes.start(DRAINING), nodes.start(DRAINING)]);
      for (const { url } of running) await balancer.add(url);

      const input = await besideOthers(balancer.url);
      const begin = await newestCursor(balancer.url);
      const subscribers = Array.from({ length: SUBSCRIBERS }, () => using(subscribeSteadily(balancer.url, begin)));
      const load = startLoad(balancer.url, input);

      for (let restart = 0; restart < RESTARTS; restart += 1) {
        for (const old of running) {
          const replacement = await nodes.start(DRAINING);
          await balancer.add(replacement.url);
          running = [...running.filter((one) => one !== old), replacement];
          expect(await old.process.stop("SIGTERM")).toEqual({ code: 0, signal: null });
          expect(old.process.output()).not.toContain("given up");
          balancer.remove(old.url);
        }
      }
      const { queries, runs } = await load.stop();

      expect(balancer.failures).toEqual([]);
      expect(queries).toBeGreaterThan(20);
      expect(runs.length).toBeGreaterThan(10);
      expect(nodes.vendor("truto").starts()).toHaveLength(runs.length);

      const last = await untilAllEnded(balancer.url, input.definitionId);
      await Promise.all(subscribers.map((one) => one.until(last)));
      // Two gateways were stopped under every subscriber that had the luck of the draw, and each at least once.
      for (const one of subscribers) expect(one.connections()).toBeGreaterThan(1);
      const ledger = await readTransitions(balancer.url, begin, last);
      expect(new Set(ledger.map(({ cursor }) => cursor)).size).toBe(ledger.length);
      for (const { seen } of subscribers) expect(seen.slice(0, ledger.length)).toEqual(ledger);
    },
    300_000,
  );
});

interface Load {
  /** Waits for what is on its way. */
  stop(): Promise<{ readonly queries: number; readonly runs: readonly string[] }>;
}

/** Queries, and starts under keys of their own, each asked for twice. Anything but a whole answer ends the test. */
function startLoad(url: string, input: Readonly<Record<string, unknown>>): Load {
  const ended = new AbortController();
  const runs: string[] = [];
  let queries = 0;

  async function query(): Promise<void> {
    const shape = z.object({ syncs: z.object({ nodes: z.array(z.object({ id: z.string() })) }) });
    const { errors } = await ask(url, shape, "{ syncs(first: 20) { nodes { id status } } }");
    expect(errors).toEqual([]);
    queries += 1;
  }

  async function start(number: number): Promise<void> {
    const keyed = { ...input, idempotencyKey: `start-${number}` };
    const [first, second] = await Promise.all([triggerSync(url, keyed), triggerSync(url, keyed)]);
    expect(first).toMatchObject({
      errors: [],
      data: { triggerSync: { userErrors: [], trigger: { state: "ACCEPTED" } } },
    });
    expect(second).toEqual(first);
    runs.push(...(first.data.triggerSync?.syncs ?? []).map(({ id }) => id));
  }

  async function keepOn(everyMs: number, work: (number: number) => Promise<void>): Promise<void> {
    for (let number = 0; !ended.signal.aborted; number += 1) {
      await work(number);
      await pause(everyMs, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  }

  const work = Promise.all([keepOn(QUERY_EVERY_MS, query), keepOn(START_EVERY_MS, start)]);
  // Seen when the load is stopped.
  work.catch(() => undefined);
  return {
    stop: async () => {
      ended.abort();
      await within("the last answers", work, 40_000);
      return { queries, runs };
    },
  };
}

/** @returns the newest cursor once all runs have ended */
async function untilAllEnded(url: string, definitionId: string): Promise<string> {
  const shape = z.object({ syncs: z.object({ nodes: z.array(z.object({ id: z.string() })) }) });
  const query =
    "query ($definitions: [ID!]) { syncs(first: 1, filter: { definitions: $definitions, open: true }) { nodes { id } } }";
  return eventually(
    "all runs have ended",
    async () => {
      const { data } = await ask(url, shape, query, { definitions: [definitionId] });
      return data.syncs.nodes.length === 0 ? newestCursor(url) : null;
    },
    60_000,
  );
}
