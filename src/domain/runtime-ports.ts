// The two ports that differ between one process and many: the doorbell and due work.

/** What a ring is about. */
export const BusNews = {
  /** The tenant's ledger grew: statuses changed, and their runs with them. */
  Transitions: "TRANSITIONS",
  /** Runs changed, but no status: counts, tasks, what they wait for. */
  Progress: "PROGRESS",
} as const;
export type BusNews = (typeof BusNews)[keyof typeof BusNews];

/**
 * The doorbell. It says that something of the tenant's changed and carries no data: whoever is woken reads the store. Rings may be lost
 * or doubled; listeners also look by themselves now and then.
 */
export interface EventBus {
  ring(tenantId: string, news: BusNews): void;
  /** @returns the call that ends the subscription */
  listen(tenantId: string, listener: (news: BusNews) => void): () => void;
  close(): Promise<void>;
}

/** Work that is due at some time. Doing an item twice must be harmless: what is due is decided by the store. */
export interface WorkItem {
  readonly kind: "POLL" | "DISCOVER" | "CATALOG" | "TRIGGERS" | "INBOX";
  readonly tenantId: string;
  readonly providerKey: string;
}

export interface WorkQueue {
  /** Plans an item. The same item planned twice is kept once, at the earlier time. */
  schedule(item: WorkItem, dueAt: Date): Promise<void>;
  /** The clock was set back: whatever is planned is due now, since the times it was planned for lie ahead. */
  planAgain(): void;
  /** Begins to hand out due items. At most one of the same item runs at a time. */
  start(handler: (item: WorkItem) => Promise<void>): void;
  /** Stops handing out and waits for what is running. Plans are still taken, for other gateways where there are any. */
  stop(): Promise<void>;
  /** Stops, and takes no more plans. */
  close(): Promise<void>;
}
