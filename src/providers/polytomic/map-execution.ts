// A Polytomic execution as an observation of a run: status words, counts, reasons. Pure and total, no I/O.
import { SyncOrigin, SyncOutcome, SyncStatus, WaitingReason } from "../../domain/status.ts";
import type { ObservationSource } from "../../domain/status.ts";
import { SyncErrorCode } from "../../domain/sync.ts";
import type { Observation, RecordCounts, SyncError, SyncFacts } from "../../domain/sync.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Redactor } from "../../wire/redact.ts";
import { vendorWords } from "../../wire/vendor-words.ts";
import { runErrorOf } from "./errors.ts";
import type { WireCounts, WireExecution, WireStarted } from "./wire-types.ts";

/** What the answer about an execution leaves out: it names neither its sync nor the connection. */
export interface ExecutionContext {
  readonly definitionRemoteId: string | null;
  readonly linkedAccountRemoteId: string | null;
  readonly source: ObservationSource;
  readonly observedAt: Date;
  /** For the vendor's free texts. */
  readonly redact: Redactor;
}

/** What one of the vendor's status words says. */
interface StatusReading {
  readonly status: SyncStatus;
  readonly outcome: SyncOutcome | null;
  readonly waitingReason: WaitingReason | null;
}

export function observationOf(execution: WireExecution, context: ExecutionContext): Observation {
  const reading = STATUS.of(execution.status);
  return {
    ...placeOf(execution.id, context),
    status: reading?.status ?? null,
    outcome: reading?.outcome ?? partialOf(execution, reading),
    rawStatus: execution.status,
    facts: {
      ...(reading === null
        ? unknownWordFact(execution, context.redact)
        : { waitingReason: reading.waitingReason, ...errorFact(execution, reading, context.redact) }),
      ...(execution.type === null ? {} : { origin: ORIGIN.of(execution.type) ?? SyncOrigin.Unknown }),
      ...timesOf(execution),
      recordCounts: recordCountsOf(execution),
      raw: rawOf(execution, context.redact),
    },
  };
}

/** The answer to a start, which is shorter than an execution. */
export function startedObservationOf(
  started: WireStarted,
  fullRefresh: boolean,
  context: ExecutionContext,
): Observation {
  const reading = STATUS.of(started.status);
  return {
    ...placeOf(started.id, context),
    status: reading?.status ?? null,
    outcome: reading?.outcome ?? null,
    rawStatus: started.status,
    facts: {
      ...(reading === null ? {} : { waitingReason: reading.waitingReason }),
      ...(started.created_at === null ? {} : { createdAt: started.created_at }),
      origin: SyncOrigin.Gateway,
      fullRefresh,
    },
  };
}

/** Whether the vendor's word says that the run has ended; false for words nobody knows. */
export function hasEnded(execution: WireExecution): boolean {
  const status = STATUS.of(execution.status)?.status;
  return status === SyncStatus.Success || status === SyncStatus.Failed;
}

const placeOf = (
  remoteId: string,
  { definitionRemoteId, linkedAccountRemoteId, source, observedAt }: ExecutionContext,
) => ({
  remoteId,
  definitionRemoteId,
  linkedAccountRemoteId,
  source,
  observedAt,
});

const word = (
  status: SyncStatus,
  more: { readonly outcome?: SyncOutcome; readonly waitingReason?: WaitingReason } = {},
): StatusReading => ({ status, outcome: null, waitingReason: null, ...more });

/** The vendor's whole enum. It publishes no meanings; only `created`, `canceling` and the first three ends are described. */
const STATUS = vendorWords<StatusReading>([
  ["created", word(SyncStatus.Created)],
  ["scheduled", word(SyncStatus.Created)],
  ["queued", word(SyncStatus.Created, { waitingReason: WaitingReason.Queued })],
  ["waiting", word(SyncStatus.Created, { waitingReason: WaitingReason.Blocked })],
  ["running", word(SyncStatus.Running)],
  ["processing", word(SyncStatus.Running)],
  ["canceling", word(SyncStatus.Running, { waitingReason: WaitingReason.Cancelling })],
  ["completed", word(SyncStatus.Success)],
  ["canceled", word(SyncStatus.Failed, { outcome: SyncOutcome.Cancelled })],
  ["failed", word(SyncStatus.Failed, { outcome: SyncOutcome.Error })],
  ["interrupted", word(SyncStatus.Failed, { outcome: SyncOutcome.Interrupted })],
]);

