// RootFi's v4 through the gateway: what can be run is listed, runs end as the vendor says with their parts by data model, are cancelled and
// repeated by the vendor's own means, and sync configs are changed. What the vendor holds is read from the vendor itself.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newestCursor, watchTransitions, type Watch } from "../support/gateway-client.ts";
import {
  definitionNamed,
  expectLegalPaths,
  isEnd,
  listAccounts,
  listDefinitions,
  startRuns,
  untilEnded,
  type KnownDefinition,
} from "../support/gateway-operations.ts";
import { listOf, objectOf, type Json } from "../support/openapi-examples.ts";
import {
  aboutRun,
  changeJob,
  changedJob,
  named,
  readJob,
  readRun,
  refusalsOf,
  type SeenRun,
} from "../support/sync-job-changes.ts";
import { vendorSays } from "../support/vendor-truth.ts";
import { recordRequests, startVendor, type Recorder, type VendorServer } from "../support/vendors.ts";
import { STARTABLE, endOfV4, entryOfV4, rawJobs, rawSync, rawSyncs, v4Of } from "./rootfi-v4.ts";

let vendor: VendorServer;
let v4: VendorServer;
let recorder: Recorder;
let gateway: TestGateway;
let watch: Watch;
let definitions: readonly KnownDefinition[];

beforeAll(async () => {
  vendor = await startVendor("rootfi", 10);
  v4 = v4Of(vendor);
  recorder = await recordRequests(v4);
  gateway = await startTestGateway({ providers: [{ ...entryOfV4(v4), baseUrl: recorder.entry.baseUrl }] });
  watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
  definitions = await listDefinitions(gateway.url);
});

afterAll(async () => {
  await watch.close();
  await gateway.close();
  await recorder.close();
  await vendor.stop();
});

const jobCalled = (name: string): KnownDefinition => definitionNamed(definitions, "rootfi", name);
const companyOf = ({ remoteId }: KnownDefinition): string => remoteId.split(":")[0] ?? "";
const rawCompanies = async (): Promise<readonly Json[]> =>
  listOf(objectOf(objectOf(await vendorSays(v4, "/core/companies?limit=100"))["data"])["companies"]);
const rawConfig = async (company: string, model: string): Promise<Json> => {
  const found = (await rawCompanies()).find(({ id }) => String(id) === company);
  return listOf(found?.["dataModelConfigs"]).find(({ dataModel }) => dataModel === model) ?? {};
};
/** Requests that write, since then. */
const writesSince = (before: number): readonly string[] =>
  recorder.requests
    .slice(before)
    .filter(({ method }) => method !== "GET")
    .map(({ method, path }) => `${method} ${path}`);

/** A run of the job, once it has ended and its parts were read. */
async function ended(job: KnownDefinition): Promise<SeenRun> {
  const [run] = await startRuns(gateway.url, { definitionId: job.id });
  await untilEnded(watch, run?.id ?? "");
  return eventually("its parts", async () => {
    const seen = await readRun(gateway.url, run?.id ?? "");
    const areAtEnd = seen.tasks.nodes.every(({ status }) => isEnd(status ?? ""));
    return seen.recordCounts !== null && areAtEnd ? seen : null;
  });
}

test("companies are linked accounts, and each has the sync job of its integration with v4's data models", async () => {
  const companies = await rawCompanies();
  const accounts = await listAccounts(gateway.url, "rootfi");
  const integrationOf = ({ connection }: Json): string => String(objectOf(connection)["integrationType"]);
  expect(accounts.map(({ remoteId, name, integration }) => [remoteId, name, integration]).toSorted()).toEqual(
    companies.map((one) => [String(one["id"]), one["name"], integrationOf(one)]).toSorted(),
  );
  expect(definitions.map(({ remoteId }) => remoteId).toSorted()).toEqual(
    companies.map((one) => `${String(one["id"])}:${integrationOf(one)}`).toSorted(),
  );
  const job = await readJob(gateway.url, jobCalled("Quarry Road Motors / SALESFORCE").id);
  const company = companies.find(({ name }) => name === "Quarry Road Motors");
  const models = listOf(company?.["dataModelConfigs"]).map(({ dataModel }) => dataModel);
  expect(job?.resources.map(({ name }) => name)).toEqual(models);
  expect(models).toContain("CRM_CONTACT");
});

