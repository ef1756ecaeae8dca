// What the Polytomic sandbox's documents promise: which statuses a run of each definition passes, and what its last answer says.
import { expect } from "vitest";

const NOTHING = { total: 0, insert: 0, update: 0, upserts: 0, delete: 0, error: 0, warnings: 0 };
export type Fate = readonly [name: string, statuses: readonly string[], ending: Readonly<Record<string, unknown>>];
const COMPLETED = ["created", "queued", "running", "processing", "completed"];
/** The definitions whose runs differ, with what the last answer about a run says besides its status. */
export const FATES: readonly Fate[] = [
  [
    "Warehouse users to Salesforce contacts",
    COMPLETED,
    { errors: [], counts: expect.objectContaining({ error: 0, update: expect.toSatisfy(isPositive) }) },
  ],
  [
    "Orders to HubSpot deals",
    COMPLETED,
    { errors: [], counts: expect.objectContaining({ error: expect.toSatisfy(isPositive) }) },
  ],
  ["Churn scores to Zendesk users", COMPLETED, { counts: NOTHING }],
  [
    "Leads to finance spreadsheet",
    ["created", "queued", "waiting", "running", "processing", "completed"],
    { errors: [] },
  ],
  [
    "Subscriptions to Salesforce accounts",
    ["created", "queued", "running", "failed"],
    { errors: [expect.stringContaining("INVALID_SESSION_ID")] },
  ],
  [
    "Product usage to HubSpot companies",
    ["created", "queued", "running", "interrupted"],
    { errors: [expect.stringContaining("interrupted")] },
  ],
  ["Trial signups to HubSpot contacts", ["created", "queued", "running", "canceling", "canceled"], { errors: [] }],
];

function isPositive(value: unknown): boolean {
  return typeof value === "number" && value > 0;
}
