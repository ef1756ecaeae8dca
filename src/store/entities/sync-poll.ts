// When a run is due to be looked at, and who is looking. One row for each open run, and for each ended one that is to be read once more.
import { defineTable, large, nullable, text, time, whole } from "../table.ts";

export const syncPollTable = defineTable({
  name: "sync_poll",
  primaryKey: ["tenantId", "syncId"],
  columns: {
    tenantId: text(),
    syncId: text(),
    providerKey: text(),
    nextPollAt: time(),
    leaseOwner: nullable(text()),
    leaseUntil: nullable(time()),
    fence: large(),
    polls: whole(),
    failures: whole(),
    missingSince: nullable(time()),
    /** When somebody last asked for a look. An observation from before then does not answer it. */
    hintedAt: nullable(time()),
  },
  indices: [{ name: "sync_poll_due", properties: ["tenantId", "providerKey", "nextPollAt", "syncId"] }],
  partOfSync: { constraint: "sync_poll_sync" },
});
