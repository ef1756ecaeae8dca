// What goes on beside a start: other intentions for the same definition and account, and open runs.
import { MOST_RIVALS } from "../domain/store-port.ts";
import type { Intended, Intent, RivalStart } from "../domain/store-port.ts";
import { TriggerState } from "../domain/sync.ts";
import type { Trigger } from "../domain/sync.ts";
import type { Query } from "./database.ts";
import type { Dialect } from "./dialect.ts";
import { RIVAL, syncTriggerTable, triggerOf } from "./entities/sync-trigger.ts";
import { OPEN_SYNC } from "./entities/sync.ts";
import { identifier, join, sql, verbatim } from "./sql.ts";
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
  { linkedAccountId, aloneSince, besideSyncIds = [] }: Intent,
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
  const others = besideSyncIds.length === 0 ? sql`` : sql`and not (${dialect.anyOf(identifier("id"), besideSyncIds)})`;
  const open = await query(
    sql`select 1 as found from sync where tenant_id = ${tenantId} and definition_id = ${definitionId} and ${verbatim(OPEN_SYNC)} ${itsOwn} ${others} limit 1`,
  );
  return open.length > 0 ? { outcome: "OPEN" } : null;
}

/** SQLite has one writer at a time; on PostgreSQL a lock by name, which the end of the transaction gives back. */
async function lockDefinition(query: Query, dialect: Dialect, tenantId: string, definitionId: string): Promise<void> {
  if (dialect.database === "sqlite") return;
  const name = JSON.stringify(["start", tenantId, definitionId]);
  await query(sql`select 1 as locked from pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
}

/** Starts that were sent further apart cannot have begun the same run. */
const APART_MS = 600_000;

export async function rivalsOf(
  read: Query,
  dialect: Dialect,
  { tenantId, id }: { readonly tenantId: string; readonly id: string },
  now: Date,
): Promise<readonly RivalStart[]> {
  const columns = join(
    syncTriggerTable.fields.map(({ name }) => sql`other.${identifier(name)} as ${identifier(name)}`),
    ", ",
  );
  const doubtful = dialect.anyOf(sql`other.state`, [TriggerState.Sent, TriggerState.Uncertain]);
  const near = verbatim(
    `other.sent_at between mine.sent_at - ${APART_MS} and mine.sent_at + ${APART_MS} and other.created_at >= mine.created_at - ${2 * APART_MS}`,
  );
  const sameAccount = verbatim(
    "(other.linked_account_id is null or mine.linked_account_id is null or other.linked_account_id = mine.linked_account_id)",
  );
  const hasRun = sql`exists (select 1 from sync where sync.tenant_id = other.tenant_id and sync.trigger_id = other.id)`;
  const rows = await read(
    sql`select ${columns}, other.doubted_at is null and coalesce(other.lease_until, other.created_at + ${WITHOUT_LEASE_MS}) > ${now.getTime()} as is_held from sync_trigger as mine join sync_trigger as other on other.tenant_id = mine.tenant_id and other.definition_id = mine.definition_id and other.id <> mine.id and other.${verbatim(RIVAL)} where mine.tenant_id = ${tenantId} and mine.id = ${id} and ${doubtful} and ${near} and ${sameAccount} and not ${hasRun} order by other.created_at desc, other.id limit ${MOST_RIVALS}`,
  );
  return rows.map((row) => {
    const trigger = triggerOf(row);
    // Nobody waits any more for the answer of a start whose holder is gone.
    return { trigger, isAnswering: trigger.state === TriggerState.Sent && Boolean(row["is_held"]) };
  });
}
