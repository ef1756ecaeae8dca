// Three gateways on one PostgreSQL database, and a vendor that counts: together they never ask it more often than its quota allows,
// with Redis and without, and everybody is answered or told when to come back.
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { countArrivals, shortestOverrun } from "../support/arrival-counter.ts";
import { databaseMaker, reachable } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask, type Failure } from "../support/gateway-client.ts";
import { accountOf, definitionNamed, listDefinitions, startRuns, triggerSync } from "../support/gateway-operations.ts";
import { describeWithRedisServer, startRedisServer } from "../support/redis.ts";
import { startVendor } from "../support/vendors.ts";

const QUOTA = { requests: 20, perMs: 2_000 };
/**
 * A request is written in its turn; from there it takes its way through the system to the counter, and on a busy machine some take longer
 * than others. Two that are a whole stretch apart may so arrive closer to each other, by this much at the most.
 */
const ON_THE_WAY_MS = 150;
const GATEWAYS = 3;
const BURSTS = 2;
const STARTS = 6;
const READS = 14;
/** Polls are due now and then; what is asked for by clients has most of the quota. */
const POLL = { fastMs: 1_500, slowMs: 3_000, discoverMs: 5_000 };
const required = process.env["CI"] === "true";

/** What became of an operation. */
type Outcome = "answered" | "refused";

describeWithRedisServer("gateways that share a vendor's quota", () => {
  const makeDatabase = databaseMaker("postgres");
  const left: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const end of left.splice(0).toReversed()) await end();
  });

  function outcomeOf(errors: readonly Failure[]): Outcome {
    const refusals = errors.map(({ extensions }) => extensions ?? {});
    for (const extensions of refusals) {
      expect(extensions).toMatchObject({ code: "PROVIDER_RATE_LIMITED", retryable: true });
      expect(extensions["retryAfterMs"]).toBeGreaterThan(0);
    }
    return refusals.length === 0 ? "answered" : "refused";
  }

  async function readLive(url: string, id: string): Promise<Outcome> {
    const shape = z.object({ sync: z.object({ status: z.string() }).nullable() });
    const { data, errors } = await ask(url, shape, "query ($id: ID!) { sync(id: $id, maxAgeSeconds: 0) { status } }", {
      id,
    });
    expect(errors.length > 0 || data.sync !== null).toBe(true);
    return outcomeOf(errors);
  }

  async function start(url: string, input: Readonly<Record<string, unknown>>): Promise<Outcome> {
    const { data, errors } = await triggerSync(url, { ifRunning: "START_ANOTHER", ...input });
    expect(data.triggerSync?.userErrors ?? []).toEqual([]);
    return outcomeOf(errors);
  }

  test.runIf(reachable.postgres || required)(
    "never exceed it, while Redis is there and after it was killed, and each gets its part",
    async () => {
      await using redis = await startRedisServer();
      const vendor = await startVendor("truto", 1);
      left.push(() => vendor.stop());
      const counter = await countArrivals(vendor);
      left.push(() => counter.close());
      const providers = [{ ...counter.entry, poll: POLL, rateLimit: QUOTA }];
      const databaseUrl = await makeDatabase();
      const gateways: TestGateway[] = [];
      for (let started = 0; started < GATEWAYS; started += 1) {
        const gateway = await startTestGateway({ providers, databaseUrl, redisUrl: redis.url });
        left.push(() => gateway.close());
        gateways.push(gateway);
      }
      const [first] = gateways;
      if (first === undefined) throw new Error("expected a gateway");
      const definitions = await eventually("the catalog is read", async () => {
        const found = await listDefinitions(first.url);
        return found.length > 0 ? found : null;
      });
      const input = {
        definitionId: definitionNamed(definitions, "truto", "Slack messages").id,
        linkedAccountId: (await accountOf(first.url, "truto", "slack")).id,
      };
      const ids: string[] = [];
      for (let run = 0; run < READS; run += 1) ids.push(...(await startRuns(first.url, input)).map(({ id }) => id));

      const burst = (): Promise<readonly (readonly Outcome[])[]> =>
        Promise.all(
          gateways.map(({ url }) =>
            Promise.all([
              ...ids.map((id) => readLive(url, id)),
              ...Array.from({ length: STARTS }, () => start(url, input)),
            ]),
          ),
        );
      for (let round = 0; round < BURSTS; round += 1) {
        const before = (await counter.arrivals()).length;
        const running = burst();
        if (round === BURSTS - 1) {
          await eventually("the burst has begun", async () =>
            (await counter.arrivals()).length > before + QUOTA.requests ? true : null,
          );
          await redis.kill();
        }
        const answered = (await running).map((outcomes) => outcomes.filter((outcome) => outcome === "answered").length);
        expect(Math.min(...answered)).toBeGreaterThan(Math.max(...answered) / 2);
        expect((await counter.arrivals()).length - before).toBeGreaterThan(2 * QUOTA.requests);
      }

      const overrunMs = shortestOverrun(await counter.arrivals(), QUOTA.requests);
      expect(overrunMs).toBeGreaterThan(QUOTA.perMs - ON_THE_WAY_MS);
      // The quota was used: otherwise nothing was shown.
      expect(overrunMs).toBeLessThan(QUOTA.perMs * 1.5);
    },
    120_000,
  );
});
