// How long a soak lasts, on what, how hard it is driven, and what it must keep to.
import type { Vendor } from "../vendors.ts";

export interface SoakSettings {
  /** How long faults strike and clients ask; starting up and settling come on top. */
  readonly minutes: number;
  readonly nodes: number;
  readonly database: "postgres" | "sqlite";
  readonly subscribers: number;
  /** Operations that clients begin in a second, all together. */
  readonly operationsPerSecond: number;
  readonly clients: number;
  /** Decides on the order of faults, and on what clients ask. */
  readonly seed: number;
  /** Only faults whose names hold this text strike; null lets all. */
  readonly only: string | null;
  /** Without a fault between two of them, once everything is well again. */
  readonly calmMs: number;
  /** What noticed a fault tries again after a moment, so its effects end later than the fault: this much, once all gateways are up. */
  readonly recoveryMs: number;
  /** A fault lasts between these. */
  readonly faultMs: readonly [shortest: number, longest: number];
  /** From commit to subscriber, without a fault. A lost ring costs a second, a busy machine the rest. */
  readonly mostLagP99Ms: number;
  /** Share of what is asked between faults that must be ok. */
  readonly leastAlive: number;
  /** How long runs are waited for after the last fault. */
  readonly settleMs: number;
}

/** Several gateways need PostgreSQL; the one gateway on SQLite has no Redis either. */
export const SOAK_DEFAULTS: SoakSettings = {
  minutes: 60,
  nodes: 2,
  database: "postgres",
  subscribers: 40,
  operationsPerSecond: 12,
  clients: 12,
  seed: 20_261_128,
  only: null,
  calmMs: 12_000,
  recoveryMs: 3_000,
  faultMs: [2_000, 15_000],
  mostLagP99Ms: 2_000,
  leastAlive: 0.95,
  settleMs: 180_000,
};

/** Runs last a second or so: many are begun, and faults catch them at every step. */
export const SANDBOX_SPEED = 8;

export const LIMITS = {
  /** A run of a start must have ended by then: a poll that was cut off is repeated after two minutes. */
  endsWithinMs: 150_000,
  // Subscribers come and go between the gateways, and each socket is a handle: what leaks one per request or cut is far above this.
  resources: { warmUpMs: 120_000, leastMs: 300_000, mostMbPerMinute: 1, mostHandlesPerMinute: 10 },
} as const;

/** Definitions whose runs may be started at any time. Truto's are started for an account of a product. */
export const STARTABLE: readonly (readonly [Vendor, name: string, integration?: string])[] = [
  ["rootfi", "Harbour Lane Coffee Roasters / XERO"],
  ["rootfi", "Harbour Lane Coffee Roasters / STRIPE"],
  ["rootfi", "Blue Heron Logistics / NETSUITE"],
  ["rootfi", "Castor & Vale Outfitters / SHOPIFY"],
  ["rootfi", "Larkspur Care Homes / MS_DYNAMICS_365"],
  ["rootfi", "Meridian Dental Group / ZOHO_BOOKS"],
  ["rootfi", "Northwind Joinery Ltd / QUICKBOOKS"],
  ["rootfi", "Quarry Road Motors / SALESFORCE"],
  ["stuut", "Corvid Medical (Sage Intacct)"],
  ["stuut", "Aldgate Industrial Supply (NetSuite)"],
  ["stuut", "Bright & Sons Electrical (QuickBooks)"],
  ["stuut", "Elmfield Packaging (Dynamics 365)"],
  ["stuut", "Holt Freight (Xero)"],
  ["polytomic", "Audience snapshot to spreadsheet"],
  ["polytomic", "Churn scores to Zendesk users"],
  ["polytomic", "Leads to finance spreadsheet"],
  ["polytomic", "Orders to HubSpot deals"],
  ["polytomic", "Orders to Salesforce opportunities"],
  ["polytomic", "Product usage to HubSpot companies"],
  ["polytomic", "Support tickets to Salesforce cases"],
  ["polytomic", "Trial signups to HubSpot contacts"],
  ["truto", "BambooHR time off", "bamboohr"],
  ["truto", "HubSpot contacts and companies", "hubspot"],
  ["truto", "Jira issues", "jira"],
  ["truto", "Notion pages", "notion"],
  ["truto", "Slack messages", "slack"],
];
