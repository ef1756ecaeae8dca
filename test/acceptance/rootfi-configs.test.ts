// RootFi's v3 through the gateway: data models are switched and scheduled, and the vendor then holds it so; a connection that sleeps shows on its
// run; and what v3 cannot do is said before anything is sent. What the vendor holds is read from the vendor itself.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newestCursor, watchTransitions, type Watch } from "../support/gateway-client.ts";
import {
  definitionNamed,
  listDefinitions,
  startRuns,
  triggerSync,
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
  type SeenJob,
} from "../support/sync-job-changes.ts";
import { vendorSays, vendorTakes } from "../support/vendor-truth.ts";
import { IMPATIENT, recordRequests, startVendor, type Recorder, type VendorServer } from "../support/vendors.ts";
import { progressOf } from "./watch-progress.ts";

let vendor: VendorServer;
let recorder: Recorder;
let gateway: TestGateway;
let watch: Watch;
let definitions: readonly KnownDefinition[];

beforeAll(async () => {
  vendor = await startVendor("rootfi", 5);
  recorder = await recordRequests(vendor);
  // Whether a connection sleeps is asked with every fifth look at its run.
  const poll = { ...IMPATIENT.poll, slowMs: 100 };
  gateway = await startTestGateway({ providers: [{ ...recorder.entry, poll }] });
  watch = watchTransitions(gateway.url, { after: await newestCursor(gateway.url) });
  definitions = await listDefinitions(gateway.url);
});

afterAll(async () => {
  await watch.close();
  await gateway.close();
  await recorder.close();
  await vendor.stop();
});

const idOf = (name: string): string => definitionNamed(definitions, "rootfi", name).id;
const resourceOf = ({ resources }: SeenJob, name: string) => named(resources, name);
const scheduleOf = ({ schedules }: SeenJob, name: string) => schedules.find(({ resource }) => resource === name);

/** All of a company's sync configs: only its invite link shows more than one. */
async function rawConfig(company: number, model: string): Promise<Json> {
  const links = listOf(objectOf(await vendorSays(vendor, "/core/invite_links?limit=100&expand=connections"))["data"]);
  const link = links.find((one) => objectOf(one["company"])["rootfi_id"] === company);
  const configs = listOf(link?.["connections"]).flatMap((connection) => listOf(connection["sync_config"]));
  return configs.find((config) => config["data_model"] === model) ?? {};
}

/** A list waits for a reading that has begun; what is asked for from now on is a reading's own, for no change is on its way. */
async function catalogReadAgain(): Promise<void> {
  const before = recorder.requests.length;
  await eventually("another reading of RootFi's catalog", async () => {
    await listDefinitions(gateway.url);
    return recorder.requests.slice(before).some(({ path }) => path === "/v3/core/invite_links") || null;
  });
}

/** Requests that write, since then. */
const writesSince = (before: number): readonly string[] =>
  recorder.requests
    .slice(before)
    .filter(({ method }) => method !== "GET")
    .map(({ method, path }) => `${method} ${path}`);

