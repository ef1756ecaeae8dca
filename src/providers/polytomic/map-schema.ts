// What Polytomic tells of sources and targets as domain values: pure and total, no I/O.
import type {
  PropertyValue,
  ScheduleOption,
  SourceField,
  SourceModel,
  SyncSource,
  TargetField,
  TargetMode,
  TargetObjectDetail,
  TargetObjects,
} from "../../domain/schema-discovery.ts";
import { frequencyOf } from "./schedule-words.ts";
import type {
  WireListedMode,
  WireMode,
  WireModel,
  WireModelField,
  WirePropertyValue,
  WireScheduleOption,
  WireSource,
  WireTarget,
  WireTargetField,
  WireTargetObjects,
} from "./wire-schema.ts";

export function sourceOf(source: WireSource): SyncSource {
  return {
    configuration: source.configuration ?? {},
    choices: source.items.map(({ name, has_items, items, requires_one_of }) => ({
      name,
      hasItems: has_items,
      items,
      requiresOneOf: requires_one_of,
    })),
    requiresOneOf: source.requires_one_of,
  };
}

export function sourceFieldOf(field: WireModelField): SourceField {
  return {
    remoteId: field.id,
    name: field.name,
    label: field.label,
    description: field.description,
    type: field.type,
    remoteType: field.remote_type,
    unique: field.unique,
    userAdded: field.user_added,
  };
}

export function modelOf({ id, name, type, fields }: WireModel): SourceModel {
  return { remoteId: id, name: name ?? id, type, fields: fields.map(sourceFieldOf) };
}

export function targetObjectsOf({ data, target_creation: creation }: WireTargetObjects): TargetObjects {
  return {
    objects: (data ?? []).map(({ id, name, modes }) => ({ remoteId: id, name, modes: modes.map(listedModeOf) })),
    canCreate: creation?.supported ?? false,
    creationProperties: (creation?.properties ?? []).map(({ id, title, enum: isEnum }) => ({
      remoteId: id,
      title,
      isEnum,
    })),
  };
}

export function targetDetailOf(target: WireTarget): TargetObjectDetail {
  return {
    remoteId: target.id,
    name: target.name,
    fields: target.fields.map(targetFieldOf),
    modes: target.modes.map(modeOf),
    properties: target.properties ?? {},
    refreshedAt: target.refreshed_at,
  };
}

export const propertyValueOf = ({ value, label }: WirePropertyValue): PropertyValue => ({ value, label });

export function scheduleOptionOf(option: WireScheduleOption): ScheduleOption {
  return {
    frequency: frequencyOf(option.frequency),
    rawFrequency: option.frequency,
    label: option.label,
    description: option.description,
    configuration: option.configuration ?? {},
  };
}

function listedModeOf(mode: WireListedMode): TargetMode {
  return {
    mode: mode.id,
    label: null,
    description: null,
    requiresIdentity: mode.requires_identity,
    supportsFieldModes: mode.supports_per_field_mode,
    supportsTargetFilters: mode.supports_target_filters,
  };
}

function modeOf(mode: WireMode): TargetMode {
  return {
    mode: mode.mode,
    label: mode.label,
    description: mode.description,
    requiresIdentity: mode.requires_identity,
    supportsFieldModes: mode.supports_field_sync_mode,
    supportsTargetFilters: mode.supports_target_filters,
  };
}

function targetFieldOf(field: WireTargetField): TargetField {
  return {
    remoteId: field.id,
    name: field.name,
    description: field.description,
    type: field.type,
    sourceType: field.source_type,
    required: field.required,
    creatable: field.createable,
    updatable: field.updateable,
    filterable: field.filterable,
    encryptable: field.encryptable,
    association: field.association,
    supportsIdentity: field.supports_identity,
    identityFunctions: field.identity_functions.map(({ id }) => id),
  };
}
