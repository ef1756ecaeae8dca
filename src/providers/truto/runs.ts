// Reading runs: those the gateway waits for, those somebody else started, and those a lost start may have begun.
import pLimit from "p-limit";
import { lastMomentOf, type Clock } from "../../domain/clock.ts";
import { ErrorCode, ProviderError } from "../../domain/errors.ts";
import type {
  CallOptions,
  FoundRun,
  MissingRun,
  ObserveOptions,
  ObserveResult,
  RunRef,
  StartRequest,
  VendorTime,
} from "../../domain/provider-port.ts";
import { MissingReason } from "../../domain/provider-port.ts";
import { ObservationSource, SyncStatus } from "../../domain/status.ts";
import type { Observation, SyncError } from "../../domain/sync.ts";
import { freeTextRedactor } from "../../wire/free-text.ts";
import { isNotFound } from "../../wire/provider-failure.ts";
import { badResponse, typeName } from "../../wire/read-reply.ts";
import { timeOf } from "../../wire/times.ts";
import type { TrutoApi } from "./api.ts";
import { asAsked } from "./as-asked.ts";
import { argumentTexts, failureOf, observationOf } from "./map.ts";
import type { TrutoTarget } from "./target.ts";
import type { TrutoRun } from "./wire-types.ts";

export interface RunTools {
  readonly api: TrutoApi;
  readonly clock: Clock;
  /** A time of ours by the vendor's clock, as far as its answers have told of it. */
  readonly theirTime: (ours: Date) => Date;
  /** Between which times the vendor's clock stood then. */
  readonly theirTimes: (ours: Date) => VendorTime;
  /** Key of the configured provider, for errors. */
  readonly provider: string;
  /** The credential in every form in which it may show up in a text. */
  readonly secrets: readonly string[];
}

/** Requests under way at once. */
const CONCURRENCY = 4;
/** From this many runs of one job on, its list is read instead of each run. */
const LIST_FROM = 4;
/** Pages of a job's list worth reading before the rest is read one by one. */
const OBSERVE_PAGES = 2;
const LOOKUP_PAGES = 50;
/** A run's first observation may be later than its creation, by the vendor's clock. */
const OBSERVE_SLACK_MS = 3_600_000;

/** Failures that the next request to the same vendor would meet too. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.ProviderAuthFailed,
  ErrorCode.ProviderRateLimited,
  ErrorCode.ProviderTimeout,
  ErrorCode.ProviderUnavailable,
]);

/** What the vendor says of these runs. Throws only when not one of them could be read. */
export async function observeRuns(
  tools: RunTools,
  refs: readonly RunRef[],
  options: ObserveOptions,
): Promise<ObserveResult> {
  const limit = pLimit(CONCURRENCY);
  const shared = [...groupsOf(refs)].filter(([, group]) => group.length >= LIST_FROM);
  const listings = new Map(
    await Promise.all(
      shared.map(
        async ([jobId, group]) => [jobId, await limit(() => readListed(tools, jobId, group, options))] as const,
      ),
    ),
  );
  const readings = await Promise.all(
    refs.map((ref) => limit(() => readRun(tools, ref, listings.get(ref.definitionRemoteId ?? ""), options))),
  );
  const failures = readings.filter((reading) => reading instanceof ProviderError);
  const failure = failures[0];
  if (failure !== undefined && (failures.length === refs.length || options.signal?.aborted === true)) throw failure;
  return {
    observations: readings.filter((reading) => "facts" in reading),
    missing: readings.filter((reading) => "reason" in reading),
  };
}

/**
 * Runs of a start's job and account since it was sent, newest first. Whatever makes the answer doubtful throws: "none" would permit to start
 * again.
 *
 * @param target of this gateway's starts
 */
export async function findStartedRuns(
  tools: RunTools,
  { request, sentAt, target }: { readonly request: StartRequest; readonly sentAt: Date; readonly target: TrutoTarget },
  options: CallOptions,
): Promise<readonly FoundRun[]> {
  const jobId = request.definition.remoteId;
  const accountId = request.linkedAccount?.remoteId ?? request.options.linkedAccountRemoteId;
  const found: { readonly run: TrutoRun; readonly createdAt: Date }[] = [];
  const filter = { sync_job_id: jobId, integrated_account_id: accountId };
  for await (const page of tools.api.runs(filter, LOOKUP_PAGES, options.signal)) {
    if (page.unreadable !== null) throw page.unreadable;
    const { earliest } = tools.theirTimes(sentAt);
    for (const run of page.runs) {
      if ((run.sync_job_id ?? jobId) !== jobId || (run.integrated_account_id ?? accountId) !== accountId) continue;
      const createdAt = timeOf(run.created_at);
      if (createdAt === null) throw timeless(tools.provider, run);
      if (lastMomentOf(createdAt) >= earliest) found.push({ run, createdAt });
    }
    if (isPast(page.runs, earliest)) break;
  }
  const newestFirst = found.toSorted((left, right) => right.createdAt.getTime() - left.createdAt.getTime());
  return newestFirst.map(({ run }) => {
    const alike = asAsked(run, request, target);
    const seen = observed(tools, run, ObservationSource.Trigger);
    return alike === undefined ? seen : { ...seen, asAsked: alike };
  });
}

