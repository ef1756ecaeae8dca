// Inputs of model sync mutations, and the commands they must become.
import { ACCOUNT, ACCOUNT_ID } from "./definition-changes.ts";

/** As little as a new model sync can have. */
export const NEEDED = {
  name: "Contacts",
  mode: "updateOrCreate",
  target: { linkedAccountId: ACCOUNT, object: "Contact" },
  fields: [{ source: { modelId: "m1", field: "email" }, target: "Email" }],
  schedule: { frequency: "DAILY" },
};
/** What becomes of it. */
export const NEEDED_COMMAND = {
  name: "Contacts",
  mode: "updateOrCreate",
  target: {
    linkedAccountId: ACCOUNT_ID,
    object: "Contact",
    create: null,
    newName: null,
    configuration: null,
    searchValues: null,
    filterLogic: null,
  },
  fields: [
    {
      source: { modelId: "m1", field: "email" },
      target: "Email",
      new: null,
      overrideValue: null,
      syncMode: null,
      encryptionEnabled: null,
    },
  ],
  schedule: {
    frequency: "DAILY",
    rawFrequency: null,
    interval: null,
    cronExpression: null,
    hour: null,
    minute: null,
    month: null,
    dayOfWeek: null,
    dayOfMonth: null,
    runAfterDefinitionIds: [],
    runAfterBulkRemoteIds: [],
    runAfterSuccessOnly: null,
    externalConnectionId: null,
    externalJobId: null,
  },
};

/** Parts with every field there is, but ids of the gateway's own: these mean the same on both sides. */
export const TARGET = {
  object: "Contact",
  create: { property: "value" },
  newName: "Contacts",
  configuration: { deep: { list: [1] } },
  searchValues: { base: "b1" },
  filterLogic: "A",
};
export const FIELD = {
  source: { modelId: "m1", field: "email" },
  target: "Email",
  new: true,
  overrideValue: "fixed",
  syncMode: "create",
  encryptionEnabled: false,
};
export const SCHEDULE = {
  frequency: "AFTER_RUN",
  rawFrequency: "runafter",
  interval: 2,
  cronExpression: "0 5 * * *",
  hour: "05",
  minute: "30",
  month: "1",
  dayOfWeek: "monday",
  dayOfMonth: "31",
  runAfterBulkRemoteIds: ["bulk-1"],
  runAfterSuccessOnly: true,
  externalConnectionId: "connection-1",
  externalJobId: "7",
};
export const OPTIONS = {
  active: false,
  identity: {
    function: "Equality",
    source: { modelId: "m1", field: "email" },
    target: "Email",
    newField: false,
    remoteFieldTypeId: "string",
  },
  filters: [
    {
      function: "Equality",
      field: { modelId: "m1", field: "plan" },
      fieldId: "f1",
      fieldType: "Model",
      label: "A",
      value: { any: ["json", null] },
    },
  ],
  filterLogic: "A",
  overrides: [
    { field: { modelId: "m1", field: "tier" }, fieldId: "f2", function: "Equality", value: 1, override: "one" },
  ],
  overrideFields: [{ ...FIELD, source: null }],
  policies: ["policy-1"],
  onlyEnrichUpdates: true,
  skipInitialBackfill: false,
  syncAllRecords: true,
  encryptionPassphrase: "correct horse",
};
