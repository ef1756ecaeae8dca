// Recorded intentions to start a definition. The unique index over the idempotency key lets any number of rows have none.
import type { ErrorCode } from "../../domain/errors.ts";
import type { Intent } from "../../domain/store-port.ts";
import { TriggerState } from "../../domain/sync.ts";
import type { StartOptions, Trigger } from "../../domain/sync.ts";
import { decodeRow, defineTable, flag, json, nullable, text, time, whole, word } from "../table.ts";
import type { RowOf, StoredRow } from "../table.ts";

/** States in which a trigger may stand in the way of another start. Must be in a statement word for word, or the partial index is not used. */
export const RIVAL = "state in ('PENDING', 'SENT', 'UNCERTAIN')";

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
    // What follows is null in rows of gateways that do not know it.
    linkedAccountId: nullable(text()),
    leaseOwner: nullable(text()),
    leaseUntil: nullable(time()),
    fence: nullable(whole()),
    doubtedAt: nullable(time()),
    answeredAt: nullable(time()),
    candidateIds: nullable(json<readonly string[]>()),
  },
  indices: [
    { name: "sync_trigger_idempotency", properties: ["tenantId", "idempotencyKey"], unique: true },
    { name: "sync_trigger_state", properties: ["tenantId", "state", "createdAt", "id"] },
    { name: "sync_trigger_repeated", properties: ["tenantId", "retryOfId"], where: "retry_of_id is not null" },
    { name: "sync_trigger_rival", properties: ["tenantId", "definitionId", "createdAt", "id"], where: RIVAL },
  ],
});

type TriggerRow = RowOf<typeof syncTriggerTable.columns>;

/** @param intent null for a trigger that nobody holds */
export const triggerRow = (trigger: Trigger, intent: Intent | null): TriggerRow => ({
  ...trigger,
  linkedAccountId: intent?.linkedAccountId ?? null,
  leaseOwner: intent?.lease.owner ?? null,
  leaseUntil: intent?.lease.until ?? null,
  fence: 0,
  doubtedAt: null,
});

export function triggerOf(stored: StoredRow): Trigger {
  const row = decodeRow(syncTriggerTable, stored);
  const {
    linkedAccountId: _account,
    leaseOwner: _owner,
    leaseUntil: _until,
    fence: _fence,
    doubtedAt: _,
    ...trigger
  } = row;
  return trigger;
}

/** The number of a trigger's newest takeover. */
export const fenceOf = (stored: StoredRow): number => decodeRow(syncTriggerTable, stored).fence ?? 0;
