// Terminal observations that contradicted a committed end. Kept as evidence; the port never reads them back.
import { ObservationSource, SyncOutcome, SyncStatus } from "../../domain/status.ts";
import { defineTable, nullable, text, time, word } from "../table.ts";

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
