// `syncProgressed` of a real run: what changes between its transitions, counts, tasks and waits, comes over the socket, then its end, then
// nothing more. Stuut's attempts are in `stuut.test.ts`.
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { accountOf, definitionNamed, listDefinitions, startRuns } from "../support/gateway-operations.ts";
import { entryOf, startVendor, type Vendor, type VendorServer } from "../support/vendors.ts";
import { progressOf } from "./watch-progress.ts";

let vendor: VendorServer;
let gateway: TestGateway;

afterEach(async () => {
  await gateway.close();
  await vendor.stop();
});

/** Slow enough that each status, and some of what comes in between, is seen on a busy machine. */
async function begin(kind: Vendor, name: string, product?: string): Promise<string> {
  vendor = await startVendor(kind, 3);
  gateway = await startTestGateway({ providers: [entryOf(vendor)] });
  const definitionId = definitionNamed(await listDefinitions(gateway.url), kind, name).id;
  const account = product === undefined ? {} : { linkedAccountId: (await accountOf(gateway.url, kind, product)).id };
  const [run] = await startRuns(gateway.url, { definitionId, ...account });
  return run?.id ?? "";
}

const COUNT = z.number().nullable();
const isRising = (values: readonly number[]): boolean =>
  values.every((value, place) => value >= (values[place - 1] ?? 0));

test("a run that is rate limited on the way says so while it waits, and its records are counted as they come", async () => {
  const id = await begin("truto", "Slack messages", "slack");
  const shape = z.object({
    status: z.string(),
    outcome: z.string().nullable(),
    waitingReason: z.string().nullable(),
    recordCounts: z.object({ fetched: COUNT }).nullable(),
    tasks: z.object({ nodes: z.array(z.object({ recordCounts: z.object({ fetched: COUNT }).nullable() })) }),
  });
  const counts = "recordCounts { fetched }";
  const steps = await progressOf(
    gateway.url,
    id,
    shape,
    `status outcome waitingReason ${counts} tasks { nodes { ${counts} } }`,
  );

  expect([...new Set(steps.map(({ status }) => status))]).toEqual(["CREATED", "RUNNING", "SUCCESS"]);
  const waits = steps.map(({ waitingReason }) => waitingReason);
  expect(waits.filter((reason, place) => reason !== waits[place - 1])).toEqual([null, "RATE_LIMITED", null]);
  expect(steps.find(({ waitingReason }) => waitingReason !== null)).toMatchObject({ status: "RUNNING", outcome: null });
  const fetched = steps.flatMap(({ recordCounts }) => recordCounts?.fetched ?? []);
  expect(isRising(fetched)).toBe(true);
  expect(new Set(fetched).size).toBeGreaterThan(3);
  const ofTasks = steps.map(({ tasks }) =>
    tasks.nodes.reduce((sum, task) => sum + (task.recordCounts?.fetched ?? 0), 0),
  );
  expect(ofTasks.at(-1)).toBe(fetched.at(-1));
  expect(steps.at(-1)).toMatchObject({ status: "SUCCESS", outcome: "COMPLETE" });
});

test("a run's parts are counted as they begin and end", async () => {
  const id = await begin("rootfi", "Quarry Road Motors / SALESFORCE");
  const count = z.number();
  const counted = z.object({ total: count, success: count, failed: count, running: count, pending: count });
  const shape = z.object({ status: z.string(), taskCounts: counted.nullable() });
  const fields = "status taskCounts { total success failed running pending }";
  const steps = await progressOf(gateway.url, id, shape, fields);

  const counts = steps.flatMap(({ taskCounts }) => taskCounts ?? []);
  for (const { total, ...parts } of counts) {
    expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBe(total);
  }
  expect(isRising(counts.map(({ success }) => success))).toBe(true);
  expect(new Set(counts.map(({ success }) => success)).size).toBeGreaterThan(2);
  expect(counts.some(({ running, pending }) => running > 0 && pending > 0)).toBe(true);
  expect(counts.at(-1)).toMatchObject({ failed: 0, running: 0, pending: 0, success: counts.at(-1)?.total });
  expect(steps.at(-1)?.status).toBe("SUCCESS");
});
