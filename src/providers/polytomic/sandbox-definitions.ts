// The sync definitions the Polytomic sandbox begins with: what each moves where, how often, and what becomes of its runs.
import type { Mode, ScheduleBody, SyncBody } from "./sandbox-body.ts";
import { type Fate, idFrom } from "./sandbox-executions.ts";

export interface SyncSeed {
  readonly id: string;
  readonly fate: Fate;
  readonly body: SyncBody;
  /** How many ended runs it has when the sandbox starts. */
  readonly history: number;
}

interface Row {
  readonly key: string;
  readonly name: string;
  readonly fate: Fate;
  readonly mode: Mode;
  readonly model: string;
  /** Model field and target field; the first pair is the identity. */
  readonly pairs: readonly (readonly [string, string])[];
  readonly to: readonly [connection: string, object: string];
  readonly schedule: ScheduleBody;
  /** Key of the definition whose end starts this one. */
  readonly runsAfter?: string;
  readonly active?: boolean;
  readonly history: number;
}

const MANUAL: ScheduleBody = { frequency: "manual" };
const PERSON = [
  ["email", "Email"],
  ["first_name", "FirstName"],
  ["last_name", "LastName"],
] as const;

const ROWS: readonly Row[] = [
  {
    key: "contacts",
    name: "Warehouse users to Salesforce contacts",
    fate: "complete",
    mode: "updateOrCreate",
    model: "users",
    pairs: PERSON,
    to: ["salesforce", "Contact"],
    schedule: { frequency: "hourly", minute: "15" },
    history: 23,
  },
  {
    key: "deals",
    name: "Orders to HubSpot deals",
    fate: "partial",
    mode: "updateOrCreate",
    model: "orders",
    pairs: [
      ["order_id", "order_number"],
      ["amount", "amount"],
    ],
    to: ["hubspot", "deals"],
    schedule: { frequency: "daily", hour: "05", minute: "30" },
    history: 1,
  },
  {
    key: "accounts",
    name: "Subscriptions to Salesforce accounts",
    fate: "fail",
    mode: "update",
    model: "subscriptions",
    pairs: [
      ["account_id", "External_Id__c"],
      ["mrr", "Mrr__c"],
    ],
    to: ["salesforce", "Account"],
    schedule: { frequency: "daily", hour: "02", minute: "00" },
    history: 1,
  },
  {
    key: "companies",
    name: "Product usage to HubSpot companies",
    fate: "interrupt",
    mode: "update",
    model: "usage",
    pairs: [
      ["domain", "domain"],
      ["active_users", "active_users"],
    ],
    to: ["hubspot", "companies"],
    schedule: MANUAL,
    history: 2,
  },
  {
    key: "leads",
    name: "Leads to finance spreadsheet",
    fate: "wait",
    mode: "append",
    model: "users",
    pairs: [
      ["email", "A"],
      ["plan", "B"],
    ],
    to: ["sheets", "Leads"],
    schedule: MANUAL,
    history: 3,
  },
  {
    key: "churn",
    name: "Churn scores to Zendesk users",
    fate: "empty",
    mode: "update",
    model: "users",
    pairs: [
      ["email", "email"],
      ["churn_score", "churn_score"],
    ],
    to: ["zendesk", "users"],
    schedule: MANUAL,
    history: 2,
  },
  {
    key: "trials",
    name: "Trial signups to HubSpot contacts",
    fate: "stop",
    mode: "create",
    model: "users",
    pairs: [
      ["email", "email"],
      ["plan", "plan"],
    ],
    to: ["hubspot", "contacts"],
    schedule: MANUAL,
    history: 1,
  },
  {
    key: "legacy",
    name: "Legacy accounts to Salesforce",
    fate: "complete",
    mode: "updateOrCreate",
    model: "accounts",
    pairs: [
      ["account_id", "Legacy_Id__c"],
      ["name", "Name"],
    ],
    to: ["salesforce", "Account"],
    schedule: { frequency: "weekly", day_of_week: "monday", hour: "04", minute: "00" },
    history: 1,
    active: false,
  },
  {
    key: "live",
    name: "Live orders to finance spreadsheet",
    fate: "complete",
    mode: "replace",
    model: "orders",
    pairs: [
      ["order_id", "A"],
      ["amount", "B"],
      ["status", "C"],
    ],
    to: ["sheets", "Orders live"],
    schedule: { frequency: "continuous" },
    history: 5,
  },
  {
    key: "opportunities",
    name: "Orders to Salesforce opportunities",
    fate: "complete",
    mode: "updateOrCreate",
    model: "orders",
    pairs: [
      ["order_id", "Order_Number__c"],
      ["amount", "Amount"],
    ],
    to: ["salesforce", "Opportunity"],
    schedule: { frequency: "runafter", run_after_success_only: true },
    runsAfter: "contacts",
    history: 2,
  },
  {
    key: "cases",
    name: "Support tickets to Salesforce cases",
    fate: "complete",
    mode: "updateOrCreate",
    model: "tickets",
    pairs: [
      ["ticket_id", "CaseNumber"],
      ["subject", "Subject"],
      ["ssn", "Ssn__c"],
    ],
    to: ["salesforce", "Case"],
    schedule: { frequency: "weekly", day_of_week: "sunday", hour: "23", minute: "45" },
    history: 1,
  },
  {
    key: "audience",
    name: "Audience snapshot to spreadsheet",
    fate: "complete",
    mode: "snapshot",
    model: "users",
    pairs: [["email", "A"]],
    to: ["sheets", "Audience"],
    schedule: MANUAL,
    history: 0,
  },
  {
    key: "modelled",
    name: "dbt accounts to HubSpot companies",
    fate: "complete",
    mode: "updateOrCreate",
    model: "accounts",
    pairs: [
      ["domain", "domain"],
      ["seats", "seats"],
    ],
    to: ["hubspot", "companies"],
    schedule: { frequency: "dbtcloud", job_id: 40312 },
    history: 1,
  },
];

