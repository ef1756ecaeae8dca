// Model syncs made, changed, switched and deleted: what reaches the gateway's operations, and where each kind of failure is shown.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ModelSync } from "../../src/domain/definition.ts";
import {
  ACCOUNT,
  ACCOUNT_ID,
  JOB,
  JOB_ID,
  OTHER_PUSH,
  OTHER_PUSH_ID,
  PUSH,
  PUSH_ID,
  answering,
  mutate,
  problem,
  storedModelSync,
} from "../support/definition-changes.ts";
import { openGraphqlGateway, type GraphqlGateway } from "../support/graphql.ts";
import { FIELD, NEEDED, NEEDED_COMMAND, OPTIONS, SCHEDULE, TARGET } from "../support/model-sync-inputs.ts";
import { seedCatalog } from "../support/seed-runs.ts";
import { at } from "../support/store-values.ts";

let gateway: GraphqlGateway;
let stored: ModelSync;
let calls: unknown[];

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  await seedCatalog(gateway.store);
  stored = await storedModelSync(gateway);
  calls = [];
  const done = { definition: stored, problems: [] };
  gateway.script.createModelSync = answering(calls, done);
  gateway.script.updateModelSync = answering(calls, done);
  gateway.script.setModelSyncActive = answering(calls, done);
  gateway.script.deleteModelSync = answering(calls, done);
});

afterEach(async () => {
  await gateway.close();
});

const create = (input: object) => mutate(gateway, "modelSyncCreate", input, "modelSync { id }");
const update = (input: object) =>
  mutate(gateway, "modelSyncUpdate", { modelSyncId: PUSH, ...input }, "modelSync { id }");
const shown = { modelSync: { id: PUSH }, userErrors: [] };

describe("modelSyncCreate", () => {
  it("passes on what it needs and leaves everything else to the vendor", async () => {
    const { data, errors } = await create(NEEDED);

    expect(errors).toEqual([]);
    expect(data).toEqual({ modelSyncCreate: shown });
    expect(calls).toStrictEqual([["t1", NEEDED_COMMAND, null]]);
  });

  it("passes on every field, with the gateway's own ids", async () => {
    await create({
      name: "Contacts",
      mode: "create",
      idempotencyKey: "key",
      target: { linkedAccountId: ACCOUNT, ...TARGET },
      fields: [FIELD],
      schedule: { ...SCHEDULE, runAfterDefinitionIds: [JOB, OTHER_PUSH] },
      ...OPTIONS,
    });

    const command = {
      name: "Contacts",
      mode: "create",
      target: { linkedAccountId: ACCOUNT_ID, ...TARGET },
      fields: [FIELD],
      schedule: { ...SCHEDULE, runAfterDefinitionIds: [JOB_ID, OTHER_PUSH_ID] },
      ...OPTIONS,
    };
    expect(calls).toStrictEqual([["t1", command, "key"]]);
  });

  it("takes null for none where there can be none, and else for left out", async () => {
    const nothing = Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, null]));
    await create({ ...NEEDED, idempotencyKey: null, ...nothing });

    const none = { filters: [], overrides: [], overrideFields: [], policies: [] };
    const command = { ...NEEDED_COMMAND, identity: null, filterLogic: null, encryptionPassphrase: null, ...none };
    expect(calls).toStrictEqual([["t1", command, null]]);
  });

  it.each([
    ["is no id", "42", /^target\.linkedAccountId: expected an id/],
    ["is empty", "", /^target\.linkedAccountId: expected an id/],
    [
      "is a model sync's",
      PUSH,
      /^target\.linkedAccountId: expected an id of a LinkedAccount.* got an id of a ModelSync/,
    ],
  ])("tells of a target whose linked account %s, and makes nothing", async (_case, linkedAccountId, message) => {
    const { data, errors } = await create({ ...NEEDED, target: { linkedAccountId } });

    expect(errors).toEqual([]);
    const userErrors = [
      { code: "BAD_USER_INPUT", message: expect.stringMatching(message), field: ["target", "linkedAccountId"] },
    ];
    expect(data).toEqual({ modelSyncCreate: { modelSync: null, userErrors } });
    expect(gateway.vendorCalls).toEqual([]);
  });

  it.each([
    ["no id", "42"],
    ["a linked account", ACCOUNT],
  ])("tells of a definition to run after that is %s", async (_case, id) => {
    const { data } = await create({
      ...NEEDED,
      schedule: { frequency: "AFTER_RUN", runAfterDefinitionIds: [JOB, id] },
    });

    expect(data).toMatchObject({
      modelSyncCreate: {
        modelSync: null,
        userErrors: [{ code: "BAD_USER_INPUT", field: ["schedule", "runAfterDefinitionIds"] }],
      },
    });
    expect(gateway.vendorCalls).toEqual([]);
  });
});

