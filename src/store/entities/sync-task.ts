// A run's tasks. The set of a run is always replaced as a whole.
import { SyncStatus } from "../../domain/status.ts";
import type { RecordCounts, SyncError, SyncTask } from "../../domain/sync.ts";
import { decodeRow, defineTable, json, nullable, text, time, whole, word } from "../table.ts";
import type { StoredRow } from "../table.ts";

export const syncTaskTable = defineTable({
  name: "sync_task",
  primaryKey: ["tenantId", "syncId", "key"],
  names: { key: "task_key" },
  columns: {
    tenantId: text(),
    syncId: text(),
    key: text(),
    name: text(),
    status: nullable(word(SyncStatus)),
    rawStatus: nullable(text()),
    attempt: nullable(whole()),
    recordCounts: nullable(json<RecordCounts>()),
    startedAt: nullable(time()),
    finishedAt: nullable(time()),
    error: nullable(json<SyncError>()),
  },
  indices: [{ name: "sync_task_name", properties: ["tenantId", "syncId", "name", "key"] }],
  partOfSync: { constraint: "sync_task_sync" },
});

export function syncTaskOf(stored: StoredRow): SyncTask {
  const { tenantId: _tenantId, syncId: _syncId, ...task } = decodeRow(syncTaskTable, stored);
  return task;
}