describe("a data model", () => {
  test("is switched off, read from a date, and switched on again, as the vendor then says", async () => {
    const syncJobId = idOf("Larkspur Care Homes / MS_DYNAMICS_365");
    const before = await rawConfig(440_111, "BILLS");
    const off = [{ name: "BILLS", enabled: false, syncFrom: "2026-03-01T00:00:00.000Z" }];
    const changed = await changedJob(gateway.url, "syncJobUpdate", { syncJobId, resources: off });
    expect(resourceOf(changed, "BILLS")).toMatchObject({ enabled: false, syncFrom: "2026-03-01T00:00:00.000Z" });
    expect(resourceOf(changed, "ACCOUNTS")).toMatchObject({ enabled: true });
    expect(await rawConfig(440_111, "BILLS")).toEqual({
      ...before,
      enabled: false,
      sync_from: "2026-03-01T00:00:00.000Z",
    });

    const [run] = await startRuns(gateway.url, { definitionId: syncJobId });
    expect(run?.models).not.toContain("BILLS");
    expect(run?.models).toContain("ACCOUNTS");
    await untilEnded(watch, run?.id ?? "");

    const resources = [{ name: "BILLS", enabled: true, syncFrom: null }];
    const again = await changedJob(gateway.url, "syncJobUpdate", { syncJobId, resources });
    expect(resourceOf(again, "BILLS")).toMatchObject({ enabled: true, syncFrom: null });
    expect(await rawConfig(440_111, "BILLS")).toEqual({ ...before, sync_from: null });
  });

  test("of several changed in one request each is as asked, and the time of the job moves", async () => {
    const syncJobId = idOf("Quarry Road Motors / SALESFORCE");
    const job = await readJob(gateway.url, syncJobId);
    const resources = [
      { name: "CRM_DEALS", enabled: false },
      { name: "CRM_COMPANIES", syncFrom: "2026-05-05T00:00:00.000Z" },
    ];
    const input = { syncJobId, resources, expectedUpdatedAt: job?.updatedAt };
    const changed = await changedJob(gateway.url, "syncJobUpdate", input);
    expect(resourceOf(changed, "CRM_DEALS")).toMatchObject({ enabled: false });
    expect(resourceOf(changed, "CRM_COMPANIES")).toMatchObject({ enabled: true, syncFrom: resources[1]?.syncFrom });
    expect(await rawConfig(440_112, "CRM_DEALS")).toMatchObject({ enabled: false });
    expect(await rawConfig(440_112, "CRM_COMPANIES")).toMatchObject({ sync_from: resources[1]?.syncFrom });

    const late = await changeJob(gateway.url, "syncJobUpdate", input);
    expect(refusalsOf(late)).toEqual([{ code: "EDIT_CONFLICT", field: ["expectedUpdatedAt"] }]);
    expect(late.done?.syncJob?.updatedAt).toBe(changed.updatedAt);
  });

  test("stays off while another is changed, also after the catalog has been read again", async () => {
    const syncJobId = idOf("Harbour Lane Coffee Roasters / XERO");
    const change = (resource: Json) => changedJob(gateway.url, "syncJobUpdate", { syncJobId, resources: [resource] });
    const before = await rawConfig(440_101, "BILLS");
    await change({ name: "BILLS", enabled: false });
    await change({ name: "CONTACTS", syncFrom: "2026-03-01T00:00:00.000Z" });
    await catalogReadAgain();
    const read = await readJob(gateway.url, syncJobId);
    expect(read && resourceOf(read, "BILLS")).toMatchObject({ enabled: false });
    expect(read && resourceOf(read, "CONTACTS")).toMatchObject({ enabled: true, syncFrom: "2026-03-01T00:00:00.000Z" });

    await change({ name: "BILLS", syncFrom: "2026-04-01T00:00:00.000Z" });
    const sent = { enabled: false, sync_from: "2026-04-01T00:00:00.000Z" };
    expect(await rawConfig(440_101, "BILLS")).toEqual({ ...before, ...sent });

    const [run] = await startRuns(gateway.url, { definitionId: syncJobId });
    expect(run?.models).toContain("CONTACTS");
    expect(run?.models).not.toContain("BILLS");
    await untilEnded(watch, run?.id ?? "");
  });

  test("gets custom fields where RootFi has them", async () => {
    const resources = [{ name: "INVOICES", customFields: ["custbody_region", "custbody_team"] }];
    const input = { syncJobId: idOf("Blue Heron Logistics / NETSUITE"), resources };
    const changed = await changedJob(gateway.url, "syncJobUpdate", input);
    expect(resourceOf(changed, "INVOICES")?.customFields).toEqual(resources[0]?.customFields);
    expect(await rawConfig(440_105, "INVOICES")).toMatchObject({ custom_fields: resources[0]?.customFields });
  });
});

