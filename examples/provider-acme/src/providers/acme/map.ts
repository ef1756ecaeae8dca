// Acme's pipelines and runs as the gateway's values. Pure and total: every word the vendor might say has an answer.
import { DefinitionKind, LinkedAccountStatus } from "../../domain/definition.ts";
import type { LinkedAccountSnapshot, SyncJobSnapshot } from "../../domain/definition.ts";
import { SyncOrigin, SyncOutcome, SyncStatus, WaitingReason } from "../../domain/status.ts";
import type { ObservationSource } from "../../domain/status.ts";
import type { Observation, RecordCounts, SyncFacts } from "../../domain/sync.ts";
import type { Redactor } from "../../wire/redact.ts";
import { namesAmong, shareableObject } from "../../wire/shareable-json.ts";
import { syncErrorOf } from "./errors.ts";
import type { AcmePipeline, AcmeRun } from "./wire-types.ts";

interface Meaning {
  readonly status: SyncStatus;
  readonly outcome: SyncOutcome | null;
  readonly waitingReason: WaitingReason | null;
}

/** The one table of status words. A word that is not in it concludes nothing. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ["queued", { status: SyncStatus.Created, outcome: null, waitingReason: WaitingReason.Queued }],
  ["running", { status: SyncStatus.Running, outcome: null, waitingReason: null }],
  // Complete, partial or empty: the counts tell.
  ["succeeded", { status: SyncStatus.Success, outcome: null, waitingReason: null }],
  ["failed", { status: SyncStatus.Failed, outcome: SyncOutcome.Error, waitingReason: null }],
  ["canceled", { status: SyncStatus.Failed, outcome: SyncOutcome.Cancelled, waitingReason: null }],
]);

const ORIGINS: ReadonlyMap<string, SyncOrigin> = new Map([
  ["api", SyncOrigin.Manual],
  ["schedule", SyncOrigin.Scheduled],
]);

const LINK_STATUSES: ReadonlyMap<string, LinkedAccountStatus> = new Map([
  ["connected", LinkedAccountStatus.Healthy],
  ["expired", LinkedAccountStatus.AuthenticationRequired],
]);

/** What is known of a run besides the vendor's answer about it. */
export interface Sighting {
  readonly source: ObservationSource;
  readonly observedAt: Date;
  /** For the vendor's free texts. */
  readonly redact: Redactor;
}

/** What an answer says about a run. */
export function observationOf(run: AcmeRun, { source, observedAt, redact }: Sighting): Observation {
  const meaning = MEANINGS.get(run.status) ?? null;
  return {
    remoteId: run.id,
    definitionRemoteId: run.pipeline_id,
    linkedAccountRemoteId: run.account_id,
    source,
    observedAt,
    status: meaning?.status ?? null,
    outcome: meaning?.outcome ?? null,
    rawStatus: run.status,
    facts: factsOf(run, meaning, redact),
  };
}

/** The account a pipeline runs for. */
export function linkedAccountOf({ id, name, status }: AcmePipeline["account"]): LinkedAccountSnapshot {
  return {
    remoteId: id,
    name: name?.trim() || id,
    integration: null,
    category: null,
    status: LINK_STATUSES.get(status ?? "") ?? LinkedAccountStatus.Unknown,
    rawStatus: status ?? null,
    statusMessage: null,
    resumesAt: null,
    lastSyncedAt: null,
    customerId: null,
    environmentId: null,
    sandbox: null,
    createdAt: null,
    updatedAt: null,
  };
}

export function syncJobOf(pipeline: AcmePipeline): SyncJobSnapshot {
  return {
    kind: DefinitionKind.SyncJob,
    remoteId: pipeline.id,
    name: pipeline.name?.trim() || pipeline.id,
    active: pipeline.enabled ?? null,
    schedules: [],
    nextRunAt: null,
    linkedAccountRemoteId: pipeline.account.id,
    createdAt: pipeline.created_at ?? null,
    updatedAt: pipeline.updated_at ?? null,
    detailed: true,
    integration: null,
    environmentId: null,
    resources: [],
    argsSchema: null,
    argsValidation: null,
    runtimeVersion: null,
    mutexKey: null,
    stateKey: null,
  };
}

/** Acme sends every field of a run and null where there is no value, so that null here is "known to be absent". */
function factsOf(run: AcmeRun, meaning: Meaning | null, redact: Redactor): Partial<SyncFacts> {
  return {
    origin: ORIGINS.get(run.trigger ?? "") ?? SyncOrigin.Unknown,
    fullRefresh: run.full_refresh ?? null,
    recordCounts: countsOf(run),
    createdAt: run.created_at,
    startedAt: run.started_at ?? null,
    finishedAt: run.finished_at ?? null,
    updatedAt: run.updated_at ?? null,
    error: run.error ? syncErrorOf(run.error, redact) : null,
    raw: shareableObject(run.reply, { withholds, redact }),
    // Of a word nobody knows, not even that the run waits for nothing is concluded.
    ...(meaning === null ? {} : { waitingReason: meaning.waitingReason }),
  };
}

function countsOf({ records_written: written = null, records_failed: failed = null }: AcmeRun): RecordCounts | null {
  if (written === null && failed === null) return null;
  const notCounted = { total: null, inserted: null, updated: null, deleted: null, warnings: null };
  return { ...notCounted, fetched: null, persisted: null, upserted: written, failed };
}

/** A signed address: who has it can read the customer's records. */
const withholds = namesAmong(["log_url"]);
