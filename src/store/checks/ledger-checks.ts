// The ledger: its numbers, and the path each run takes through it. Transitions are read in the order of their indices, never whole.
import { sql, verbatim } from "../sql.ts";
import type { Sql } from "../sql.ts";
import { orNone, sqlCheck } from "./check.ts";
import { ENDED, fits } from "./words.ts";

/** Every transition with the one of the same run before it, which may be the last of those that are gone. */
const STEPS = sql`select transition.tenant_id as tenant_id, transition.sync_id as sync_id, transition.sequence as sequence, from_status, to_status, coalesce(lag(transition.sequence) over run, pruned_beginning.sequence) as earlier, coalesce(lag(to_status) over run, pruned_beginning.status) as earlier_to from transition left join pruned_beginning on pruned_beginning.tenant_id = transition.tenant_id and pruned_beginning.sync_id = transition.sync_id window run as (partition by transition.tenant_id, transition.sync_id order by transition.sequence)`;

/** How far a tenant's transitions have been removed. */
const prunedThrough = (tenant: string): Sql =>
  verbatim(`(select pruned_through from ledger_head where ledger_head.tenant_id = ${tenant})`);

const LEGAL_STEPS = "('none CREATED', 'CREATED RUNNING', 'CREATED FAILED', 'RUNNING SUCCESS', 'RUNNING FAILED')";

const STEP = sql`${orNone("from_status")} || ' ' || to_status`;

function stepCheck(expected: string, wrong: Sql) {
  const found = sql`'number ' || sequence || ' goes from ' || ${orNone("from_status")} || ' to ' || to_status || ', before it ' || ${orNone("earlier_to")}`;
  return sqlCheck(
    expected,
    sql`select tenant_id, sync_id as subject, ${found} as found from (${STEPS}) as step where ${wrong}`,
  );
}

export const ledgerChecks = {
  "ledger-numbers": sqlCheck(
    "the numbers of a tenant's transitions go on from the last that was removed, or from 0, without holes",
    sql`select tenant_id, 'number ' || sequence as subject, 'before it ' || earlier as found from (select tenant_id, sequence, coalesce(lag(sequence) over (partition by tenant_id order by sequence), ${prunedThrough("transition.tenant_id")}, 0) as earlier from transition) as numbered where sequence <> earlier + 1`,
  ),
  "ledger-head": sqlCheck(
    "the head of a tenant's ledger is the number of its newest transition, or of the last that was removed",
    sql`select tenant_id, 'head' as subject, 'head ' || ${orNone("head")} || ', newest ' || ${orNone("newest")} as found from (select named.tenant_id, (select last_sequence from ledger_head where ledger_head.tenant_id = named.tenant_id) as head, (select max(sequence) from transition where transition.tenant_id = named.tenant_id) as newest from (select tenant_id from ledger_head union select tenant_id from transition) as named) as heads where coalesce(head, 0) <> coalesce(newest, ${prunedThrough("heads.tenant_id")}, 0)`,
  ),
  "pruned-beginnings": sqlCheck(
    "what is gone of a kept run's history ended among what was removed, with a status and its outcome",
    sql`select tenant_id, sync_id as subject, 'number ' || sequence || ' to ' || status || ' with ' || ${orNone("outcome")} || ', removed through ' || ${orNone("through")} as found from (select tenant_id, sync_id, sequence, status, outcome, ${prunedThrough("pruned_beginning.tenant_id")} as through from pruned_beginning) as beginning where sequence > coalesce(through, 0) or ${fits("status", "outcome")} is not true`,
  ),
  "path-begins": stepCheck(
    "a run's first transition is from nothing to CREATED",
    sql`earlier is null and (from_status is not null or to_status <> 'CREATED')`,
  ),
  "path-joins": stepCheck(
    "a transition begins where the one before it ended",
    sql`earlier is not null and ${orNone("from_status")} <> earlier_to`,
  ),
  "path-steps": stepCheck(
    "a transition goes from CREATED to RUNNING or FAILED, or from RUNNING to SUCCESS or FAILED",
    sql`${STEP} not in ${verbatim(LEGAL_STEPS)}`,
  ),
  "path-ends": stepCheck("no transition follows SUCCESS or FAILED", sql`earlier_to in ${verbatim(ENDED)}`),
  "transition-outcome": sqlCheck(
    "a transition to SUCCESS or FAILED has an outcome of that kind, any other has none",
    sql`select tenant_id, sync_id as subject, 'number ' || sequence || ' to ' || to_status || ' with ' || ${orNone("outcome")} as found from transition where ${fits("to_status", "outcome")} is not true`,
  ),
};
