// A store with so many rows that a statement which reads a whole table, or all of a tenant's, is told from one that does not. Rows are
// made by the database itself: nothing but their number and their keys is like in life.
import type { Database } from "../../src/store/database.ts";
import { sql, verbatim } from "../../src/store/sql.ts";
import type { Sql } from "../../src/store/sql.ts";

/** Rows of each large table; six in ten are the tenant's that is asked about. */
export const MANY_ROWS = 20_000;
export const MANY_TENANT = "t1";

const TENANT = verbatim("case when i % 10 < 6 then 't1' else 't' || (i % 10) end");
const PROVIDER = verbatim("case when i % 4 = 0 then 'other' else 'acme' end");
/** Two in ten are open, one in fifty has failed. */
const STATUS = verbatim("case when i % 5 = 0 then 'RUNNING' when i % 50 = 1 then 'FAILED' else 'SUCCESS' end");
const OUTCOME = verbatim("case when i % 5 = 0 then null when i % 50 = 1 then 'ERROR' else 'COMPLETE' end");
const IDS = verbatim("'d-' || (i % 300), 'a-' || (i % 500)");

const INSERTIONS: readonly Sql[] = [
  sql`insert into sync (tenant_id, id, provider_key, remote_id, definition_id, linked_account_id, status, outcome, raw_status, origin, models, created_at, started_at, finished_at, observed_at, observed_via, version) select ${TENANT}, 'run-' || i, ${PROVIDER}, 'run-' || i, ${IDS}, ${STATUS}, ${OUTCOME}, 'word', 'SCHEDULED', '["tickets"]', i, i, i + i % 90, i, 'POLL', 1 from n`,
  sql`insert into transition (tenant_id, sequence, id, sync_id, to_status, occurred_at, observed_at, observed_via, inferred) select ${TENANT}, i, 'transition-' || i, 'run-' || i, 'CREATED', i, i, 'POLL', false from n`,
  sql`insert into sync_task (tenant_id, sync_id, task_key, name) select ${TENANT}, 'run-' || i, 'task-' || i, 'task' from n`,
  sql`insert into sync_poll (tenant_id, sync_id, provider_key, next_poll_at, fence, polls, failures) select ${TENANT}, 'run-' || i, ${PROVIDER}, 100000 + i, 1, 1, 0 from n`,
  sql`insert into sync_conflict (tenant_id, id, sync_id, committed_status, observed_status, raw_status, observed_at, observed_via) select ${TENANT}, 'conflict-' || i, 'run-' || i, 'SUCCESS', 'FAILED', 'word', i, 'POLL' from n where i % 5 = 1`,
  sql`insert into pruned_beginning (tenant_id, sync_id, sequence, status) select ${TENANT}, 'run-' || i, 0, 'CREATED' from n where i % 5 = 2`,
  // One in a thousand is unresolved: starts take seconds.
  sql`insert into sync_trigger (tenant_id, id, provider_key, definition_id, idempotency_key, fingerprint, state, attached, sync_ids, created_at, resolved_at, linked_account_id) select ${TENANT}, 'trigger-' || i, ${PROVIDER}, 'd-' || (i % 300), 'key-' || i, 'hash', case when i % 1000 = 1 then 'SENT' when i % 3 = 1 then 'UNCERTAIN' else 'ACCEPTED' end, false, '[]', i, i, 'a-' || (i % 500) from n`,
  sql`insert into webhook_delivery (tenant_id, provider_key, delivery_id, event, fingerprint, payload, received_at, state, due_at) select ${TENANT}, ${PROVIDER}, 'delivery-' || i, 'changed', 'hash', '{}', i, case when i % 5 = 0 then 'RECEIVED' else 'PROCESSED' end, case when i % 5 = 0 then i end from n`,
  sql`insert into definition (tenant_id, id, provider_key, remote_id, kind, name, active, detailed, details, observed_at, linked_account_id) select ${TENANT}, 'd-' || i, ${PROVIDER}, 'remote-' || i, case when i % 2 = 0 then 'SYNC_JOB' else 'MODEL_SYNC' end, 'name ' || i, true, true, '{"kind":"MODEL_SYNC","schedules":[]}', i, 'a-' || (i % 500) from n`,
  sql`insert into linked_account (tenant_id, id, provider_key, remote_id, name, status, customer_id, observed_at) select ${TENANT}, 'a-' || i, ${PROVIDER}, 'remote-' || i, 'name ' || i, 'HEALTHY', 'customer-' || (i % 500), i from n`,
  sql`insert into quota_turn (tenant_id, provider_key, turn, comes_at, used_until) select ${TENANT}, ${PROVIDER}, i, i, i from n`,
  sql`insert into quota_window (tenant_id, provider_key, last_turn, paused_until) select distinct ${TENANT}, ${PROVIDER}, ${verbatim(String(MANY_ROWS))}, 0 from n`,
  sql`insert into ledger_head (tenant_id, last_sequence) select distinct ${TENANT}, ${verbatim(String(MANY_ROWS))} from n`,
];

/** Fills the tables, and lets a planner that goes by the numbers of rows know them. */
export async function seedManyRows(database: Database): Promise<void> {
  const numbers = sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${verbatim(String(MANY_ROWS))})`;
  await database.transaction(async (query) => {
    for (const insertion of INSERTIONS) await query(sql`${numbers} ${insertion}`);
  });
  if (database.dialect.database === "postgres") await database.write(sql`analyze`);
}
