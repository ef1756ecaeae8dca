// The four vendor pages the gateway covers: every field of theirs has a place in the schema, or a reason to have none.
import { readFileSync } from "node:fs";
import { buildSchema, getNamedType, isInterfaceType, isObjectType, type GraphQLNamedType } from "graphql";
import { describe, expect, it } from "vitest";

const SCHEMA = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));

/** A path in the schema, or why the field is left out. */
type Place = string | { readonly leftOut: string };
const leftOut = (reason: string): Place => ({ leftOut: reason });

interface Page {
  readonly vendor: string;
  readonly page: string;
  /** Fields the vendor's page documents; a dot goes into an object or the objects of a list. */
  readonly fields: Readonly<Record<string, Place>>;
}

const ROOTFI: Page = {
  vendor: "RootFi",
  page: "Get Sync",
  fields: {
    rootfi_id: "Sync.alternateRemoteId",
    rootfi_created_at: "Sync.createdAt",
    rootfi_updated_at: "Sync.updatedAt",
    rootfi_company_id: "Sync.linkedAccount.remoteId",
    start_time: "Sync.startedAt",
    end_time: "Sync.finishedAt",
    integration_type: "Sync.integration",
    full_sync: "Sync.fullRefresh",
    sync_type: "Sync.origin",
    config_mode: "Sync.operation",
    sync_data_models: "Sync.models",
    sync_id: "Sync.remoteId",
    total_count: "Sync.taskCounts.total",
    success_count: "Sync.taskCounts.success",
    failed_count: "Sync.taskCounts.failed",
    running_count: "Sync.taskCounts.running",
    pending_count: "Sync.taskCounts.pending",
    status: "Sync.rawStatus",
  },
};

const STUUT: Page = {
  vendor: "Stuut",
  page: "Request a Sync",
  fields: {
    created_at: "Sync.createdAt",
    modified_at: "Sync.updatedAt",
    id: "Sync.remoteId",
    status: "Sync.rawStatus",
    attempt: "Sync.attempt",
    batch_id: "Sync.batchId",
    completed_at: "Sync.finishedAt",
    entity_id: "Sync.entityId",
    error: "Sync.error.message",
    file_id: "Sync.fileId",
    is_initial_sync: "Sync.initial",
    is_one_off: "Sync.oneOff",
    model_id: "Sync.models",
    pagination_state: leftOut("the source system's page tokens, which can hold credentials; nobody acts on them"),
    started_at: "Sync.startedAt",
    timerange_end: "Sync.timeRangeEnd",
    timerange_start: "Sync.timeRangeStart",
    object: "Sync.remoteType",
  },
};

const TRUTO: Page = {
  vendor: "Truto",
  page: "Get Sync Job",
  fields: {
    id: "SyncJob.remoteId",
    label: "SyncJob.name",
    integration_name: "SyncJob.integration",
    default_runtime_version: "SyncJob.runtimeVersion",
    args_schema: "SyncJob.argsSchema",
    args_validation: "SyncJob.argsValidation",
    mutex_key: "SyncJob.mutexKey",
    state_key: "SyncJob.stateKey",
    "resources.name": "SyncJob.resources.name",
    "resources.type": "SyncJob.resources.type",
    "resources.resource": "SyncJob.resources.name",
    "resources.method": "SyncJob.resources.method",
    "resources.id": "SyncJob.resources.remoteId",
    "resources.query": "SyncJob.resources.query",
    "resources.loop_on": "SyncJob.resources.loopOn",
    "resources.depends_on": "SyncJob.resources.dependsOn",
    "resources.persist": "SyncJob.resources.persist",
    "resources.run_if": "SyncJob.resources.config",
    "resources.debug": "SyncJob.resources.config",
    "resources.body": "SyncJob.resources.config",
    "resources.recurse": "SyncJob.resources.config",
    "resources.delete_tracking": "SyncJob.resources.config",
    "resources.delete_tracking_query": "SyncJob.resources.config",
    "resources.destination_type": "SyncJob.resources.config",
    "resources.config": "SyncJob.resources.config",
    "resources.resources_to_persist": "SyncJob.resources.persist",
    "resources.integrated_account_id": "SyncJob.resources.config",
    environment_id: "SyncJob.environmentId",
    created_at: "SyncJob.createdAt",
    updated_at: "SyncJob.updatedAt",
  },
};

