// Triggers: that each is what its state says, and that runs and triggers name each other.
import type { Dialect } from "../dialect.ts";
import { identifier, join, sql, verbatim } from "../sql.ts";
import type { Sql } from "../sql.ts";
import { leaseEnd } from "../trigger-rivals.ts";
import { lateCheck, orNone, sqlCheck } from "./check.ts";
import { LATE_MS, SETTLED_MS } from "./run-checks.ts";

const OPEN = "state in ('PENDING', 'SENT')";

/**
 * What a state says of the times and of the answer. An attached trigger was never sent, or was refused and attached then; a rejected one was
 * never sent where a run was in its way, or its provider was removed before.
 */
const MARKS = verbatim(
  [
    "(state = 'PENDING' and sent_at is null and resolved_at is null and error is null and cast(sync_ids as text) = '[]')",
    "(state = 'SENT' and sent_at is not null and resolved_at is null and error is null and cast(sync_ids as text) = '[]')",
    "(state = 'ACCEPTED' and (sent_at is not null or attached) and resolved_at is not null and error is null)",
    "(state in ('REJECTED', 'UNCERTAIN') and (sent_at is not null or (state = 'REJECTED' and not attached)) and resolved_at is not null and error is not null and cast(sync_ids as text) = '[]')",
  ].join(" or "),
);

const set = (column: string): Sql => verbatim(`(case when ${column} is null then 'none' else 'set' end)`);

/** One row for each run a trigger lists. */
function listedRuns({ database }: Dialect): Sql {
  const items =
    database === "postgres"
      ? sql`jsonb_array_elements_text(sync_ids) as item(value)`
      : sql`json_each(sync_ids) as item`;
  return sql`select sync_trigger.tenant_id as tenant_id, sync_trigger.id as id, sync_trigger.state as state, sync_trigger.definition_id as definition_id, sent_at, attached, resolved_at, item.value as sync_id from sync_trigger cross join ${items}`;
}

/** What was removed is still listed by triggers that another run keeps. */
function listedRunsThatAreNot(dialect: Dialect): Sql {
  const removed = sql`resolved_at < coalesce((select pruned_before from ledger_head where ledger_head.tenant_id = listed.tenant_id), 0)`;
  return sql`select listed.tenant_id as tenant_id, listed.id as subject, case when sync.id is null then 'no run ' when sync.trigger_id is null then 'no trigger in run ' else 'trigger ' || sync.trigger_id || ' in run ' end || sync_id as found from (${listedRuns(dialect)}) as listed left join sync on sync.tenant_id = listed.tenant_id and sync.id = listed.sync_id where (sync.id is null and (${removed}) is not true) or (not attached and sync.id is not null and coalesce(sync.trigger_id, '') <> listed.id)`;
}

/** Runs that no start can have begun, listed by the triggers that were accepted with them; those attached to a run did not begin it. */
function listedRunsOfOthers(dialect: Dialect): Sql {
  const ofDefinition = sql`select listed.tenant_id as tenant_id, listed.id as subject, 'run ' || sync.id || ' of definition ' || sync.definition_id as found from (${listedRuns(dialect)}) as listed join sync on sync.tenant_id = listed.tenant_id and sync.id = listed.sync_id where sync.definition_id <> listed.definition_id`;
  const ended = sql`exists (select 1 from transition where transition.tenant_id = sync.tenant_id and transition.sync_id = sync.id and transition.to_status in ('SUCCESS', 'FAILED') and transition.observed_at < listed.sent_at and not exists (select 1 from store_identity where listed.sent_at > back_to and listed.sent_at <= back_from + ${SETTLED_MS}))`;
  return sql`${ofDefinition} union all select listed.tenant_id as tenant_id, listed.id as subject, 'run ' || sync.id || ', which had ended' as found from (${listedRuns(dialect)}) as listed join sync on sync.tenant_id = listed.tenant_id and sync.id = listed.sync_id where not attached and listed.state = 'ACCEPTED' and ${ended}`;
}

/** An uncertain trigger may have runs: those that its first holder, taken for dead, recorded afterwards. */
function unlistedRuns(dialect: Dialect): Sql {
  const lists = dialect.holds(verbatim("sync_trigger.sync_ids"), verbatim("sync.id"));
  return sql`select sync.tenant_id as tenant_id, sync.id as subject, 'trigger ' || trigger_id || ' ' || coalesce(state, 'is not there') as found from sync left join sync_trigger on sync_trigger.tenant_id = sync.tenant_id and sync_trigger.id = sync.trigger_id where trigger_id is not null and (state in ('SENT', 'UNCERTAIN') or (state = 'ACCEPTED' and ${lists})) is not true`;
}

const missingRetries = ["sync", "sync_trigger"].map(
  (table) =>
    sql`select tenant_id, id as subject, 'no run ' || retry_of_id as found from ${identifier(table)} as retry where retry_of_id is not null and not exists (select 1 from sync where sync.tenant_id = retry.tenant_id and sync.id = retry.retry_of_id)`,
);

export const triggerChecks = {
  "trigger-marks": sqlCheck(
    "a trigger has the times, the error and the runs that go with its state",
    sql`select tenant_id, id as subject, state || ', sent ' || ${set("sent_at")} || ', resolved ' || ${set("resolved_at")} || ', error ' || ${set("error")} || ', runs ' || (case when cast(sync_ids as text) = '[]' then 'none' else 'set' end) as found from sync_trigger where (${MARKS}) is not true`,
  ),
  // Arguments may hold secrets: they are kept only while the start may have to be sent.
  "trigger-options": sqlCheck(
    "a trigger keeps its options until it is resolved, and no longer",
    sql`select tenant_id, id as subject, state || ', options ' || ${set("options")} as found from sync_trigger where ${verbatim(OPEN)} <> (options is not null)`,
  ),
  "trigger-definition": sqlCheck(
    "a trigger is for a definition of its provider that the catalog has, or had",
    sql`select sync_trigger.tenant_id as tenant_id, sync_trigger.id as subject, 'definition ' || definition_id || ' of provider ' || coalesce(definition.provider_key, 'none') as found from sync_trigger left join definition on definition.tenant_id = sync_trigger.tenant_id and definition.id = sync_trigger.definition_id where coalesce(definition.provider_key, '') <> sync_trigger.provider_key`,
  ),
  "trigger-runs": sqlCheck(
    "the runs a trigger lists exist, unless both are older than what is kept, and name it unless it was attached to them",
    listedRunsThatAreNot,
  ),
  "trigger-own-runs": sqlCheck(
    "the runs a trigger lists are of its definition, and had not ended when it was sent unless it was attached to them",
    listedRunsOfOthers,
  ),
  "run-trigger": sqlCheck(
    "the trigger a run names was sent: it has no answer yet, never got one, or was accepted and lists the run",
    unlistedRuns,
  ),
  "retry-of": sqlCheck("the run that a run or a trigger repeats exists", join(missingRetries, " union all ")),
  "trigger-lease": sqlCheck(
    "the lease of a trigger has an owner and an end",
    sql`select tenant_id, id as subject, 'owner ' || ${set("lease_owner")} || ', until ' || ${orNone("lease_until")} as found from sync_trigger where (lease_owner is null) <> (lease_until is null)`,
  ),
  "trigger-left": lateCheck(
    "a start that nobody works on is taken over within ten minutes",
    sql`select tenant_id, provider_key, id as subject, state || ', left since ' || ${leaseEnd} as found, ${leaseEnd} + ${verbatim(String(LATE_MS))} as at from sync_trigger where ${verbatim(OPEN)}`,
  ),
};