/** Ids of models and connections are made like those of the organization's own lists. */
export function seedSyncs(seed: number): readonly SyncSeed[] {
  return ROWS.map((row) => {
    const body = row.key === "cases" ? { ...bodyOf(row, seed), ...guarded(seed) } : bodyOf(row, seed);
    return { id: idFrom(seed, "sync", row.key), fate: row.fate, body, history: row.history };
  });
}

function bodyOf(row: Row, seed: number): SyncBody {
  const source = (field: string) => ({ model_id: idFrom(seed, "model", row.model), field });
  const [identityField = "", identityTarget = ""] = row.pairs[0] ?? [];
  return {
    name: row.name,
    mode: row.mode,
    active: row.active ?? true,
    fields: row.pairs.map(([from, to]) => ({
      source: source(from),
      target: to,
      new: false,
      encryption_enabled: false,
    })),
    identity: {
      function: "Equality",
      source: source(identityField),
      target: identityTarget,
      new_field: false,
      remote_field_type_id: null,
    },
    schedule: scheduleOf(row, seed),
    target: { connection_id: idFrom(seed, "connection", row.to[0]), object: row.to[1], configuration: {} },
  };
}

function scheduleOf({ schedule, runsAfter }: Row, seed: number): ScheduleBody {
  if (schedule.frequency === "dbtcloud") return { ...schedule, connection_id: idFrom(seed, "connection", "warehouse") };
  if (runsAfter === undefined) return schedule;
  return { ...schedule, run_after: { sync_ids: [idFrom(seed, "sync", runsAfter)], bulk_sync_ids: [] } };
}

/** The definition that uses what most do not: filters, overrides, policies, and a passphrase that comes back in plain. */
function guarded(seed: number): Partial<SyncBody> {
  const source = (field: string) => ({ model_id: idFrom(seed, "model", "tickets"), field });
  return {
    fields: [
      { source: source("ticket_id"), target: "CaseNumber", new: false, encryption_enabled: false },
      { source: source("subject"), target: "Subject", new: false, sync_mode: "create", encryption_enabled: false },
      { source: source("ssn"), target: "Ssn__c", new: true, encryption_enabled: true },
    ],
    filters: [
      { function: "IsNotNull", field: source("subject"), field_type: "Model", label: "A", value: null },
      {
        function: "StringOneOf",
        field: source("priority"),
        field_type: "Model",
        label: "B",
        value: ["high", "urgent"],
      },
    ],
    filter_logic: "A and B",
    overrides: [{ field: source("priority"), function: "Equality", value: "urgent", override: "P1" }],
    override_fields: [{ target: "Origin", override_value: "Product", new: false }],
    policies: [idFrom(seed, "policy", "personal data")],
    only_enrich_updates: true,
    sync_all_records: true,
    encryption_passphrase: "sandbox passphrase, not a secret",
  };
}
