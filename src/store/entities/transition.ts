// The ledger: committed changes of status, numbered without holes, and the head each tenant's next number comes from.
import { ObservationSource, SyncOutcome, SyncStatus } from "../../domain/status.ts";
import type { Transition } from "../../domain/sync.ts";
import { decodeRow, defineTable, flag, large, nullable, text, time, word } from "../table.ts";
import type { StoredRow } from "../table.ts";

export const transitionTable = defineTable({
  name: "transition",
  primaryKey: ["tenantId", "sequence"],
  names: { from: "from_status", to: "to_status" },
  columns: {
    tenantId: text(),
    sequence: large(),
    id: text(),
    syncId: text(),
    from: nullable(word(SyncStatus)),
    to: word(SyncStatus),
    outcome: nullable(word(SyncOutcome)),
    rawStatus: nullable(text()),
    occurredAt: time(),
    observedAt: time(),
    observedVia: word(ObservationSource),
    inferred: flag(),
  },
  indices: [
    { name: "transition_id", properties: ["tenantId", "id"], unique: true },
    { name: "transition_sync", properties: ["tenantId", "syncId", "sequence"], unique: true },
  ],
  partOfSync: { constraint: "transition_sync_reference" },
});

export const transitionOf = (stored: StoredRow): Transition => decodeRow(transitionTable, stored);

export const ledgerHeadTable = defineTable({
  name: "ledger_head",
  primaryKey: ["tenantId"],
  columns: {
    tenantId: text(),
    lastSequence: large(),
    /** Transitions up to this number have been removed. */
    prunedThrough: nullable(large()),
    /** Runs that a trigger resolved before then lists may have been removed. */
    prunedBefore: nullable(time()),
  },
});
