// Changes of sync jobs and schedules that RootFi's sync config has no place for, refused without calling anybody.
import { describe, expect, it } from "vitest";
import type { JobScheduleDraft, SyncJobPatch } from "../../../src/domain/definition-change.ts";
import type { ScheduleFrequency, SyncJobSnapshot } from "../../../src/domain/definition.ts";
import { checkJobChange, checkSchedule, targetProblem } from "../../../src/providers/rootfi/check-change.ts";
import { VERSIONS } from "../../../src/providers/rootfi/versions.ts";
import { linkedAccount, syncJob } from "../../support/provider-values.ts";
import { scheduleOfModel } from "./sync-config.ts";

const JOB = syncJob({
  remoteId: "8422:XERO",
  linkedAccountRemoteId: "8422",
  integration: "XERO",
  resources: [{ name: "ACCOUNTS" }, { name: "BILLS" }, { name: "ITEMS" }],
  schedules: [scheduleOfModel("ACCOUNTS", "DAILY"), scheduleOfModel("BILLS", "MANUAL")],
});
const HUBSPOT: SyncJobSnapshot = { ...JOB, integration: "HUBSPOT" };

const codesAndFields = (problems: ReturnType<typeof checkJobChange>) =>
  problems.map(({ code, field }) => [code, field?.join(".") ?? null]);

describe("a change of a sync job at RootFi", () => {
  const good: readonly [string, SyncJobPatch][] = [
    ["a resource switched off", { resources: [{ name: "ACCOUNTS", enabled: false }] }],
    ["a later start of the data", { resources: [{ name: "ACCOUNTS", syncFrom: new Date(0) }] }],
    ["the full history", { resources: [{ name: "ACCOUNTS", syncFrom: null, remoteId: null }] }],
    ["two resources", { resources: ["ACCOUNTS", "BILLS"].map((name) => ({ name, enabled: true })) }],
    ["an empty list of what to take out", { resources: [{ name: "BILLS", enabled: true }], removeResources: [] }],
  ];
  it.each(good)("is fine with %s", (_case, patch) => {
    expect(checkJobChange(JOB, patch)).toEqual([]);
  });

  const REFUSED = "CAPABILITY_NOT_SUPPORTED";
  const bad: readonly [string, SyncJobPatch, readonly (readonly [string, string])[]][] = [
    ["nothing", {}, [["BAD_USER_INPUT", "resources"]]],
    ["no resources", { resources: [] }, [["BAD_USER_INPUT", "resources"]]],
    [
      "an unknown resource",
      { resources: [{ name: "UNICORNS", enabled: true }] },
      [["BAD_USER_INPUT", "resources.0.name"]],
    ],
    ["nothing about a resource", { resources: [{ name: "BILLS" }] }, [["BAD_USER_INPUT", "resources.0"]]],
    [
      "a resource twice",
      { resources: ["BILLS", "ITEMS", "BILLS"].map((name) => ({ name, enabled: true })) },
      [["BAD_USER_INPUT", "resources.2.name"]],
    ],
    ["a resource to take out", { removeResources: ["BILLS"] }, [[REFUSED, "removeResources"]]],
    [
      "fields of other vendors' jobs",
      {
        name: "x",
        integration: "y",
        argsSchema: null,
        argsValidation: "z",
        runtimeVersion: 4,
        mutexKey: "m",
        stateKey: null,
      },
      ["name", "integration", "argsSchema", "argsValidation", "runtimeVersion", "mutexKey", "stateKey"].map(
        (field) => [REFUSED, field] as const,
      ),
    ],
    [
      "fields of other vendors' resources",
      {
        resources: [
          { name: "ACCOUNTS", enabled: true },
          {
            name: "BILLS",
            remoteId: "7",
            type: "t",
            method: "m",
            query: null,
            loopOn: 1,
            dependsOn: [],
            persist: true,
            config: {},
          },
        ],
      },
      ["remoteId", "type", "method", "query", "loopOn", "dependsOn", "persist", "config"].map(
        (field) => [REFUSED, `resources.1.${field}`] as const,
      ),
    ],
    [
      "custom fields where RootFi takes none",
      { resources: [{ name: "BILLS", customFields: ["memo"] }] },
      [[REFUSED, "resources.0.customFields"]],
    ],
  ];
  it.each(bad)("is refused with %s", (_case, patch, expected) => {
    expect(codesAndFields(checkJobChange(JOB, patch))).toEqual(expected);
  });

  it("may name custom fields of HubSpot", () => {
    expect(checkJobChange(HUBSPOT, { resources: [{ name: "BILLS", customFields: ["memo"] }] })).toEqual([]);
  });

  it("says which resources there are", () => {
    const [problem] = checkJobChange(JOB, { resources: [{ name: "UNICORNS", enabled: true }] });
    expect(problem?.message).toBe("The sync job has no data model UNICORNS; it has ACCOUNTS, BILLS, ITEMS.");
  });

  it("cannot make a new one", () => {
    expect(codesAndFields(checkJobChange(null, { name: "x", resources: [] }))).toEqual([[REFUSED, null]]);
  });
});

