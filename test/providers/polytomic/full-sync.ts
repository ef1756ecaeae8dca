// A model sync in which nothing is left out, as a caller drafts it, as it is sent, and as the vendor tells it with fields nobody knows yet.
import type { ModelSyncField, ModelSyncFilter, ModelSyncTarget } from "../../../src/domain/definition.ts";
import type { ModelSyncDraft, ScheduleDraft } from "../../../src/domain/definition-change.ts";
import type { FakeHandler } from "../../support/fake-vendor.ts";
import { CONNECTION_ID, SYNC_ID } from "./polytomic-at-fake-vendor.ts";

export const MODEL_ID = "c1d2e3f4-a5b6-4c7d-8e9f-0a1b2c3d4e5f";
export const PASSPHRASE = "planted passphrase of a customer";
export const OTHER_SYNC_ID = "55555555-5555-4555-8555-555555555555";

export const schedule = (changes: Partial<ScheduleDraft> = {}): ScheduleDraft => ({
  frequency: "MANUAL",
  rawFrequency: null,
  interval: null,
  cronExpression: null,
  hour: null,
  minute: null,
  month: null,
  dayOfWeek: null,
  dayOfMonth: null,
  runAfterRemoteIds: [],
  runAfterBulkRemoteIds: [],
  runAfterSuccessOnly: null,
  externalConnectionId: null,
  externalJobId: null,
  ...changes,
});

export const field = (changes: Partial<ModelSyncField> = {}): ModelSyncField => ({
  source: { modelId: MODEL_ID, field: "email" },
  target: "Email",
  new: null,
  overrideValue: null,
  syncMode: null,
  encryptionEnabled: null,
  ...changes,
});

export const filter = (changes: Partial<ModelSyncFilter> = {}): ModelSyncFilter => ({
  function: "IsNotNull",
  field: { modelId: MODEL_ID, field: "email" },
  fieldId: null,
  fieldType: null,
  label: "A",
  value: null,
  ...changes,
});

export const target = (changes: Partial<ModelSyncTarget> = {}): ModelSyncTarget => ({
  linkedAccountRemoteId: CONNECTION_ID,
  object: "Contact",
  create: null,
  newName: null,
  configuration: null,
  searchValues: null,
  filterLogic: null,
  ...changes,
});

export const SMALL_DRAFT: ModelSyncDraft = {
  name: "Users to contacts",
  mode: "append",
  target: target(),
  fields: [field()],
  schedule: schedule(),
};

export const FULL_DRAFT: ModelSyncDraft = {
  name: "Users to contacts",
  mode: "updateOrCreate",
  active: true,
  target: target({
    newName: "Contacts",
    configuration: { batch_size: 200 },
    searchValues: { region: "eu" },
    filterLogic: "A",
  }),
  fields: [
    field({ new: true, syncMode: "create", encryptionEnabled: true }),
    field({ source: null, target: "Origin", overrideValue: "warehouse" }),
  ],
  overrideFields: [field({ target: "Backup_Email__c" })],
  filters: [
    filter(),
    filter({ function: "StringOneOf", field: null, fieldId: "f-2", fieldType: "Target", label: "B", value: ["x"] }),
  ],
  filterLogic: "A and B",
  identity: {
    function: "OneOf",
    source: { modelId: MODEL_ID, field: "email" },
    target: "Email",
    newField: true,
    remoteFieldTypeId: "remote-7",
  },
  overrides: [
    {
      field: { modelId: MODEL_ID, field: "plan" },
      fieldId: null,
      function: "Equality",
      value: 5,
      override: { to: "six" },
    },
  ],
  policies: [OTHER_SYNC_ID],
  schedule: schedule({ frequency: "DAILY", hour: "05", minute: "30" }),
  onlyEnrichUpdates: true,
  skipInitialBackfill: true,
  syncAllRecords: false,
  encryptionPassphrase: PASSPHRASE,
};

const EMAIL = { model_id: MODEL_ID, field: "email" };

