// Three gateways on one PostgreSQL database, and one vendor: together they never ask it more often than its quota allows, with Redis and
// without, and everybody is answered or told what to do.
import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { takeAnyAddress } from "../support/any-address.ts";
import { databaseMaker, reachable } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask, type Failure } from "../support/gateway-client.ts";
import { accountOf, definitionNamed, listDefinitions, startRuns, triggerSync } from "../support/gateway-operations.ts";
import { describeWithRedisServer, startRedisServer } from "../support/redis.ts";
import { shortestOverrun, watchSends, type SendTimes } from "../support/send-times.ts";
import { recordRequests, startVendor, type Recorder } from "../support/vendors.ts";

/** Less than a busy machine gets through too, so that it is what holds the gateways back. */
const QUOTA = { requests: 20, perMs: 5_000 };
/** On a busy machine a start may take longer than its client is kept waiting. */
const NOT_KNOWN_YET: ReadonlySet<string> = new Set(["IDEMPOTENCY_IN_PROGRESS", "TRIGGER_UNCERTAIN"]);
const GATEWAYS = 3;
const BURSTS = 2;
const STARTS = 4;
const READS = 8;
/** Polls are due now and then; what is asked for by clients has most of the quota. */
const POLL = { fastMs: 1_500, slowMs: 3_000, discoverMs: 5_000 };
const required = process.env["CI"] === "true";

describeWithRedisServer("gateways that share a vendor's quota", () => {
  const makeDatabase = databaseMaker("postgres");
  const left: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const end of left.splice(0).toReversed()) await end();
  });

  async function readLive(url: string, id: string): Promise<void> {
    const shape = z.object({ sync: z.object({ status: z.string() }).nullable() });
    const query = "query ($id: ID!) { sync(id: $id, maxAgeSeconds: 0) { status } }";
    const { data, errors } = await ask(url, shape, query, { id });
    expect(errors.length > 0 || data.sync !== null).toBe(true);
    expectAdvice(errors);
  }

  async function start(url: string, input: Readonly<Record<string, unknown>>): Promise<void> {
    const { data, errors } = await triggerSync(url, { ifRunning: "START_ANOTHER", ...input });
    const codes = data.triggerSync?.userErrors.map(({ code }) => code) ?? [];
    expect(codes.filter((code) => !NOT_KNOWN_YET.has(code))).toEqual([]);
    expectAdvice(errors);
  }

  test.runIf(reachable.postgres || required)(
    "never exceed it, while Redis is there and after it was killed, and each gets its part",
    async () => {
      await using redis = await startRedisServer();
      const vendor = await startVendor("truto", 1);
      left.push(() => vendor.stop());
      const databaseUrl = await makeDatabase();
      await takeAnyAddress(databaseUrl);
      const gateways: TestGateway[] = [];
      const recorders: Recorder[] = [];
      const sends: SendTimes[] = [];
      for (let started = 0; started < GATEWAYS; started += 1) {
        // Each its own way to the vendor, so that it is known who sends.
        const recorder = await recordRequests(vendor);
        left.push(() => recorder.close());
        recorders.push(recorder);
        const sent = watchSends(new URL(recorder.entry.baseUrl).origin);
        left.push(() => Promise.resolve(sent.stop()));
        sends.push(sent);
        const providers = [{ ...recorder.entry, poll: POLL, rateLimit: QUOTA }];
        const gateway = await startTestGateway({ providers, databaseUrl, redisUrl: redis.url });
        left.push(() => gateway.close());
        gateways.push(gateway);
      }
      await onDatabase(databaseUrl, "create rule keep_turns as on delete to quota_turn do instead nothing");
      const sentBy = (): readonly number[] => sends.map(({ times }) => times.length);
      const sent = (): number => sentBy().reduce((sum, count) => sum + count, 0);
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

      const burst = (): Promise<unknown> =>
        Promise.all(
          gateways.flatMap(({ url }) => [
            ...ids.map((id) => readLive(url, id)),
            ...Array.from({ length: STARTS }, () => start(url, input)),
          ]),
        );
      for (let round = 0; round < BURSTS; round += 1) {
        const [before, beforeBy] = [sent(), sentBy()];
        const running = burst();
        if (round === BURSTS - 1) {
          await eventually("the burst has begun", () => (sent() > before + QUOTA.requests ? true : null));
          await redis.kill();
        }
        await running;
        const turns = sentBy().map((count, gateway) => count - (beforeBy[gateway] ?? 0));
        expect(Math.min(...turns)).toBeGreaterThan(Math.max(...turns) / 2);
      }

      const times = sends.flatMap((one) => one.times).toSorted((less, more) => less - more);
      expect(shortestOverrun(times, QUOTA.requests)).toBeGreaterThanOrEqual(QUOTA.perMs);
      // Nothing has reached the vendor beside what was watched.
      expect(recorders.reduce((sum, { requests }) => sum + requests.length, 0)).toBeLessThanOrEqual(sent());
      // The quota was what held them back: otherwise nothing was shown.
      expect(await waited(databaseUrl)).toBeGreaterThan(0);
    },
    600_000,
  );
});

/** Refused for the quota, or because a busy machine has taken too long. */
const REFUSALS: readonly unknown[] = ["PROVIDER_RATE_LIMITED", "PROVIDER_TIMEOUT", "SERVICE_UNAVAILABLE"];

function expectAdvice(errors: readonly Failure[]): void {
  for (const { extensions } of errors) {
    expect(REFUSALS).toContain(extensions?.["code"]);
    if (extensions?.["code"] !== "PROVIDER_RATE_LIMITED") continue;
    expect(extensions).toMatchObject({ retryable: true });
    expect(extensions["retryAfterMs"]).toBeGreaterThan(0);
  }
}

/** Turns that came in the very moment in which the vendor's window had room for them again. */
async function waited(databaseUrl: string): Promise<number> {
  return onDatabase(
    databaseUrl,
    `select 1 from quota_turn as late join quota_turn as early using (tenant_id, provider_key)
     where early.turn = late.turn - ${QUOTA.requests} and late.comes_at = early.used_until + ${QUOTA.perMs}`,
  );
}

/** @returns how many rows there are */
async function onDatabase(databaseUrl: string, statement: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(statement)).rowCount ?? 0;
  } finally {
    await client.end();
  }
}