const POLYTOMIC: Page = {
  vendor: "Polytomic",
  page: "Get Sync",
  fields: {
    id: "ModelSync.remoteId",
    active: "ModelSync.active",
    name: "ModelSync.name",
    mode: "ModelSync.mode",
    "fields.target": "ModelSync.fields.target",
    "fields.source.model_id": "ModelSync.fields.source.modelId",
    "fields.source.field": "ModelSync.fields.source.field",
    "fields.new": "ModelSync.fields.new",
    "fields.override_value": "ModelSync.fields.overrideValue",
    "fields.sync_mode": "ModelSync.fields.syncMode",
    "fields.encryption_enabled": "ModelSync.fields.encryptionEnabled",
    filter_logic: "ModelSync.filterLogic",
    "identity.function": "ModelSync.identity.function",
    "identity.source.model_id": "ModelSync.identity.source.modelId",
    "identity.source.field": "ModelSync.identity.source.field",
    "identity.target": "ModelSync.identity.target",
    "identity.new_field": "ModelSync.identity.newField",
    "identity.remote_field_type_id": "ModelSync.identity.remoteFieldTypeId",
    "schedule.frequency": "ModelSync.schedules.rawFrequency",
    "schedule.day_of_week": "ModelSync.schedules.dayOfWeek",
    "schedule.day_of_month": "ModelSync.schedules.dayOfMonth",
    "schedule.month": "ModelSync.schedules.month",
    "schedule.hour": "ModelSync.schedules.hour",
    "schedule.minute": "ModelSync.schedules.minute",
    "schedule.connection_id": "ModelSync.schedules.externalConnectionId",
    "schedule.job_id": "ModelSync.schedules.externalJobId",
    "schedule.run_after.sync_ids": "ModelSync.schedules.runAfter.remoteId",
    "schedule.run_after.bulk_sync_ids": "ModelSync.schedules.runAfterBulkRemoteIds",
    "schedule.run_after_success_only": "ModelSync.schedules.runAfterSuccessOnly",
    "target.connection_id": "ModelSync.target.linkedAccount.remoteId",
    "target.object": "ModelSync.target.object",
    "target.create": "ModelSync.target.create",
    "target.new_name": "ModelSync.target.newName",
    "target.configuration": "ModelSync.target.configuration",
    "target.search_values": "ModelSync.target.searchValues",
    "target.filter_logic": "ModelSync.target.filterLogic",
    only_enrich_updates: "ModelSync.onlyEnrichUpdates",
    skip_initial_backfill: "ModelSync.skipInitialBackfill",
    sync_all_records: "ModelSync.syncAllRecords",
    organization_id: "ModelSync.organizationId",
    model_ids: "ModelSync.modelIds",
    "filters.function": "ModelSync.filters.function",
    "filters.field.model_id": "ModelSync.filters.field.modelId",
    "filters.field.field": "ModelSync.filters.field.field",
    "filters.field_id": "ModelSync.filters.fieldId",
    "filters.field_type": "ModelSync.filters.fieldType",
    "filters.label": "ModelSync.filters.label",
    "filters.value": "ModelSync.filters.value",
    "override_fields.target": "ModelSync.overrideFields.target",
    "override_fields.source.model_id": "ModelSync.overrideFields.source.modelId",
    "override_fields.source.field": "ModelSync.overrideFields.source.field",
    "override_fields.new": "ModelSync.overrideFields.new",
    "override_fields.override_value": "ModelSync.overrideFields.overrideValue",
    "override_fields.sync_mode": "ModelSync.overrideFields.syncMode",
    "override_fields.encryption_enabled": "ModelSync.overrideFields.encryptionEnabled",
    "overrides.field.model_id": "ModelSync.overrides.field.modelId",
    "overrides.field.field": "ModelSync.overrides.field.field",
    "overrides.field_id": "ModelSync.overrides.fieldId",
    "overrides.function": "ModelSync.overrides.function",
    "overrides.value": "ModelSync.overrides.value",
    "overrides.override": "ModelSync.overrides.override",
    policies: "ModelSync.policies",
    encryption_passphrase: leftOut("a secret; hasEncryptionPassphrase tells whether there is one"),
    created_at: "ModelSync.createdAt",
    "created_by.id": "ModelSync.createdBy.remoteId",
    "created_by.name": "ModelSync.createdBy.name",
    "created_by.type": "ModelSync.createdBy.type",
    updated_at: "ModelSync.updatedAt",
    "updated_by.id": "ModelSync.updatedBy.remoteId",
    "updated_by.name": "ModelSync.updatedBy.name",
    "updated_by.type": "ModelSync.updatedBy.type",
  },
};

