// The made-up organisation of the RootFi sandbox: its companies, their connections, and what becomes of a connection's runs.
// Times and runs are not here.
import type { Category } from "./sandbox-models.ts";

/** How a run of a connection ends. Decided by the connection, so that whoever looks knows what to expect. */
export const Fate = {
  /** Every job succeeds. */
  Complete: "COMPLETE",
  /** The first job succeeds, the others fail; the sync is FAILED. */
  Failing: "FAILING",
  /** The last job fails; the sync is SUCCESS with `failed_count` above zero, because v3 has no word for partial. */
  Partial: "PARTIAL",
  /** The platform's limit makes the connection SLEEPING halfway; then the run goes on and succeeds. */
  Sleeping: "SLEEPING",
  /** Stopped by the vendor on the way: what had not ended fails; the sync is FAILED. */
  Stopped: "STOPPED",
} as const;
export type Fate = (typeof Fate)[keyof typeof Fate];

type ConnectionStatus = "HEALTHY" | "DISCONNECTED" | "EXPIRED" | "PENDING";

export interface ConnectionSeed {
  /** An integer, or a string as older samples have it. */
  readonly id: number | string;
  readonly integration: string;
  readonly category: Category;
  readonly status: ConnectionStatus;
  readonly fate: Fate;
  /** Milliseconds at speed 1 between runs that start by themselves; null for none. */
  readonly automaticEveryMs: number | null;
}

export interface CompanySeed {
  readonly id: number;
  readonly name: string;
  readonly partnerId: string | null;
  readonly connections: readonly ConnectionSeed[];
  /** POST answers with the observed short form `{id, status}` instead of the documented sync. */
  readonly answersShort: boolean;
}

/** All companies, by rising id. */
export const COMPANIES: readonly CompanySeed[] = [
  company(440101, "Harbour Lane Coffee Roasters", "cust-1001", [
    connection(71001, "XERO", "ACCOUNTING"),
    connection(71002, "STRIPE", "PAYMENTS"),
  ]),
  company(440102, "Northwind Joinery Ltd", "cust-1002", [connection(71003, "QUICKBOOKS", "ACCOUNTING")], {
    answersShort: true,
  }),
  company(440103, "Meridian Dental Group", "cust-1003", [
    connection(71004, "ZOHO_BOOKS", "ACCOUNTING", { fate: Fate.Failing }),
  ]),
  company(440104, "Castor & Vale Outfitters", "cust-1004", [
    connection(71005, "SHOPIFY", "ECOMMERCE", { fate: Fate.Partial }),
  ]),
  company(440105, "Blue Heron Logistics", "cust-1005", [
    connection("440105_NETSUITE", "NETSUITE", "ACCOUNTING", { fate: Fate.Sleeping }),
  ]),
  company(440106, "Old Mill Pharmacy", null, [
    connection(71007, "SAGE_CLOUD_ACCOUNTING", "ACCOUNTING", { fate: Fate.Stopped }),
  ]),
  company(440107, "Juniper Street Architects", "cust-1007", [
    connection(71008, "HUBSPOT", "CRM", { status: "EXPIRED" }),
  ]),
  company(440108, "Fenwick Print Works", "cust-1008", [
    connection(71009, "QUICKBOOKS", "ACCOUNTING", { status: "DISCONNECTED" }),
  ]),
  company(440109, "Saltmarsh Brewing Co", "cust-1009", [
    connection(71010, "TALLY", "ACCOUNTING", { automaticEveryMs: 60_000 }),
  ]),
  company(440110, "Tern & Tide Travel", null, [connection(71011, "WAVE", "ACCOUNTING", { status: "PENDING" })]),
  company(440111, "Larkspur Care Homes", "cust-1011", [connection(71012, "MS_DYNAMICS_365", "ACCOUNTING")]),
  company(440112, "Quarry Road Motors", "cust-1012", [connection(71013, "SALESFORCE", "CRM")]),
];

/** The vendor's words for how often; the first four are v3's, v4 adds the other two. */
export const FREQUENCIES = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "HOURLY", "NEVER"] as const;
type Frequency = (typeof FREQUENCIES)[number];

