// Sync jobs made, changed, scheduled and deleted: what reaches the gateway's operations, and what is refused before.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Schedule, SyncJob } from "../../src/domain/definition.ts";
import {
  ACCOUNT,
  ACCOUNT_ID,
  JOB,
  JOB_ID,
  PUSH,
  answering,
  mutate,
  problem,
  storedSyncJob,
} from "../support/definition-changes.ts";
import { openGraphqlGateway, type GraphqlGateway } from "../support/graphql.ts";
import { seedCatalog } from "../support/seed-runs.ts";
import { at } from "../support/store-values.ts";

let gateway: GraphqlGateway;
let stored: SyncJob;
let calls: unknown[];

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  await seedCatalog(gateway.store);
  stored = await storedSyncJob(gateway);
  calls = [];
  const done = { definition: stored, problems: [] };
  gateway.script.createSyncJob = answering(calls, done);
  gateway.script.updateSyncJob = answering(calls, done);
  gateway.script.deleteSyncJob = answering(calls, done);
  gateway.script.unschedule = answering(calls, done);
  gateway.script.schedule = answering(calls, { ...done, schedule: SCHEDULE });
});

afterEach(async () => {
  await gateway.close();
});

const send = (name: string, input: object) => mutate(gateway, name, input, "syncJob { id }");
const create = (input: object) => send("syncJobCreate", { provider: "acme", name: "Tickets", ...input });
const update = (input: object) => send("syncJobUpdate", { syncJobId: JOB, ...input });
const shown = { syncJob: { id: JOB }, userErrors: [] };
const refusal = (field: readonly string[] | null, message: string | RegExp) => ({
  syncJob: null,
  userErrors: [
    {
      code: "BAD_USER_INPUT",
      message: typeof message === "string" ? message : expect.stringMatching(message),
      field,
    },
  ],
});
const NOT_NULL = "cannot be null. Leave it out to keep it as it is.";

const SCHEDULE: Schedule = {
  remoteId: "cron-1",
  frequency: "CRON",
  rawFrequency: "cron",
  interval: null,
  cronExpression: "0 5 * * *",
  hour: null,
  minute: null,
  month: null,
  dayOfWeek: null,
  dayOfMonth: null,
  resource: null,
  linkedAccountRemoteId: "account-2",
  enabled: true,
  runAfterRemoteIds: [],
  runAfterBulkRemoteIds: [],
  runAfterSuccessOnly: null,
  externalConnectionId: null,
  externalJobId: null,
  createdAt: null,
  updatedAt: null,
};
const RESOURCE = {
  name: "tickets",
  remoteId: "r1",
  type: "request",
  method: "list",
  query: { status: ["open", null] },
  loopOn: "{{ids}}",
  dependsOn: ["users"],
  persist: false,
  enabled: true,
  customFields: ["priority"],
  config: { run_if: "x" },
};
const OPTIONS = {
  integration: "zendesk",
  argsSchema: { since: { type: "string" } },
  argsValidation: "$exists(since)",
  runtimeVersion: 4,
  mutexKey: "mutex",
  stateKey: "state",
};

describe("syncJobCreate", () => {
  it("passes on what it needs and leaves everything else to the vendor", async () => {
    const { data, errors } = await create({ resources: [{ name: "tickets" }] });

    expect(errors).toEqual([]);
    expect(data).toEqual({ syncJobCreate: shown });
    expect(calls).toStrictEqual([["t1", "acme", { name: "Tickets", resources: [{ name: "tickets" }] }]]);
  });

  it("passes on every field", async () => {
    await create({ resources: [{ ...RESOURCE, syncFrom: at(1).toISOString() }], ...OPTIONS });

    const resources = [{ ...RESOURCE, syncFrom: at(1) }];
    expect(calls).toStrictEqual([["t1", "acme", { name: "Tickets", resources, ...OPTIONS }]]);
  });

  it("takes null for none where there can be none, and else for left out", async () => {
    const nothing = (of: object) => Object.fromEntries(Object.keys(of).map((name) => [name, null]));
    await create({ resources: [{ ...nothing(RESOURCE), syncFrom: null, name: "tickets" }], ...nothing(OPTIONS) });

    const none = { integration: null, argsSchema: null, argsValidation: null, mutexKey: null, stateKey: null };
    const resource = {
      name: "tickets",
      remoteId: null,
      query: null,
      loopOn: null,
      dependsOn: [],
      syncFrom: null,
      customFields: [],
    };
    expect(calls).toStrictEqual([["t1", "acme", { name: "Tickets", resources: [resource], ...none }]]);
  });

  it("tells of a provider that is not there, and names those that are", async () => {
    const { data, errors } = await create({ provider: "nobody", resources: [] });

    expect(errors).toEqual([]);
    const message = 'There is no provider "nobody". Configured: acme, globex, acme-eu.';
    const userErrors = [{ code: "NOT_FOUND", message, field: ["provider"] }];
    expect(data).toEqual({ syncJobCreate: { syncJob: null, userErrors } });
    expect(gateway.vendorCalls).toEqual([]);
  });
});

