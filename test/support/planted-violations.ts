// What breaks each thing the self-check promises to find, as raw SQL on a sound tenant. A check without one does not compile.
import type { CheckName } from "../../src/store/verify.ts";
import type { DatabaseName } from "./databases.ts";
import { LAST_CONTACT, runId } from "./sound-store.ts";
import { at } from "./store-values.ts";

export interface PlantedViolation {
  readonly statements: readonly string[];
  /** Id of what is wrong. */
  readonly subject: string;
  /** Checks that see the same damage from another side. */
  readonly also?: readonly CheckName[];
}

export type Damage = ReturnType<typeof damageTo>;

/** Makes statements that damage one tenant and leave the others alone. */
export function damageTo(tenant: string) {
  const where = (condition: string): string => `where tenant_id = '${tenant}' and ${condition}`;
  return {
    runs: {
      done: runId(tenant, "done"),
      failed: runId(tenant, "failed"),
      open: runId(tenant, "open"),
      again: runId(tenant, "again"),
    },
    where,
    pruned: (through: number) => `update ledger_head set pruned_through = ${through} ${where("true")}`,
    beginning: (id: string, values: string) =>
      `insert into pruned_beginning (tenant_id, sync_id, sequence, status, outcome) values ('${tenant}', '${id}', ${values})`,
    head: (number: number) => `update ledger_head set last_sequence = ${number} ${where("true")}`,
    transition: (number: number, set: string) => `update transition set ${set} ${where(`sequence = ${number}`)}`,
    run: (id: string, set: string) => `update sync set ${set} ${where(`id = '${id}'`)}`,
    poll: (id: string, set: string) => `update sync_poll set ${set} ${where(`sync_id = '${id}'`)}`,
    trigger: (id: string, set: string) => `update sync_trigger set ${set} ${where(`id = '${id}'`)}`,
    delivery: (id: string, set: string) => `update webhook_delivery set ${set} ${where(`delivery_id = '${id}'`)}`,
  };
}

/** Takes away what keeps a database from some of the damage. */
export const LOOSENED: Readonly<Record<DatabaseName, readonly string[]>> = {
  sqlite: [
    "pragma foreign_keys = off",
    "drop index sync_remote",
    "drop index sync_trigger_idempotency",
    "drop index provider_account_shown",
  ],
  postgres: [
    "drop index sync_remote",
    "drop index sync_trigger_idempotency",
    "drop index provider_account_shown",
    "alter table transition drop constraint transition_sync_reference",
    "alter table sync_task drop constraint sync_task_sync",
    "alter table sync_poll drop constraint sync_poll_sync",
    "alter table pruned_beginning drop constraint pruned_beginning_sync",
    "alter table sync_conflict drop constraint sync_conflict_sync_reference",
  ],
};

const TOO_EARLY = LAST_CONTACT.getTime() - 600_001;
const FORGOTTEN = LAST_CONTACT.getTime() - 3_600_001;
const DAY_AGO = LAST_CONTACT.getTime() - 26 * 3_600_000 - 1;

/** Some damage to one row; what it does to several stands in the table itself. */
type Plant = (damage: Damage) => PlantedViolation;

const runPlant =
  (name: keyof Damage["runs"], set: string, ...also: readonly CheckName[]): Plant =>
  ({ run, runs }) => ({ statements: [run(runs[name], set)], subject: runs[name], also });
const pollPlant =
  (name: keyof Damage["runs"], set: string): Plant =>
  ({ poll, runs }) => ({ statements: [poll(runs[name], set)], subject: runs[name] });
const stepPlant =
  (number: number, name: keyof Damage["runs"], set: string, ...also: readonly CheckName[]): Plant =>
  ({ transition, runs }) => ({ statements: [transition(number, set)], subject: runs[name], also });
const triggerPlant =
  (id: string, set: string): Plant =>
  ({ trigger }) => ({ statements: [trigger(id, set)], subject: id });
const deliveryPlant =
  (id: string, set: string): Plant =>
  ({ delivery }) => ({ statements: [delivery(id, set)], subject: `acme ${id}` });
const accountPlant =
  (set: string): Plant =>
  ({ where }) => ({
    statements: [`update provider_account set ${set} ${where("provider_key = 'acme'")}`],
    subject: "acme",
  });
