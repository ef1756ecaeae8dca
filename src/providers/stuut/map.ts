// Stuut's syncs as the gateway's runs. Pure and total; connections and their models are in `map-catalog.ts`.
import { SyncOrigin, SyncOutcome, SyncStatus, WaitingReason, isTerminal } from "../../domain/status.ts";
import type { ObservationSource } from "../../domain/status.ts";
import type { Observation, SyncError, SyncFacts } from "../../domain/sync.ts";
import type { Redactor } from "../../wire/redact.ts";
import { namesAmong, shareableObject } from "../../wire/shareable-json.ts";
import { vendorWords } from "../../wire/vendor-words.ts";
import { syncErrorOf } from "./errors.ts";
import type { StuutSync } from "./wire-types.ts";

interface Meaning {
  readonly status: SyncStatus;
  readonly outcome: SyncOutcome | null;
  readonly waitingReason: WaitingReason | null;
}

/** `complete` has no `d`, `cancelled` has two `l`. */
const MEANINGS = vendorWords<Meaning>([
  ["scheduled", { status: SyncStatus.Created, outcome: null, waitingReason: null }],
  ["queued", { status: SyncStatus.Created, outcome: null, waitingReason: WaitingReason.Queued }],
  ["running", { status: SyncStatus.Running, outcome: null, waitingReason: null }],
  // The attempt failed, the sync has not: another attempt is due.
  ["pending_retry", { status: SyncStatus.Running, outcome: null, waitingReason: WaitingReason.RetryPending }],
  ["complete", { status: SyncStatus.Success, outcome: null, waitingReason: null }],
  ["failed", { status: SyncStatus.Failed, outcome: SyncOutcome.Error, waitingReason: null }],
  ["cancelled", { status: SyncStatus.Failed, outcome: SyncOutcome.Cancelled, waitingReason: null }],
]);

/** What is known of a sync besides the vendor's answer about it. */
export interface Sighting {
  readonly source: ObservationSource;
  readonly observedAt: Date;
  /** Not among a sync's own fields. */
  readonly connectionId: string;
  /** The model's name; null leaves the model's id to stand for it. */
  readonly modelName: string | null;
  /** For the vendor's free texts. */
  readonly redact: Redactor;
}

/** What an answer says about a run. */
export function observationOf(sync: StuutSync, sighting: Sighting): Observation {
  const meaning = meaningOf(sync);
  return {
    remoteId: sync.id,
    // The connection is both what is run and whom it is run for.
    definitionRemoteId: sighting.connectionId,
    linkedAccountRemoteId: sighting.connectionId,
    source: sighting.source,
    observedAt: sighting.observedAt,
    status: meaning?.status ?? null,
    outcome: meaning?.outcome ?? null,
    rawStatus: sync.status,
    facts: told(factsOf(sync, meaning, sighting)),
  };
}

/** Whether the vendor's word says that the sync has not ended; false for words nobody knows. */
export function goesOn(sync: StuutSync): boolean {
  const meaning = meaningOf(sync);
  return meaning !== null && !isTerminal(meaning.status);
}

/** Null for a word that is not in the table. A sync that waits after an attempt has been running: it does not go back to CREATED. */
function meaningOf(sync: StuutSync): Meaning | null {
  const meaning = MEANINGS.of(sync.status);
  if (meaning?.status !== SyncStatus.Created || (sync.attempt ?? 0) === 0) return meaning;
  return { status: SyncStatus.Running, outcome: null, waitingReason: WaitingReason.RetryPending };
}

type Told = { readonly [Fact in keyof SyncFacts]?: SyncFacts[Fact] | undefined };

function factsOf(sync: StuutSync, meaning: Meaning | null, sighting: Sighting): Told {
  const { status } = meaning ?? { status: null };
  const model = sighting.modelName ?? sync.model_id;
  return {
    remoteType: sync.object,
    waitingReason: meaning?.waitingReason,
    origin: originOf(sync.is_one_off),
    initial: sync.is_initial_sync,
    oneOff: sync.is_one_off,
    attempt: sync.attempt,
    batchId: sync.batch_id,
    entityId: sync.entity_id,
    fileId: sync.file_id,
    models: typeof model === "string" ? [model] : undefined,
    timeRangeStart: sync.timerange_start,
    timeRangeEnd: sync.timerange_end,
    createdAt: sync.created_at,
    startedAt: sync.started_at,
    finishedAt: status === null ? (sync.completed_at ?? undefined) : isTerminal(status) ? sync.completed_at : null,
    updatedAt: sync.modified_at,
    error: errorOf(sync, status, sighting.redact),
    raw: shareableObject(sync.reply, { withholds, redact: sighting.redact }),
  };
}

function originOf(oneOff: boolean | null | undefined): SyncOrigin | undefined {
  if (typeof oneOff !== "boolean") return undefined;
  return oneOff ? SyncOrigin.Manual : SyncOrigin.Scheduled;
}

/** A sync that goes on may tell why its last attempt failed; one that ended well has no error, whatever an attempt said. */
function errorOf(sync: StuutSync, status: SyncStatus | null, redact: Redactor): SyncError | null | undefined {
  if (status === SyncStatus.Success) return null;
  const text = sync.error?.trim() ? sync.error : null;
  const failed = status === SyncStatus.Failed && MEANINGS.of(sync.status)?.outcome === SyncOutcome.Error;
  if (text === null && !failed) return sync.error === undefined ? undefined : null;
  return syncErrorOf(text, redact);
}

/** The facts that were told: an answer without a field leaves what is known. */
function told(facts: Told): Partial<SyncFacts> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

/** Names whose values are secrets or a connector's own. */
const withholds = namesAmong([
  "pagination_state",
  "connection_info",
  "identity_info",
  "settings",
  "presigned_url",
  "api_url",
  "api_subdomain",
  "authorization",
]);
