// Recorded intentions to start a definition. The unique index over the idempotency key lets any number of rows have none.
import type { ErrorCode } from "../../domain/errors.ts";
import { TriggerState } from "../../domain/sync.ts";
import type { StartOptions, Trigger } from "../../domain/sync.ts";
import { decodeRow, defineTable, flag, json, nullable, text, time, word } from "../table.ts";
import type { StoredRow } from "../table.ts";

export const syncTriggerTable = defineTable({
  name: "sync_trigger",
  primaryKey: ["tenantId", "id"],
  columns: {
    tenantId: text(),
    id: text(),
    providerKey: text(),
    definitionId: text(),
    idempotencyKey: nullable(text()),
    fingerprint: text(),
    state: word(TriggerState),
    options: nullable(json<StartOptions>()),
    attached: flag(),
    syncIds: json<readonly string[]>(),
    retryOfId: nullable(text()),
    error: nullable(json<{ readonly code: ErrorCode; readonly message: string }>()),
    createdAt: time(),
    sentAt: nullable(time()),
    resolvedAt: nullable(time()),
  },
  indices: [
    { name: "sync_trigger_idempotency", properties: ["tenantId", "idempotencyKey"], unique: true },
    { name: "sync_trigger_state", properties: ["tenantId", "state", "createdAt", "id"] },
  ],
});

export const triggerOf = (stored: StoredRow): Trigger => decodeRow(syncTriggerTable, stored);
