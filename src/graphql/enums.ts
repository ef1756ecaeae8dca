// The schema's enums, each made from the domain's closed set. A value's GraphQL name is the value itself.
import { registerEnumType } from "type-graphql";
import { LinkedAccountStatus, ScheduleFrequency } from "../domain/definition.ts";
import { ErrorCode } from "../domain/errors.ts";
import { StatisticsBucket } from "../domain/statistics.ts";
import {
  ObservationSource,
  SyncOperation,
  SyncOrigin,
  SyncOutcome,
  SyncStatus,
  WaitingReason,
} from "../domain/status.ts";
import { SyncOrderField } from "../domain/store-port.ts";
import { ProviderHealth } from "../domain/provider-state.ts";
import { ErrorHandling, IfRunning, SyncErrorCode, TriggerState } from "../domain/sync.ts";

type Names<Value extends string> = { readonly [Name in Value]: Name };

function enumOf<Value extends string>(
  name: string,
  description: string,
  set: Readonly<Record<string, Value>>,
  values: Readonly<Record<Value, string>>,
): Names<Value> {
  const names = Object.fromEntries(Object.values(set).map((value) => [value, value])) as Names<Value>;
  const described = Object.entries<string>(values).map(([value, text]) => [value, { description: text }]);
  const valuesConfig = Object.fromEntries(described) as Record<Value, { readonly description: string }>;
  registerEnumType(names, { name, description, valuesConfig });
  return names;
}

export const SyncStatusEnum = enumOf(
  "SyncStatus",
  "Where a run is. It only moves forward: CREATED, RUNNING, then SUCCESS or FAILED.",
  SyncStatus,
  {
    CREATED: "Accepted by the vendor; no work has begun.",
    RUNNING: "Work has begun. A run that waits for a rate limit or a retry is RUNNING with a `waitingReason`.",
    SUCCESS: "The vendor calls it a success; `outcome` tells whether all of it was.",
    FAILED: "It ended without success; `outcome` tells how.",
  },
);

export const SyncOutcomeEnum = enumOf("SyncOutcome", "Which kind of end a run had.", SyncOutcome, {
  COMPLETE: "Success, and nothing failed.",
  PARTIAL: "Success by the vendor's word, but some records or parts failed.",
  EMPTY: "Success with nothing moved.",
  ERROR: "Failed with an error.",
  CANCELLED: "Stopped by somebody.",
  INTERRUPTED: "Cut off at the vendor, for example by a restart.",
  NOT_STARTED: "Ended before any work began.",
  LOST: "The vendor no longer knows the run, or a newer one took its place before its end was seen.",
  UNKNOWN: "It is over, and the vendor's word for how is one that the gateway does not know; see `rawStatus`.",
});

export const WaitingReasonEnum = enumOf(
  "WaitingReason",
  "Why an open run makes no progress at the moment.",
  WaitingReason,
  {
    RATE_LIMITED: "A platform's rate limit; it goes on by itself.",
    RETRY_PENDING: "The last attempt failed and another is due.",
    QUEUED: "Waits for a worker at the vendor.",
    BLOCKED: "Waits for something else: a lock, or another run.",
    CANCELLING: "A cancellation was asked for and is not done.",
  },
);

export const SyncOriginEnum = enumOf("SyncOrigin", "Who started a run.", SyncOrigin, {
  GATEWAY: "A mutation of this gateway.",
  MANUAL: "Somebody at the vendor, or another system through its API.",
  SCHEDULED: "The vendor's schedule.",
  AUTOMATIC: "The vendor itself, for example after a link was made.",
  UNKNOWN: "The vendor does not say.",
});

export const SyncOperationEnum = enumOf("SyncOperation", "What a run does to the records it touches.", SyncOperation, {
  CREATE: "Creates records.",
  READ: "Reads records.",
  UPDATE: "Changes records.",
  DELETE: "Deletes records.",
  DOWNLOAD: "Downloads files.",
  CUSTOM: "Something of the vendor's own.",
});

