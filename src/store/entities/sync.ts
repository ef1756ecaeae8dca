// The runs. A row is a `Sync` column by column; `openSync` is the condition its partial index is made for.
import {
  ObservationSource,
  SyncOperation,
  SyncOrigin,
  SyncOutcome,
  SyncStatus,
  WaitingReason,
} from "../../domain/status.ts";
import type { RecordCounts, Sync, SyncError, TaskCounts } from "../../domain/sync.ts";
import type { JsonObject } from "../../domain/json.ts";
import { decodeRow, defineTable, flag, json, nullable, text, time, whole, word } from "../table.ts";
import type { StoredRow } from "../table.ts";

/** Must be in a statement word for word, or the partial index is not used. */
export const OPEN_SYNC = "status in ('CREATED', 'RUNNING')";

export const syncTable = defineTable({
  name: "sync",
  primaryKey: ["tenantId", "id"],
  columns: {
    tenantId: text(),
    id: text(),
    providerKey: text(),
    remoteId: text(),
    alternateRemoteId: nullable(text()),
    remoteType: nullable(text()),
    definitionId: nullable(text()),
    linkedAccountId: nullable(text()),
    definitionRemoteId: nullable(text()),
    linkedAccountRemoteId: nullable(text()),
    status: word(SyncStatus),
    outcome: nullable(word(SyncOutcome)),
    rawStatus: text(),
    waitingReason: nullable(word(WaitingReason)),
    resumesAt: nullable(time()),
    integration: nullable(text()),
    origin: word(SyncOrigin),
    operation: nullable(word(SyncOperation)),
    fullRefresh: nullable(flag()),
    initial: nullable(flag()),
    oneOff: nullable(flag()),
    attempt: nullable(whole()),
    batchId: nullable(text()),
    entityId: nullable(text()),
    fileId: nullable(text()),
    models: json<readonly string[]>(),
    onError: nullable(text()),
    runtimeVersion: nullable(whole()),
    taskCounts: nullable(json<TaskCounts>()),
    recordCounts: nullable(json<RecordCounts>()),
    timeRangeStart: nullable(time()),
    timeRangeEnd: nullable(time()),
    createdAt: time(),
    startedAt: nullable(time()),
    finishedAt: nullable(time()),
    updatedAt: nullable(time()),
    error: nullable(json<SyncError>()),
    raw: nullable(json<JsonObject>()),
    observedAt: time(),
    observedVia: word(ObservationSource),
    triggerId: nullable(text()),
    retryOfId: nullable(text()),
    version: whole(),
  },
  indices: [
    { name: "sync_remote", properties: ["tenantId", "providerKey", "remoteId"], unique: true },
    { name: "sync_created", properties: ["tenantId", "createdAt", "id"] },
    { name: "sync_observed", properties: ["tenantId", "observedAt", "id"] },
    { name: "sync_provider_created", properties: ["tenantId", "providerKey", "createdAt", "id"] },
    { name: "sync_definition_created", properties: ["tenantId", "definitionId", "createdAt", "id"] },
    { name: "sync_account_created", properties: ["tenantId", "linkedAccountId", "createdAt", "id"] },
    { name: "sync_status_created", properties: ["tenantId", "status", "createdAt", "id"] },
    { name: "sync_open", properties: ["tenantId", "definitionId", "createdAt", "id"], where: OPEN_SYNC },
    { name: "sync_open_created", properties: ["tenantId", "createdAt", "id"], where: OPEN_SYNC },
    { name: "sync_open_provider", properties: ["tenantId", "providerKey", "createdAt", "id"], where: OPEN_SYNC },
    {
      name: "sync_outcome_created",
      properties: ["tenantId", "outcome", "createdAt", "id"],
      where: "outcome is not null",
    },
    { name: "sync_trigger_named", properties: ["tenantId", "triggerId"], where: "trigger_id is not null" },
    { name: "sync_repeated", properties: ["tenantId", "retryOfId"], where: "retry_of_id is not null" },
  ],
});

export const syncOf = (stored: StoredRow): Sync => decodeRow(syncTable, stored);
