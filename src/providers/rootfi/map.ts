// RootFi's syncs and jobs as the gateway's runs and tasks. Pure and total; companies and their configs are in `map-catalog.ts`.
import { SyncOperation, SyncOrigin, SyncOutcome, SyncStatus, WaitingReason, isTerminal } from "../../domain/status.ts";
import type { ObservationSource } from "../../domain/status.ts";
import type { Observation, RecordCounts, SyncError, SyncFacts, SyncTask, TaskCounts } from "../../domain/sync.ts";
import type { Redactor } from "../../wire/redact.ts";
import { namesAmong, shareableObject } from "../../wire/shareable-json.ts";
import { vendorWords } from "../../wire/vendor-words.ts";
import { isCancelled, jobErrorOf, syncErrorOf } from "./errors.ts";
import { definitionRemoteIdOf, isSleeping, resumesAtOf } from "./map-catalog.ts";
import type { RootfiConnection, RootfiJob, RootfiSync } from "./wire-types.ts";

interface Word {
  readonly status: SyncStatus;
  /** The kind of end the word itself names. */
  readonly outcome: SyncOutcome | null;
}

/** Syncs and jobs of both versions. */
const WORDS = vendorWords<Word>([
  ["created", { status: SyncStatus.Created, outcome: null }],
  ["running", { status: SyncStatus.Running, outcome: null }],
  ["success", { status: SyncStatus.Success, outcome: null }],
  // Only v4 says so, of syncs.
  ["partial_success", { status: SyncStatus.Success, outcome: SyncOutcome.Partial }],
  ["failed", { status: SyncStatus.Failed, outcome: null }],
  // v4 can cancel and documents no word for it (inferred).
  ["cancelled", { status: SyncStatus.Failed, outcome: SyncOutcome.Cancelled }],
  ["canceled", { status: SyncStatus.Failed, outcome: SyncOutcome.Cancelled }],
]);

/** Null for a word that is not in the table. POST was seen to answer in lower case and GET in upper case. */
const wordOf = (word: string): Word | null => WORDS.of(word);

export const syncStatusOf = (word: string): SyncStatus | null => wordOf(word)?.status ?? null;

const ORIGINS = vendorWords<SyncOrigin>([
  ["MANUAL", SyncOrigin.Manual],
  ["AUTO_SYNC", SyncOrigin.Automatic],
]);

const OPERATIONS = vendorWords<SyncOperation>(Object.values(SyncOperation).map((operation) => [operation, operation]));

/** What is known of a sync besides the vendor's answer about it. */
export interface Sighting {
  readonly source: ObservationSource;
  readonly observedAt: Date;
  /** For the vendor's free texts. */
  readonly redact: Redactor;
  /** For answers that leave it out. */
  readonly companyId: string | null;
  readonly definitionRemoteId: string | null;
  /** What was asked for; told until an answer says more. */
  readonly requested?: Partial<Pick<SyncFacts, "integration" | "fullRefresh" | "models" | "operation">>;
  /** All jobs of the sync, when they were read. */
  readonly jobs?: readonly RootfiJob[];
}

/** What an answer says about a run. */
export function observationOf(sync: RootfiSync, sighting: Sighting): Observation {
  const status = syncStatusOf(sync.status);
  const companyId = sync.rootfi_company_id ?? sighting.companyId;
  const integration = sync.integration_type ?? null;
  const tasks = sighting.jobs === undefined ? undefined : tasksOf(sighting.jobs, sighting.redact);
  return {
    remoteId: sync.sync_id,
    definitionRemoteId:
      companyId !== null && integration !== null
        ? definitionRemoteIdOf(companyId, integration)
        : sighting.definitionRemoteId,
    linkedAccountRemoteId: companyId,
    source: sighting.source,
    observedAt: sighting.observedAt,
    status,
    outcome: wordOf(sync.status)?.outcome ?? (wasCancelled(status, sighting.jobs) ? SyncOutcome.Cancelled : null),
    rawStatus: sync.status,
    facts: {
      ...sighting.requested,
      ...told(factsOf(sync, status, tasks)),
      raw: shareableObject(sync.reply, { withholds, redact: sighting.redact }),
    },
    ...(tasks === undefined ? {} : { tasks }),
  };
}

/** A sync's jobs as tasks. A job that two pages tell twice is one task. */
export function tasksOf(jobs: readonly RootfiJob[], redact: Redactor): readonly SyncTask[] {
  return [...new Map(jobs.map((job) => [job.rootfi_id, taskOf(job, redact)])).values()];
}

/** A sync that was cancelled may be no more than FAILED: then the jobs that failed say why. */
function wasCancelled(status: SyncStatus | null, jobs: readonly RootfiJob[] = []): boolean {
  const failed = jobs.filter((job) => syncStatusOf(job.status) === SyncStatus.Failed);
  return status === SyncStatus.Failed && failed.length > 0 && failed.every(({ error }) => isCancelled(error));
}

