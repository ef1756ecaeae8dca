// A gateway that keeps a day of history, on data older than that: the old goes, clients hear of it, and neither a kill nor a second gateway
// leaves anything half gone.
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { age, countTransitions, fillWithOldRuns } from "../support/aging.ts";
import { databaseMaker, reachable } from "../support/databases.ts";
import { eventually, within } from "../support/eventually.ts";
import { environmentOf, makeFolder, startTestGateway } from "../support/gateway.ts";
import { ask, newestCursor, watchTransitions } from "../support/gateway-client.ts";
import { definitionNamed, listDefinitions, startRuns, untilEnded } from "../support/gateway-operations.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";
import { entryOf, startVendor } from "../support/vendors.ts";
import { expectVerified } from "../support/verified.ts";

const makeDatabase = databaseMaker("postgres");
const DEFINITION = "Quarry Road Motors / SALESFORCE";
const REMOVED = "history that is older than what is kept was removed";

const refusalShape = z.array(z.looseObject({ extensions: z.object({ code: z.string(), oldestCursor: z.string() }) }));
const idsShape = z.object({ syncs: z.object({ nodes: z.array(z.object({ id: z.string() })) }) });

const runIds = async (url: string): Promise<readonly string[]> =>
  (await ask(url, idsShape, "{ syncs(first: 100) { nodes { id } } }")).data.syncs.nodes.map(({ id }) => id);

test("an old cursor is refused with the oldest one that goes on, and from there a client misses nothing", async () => {
  const folder = await makeFolder();
  const vendor = await startVendor("rootfi");
  const databaseUrl = `sqlite:${join(folder.path, "gateway.sqlite")}`;
  const options = { providers: [entryOf(vendor)], databaseUrl };
  let place: string;
  let oldRun: string;
  {
    await using gateway = await startTestGateway(options);
    const definitionId = definitionNamed(await listDefinitions(gateway.url), "rootfi", DEFINITION).id;
    place = await newestCursor(gateway.url);
    await using watch = watchTransitions(gateway.url, { after: place });
    const [run] = await startRuns(gateway.url, { definitionId });
    oldRun = run?.id ?? "";
    await untilEnded(watch, oldRun);
  }
  await age(databaseUrl, 3);
  // A vendor that is away can list nothing again: what is old stays unreported.
  await vendor.stop();
  {
    await using gateway = await startTestGateway({ ...options, retentionDays: 1 });
    await eventually("the old history goes", () => (gateway.log().includes(REMOVED) ? true : null));
    expect(await runIds(gateway.url)).not.toContain(oldRun);
    await using refused = watchTransitions(gateway.url, { after: place });
    const [refusal] = refusalShape.parse(await within("the refusal", refused.ended));
    expect(refusal?.extensions.code).toBe("CURSOR_EXPIRED");
    const { oldestCursor } = refusal?.extensions ?? { oldestCursor: "" };
    expect(oldestCursor).toBe(await newestCursor(gateway.url));

    await using resumed = watchTransitions(gateway.url, { after: oldestCursor });
    await vendor.startAgain();
    const definitionId = definitionNamed(
      await eventually("the vendor's lists are whole", () => listDefinitions(gateway.url).catch(() => null)),
      "rootfi",
      DEFINITION,
    ).id;
    const [run] = await startRuns(gateway.url, { definitionId });
    expect(await untilEnded(resumed, run?.id ?? "")).toMatch(/^CREATED RUNNING (SUCCESS|FAILED)/u);
  }
  await vendor.stop();
  await folder.remove();
}, 90_000);

test("killed in the middle of it a gateway leaves a sound store, and the next one goes on", async () => {
  const folder = await makeFolder();
  const databaseUrl = `sqlite:${join(folder.path, "gateway.sqlite")}`;
  await fillWithOldRuns(databaseUrl, 3_000, 3);
  const environment = await environmentOf(folder.path, { providers: [], databaseUrl, retentionDays: 1 });
  const start = () => startGatewayProcess(folder.path, { ...environment, SYNCGRAPH_SANDBOX: "off" });
  const leftBelow = (most: number) =>
    eventually(`less than ${most} transitions`, async () => {
      const left = await countTransitions(databaseUrl);
      return left < most ? left : null;
    });
  {
    await using killed = start();
    await killed.url();
    await leftBelow(8_500);
    await killed.stop("SIGKILL");
  }
  expect(await countTransitions(databaseUrl)).toBeGreaterThan(0);
  await expectVerified(databaseUrl);
  await using next = start();
  const url = await next.url();
  await leftBelow(1);
  expect(await runIds(url)).toEqual([]);
  await next.stop("SIGTERM");
  await folder.remove();
}, 120_000);

test.runIf(reachable.postgres)(
  "two gateways that remove at once remove everything once",
  async () => {
    const databaseUrl = await makeDatabase();
    await fillWithOldRuns(databaseUrl, 1_000, 3);
    const vendor = await startVendor("stuut", 0.01);
    const options = { providers: [entryOf(vendor)], databaseUrl, retentionDays: 1 };
    const gateways = await Promise.all([startTestGateway(options), startTestGateway(options)]);
    try {
      await eventually("all that is old is gone", async () => {
        const lines = gateways.flatMap((gateway) => gateway.log().split("\n")).filter((line) => line.includes(REMOVED));
        const removed = lines.map((line) => z.object({ transitions: z.number() }).parse(JSON.parse(line)).transitions);
        return removed.reduce((sum, one) => sum + one, 0) === 3_000 ? true : null;
      });
      for (const { url } of gateways) expect((await runIds(url)).length).toBeLessThan(100);
    } finally {
      for (const gateway of gateways) await gateway.close();
      await vendor.stop();
    }
  },
  60_000,
);
