// What tracking asks of the store to let old history go. A batch at a time: whoever stops after any of them leaves nothing half gone.

/** How far back things are kept. */
export interface Horizon {
  /** Transitions observed before then go, and runs that had ended and were last reported before then. */
  readonly historyBefore: Date;
  /**
   * Triggers resolved before then go, when no run names them. Later than the other by more than gateways' clocks differ: what a trigger
   * lists outlives the trigger.
   */
  readonly triggersBefore: Date;
}

/** What is removed. Each step makes room for the next. */
export const PruneStep = {
  /** The oldest transitions, up to the first that is kept; with each run whose last one is among them, if the run may go. */
  History: "HISTORY",
  /** Runs that had to be kept when their last transition went, and may go now. */
  Runs: "RUNS",
  /** Resolved triggers that no run names. */
  Triggers: "TRIGGERS",
  /** Definitions and linked accounts that are gone at the vendor, and that nothing kept refers to. */
  Catalog: "CATALOG",
} as const;
export type PruneStep = (typeof PruneStep)[keyof typeof PruneStep];

/** How many rows went. Tasks and conflicts go with their run and are not counted. */
export interface Pruned {
  readonly transitions: number;
  readonly runs: number;
  readonly triggers: number;
  readonly definitions: number;
  readonly linkedAccounts: number;
}

/**
 * The numbers of a tenant's transitions stay without holes: they go from the lowest on, and how far is marked. A run that stays while its
 * beginning goes keeps a note of where it ended. References to a run that goes are taken out of `retryOfId`; the list of a trigger stays
 * as it was and names runs that are gone.
 */
export interface RetentionStore {
  /**
   * Removes one batch as a short transaction of its own.
   *
   * @param limit rows at most, from 1; of the history transitions, and as many runs at most
   * @returns null when another process is removing something of the tenant's at this moment; nothing was removed then
   */
  prune(tenantId: string, step: PruneStep, horizon: Horizon, limit: number): Promise<Pruned | null>;
}
