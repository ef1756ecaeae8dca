// What is refused of a new model sync, or of a change of one, before the vendor is called: as a table of bad inputs.
import { describe, expect, it } from "vitest";
import type { ModelSyncPatch, ScheduleDraft } from "../../../src/domain/definition-change.ts";
import type { ModelSyncOverride } from "../../../src/domain/definition.ts";
import { checkChange } from "../../../src/providers/polytomic/check-change.ts";
import { FULL_DRAFT, MODEL_ID, SMALL_DRAFT, field, filter, schedule, target } from "./full-sync.ts";
import { CONNECTION_ID, SYNC_ID } from "./polytomic-at-fake-vendor.ts";

const source = { modelId: MODEL_ID, field: "email" };
const identity = { function: "Equality", source, target: "Email", newField: null, remoteFieldTypeId: null };
const override = (changes: Partial<ModelSyncOverride>): ModelSyncOverride => ({
  field: source,
  fieldId: null,
  function: "Equality",
  value: "a",
  override: "b",
  ...changes,
});

const GOOD: readonly (readonly [string, ModelSyncPatch])[] = [
  ["a small draft", SMALL_DRAFT],
  ["a draft with everything", FULL_DRAFT],
  ["a change that names nothing", {}],
  ["parts that shall be no more", { identity: null, filterLogic: null, encryptionPassphrase: null }],
  ["no fields, which some targets need none of", { fields: [] }],
  ["a filter by the id of its field", { filters: [filter({ field: null, fieldId: "f-1" })] }],
  ["an override without a function", { overrides: [override({ function: null })] }],
  ["a target to be made", { target: target({ object: null, create: { name: "Leads" } }) }],
  ["logic over filters that stay as they are", { filterLogic: "A and Z" }],
  ["filters under logic that stays as it is", { filters: [filter({ label: "Z" })] }],
  ["logic in any case, with brackets", { filters: [filter(), filter({ label: "B" })], filterLogic: "not (a OR B)" }],
  ["logic over a filter that the vendor may label", { filters: [filter({ label: null })], filterLogic: "A" }],
  ["logic with signs nobody has documented", { filters: [filter()], filterLogic: "A && Z" }],
];

const BAD: readonly (readonly [string, ModelSyncPatch, readonly string[], RegExp])[] = [
  ["a blank name", { name: " " }, ["name"], /Expected name to be given, got a blank text/],
  [
    "a mode of another time",
    { mode: "enrich" },
    ["mode"],
    /one of create, update, updateOrCreate, replace, append, remove, snapshot, got "enrich"/,
  ],
  [
    "a target without a connection",
    { target: target({ linkedAccountRemoteId: "" }) },
    ["target", "linkedAccountRemoteId"],
    /blank text/,
  ],
  [
    "a target that is nothing",
    { target: target({ object: null }) },
    ["target"],
    /either object or create, got neither/,
  ],
  ["a target that is two", { target: target({ create: { name: "x" } }) }, ["target"], /got both/],
  ["a target without a name", { target: target({ object: "" }) }, ["target", "object"], /blank text/],
  [
    "a property that is no text",
    { target: target({ object: null, create: { size: 5 } }) },
    ["target", "create", "size"],
    /to be a text/,
  ],
  ["a field without a target", { fields: [field(), field({ target: "" })] }, ["fields", "1", "target"], /blank text/],
  [
    "a field of no model",
    { fields: [field({ source: { modelId: null, field: "email" } })] },
    ["fields", "0", "source", "modelId"],
    /got null/,
  ],
  [
    "an override field of half a source",
    { overrideFields: [field({ source: { modelId: MODEL_ID, field: null } })] },
    ["overrideFields", "0", "source", "field"],
    /got null/,
  ],
  [
    "a filter's unknown function",
    { filters: [filter({ function: "Resembles" })] },
    ["filters", "0", "function"],
    /one of Equality, .* got "Resembles"/,
  ],
  [
    "a filter's unknown type of field",
    { filters: [filter({ fieldType: "Source" })] },
    ["filters", "0", "fieldType"],
    /one of Model, Target/,
  ],
  [
    "a filter of nothing",
    { filters: [filter({ field: null })] },
    ["filters", "0"],
    /a field or a fieldId, got neither/,
  ],
  [
    "an override's unknown function",
    { overrides: [override({ function: "Resembles" })] },
    ["overrides", "0", "function"],
    /Resembles/,
  ],
  ["an override of nothing", { overrides: [override({ field: null })] }, ["overrides", "0"], /got neither/],
  [
    "an unknown identity function",
    { identity: { ...identity, function: "Regex" } },
    ["identity", "function"],
    /Hostname/,
  ],
  ["an identity of no field", { identity: { ...identity, source: null } }, ["identity", "source"], /got null/],
  ["an identity for no field", { identity: { ...identity, target: "" } }, ["identity", "target"], /blank text/],
  [
    "logic over a filter that is not there",
    { filters: [filter()], filterLogic: "A and (Z or not Y)" },
    ["filterLogic"],
    /labels of filters, got "Z", "Y"/,
  ],
  ["logic over no filters", { filters: [], filterLogic: "A" }, ["filterLogic"], /got "A"/],
  ["an empty passphrase", { encryptionPassphrase: "" }, ["encryptionPassphrase"], /or null for none/],
];

