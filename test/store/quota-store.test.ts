// Shared quotas on each database: never more turns in any stretch of time than allowed, whoever takes them, and in order.
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import type { RateLimit } from "../../src/domain/provider-port.ts";
import type { QuotaStore } from "../../src/domain/quota-port.ts";
import { openMigratedDatabase } from "../../src/store/open-store.ts";
import { createQuotaStore } from "../../src/store/quota-store.ts";
import { sql } from "../../src/store/sql.ts";
import { databaseMaker, describeOnEachDatabase } from "../support/databases.ts";

const START_MS = Date.UTC(2026, 0, 1);
const SOON = { withinMs: 0, lastsMs: 0 };
const ANY_TIME = { withinMs: 500_000, lastsMs: 0 };

describeOnEachDatabase("shared quotas", (open) => {
  const make = databaseMaker(open.database);
  const closing: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** A store on a database whose clock the test moves. */
  async function openQuotas(time: { nowMs: number }, url?: string) {
    const database = await openMigratedDatabase(url ?? (await make()));
    closing.push(() => database.close());
    const quotas = createQuotaStore(database, () => sql`cast(${time.nowMs} as bigint)`);
    const turns = async () =>
      Number((await database.read(sql`select count(*) as found from quota_turn`))[0]?.["found"]);
    return { quotas, turns };
  }

  /** Takes a turn and gives when it comes, in milliseconds after the start; null when it would come too late. */
  async function take(
    quotas: QuotaStore,
    time: { nowMs: number },
    limit: RateLimit,
    wish = ANY_TIME,
    provider = "acme",
  ) {
    const { taken, waitMs } = await quotas.take("t1", provider, limit, wish);
    return taken ? time.nowMs - START_MS + waitMs : null;
  }

  test("of a hundred takers at once, over two stores, as many come in each stretch of time as are allowed", async () => {
    const time = { nowMs: START_MS };
    const url = await make();
    const stores = [await openQuotas(time, url), await openQuotas(time, url)];
    const limit = { requests: 7, perMs: 1_000 };
    const taken = await Promise.all(
      Array.from({ length: 50 }, () =>
        stores.map(({ quotas }) => take(quotas, time, limit, { ...ANY_TIME, lastsMs: 20 })),
      ).flat(),
    );
    const expected = Array.from({ length: 100 }, (_, index) => Math.floor(index / 7) * 1_020);
    expect(taken.toSorted((left, right) => Number(left) - Number(right))).toEqual(expected);
  });

  test("a turn that would come too late is not taken, tells when it would have come, and leaves its place to the next", async () => {
    const time = { nowMs: START_MS };
    const { quotas } = await openQuotas(time);
    const limit = { requests: 1, perMs: 1_000 };
    expect(await quotas.take("t1", "acme", limit, { withinMs: 0, lastsMs: 100 })).toEqual({ taken: true, waitMs: 0 });
    time.nowMs += 300;
    for (const withinMs of [0, 799])
      expect(await quotas.take("t1", "acme", limit, { ...SOON, withinMs })).toEqual({ taken: false, waitMs: 800 });
    expect(await quotas.take("t1", "acme", limit, { ...SOON, withinMs: 800 })).toEqual({ taken: true, waitMs: 800 });
    expect(await quotas.take("t1", "acme", limit, SOON)).toEqual({ taken: false, waitMs: 1_800 });
  });

  test("whenever each turn is used while it lasts, and by whatever limit the gateways go, no stretch of time holds more than the largest limit", async () => {
    const url = await make();
    const time = { nowMs: START_MS };
    const [one, other] = [await openQuotas(time, url), await openQuotas(time, url)];
    const ask = fc.record({
      laterMs: fc.constantFrom(0, 0, 0, 1, 9, 60),
      requests: fc.constantFrom(2, 3, 5),
      lastsMs: fc.constantFrom(0, 0, 7, 30),
      withinMs: fc.constantFrom(0, 50, 400),
      byOther: fc.boolean(),
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(ask, { minLength: 1, maxLength: 40 }), fc.boolean(), async (asks, isOneLimit) => {
        round += 1;
        const turns: { comesMs: number; lastMs: number }[] = [];
        for (const { laterMs, requests, lastsMs, withinMs, byOther } of asks) {
          time.nowMs += laterMs;
          const limit = { requests: isOneLimit ? 3 : requests, perMs: 100 };
          const comesMs = await take((byOther ? other : one).quotas, time, limit, { withinMs, lastsMs }, `p${round}`);
          if (comesMs !== null) turns.push({ comesMs, lastMs: comesMs + lastsMs });
        }
        const most = isOneLimit ? 3 : 5;
        const distances = turns.slice(most).map(({ comesMs }, index) => comesMs - (turns[index]?.lastMs ?? comesMs));
        expect(distances.filter((distanceMs) => distanceMs < 100)).toEqual([]);
        expect(turns.map(({ comesMs }) => comesMs)).toEqual(
          turns.map(({ comesMs }) => comesMs).toSorted((left, right) => left - right),
        );
      }),
      { seed: 20_261_128, numRuns: 60 },
    );
  });

  test("with one limit nobody waits longer than the window asks for", async () => {
    const time = { nowMs: START_MS };
    const { quotas } = await openQuotas(time);
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 80 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        async (pauses, requests) => {
          round += 1;
          const expected: number[] = [];
          for (const pauseMs of pauses) {
            time.nowMs += pauseMs;
            const nowMs = time.nowMs - START_MS;
            expected.push(Math.max(nowMs, expected.at(-1) ?? 0, (expected.at(-requests) ?? -100) + 100));
            const found = await take(quotas, time, { requests, perMs: 100 }, ANY_TIME, `p${round}`);
            expect(found).toBe(expected.at(-1));
          }
        },
      ),
      { seed: 20_261_129, numRuns: 40 },
    );
  });

  test("a limit that grows or shrinks holds from its first turn on", async () => {
    const time = { nowMs: START_MS };
    const { quotas } = await openQuotas(time);
    const comes = async (requests: number, times: number) => {
      const found: (number | null)[] = [];
      for (let index = 0; index < times; index += 1) found.push(await take(quotas, time, { requests, perMs: 1_000 }));
      return found;
    };
    expect(await comes(2, 4)).toEqual([0, 0, 1_000, 1_000]);
    time.nowMs += 1_000;
    expect(await comes(5, 4)).toEqual([1_000, 1_000, 1_000, 2_000]);
    expect(await comes(1, 2)).toEqual([3_000, 4_000]);
  });

  test("turns that are of no more use are removed, and a limit that grows meets no hole where they were", async () => {
    const time = { nowMs: START_MS };
    const { quotas, turns } = await openQuotas(time);
    for (let index = 0; index < 200; index += 1) {
      time.nowMs += 50;
      expect(await take(quotas, time, { requests: 20, perMs: 1_000 })).not.toBeNull();
    }
    expect(await turns()).toBeLessThanOrEqual(20 + 16);
    // The oldest that is kept is number 173, taken at 8,650: before it any number may have been taken.
    expect(await take(quotas, time, { requests: 60, perMs: 10_000 })).toBe(18_650);
  });

  test("a pause holds up every store, a shorter one does not end it, and what is taken meanwhile comes after it", async () => {
    const time = { nowMs: START_MS };
    const url = await make();
    const [one, other] = [await openQuotas(time, url), await openQuotas(time, url)];
    const limit = { requests: 2, perMs: 1_000 };
    expect(await other.quotas.pausedForMs("t1", "acme")).toBe(0);
    await one.quotas.pause("t1", "acme", 3_000);
    await other.quotas.pause("t1", "acme", 500);
    for (const { quotas } of [one, other]) expect(await quotas.pausedForMs("t1", "acme")).toBe(3_000);
    time.nowMs += 1_000;
    expect(await other.quotas.take("t1", "acme", limit, SOON)).toEqual({ taken: false, waitMs: 2_000 });
    expect(await take(other.quotas, time, limit)).toBe(3_000);
    await other.quotas.pause("t1", "acme", 4_000);
    time.nowMs += 3_999;
    expect(await one.quotas.pausedForMs("t1", "acme")).toBe(1);
    time.nowMs += 1;
    expect(await one.quotas.pausedForMs("t1", "acme")).toBe(0);
    expect(await take(one.quotas, time, limit, SOON)).toBe(5_000);
  });

  test("each provider of each tenant has its own turns and its own quiet", async () => {
    const time = { nowMs: START_MS };
    const { quotas } = await openQuotas(time);
    const limit = { requests: 1, perMs: 1_000 };
    await quotas.pause("t1", "paused", 9_000);
    for (const [tenantId, provider] of [
      ["t1", "acme"],
      ["t1", "globex"],
      ["t2", "acme"],
      ["t2", "paused"],
    ] as const) {
      expect(await quotas.pausedForMs(tenantId, provider)).toBe(0);
      expect(await quotas.take(tenantId, provider, limit, SOON)).toEqual({ taken: true, waitMs: 0 });
      expect(await quotas.take(tenantId, provider, limit, SOON)).toEqual({ taken: false, waitMs: 1_000 });
    }
  });

  test("a database whose clock is set back by an hour gives turns again, and as many as are allowed", async () => {
    const time = { nowMs: START_MS };
    const { quotas } = await openQuotas(time);
    const limit = { requests: 2, perMs: 1_000 };
    for (let index = 0; index < 3; index += 1) await take(quotas, time, limit);
    await quotas.pause("t1", "acme", 60_000);
    time.nowMs -= 3_600_000;
    expect(await quotas.pausedForMs("t1", "acme")).toBe(0);
    const answers = [];
    for (let index = 0; index < 4; index += 1) answers.push(await quotas.take("t1", "acme", limit, ANY_TIME));
    expect(answers.map(({ waitMs }) => waitMs)).toEqual([0, 0, 1_000, 1_000]);
  });

  test("goes by the database's own clock, and says so when the database does not answer", async () => {
    const { store, close } = await open();
    const limit = { requests: 1, perMs: 60_000 };
    expect(await store.quotas.take("t1", "acme", limit, SOON)).toEqual({ taken: true, waitMs: 0 });
    const { taken, waitMs } = await store.quotas.take("t1", "acme", limit, SOON);
    expect(taken).toBe(false);
    expect(waitMs).toBeGreaterThan(30_000);
    expect(waitMs).toBeLessThanOrEqual(60_000);
    await store.quotas.pause("t1", "acme", 60_000);
    expect(await store.quotas.pausedForMs("t1", "acme")).toBeGreaterThan(30_000);
    await close();
    await expect(store.quotas.take("t1", "acme", limit, SOON)).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  });
});