test("everything that can be started ends as the vendor says, by polls alone", async () => {
  expect(STARTABLE.length).toBeGreaterThan(7);
  const started = await Promise.all(
    STARTABLE.map(async (name) => {
      const [run] = await startRuns(gateway.url, { definitionId: jobCalled(name).id });
      return { name, id: run?.id ?? "" };
    }),
  );
  await Promise.all(started.map(({ id }) => untilEnded(watch, id)));
  const ends = new Set<string>();
  for (const { name, id } of started) {
    const { status, outcome, remoteId } = await readRun(gateway.url, id);
    const said = endOfV4(await rawSync(v4, companyOf(jobCalled(name)), remoteId));
    expect({ name, end: `${status}: ${outcome}` }).toEqual({ name, end: said });
    ends.add(said);
  }
  expect(ends).toEqual(new Set(["SUCCESS: COMPLETE", "SUCCESS: PARTIAL", "FAILED: ERROR"]));
  expectLegalPaths(watch.seen);
});

test("a run that ends in part has its parts by data model, with their records and why some failed", async () => {
  const seen = await ended(jobCalled("Castor & Vale Outfitters / SHOPIFY"));
  expect(seen).toMatchObject({ status: "SUCCESS", outcome: "PARTIAL", rawStatus: "PARTIAL_SUCCESS" });
  const jobs = await rawJobs(v4, seen.remoteId);
  const parts = jobs.map(({ dataModel, status, recordsSynced }) => ({ name: dataModel, status, total: recordsSynced }));
  const toPart = ({ name, status, recordCounts }: SeenRun["tasks"]["nodes"][number]) => ({
    name,
    status,
    total: recordCounts?.total ?? null,
  });
  const byText = (one: unknown, other: unknown) => JSON.stringify(one).localeCompare(JSON.stringify(other));
  expect(seen.tasks.nodes.map(toPart).toSorted(byText)).toEqual(parts.toSorted(byText));
  const failed = seen.tasks.nodes.filter(({ status }) => status === "FAILED");
  expect(failed.length).toBeGreaterThan(0);
  for (const { error } of failed) expect(error?.message).toContain("currency_code is missing");
  expect(seen.recordCounts?.total).toBe(jobs.reduce((sum, { recordsSynced }) => sum + Number(recordsSynced ?? 0), 0));
});

describe("a run that goes on", () => {
  test("is cancelled at the vendor and ends as cancelled; one that has ended is not", async () => {
    const job = jobCalled("Larkspur Care Homes / MS_DYNAMICS_365");
    const [run] = await startRuns(gateway.url, { definitionId: job.id });
    const id = run?.id ?? "";
    await watch.until("its beginning", (seen) => seen.find(({ to, sync }) => to === "RUNNING" && sync.id === id));
    const before = recorder.requests.length;
    expect(await aboutRun(gateway.url, "cancelSync", id)).toMatchObject({ runs: [{ id }], userErrors: [] });
    const { remoteId } = await readRun(gateway.url, id);
    expect(writesSince(before)).toEqual([`POST /v4/core/syncs/${remoteId}/cancel`]);
    expect(await untilEnded(watch, id)).toBe("CREATED RUNNING FAILED: CANCELLED");
    expect(await rawSync(v4, companyOf(job), remoteId)).toMatchObject({ status: "FAILED" });

    const { userErrors } = await aboutRun(gateway.url, "cancelSync", id);
    expect(userErrors.map(({ code, field }) => ({ code, field }))).toEqual([
      { code: "SYNC_FINISHED", field: ["syncId"] },
    ]);
  });
});

