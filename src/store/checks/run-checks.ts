// Runs: what their rows say against what the ledger says, and what belongs to them.
import { OPEN_SYNC } from "../entities/sync.ts";
import { identifier, join, sql, verbatim } from "../sql.ts";
import type { Sql } from "../sql.ts";
import { lateCheck, orNone, sqlCheck } from "./check.ts";
import { ENDED, fits } from "./words.ts";

/** Far longer than any gateway takes to find due work once it runs. */
export const LATE_MS = 600_000;

/** With many runs open, a look may wait for the vendor's quota; for longer than this it has been forgotten. */
const FORGOTTEN_MS = 3_600_000;

const newest = (column: string): Sql =>
  sql`(select ${identifier(column)} from transition where transition.tenant_id = sync.tenant_id and transition.sync_id = sync.id order by sequence desc limit 1)`;

/** Of a run whose whole history is gone. */
const pruned = (column: string): Sql =>
  sql`(select ${identifier(column)} from pruned_beginning where pruned_beginning.tenant_id = sync.tenant_id and pruned_beginning.sync_id = sync.id)`;

/** Runs with the end of their path. */
const RUNS = sql`select tenant_id, id, status, outcome, coalesce(${newest("to_status")}, ${pruned("status")}) as last_status, coalesce(${newest("outcome")}, ${pruned("outcome")}) as last_outcome from sync`;

// Counts that arrive after the end may turn COMPLETE or EMPTY into another kind of success; the transition stays as it was committed.
const RECOUNTED = verbatim("(last_outcome in ('COMPLETE', 'EMPTY') and outcome in ('COMPLETE', 'EMPTY', 'PARTIAL'))");

const PARTS = ["transition", "pruned_beginning", "sync_task", "sync_poll", "sync_conflict"];

const strays = PARTS.map(
  (table) =>
    sql`select tenant_id, sync_id as subject, ${verbatim(`'a row of ${table}'`)} as found from ${identifier(table)} as part where not exists (select 1 from sync where sync.tenant_id = part.tenant_id and sync.id = part.sync_id)`,
);

/** Gateways that had not found out that the clock was set back have written later times for so long. */
export const SETTLED_MS = 30_000;

export const runChecks = {
  "run-status": sqlCheck(
    "a run's status is that of its last transition",
    sql`select tenant_id, id as subject, 'run ' || status || ', last transition ' || ${orNone("last_status")} as found from (${RUNS}) as run where status <> coalesce(last_status, 'none')`,
  ),
  "run-outcome": sqlCheck(
    "a run that has ended has an outcome of its kind, the one of its last transition or one that later counts decided; an open run has none",
    sql`select tenant_id, id as subject, 'run ' || status || ' ' || ${orNone("outcome")} || ', last transition ' || ${orNone("last_outcome")} as found from (${RUNS}) as run where ${fits("status", "outcome")} is not true or (${orNone("outcome")} <> ${orNone("last_outcome")} and ${RECOUNTED} is not true)`,
  ),
  "run-waits": sqlCheck(
    "a run that has ended waits for nothing",
    sql`select tenant_id, id as subject, status || ', waiting reason ' || ${orNone("waiting_reason")} || ', resumes at ' || ${orNone("resumes_at")} as found from sync where status in ${verbatim(ENDED)} and (waiting_reason is not null or resumes_at is not null)`,
  ),
  "run-observed": sqlCheck(
    "a run was last observed no earlier than any of its transitions, unless the clock was set back in between",
    sql`select sync.tenant_id as tenant_id, id as subject, 'run observed at ' || observed_at || ', transition at ' || latest as found from sync join (select tenant_id, sync_id, max(observed_at) as latest from transition group by tenant_id, sync_id) as seen on seen.tenant_id = sync.tenant_id and seen.sync_id = sync.id where observed_at < latest and not exists (select 1 from store_identity where latest > back_to and latest <= back_from + ${SETTLED_MS})`,
  ),
  "run-conflict": sqlCheck(
    "a conflict is between the run's own end and the other one, or between an end nobody reported and a run that goes on",
    sql`select sync_conflict.tenant_id as tenant_id, sync.id as subject, 'run ' || status || ', committed ' || committed_status || ', observed ' || observed_status as found from sync_conflict join sync on sync.tenant_id = sync_conflict.tenant_id and sync.id = sync_conflict.sync_id where committed_status <> status or (committed_status || ' ' || observed_status) not in ('SUCCESS FAILED', 'FAILED SUCCESS') and not (committed_status = 'FAILED' and committed_outcome in ('LOST', 'UNKNOWN') and observed_status in ('CREATED', 'RUNNING'))`,
  ),
  "parts-of-runs": sqlCheck(
    "transitions, what is noted of those that are gone, tasks, due rows and conflicts belong to a run that exists",
    join(strays, " union all "),
  ),
  "poll-open": sqlCheck(
    "an open run has a row that says when it is looked at next",
    sql`select tenant_id, id as subject, 'no row for a run in ' || status as found from sync where ${verbatim(OPEN_SYNC)} and not exists (select 1 from sync_poll where sync_poll.tenant_id = sync.tenant_id and sync_poll.sync_id = sync.id)`,
  ),
  // An ended run may be due too: what is left to read of its end.
  "poll-provider": sqlCheck(
    "a run is looked at, at its own provider",
    sql`select sync_poll.tenant_id as tenant_id, sync_id as subject, 'a row at provider ' || sync_poll.provider_key || ' for a run of ' || sync.provider_key as found from sync_poll join sync on sync.tenant_id = sync_poll.tenant_id and sync.id = sync_poll.sync_id where sync.provider_key <> sync_poll.provider_key`,
  ),
  "poll-left": lateCheck(
    "a run that is due is looked at within an hour",
    sql`select tenant_id, provider_key, sync_id as subject, 'due since ' || next_poll_at as found, case when lease_until > next_poll_at then lease_until else next_poll_at end + ${verbatim(String(FORGOTTEN_MS))} as at from sync_poll`,
  ),
  "lease-whole": sqlCheck(
    "the lease of a run has an owner, an end and a fence; what is not leased has neither owner nor end",
    sql`select tenant_id, sync_id as subject, 'owner ' || (case when lease_owner is null then 'none' else 'set' end) || ', until ' || ${orNone("lease_until")} || ', fence ' || fence as found from sync_poll where (lease_owner is null) <> (lease_until is null) or (lease_until is not null and fence < 1)`,
  ),
  "lease-left": lateCheck(
    "a run whose lease is over is taken by another gateway within ten minutes",
    sql`select tenant_id, provider_key, sync_id as subject, 'lease over since ' || lease_until as found, lease_until + ${verbatim(String(LATE_MS))} as at from sync_poll where lease_until is not null`,
  ),
};
