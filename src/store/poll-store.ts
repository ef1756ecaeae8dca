// The due work's part of the port: leases with fencing numbers over `sync_poll`. The rows themselves are made by `record.ts`.
import type { ClaimedRun, PollStore } from "../domain/store-port.ts";
import type { Database, Query } from "./database.ts";
import type { Dialect } from "./dialect.ts";
import { syncPollTable } from "./entities/sync-poll.ts";
import { syncOf, syncTable } from "./entities/sync.ts";
import { identifier, join, sql } from "./sql.ts";
import type { Sql } from "./sql.ts";
import { selected } from "./statements.ts";
import { decodeRow } from "./table.ts";
import type { Field, RowOf } from "./table.ts";

export function createPollStore({ dialect, read, write, transaction }: Database): PollStore {
  return {
    claimDue: (tenantId, providerKey, now, limit, lease) =>
      transaction(async (query) => {
        const claimed = await query(
          claim(dialect, {
            tenantId,
            providerKey,
            now: now.getTime(),
            limit,
            owner: lease.owner,
            until: lease.until.getTime(),
          }),
        );
        return claimedRuns(
          query,
          dialect,
          tenantId,
          claimed.map((row) => decodeRow(syncPollTable, row)),
        );
      }),
    settle: async (tenantId, settlements) => {
      if (settlements.length === 0) return;
      const rows = settlements.map((settlement) => ({
        sync_id: settlement.syncId,
        fence: settlement.fence,
        next_poll_at: settlement.nextPollAt.getTime(),
        failures: settlement.failures,
        missing_since: settlement.missingSince?.getTime() ?? null,
      }));
      await write(
        sql`update sync_poll set next_poll_at = given.next_poll_at, failures = given.failures, missing_since = given.missing_since, polls = sync_poll.polls + 1, lease_owner = null, lease_until = null from ${dialect.given(SETTLEMENT_FIELDS, rows)} where sync_poll.tenant_id = ${tenantId} and sync_poll.sync_id = given.sync_id and sync_poll.fence = given.fence`,
      );
    },
    nextDueAt: async (tenantId, providerKey) => {
      const [row] = await read(
        sql`select min(case when lease_until > next_poll_at then lease_until else next_poll_at end) as found from sync_poll where tenant_id = ${tenantId} and provider_key = ${providerKey}`,
      );
      const found = row?.["found"] ?? null;
      return found === null ? null : new Date(Number(found));
    },
    makeDue: async (tenantId, syncId, now) => {
      const due = sql`case when next_poll_at < ${now.getTime()} then next_poll_at else ${now.getTime()} end`;
      await write(
        sql`update sync_poll set next_poll_at = ${due}, hinted_at = ${now.getTime()} where tenant_id = ${tenantId} and sync_id = ${syncId}`,
      );
    },
  };
}

type PollRow = RowOf<typeof syncPollTable.columns>;

const SETTLEMENT_FIELDS: readonly Field[] = syncPollTable.fields.filter(({ property }) =>
  ["syncId", "fence", "nextPollAt", "failures", "missingSince"].includes(property),
);

interface Claim {
  readonly tenantId: string;
  readonly providerKey: string;
  readonly now: number;
  readonly limit: number;
  readonly owner: string;
  readonly until: number;
}

function claim(dialect: Dialect, { tenantId, providerKey, now, limit, owner, until }: Claim): Sql {
  const due = sql`select sync_id from sync_poll where tenant_id = ${tenantId} and provider_key = ${providerKey} and next_poll_at <= ${now} and (lease_until is null or lease_until <= ${now}) order by next_poll_at, sync_id limit ${limit} ${dialect.lockFreeRows}`;
  const columns = join(
    syncPollTable.fields.map(({ name }) => sql`sync_poll.${identifier(name)} as ${identifier(name)}`),
    ", ",
  );
  return sql`with due as materialized (${due}) update sync_poll set lease_owner = ${owner}, lease_until = ${until}, fence = sync_poll.fence + 1 from due where sync_poll.tenant_id = ${tenantId} and sync_poll.sync_id = due.sync_id returning ${columns}`;
}

/** The claims with their runs, longest overdue first: an update returns its rows in no order. */
async function claimedRuns(
  query: Query,
  dialect: Dialect,
  tenantId: string,
  polls: readonly PollRow[],
): Promise<readonly ClaimedRun[]> {
  if (polls.length === 0) return [];
  const ids = polls.map(({ syncId }) => syncId);
  const rows = await query(
    sql`select ${selected(syncTable)} from sync where tenant_id = ${tenantId} and ${dialect.anyOf(identifier("id"), ids)}`,
  );
  const syncs = new Map(rows.map(syncOf).map((sync) => [sync.id, sync]));
  const ordered = polls.toSorted(
    (left, right) => left.nextPollAt.getTime() - right.nextPollAt.getTime() || (left.syncId < right.syncId ? -1 : 1),
  );
  return ordered.flatMap((poll) => {
    const sync = syncs.get(poll.syncId);
    const { fence, polls: count, failures, missingSince } = poll;
    return sync === undefined ? [] : [{ sync, fence, polls: count, failures, missingSince }];
  });
}