const BAD_SCHEDULES: readonly (readonly [string, Partial<ScheduleDraft>, keyof ScheduleDraft, RegExp])[] = [
  [
    "monthly",
    { frequency: "MONTHLY" },
    "frequency",
    /one of MANUAL, CONTINUOUS, HOURLY, DAILY, WEEKLY, CRON, AFTER_RUN, EXTERNAL, got MONTHLY/,
  ],
  ["yearly", { frequency: "YEARLY" }, "frequency", /got YEARLY/],
  ["in a way nobody knows", { frequency: "UNKNOWN", rawFrequency: "multi" }, "frequency", /got UNKNOWN/],
  ["in two ways", { frequency: "DAILY", rawFrequency: "hourly" }, "rawFrequency", /DAILY to be daily, got "hourly"/],
  ["in another vendor's words", { frequency: "CRON", rawFrequency: "cron" }, "rawFrequency", /custom or builder/],
  ["every so often", { frequency: "HOURLY", interval: 2 }, "interval", /no intervals/],
  ["by a cron expression", { frequency: "CRON", cronExpression: "0 5 * * *" }, "cronExpression", /minute, hour/],
  ["after nothing", { frequency: "AFTER_RUN" }, "runAfterRemoteIds", /got none/],
  ["after a job of nobody's", { frequency: "EXTERNAL", externalJobId: "7" }, "externalConnectionId", /got none/],
  ["after no job", { frequency: "EXTERNAL", externalConnectionId: CONNECTION_ID }, "externalJobId", /the number/],
  [
    "after a job with a name",
    { frequency: "EXTERNAL", externalConnectionId: CONNECTION_ID, externalJobId: "seven" },
    "externalJobId",
    /the number/,
  ],
  ["by hand, with a job that has a name", { externalJobId: "1e3" }, "externalJobId", /the number/],
];

describe("a change of a polytomic sync", () => {
  it.each(GOOD)("is good: %s", (_name, change) => {
    expect(checkChange(change)).toEqual([]);
  });

  it.each(BAD)("is refused: %s", (_name, change, path, message) => {
    expect(checkChange(change)).toEqual([
      { code: "BAD_USER_INPUT", field: path, message: expect.stringMatching(message) as string },
    ]);
  });

  it("is told everything that is wrong with it at once", () => {
    const change = { name: "", mode: "none", target: target({ object: null }), fields: [field({ target: "" })] };
    expect(checkChange(change).map((problem) => problem.field?.[0])).toEqual(["name", "mode", "target", "fields"]);
  });

  it("shows no more of a long wrong word than it needs", () => {
    const [problem] = checkChange({ mode: "x".repeat(1_000) });
    expect(problem?.message.length).toBeLessThan(200);
  });
});

describe("a polytomic schedule", () => {
  it.each(BAD_SCHEDULES)("is refused: %s", (_name, changes, name, message) => {
    expect(checkChange({ schedule: schedule(changes) })).toEqual([
      { code: "BAD_USER_INPUT", field: ["schedule", name], message: expect.stringMatching(message) as string },
    ]);
  });

  it.each([{ runAfterRemoteIds: [SYNC_ID] }, { runAfterBulkRemoteIds: [SYNC_ID] }])("is good after %j", (changes) => {
    expect(checkChange({ schedule: schedule({ frequency: "AFTER_RUN", ...changes }) })).toEqual([]);
  });
});
