// Inputs about model syncs to what the domain is told: global ids opened, null told from left out.
import type {
  ModelFieldRef,
  ModelSyncField,
  ModelSyncFilter,
  ModelSyncIdentity,
  ModelSyncOverride,
} from "../domain/definition.ts";
import type { ModelSyncCommand, ModelSyncTargetCommand, ScheduleCommand } from "../domain/gateway-port.ts";
import { dropUndefined, listGiven, mapGiven } from "./given.ts";
import { DEFINITIONS, NodeKind, innerId } from "./global-id.ts";
import { InputError, badInput, nullProblems, refuse } from "./input-error.ts";
import type { ModelSyncCreateInput, ModelSyncOptionsInput, ModelSyncUpdateInput } from "./types/model-sync-inputs.ts";
import type {
  ModelFieldRefInput,
  ModelSyncConditionInput,
  ModelSyncFieldInput,
  ModelSyncIdentityInput,
  ModelSyncOverrideInput,
  ModelSyncTargetInput,
  ScheduleInput,
} from "./types/model-sync-part-inputs.ts";

/** What a model sync always has. */
const NEVER_NULL: ReadonlySet<string> = new Set([
  "name",
  "mode",
  "target",
  "fields",
  "schedule",
  "active",
  "onlyEnrichUpdates",
  "skipInitialBackfill",
  "syncAllRecords",
]);

/** @throws InputError */
export function modelSyncCommand(input: ModelSyncCreateInput): ModelSyncCommand {
  return {
    name: input.name,
    mode: input.mode,
    target: targetCommand(input.target),
    fields: input.fields.map(fieldOf),
    schedule: scheduleCommand(input.schedule),
    ...optionsOf(input),
  };
}

/** @throws InputError also when it names nothing to change, or null for what cannot be cleared */
export function modelSyncChange(input: ModelSyncUpdateInput): Partial<ModelSyncCommand> {
  refuse(nullProblems(input, NEVER_NULL));
  const change = {
    ...dropUndefined({
      name: input.name ?? undefined,
      mode: input.mode ?? undefined,
      target: mapGiven(input.target, targetCommand) ?? undefined,
      fields: input.fields?.map(fieldOf),
      schedule: mapGiven(input.schedule, scheduleCommand) ?? undefined,
    }),
    ...optionsOf(input),
  };
  if (Object.keys(change).length === 0)
    throw new InputError(badInput(null, "The input names nothing to change. Name what shall be different."));
  return change;
}

function optionsOf(input: ModelSyncOptionsInput) {
  return dropUndefined({
    active: input.active ?? undefined,
    identity: mapGiven(input.identity, identityOf),
    filters: listGiven(input.filters, conditionOf),
    filterLogic: input.filterLogic,
    overrides: listGiven(input.overrides, overrideOf),
    overrideFields: listGiven(input.overrideFields, fieldOf),
    policies: listGiven(input.policies, (policy) => policy),
    onlyEnrichUpdates: input.onlyEnrichUpdates ?? undefined,
    skipInitialBackfill: input.skipInitialBackfill ?? undefined,
    syncAllRecords: input.syncAllRecords ?? undefined,
    encryptionPassphrase: input.encryptionPassphrase,
  });
}

function targetCommand(input: ModelSyncTargetInput): ModelSyncTargetCommand {
  return {
    linkedAccountId: innerId(input.linkedAccountId, [NodeKind.LinkedAccount], "target.linkedAccountId"),
    object: input.object ?? null,
    create: input.create ?? null,
    newName: input.newName ?? null,
    configuration: input.configuration ?? null,
    searchValues: input.searchValues ?? null,
    filterLogic: input.filterLogic ?? null,
  };
}

function scheduleCommand(input: ScheduleInput): ScheduleCommand {
  return {
    frequency: input.frequency,
    rawFrequency: input.rawFrequency ?? null,
    interval: input.interval ?? null,
    cronExpression: input.cronExpression ?? null,
    hour: input.hour ?? null,
    minute: input.minute ?? null,
    month: input.month ?? null,
    dayOfWeek: input.dayOfWeek ?? null,
    dayOfMonth: input.dayOfMonth ?? null,
    runAfterDefinitionIds: (input.runAfterDefinitionIds ?? []).map((id) =>
      innerId(id, DEFINITIONS, "schedule.runAfterDefinitionIds"),
    ),
    runAfterBulkRemoteIds: input.runAfterBulkRemoteIds ?? [],
    runAfterSuccessOnly: input.runAfterSuccessOnly ?? null,
    externalConnectionId: input.externalConnectionId ?? null,
    externalJobId: input.externalJobId ?? null,
  };
}

function fieldOf(input: ModelSyncFieldInput): ModelSyncField {
  return {
    source: refOf(input.source),
    target: input.target,
    new: input.new ?? null,
    overrideValue: input.overrideValue ?? null,
    syncMode: input.syncMode ?? null,
    encryptionEnabled: input.encryptionEnabled ?? null,
  };
}

function conditionOf(input: ModelSyncConditionInput): ModelSyncFilter {
  return {
    function: input.function,
    field: refOf(input.field),
    fieldId: input.fieldId ?? null,
    fieldType: input.fieldType ?? null,
    label: input.label ?? null,
    value: input.value ?? null,
  };
}

function identityOf(input: ModelSyncIdentityInput): ModelSyncIdentity {
  return {
    function: input.function,
    source: refOf(input.source),
    target: input.target,
    newField: input.newField ?? null,
    remoteFieldTypeId: input.remoteFieldTypeId ?? null,
  };
}

function overrideOf(input: ModelSyncOverrideInput): ModelSyncOverride {
  return {
    field: refOf(input.field),
    fieldId: input.fieldId ?? null,
    function: input.function ?? null,
    value: input.value ?? null,
    override: input.override ?? null,
  };
}

function refOf(input: ModelFieldRefInput | null | undefined): ModelFieldRef | null {
  return mapGiven(input, ({ modelId, field }) => ({ modelId: modelId ?? null, field: field ?? null })) ?? null;
}