/** What a replacement takes of the sync below, which is the full draft and a little more. */
export const WRITABLE = {
  name: "Users to contacts",
  organization_id: "0f1d2c3b-4a59-4687-9a0b-1c2d3e4f5a6b",
  active: true,
  mode: "updateOrCreate",
  fields: [
    { source: EMAIL, target: "Email", new: true, sync_mode: "create", encryption_enabled: true, transform: "lower" },
    { target: "Origin", override_value: "warehouse" },
  ],
  override_fields: [{ source: EMAIL, target: "Backup_Email__c" }],
  filters: [
    { function: "IsNotNull", field: EMAIL, label: "A", value: null, negated: true },
    { function: "StringOneOf", field_id: "f-2", field_type: "Target", label: "B", value: ["x"] },
  ],
  filter_logic: "A and B",
  identity: { function: "OneOf", source: EMAIL, target: "Email", new_field: true, remote_field_type_id: "remote-7" },
  overrides: [
    { field: { model_id: MODEL_ID, field: "plan" }, function: "Equality", value: 5, override: { to: "six" } },
  ],
  schedule: { frequency: "daily", hour: "05", minute: "30", run_after: { sync_ids: [], bulk_sync_ids: [] } },
  target: {
    connection_id: CONNECTION_ID,
    object: "Contact",
    new_name: "Contacts",
    configuration: {
      batch_size: 200,
      api_token: "planted-token",
      login: { user: "sync", password: "planted-word" },
      hosts: [{ name: "one", token: "planted-host" }],
    },
    search_values: { region: "eu" },
    filter_logic: "A",
    shard: 3,
  },
  policies: [OTHER_SYNC_ID],
  only_enrich_updates: true,
  skip_initial_backfill: true,
  sync_all_records: false,
  retention: { days: 30 },
  encryption_passphrase: PASSPHRASE,
};

/** The full draft as it is sent to be made. */
export const FULL_BODY = {
  name: "Users to contacts",
  mode: "updateOrCreate",
  active: true,
  fields: [
    { source: EMAIL, target: "Email", new: true, sync_mode: "create", encryption_enabled: true },
    { target: "Origin", override_value: "warehouse" },
  ],
  override_fields: [{ source: EMAIL, target: "Backup_Email__c" }],
  filters: [
    { function: "IsNotNull", field: EMAIL, label: "A", value: null },
    { function: "StringOneOf", field_id: "f-2", field_type: "Target", label: "B", value: ["x"] },
  ],
  filter_logic: "A and B",
  identity: { function: "OneOf", source: EMAIL, target: "Email", new_field: true, remote_field_type_id: "remote-7" },
  overrides: [
    { field: { model_id: MODEL_ID, field: "plan" }, function: "Equality", value: 5, override: { to: "six" } },
  ],
  schedule: { frequency: "daily", hour: "05", minute: "30" },
  target: {
    connection_id: CONNECTION_ID,
    object: "Contact",
    new_name: "Contacts",
    configuration: { batch_size: 200 },
    search_values: { region: "eu" },
    filter_logic: "A",
  },
  policies: [OTHER_SYNC_ID],
  only_enrich_updates: true,
  skip_initial_backfill: true,
  sync_all_records: false,
  encryption_passphrase: PASSPHRASE,
};

export const UPDATED_AT = new Date("2026-03-02T11:00:00Z");

const READ_ONLY = {
  id: SYNC_ID,
  model_ids: [MODEL_ID],
  created_at: "2026-01-15T09:30:00Z",
  created_by: { id: "12345678-1234-4234-8234-123456789012", name: "Dana Ops", type: "user" },
  updated_at: "2026-03-02T11:00:00Z",
  updated_by: { id: "12345678-1234-4234-8234-123456789012", name: "Dana Ops", type: "user" },
};

/** The sync as the vendor tells it. */
export const RAW_SYNC = { ...READ_ONLY, ...WRITABLE };

/** Answers with the sync as it is kept, and keeps what replaces it. */
export function keeping(sync: object = RAW_SYNC): FakeHandler {
  let kept = sync;
  return (request) => {
    if (request.path.endsWith("/status")) return { json: { data: { next_execution_time: null } } };
    if (request.method === "PUT")
      kept = { ...READ_ONLY, updated_at: "2026-03-02T12:00:00Z", ...(request.json() as object) };
    return { json: { data: kept } };
  };
}
