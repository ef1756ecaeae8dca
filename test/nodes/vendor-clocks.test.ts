// Vendors whose clocks are a day off, or that write times through a change from summer time: what becomes of runs and their order is the
// same, and the vendors' times are nothing but what is shown.
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { endedRuns } from "../acceptance/sandbox-runs.ts";
import { truthOf } from "../acceptance/sandbox-truth.ts";
import { reachable } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import type { ProviderEntry } from "../support/gateway.ts";
import { ask, newestCursor, watchTransitions, type SeenTransition } from "../support/gateway-client.ts";
import {
  definitionNamed,
  expectLegalPaths,
  listAccounts,
  listDefinitions,
  placeOf,
  triggerSync,
  untilEnded,
} from "../support/gateway-operations.ts";
import { nodesMaker } from "../support/gateway-nodes.ts";
import { meddleWith } from "../support/meddler.ts";
import { inputs, runsOf } from "../support/one-start-each.ts";
import { byOtherClock, type OtherClock } from "../support/other-clock.ts";
import { vendorTakes } from "../support/vendor-truth.ts";
import { VENDORS, entryOf } from "../support/vendors.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** What adapters allow a vendor's clock to be behind when they look for a run that a start began, and the rounding of its Date. */
const SLACK_MS = 6_500;
/** Longer than any run here, and shorter than what an offset that is overlooked makes of it. */
const LONGEST_MS = HOUR_MS / 2;
const required = process.env["CI"] === "true";

const utc = (moment: Date): string => moment.toISOString();
const withOffset = (moment: Date, hours: number): string =>
  new Date(moment.getTime() + hours * HOUR_MS).toISOString().replace("Z", `+0${hours}:00`);

describe.runIf(reachable.postgres || required)("vendors whose clocks", () => {
  const makeNodes = nodesMaker();
  const left: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const end of left.splice(0).toReversed()) await end();
  });

  /** The four behind other clocks, and a gateway that knows what they have. */
  async function world(clock: OtherClock) {
    const nodes = await makeNodes({ vendors: VENDORS, speed: 6 });
    const truths = new Map(VENDORS.map((name) => [name, truthOf(nodes.server(name))]));
    left.push(() => Promise.all([...truths.values()].map((truth) => truth.stop())));
    const truto = await meddleWith(nodes.server("truto"));
    left.push(() => truto.close());
    const providers: ProviderEntry[] = [];
    for (const name of VENDORS) {
      const server = nodes.server(name);
      const vendor = await byOtherClock(name === "truto" ? { ...server, url: truto.entry.baseUrl } : server, clock);
      left.push(() => vendor.close());
      providers.push(entryOf(vendor));
    }
    const { url } = await nodes.start({ providers });
    const asked = await inputs(url, "first");
    await eventually("the past is discovered", async () => ((await isDiscovered(url)) ? true : null));
    return { url, asked, truths, truto, atTruto: nodes.server("truto") };
  }

  test.each<readonly [string, (changeAtMs: () => number) => OtherClock]>([
    ["are a day ahead", () => ({ aheadMs: DAY_MS, write: utc })],
    ["are a day behind", () => ({ aheadMs: -DAY_MS, write: utc })],
    [
      "go back an hour while runs go on",
      (changeAtMs) => ({ aheadMs: 0, write: (moment) => withOffset(moment, moment.getTime() < changeAtMs() ? 2 : 1) }),
    ],
  ])(
    "%s tell of runs what they would tell by others, in the ledger's order",
    { timeout: 240_000 },
    async (_name, clockOf) => {
      let changeAtMs = Number.POSITIVE_INFINITY;
      const { url, asked, truths, truto, atTruto } = await world(clockOf(() => changeAtMs));
      await using watch = watchTransitions(url, { after: await newestCursor(url) });
      const started = await Promise.all(asked.map((input) => triggerSync(url, input)));
      const ours = started.flatMap(runsOf);
      expect(ours).toHaveLength(6);
      await watch.until("a run goes on", (seen) =>
        seen.find(({ sync, to }) => ours.includes(sync.id) && to === "RUNNING"),
      );
      changeAtMs = Date.now();
      for (const id of ours) expect(await untilEnded(watch, id)).toMatch(/^CREATED RUNNING (?:SUCCESS|FAILED)/u);
      for (const name of VENDORS)
        await watch.until(`a run that ${name} began is found`, (seen) =>
          seen.find(({ sync, from }) => sync.provider.key === name && sync.origin !== "GATEWAY" && from === null),
        );

      // A run that somebody else began a moment before is not taken for the one of a start without an answer.
      const { args, linkedAccountId } = asked[3] ?? {};
      const theirs = await vendorTakes(atTruto, "/sync-job-run", await asTruto(url, { args, linkedAccountId }));
      const isTheirs = ({ sync }: SeenTransition) => sync.remoteId === theirs["id"];
      await watch.until("it is found", (seen) => seen.find(isTheirs));
      await pause(SLACK_MS);
      void truto.once("POST", /\/sync-job-run$/u, { lose: "answer" });
      const { data } = await triggerSync(url, { ...asked[3], idempotencyKey: "lost" });
      expect(data.triggerSync?.userErrors).toEqual([]);
      expect(data.triggerSync?.syncs).toHaveLength(1);
      expect(data.triggerSync?.syncs[0]?.remoteId).not.toBe(theirs["id"]);
      await untilEnded(watch, data.triggerSync?.syncs[0]?.id ?? "");

      const places = watch.seen.map(({ cursor }) => placeOf(cursor));
      expect(places).toEqual(places.map((_, index) => (places[0] ?? 0) + index));
      expectLegalPaths(watch.seen);
      for (const [name, truth] of truths)
        for (const run of (await endedRuns(url, name)).filter(({ id }) => ours.includes(id)))
          expect(await truth.endsOf(run)).toContain(`${run.status}: ${run.outcome ?? "no outcome"}`);
      for (const run of await timesOf(url)) {
        expect(run).toMatchObject({ isStale: false });
        expect(run.durationMs ?? 0).toBeGreaterThanOrEqual(0);
        expect(run.durationMs ?? 0).toBeLessThan(LONGEST_MS);
        expect(Math.abs(Date.parse(run.observedAt) - Date.now())).toBeLessThan(HOUR_MS);
      }
    },
  );
});

async function isDiscovered(url: string): Promise<boolean> {
  const shape = z.object({ providers: z.array(z.object({ discoveryLagMs: z.number().nullable() })) });
  const { data } = await ask(url, shape, "{ providers { discoveryLagMs } }");
  return data.providers.every(({ discoveryLagMs }) => discoveryLagMs !== null);
}

/** The start of Truto's as Truto itself is asked for it. */
async function asTruto(url: string, { args, linkedAccountId }: Readonly<Record<string, unknown>>) {
  const job = definitionNamed(await listDefinitions(url), "truto", "Zendesk tickets");
  const account = (await listAccounts(url, "truto")).find(({ id }) => id === linkedAccountId);
  return { sync_job_id: job.remoteId, integrated_account_id: account?.remoteId, args };
}

async function timesOf(url: string) {
  const run = z.object({ isStale: z.boolean(), durationMs: z.number().nullable(), observedAt: z.string() });
  const shape = z.object({ syncs: z.object({ nodes: z.array(run) }) });
  const filter = { origins: ["GATEWAY"] };
  const query =
    "query ($filter: SyncFilter) { syncs(first: 100, filter: $filter) { nodes { isStale durationMs observedAt } } }";
  return (await ask(url, shape, query, { filter })).data.syncs.nodes;
}