export const ObservationSourceEnum = enumOf(
  "ObservationSource",
  "How the gateway came to know something.",
  ObservationSource,
  {
    TRIGGER: "The vendor's answer to a start.",
    POLL: "The gateway asked the vendor.",
    WEBHOOK: "The vendor reported it.",
    DISCOVERY: "The gateway found a run that somebody else started.",
    LIVE_READ: "A query asked for a fresh read.",
  },
);

export const SyncErrorCodeEnum = enumOf(
  "SyncErrorCode",
  "Kind of a run's failure, for deciding what to do.",
  SyncErrorCode,
  {
    AUTH: "Credentials or consent: somebody must sign in or grant access.",
    CONFIG: "The definition is wrong: somebody must change it.",
    TRANSIENT: "Likely to pass: start it again later.",
    VENDOR: "The vendor's own fault.",
    DATA: "Records were refused.",
    UNKNOWN: "The vendor's words fit nothing known.",
  },
);

export const TriggerStateEnum = enumOf("TriggerState", "Where an intention to start a run is.", TriggerState, {
  PENDING: "Recorded; the vendor has not been called.",
  SENT: "The vendor is being called.",
  ACCEPTED: "The vendor began the runs in `syncs`.",
  REJECTED: "The vendor refused or could not be reached: nothing was started.",
  UNCERTAIN: "Sent without an answer, and nothing tells whether the vendor acted. It is not sent again.",
});

export const IfRunningEnum = enumOf(
  "IfRunning",
  "What to do when a run of the definition is open already.",
  IfRunning,
  {
    ATTACH:
      "Return the open run and start nothing, where that run does what is asked; one that does less is refused as `ALREADY_RUNNING`.",
    START_ANOTHER: "Start another beside it.",
    REJECT: "Start nothing and say so.",
  },
);

export const ErrorHandlingEnum = enumOf("ErrorHandling", "What a run does with a record that fails.", ErrorHandling, {
  FAIL_FAST: "Stop at the first failure.",
  IGNORE: "Go on with the next record.",
  BATCH: "Collect failures and report them together.",
});

export const LinkedAccountStatusEnum = enumOf(
  "LinkedAccountStatus",
  "Whether an end customer's link works.",
  LinkedAccountStatus,
  {
    HEALTHY: "It works.",
    AUTHENTICATION_REQUIRED: "Somebody must sign in again.",
    PENDING: "It is being set up.",
    DISABLED: "Switched off or disconnected.",
    UNHEALTHY: "The vendor reports another problem; see `statusMessage`.",
    UNKNOWN: "The vendor's word for it is not known; see `rawStatus`.",
  },
);

export const ScheduleFrequencyEnum = enumOf(
  "ScheduleFrequency",
  "What makes a definition run by itself.",
  ScheduleFrequency,
  {
    MANUAL: "Nothing: it runs when started.",
    CONTINUOUS: "It starts again whenever it ends.",
    HOURLY: "Every hour, or every `interval` hours.",
    DAILY: "Every day, or every `interval` days.",
    WEEKLY: "Every week, or every `interval` weeks.",
    MONTHLY: "Every month, or every `interval` months.",
    YEARLY: "Every year, or every `interval` years.",
    CRON: "A cron expression.",
    AFTER_RUN: "The end of other definitions' runs.",
    EXTERNAL: "A job in another system, such as dbt Cloud.",
    UNKNOWN: "The vendor's word for it is not known; see `rawFrequency`.",
  },
);

/** The store knows how contacts went; that there can be none any more is known besides. */
export const ShownHealth = { ...ProviderHealth, Refused: "REFUSED", Removed: "REMOVED" } as const;
export type ShownHealth = (typeof ShownHealth)[keyof typeof ShownHealth];

export const StaleReason = {
  NotConfirmed: "NOT_CONFIRMED",
  ProviderRefused: "PROVIDER_REFUSED",
  ProviderRemoved: "PROVIDER_REMOVED",
} as const;
export type StaleReason = (typeof StaleReason)[keyof typeof StaleReason];