describe("a schedule at RootFi", () => {
  const draft = (changes: Partial<JobScheduleDraft>): JobScheduleDraft => ({
    remoteId: null,
    resource: "ACCOUNTS",
    ...changes,
  });
  const problemsIn = (version: "v3" | "v4", changes: Partial<JobScheduleDraft>, account: string | null = "8422") =>
    codesAndFields(
      checkSchedule(
        VERSIONS[version].frequencies,
        JOB,
        account === null ? null : linkedAccount({ remoteId: account }),
        draft(changes),
      ),
    );

  const frequencies: readonly [ScheduleFrequency, boolean, boolean][] = [
    ["DAILY", true, true],
    ["WEEKLY", true, true],
    ["MONTHLY", true, true],
    ["YEARLY", true, true],
    ["HOURLY", false, true],
    ["MANUAL", false, true],
    ["CONTINUOUS", false, false],
    ["CRON", false, false],
    ["UNKNOWN", false, false],
  ];
  it.each(frequencies)("that is %s is taken by v3: %s, by v4: %s", (frequency, inV3, inV4) => {
    const refused = [["CAPABILITY_NOT_SUPPORTED", "frequency"]];
    expect(problemsIn("v3", { frequency })).toEqual(inV3 ? [] : refused);
    expect(problemsIn("v4", { frequency })).toEqual(inV4 ? [] : refused);
  });

  const others: readonly [string, Partial<JobScheduleDraft>, string | null, readonly (readonly [string, string])[]][] =
    [
      ["nothing to change of one there is", {}, null, []],
      ["another interval of one there is", { interval: 3 }, "8422", []],
      ["no frequency where nothing is scheduled", { resource: "ITEMS" }, null, [["BAD_USER_INPUT", "frequency"]]],
      ["no frequency where it never runs", { resource: "BILLS", interval: 2 }, null, [["BAD_USER_INPUT", "frequency"]]],
      ["no resource", { resource: null }, null, [["BAD_USER_INPUT", "resource"]]],
      ["an unknown resource", { resource: "UNICORNS" }, null, [["BAD_USER_INPUT", "resource"]]],
      ["an id", { remoteId: "1" }, null, [["BAD_USER_INPUT", "scheduleId"]]],
      ["an interval of nothing", { interval: 0 }, null, [["BAD_USER_INPUT", "interval"]]],
      ["an interval of a half", { interval: 0.5 }, null, [["BAD_USER_INPUT", "interval"]]],
      ["a cron expression", { cronExpression: "* * * * *" }, null, [["CAPABILITY_NOT_SUPPORTED", "cronExpression"]]],
      ["arguments", { args: {} }, null, [["CAPABILITY_NOT_SUPPORTED", "args"]]],
      ["a way with errors", { onError: "IGNORE" }, null, [["CAPABILITY_NOT_SUPPORTED", "onError"]]],
      ["another company's account", {}, "1", [["CAPABILITY_NOT_SUPPORTED", "linkedAccountId"]]],
    ];
  it.each(others)("with %s is judged", (_case, changes, account, expected) => {
    for (const version of ["v3", "v4"] as const) expect(problemsIn(version, changes, account)).toEqual(expected);
  });

  it("is told from others by its resource alone", () => {
    expect(targetProblem(JOB, { remoteId: null, resource: "BILLS" })).toBeNull();
    expect(targetProblem(JOB, { remoteId: null, resource: null })?.message).toMatch(
      /schedules each data model by itself/,
    );
  });
});
