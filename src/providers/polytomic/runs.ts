// Reads runs: those that are asked for, and those that somebody else started. One failure never hides what the other calls told.
import type { LimitFunction } from "p-limit";
import type { Clock } from "../../domain/clock.ts";
import type { DefinitionSnapshot } from "../../domain/definition.ts";
import { ErrorCode } from "../../domain/errors.ts";
import { MissingReason } from "../../domain/provider-port.ts";
import type { DiscoverOptions, ObserveResult, RunRef, VendorTime } from "../../domain/provider-port.ts";
import { ObservationSource } from "../../domain/status.ts";
import type { Observation } from "../../domain/sync.ts";
import { inParts, listsOf, walkOf } from "../../wire/pages.ts";
import type { PartialWalk } from "../../wire/pages.ts";
import { isNotFound, providerFailure } from "../../wire/provider-failure.ts";
import type { Redactor } from "../../wire/redact.ts";
import type { PolytomicApi } from "./api.ts";
import { hasEnded, observationOf } from "./map-execution.ts";
import type { WireExecution } from "./wire-types.ts";

export interface RunReader {
  /** Key of the configured provider, for errors. */
  readonly provider: string;
  readonly api: PolytomicApi;
  /** Bounds the calls under way. Only single calls go through it: a task that waits for another one inside would block itself. */
  readonly limit: LimitFunction;
  readonly clock: Clock;
  /** A time of ours by the vendor's clock, as far as its answers have told of it. */
  readonly theirTime: (ours: Date) => Date;
  /** Between which times the vendor's clock stood then. */
  readonly theirTimes: (ours: Date) => VendorTime;
  /** For the vendor's free texts. */
  readonly redact: Redactor;
}

/**
 * What Polytomic says of these runs now. Several open runs of one sync are read with one list call; runs that it does not show on
 * its first page, and all others, with one call each.
 *
 * @throws ProviderError the first failure, when nothing at all could be read
 */
export async function observeRuns(
  reader: RunReader,
  refs: readonly RunRef[],
  signal?: AbortSignal,
): Promise<ObserveResult> {
  const work: Observing = { reader, signal, observations: [], missing: [], failures: [] };
  const bySync = new Map<string, RunRef[]>();
  await Promise.all(
    refs.map(async (ref) => {
      const syncId = await attempt(work, () => syncIdOf(reader, ref, signal));
      if (syncId === null) work.missing.push(ref.remoteId);
      if (syncId) bySync.set(syncId, [...(bySync.get(syncId) ?? []), ref]);
    }),
  );
  await Promise.all([...bySync].map(([syncId, runs]) => observeSync(work, syncId, runs)));
  const { observations, missing, failures } = work;
  if (failures.length > 0 && observations.length === 0 && missing.length === 0) throw failures[0];
  return { observations, missing: missing.map((remoteId) => ({ remoteId, reason: MissingReason.NotFound })) };
}

/**
 * Runs of these definitions that began, ended or go on since then, a page for each definition that has any.
 *
 * @throws ProviderError the first failure, after everything that could be read was yielded
 */
export async function* discoverRuns(
  reader: RunReader,
  definitions: readonly DefinitionSnapshot[],
  since: Date,
  options: DiscoverOptions = {},
): AsyncGenerator<readonly Observation[], void, undefined> {
  const { signal } = options;
  const failures: unknown[] = [];
  const candidates = candidatesOf(definitions, reader.theirTime(since), options);
  // As many at a time as calls are allowed: a consumer that stops early leaves no long queue of calls behind.
  for (let start = 0; start < candidates.length; start += reader.limit.concurrency) {
    const batch = candidates.slice(start, start + reader.limit.concurrency);
    const results = await Promise.all(batch.map((candidate) => readRuns(reader, candidate, since, signal)));
    for (const { found, failure } of results) {
      if (found.length > 0) yield* inParts(found);
      // A sync deleted since the catalog was read has no runs to find.
      if (failure !== null && !isNotFound(failure.cause)) failures.push(failure.cause);
    }
    if (signal?.aborted && failures.length > 0) break;
  }
  if (failures.length > 0) throw failures[0];
}

/** Runs of one definition that began, ended or go on since then, latest start first. */
export async function runsSince(
  reader: RunReader,
  definition: DefinitionSnapshot,
  since: Date,
  signal?: AbortSignal,
): Promise<readonly Observation[]> {
  const { found, failure } = await readRuns(reader, { definition, walk: {} }, since, signal);
  if (failure !== null) throw failure.cause;
  return found;
}

interface RunsRead {
  readonly found: readonly Observation[];
  /** What ended the reading before the list did. */
  readonly failure: { readonly cause: unknown } | null;
}

