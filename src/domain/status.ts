// The closed sets a run's life is told in. Vendor words enter through each provider's own table (`providers/<vendor>/map.ts`).

/** Where a run is. Monotone: CREATED < RUNNING < SUCCESS | FAILED, and the last two absorb. */
export const SyncStatus = {
  Created: "CREATED",
  Running: "RUNNING",
  Success: "SUCCESS",
  Failed: "FAILED",
} as const;
export type SyncStatus = (typeof SyncStatus)[keyof typeof SyncStatus];

/** Which kind of end a run had. COMPLETE, PARTIAL and EMPTY go with SUCCESS, the others with FAILED. UNKNOWN is over with a word nobody knows. */
export const SyncOutcome = {
  Complete: "COMPLETE",
  Partial: "PARTIAL",
  Empty: "EMPTY",
  Error: "ERROR",
  Cancelled: "CANCELLED",
  Interrupted: "INTERRUPTED",
  NotStarted: "NOT_STARTED",
  Lost: "LOST",
  Unknown: "UNKNOWN",
} as const;
export type SyncOutcome = (typeof SyncOutcome)[keyof typeof SyncOutcome];

/** Why a run that is not finished makes no progress at the moment. */
export const WaitingReason = {
  RateLimited: "RATE_LIMITED",
  RetryPending: "RETRY_PENDING",
  Queued: "QUEUED",
  Blocked: "BLOCKED",
  Cancelling: "CANCELLING",
} as const;
export type WaitingReason = (typeof WaitingReason)[keyof typeof WaitingReason];

/** Who started a run. */
export const SyncOrigin = {
  Gateway: "GATEWAY",
  Manual: "MANUAL",
  Scheduled: "SCHEDULED",
  Automatic: "AUTOMATIC",
  Unknown: "UNKNOWN",
} as const;
export type SyncOrigin = (typeof SyncOrigin)[keyof typeof SyncOrigin];

/** What a run does to the records it touches. */
export const SyncOperation = {
  Create: "CREATE",
  Read: "READ",
  Update: "UPDATE",
  Delete: "DELETE",
  Download: "DOWNLOAD",
  Custom: "CUSTOM",
} as const;
export type SyncOperation = (typeof SyncOperation)[keyof typeof SyncOperation];

/** How the gateway came to know something about a run. */
export const ObservationSource = {
  Trigger: "TRIGGER",
  Poll: "POLL",
  Webhook: "WEBHOOK",
  Discovery: "DISCOVERY",
  LiveRead: "LIVE_READ",
} as const;
export type ObservationSource = (typeof ObservationSource)[keyof typeof ObservationSource];

const RANK: Readonly<Record<SyncStatus, number>> = { CREATED: 0, RUNNING: 1, SUCCESS: 2, FAILED: 2 };

/** Rank of a status; a run never moves to a lower one. */
export const statusRank = (status: SyncStatus): number => RANK[status];

export const isTerminal = (status: SyncStatus): boolean => RANK[status] === 2;
