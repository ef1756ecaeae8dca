// A run, what is seen of it, and what is committed of it.
import type { ErrorCode } from "./errors.ts";
import type { JsonObject } from "./json.ts";
import type { ObservationSource, SyncOperation, SyncOrigin, SyncOutcome, SyncStatus, WaitingReason } from "./status.ts";

/** Counts of a run's tasks (jobs, data models, resources). */
export interface TaskCounts {
  readonly total: number;
  readonly success: number;
  readonly failed: number;
  readonly running: number;
  readonly pending: number;
}

/** Counts of records; null where the vendor does not count that. */
export interface RecordCounts {
  readonly total: number | null;
  readonly inserted: number | null;
  readonly updated: number | null;
  readonly upserted: number | null;
  readonly deleted: number | null;
  readonly failed: number | null;
  readonly warnings: number | null;
  readonly fetched: number | null;
  readonly persisted: number | null;
}

/** Kind of a run's failure, for people who must decide what to do. */
export const SyncErrorCode = {
  Auth: "AUTH",
  Config: "CONFIG",
  Transient: "TRANSIENT",
  Vendor: "VENDOR",
  Data: "DATA",
  Unknown: "UNKNOWN",
} as const;
export type SyncErrorCode = (typeof SyncErrorCode)[keyof typeof SyncErrorCode];

export interface SyncError {
  /** The vendor's words, redacted and cut. */
  readonly message: string;
  readonly code: SyncErrorCode;
  readonly retryable: boolean;
  /** What a person can do about it; null when nothing is known to help. */
  readonly advice: string | null;
}

/** A run's share for one model or resource. */
export interface SyncTask {
  /** The vendor's id of the task, or the resource's name where it has none; unique within the run. */
  readonly key: string;
  readonly name: string;
  readonly status: SyncStatus | null;
  readonly rawStatus: string | null;
  readonly attempt: number | null;
  readonly recordCounts: RecordCounts | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly error: SyncError | null;
}

/**
 * What a vendor told about a run. In an `Observation` a missing key means "not told, keep what is known" and null means
 * "known to be absent".
 */
export interface SyncFacts {
  /** A second id the vendor has for the same run (RootFi `rootfi_id`). */
  readonly alternateRemoteId: string | null;
  /** The vendor's type name of the object (Stuut `object`). */
  readonly remoteType: string | null;
  readonly integration: string | null;
  readonly waitingReason: WaitingReason | null;
  readonly resumesAt: Date | null;
  readonly origin: SyncOrigin;
  readonly operation: SyncOperation | null;
  readonly fullRefresh: boolean | null;
  readonly initial: boolean | null;
  readonly oneOff: boolean | null;
  readonly attempt: number | null;
  readonly batchId: string | null;
  readonly entityId: string | null;
  readonly fileId: string | null;
  readonly models: readonly string[];
  readonly onError: string | null;
  readonly runtimeVersion: number | null;
  readonly taskCounts: TaskCounts | null;
  readonly recordCounts: RecordCounts | null;
  readonly timeRangeStart: Date | null;
  readonly timeRangeEnd: Date | null;
  readonly createdAt: Date | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** When the vendor last changed the run. */
  readonly updatedAt: Date | null;
  readonly error: SyncError | null;
  /** The vendor's answer without its secrets; shown only to callers with the scope for it. */
  readonly raw: JsonObject | null;
}

/** What a poll, a webhook, a trigger's answer or discovery said about a run at one moment. */
export interface Observation {
  /** The vendor's id of the run. */
  readonly remoteId: string;
  /** The vendor's id of what was run, where the answer or the request tells. */
  readonly definitionRemoteId: string | null;
  readonly linkedAccountRemoteId: string | null;
  readonly source: ObservationSource;
  /** The gateway's clock. */
  readonly observedAt: Date;
  /** Null when the vendor's word is not in its table. It is never a good end; whether it is an end at all, `advance` decides. */
  readonly status: SyncStatus | null;
  /** The kind of end the vendor's word itself names; null leaves the decision to the counts. */
  readonly outcome: SyncOutcome | null;
  /** The vendor's own word. */
  readonly rawStatus: string;
  readonly facts: Partial<SyncFacts>;
  /** All tasks of the run, when this observation read them; undefined when it did not. */
  readonly tasks?: readonly SyncTask[];
}