describe("a schedule", () => {
  test("is of one data model, and is what the vendor then holds", async () => {
    const syncJobId = idOf("Northwind Joinery Ltd / QUICKBOOKS");
    const before = await rawConfig(440_102, "CONTACTS");
    const input = { syncJobId, resource: "CONTACTS", frequency: "WEEKLY", interval: 2 };
    const changed = await changedJob(gateway.url, "syncJobSchedule", input);
    expect(scheduleOf(changed, "CONTACTS")).toMatchObject({ frequency: "WEEKLY", rawFrequency: "WEEKLY", interval: 2 });
    expect(scheduleOf(changed, "ACCOUNTS")).toMatchObject({ frequency: "DAILY", interval: 1 });
    expect(await rawConfig(440_102, "CONTACTS")).toEqual({ ...before, frequency: "WEEKLY", interval: 2 });
    const interval = { syncJobId, resource: "CONTACTS", interval: 3 };
    await changedJob(gateway.url, "syncJobSchedule", interval);
    expect(await rawConfig(440_102, "CONTACTS")).toMatchObject({ frequency: "WEEKLY", interval: 3 });
  });

  test("cannot be taken away in v3, which says what to do instead", async () => {
    const before = recorder.requests.length;
    const input = { syncJobId: idOf("Harbour Lane Coffee Roasters / XERO"), resource: "ACCOUNTS" };
    const answer = await changeJob(gateway.url, "syncJobUnschedule", input);
    expect(refusalsOf(answer)).toEqual([{ code: "CAPABILITY_NOT_SUPPORTED", field: null }]);
    expect(answer.done?.userErrors[0]?.message).toContain("enabled: false");
    expect(answer.done?.syncJob?.id).toBe(input.syncJobId);
    expect(writesSince(before)).toEqual([]);
  });
});

const MISTAKES: readonly (readonly [string, "syncJobUpdate" | "syncJobSchedule", Json, string, readonly string[]])[] = [
  [
    "a data model that it has not",
    "syncJobUpdate",
    { resources: [{ name: "CRM_DEALS", enabled: true }] },
    "BAD_USER_INPUT",
    ["resources", "0", "name"],
  ],
  [
    "custom fields of another product",
    "syncJobUpdate",
    { resources: [{ name: "ACCOUNTS", customFields: ["a"] }] },
    "CAPABILITY_NOT_SUPPORTED",
    ["resources", "0", "customFields"],
  ],
  ["another name", "syncJobUpdate", { name: "Mine" }, "CAPABILITY_NOT_SUPPORTED", ["name"]],
  [
    "a data model less",
    "syncJobUpdate",
    { removeResources: ["BILLS"] },
    "CAPABILITY_NOT_SUPPORTED",
    ["removeResources"],
  ],
  ["a schedule of the whole job", "syncJobSchedule", { frequency: "DAILY" }, "BAD_USER_INPUT", ["resource"]],
  [
    "an hourly schedule",
    "syncJobSchedule",
    { resource: "ACCOUNTS", frequency: "HOURLY" },
    "CAPABILITY_NOT_SUPPORTED",
    ["frequency"],
  ],
  [
    "a cron expression",
    "syncJobSchedule",
    { resource: "ACCOUNTS", frequency: "DAILY", cronExpression: "* * * * *" },
    "CAPABILITY_NOT_SUPPORTED",
    ["cronExpression"],
  ],
  [
    "an interval of nothing",
    "syncJobSchedule",
    { resource: "ACCOUNTS", frequency: "DAILY", interval: 0 },
    "BAD_USER_INPUT",
    ["interval"],
  ],
];

test.each(MISTAKES)("%s is refused before the vendor is asked", async (_name, mutation, input, code, field) => {
  const before = recorder.requests.length;
  const asked = { syncJobId: idOf("Harbour Lane Coffee Roasters / XERO"), ...input };
  expect(refusalsOf(await changeJob(gateway.url, mutation, asked))).toEqual([{ code, field }]);
  expect(writesSince(before)).toEqual([]);
});

test("sync jobs are neither made nor deleted at RootFi", async () => {
  const made = await changeJob(gateway.url, "syncJobCreate", { provider: "rootfi", name: "Mine", resources: [] });
  expect(refusalsOf(made)).toEqual([{ code: "CAPABILITY_NOT_SUPPORTED", field: ["provider"] }]);
  const deleted = await changeJob(gateway.url, "syncJobDelete", { syncJobId: idOf("Quarry Road Motors / SALESFORCE") });
  expect(refusalsOf(deleted)).toEqual([{ code: "CAPABILITY_NOT_SUPPORTED", field: ["syncJobId"] }]);
});