const strayPlant =
  (table: string, ...also: readonly CheckName[]): Plant =>
  ({ where, runs }) => ({
    statements: [`update ${table} set sync_id = 'nobody' ${where(`sync_id <> '${runs.open}'`)}`],
    subject: "nobody",
    also,
  });

export const PLANTED: Readonly<Record<CheckName, readonly Plant[]>> = {
  "ledger-numbers": [
    ({ transition, head }) => ({ statements: [transition(8, "sequence = 9"), head(9)], subject: "number 9" }),
    ({ transition, where }) => ({
      statements: [
        `delete from transition ${where("sequence = 1")}`,
        transition(2, "from_status = null, to_status = 'CREATED'"),
      ],
      subject: "number 2",
      also: ["path-joins"],
    }),
    ({ pruned }) => ({ statements: [pruned(2)], subject: "number 1" }),
  ],
  "ledger-head": [
    ({ head }) => ({ statements: [head(12)], subject: "head" }),
    ({ where }) => ({ statements: [`delete from ledger_head ${where("true")}`], subject: "head" }),
  ],
  "pruned-beginnings": [
    ({ pruned, where, beginning, runs }) => ({
      statements: [
        `delete from transition ${where("sequence < 3")}`,
        pruned(2),
        beginning(runs.done, "3, 'RUNNING', null"),
      ],
      subject: runs.done,
    }),
    ({ pruned, where, beginning, runs }) => ({
      statements: [
        `delete from transition ${where("sequence < 3")}`,
        pruned(2),
        beginning(runs.done, "2, 'RUNNING', 'EMPTY'"),
      ],
      subject: runs.done,
    }),
  ],
  "path-begins": [
    ({ transition, run, runs }) => ({
      statements: [
        transition(8, "from_status = 'CREATED', to_status = 'RUNNING'"),
        run(runs.again, "status = 'RUNNING'"),
      ],
      subject: runs.again,
    }),
  ],
  "path-joins": [stepPlant(5, "failed", "from_status = 'RUNNING'")],
  "path-steps": [
    ({ transition, run, runs }) => ({
      statements: [transition(7, "to_status = 'CREATED'"), run(runs.open, "status = 'CREATED'")],
      subject: runs.open,
    }),
  ],
  "path-ends": [
    ({ where, head, run, runs }) => ({
      statements: [
        `insert into transition (tenant_id, sequence, id, sync_id, from_status, to_status, outcome, occurred_at, observed_at, observed_via, inferred) select tenant_id, 9, 'ninth', sync_id, 'SUCCESS', 'FAILED', 'LOST', occurred_at, observed_at, observed_via, inferred from transition ${where("sequence = 3")}`,
        head(9),
        run(runs.done, "status = 'FAILED', outcome = 'LOST'"),
      ],
      subject: runs.done,
      also: ["path-steps"],
    }),
  ],
  "transition-outcome": [
    stepPlant(2, "done", "outcome = 'COMPLETE'"),
    stepPlant(3, "done", "outcome = 'ERROR'", "run-outcome"),
    stepPlant(5, "failed", "outcome = null", "run-outcome"),
  ],
  "run-status": [
    runPlant("open", "status = 'CREATED'"),
    ({ where, head, runs }) => ({
      statements: [`delete from transition ${where("sequence = 8")}`, head(7)],
      subject: runs.again,
    }),
  ],
  "run-outcome": [
    runPlant("failed", "outcome = 'CANCELLED'"),
    runPlant("open", "outcome = 'COMPLETE'"),
    runPlant("done", "outcome = null"),
  ],
  "run-waits": [runPlant("done", "waiting_reason = 'QUEUED'"), runPlant("failed", "resumes_at = 1")],
  "run-observed": [stepPlant(3, "done", "observed_at = observed_at + 1")],
  "run-conflict": ["committed_status = 'SUCCESS'", "observed_status = 'FAILED'", "observed_status = 'RUNNING'"].map(
    (set): Plant =>
      ({ where, runs }) => ({ statements: [`update sync_conflict set ${set} ${where("true")}`], subject: runs.failed }),
  ),
  "parts-of-runs": [
    strayPlant("sync_task"),
    strayPlant("sync_conflict"),
    strayPlant("sync_poll", "poll-open"),
    ({ beginning }) => ({
      statements: [beginning("nobody", "0, 'CREATED', null")],
      subject: "nobody",
    }),
    ({ transition }) => ({
      statements: [transition(8, "sync_id = 'nobody'")],
      subject: "nobody",
      also: ["run-status"],
    }),
  ],
  "poll-open": [
    ({ where, runs }) => ({
      statements: [`delete from sync_poll ${where(`sync_id = '${runs.again}'`)}`],
      subject: runs.again,
    }),
  ],
  "poll-provider": [pollPlant("again", "provider_key = 'another'")],
  "poll-left": [pollPlant("again", `next_poll_at = ${FORGOTTEN}`)],
  "lease-whole": [
    pollPlant("open", "lease_owner = null"),
    pollPlant("open", "lease_until = null"),
    pollPlant("open", "fence = 0"),
  ],
  "lease-left": [pollPlant("open", `lease_until = ${TOO_EARLY}`)],
  "trigger-marks": [
    triggerPlant("pending", "sent_at = created_at"),
    triggerPlant("sent", "sent_at = null"),
    triggerPlant("accepted", "resolved_at = null"),
    triggerPlant("rejected", "error = null"),
    triggerPlant("uncertain", "resolved_at = null"),
  ],
  "trigger-options": [triggerPlant("accepted", `options = '{"args":{}}'`), triggerPlant("pending", "options = null")],
  "trigger-definition": [triggerPlant("pending", "definition_id = 'nothing'")],
  "trigger-runs": [
    triggerPlant("attached", `sync_ids = '["nobody"]'`),
    ({ run, runs }) => ({ statements: [run(runs.done, "trigger_id = null")], subject: "accepted" }),
    ({ run, runs }) => ({ statements: [run(runs.done, "trigger_id = 'uncertain'")], subject: "accepted" }),
  ],
  "trigger-own-runs": [
    ({ trigger }) => ({
      statements: [trigger("attached", "definition_id = 'another'")],
      subject: "attached",
      also: ["trigger-definition"],
    }),
    // Its run ended ten milliseconds after the beginning of this store's time.
    triggerPlant("accepted", `sent_at = ${at(11).getTime()}`),
  ],
  "run-trigger": [
    runPlant("again", "trigger_id = 'nobody'"),
    runPlant("again", "trigger_id = 'rejected'"),
    runPlant("again", "trigger_id = 'accepted'"),
  ],
  "retry-of": [runPlant("again", "retry_of_id = 'nobody'"), triggerPlant("sent", "retry_of_id = 'nobody'")],
  "trigger-lease": [triggerPlant("sent", "lease_owner = null"), triggerPlant("sent", "lease_until = null")],
  "trigger-left": [
    triggerPlant("sent", `lease_until = ${TOO_EARLY}`),
    // Of a gateway that knew no leases.
    triggerPlant("pending", `created_at = ${TOO_EARLY - 60_000}`),
  ],
  "delivery-due": [deliveryPlant("waiting", "due_at = null"), deliveryPlant("done", "due_at = 1")],
  "delivery-left": [
    deliveryPlant("waiting", `due_at = ${TOO_EARLY}`),
    deliveryPlant("waiting", `received_at = ${DAY_AGO}`),
  ],
  identities: [
    runPlant("open", "definition_remote_id = 'another'"),
    runPlant("open", "linked_account_id = null"),
    ({ where }) => ({
      statements: [`update definition set id = 'another' ${where("true")}`],
      subject: "another",
      also: ["trigger-definition"],
    }),
    ({ where }) => ({ statements: [`update linked_account set id = 'another' ${where("true")}`], subject: "another" }),
  ],
  "remote-ids": [
    ({ run, runs }) => ({
      statements: [run(runs.again, "remote_id = 'done'")],
      subject: "acme",
      also: ["identities"],
    }),
  ],
  "idempotency-keys": [
    ({ trigger }) => ({ statements: [trigger("pending", "idempotency_key = 'first key'")], subject: "accepted" }),
  ],
  "account-keys": [
    ({ where }) => ({
      statements: [`update provider_account set shown_key = 'acme' ${where("provider_key = 'beta'")}`],
      subject: "acme",
    }),
  ],
  "account-whole": [
    accountPlant("kind = null"),
    accountPlant("address = null"),
    accountPlant("sandbox = null"),
    accountPlant("confirmed_at = null"),
    accountPlant("credential = null, confirmed_at = null"),
  ],
  "account-removed": [accountPlant("removed_at = 1")],
  "account-holders": [
    ({ where }) => ({
      statements: [`update provider_holder set provider_key = 'nobody' ${where("true")}`],
      subject: "nobody",
    }),
  ],
};