/** The same, and what could be read before a page that failed. */
async function readRuns(
  reader: RunReader,
  { definition, walk }: Candidate,
  since: Date,
  signal?: AbortSignal,
): Promise<RunsRead> {
  const place = {
    definitionRemoteId: definition.remoteId,
    linkedAccountRemoteId: definition.linkedAccountRemoteId,
    source: ObservationSource.Discovery,
    redact: reader.redact,
  };
  const found: Observation[] = [];
  try {
    for await (const page of reader.api.listExecutions(definition.remoteId, signal, walk)) {
      const theirSince = reader.theirTime(since);
      const context = { ...place, observedAt: reader.clock.now() };
      const recent = page.filter((execution) => !hasEnded(execution) || isRecent(execution, theirSince));
      found.push(...recent.map((execution) => observationOf(execution, context)));
      // The list goes back in time: what comes after an old run began even earlier. If it goes on still, polling knows it already.
      const oldest = page.at(-1);
      if (oldest === undefined || !isRecent(oldest, theirSince)) break;
    }
  } catch (cause) {
    return { found, failure: { cause } };
  }
  return { found, failure: null };
}

/**
 * The sync a run belongs to: the vendor's paths need it and its executions do not name it.
 *
 * @throws ProviderError `PROVIDER_NOT_FOUND` when the id is not one of a model sync's execution
 */
export async function syncIdOf(
  reader: Pick<RunReader, "api" | "provider">,
  ref: RunRef,
  signal?: AbortSignal,
): Promise<string> {
  if (ref.definitionRemoteId !== null) return ref.definitionRemoteId;
  const entity = await reader.api.getEntity(ref.remoteId, signal);
  if (entity.syncId !== null) return entity.syncId;
  const what = entity.type.slice(0, 40);
  throw providerFailure(`resolve id: expected an execution of a model sync, got an object of type "${what}"`, {
    code: ErrorCode.ProviderNotFound,
    provider: reader.provider,
    httpStatus: 200,
    sent: true,
  });
}

/** One `observeRuns` under way: what its calls have told so far. */
interface Observing {
  readonly reader: RunReader;
  readonly signal: AbortSignal | undefined;
  readonly observations: Observation[];
  readonly missing: string[];
  readonly failures: unknown[];
}

/** Undefined when the call failed, null when the vendor answered that there is no such object. */
async function attempt<Value>(work: Observing, call: () => Promise<Value>): Promise<Value | null | undefined> {
  try {
    return await work.reader.limit(call);
  } catch (cause) {
    if (isNotFound(cause)) return null;
    work.failures.push(cause);
    return undefined;
  }
}

async function observeSync(work: Observing, syncId: string, runs: readonly RunRef[]): Promise<void> {
  const { reader, signal } = work;
  // One run is cheaper to read alone than with its sync's history.
  const listed = runs.length === 1 ? [] : await attempt(work, () => reader.api.latestExecutions(syncId, signal));
  if (listed === undefined) return;
  if (listed === null) {
    // A sync that is gone took its runs with it.
    work.missing.push(...runs.map(({ remoteId }) => remoteId));
    return;
  }
  const byId = new Map(listed.map((execution) => [execution.id, execution]));
  const unlisted: RunRef[] = [];
  for (const ref of runs) {
    const execution = byId.get(ref.remoteId);
    if (execution === undefined) unlisted.push(ref);
    else work.observations.push(observedFor(reader, ref, syncId, execution));
  }
  await Promise.all(unlisted.map((ref) => observeRun(work, syncId, ref)));
}

async function observeRun(work: Observing, syncId: string, ref: RunRef): Promise<void> {
  const execution = await attempt(work, () => work.reader.api.getExecution(syncId, ref.remoteId, work.signal));
  if (execution === null) work.missing.push(ref.remoteId);
  if (execution) work.observations.push(observedFor(work.reader, ref, syncId, execution));
}

interface Candidate {
  readonly definition: DefinitionSnapshot;
  readonly walk: PartialWalk;
}

/** The definitions whose executions are read, and from where. */
function candidatesOf(
  definitions: readonly DefinitionSnapshot[],
  since: Date,
  options: DiscoverOptions,
): readonly Candidate[] {
  const byId = new Map(definitions.map((definition) => [definition.remoteId, definition]));
  const running = definitions.filter((definition) => mayHaveRun(definition, since)).map(({ remoteId }) => remoteId);
  return listsOf(running, options).flatMap(({ list, from }) => {
    const definition = byId.get(list);
    return definition === undefined ? [] : [{ definition, walk: walkOf(list, from, options) }];
  });
}

/** Inactive syncs do not start runs; one that was switched off a moment ago may have. */
function mayHaveRun(definition: DefinitionSnapshot, since: Date): boolean {
  return definition.active !== false || (definition.updatedAt !== null && definition.updatedAt >= since);
}

function isRecent(execution: WireExecution, since: Date): boolean {
  return [execution.created_at, execution.started_at, execution.completed_at].some(
    (time) => time !== null && time >= since,
  );
}

function observedFor(reader: RunReader, ref: RunRef, syncId: string, execution: WireExecution): Observation {
  return observationOf(execution, {
    definitionRemoteId: syncId,
    linkedAccountRemoteId: ref.linkedAccountRemoteId,
    source: ObservationSource.Poll,
    observedAt: reader.clock.now(),
    redact: reader.redact,
  });
}
