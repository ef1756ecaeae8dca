// Every failure the gateway tells anyone about: one published, closed list of codes, and errors that carry facts.

export const ErrorCode = {
  /** The vendor refused the credentials (401, 403). */
  ProviderAuthFailed: "PROVIDER_AUTH_FAILED",
  /** The vendor does not know the object (404, 410). */
  ProviderNotFound: "PROVIDER_NOT_FOUND",
  /** The vendor refuses because of the state it is in, usually a run already going on (409). */
  ProviderConflict: "PROVIDER_CONFLICT",
  /** The vendor's quota is used up (429); `retryAfterMs` says when to come back. */
  ProviderRateLimited: "PROVIDER_RATE_LIMITED",
  /** The vendor read the request and refused it (400, 422). */
  ProviderRejected: "PROVIDER_REJECTED",
  /** No whole answer within the deadline. */
  ProviderTimeout: "PROVIDER_TIMEOUT",
  /** No connection, a 5xx, or the circuit breaker is open. */
  ProviderUnavailable: "PROVIDER_UNAVAILABLE",
  /** An answer that cannot be understood: not JSON, wrong types, endless pages, too large. */
  ProviderBadResponse: "PROVIDER_BAD_RESPONSE",
  /** The key speaks to another account than the one whose history is under it; the message says how to go on. */
  ProviderAccountChanged: "PROVIDER_ACCOUNT_CHANGED",
  /** The provider cannot do this at all; its capabilities say so beforehand. */
  CapabilityNotSupported: "CAPABILITY_NOT_SUPPORTED",
  /** The vendor was asked to start a run and nobody can tell whether it did. */
  TriggerUncertain: "TRIGGER_UNCERTAIN",
  /** An idempotency key came again with another input. */
  IdempotencyKeyReused: "IDEMPOTENCY_KEY_REUSED",
  /** The first request with this idempotency key has not finished. */
  IdempotencyInProgress: "IDEMPOTENCY_IN_PROGRESS",
  /** `ifRunning: REJECT` and a run of the definition is open. */
  AlreadyRunning: "ALREADY_RUNNING",
  /** The definition is switched off, so the vendor would not run it. */
  DefinitionInactive: "DEFINITION_INACTIVE",
  /** The end customer's link cannot sync now: disabled, disconnected, or waiting for authentication. */
  LinkedAccountUnavailable: "LINKED_ACCOUNT_UNAVAILABLE",
  /**
   * Somebody else changed the definition at the vendor. With `sent: false` nothing was changed; with `sent: true` the change was made and
   * something it did not name is different from what was read.
   */
  EditConflict: "EDIT_CONFLICT",
  /** The run has ended already. */
  SyncFinished: "SYNC_FINISHED",
  /** No such object, or not visible to the caller. */
  NotFound: "NOT_FOUND",
  /** The input breaks a rule; the message says which and what to send. */
  BadUserInput: "BAD_USER_INPUT",
  /** A cursor that this gateway did not make, or made for somebody else. */
  CursorInvalid: "CURSOR_INVALID",
  /** What follows this cursor has been pruned, or the cursor is of another ledger: of another store, or from before a restore. */
  CursorExpired: "CURSOR_EXPIRED",
  /** No or bad credentials. */
  Unauthenticated: "UNAUTHENTICATED",
  /** Known caller, missing scope. */
  Forbidden: "FORBIDDEN",
  /** The gateway's own database cannot be reached, or the gateway is being stopped. */
  ServiceUnavailable: "SERVICE_UNAVAILABLE",
  /** A defect of the gateway; the log has the details under the request id. */
  Internal: "INTERNAL_SERVER_ERROR",
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** A failure with a code that callers may switch on. */
export class GatewayError extends Error {
  override readonly name: string = "GatewayError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Whether the gateway's own database did not answer, or the gateway is being stopped: nobody else is to blame, and nothing can be written. */
export const isOutage = (error: unknown): error is GatewayError =>
  error instanceof GatewayError && error.code === ErrorCode.ServiceUnavailable;

/** Why nobody can go on from a place in a ledger. */
export const ExpiryReason = {
  /** What follows it has been removed with the old history. */
  Removed: "REMOVED",
  /** It is of another store, or of this one before it was restored. */
  OtherLedger: "OTHER_LEDGER",
} as const;
export type ExpiryReason = (typeof ExpiryReason)[keyof typeof ExpiryReason];

const EXPIRED: Readonly<Record<ExpiryReason, string>> = {
  [ExpiryReason.Removed]: "Transitions that follow this cursor have been removed with the old history.",
  [ExpiryReason.OtherLedger]:
    "This cursor is of another ledger, or of this one before its database was restored: nobody can tell what came after it.",
};

/** What follows a place in a tenant's ledger is not known any more. */
export class CursorExpiredError extends GatewayError {
  override readonly name: string = "CursorExpiredError";
  readonly tenantId: string;
  /** The number behind which everything that is kept follows. */
  readonly oldestPlace: number;
  /** The ledger that the number is of; null where nobody said. */
  readonly ledgerId: string | null;

  constructor(
    tenantId: string,
    oldestPlace: number,
    ledgerId: string | null = null,
    reason: ExpiryReason = ExpiryReason.Removed,
  ) {
    super(
      ErrorCode.CursorExpired,
      `${EXPIRED[reason]} Read the runs with \`syncs\`, and go on \`after\` the \`oldestCursor\`.`,
    );
    this.tenantId = tenantId;
    this.oldestPlace = oldestPlace;
    this.ledgerId = ledgerId;
  }
}

export interface ProviderFailureFacts {
  readonly code: ErrorCode;
  /** Key of the configured provider, not the vendor's kind. */
  readonly provider: string;
  /** The vendor's HTTP status; null when no answer came. */
  readonly httpStatus: number | null;
  /** Whether the same request may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** How long the vendor asks to wait, in milliseconds; null when it did not say. */
  readonly retryAfterMs: number | null;
  /** Whether the request can have reached the vendor. A start that was sent must not be sent blindly again. */
  readonly sent: boolean;
  readonly cause?: unknown;
}

/** A vendor failed or refused. The message is made from facts and holds at most 256 characters of the vendor's text, redacted. */
export class ProviderError extends GatewayError {
  override readonly name: string = "ProviderError";
  readonly provider: string;
  readonly httpStatus: number | null;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  readonly sent: boolean;

  constructor(message: string, facts: ProviderFailureFacts) {
    super(facts.code, message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.provider = facts.provider;
    this.httpStatus = facts.httpStatus;
    this.retryable = facts.retryable;
    this.retryAfterMs = facts.retryAfterMs;
    this.sent = facts.sent;
  }
}

/** One thing wrong with a caller's input; becomes an entry of `userErrors`. */
export interface UserProblem {
  readonly code: ErrorCode;
  readonly message: string;
  /** Path of the offending input, for example `["args", "start_date"]`; null when it is the request as a whole. */
  readonly field: readonly string[] | null;
}