/** What is changed, in the input and in the patch. */
const CHANGES: readonly (readonly [string, object, object])[] = [
  ["name", { name: "New" }, { name: "New" }],
  ["one resource", { resources: [RESOURCE] }, { resources: [RESOURCE] }],
  ["a resource's window", window(at(1).toISOString()), window(at(1))],
  ["a resource's window to everything", window(null), window(null)],
  ["which resources are in", { removeResources: ["users"] }, { removeResources: ["users"] }],
  ...Object.entries(OPTIONS).map(([name, value]) => [name, { [name]: value }, { [name]: value }] as const),
  ...["integration", "argsSchema", "argsValidation", "mutexKey", "stateKey"].map(
    (name) => [`${name} to none`, { [name]: null }, { [name]: null }] as const,
  ),
  [
    "nothing about resources with lists of none",
    { name: "New", resources: [], removeResources: null },
    { name: "New" },
  ],
];

function window(syncFrom: unknown) {
  return { resources: [{ name: "tickets", syncFrom }] };
}

/** Where null stands, and the input. */
const NULLS: readonly (readonly [readonly string[], object])[] = [
  [["name"], { name: null }],
  [["runtimeVersion"], { runtimeVersion: null }],
  [["resources"], { resources: null }],
  ...["type", "method", "persist", "enabled", "config"].map(
    (name) => [["resources", "1", name], { resources: [RESOURCE, { name: "users", [name]: null }] }] as const,
  ),
];

describe("syncJobUpdate", () => {
  it.each(CHANGES)("changes %s and nothing else", async (_name, input, patch) => {
    const { data, errors } = await update(input);

    expect(errors).toEqual([]);
    expect(data).toEqual({ syncJobUpdate: shown });
    expect(calls).toStrictEqual([["t1", JOB_ID, patch, null]]);
  });

  it("passes on when the caller read it", async () => {
    await update({ name: "New", expectedUpdatedAt: at(2).toISOString() });
    expect(calls).toStrictEqual([["t1", JOB_ID, { name: "New" }, at(2)]]);
  });

  it.each(NULLS)("refuses null at %j and changes nothing", async (field, input) => {
    const { data, errors } = await update({ mutexKey: "mutex", ...input });

    expect(errors).toEqual([]);
    expect(data).toEqual({ syncJobUpdate: refusal(field, `${field.join(".")}: ${NOT_NULL}`) });
    expect(gateway.vendorCalls).toEqual([]);
  });

  it.each([
    {},
    { expectedUpdatedAt: at(2).toISOString() },
    { resources: [], removeResources: [] },
    { removeResources: null },
  ])("refuses %j, which names nothing to change", async (input) => {
    const { data } = await update(input);

    const message = "The input names nothing to change. Name what shall be different.";
    expect(data).toEqual({ syncJobUpdate: refusal(null, message) });
    expect(gateway.vendorCalls).toEqual([]);
  });
});

describe("syncJobDelete", () => {
  const selection = "deletedSyncJobId syncJob { name }";

  it("gives the id of what is gone and what it was", async () => {
    const { data } = await mutate(gateway, "syncJobDelete", { syncJobId: JOB }, selection);

    expect(data).toEqual({
      syncJobDelete: { deletedSyncJobId: JOB, syncJob: { name: "Job job-1" }, userErrors: [] },
    });
    expect(calls).toStrictEqual([["t1", JOB_ID]]);
  });

  it("gives no id of something gone when nothing was deleted", async () => {
    const refused = problem({ code: "NOT_FOUND", field: ["syncJobId"] });
    gateway.script.deleteSyncJob = answering(calls, { definition: null, problems: [refused] });

    const { data } = await mutate(gateway, "syncJobDelete", { syncJobId: JOB }, selection);

    expect(data).toEqual({ syncJobDelete: { deletedSyncJobId: null, syncJob: null, userErrors: [refused] } });
  });
});

