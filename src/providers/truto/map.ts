// Runs: what Truto says of a sync job run, as an observation. Pure and total. Accounts and definitions are in `map-catalog.ts`.
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import type { ObservationSource } from "../../domain/status.ts";
import { SyncOperation, SyncOrigin, SyncOutcome, SyncStatus, WaitingReason } from "../../domain/status.ts";
import type { Observation, RecordCounts, SyncError, SyncFacts, SyncTask } from "../../domain/sync.ts";
import { ErrorHandling, SyncErrorCode } from "../../domain/sync.ts";
import { classifyFailure } from "../../wire/classify-failure.ts";
import { countOf } from "../../wire/loose-fields.ts";
import type { Redactor } from "../../wire/redact.ts";
import { timeOf } from "../../wire/times.ts";
import { vendorWords } from "../../wire/vendor-words.ts";
import { oneLine } from "../../wire/visible-text.ts";
import { FAILURE_KINDS } from "./errors.ts";
import type { TrutoLogEntry, TrutoRun } from "./wire-types.ts";
import { isJsonObject } from "./wire-types.ts";

interface StatusMeaning {
  readonly status: SyncStatus;
  readonly outcome: SyncOutcome | null;
  readonly waitingReason: WaitingReason | null;
}

/** The one table of status words. A word that is not in it concludes nothing. */
const STATUS = vendorWords<StatusMeaning>([
  ["created", { status: SyncStatus.Created, outcome: null, waitingReason: null }],
  ["running", { status: SyncStatus.Running, outcome: null, waitingReason: null }],
  // Paused by the connected product's rate limit; Truto resumes it by itself.
  ["rate_limited", { status: SyncStatus.Running, outcome: null, waitingReason: WaitingReason.RateLimited }],
  ["completed", { status: SyncStatus.Success, outcome: null, waitingReason: null }],
  ["failed", { status: SyncStatus.Failed, outcome: null, waitingReason: null }],
  ["stopped", { status: SyncStatus.Failed, outcome: SyncOutcome.Cancelled, waitingReason: null }],
]);

const ERROR_HANDLING_WORD: Readonly<Record<ErrorHandling, string>> = {
  [ErrorHandling.FailFast]: "fail_fast",
  [ErrorHandling.Ignore]: "ignore",
  [ErrorHandling.Batch]: "batch",
};
const ERROR_HANDLING = vendorWords<ErrorHandling>(
  Object.values(ErrorHandling).map((handling) => [ERROR_HANDLING_WORD[handling], handling]),
);

/** The vendor's word for how a run goes on after an error. */
export const errorHandlingWord = (handling: ErrorHandling): string => ERROR_HANDLING_WORD[handling];

/** What the gateway knows about a run beside the vendor's answer. */
export interface ObservedAs {
  readonly source: ObservationSource;
  /** The gateway's clock. */
  readonly observedAt: Date;
  /** Used where the answer does not name them. */
  readonly definitionRemoteId: string | null;
  readonly linkedAccountRemoteId: string | null;
  /** Default `UNKNOWN`: a run does not say who started it. */
  readonly origin?: SyncOrigin;
}

/** The status a word means; null when the word is in no table. */
export const statusOf = (word: string): SyncStatus | null => STATUS.of(word)?.status ?? null;

export function observationOf(run: TrutoRun, as: ObservedAs): Observation {
  const meaning = STATUS.of(run.status);
  const tasks = tasksOf(run, meaning?.status ?? null);
  return {
    remoteId: run.id,
    definitionRemoteId: run.sync_job_id ?? as.definitionRemoteId,
    linkedAccountRemoteId: run.integrated_account_id ?? as.linkedAccountRemoteId,
    source: as.source,
    observedAt: as.observedAt,
    status: meaning?.status ?? null,
    outcome: meaning?.outcome ?? null,
    rawStatus: run.status,
    facts: factsOf(run, as.origin ?? SyncOrigin.Unknown, meaning?.waitingReason ?? null),
    ...(tasks === null ? {} : { tasks }),
  };
}

/**
 * The reason of a failed run out of its log, which is the only place that has one.
 *
 * @param redact for the log's texts; it must hide the run's arguments too
 */
