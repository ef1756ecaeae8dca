// How many objects a list is taken for where no argument says it. A test finds every list of the schema here, and nothing else.

/** A page that does not say how large it is to be. */
export const DEFAULT_PAGE = 50;

/** Lists with as many objects as an argument has values, by that argument. */
export const SIZED_BY_ARGUMENT: Readonly<Record<string, string>> = { "Query.nodes": "ids" };

/**
 * What such a list usually has at most, not what it could have: the bytes of the answer are counted while it is made. A connection is in
 * here when it has no page.
 */
export const LIST_SIZES: Readonly<Record<string, number>> = {
  "CancelSyncPayload.userErrors": 2,
  "CancelSyncsPayload.syncs": 100,
  "CancelSyncsPayload.userErrors": 2,
  "LinkedAccount.models": 50,
  "LinkedAccount.scheduleOptions": 10,
  "LinkedAccount.sourceFields": 100,
  "LinkedAccount.targetCreationValues": 50,
  "ModelSync.fields": 20,
  "ModelSync.filters": 5,
  "ModelSync.overrideFields": 5,
  "ModelSync.overrides": 5,
  "ModelSync.schedules": 2,
  "ModelSyncCreatePayload.userErrors": 2,
  "ModelSyncDeletePayload.userErrors": 2,
  "ModelSyncSetActivePayload.userErrors": 2,
  "ModelSyncUpdatePayload.userErrors": 2,
  "Provider.unknownStatuses": 5,
  "ProviderWebhooks.refusals": 5,
  "Query.providers": 10,
  "Schedule.runAfter": 2,
  "SourceModel.fields": 50,
  "Sync.conflicts": 1,
  "SyncDefinition.schedules": 2,
  "SyncJob.resources": 15,
  "SyncJob.schedules": 2,
  "SyncJobCreatePayload.userErrors": 2,
  "SyncJobDeletePayload.userErrors": 2,
  "SyncJobSchedulePayload.userErrors": 2,
  "SyncJobUnschedulePayload.userErrors": 2,
  "SyncJobUpdatePayload.userErrors": 2,
  "SyncSource.choices": 10,
  "SyncStatistics.buckets": 100,
  "SyncStatistics.failures": 10,
  "SyncStatistics.outcomes": 8,
  "TargetObject.modes": 5,
  "TargetObjectDetail.fields": 100,
  "TargetObjectDetail.modes": 5,
  "TargetObjects.creationProperties": 10,
  "TargetObjects.objects": 100,
  "Trigger.candidates": 2,
  "Trigger.syncs": 2,
  "TriggerSyncPayload.syncs": 2,
  "TriggerSyncPayload.userErrors": 2,
  "TriggerSyncsPayload.results": 100,
  "TriggerSyncsPayload.userErrors": 2,
};

/** What introspection is taken for, with everything beneath it. Its own limits bound it. */
export const INTROSPECTION_SIZES: Readonly<Record<string, { readonly objects: number; readonly values: number }>> = {
  __schema: { objects: 2_000, values: 20_000 },
  __type: { objects: 100, values: 1_000 },
};

/**
 * Lists of these inputs describe a definition; customers have more fields in one than values in a filter. Starts are among them because
 * `triggerSyncs` has a limit of its own, which it tells in `userErrors`.
 */
export const DEFINITION_INPUTS: ReadonlySet<string> = new Set([
  "ModelSyncConditionInput",
  "ModelSyncFieldInput",
  "ModelSyncOverrideInput",
  "SyncJobResourceInput",
  "TriggerSyncInput",
]);
