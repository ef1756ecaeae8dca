// What is in the Polytomic sandbox's organization at the start: connections and models.
// The sync definitions have a file of their own.
import { type SyncSeed, seedSyncs } from "./sandbox-definitions.ts";
import { idFrom } from "./sandbox-executions.ts";

export interface Connection {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly typeName: string;
  readonly operations: readonly ("source" | "destination")[];
  readonly status: string;
  readonly statusError: string;
  readonly configuration: Readonly<Record<string, unknown>>;
  /** Tables of a source; objects of a destination. */
  readonly objects: readonly string[];
  /** Whether a sync may make a new object there. */
  readonly createsTargets: boolean;
}

export interface Model {
  readonly id: string;
  readonly name: string;
  readonly connectionId: string;
  readonly table: string;
  readonly fields: readonly string[];
}

export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly type: string;
}

type ConnectionRow = Pick<Connection, "name" | "type" | "typeName" | "operations" | "objects"> &
  Partial<Connection> & { readonly key: string };

const CONNECTIONS: readonly ConnectionRow[] = [
  {
    key: "warehouse",
    name: "Snowflake warehouse",
    type: "snowflake",
    typeName: "Snowflake",
    operations: ["source", "destination"],
    configuration: { account: "nw12345.eu-west-1", database: "ANALYTICS", username: "POLYTOMIC" },
    objects: ["ANALYTICS.USERS", "ANALYTICS.ORDERS", "ANALYTICS.SUBSCRIPTIONS"],
    createsTargets: true,
  },
  {
    key: "product",
    name: "Product database",
    type: "postgresql",
    typeName: "PostgreSQL",
    operations: ["source"],
    configuration: { hostname: "db.northwind-supply.example", database: "product", port: 5432 },
    objects: ["public.accounts", "public.usage_daily", "public.tickets"],
  },
  {
    key: "salesforce",
    name: "Salesforce production",
    type: "salesforce",
    typeName: "Salesforce",
    operations: ["source", "destination"],
    configuration: { domain: "northwind.my.salesforce.example" },
    objects: ["Contact", "Account", "Opportunity", "Case"],
  },
  {
    key: "hubspot",
    name: "HubSpot marketing",
    type: "hubspot",
    typeName: "HubSpot",
    operations: ["source", "destination"],
    objects: ["contacts", "companies", "deals"],
  },
  {
    key: "sheets",
    name: "Finance spreadsheets",
    type: "gsheets",
    typeName: "Google Sheets",
    operations: ["source", "destination"],
    objects: ["Orders live", "Leads", "Audience"],
    createsTargets: true,
  },
  {
    key: "zendesk",
    name: "Zendesk support",
    type: "zendesk_support",
    typeName: "Zendesk Support",
    operations: ["destination"],
    status: "unhealthy",
    statusError: "The token was revoked. Reconnect the account.",
    objects: ["users", "tickets"],
  },
];

/** Everything that is there before anybody sends a request; depends on the seed alone. */
export interface Organization {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly user: Actor;
  readonly connections: readonly Connection[];
  readonly models: readonly Model[];
  readonly syncs: readonly SyncSeed[];
}

export function seedOrganization(seed: number): Organization {
  const connections = seedConnections(seed);
  const models = seedModels(seed);
  return {
    id: idFrom(seed, "organization"),
    name: "Northwind Supply Co",
    email: "dana@northwind-supply.example",
    user: { id: idFrom(seed, "user"), name: "Dana Reyes", type: "user" },
    connections,
    models,
    syncs: seedSyncs(seed),
  };
}

function seedConnections(seed: number): readonly Connection[] {
  const usual = { status: "healthy", statusError: "", configuration: {}, createsTargets: false };
  return CONNECTIONS.map(({ key, ...facts }) => ({ ...usual, ...facts, id: idFrom(seed, "connection", key) }));
}

function seedModels(seed: number): readonly Model[] {
  const model = (key: string, name: string, connection: string, table: string, fields: readonly string[]): Model => ({
    id: idFrom(seed, "model", key),
    name,
    connectionId: idFrom(seed, "connection", connection),
    table,
    fields,
  });
  return [
    model("users", "Users", "warehouse", "ANALYTICS.USERS", [
      "email",
      "first_name",
      "last_name",
      "plan",
      "churn_score",
    ]),
    model("orders", "Orders", "warehouse", "ANALYTICS.ORDERS", ["order_id", "email", "amount", "currency", "status"]),
    model("subscriptions", "Subscriptions", "warehouse", "ANALYTICS.SUBSCRIPTIONS", [
      "account_id",
      "plan",
      "mrr",
      "renews_at",
    ]),
    model("accounts", "Accounts", "product", "public.accounts", ["account_id", "domain", "name", "seats"]),
    model("usage", "Daily usage", "product", "public.usage_daily", ["domain", "active_users", "last_seen_at"]),
    model("tickets", "Support tickets", "product", "public.tickets", ["ticket_id", "subject", "priority", "ssn"]),
  ];
}