type Told = { readonly [Fact in keyof SyncFacts]?: SyncFacts[Fact] | undefined };

function factsOf(sync: RootfiSync, status: SyncStatus | null, tasks: readonly SyncTask[] | undefined): Told {
  return {
    alternateRemoteId: sync.rootfi_id,
    integration: sync.integration_type,
    origin: sync.sync_type ? (ORIGINS.of(sync.sync_type) ?? SyncOrigin.Unknown) : undefined,
    operation: sync.config_mode === undefined ? undefined : OPERATIONS.of(sync.config_mode),
    fullRefresh: sync.full_sync,
    models: sync.sync_data_models ?? undefined,
    taskCounts: taskCountsOf(sync),
    recordCounts: tasks === undefined ? undefined : recordsOf(tasks),
    createdAt: sync.rootfi_created_at,
    startedAt: sync.start_time,
    // The field is typed as required, so something may stand in it before there is an end.
    finishedAt: status === null ? (sync.end_time ?? undefined) : isTerminal(status) ? sync.end_time : null,
    updatedAt: sync.rootfi_updated_at,
    error: status === SyncStatus.Failed && tasks !== undefined ? failureOf(tasks) : undefined,
  };
}

function failureOf(tasks: readonly SyncTask[]): SyncError {
  const errors = tasks.filter((task) => task.status === SyncStatus.Failed).map((task) => task.error);
  return syncErrorOf(
    errors.filter((error) => error !== null),
    tasks.length,
  );
}

/** The five counts are of jobs. They are told together or not at all: a sum without its parts helps nobody. */
function taskCountsOf(sync: RootfiSync): TaskCounts | undefined {
  const { total_count: total, success_count: success, failed_count: failed } = sync;
  const { running_count: running, pending_count: pending } = sync;
  if (typeof total !== "number" || typeof success !== "number" || typeof failed !== "number") return undefined;
  if (typeof running !== "number" || typeof pending !== "number") return undefined;
  return { total, success, failed, running, pending };
}

function taskOf(job: RootfiJob, redact: Redactor): SyncTask {
  const status = syncStatusOf(job.status);
  return {
    key: job.rootfi_id,
    name: job.data_model ?? job.rootfi_id,
    status,
    rawStatus: job.status,
    // The vendor counts repetitions, the gateway attempts.
    attempt: typeof job.retry_count === "number" ? job.retry_count + 1 : null,
    recordCounts: typeof job.records_synced === "number" ? recordCountsOf(job.records_synced) : null,
    startedAt: job.start_time ?? null,
    finishedAt: status !== null && isTerminal(status) ? (job.end_time ?? null) : null,
    error: status === SyncStatus.Failed ? jobErrorOf(job.error, redact) : null,
  };
}

/** v4 counts what it has synced and says nothing of what became of it. */
const recordCountsOf = (total: number): RecordCounts => ({
  total,
  inserted: null,
  updated: null,
  upserted: null,
  deleted: null,
  failed: null,
  warnings: null,
  fetched: null,
  persisted: null,
});

/** The sum over the jobs. Nothing is told while none is counted: a job that has not said its number may have moved anything. */
function recordsOf(tasks: readonly SyncTask[]): RecordCounts | undefined {
  const counts = tasks.map((task) => task.recordCounts?.total ?? null);
  const known = counts.filter((count) => count !== null);
  const total = known.reduce((sum, count) => sum + count, 0);
  return total > 0 || (known.length > 0 && known.length === counts.length) ? recordCountsOf(total) : undefined;
}

/** What a connection's state says about a run on it; null when it says nothing about this one. */
export function waitOf(
  observation: Observation,
  connections: readonly RootfiConnection[],
): Pick<SyncFacts, "waitingReason" | "resumesAt"> | null {
  const { integration } = observation.facts;
  const own = connections.filter((connection) => connection.integration_type === integration);
  if (observation.status !== SyncStatus.Running || own.length === 0) return null;
  // Null takes back what an earlier look has said.
  if (!own.some(isSleeping)) return { waitingReason: null, resumesAt: null };
  return { waitingReason: WaitingReason.RateLimited, resumesAt: resumesAtOf(own) };
}

/** The facts that were told: an answer without a field leaves what is known. */
function told(facts: Told): Partial<SyncFacts> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

/** Names whose values are secrets or may quote customers' records. */
const withholds = namesAmong([
  "variables",
  "error",
  "error_response",
  "headers",
  "data",
  "raw_data",
  "payload",
  "response",
  "invite_link",
  "invite_link_id",
  "link_token",
  "signing_key",
  "api_key",
]);