/** Where the mistake is, the input, and what is said of it. */
const WRONG: readonly (readonly [readonly string[], object, string | RegExp])[] = [
  [["linkedAccountId"], { linkedAccountId: "42" }, /^linkedAccountId: expected an id/],
  [["linkedAccountId"], { linkedAccountId: JOB }, /got an id of a SyncJob/],
  [["scheduleId"], { scheduleId: "" }, "scheduleId: expected a name, and got an empty text."],
  [["resource"], { resource: "" }, "resource: expected a name, and got an empty text."],
  ...["frequency", "interval", "cronExpression", "args", "onError"].map(
    (name) => [[name], { scheduleId: "cron-1", [name]: null }, `${name}: ${NOT_NULL}`] as const,
  ),
];

describe("syncJobSchedule", () => {
  const schedule = (input: object) =>
    mutate(
      gateway,
      "syncJobSchedule",
      { syncJobId: JOB, ...input },
      "syncJob { id } schedule { remoteId cronExpression linkedAccount { remoteId } }",
    );

  it("passes on every field, and gives the schedule with what it is for", async () => {
    const rest = {
      resource: "tickets",
      frequency: "CRON",
      interval: 2,
      cronExpression: "0 5 * * *",
      args: { since: [null] },
      onError: "IGNORE",
    };
    const { data, errors } = await schedule({ scheduleId: "cron-1", linkedAccountId: ACCOUNT, ...rest });

    expect(errors).toEqual([]);
    const made = { remoteId: "cron-1", cronExpression: "0 5 * * *", linkedAccount: { remoteId: "account-2" } };
    expect(data).toEqual({ syncJobSchedule: { ...shown, schedule: made } });
    expect(calls).toStrictEqual([["t1", JOB_ID, { remoteId: "cron-1", linkedAccountId: ACCOUNT_ID, ...rest }]]);
  });

  it.each([
    ["one is activated again with its id alone", { scheduleId: "cron-1" }, { remoteId: "cron-1", resource: null }],
    [
      "one is made without an id",
      { cronExpression: "0 5 * * *" },
      { remoteId: null, resource: null, cronExpression: "0 5 * * *" },
    ],
    [
      "null ids are none",
      { scheduleId: null, resource: null, linkedAccountId: null },
      { remoteId: null, resource: null },
    ],
  ])("%s", async (_case, input, command) => {
    await schedule(input);
    expect(calls).toStrictEqual([["t1", JOB_ID, command]]);
  });

  it.each(WRONG)("refuses what is wrong at %j", async (field, input, message) => {
    const { data, errors } = await schedule(input);

    expect(errors).toEqual([]);
    expect(data).toEqual({ syncJobSchedule: { ...refusal(field, message), schedule: null } });
    expect(gateway.vendorCalls).toEqual([]);
  });

  it("shows no schedule when none was made", async () => {
    gateway.script.schedule = answering(calls, { definition: stored, schedule: null, problems: [problem()] });

    expect((await schedule({ resource: "tickets" })).data).toEqual({
      syncJobSchedule: { syncJob: { id: JOB }, schedule: null, userErrors: [problem()] },
    });
  });
});

describe("syncJobUnschedule", () => {
  const unschedule = (input: object) => send("syncJobUnschedule", { syncJobId: JOB, ...input });

  it.each([
    [{ scheduleId: "cron-1" }, { remoteId: "cron-1", resource: null }],
    [{ resource: "tickets" }, { remoteId: null, resource: "tickets" }],
    [
      { scheduleId: "cron-1", resource: "tickets" },
      { remoteId: "cron-1", resource: "tickets" },
    ],
  ])("removes the schedule named by %j", async (input, which) => {
    const { data, errors } = await unschedule(input);

    expect(errors).toEqual([]);
    expect(data).toEqual({ syncJobUnschedule: shown });
    expect(calls).toStrictEqual([["t1", JOB_ID, which]]);
  });

  it.each([
    [{}, /^scheduleId: name the schedule to remove/],
    [{ scheduleId: null, resource: null }, /^scheduleId: name the schedule to remove/],
    [{ scheduleId: "" }, /empty text/],
    [{ scheduleId: "", resource: "tickets" }, /empty text/],
  ])("refuses %j and removes nothing", async (input, message) => {
    const { data, errors } = await unschedule(input);

    expect(errors).toEqual([]);
    expect(data).toEqual({ syncJobUnschedule: refusal(["scheduleId"], message) });
    expect(gateway.vendorCalls).toEqual([]);
  });

  it("takes no model sync for a sync job", async () => {
    const { data } = await send("syncJobUnschedule", { syncJobId: PUSH, scheduleId: "cron-1" });
    expect(data).toEqual({ syncJobUnschedule: refusal(["syncJobId"], /got an id of a ModelSync/) });
  });
});
