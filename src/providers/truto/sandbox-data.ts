// What is in the Truto sandbox's environment at the start: integrated accounts, sync jobs with the fates of their runs, and the
// trigger that lets one of them run by itself.
import type { JobBody } from "./sandbox-bodies.ts";
import { type Fate, idFrom } from "./sandbox-runs.ts";

export interface Account {
  readonly id: string;
  readonly tenantId: string;
  readonly integration: string;
  readonly category: string;
  readonly status: "active" | "connecting" | "post_install_error" | "validation_error" | "needs_reauth";
  readonly lastError: string | null;
  readonly isSandbox: boolean;
}

export interface JobSeed {
  readonly id: string;
  readonly key: string;
  readonly fate: Fate;
  readonly body: JobBody;
  /** How many ended runs it has when the sandbox starts. */
  readonly history: number;
}

/** Tenant, product, and what is the matter with the link when something is. */
const ACCOUNTS: readonly (readonly [string, string, string, Account["status"]?])[] = [
  ["acme-inc", "zendesk", "ticketing"],
  ["acme-inc", "hubspot", "crm"],
  ["acme-inc", "slack", "instant-messaging"],
  ["acme-inc", "bamboohr", "hris"],
  ["globex", "zendesk", "ticketing", "needs_reauth"],
  ["globex", "salesforce", "crm"],
  ["globex", "jira", "ticketing"],
  ["initech", "intercom", "ticketing"],
  ["initech", "notion", "knowledge-base"],
  ["umbrella-labs", "hubspot", "crm", "connecting"],
  ["umbrella-labs", "salesforce", "crm"],
];
/** Its records are made up: a read-only test account of the vendor. */
const SANDBOX_ACCOUNT = "umbrella-labs/salesforce";

export const accountId = (seed: number, tenant: string, integration: string): string =>
  idFrom(seed, "integrated account", tenant, integration);

export function seedAccounts(seed: number): readonly Account[] {
  return ACCOUNTS.map(([tenantId, integration, category, status = "active"]) => ({
    id: accountId(seed, tenantId, integration),
    tenantId,
    integration,
    category,
    status,
    lastError: status === "needs_reauth" ? "The refresh token was revoked. The user has to connect again." : null,
    isSandbox: `${tenantId}/${integration}` === SANDBOX_ACCOUNT,
  }));
}

interface Row {
  readonly key: string;
  readonly label: string;
  readonly fate: Fate;
  readonly integration: string;
  readonly history: number;
  readonly body: JobBody;
}

const list = (resource: string, more: Readonly<Record<string, unknown>> = {}) => ({
  resource,
  method: "list",
  ...more,
});
const ONE_PER_ACCOUNT = "{{args.integrated_account_id}}";
const LEGACY = { default_runtime_version: 3, mutex_key: ONE_PER_ACCOUNT, args_schema: {} } as const;
const NODES = { default_runtime_version: 4, mutex_key: ONE_PER_ACCOUNT, state_key: ONE_PER_ACCOUNT } as const;

const ROWS: readonly Row[] = [
  {
    key: "zendesk",
    label: "Zendesk tickets",
    fate: "complete",
    integration: "zendesk",
    history: 6,
    body: {
      ...LEGACY,
      args_schema: {
        type: "object",
        properties: { start_date: { type: "string", description: "ISO date", required: true } },
      },
      resources: [
        list("ticketing/tickets", { query: { updated_at: { gt: "{{args.start_date}}" } } }),
        list("ticketing/comments", {
          depends_on: "ticketing/tickets",
          query: { ticket_id: "{{resources.ticketing.tickets.id}}" },
        }),
        list("users", { persist: true, loop_on: { "{ args.user_ids }": null } }),
      ],
    },
  },
  {
    key: "hubspot",
    label: "HubSpot contacts and companies",
    fate: "complete",
    integration: "hubspot",
    history: 5,
    body: { ...LEGACY, resources: [list("crm/contacts"), list("crm/accounts")] },
  },
  {
    key: "salesforce",
    label: "Salesforce opportunities",
    fate: "partial",
    integration: "salesforce",
    history: 3,
    body: {
      ...NODES,
      args_schema: { updated_after: { type: "string", format: "date", required: false } },
      args_validation: "args.updated_after > $now() ? {'message': 'updated_after is in the future'} : null",
      resources: nodes("crm/opportunities", "opportunities"),
    },
  },
  {
    key: "jira",
    label: "Jira issues",
    fate: "fail",
    integration: "jira",
    history: 2,
    body: { ...LEGACY, resources: [list("ticketing/tickets"), list("ticketing/users")] },
  },
  {
    key: "slack",
    label: "Slack messages",
    fate: "limited",
    integration: "slack",
    history: 2,
    body: { ...NODES, args_schema: {}, resources: nodes("instant-messaging/messages", "messages") },
  },
  {
    key: "notion",
    label: "Notion pages",
    fate: "stop",
    integration: "notion",
    history: 1,
    body: { ...NODES, args_schema: {}, resources: nodes("knowledge-base/pages", "pages") },
  },
  {
    key: "bamboohr",
    label: "BambooHR time off",
    fate: "empty",
    integration: "bamboohr",
    history: 1,
    body: { ...LEGACY, resources: [list("hris/timeoff_requests")] },
  },
  {
    key: "intercom",
    label: "Support conversations",
    fate: "complete",
    // A job of runtime 4 may serve several integrations and then names none.
    integration: "",
    history: 1,
    body: {
      ...NODES,
      args_schema: {
        integrated_account_id: { type: "string", format: "integrated_account_id", required: true },
        batch_size: { type: "integer", required: false },
      },
      resources: nodes("ticketing/tickets", "conversations"),
    },
  },
];

export function seedJobs(seed: number): readonly JobSeed[] {
  return ROWS.map(({ key, label, fate, integration, history, body }) => ({
    id: idFrom(seed, "sync job", key),
    key,
    fate,
    history,
    body: { label, integration_name: integration, args_validation: null, state_key: null, ...body },
  }));
}

/** For which account a job's past runs were; the same as a person would choose. */
export function usualAccount(seed: number, key: string): string {
  const [tenant = "acme-inc", integration = "zendesk"] = ACCOUNTS.find(([, product]) => product === key) ?? [];
  return accountId(seed, tenant, integration);
}

/** The graph most jobs of runtime 4 are: remember where it was, fetch, send, remember where it is. */
function nodes(resource: string, name: string): NonNullable<JobBody["resources"]> {
  return [
    { name: "cursor", type: "get_state" },
    {
      name,
      type: "request",
      resource,
      method: "list",
      depends_on: "cursor",
      query: "{ 'updated_at': { 'gt': cursor } }",
    },
    { name: "shape", type: "transform", depends_on: name, config: { expression: "$" } },
    {
      name: "out",
      type: "destination",
      depends_on: "shape",
      destination_type: "webhook",
      config: { id: "{{args.webhook_id}}" },
      resources_to_persist: [name],
    },
    { name: "remember", type: "update_state", depends_on: "out" },
  ];
}
