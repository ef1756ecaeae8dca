// The timekeeping part of the port: the latest time that any gateway has noted, and what is put right when that lies ahead.
import type { TimekeepingStore } from "../domain/timekeeping-port.ts";
import { TriggerState } from "../domain/sync.ts";
import type { Database, Query } from "./database.ts";
import type { Dialect } from "./dialect.ts";
import { OPEN_SYNC } from "./entities/sync.ts";
import { identifier, join, sql, verbatim } from "./sql.ts";
import type { Sql } from "./sql.ts";
import { isUnresolved, leaseEnd } from "./trigger-rivals.ts";

/** Gateways' clocks differ by less, and what is less is waited for. */
const TOLERATED_MS = 5_000;
/** As long as leases are: whoever lives renews his within it. */
const LEASE_MS = 10_000;
/** How far back runs begun elsewhere are looked for again: nobody knows for how long nobody has looked. */
const LOOK_BACK_MS = 86_400_000;

export function createTimekeepingStore({ dialect, transaction }: Database): TimekeepingStore {
  return {
    tell: (time, aheadMs = null) =>
      transaction(async (query) => {
        const now = time.getTime();
        const [row] = await query(sql`select seen_at from store_identity where tenant_id = ${""} ${dialect.lockRows}`);
        const seenAt = Number(row?.["seen_at"] ?? 0);
        const backMs = seenAt > now + TOLERATED_MS ? seenAt - now : null;
        if (backMs !== null) await putRight(query, dialect, { now, backMs, limit: now });
        else if (aheadMs !== null) await putRight(query, dialect, { now, backMs: aheadMs, limit: now + aheadMs });
        if (backMs !== null || seenAt < now)
          await query(sql`update store_identity set seen_at = ${now} where tenant_id = ${""}`);
        if (backMs !== null)
          await query(
            sql`update store_identity set back_to = case when back_to < ${now} then back_to else ${now} end, back_from = case when back_from > ${seenAt} then back_from else ${seenAt} end where tenant_id = ${""}`,
          );
        return backMs;
      }),
  };
}

/** In epoch milliseconds. */
interface Setting {
  readonly now: number;
  /** By how much the clock was set back, as far as that is known. */
  readonly backMs: number;
  /** Later times have been written by the clock as it was. */
  readonly limit: number;
}

async function putRight(query: Query, dialect: Dialect, { now, backMs, limit }: Setting): Promise<void> {
  const lease = now + LEASE_MS;
  const endless = Math.max(limit, lease);
  /** A time that was written by the clock as it was is replaced. */
  const replaced = (name: string, by: Sql, beyond = limit): Sql =>
    sql`${identifier(name)} = case when ${identifier(name)} > ${beyond} then ${by} else ${identifier(name)} end`;
  /** As long ago as it was by the clock that wrote it, and no time that has not come. */
  const moved = (name: string): Sql =>
    replaced(
      name,
      sql`case when ${identifier(name)} - ${backMs} < ${now} then ${identifier(name)} - ${backMs} else ${now} end`,
    );
  const change = (table: string, names: readonly string[], changes: readonly Sql[]): Promise<unknown> => {
    const conditions = names.map((name) => sql`${identifier(name)} > ${limit}`);
    return query(sql`update ${identifier(table)} set ${join(changes, ", ")} where ${join(conditions, " or ")}`);
  };
  await change(
    "sync_poll",
    ["next_poll_at", "lease_until", "missing_since"],
    [replaced("next_poll_at", sql`${now}`), replaced("lease_until", sql`${lease}`, endless), moved("missing_since")],
  );
  await query(
    sql`update sync_trigger set lease_until = ${lease} where ${isUnresolved(dialect)} and ${leaseEnd} > ${endless}`,
  );
  await query(
    sql`update sync_trigger set resolved_at = ${now} where state = ${TriggerState.Uncertain} and resolved_at > ${limit}`,
  );
  await change("webhook_delivery", ["due_at"], [replaced("due_at", sql`${now}`), moved("received_at")]);
  await query(sql`update sync set ${moved("observed_at")} where ${verbatim(OPEN_SYNC)} and observed_at > ${limit}`);
  await change("definition", ["observed_at", "detailed_at"], [moved("observed_at"), moved("detailed_at")]);
  await change("linked_account", ["observed_at"], [moved("observed_at")]);
  await change("provider_holder", ["held_until"], [replaced("held_until", sql`${lease}`, endless)]);
  const seen = ["catalog_at", "last_success_at", "last_failure_at", "last_webhook_at"];
  await change(
    "provider_state",
    ["discovered_until", ...seen],
    [replaced("discovered_until", sql`${now - LOOK_BACK_MS}`), ...seen.map(moved)],
  );
}
