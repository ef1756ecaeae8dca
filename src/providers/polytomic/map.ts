// Polytomic's values as domain values: pure and total, no I/O. What a run's answers mean is in map-execution.ts.
import { DefinitionKind, LinkedAccountStatus } from "../../domain/definition.ts";
import type {
  LinkedAccountSnapshot,
  ModelFieldRef,
  ModelSyncField,
  ModelSyncSnapshot,
  Person,
  Schedule,
} from "../../domain/definition.ts";
import type { Redactor } from "../../wire/redact.ts";
import { vendorWords } from "../../wire/vendor-words.ts";
import { frequencyOf } from "./schedule-words.ts";
import type {
  WireActor,
  WireConnection,
  WireField,
  WireListedSync,
  WireModelField,
  WireSchedule,
  WireSync,
} from "./wire-types.ts";

/** A connection. Its configuration is never read: the vendor blanks it only in part. */
export function linkedAccountOf(connection: WireConnection, redact: Redactor): LinkedAccountSnapshot {
  return {
    remoteId: connection.id,
    name: connection.name ?? connection.id,
    integration: connection.type?.id ?? null,
    category: null,
    status: CONNECTION_STATUS.of(connection.status) ?? LinkedAccountStatus.Unknown,
    rawStatus: connection.status,
    statusMessage: redact(connection.status_error ?? "") || null,
    resumesAt: null,
    lastSyncedAt: null,
    customerId: null,
    environmentId: null,
    sandbox: null,
    createdAt: connection.created_at,
    updatedAt: connection.updated_at,
  };
}

/** An entry of the list: everything it leaves out is empty, and `detailed` is false. */
export function listedModelSyncOf(sync: WireListedSync): ModelSyncSnapshot {
  const connectionId = sync.target_connection_id;
  return {
    ...summaryOf(sync),
    nextRunAt: null,
    detailed: false,
    linkedAccountRemoteId: connectionId,
    fields: [],
    overrideFields: [],
    filters: [],
    filterLogic: null,
    identity: null,
    overrides: [],
    policies: [],
    target:
      connectionId === null
        ? null
        : { ...EMPTY_TARGET, linkedAccountRemoteId: connectionId, object: sync.target_object },
    hasEncryptionPassphrase: false,
  };
}

/**
 * A sync in full.
 *
 * @param nextRunAt comes from another page of the API; null when nothing is planned or it could not be read
 */
export function modelSyncOf(sync: WireSync, nextRunAt: Date | null): ModelSyncSnapshot {
  const { identity, target } = sync;
  return {
    ...summaryOf(sync),
    nextRunAt,
    detailed: true,
    linkedAccountRemoteId: target?.connection_id ?? null,
    fields: sync.fields.map(fieldOf),
    overrideFields: sync.override_fields.map(fieldOf),
    filters: sync.filters.map((filter) => ({
      function: filter.function,
      field: modelFieldOf(filter.field),
      fieldId: filter.field_id,
      fieldType: filter.field_type,
      label: filter.label,
      value: filter.value,
    })),
    filterLogic: sync.filter_logic,
    identity: identity && {
      function: identity.function,
      source: modelFieldOf(identity.source),
      target: identity.target,
      newField: identity.new_field,
      remoteFieldTypeId: identity.remote_field_type_id,
    },
    overrides: sync.overrides.map((override) => ({
      field: modelFieldOf(override.field),
      fieldId: override.field_id,
      function: override.function,
      value: override.value,
      override: override.override,
    })),
    policies: sync.policies,
    target: target && {
      linkedAccountRemoteId: target.connection_id,
      object: target.object,
      create: target.create,
      newName: target.new_name,
      configuration: target.configuration,
      searchValues: target.search_values,
      filterLogic: target.filter_logic,
    },
    hasEncryptionPassphrase: sync.hasEncryptionPassphrase,
  };
}

const EMPTY_TARGET = { create: null, newName: null, configuration: null, searchValues: null, filterLogic: null };

/** The vendor documents only that this is free text; `healthy` is its one published value, the others are plain words for a state. */
const CONNECTION_STATUS = vendorWords<LinkedAccountStatus>([
  ["healthy", LinkedAccountStatus.Healthy],
  ["unhealthy", LinkedAccountStatus.Unhealthy],
  ["error", LinkedAccountStatus.Unhealthy],
  ["failed", LinkedAccountStatus.Unhealthy],
  ["pending", LinkedAccountStatus.Pending],
  ["connecting", LinkedAccountStatus.Pending],
  ["unauthorized", LinkedAccountStatus.AuthenticationRequired],
  ["unauthenticated", LinkedAccountStatus.AuthenticationRequired],
  ["expired", LinkedAccountStatus.AuthenticationRequired],
  ["disconnected", LinkedAccountStatus.Disabled],
  ["disabled", LinkedAccountStatus.Disabled],
  ["deleted", LinkedAccountStatus.Disabled],
]);

function summaryOf(sync: WireListedSync | WireSync) {
  return {
    kind: DefinitionKind.ModelSync,
    remoteId: sync.id,
    name: sync.name ?? sync.id,
    active: sync.active,
    schedules: sync.schedule === null ? [] : [scheduleOf(sync.schedule)],
    organizationId: sync.organization_id,
    mode: sync.mode,
    modelIds: sync.model_ids,
    onlyEnrichUpdates: sync.only_enrich_updates,
    skipInitialBackfill: sync.skip_initial_backfill,
    syncAllRecords: sync.sync_all_records,
    createdAt: sync.created_at,
    updatedAt: sync.updated_at,
    createdBy: personOf(sync.created_by),
    updatedBy: personOf(sync.updated_by),
  };
}

function scheduleOf(schedule: WireSchedule): Schedule {
  return {
    remoteId: null,
    frequency: frequencyOf(schedule.frequency),
    rawFrequency: schedule.frequency ?? "",
    interval: null,
    cronExpression: null,
    hour: schedule.hour,
    minute: schedule.minute,
    month: schedule.month,
    dayOfWeek: schedule.day_of_week,
    dayOfMonth: schedule.day_of_month,
    resource: null,
    linkedAccountRemoteId: null,
    enabled: null,
    runAfterRemoteIds: schedule.run_after?.sync_ids ?? [],
    runAfterBulkRemoteIds: schedule.run_after?.bulk_sync_ids ?? [],
    runAfterSuccessOnly: schedule.run_after_success_only,
    externalConnectionId: schedule.connection_id,
    externalJobId: schedule.job_id,
    createdAt: null,
    updatedAt: null,
  };
}

function fieldOf(field: WireField): ModelSyncField {
  return {
    source: modelFieldOf(field.source),
    target: field.target,
    new: field.new,
    overrideValue: field.override_value,
    syncMode: field.sync_mode,
    encryptionEnabled: field.encryption_enabled,
  };
}

function modelFieldOf(field: WireModelField | null): ModelFieldRef | null {
  return field && { modelId: field.model_id, field: field.field };
}

function personOf(actor: WireActor | null): Person | null {
  return actor && { remoteId: actor.id, name: actor.name, type: actor.type };
}