export function failureOf(entries: readonly TrutoLogEntry[], redact: Redactor): SyncError {
  const failed = entries.filter(tellsFailure);
  const told = [...new Set(failed.map(reasonOf))].slice(0, REASONS_TOLD).join("; ");
  const message = told === "" ? "Truto reports the run as failed; no reason could be read from its log." : redact(told);
  // A resource may be called like a kind of failure: `crm/subscriptions`.
  const classified = classifyFailure(message, failed.map(wordsOf).join("; "), FAILURE_KINDS);
  if (classified.code !== SyncErrorCode.Unknown) return classified;
  const advice =
    "Read the run's RapidBridge log at Truto and check that the linked account is active, then start the job again.";
  return { ...classified, retryable: true, advice };
}

/** The texts and numbers inside a run's arguments: they may be secrets and must not come back in another text. */
export function argumentTexts(value: unknown, depth = 20): readonly string[] {
  if (typeof value === "string" || typeof value === "number") return [String(value)];
  if (typeof value !== "object" || value === null || depth === 0) return [];
  return Object.values(value).flatMap((inner) => argumentTexts(inner, depth - 1));
}

/** Name of a resource: runtime 4 nodes have one, older entries are called by what they fetch. Null when it has neither. */
export function resourceName(resource: JsonObject): string | null {
  const name = textIn(resource, "name") ?? textIn(resource, "resource");
  return name === null ? null : oneLine(name);
}

/** Whether an entry of `resources` fetches records; the other nodes of runtime 4 transform, keep or deliver them. */
export function fetchesRecords(type: JsonValue | undefined): boolean {
  return typeof type !== "string" || type === "request";
}

/** The text under a name; null when there is none or it is empty. */
export function textIn(value: JsonObject, name: string): string | null {
  const found = Object.hasOwn(value, name) ? value[name] : null;
  return typeof found === "string" && found !== "" ? found : null;
}

const REASONS_TOLD = 3;
const FAILED_WORDS: ReadonlySet<string> = new Set(["failed", "error", "errored"]);

function factsOf(run: TrutoRun, origin: SyncOrigin, waitingReason: WaitingReason | null): Partial<SyncFacts> {
  const createdAt = timeOf(run.created_at);
  const models = modelsOf(run);
  const recordCounts = countsOfAll(run);
  return {
    waitingReason,
    resumesAt: null,
    origin,
    operation: SyncOperation.Read,
    ...(run.ignore_previous_run === undefined ? {} : { fullRefresh: run.ignore_previous_run }),
    ...(run.error_handling === undefined ? {} : { onError: ERROR_HANDLING.of(run.error_handling) }),
    ...(run.version === undefined ? {} : { runtimeVersion: run.version }),
    ...(models.length === 0 ? {} : { models }),
    ...(recordCounts === null ? {} : { recordCounts }),
    ...(createdAt === null ? {} : { createdAt }),
    ...(run.started_at === undefined ? {} : { startedAt: timeOf(run.started_at) }),
    ...(run.finished_at === undefined ? {} : { finishedAt: timeOf(run.finished_at) }),
    ...(run.updated_at === undefined ? {} : { updatedAt: timeOf(run.updated_at) }),
    raw: rawOf(run),
  };
}

function modelsOf(run: TrutoRun): readonly string[] {
  // The vendor's SDK types `resources` as an object by name.
  const byName = isJsonObject(run.resources) ? Object.keys(run.resources) : [];
  const listed = entriesOf(run)
    .filter((resource) => fetchesRecords(resource["type"]))
    .map(resourceName);
  const nodes = nodeNames(run);
  const counted = statsOf(run)
    .filter((entry) => entry.fetches)
    .map(({ resource }) => nodes.get(resource) ?? resource);
  return [...new Set([...listed, ...byName, ...counted].filter((name) => name !== null))];
}

/** Nodes by the resource they fetch: counters may be under that of a node of runtime 4, whose own name is another (inferred). */
function nodeNames(run: TrutoRun): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const entry of entriesOf(run)) {
    const [counted, name] = [textIn(entry, "resource"), resourceName(entry)];
    // The first node that fetches a resource speaks for it.
    if (counted !== null && name !== null && !names.has(counted)) names.set(counted, name);
  }
  return names;
}

function entriesOf(run: TrutoRun): readonly JsonObject[] {
  return Array.isArray(run.resources) ? run.resources.filter(isJsonObject) : [];
}

interface ResourceStats {
  /** False for nodes known to pass records on only. */
  readonly fetches: boolean;
  readonly resource: string;
  readonly method: string;
  readonly counts: RecordCounts | null;
}

