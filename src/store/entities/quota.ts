// Turns at vendors: the newest ones of each provider, numbered as they were taken, and the window that gives the numbers.
import { decodeRow, defineTable, large, text, time } from "../table.ts";
import type { RowOf, StoredRow } from "../table.ts";

/** One row for each provider. Whoever takes a turn has it locked. */
export const quotaWindowTable = defineTable({
  name: "quota_window",
  primaryKey: ["tenantId", "providerKey"],
  columns: {
    tenantId: text(),
    providerKey: text(),
    lastTurn: large(),
    pausedUntil: time(),
  },
});

export const quotaTurnTable = defineTable({
  name: "quota_turn",
  primaryKey: ["tenantId", "providerKey", "turn"],
  columns: {
    tenantId: text(),
    providerKey: text(),
    turn: large(),
    comesAt: time(),
    /** The last moment at which it may be used. */
    usedUntil: time(),
  },
});

export const quotaTurnOf = (stored: StoredRow): RowOf<typeof quotaTurnTable.columns> =>
  decodeRow(quotaTurnTable, stored);