export const StaleReasonEnum = enumOf("StaleReason", "Why nothing newer is known of an open run.", StaleReason, {
  NOT_CONFIRMED: "The vendor has not confirmed it for longer than it should have.",
  PROVIDER_REFUSED: "The gateway does not work with its provider, whose key speaks to another account than before.",
  PROVIDER_REMOVED: "No gateway has its provider configured any more, so nobody looks.",
});

export const ProviderHealthEnum = enumOf(
  "ProviderHealth",
  "How the gateway's last contact with a provider went, and whether there can be one.",
  ShownHealth,
  {
    UNKNOWN: "There has been none.",
    UP: "It answers.",
    DOWN: "It cannot be reached, or answers what cannot be understood.",
    AUTH_FAILED: "It refuses the configured credentials.",
    REFUSED:
      "The gateway does not work with it: its key speaks to another account than before. `lastError` says how to go on.",
    REMOVED: "No gateway has it configured any more; see `removedAt`.",
  },
);

export const SyncOrderFieldEnum = enumOf("SyncOrderField", "What runs are ordered by.", SyncOrderField, {
  CREATED_AT: "When the run was created.",
  OBSERVED_AT: "When the vendor last confirmed the run.",
});

export const StatisticsBucketEnum = enumOf(
  "StatisticsBucket",
  "Stretches of time, in UTC, that numbers are given for.",
  StatisticsBucket,
  {
    HOUR: "From minute 0.",
    DAY: "From midnight.",
    WEEK: "From Monday at midnight, as ISO 8601 has it.",
  },
);

const OrderDirection = { Ascending: "ASC", Descending: "DESC" } as const;
export type OrderDirection = (typeof OrderDirection)[keyof typeof OrderDirection];

export const OrderDirectionEnum = enumOf("OrderDirection", "Which end of a list comes first.", OrderDirection, {
  ASC: "The smallest or oldest first.",
  DESC: "The largest or newest first.",
});

export const ErrorCodeEnum = enumOf("ErrorCode", "Every code an error or a user error can have.", ErrorCode, {
  PROVIDER_AUTH_FAILED: "The vendor refuses the configured credentials.",
  PROVIDER_NOT_FOUND: "The vendor does not know the object.",
  PROVIDER_CONFLICT: "The vendor refuses because of the state it is in.",
  PROVIDER_RATE_LIMITED: "The vendor's quota is used up; `retryAfterMs` tells when to come back.",
  PROVIDER_REJECTED: "The vendor refuses the request.",
  PROVIDER_TIMEOUT: "The vendor did not answer in time.",
  PROVIDER_UNAVAILABLE: "The vendor cannot be reached or fails.",
  PROVIDER_BAD_RESPONSE: "The vendor's answer cannot be understood.",
  PROVIDER_ACCOUNT_CHANGED: "The key speaks to another account than the one whose history is under it.",
  CAPABILITY_NOT_SUPPORTED: "The provider cannot do this.",
  TRIGGER_UNCERTAIN: "Nobody can tell whether the run was started.",
  IDEMPOTENCY_KEY_REUSED: "The idempotency key came with another request before.",
  IDEMPOTENCY_IN_PROGRESS: "The first request with the idempotency key has not finished.",
  ALREADY_RUNNING: "A run of the definition is open.",
  DEFINITION_INACTIVE: "The definition is switched off.",
  LINKED_ACCOUNT_UNAVAILABLE: "The linked account cannot sync now.",
  EDIT_CONFLICT: "Somebody else changed the definition since the caller read it.",
  SYNC_FINISHED: "The run has ended already.",
  NOT_FOUND: "There is no such object, or the caller may not see it.",
  BAD_USER_INPUT: "The input breaks a rule; the message says which.",
  CURSOR_INVALID: "Not a cursor of this list or ledger.",
  CURSOR_EXPIRED: "The history before this cursor has been pruned.",
  UNAUTHENTICATED: "No or bad credentials.",
  FORBIDDEN: "The caller's scopes do not cover this.",
  SERVICE_UNAVAILABLE: "The gateway cannot work at the moment.",
  INTERNAL_SERVER_ERROR: "A defect of the gateway; its log has the details.",
});