function statsOf(run: TrutoRun): readonly ResourceStats[] {
  if (!isJsonObject(run.resource_stats)) return [];
  const passing = new Set(
    entriesOf(run)
      .filter((resource) => !fetchesRecords(resource["type"]))
      .map(resourceName),
  );
  return Object.entries(run.resource_stats).flatMap(([resource, methods]) =>
    Object.entries(isJsonObject(methods) ? methods : {}).map(([method, counters]) => ({
      fetches: !passing.has(resource),
      resource,
      method,
      counts: countsOf(isJsonObject(counters) ? counters : {}),
    })),
  );
}

/** Each pair of resource and method is a task. It has no status of its own: it runs while the run does, and succeeds with it. */
function tasksOf(run: TrutoRun, status: SyncStatus | null): readonly SyncTask[] | null {
  if (!isJsonObject(run.resource_stats)) return null;
  const shared = status === SyncStatus.Running || status === SyncStatus.Success ? status : null;
  return statsOf(run).map(({ resource, method, counts }) => ({
    key: `${resource}/${method.replaceAll("%", "%25").replaceAll("/", "%2F")}`,
    name: resource,
    status: shared,
    rawStatus: null,
    attempt: null,
    recordCounts: counts,
    startedAt: null,
    finishedAt: null,
    error: null,
  }));
}

const COUNTERS = [
  "total",
  "inserted",
  "updated",
  "upserted",
  "deleted",
  "failed",
  "warnings",
  "fetched",
  "persisted",
] as const;

/** The counters are free-form; those named like ours are taken, the others stay in `raw`. Records that fail are seen as `errors` too. */
function countsOf(counters: JsonObject): RecordCounts | null {
  const { errors } = counters;
  // Errors may be listed instead of counted.
  const failed = counters["failed"] ?? (Array.isArray(errors) ? errors.length : errors);
  return countsFrom((name) => countOf(name === "failed" ? failed : counters[name]));
}

/** Sums over what fetches: a record that a later node passes on is the same record. */
function countsOfAll(run: TrutoRun): RecordCounts | null {
  const all = statsOf(run).filter((entry) => entry.fetches);
  return countsFrom((name) => {
    const known = all.map((entry) => entry.counts?.[name] ?? null).filter((count) => count !== null);
    return known.length === 0 ? null : known.reduce((sum, count) => sum + count, 0);
  });
}

/** Null when nothing was counted. */
function countsFrom(read: (name: (typeof COUNTERS)[number]) => number | null): RecordCounts | null {
  if (COUNTERS.every((name) => read(name) === null)) return null;
  return {
    total: read("total"),
    inserted: read("inserted"),
    updated: read("updated"),
    upserted: read("upserted"),
    deleted: read("deleted"),
    failed: read("failed"),
    warnings: read("warnings"),
    fetched: read("fetched"),
    persisted: read("persisted"),
  };
}

/** The answer by a list of what may be shown: arguments, and queries and keys that arguments were put into, are not on it. */
export function rawOf(run: TrutoRun): JsonObject {
  const { args: _args, resources: _resources, resource_stats: _stats, ...plain } = run;
  const shown = Object.entries(plain).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(shown.map(([name, value]) => [name, value ?? null])),
    resource_stats: rawStatsOf(run.resource_stats),
  };
}

function rawStatsOf(stats: unknown): JsonObject {
  return mapObject(stats, (methods) =>
    mapObject(methods, (counters) => mapObject(counters, (count) => (typeof count === "number" ? count : null))),
  );
}

function mapObject(value: unknown, change: (inner: JsonValue) => JsonValue): JsonObject {
  return isJsonObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, change(inner)]))
    : {};
}

/** An entry's fields are not documented, only one example of a good one; logs elsewhere have a level instead of a status (inferred). */
const tellsFailure = ({ status, level, error }: TrutoLogEntry): boolean =>
  [status, level].some((word) => FAILED_WORDS.has(word?.toLowerCase() ?? "")) || (error ?? "") !== "";

function reasonOf(entry: TrutoLogEntry): string {
  const place = [entry.resource, entry.sync_job_request_type].filter((part) => (part ?? "") !== "").join(", ");
  return place === "" ? wordsOf(entry) : `${place}: ${wordsOf(entry)}`;
}

const wordsOf = (entry: TrutoLogEntry): string => entry.error ?? entry.message ?? entry.status ?? "failed";
