// What the Truto sandbox's documents promise: which statuses a run of each job passes, for which account, with what in the start's body.
import { WEBHOOK_ID } from "./sandbox-client.ts";

export type Fate = readonly [
  label: string,
  tenant: string,
  integration: string,
  statuses: readonly string[],
  extra?: Readonly<Record<string, unknown>>,
];
const COMPLETED = ["created", "running", "completed"];
/** The jobs whose runs differ. */
export const FATES: readonly Fate[] = [
  ["Zendesk tickets", "acme-inc", "zendesk", COMPLETED, { args: { start_date: "2026-01-01" } }],
  ["Salesforce opportunities", "globex", "salesforce", COMPLETED],
  [
    "Salesforce opportunities",
    "umbrella-labs",
    "salesforce",
    ["created", "running", "failed"],
    { error_handling: "fail_fast" },
  ],
  ["Jira issues", "globex", "jira", ["created", "running", "failed"]],
  ["Slack messages", "acme-inc", "slack", ["created", "running", "rate_limited", "running", "completed"]],
  ["Notion pages", "initech", "notion", ["created", "running", "stopped"]],
  ["BambooHR time off", "acme-inc", "bamboohr", COMPLETED, { webhook_id: WEBHOOK_ID }],
];