/** `type` is a free string with one published value; `manual` is in the samples. */
const ORIGIN = vendorWords<SyncOrigin>([
  ["scheduled", SyncOrigin.Scheduled],
  ["manual", SyncOrigin.Manual],
]);

/** Times are null before they happen; a null is not told, so that it never wipes out a time that is known. */
function timesOf(execution: WireExecution): Partial<SyncFacts> {
  return {
    ...(execution.created_at === null ? {} : { createdAt: execution.created_at }),
    ...(execution.started_at === null ? {} : { startedAt: execution.started_at }),
    ...(execution.completed_at === null ? {} : { finishedAt: execution.completed_at }),
  };
}

/**
 * The counts, as far as they prove anything.
 *
 * Some targets do not report what was done to records, and the counts of every run are zero until the vendor fills them in, often
 * at the very end. So zeros are read like this:
 * - all zero, and the run has not completed: no counts (null);
 * - completed, `total` above zero, and no operation counted: the target does not report operations, only `total`, `failed` and
 *   `warnings` are kept;
 * - completed and `total` sent as 0: the run had no records, the zeros are kept, and the outcome becomes EMPTY;
 * - completed and no `total` sent: no counts (null), because nothing says that nothing moved.
 */
function recordCountsOf(execution: WireExecution): RecordCounts | null {
  const { counts } = execution;
  if (counts === null) return null;
  const completed = STATUS.of(execution.status)?.status === SyncStatus.Success;
  const nothingCounted = Object.values(counts).every((count) => (count ?? 0) === 0);
  if (nothingCounted && !(completed && counts.total === 0)) return null;
  const operations = operationsOf(counts);
  const unreported =
    completed &&
    (counts.total ?? 0) > 0 &&
    (counts.error ?? 0) === 0 &&
    operations.every((count) => (count ?? 0) === 0);
  return {
    total: counts.total,
    inserted: unreported ? null : counts.insert,
    updated: unreported ? null : counts.update,
    upserted: unreported ? null : counts.upserts,
    deleted: unreported ? null : counts.delete,
    failed: counts.error,
    warnings: counts.warnings,
    fetched: null,
    persisted: null,
  };
}

const operationsOf = (counts: WireCounts): readonly (number | null)[] => [
  counts.insert,
  counts.update,
  counts.upserts,
  counts.delete,
];

/** The reason of a run's end, where there is one to tell. A run that goes on has not failed, whatever its list of errors says so far. */
function errorFact(execution: WireExecution, reading: StatusReading, redact: Redactor): Partial<SyncFacts> {
  if (!hasEnded(execution)) return {};
  return { error: runErrorOf(execution.errors, redact) ?? unexplained(reading.outcome) };
}

/** A run that completed may list errors and not count them: then some of it failed. */
function partialOf({ counts, errors }: WireExecution, reading: StatusReading | null): SyncOutcome | null {
  const counted = counts?.error ?? null;
  const failed = counted === null && errors.some((text) => text.trim() !== "");
  return reading?.status === SyncStatus.Success && failed ? SyncOutcome.Partial : null;
}

/** A word nobody knows may stand for an end: then what the vendor says of it is its reason. */
function unknownWordFact({ completed_at: end, errors }: WireExecution, redact: Redactor): Partial<SyncFacts> {
  const error = end === null ? null : runErrorOf(errors, redact);
  return error === null ? {} : { error };
}

/** A failure without a reason. A cancelled run needs none. */
function unexplained(outcome: SyncOutcome | null): SyncError | null {
  if (outcome === SyncOutcome.Error) {
    return {
      message: "Polytomic reports a failure and gives no reason.",
      code: SyncErrorCode.Unknown,
      retryable: false,
      advice: "Read the execution's logs in Polytomic.",
    };
  }
  if (outcome !== SyncOutcome.Interrupted) return null;
  return {
    message: "Polytomic cut the run off before its end.",
    code: SyncErrorCode.Vendor,
    retryable: true,
    advice: "Start the sync again.",
  };
}

/** The answer again, made from the fields that are known to be harmless. */
function rawOf(execution: WireExecution, redact: Redactor): JsonObject {
  return {
    id: execution.id,
    status: execution.status,
    type: execution.type,
    created_at: execution.created_at?.toISOString() ?? null,
    started_at: execution.started_at?.toISOString() ?? null,
    completed_at: execution.completed_at?.toISOString() ?? null,
    counts: execution.counts,
    errors: execution.errors.map(redact),
  };
}
