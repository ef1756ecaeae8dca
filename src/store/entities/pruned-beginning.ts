// Where the removed beginning of a run's history ended. One row for each run that is kept and has lost transitions.
import { SyncOutcome, SyncStatus } from "../../domain/status.ts";
import { defineTable, large, nullable, text, word } from "../table.ts";

export const prunedBeginningTable = defineTable({
  name: "pruned_beginning",
  primaryKey: ["tenantId", "syncId"],
  columns: {
    tenantId: text(),
    syncId: text(),
    /** Number of the run's last transition that is gone. */
    sequence: large(),
    /** What that transition led to, and its outcome. */
    status: word(SyncStatus),
    outcome: nullable(word(SyncOutcome)),
  },
  partOfSync: { constraint: "pruned_beginning_sync" },
});
