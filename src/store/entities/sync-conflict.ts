// Terminal observations that contradicted a committed end, each way of saying so once. Kept as evidence.
import { ObservationSource, SyncOutcome, SyncStatus } from "../../domain/status.ts";
import type { ConflictDraft } from "../../domain/sync.ts";
import { decodeRow, defineTable, nullable, text, time, word } from "../table.ts";
import type { StoredRow } from "../table.ts";

export const syncConflictTable = defineTable({
  name: "sync_conflict",
  primaryKey: ["tenantId", "id"],
  columns: {
    tenantId: text(),
    id: text(),
    syncId: text(),
    committedStatus: word(SyncStatus),
    committedOutcome: nullable(word(SyncOutcome)),
    observedStatus: word(SyncStatus),
    rawStatus: text(),
    observedAt: time(),
    observedVia: word(ObservationSource),
  },
  indices: [{ name: "sync_conflict_sync", properties: ["tenantId", "syncId", "observedAt"] }],
  partOfSync: { constraint: "sync_conflict_sync_reference" },
});

export function conflictOf(stored: StoredRow): ConflictDraft {
  const { tenantId: _tenant, id: _id, syncId: _sync, ...conflict } = decodeRow(syncConflictTable, stored);
  return conflict;
}
