// What goes on beside a start: other intentions for the same definition and account, and open runs.
import type { Intended, Intent } from "../domain/store-port.ts";
import { TriggerState } from "../domain/sync.ts";
import type { Trigger } from "../domain/sync.ts";
import type { Query } from "./database.ts";
import type { Dialect } from "./dialect.ts";
import { RIVAL, syncTriggerTable, triggerOf } from "./entities/sync-trigger.ts";
import { OPEN_SYNC } from "./entities/sync.ts";
import { identifier, sql, verbatim } from "./sql.ts";
import type { Sql } from "./sql.ts";
import { selected } from "./statements.ts";

/** A trigger of a gateway that knows no leases is left to it for this long. */
const WITHOUT_LEASE_MS = 60_000;

/** When a trigger may be taken over. */
export const leaseEnd: Sql = verbatim(`coalesce(lease_until, created_at + ${WITHOUT_LEASE_MS})`);

export const isUnresolved = (dialect: Dialect): Sql =>
  dialect.anyOf(identifier("state"), [TriggerState.Pending, TriggerState.Sent]);

/**
 * What an intention that must be alone would run beside; null when nothing. No other intention for its definition that must be alone is
 * decided about before the transaction ends.
 */
export async function alone(
  query: Query,
  dialect: Dialect,
  trigger: Trigger,
  { linkedAccountId, aloneSince }: Intent,
): Promise<Intended | null> {
  const { tenantId, definitionId, idempotencyKey } = trigger;
  await lockDefinition(query, dialect, tenantId, definitionId);
  const found = async (condition: Sql): Promise<Trigger | undefined> => {
    const rows = await query(
      sql`select ${selected(syncTriggerTable)} from sync_trigger where tenant_id = ${tenantId} and ${condition} order by created_at, id limit 1`,
    );
    return rows.map(triggerOf)[0];
  };
  const known = idempotencyKey === null ? undefined : await found(sql`idempotency_key = ${idempotencyKey}`);
  if (known !== undefined) return { outcome: "KNOWN", trigger: known };
  const sameAccount =
    linkedAccountId === null ? sql`` : sql`and (linked_account_id is null or linked_account_id = ${linkedAccountId})`;
  const doubted = sql`state = ${TriggerState.Uncertain} and resolved_at > ${(aloneSince ?? trigger.createdAt).getTime()}`;
  const rival = await found(
    sql`definition_id = ${definitionId} and ${verbatim(RIVAL)} and (${isUnresolved(dialect)} or (${doubted})) ${sameAccount}`,
  );
  if (rival !== undefined) return { outcome: "RIVAL", trigger: rival };
  // After the look for rivals: a rival that has ended in between has committed its run before it ended.
  const itsOwn = linkedAccountId === null ? sql`` : sql`and linked_account_id = ${linkedAccountId}`;
  const open = await query(
    sql`select 1 as found from sync where tenant_id = ${tenantId} and definition_id = ${definitionId} and ${verbatim(OPEN_SYNC)} ${itsOwn} limit 1`,
  );
  return open.length > 0 ? { outcome: "OPEN" } : null;
}

/** SQLite has one writer at a time; on PostgreSQL a lock by name, which the end of the transaction gives back. */
async function lockDefinition(query: Query, dialect: Dialect, tenantId: string, definitionId: string): Promise<void> {
  if (dialect.database === "sqlite") return;
  const name = JSON.stringify(["start", tenantId, definitionId]);
  await query(sql`select 1 as locked from pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
}

export async function isRivalAnswering(read: Query, tenantId: string, id: string, now: Date): Promise<boolean> {
  const rows = await read(
    sql`select other.doubted_at, coalesce(other.lease_until, other.created_at + ${WITHOUT_LEASE_MS}) as lease_end from sync_trigger as mine join sync_trigger as other on other.tenant_id = mine.tenant_id and other.definition_id = mine.definition_id and other.id <> mine.id and other.state = ${TriggerState.Sent} and (other.linked_account_id is null or mine.linked_account_id is null or other.linked_account_id = mine.linked_account_id) where mine.tenant_id = ${tenantId} and mine.id = ${id} and not exists (select 1 from sync where sync.tenant_id = other.tenant_id and sync.trigger_id = other.id)`,
  );
  // Nobody waits any more for the answer of a start whose holder is gone.
  return rows.some((row) => row["doubted_at"] === null && Number(row["lease_end"]) > now.getTime());
}
