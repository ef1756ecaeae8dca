// The due work's part of the port: leases with fencing numbers over `sync_poll`. The rows themselves are made by `record.ts`.
import type { ClaimedRun, PollSettlement, PollStore } from "../domain/poll-port.ts";
import type { Database, Query } from "./database.ts";
import type { Dialect } from "./dialect.ts";
import { syncPollTable } from "./entities/sync-poll.ts";
import { OPEN_SYNC, syncOf, syncTable } from "./entities/sync.ts";
import { identifier, join, sql, verbatim } from "./sql.ts";
import type { Sql } from "./sql.ts";
import { selected } from "./statements.ts";
import { decodeRow } from "./table.ts";
import type { Field, RowOf } from "./table.ts";

export function createPollStore({ dialect, read, write, transaction }: Database): PollStore {
  return {
    claimDue: (tenantId, providerKey, now, limit, lease, dueBy = now) =>
      transaction(async (query) => {
        const claimed = await query(
          claim(dialect, {
            tenantId,
            providerKey,
            now: now.getTime(),
            dueBy: dueBy.getTime(),
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
      const givenUp = settlements.filter(({ nextPollAt }) => nextPollAt === null);
      if (givenUp.length > 0) await write(removal(dialect, tenantId, givenUp));
      const rows = settlements.flatMap(({ syncId, fence, nextPollAt, failures, missingSince }) =>
        nextPollAt === null
          ? []
          : {
              ...{ tenant_id: tenantId, sync_id: syncId, fence, failures, next_poll_at: nextPollAt.getTime() },
              missing_since: missingSince?.getTime() ?? null,
            },
      );
      if (rows.length === 0) return;
      await write(
        sql`update sync_poll set next_poll_at = given.next_poll_at, failures = given.failures, missing_since = given.missing_since, polls = sync_poll.polls + 1, lease_owner = null, lease_until = null from ${dialect.given(SETTLEMENT_FIELDS, rows)} where ${HELD}`,
      );
    },
    giveBack: async (tenantId, held) => {
      if (held.length === 0) return;
      const rows = held.map(({ id, fence }) => ({ tenant_id: tenantId, sync_id: id, fence }));
      await write(
        sql`update sync_poll set lease_owner = null, lease_until = null from ${dialect.given(CLAIM_FIELDS, rows)} where ${HELD}`,
      );
    },
    renew: async (tenantId, held, until) => {
      if (held.length === 0) return;
      const rows = held.map(({ id, fence }) => ({
        ...{ tenant_id: tenantId, sync_id: id, fence },
        lease_until: until.getTime(),
      }));
      // What somebody writes at this moment is being given back, or is renewed next time: nobody waits for it, so nobody waits in a circle.
      const kept = sql`select sync_poll.tenant_id as tenant_id, sync_poll.sync_id as sync_id, given.lease_until as lease_until from sync_poll join ${dialect.given(RENEWAL_FIELDS, rows)} on ${HELD} where sync_poll.lease_until < given.lease_until ${dialect.lockFreeRows}`;
      await write(
        sql`with kept as materialized (${kept}) update sync_poll set lease_until = kept.lease_until from kept where sync_poll.tenant_id = kept.tenant_id and sync_poll.sync_id = kept.sync_id`,
      );
    },
    nextDueAt: async (tenantId, providerKey) => {
      const [row] = await read(earliest(tenantId, providerKey));
      const found = row?.["found"] ?? null;
      return found === null ? null : new Date(Number(found));
    },
    makeDue: async (tenantId, syncIds, now) => {
      if (syncIds.length === 0) return;
      const due = sql`case when next_poll_at < ${now.getTime()} then next_poll_at else ${now.getTime()} end`;
      // Locked by id, as every writer does.
      const hinted = sql`select tenant_id, sync_id from sync_poll where tenant_id = ${tenantId} and ${dialect.anyOf(identifier("sync_id"), syncIds)} order by sync_id ${dialect.lockRows}`;
      await write(
        sql`with hinted as materialized (${hinted}) update sync_poll set next_poll_at = ${due}, hinted_at = ${now.getTime()} from hinted where sync_poll.tenant_id = hinted.tenant_id and sync_poll.sync_id = hinted.sync_id`,
      );
    },
  };
}

type PollRow = RowOf<typeof syncPollTable.columns>;

const fieldsOf = (...properties: readonly string[]): readonly Field[] =>
  syncPollTable.fields.filter(({ property }) => properties.includes(property));
const CLAIM_FIELDS = fieldsOf("tenantId", "syncId", "fence");
const SETTLEMENT_FIELDS = fieldsOf("tenantId", "syncId", "fence", "nextPollAt", "failures", "missingSince");
const RENEWAL_FIELDS = fieldsOf("tenantId", "syncId", "fence", "leaseUntil");

/**
 * The rows of `given`, unless they were taken since. The tenant comes with each row: were it a condition of its own, SQLite would read all
 * due rows of the tenant and go through the given ones for each.
 */
const HELD = verbatim(
  "sync_poll.tenant_id = given.tenant_id and sync_poll.sync_id = given.sync_id and sync_poll.fence = given.fence",
);

/** An open run keeps its row whatever is said. */
function removal(dialect: Dialect, tenantId: string, settlements: readonly PollSettlement[]): Sql {
  const rows = settlements.map(({ syncId, fence }) => ({ sync_id: syncId, fence }));
  // The ids apart, so that both databases find the rows by key.
  const named = dialect.anyOf(
    identifier("sync_id"),
    rows.map(({ sync_id }) => sync_id),
  );
  const held = sql`(sync_id, fence) in (select sync_id, fence from ${dialect.given(fieldsOf("syncId", "fence"), rows)})`;
  const open = sql`select 1 from sync where sync.tenant_id = sync_poll.tenant_id and sync.id = sync_poll.sync_id and ${verbatim(OPEN_SYNC)}`;
  return sql`delete from sync_poll where tenant_id = ${tenantId} and ${named} and ${held} and not exists (${open})`;
}

interface Claim {
  readonly tenantId: string;
  readonly providerKey: string;
  readonly now: number;
  readonly dueBy: number;
  readonly limit: number;
  readonly owner: string;
  readonly until: number;
}

function claim(dialect: Dialect, { tenantId, providerKey, now, dueBy, limit, owner, until }: Claim): Sql {
  const due = sql`select tenant_id, sync_id from sync_poll where tenant_id = ${tenantId} and provider_key = ${providerKey} and next_poll_at <= ${dueBy} and (lease_until is null or lease_until <= ${now}) order by next_poll_at, sync_id limit ${limit} ${dialect.lockFreeRows}`;
  const columns = join(
    syncPollTable.fields.map(({ name }) => sql`sync_poll.${identifier(name)} as ${identifier(name)}`),
    ", ",
  );
  return sql`with due as materialized (${due}) update sync_poll set lease_owner = ${owner}, lease_until = ${until}, fence = sync_poll.fence + 1 from due where sync_poll.tenant_id = due.tenant_id and sync_poll.sync_id = due.sync_id returning ${columns}`;
}

/**
 * When the next run is due, or its lease ends. Read in the order of being due, up to the first run that nobody holds: what is behind it is
 * due later still, held or not.
 */
function earliest(tenantId: string, providerKey: string): Sql {
  const own = sql`tenant_id = ${tenantId} and provider_key = ${providerKey}`;
  const free = sql`select next_poll_at from sync_poll where ${own} and (lease_until is null or lease_until <= next_poll_at) order by next_poll_at, sync_id limit 1`;
  // With every run held, all of them are looked at: as many as gateways take at once.
  const before = sql`coalesce((select next_poll_at from free), ${Number.MAX_SAFE_INTEGER})`;
  return sql`with free as materialized (${free}) select min(at) as found from (select next_poll_at as at from free union all select lease_until as at from sync_poll where ${own} and next_poll_at < ${before}) as due`;
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
