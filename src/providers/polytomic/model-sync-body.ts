// A caller's change of a model sync in the vendor's words. Whether the vendor would take it is asked in `check-change.ts`; what a replacement
// needs beside it is `raw-sync.ts`'s.
import type {
  ModelFieldRef,
  ModelSyncField,
  ModelSyncFilter,
  ModelSyncIdentity,
  ModelSyncOverride,
  ModelSyncTarget,
} from "../../domain/definition.ts";
import type { ModelSyncDraft, ModelSyncPatch, ScheduleDraft } from "../../domain/definition-change.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { ErrorCode } from "../../domain/errors.ts";
import { providerFailure } from "../../wire/provider-failure.ts";
import { holdsHidden } from "../../wire/shareable-json.ts";
import { wordsFor } from "./schedule-words.ts";

/** The body that makes a sync. What there is none of is left out: the vendor takes null for few of its fields. */
export const createBodyOf = (draft: ModelSyncDraft): JsonObject => filled(partsOf(draft));

/** The parts of a sync that a change names, in the vendor's words; null says that there shall be none. */
export function partsOf(change: ModelSyncPatch): JsonObject {
  const parts: Readonly<Record<string, JsonValue | undefined>> = {
    name: change.name,
    mode: change.mode,
    active: change.active,
    fields: change.fields?.map(fieldPart),
    override_fields: change.overrideFields?.map(fieldPart),
    filters: change.filters?.map(filterPart),
    filter_logic: change.filterLogic,
    identity: change.identity && identityPart(change.identity),
    overrides: change.overrides?.map(overridePart),
    policies: change.policies,
    schedule: change.schedule && schedulePart(change.schedule),
    target: change.target && targetPart(change.target),
    only_enrich_updates: change.onlyEnrichUpdates,
    skip_initial_backfill: change.skipInitialBackfill,
    sync_all_records: change.syncAllRecords,
    encryption_passphrase: change.encryptionPassphrase,
  };
  return Object.fromEntries(
    Object.entries(parts).flatMap(([name, part]) => (part === undefined ? [] : [[name, part]])),
  );
}

/**
 * A client that copies what it was shown must not overwrite a secret with the word that stands for it.
 *
 * @param standing what the vendor has there
 * @throws ProviderError `BAD_USER_INPUT`, not sent
 */
export function refuseHidden(provider: string, name: string, part: JsonValue, standing: JsonValue | undefined): void {
  if (!holdsHidden(part) || holdsHidden(standing ?? null)) return;
  const sentence = `"${name}" holds "[redacted]", which stands for a value that is not shown`;
  const help = "send the value itself, or leave it out to keep what the vendor has";
  throw providerFailure(`${sentence}; ${help}; nothing was changed`, { code: ErrorCode.BadUserInput, provider });
}

/** The object without its nulls. */
export function filled(entries: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== null));
}

function fieldPart(field: ModelSyncField): JsonObject {
  return filled({
    target: field.target,
    source: sourcePart(field.source),
    new: field.new,
    override_value: field.overrideValue,
    sync_mode: field.syncMode,
    encryption_enabled: field.encryptionEnabled,
  });
}

/** Null is a value to compare with, so it is said. */
function filterPart(filter: ModelSyncFilter): JsonObject {
  const { function: comparison, field, fieldId, fieldType, label, value } = filter;
  return {
    ...filled({
      function: comparison,
      field: sourcePart(field),
      field_id: fieldId,
      field_type: fieldType,
      label,
    }),
    value,
  };
}

function overridePart({ field, fieldId, function: comparison, value, override }: ModelSyncOverride): JsonObject {
  return { ...filled({ field: sourcePart(field), field_id: fieldId, function: comparison }), value, override };
}

function identityPart(identity: ModelSyncIdentity): JsonObject {
  return filled({
    function: identity.function,
    source: sourcePart(identity.source),
    target: identity.target,
    new_field: identity.newField,
    remote_field_type_id: identity.remoteFieldTypeId,
  });
}

function sourcePart(source: ModelFieldRef | null): JsonObject | null {
  return source && filled({ model_id: source.modelId, field: source.field });
}

function targetPart(target: ModelSyncTarget): JsonObject {
  return filled({
    connection_id: target.linkedAccountRemoteId,
    object: target.object,
    create: target.create,
    new_name: target.newName,
    configuration: target.configuration,
    search_values: target.searchValues,
    filter_logic: target.filterLogic,
  });
}

function schedulePart(schedule: ScheduleDraft): JsonObject {
  const { runAfterRemoteIds, runAfterBulkRemoteIds, externalJobId } = schedule;
  const runsAfter = runAfterRemoteIds.length + runAfterBulkRemoteIds.length > 0;
  return filled({
    frequency: schedule.rawFrequency ?? wordsFor(schedule.frequency)[0] ?? null,
    hour: schedule.hour,
    minute: schedule.minute,
    day_of_week: schedule.dayOfWeek,
    day_of_month: schedule.dayOfMonth,
    month: schedule.month,
    run_after: runsAfter ? { sync_ids: runAfterRemoteIds, bulk_sync_ids: runAfterBulkRemoteIds } : null,
    run_after_success_only: schedule.runAfterSuccessOnly,
    connection_id: schedule.externalConnectionId,
    // The one number among a schedule's texts.
    job_id: externalJobId === null ? null : Number(externalJobId),
  });
}
