// Runs of all four vendors in one search, in one order, and in one set of numbers. What the gateway finds and counts is found and counted
// again here, one by one, from the list of all runs.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { ask, newestCursor, watchTransitions } from "../support/gateway-client.ts";
import { untilEnded } from "../support/gateway-operations.ts";
import { VENDORS, entryOf, startVendor, type VendorServer } from "../support/vendors.ts";
import { COUNTED_FIELDS, COUNTS_FIELDS, countedShape, numbersOf, tally, type CountedRun } from "./counted-by-hand.ts";
import { startAll } from "./sandbox-runs.ts";

type Filter = Readonly<Record<string, unknown>>;

const vendors: VendorServer[] = [];
let gateway: TestGateway;
/** Runs created before then have all ended: nothing about them changes any more. */
let cut: string;
/** All of those, newest first. */
let all: readonly CountedRun[];

beforeAll(async () => {
  for (const kind of VENDORS) vendors.push(await startVendor(kind, 10));
  gateway = await startTestGateway({ providers: vendors.map(entryOf) });
  const { url } = gateway;
  await using watch = watchTransitions(url, { after: await newestCursor(url) });
  const ids = await Promise.all(VENDORS.map((kind) => startAll(url, kind)));
  await Promise.all(ids.flat().map((id) => untilEnded(watch, id)));
  cut = new Date().toISOString();
  await eventually("every vendor asked for runs until now, and all of those ended", async () => {
    const query = `query ($filter: SyncFilter) {
      providers { discoveryLagMs }
      syncs(first: 1, filter: $filter) { totalCount }
    }`;
    const { data } = await ask(url, progressShape, query, { filter: { createdBefore: cut, open: true } });
    const discoveredUntil = data.providers.map(({ discoveryLagMs }) => Date.now() - (discoveryLagMs ?? Infinity));
    const discovered = discoveredUntil.every((until) => until > Date.parse(cut));
    return discovered && data.syncs.totalCount === 0 ? true : null;
  });
  all = await list();
});

afterAll(async () => {
  await gateway.close();
  for (const vendor of vendors) await vendor.stop();
});