test("a run whose connection sleeps waits for the platform's limit until a moment that is known, and then does not wait", async () => {
  const begunAt = Date.now();
  const [run] = await startRuns(gateway.url, { definitionId: idOf("Blue Heron Logistics / NETSUITE") });
  const shape = z.object({
    status: z.string(),
    waitingReason: z.string().nullable(),
    resumesAt: z.string().nullable(),
  });
  const steps = await progressOf(gateway.url, run?.id ?? "", shape, "status waitingReason resumesAt");
  const waits = steps.map(({ waitingReason }) => waitingReason);
  expect(waits.filter((reason, place) => reason !== waits[place - 1])).toEqual([null, "RATE_LIMITED", null]);
  const waiting = steps.filter(({ waitingReason }) => waitingReason !== null);
  expect(new Set(waiting.map(({ status }) => status))).toEqual(new Set(["RUNNING"]));
  expect(waiting.filter(({ resumesAt }) => !(Date.parse(resumesAt ?? "") > begunAt))).toEqual([]);
  expect(steps.filter(({ waitingReason, resumesAt }) => waitingReason === null && resumesAt !== null)).toEqual([]);
  // It went on before it ended.
  expect(steps.filter(({ status }) => status === "RUNNING").at(-1)?.waitingReason).toBeNull();
  expect(steps.at(-1)?.status).toBe("SUCCESS");
});

describe("a run that somebody else began and that is in the way", () => {
  const start = (company: number, integration: string, models: readonly string[]) =>
    vendorTakes(vendor, "/core/syncs", {
      company_id: company,
      integration_type: integration,
      full_sync: false,
      data_models_to_sync: models,
    });

  test("is what a start is attached to that asks for no more, and named to one that does", async () => {
    const theirs = objectOf((await start(440_101, "XERO", ["ACCOUNTS"]))["data"]);
    const asked = { definitionId: idOf("Harbour Lane Coffee Roasters / XERO"), ifRunning: "ATTACH" };
    const more = await triggerSync(gateway.url, asked);
    expect(more.errors).toEqual([]);
    expect(more.data.triggerSync).toMatchObject({
      attached: false,
      syncs: [],
      userErrors: [{ code: "ALREADY_RUNNING" }],
    });
    const { data, errors } = await triggerSync(gateway.url, { ...asked, models: ["ACCOUNTS"] });
    expect({ errors, userErrors: data.triggerSync?.userErrors }).toEqual({ errors: [], userErrors: [] });
    expect(data.triggerSync).toMatchObject({ attached: true, syncs: [{ remoteId: theirs["sync_id"] }] });
    expect((await readRun(gateway.url, data.triggerSync?.syncs[0]?.id ?? "")).origin).toBe("MANUAL");
  });

  test("is a conflict for a start that wants a run of its own", async () => {
    await start(440_104, "SHOPIFY", ["ECOMMERCE_ORDERS"]);
    const { data, errors } = await triggerSync(gateway.url, {
      definitionId: idOf("Castor & Vale Outfitters / SHOPIFY"),
      ifRunning: "START_ANOTHER",
    });
    expect(data.triggerSync).toBeNull();
    expect(errors).toMatchObject([
      { path: ["triggerSync"], extensions: { code: "PROVIDER_CONFLICT", provider: "rootfi", retryable: false } },
    ]);
  });
});

test("a run cannot be cancelled in v3, and is run again by a new start that names what it repeats", async () => {
  const [run] = await startRuns(gateway.url, { definitionId: idOf("Meridian Dental Group / ZOHO_BOOKS") });
  const id = run?.id ?? "";
  const cancelled = await aboutRun(gateway.url, "cancelSync", id);
  expect(cancelled.userErrors.map(({ code }) => code)).toEqual(["CAPABILITY_NOT_SUPPORTED"]);
  expect(await untilEnded(watch, id)).toBe("CREATED RUNNING FAILED: ERROR");
  const before = recorder.requests.length;
  const { runs, userErrors } = await aboutRun(gateway.url, "retrySync", id);
  expect(userErrors).toEqual([]);
  expect(writesSince(before)).toEqual(["POST /v3/core/syncs"]);
  const again = await readRun(gateway.url, runs[0]?.id ?? "");
  expect(again).toMatchObject({ retryOf: { id }, models: run?.models, origin: "GATEWAY" });
});
