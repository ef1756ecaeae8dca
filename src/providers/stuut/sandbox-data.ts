// The made-up tenant of the Stuut sandbox: its connections, their models, and what becomes of a model's syncs. No times, no runs.

/** How a sync of a model goes on. Decided by the model, so that whoever looks knows what to expect. */
export const Fate = {
  /** queued, running, complete. */
  Complete: "COMPLETE",
  /** running already when the start is answered, then complete. */
  Eager: "EAGER",
  /** queued, running, failed. */
  Failed: "FAILED",
  /** queued, running, pending_retry on the source's rate limit, queued again, running, complete at the second attempt. */
  Retried: "RETRIED",
  /** queued, running, cancelled from the vendor's side. */
  Cancelled: "CANCELLED",
  /** queued, then cancelled without ever having run. */
  Withdrawn: "WITHDRAWN",
} as const;
export type Fate = (typeof Fate)[keyof typeof Fate];

export interface ModelSeed {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly fate: Fate;
  readonly readEnabled: boolean;
  readonly syncSupported: boolean;
  readonly fileUpload: boolean;
  /** False for a model that never synced before the sandbox started. */
  readonly hasHistory: boolean;
  /** Milliseconds at speed 1 between syncs that start by themselves; null for none. */
  readonly everyMs: number | null;
  /** Milliseconds at speed 1 after which a scheduled sync takes a requested one's place in `last_sync`; null for never. */
  readonly replacedAfterMs: number | null;
}

export interface ConnectionSeed {
  readonly id: string;
  readonly name: string;
  readonly models: readonly ModelSeed[];
  readonly syncDisabled: boolean;
  readonly runningSetup: boolean;
  readonly authenticationPending: boolean;
  /** Null when all is well. */
  readonly problem: { readonly statusCode: string; readonly message: string; readonly resolution: string } | null;
  /** The legal entity that the syncs are for; null for most. */
  readonly entityId: string | null;
  /** False where the vendor leaves `batch_id` null, which it may. */
  readonly batches: boolean;
}

const DAY_MS = 24 * 3_600_000;

/** All connections, in the order in which they are listed. */
export const CONNECTIONS: readonly ConnectionSeed[] = [
  connection("conn_01HZX3ALD", "Aldgate Industrial Supply (NetSuite)", [
    model("ald", "invoice", "Invoices", { everyMs: DAY_MS }),
    model("ald", "customer", "Customers", { everyMs: DAY_MS }),
    model("ald", "payment", "Payments", { hasHistory: false }),
    model("ald", "credit_memo", "Credit memos", { readEnabled: false, hasHistory: false }),
    model("ald", "journal", "Journals", { syncSupported: false, hasHistory: false }),
  ]),
  connection("conn_01HZX3BRI", "Bright & Sons Electrical (QuickBooks)", [
    model("bri", "invoice", "Invoices", { fate: Fate.Failed }),
    model("bri", "customer", "Customers", { fate: Fate.Failed }),
  ]),
  connection(
    "conn_01HZX3COR",
    "Corvid Medical (Sage Intacct)",
    [
      model("cor", "invoice", "Invoices"),
      model("cor", "customer", "Customers"),
      model("cor", "payment", "Payments", { fate: Fate.Failed }),
    ],
    { entityId: "ent_corvid_us" },
  ),
  connection("conn_01HZX3DUN", "Dunmore Foods (SAP Business One)", [
    model("dun", "invoice", "Invoices", { fate: Fate.Retried }),
    model("dun", "customer", "Customers", { fate: Fate.Eager }),
  ]),
  connection(
    "conn_01HZX3ELM",
    "Elmfield Packaging (Dynamics 365)",
    [
      model("elm", "invoice", "Invoices", { fate: Fate.Cancelled }),
      model("elm", "customer", "Customers", { fate: Fate.Withdrawn }),
    ],
    { batches: false },
  ),
  connection("conn_01HZX3FAI", "Fairway Tools (Xero)", [model("fai", "invoice", "Invoices")], { syncDisabled: true }),
  connection("conn_01HZX3GRA", "Granary Wholesale (QuickBooks)", [model("gra", "invoice", "Invoices")], {
    problem: {
      statusCode: "authentication_required",
      message: "The refresh token was revoked",
      resolution: "Ask the customer to sign in to QuickBooks again",
    },
  }),
  connection("conn_01HZX3HOL", "Holt Freight (Xero)", [
    model("hol", "invoice", "Invoices", { everyMs: 60_000 }),
    model("hol", "customer", "Customers", { replacedAfterMs: 4_000 }),
  ]),
  connection("conn_01HZX3IVY", "Ivybridge Dairy (NetSuite)", [], { runningSetup: true, authenticationPending: true }),
  connection("conn_01HZX3JUN", "Junction Print (file upload)", [
    model("jun", "invoice", "Invoices", { readEnabled: false, fileUpload: true }),
  ]),
];

function connection(
  id: string,
  name: string,
  models: readonly ModelSeed[],
  special: Partial<Omit<ConnectionSeed, "id" | "name" | "models">> = {},
): ConnectionSeed {
  return {
    id,
    name,
    models,
    syncDisabled: false,
    runningSetup: false,
    authenticationPending: false,
    problem: null,
    entityId: null,
    batches: true,
    ...special,
  };
}

function model(
  owner: string,
  name: string,
  displayName: string,
  special: Partial<Omit<ModelSeed, "id" | "name" | "displayName">> = {},
): ModelSeed {
  return {
    id: `model_${owner}_${name}`,
    name,
    displayName,
    fate: Fate.Complete,
    readEnabled: true,
    syncSupported: true,
    fileUpload: false,
    hasHistory: true,
    everyMs: null,
    replacedAfterMs: null,
    ...special,
  };
}