/** Without its time a run can neither be told from the started one nor be taken for it. */
function timeless(provider: string, run: TrutoRun): ProviderError {
  const got = typeof run.created_at === "string" ? "other text" : typeName(run.created_at);
  const source = { provider, request: "GET /sync-job-run", httpStatus: 200 };
  return badResponse(source, { field: "created_at", expected: "a time", got });
}

type Reading = Observation | MissingRun | ProviderError;

interface Listed {
  readonly runs: ReadonlyMap<string, TrutoRun>;
  /** Set when reading the others one by one would fail the same way. */
  readonly failure: ProviderError | null;
}

function groupsOf(refs: readonly RunRef[]): ReadonlyMap<string, readonly RunRef[]> {
  const groups = new Map<string, RunRef[]>();
  for (const ref of refs) {
    const jobId = ref.definitionRemoteId;
    if (jobId !== null) groups.set(jobId, [...(groups.get(jobId) ?? []), ref]);
  }
  return groups;
}

async function readListed(
  tools: RunTools,
  jobId: string,
  group: readonly RunRef[],
  options: ObserveOptions,
): Promise<Listed> {
  const wanted = new Set(group.map((ref) => ref.remoteId));
  const first = Math.min(...group.map((ref) => ref.createdAt.getTime()));
  const filter = { sync_job_id: jobId, "created_at[gt]": new Date(first - OBSERVE_SLACK_MS).toISOString() };
  const runs = new Map<string, TrutoRun>();
  try {
    for await (const page of tools.api.runs(filter, OBSERVE_PAGES, options.signal)) {
      for (const run of page.runs) if (wanted.has(run.id)) runs.set(run.id, run);
      if (runs.size === wanted.size) break;
    }
    return { runs, failure: null };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return { runs, failure: HOPELESS.has(error.code) ? error : null };
  }
}

async function readRun(
  tools: RunTools,
  ref: RunRef,
  listed: Listed | undefined,
  options: ObserveOptions,
): Promise<Reading> {
  try {
    const known = listed?.runs.get(ref.remoteId);
    if (known === undefined && listed !== undefined && listed.failure !== null) return listed.failure;
    const run = known ?? (await tools.api.run(ref.remoteId, options.signal));
    const observation = observed(tools, run, ObservationSource.Poll, ref);
    if (!options.tasks || observation.status !== SyncStatus.Failed || observation.outcome !== null) return observation;
    const error = await readFailure(tools, run, options);
    return { ...observation, facts: { ...observation.facts, error } };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return isNotFound(error) ? { remoteId: ref.remoteId, reason: MissingReason.NotFound } : error;
  }
}

/** Of a run with more of them no reason is told: it could repeat any. */
const MOST_ARGUMENTS = 1_000;

/** A run has no error of its own; its log has. Without it the run is as failed as before, only unexplained. */
async function readFailure(tools: RunTools, run: TrutoRun, options: ObserveOptions): Promise<SyncError> {
  try {
    const entries = await tools.api.runLog(run.id, options.signal);
    const texts = argumentTexts(run.args);
    // Each costs a search through every text that is told.
    if (texts.length > MOST_ARGUMENTS) return failureOf([], freeTextRedactor([]));
    return failureOf(entries, freeTextRedactor([...tools.secrets, ...texts]));
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return failureOf([], freeTextRedactor([]));
  }
}

export function observed(tools: RunTools, run: TrutoRun, source: ObservationSource, ref?: RunRef): Observation {
  return observationOf(run, {
    source,
    observedAt: tools.clock.now(),
    definitionRemoteId: ref?.definitionRemoteId ?? null,
    linkedAccountRemoteId: ref?.linkedAccountRemoteId ?? null,
  });
}

/** Whether a page shows that the list is newest first and has gone past that time; the order is not documented. */
export function isPast(runs: readonly TrutoRun[], earliest: Date): boolean {
  const times = runs.map((run) => timeOf(run.created_at)?.getTime() ?? Number.NaN);
  const [newest = Number.NaN] = times;
  const oldest = times.at(-1) ?? Number.NaN;
  const descends = times.every((time, index) => index === 0 || time <= (times[index - 1] ?? Number.NaN));
  return descends && newest > oldest && oldest < earliest.getTime();
}