const PAGES = [ROOTFI, STUUT, TRUTO, POLYTOMIC];
const rows = PAGES.flatMap(({ vendor, page, fields }) =>
  Object.entries(fields).map(([field, place]) => ({ name: `${vendor} ${page}: ${field}`, field, place })),
);
const shown = rows.flatMap(({ name, place }) => (typeof place === "string" ? [{ name, place }] : []));
const hidden = rows.flatMap(({ name, field, place }) =>
  typeof place === "string" ? [] : [{ name, field, reason: place.leftOut }],
);

describe("vendor coverage", () => {
  it.each(PAGES.map(({ vendor, fields }) => [vendor, Object.keys(fields).length]))(
    "%s's page has its %i fields in the table",
    (vendor, count) => {
      expect(count).toBe({ RootFi: 18, Stuut: 18, Truto: 30, Polytomic: 71 }[vendor]);
    },
  );

  it.each(shown)("$name is at $place", ({ place }) => {
    expect(follow(place)).toBe("there");
  });

  it("leaves out secrets, each for a reason", () => {
    expect(hidden.map(({ name }) => name)).toEqual([
      "Stuut Request a Sync: pagination_state",
      "Polytomic Get Sync: encryption_passphrase",
    ]);
    for (const { reason } of hidden) expect(reason.length).toBeGreaterThan(20);
  });

  it.each([
    ...hidden.map(({ field }) => field),
    // From other pages of the vendors: none of them has a field either.
    "variables",
    "webhook_secret",
    "access_token",
    "api_key",
    "log_urls",
  ])("has no field for %s under any name like it", (secret) => {
    const camel = secret.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const names = Object.values(SCHEMA.getTypeMap()).flatMap((type) => Object.keys(fieldsOf(type)));
    expect(names).toContain("hasEncryptionPassphrase");
    expect(names.filter((name) => [secret, camel].includes(name))).toEqual([]);
  });

  it("sees a path that leads nowhere", () => {
    expect(follow("ModelSync.target.linkedAccount.encryptionPassphrase")).toBe(
      "LinkedAccount has no field encryptionPassphrase",
    );
    expect(follow("SyncJob.name.length")).toBe("String has no field length");
    expect(follow("Nothing.name")).toBe("there is no type Nothing");
  });
});

function follow(path: string): string {
  const [root = "", ...names] = path.split(".");
  let type = SCHEMA.getType(root);
  for (const name of names) {
    if (type === undefined) return `there is no type ${root}`;
    const field = fieldsOf(type)[name];
    if (field === undefined) return `${type.name} has no field ${name}`;
    type = getNamedType(field.type);
  }
  return type === undefined ? `there is no type ${root}` : "there";
}

function fieldsOf(type: GraphQLNamedType) {
  return isObjectType(type) || isInterfaceType(type) ? type.getFields() : {};
}