const progressShape = z.object({
  providers: z.array(z.object({ discoveryLagMs: z.number().nullable() })),
  syncs: z.object({ totalCount: z.number() }),
});
const pageShape = z.object({
  syncs: z.object({
    totalCount: z.number(),
    nodes: z.array(countedShape),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});
type Page = z.output<typeof pageShape>["syncs"];

/** The runs that match among those that do not change any more, page by page. */
async function list(filter: Filter = {}, orderBy?: Filter, first = 100): Promise<readonly CountedRun[]> {
  const query = `query ($first: Int, $after: String, $filter: SyncFilter, $orderBy: SyncOrder) {
    syncs(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      totalCount nodes { ${COUNTED_FIELDS} } pageInfo { hasNextPage endCursor }
    }
  }`;
  const found: CountedRun[] = [];
  for (let after: string | null = null; ;) {
    const variables = { first, after, filter: { createdBefore: cut, ...filter }, orderBy };
    const { data, errors } = await ask(gateway.url, pageShape, query, variables);
    expect(errors).toEqual([]);
    const page: Page = data.syncs;
    found.push(...page.nodes);
    after = page.pageInfo.endCursor;
    if (page.pageInfo.hasNextPage) continue;
    expect(found).toHaveLength(page.totalCount);
    return found;
  }
}

const idsOf = (runs: readonly CountedRun[]): readonly string[] => runs.map(({ id }) => id);

describe("the search over all vendors", () => {
  const middle = (): string => all[Math.floor(all.length / 2)]?.createdAt ?? "";
  const [one, other] = ["rootfi", "truto"];
  const filters: readonly (readonly [string, () => Filter, (run: CountedRun) => boolean])[] = [
    ["two providers", () => ({ providers: [one, other] }), ({ provider }) => [one, other].includes(provider.key)],
    ["a vendor", () => ({ kinds: ["stuut"] }), ({ provider }) => provider.kind === "stuut"],
    ["a status", () => ({ statuses: ["FAILED"] }), ({ status }) => status === "FAILED"],
    [
      "outcomes",
      () => ({ outcomes: ["PARTIAL", "LOST"] }),
      ({ outcome }) => ["PARTIAL", "LOST"].includes(outcome ?? ""),
    ],
    [
      "models of two vendors",
      () => ({ models: ["invoice", "ACCOUNTS"] }),
      ({ models }) => /invoice|ACCOUNTS/u.test(models.join()),
    ],
    ["who started them", () => ({ origins: ["GATEWAY"] }), ({ origin }) => origin === "GATEWAY"],
    ["since when", () => ({ createdAfter: middle() }), ({ createdAt }) => createdAt >= middle()],
    ["until when", () => ({ createdBefore: middle() }), ({ createdAt }) => createdAt < middle()],
    ["having ended", () => ({ open: false }), () => true],
    [
      "definitions",
      () => ({ definitions: [all[0]?.definition?.id] }),
      ({ definition }) => definition?.id === all[0]?.definition?.id,
    ],
    [
      "accounts",
      () => ({ linkedAccounts: [all[0]?.linkedAccount?.id] }),
      ({ linkedAccount }) => linkedAccount?.id === all[0]?.linkedAccount?.id,
    ],
    ["runs", () => ({ syncs: [all[3]?.id, all[5]?.id] }), ({ id }) => id === all[3]?.id || id === all[5]?.id],
    [
      "much at once",
      () => ({ providers: ["stuut", "polytomic"], statuses: ["SUCCESS"], origins: ["SCHEDULED", "GATEWAY"] }),
      ({ provider, status, origin }) =>
        ["stuut", "polytomic"].includes(provider.key) &&
        status === "SUCCESS" &&
        ["SCHEDULED", "GATEWAY"].includes(origin),
    ],
  ];

  test.each(filters)("by %s finds these runs and no others, in the list's order", async (_by, filter, belongs) => {
    const expected = idsOf(all.filter(belongs));
    expect(expected.length).toBeGreaterThan(0);
    expect(idsOf(await list(filter()))).toEqual(expected);
  });

  test("has runs of all vendors mixed by their time, newest first, in pages of seven as whole", async () => {
    expect(new Set(all.map(({ provider }) => provider.key))).toEqual(new Set(VENDORS));
    const times = all.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted().toReversed());
    expect(idsOf(await list({}, undefined, 7))).toEqual(idsOf(all));
    const ascending = await list({}, { field: "CREATED_AT", direction: "ASC" }, 7);
    expect(idsOf(ascending)).toEqual(idsOf(all).toReversed());
  });

  test.each(["ASC", "DESC"] as const)("orders by the last confirmation too: %s", async (direction) => {
    const query = `query ($orderBy: SyncOrder) { syncs(first: 100, orderBy: $orderBy) { nodes { observedAt } } }`;
    const shape = z.object({ syncs: z.object({ nodes: z.array(z.object({ observedAt: z.string() })) }) });
    const { data } = await ask(gateway.url, shape, query, { orderBy: { field: "OBSERVED_AT", direction } });
    const times = data.syncs.nodes.map(({ observedAt }) => observedAt);
    expect(times).toEqual(direction === "ASC" ? times.toSorted() : times.toSorted().toReversed());
    expect(new Set(times).size).toBeGreaterThan(5);
  });
});

describe("syncStatistics", () => {
  const numbersShape = z.object({
    total: z.number(),
    open: z.number(),
    succeeded: z.number(),
    failed: z.number(),
    successRate: z.number().nullable(),
    durationMsP50: z.number().nullable(),
    durationMsP95: z.number().nullable(),
    recordCounts: z.record(z.string(), z.number().nullable()),
  });
  const shape = z.object({
    syncStatistics: numbersShape.extend({
      outcomes: z.array(z.object({ outcome: z.string(), count: z.number() })),
      failures: z.array(z.object({ code: z.string(), count: z.number() })),
      buckets: z.array(numbersShape.extend({ start: z.string(), end: z.string() })),
    }),
  });
  const NUMBERS = `total open succeeded failed successRate durationMsP50 durationMsP95 ${COUNTS_FIELDS}`;
  const statistics = async (filter: Filter) => {
    const query = `query ($filter: SyncFilter) { syncStatistics(filter: $filter, bucket: HOUR) {
      ${NUMBERS} outcomes { outcome count } failures { code count } buckets { start end ${NUMBERS} }
    } }`;
    const { data, errors } = await ask(gateway.url, shape, query, { filter: { createdBefore: cut, ...filter } });
    expect(errors).toEqual([]);
    return data.syncStatistics;
  };

  const filters: readonly (readonly [string, Filter])[] = [
    ["all vendors", {}],
    ...VENDORS.map((kind) => [kind, { providers: [kind] }] as const),
    ["what failed", { statuses: ["FAILED"] }],
    ["what was started here", { origins: ["GATEWAY"] }],
  ];

  test.each(filters)(
    "of %s are what the runs add up to, by outcome, by kind of failure, and by the hour",
    async (_of, filter) => {
      const runs = await list(filter);
      const { outcomes, failures, buckets, ...numbers } = await statistics(filter);
      expect(runs.length).toBeGreaterThan(0);
      expect(numbers).toEqual(numbersOf(runs));
      expect(outcomes.map(({ outcome, count }) => `${outcome}: ${count}`).toSorted()).toEqual(
        tally(runs.map(({ outcome }) => outcome ?? "none")),
      );
      // What somebody cancelled is no failure.
      const failed = runs.filter(({ status, outcome }) => status === "FAILED" && outcome !== "CANCELLED");
      expect(failures.map(({ code, count }) => `${code}: ${count}`).toSorted()).toEqual(
        tally(failed.map(({ error }) => error?.code ?? "UNKNOWN")),
      );
      const within = ({ start, end }: { readonly start: string; readonly end: string }) =>
        runs.filter(({ createdAt }) => createdAt >= start && createdAt < end);
      expect(buckets).toEqual(buckets.map(({ start, end }) => ({ start, end, ...numbersOf(within({ start, end })) })));
      expect(buckets.reduce((sum, { total }) => sum + total, 0)).toBe(runs.length);
    },
  );

  test("know of failures, records and durations at all", async () => {
    const { failures, successRate, durationMsP50, durationMsP95, recordCounts, buckets } = await statistics({});
    expect(failures.map(({ code }) => code)).toContain("AUTH");
    expect(successRate).toBeGreaterThan(0);
    expect(successRate).toBeLessThan(1);
    expect(durationMsP50).toBeGreaterThan(0);
    expect(durationMsP95).toBeGreaterThan(durationMsP50 ?? 0);
    expect(recordCounts["fetched"]).toBeGreaterThan(0);
    expect(buckets.length).toBeGreaterThan(1);
  });
});