test("a failed run is repeated by the vendor's own retry, and the new run names it", async () => {
  const job = jobCalled("Meridian Dental Group / ZOHO_BOOKS");
  const failed = await ended(job);
  expect(failed).toMatchObject({ status: "FAILED", outcome: "ERROR", error: { code: "AUTH" } });
  const before = recorder.requests.length;
  const { runs, userErrors } = await aboutRun(gateway.url, "retrySync", failed.id);
  expect(userErrors).toEqual([]);
  expect(writesSince(before)).toEqual([`POST /v4/core/syncs/${failed.remoteId}/retry`]);
  const again = runs[0];
  expect(again?.remoteId).not.toBe(failed.remoteId);
  expect(await untilEnded(watch, again?.id ?? "")).toBe("CREATED RUNNING FAILED: ERROR");
  expect(await readRun(gateway.url, again?.id ?? "")).toMatchObject({
    retryOf: { id: failed.id },
    models: failed.models,
    origin: "GATEWAY",
  });
  const raw = await rawSyncs(v4, companyOf(job));
  expect(raw.map(({ id }) => id)).toContain(again?.remoteId);
});

describe("a data model", () => {
  test("is switched on and scheduled by the hour, and its schedule is taken away, as the vendor then says", async () => {
    const job = jobCalled("Northwind Joinery Ltd / QUICKBOOKS");
    const company = companyOf(job);
    const before = await rawConfig(company, "JOURNAL_ENTRY");
    expect(before).toMatchObject({ enabled: false });
    const resources = [
      { name: "JOURNAL_ENTRY", enabled: true, syncFrom: "2026-02-01T00:00:00.000Z" },
      { name: "BILL", enabled: false },
    ];
    const sent = recorder.requests.length;
    const changed = await changedJob(gateway.url, "syncJobUpdate", { syncJobId: job.id, resources });
    expect(writesSince(sent)).toEqual([`PATCH /v4/core/companies/${company}/sync-config`]);
    expect(named(changed.resources, "JOURNAL_ENTRY")).toMatchObject({
      enabled: true,
      syncFrom: resources[0]?.syncFrom,
    });
    expect(named(changed.resources, "BILL")).toMatchObject({ enabled: false });
    expect(await rawConfig(company, "JOURNAL_ENTRY")).toEqual({
      ...before,
      enabled: true,
      syncFrom: "2026-02-01T00:00:00.000Z",
    });
    expect(await rawConfig(company, "BILL")).toMatchObject({ enabled: false, frequency: "DAILY" });

    const resource = "JOURNAL_ENTRY";
    const scheduleOf = async () => (await rawConfig(company, resource))["frequency"];
    const hourly = { syncJobId: job.id, resource, frequency: "HOURLY", interval: 4 };
    const scheduled = await changedJob(gateway.url, "syncJobSchedule", hourly);
    expect(scheduled.schedules).toContainEqual(
      expect.objectContaining({ resource, frequency: "HOURLY", rawFrequency: "HOURLY", interval: 4, enabled: true }),
    );
    expect(await scheduleOf()).toBe("HOURLY");
    const without = await changedJob(gateway.url, "syncJobUnschedule", { syncJobId: job.id, resource });
    expect(without.schedules).toContainEqual(expect.objectContaining({ resource, frequency: "MANUAL" }));
    expect(await scheduleOf()).toBe("NEVER");

    // Only what is switched on is read.
    const [run] = await startRuns(gateway.url, { definitionId: job.id });
    expect(run?.models).toContain("JOURNAL_ENTRY");
    expect(run?.models).not.toContain("BILL");
    await untilEnded(watch, run?.id ?? "");
  });

  test("of v3's name is none here", async () => {
    const resources = [{ name: "ACCOUNTS", enabled: false }];
    const input = { syncJobId: jobCalled("Northwind Joinery Ltd / QUICKBOOKS").id, resources };
    expect(refusalsOf(await changeJob(gateway.url, "syncJobUpdate", input))).toEqual([
      { code: "BAD_USER_INPUT", field: ["resources", "0", "name"] },
    ]);
  });
});