/** What is changed, in the input and in the command. */
const CHANGES: readonly (readonly [string, object, object])[] = [
  ["name", { name: "New" }, { name: "New" }],
  ["mode", { mode: "remove" }, { mode: "remove" }],
  ["target", { target: NEEDED.target }, { target: NEEDED_COMMAND.target }],
  ["fields", { fields: NEEDED.fields }, { fields: NEEDED_COMMAND.fields }],
  ["no fields at all", { fields: [] }, { fields: [] }],
  ["schedule", { schedule: NEEDED.schedule }, { schedule: NEEDED_COMMAND.schedule }],
  ...Object.entries(OPTIONS).map(([name, value]) => [name, { [name]: value }, { [name]: value }] as const),
  ["a flag that is switched off", { syncAllRecords: false }, { syncAllRecords: false }],
  ["an empty text", { filterLogic: "" }, { filterLogic: "" }],
];

describe("modelSyncUpdate", () => {
  it.each(CHANGES)("changes %s and nothing else", async (_name, input, change) => {
    const { data, errors } = await update(input);

    expect(errors).toEqual([]);
    expect(data).toEqual({ modelSyncUpdate: shown });
    expect(calls).toStrictEqual([["t1", PUSH_ID, change, null]]);
  });

  it.each([
    ["identity", null],
    ["filterLogic", null],
    ["encryptionPassphrase", null],
    ["filters", []],
    ["overrides", []],
    ["overrideFields", []],
    ["policies", []],
  ])("takes %s away when it is null", async (name, none) => {
    await update({ [name]: null });

    expect(calls).toStrictEqual([["t1", PUSH_ID, { [name]: none }, null]]);
  });

  it("refuses null for everything there must be, each at its path, and changes nothing", async () => {
    const names = [
      "name",
      "mode",
      "target",
      "fields",
      "schedule",
      "active",
      "onlyEnrichUpdates",
      "skipInitialBackfill",
      "syncAllRecords",
    ];
    const { data, errors } = await update({
      ...Object.fromEntries(names.map((name) => [name, null])),
      filterLogic: "A",
    });

    expect(errors).toEqual([]);
    expect(data).toMatchObject({ modelSyncUpdate: { modelSync: null } });
    const userErrors = names.map((name) => ({
      code: "BAD_USER_INPUT",
      message: `${name}: cannot be null. Leave it out to keep it as it is.`,
      field: [name],
    }));
    expect(data).toMatchObject({ modelSyncUpdate: { userErrors: expect.arrayContaining(userErrors) } });
    expect(gateway.vendorCalls).toEqual([]);
  });

  it.each([{}, { expectedUpdatedAt: at(3).toISOString() }])(
    "refuses %j, which names nothing to change",
    async (input) => {
      const { data } = await update(input);

      const message = "The input names nothing to change. Name what shall be different.";
      expect(data).toEqual({
        modelSyncUpdate: { modelSync: null, userErrors: [{ code: "BAD_USER_INPUT", message, field: null }] },
      });
      expect(gateway.vendorCalls).toEqual([]);
    },
  );

  it("passes on when the caller read it, and shows what stands there when somebody else has changed it", async () => {
    const conflict = problem({ code: "EDIT_CONFLICT", message: "changed", field: ["expectedUpdatedAt"] });
    gateway.script.updateModelSync = answering(calls, { definition: stored, problems: [conflict] });

    const { data, errors } = await update({ name: "New", expectedUpdatedAt: at(3).toISOString() });

    expect(errors).toEqual([]);
    expect(calls).toStrictEqual([["t1", PUSH_ID, { name: "New" }, at(3)]]);
    expect(data).toEqual({ modelSyncUpdate: { modelSync: { id: PUSH }, userErrors: [conflict] } });
  });

  it("takes null for a time that was left out", async () => {
    await update({ name: "New", expectedUpdatedAt: null });
    expect(calls).toStrictEqual([["t1", PUSH_ID, { name: "New" }, null]]);
  });
});

describe("modelSyncSetActive and modelSyncDelete", () => {
  it.each([true, false])("switch to active: %s", async (active) => {
    const { data, errors } = await mutate(
      gateway,
      "modelSyncSetActive",
      { modelSyncId: PUSH, active },
      "modelSync { id }",
    );

    expect(errors).toEqual([]);
    expect(data).toEqual({ modelSyncSetActive: shown });
    expect(calls).toStrictEqual([["t1", PUSH_ID, active]]);
  });

  it("delete, and give the id of what is gone and what it was", async () => {
    const selection = "deletedModelSyncId modelSync { id name }";
    const { data, errors } = await mutate(gateway, "modelSyncDelete", { modelSyncId: PUSH }, selection);

    expect(errors).toEqual([]);
    const modelSync = { id: PUSH, name: "Sync model-sync-1" };
    expect(data).toEqual({ modelSyncDelete: { deletedModelSyncId: PUSH, modelSync, userErrors: [] } });
    expect(calls).toStrictEqual([["t1", PUSH_ID]]);
  });

  it("give no id of something gone when nothing was deleted", async () => {
    const refused = problem({ code: "CAPABILITY_NOT_SUPPORTED" });
    gateway.script.deleteModelSync = answering(calls, { definition: stored, problems: [refused] });

    const { data } = await mutate(
      gateway,
      "modelSyncDelete",
      { modelSyncId: PUSH },
      "deletedModelSyncId modelSync { id }",
    );

    expect(data).toEqual({
      modelSyncDelete: { deletedModelSyncId: null, modelSync: { id: PUSH }, userErrors: [refused] },
    });
  });
});