/** A run as the ledger has it. */
export interface Sync extends SyncFacts {
  /** The gateway's id, a UUID. */
  readonly id: string;
  readonly tenantId: string;
  readonly providerKey: string;
  readonly remoteId: string;
  readonly definitionId: string | null;
  readonly linkedAccountId: string | null;
  readonly definitionRemoteId: string | null;
  readonly linkedAccountRemoteId: string | null;
  readonly status: SyncStatus;
  readonly outcome: SyncOutcome | null;
  readonly rawStatus: string;
  /** The vendor's time where it gave one, else the first observation's. */
  readonly createdAt: Date;
  readonly observedAt: Date;
  readonly observedVia: ObservationSource;
  readonly triggerId: string | null;
  readonly retryOfId: string | null;
  /** Rises by one with every committed change; a writer that read another version must not write. */
  readonly version: number;
}

/** A change of status that `advance` found; it has no place in the ledger yet. */
export interface TransitionDraft {
  readonly from: SyncStatus | null;
  readonly to: SyncStatus;
  readonly outcome: SyncOutcome | null;
  readonly rawStatus: string | null;
  /** The vendor's time of the change where it gave one, else the observation's. */
  readonly occurredAt: Date;
  readonly observedAt: Date;
  readonly observedVia: ObservationSource;
  /** True when nobody saw this status: it is put in because the one after it was seen. */
  readonly inferred: boolean;
}

/** One committed change of a run's status. */
export interface Transition extends TransitionDraft {
  /** UUID. */
  readonly id: string;
  readonly tenantId: string;
  readonly syncId: string;
  /** Place in the tenant's ledger: 1, 2, 3 ... without holes, in the order in which readers can see them. */
  readonly sequence: number;
}

/** An observation that contradicts the committed end: another end, or, of a run that was only taken for over, that it goes on. */
export interface ConflictDraft {
  readonly committedStatus: SyncStatus;
  readonly committedOutcome: SyncOutcome | null;
  readonly observedStatus: SyncStatus;
  readonly rawStatus: string;
  readonly observedAt: Date;
  readonly observedVia: ObservationSource;
}

export const TriggerState = {
  /** Committed; the vendor has not been called. */
  Pending: "PENDING",
  /** The call may have left the house. */
  Sent: "SENT",
  Accepted: "ACCEPTED",
  Rejected: "REJECTED",
  /** Sent, no answer, and nothing tells whether the vendor acted. */
  Uncertain: "UNCERTAIN",
} as const;
export type TriggerState = (typeof TriggerState)[keyof typeof TriggerState];

/** What to do when a run of the definition is open already. */
export const IfRunning = { Attach: "ATTACH", StartAnother: "START_ANOTHER", Reject: "REJECT" } as const;
export type IfRunning = (typeof IfRunning)[keyof typeof IfRunning];

/** What a run does with a record that fails. */
export const ErrorHandling = { FailFast: "FAIL_FAST", Ignore: "IGNORE", Batch: "BATCH" } as const;
export type ErrorHandling = (typeof ErrorHandling)[keyof typeof ErrorHandling];

/** What a caller may ask of a run. Each key is an option that a provider either has or has not. */
export interface StartOptions {
  readonly fullRefresh?: boolean;
  readonly models?: readonly string[];
  readonly args?: JsonObject;
  readonly onError?: ErrorHandling;
  readonly test?: boolean;
  readonly identities?: readonly string[];
  /** The vendor's id of the linked account to run for, where the definition does not fix it. */
  readonly linkedAccountRemoteId?: string;
}

/** The recorded intention to start a definition. */
export interface Trigger {
  readonly id: string;
  readonly tenantId: string;
  readonly providerKey: string;
  readonly definitionId: string;
  readonly idempotencyKey: string | null;
  /** Hash of the input, to tell a repeated request from another one under the same key. */
  readonly fingerprint: string;
  readonly state: TriggerState;
  /** Kept only until the trigger is resolved. */
  readonly options: StartOptions | null;
  readonly attached: boolean;
  readonly syncIds: readonly string[];
  readonly retryOfId: string | null;
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
  readonly createdAt: Date;
  readonly sentAt: Date | null;
  /** When the vendor's answer was in that leaves in doubt whether it acted: what began later is not this start's. Null when none came. */
  readonly answeredAt: Date | null;
  readonly resolvedAt: Date | null;
  /** Of an uncertain start: the runs it may have begun, by the gateway's id. Null in any other, and where nobody has looked. */
  readonly candidateIds: readonly string[] | null;
}
