// What tracking asks of the store about looking at runs: which are due, and who looks.
import type { HeldLease, Lease } from "./lease.ts";
import type { Sync } from "./sync.ts";

/** A run taken to be polled. */
export interface ClaimedRun {
  readonly sync: Sync;
  /** Number of this lease; `record` and `settle` refuse an older one. */
  readonly fence: number;
  /** Polls since the run was first seen. */
  readonly polls: number;
  /** Polls in a row that failed. */
  readonly failures: number;
  /** Since when the vendor does not know it; null while it does. */
  readonly missingSince: Date | null;
}

export interface PollSettlement {
  readonly syncId: string;
  readonly fence: number;
  /** Null gives up an ended run that was due. */
  readonly nextPollAt: Date | null;
  readonly failures: number;
  readonly missingSince: Date | null;
}

/**
 * Which runs are due to be looked at. A row exists for each open run, and for each ended one that is to be read once more; `record` makes it
 * and removes it.
 */
export interface PollStore {
  /**
   * Takes due runs, longest overdue first, so that no other node does until the lease ends.
   *
   * @param now leases that ended by then are over
   * @param dueBy runs that will be due by then are taken along. Default: now
   */
  claimDue(
    tenantId: string,
    providerKey: string,
    now: Date,
    limit: number,
    lease: Lease,
    dueBy?: Date,
  ): Promise<readonly ClaimedRun[]>;
  /** Keeps runs that nobody else has taken for longer, and never shorter; of those given back or taken it says nothing. */
  renew(tenantId: string, held: readonly HeldLease[], until: Date): Promise<void>;
  /** Gives leases back and says when to look again. `record` does the same for the runs it records. */
  settle(tenantId: string, settlements: readonly PollSettlement[]): Promise<void>;
  /** Ends leases under which nothing was learned, so that other nodes need not wait for their end. Says nothing of those taken since. */
  giveBack(tenantId: string, held: readonly HeldLease[]): Promise<void>;
  /** When the next run is due, or its lease ends; null when none is. */
  nextDueAt(tenantId: string, providerKey: string): Promise<Date | null>;
  /** Makes runs due now, for hints. */
  makeDue(tenantId: string, syncIds: readonly string[], now: Date): Promise<void>;
}