/** One line of a sync config. */
export interface ModelConfig {
  readonly category: Category;
  /** The name in v3. */
  readonly model: string;
  readonly enabled: boolean;
  /** Every how many units of the frequency. */
  readonly interval: number;
  readonly frequency: Frequency;
  /** Null for the full history. */
  readonly syncFrom: string | null;
  readonly scopeAccess: Readonly<Record<string, boolean>>;
  readonly customFields: readonly string[] | null;
}

/** The organisation's sync config, which holds for all companies that have none of their own. */
export const MODEL_CONFIGS: readonly ModelConfig[] = [
  ...configs(
    "ACCOUNTING",
    ["ACCOUNTS", "CONTACTS", "INVOICES", "BILLS", "BANK_TRANSACTIONS"],
    true,
    "2023-01-01T00:00:00.000Z",
  ),
  ...configs("ACCOUNTING", ["JOURNAL_ENTRIES"], false, null),
  ...configs("PAYMENTS", ["PAYMENT_CUSTOMERS", "PAYMENT_PAYMENTS", "PAYMENT_PAYOUTS"], true, null),
  ...configs("CRM", ["CRM_CONTACTS", "CRM_COMPANIES", "CRM_DEALS"], true, null),
  ...configs("ECOMMERCE", ["ECOMMERCE_ORDERS", "ECOMMERCE_CUSTOMERS", "ECOMMERCE_PRODUCTS"], true, null),
];

/** Models of a category that the organisation's sync config reads. */
export function enabledModels(category: Category): readonly string[] {
  return MODEL_CONFIGS.filter((config) => config.category === category && config.enabled).map((config) => config.model);
}

/** The category of an integration; what is not listed keeps books. */
export function categoryOfIntegration(integration: string): Category {
  return OTHER_CATEGORIES[integration] ?? "ACCOUNTING";
}

const OTHER_CATEGORIES: Readonly<Record<string, Category>> = {
  STRIPE: "PAYMENTS",
  RAZORPAY: "PAYMENTS",
  PAYPAL: "PAYMENTS",
  SHOPIFY: "ECOMMERCE",
  BIG_COMMERCE: "ECOMMERCE",
  WOO_COMMERCE: "ECOMMERCE",
  HUBSPOT: "CRM",
  SALESFORCE: "CRM",
  PIPEDRIVE: "CRM",
  ZOHO_CRM: "CRM",
};

/** Integrations of v3. */
export const INTEGRATIONS: readonly string[] =
  `ZOHO_BOOKS QUICKBOOKS_SANDBOX QUICKBOOKS XERO TALLY ROOTFI_SANDBOX SAGE_CLOUD_ACCOUNTING MS_DYNAMICS_365
  SAGE_ZA_CLOUD_ACCOUNTING MYOB_BUSINESS NETSUITE WAVE ODOO_ACCOUNTING WAFEQ MEKARI_JURNAL BUSY QOYOD STRIPE RAZORPAY PAYPAL
  SHOPIFY BIG_COMMERCE WOO_COMMERCE HUBSPOT SALESFORCE PIPEDRIVE ZOHO_CRM`.split(/\s+/u);

function company(
  id: number,
  name: string,
  partnerId: string | null,
  connections: readonly ConnectionSeed[],
  special: { readonly answersShort: boolean } = { answersShort: false },
): CompanySeed {
  return { id, name, partnerId, connections, ...special };
}

function connection(
  id: number | string,
  integration: string,
  category: Category,
  special: Partial<Pick<ConnectionSeed, "status" | "fate" | "automaticEveryMs">> = {},
): ConnectionSeed {
  return { id, integration, category, status: "HEALTHY", fate: Fate.Complete, automaticEveryMs: null, ...special };
}

function configs(
  category: Category,
  models: readonly string[],
  enabled: boolean,
  syncFrom: string | null,
): readonly ModelConfig[] {
  return models.map((model) => ({
    category,
    model,
    enabled,
    interval: 1,
    frequency: "DAILY",
    syncFrom,
    scopeAccess: { READ: true, CREATE: false, UPDATE: false, DELETE: false },
    customFields: null,
  }));
}
