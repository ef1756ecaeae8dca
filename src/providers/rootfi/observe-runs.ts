// Reads what RootFi says of runs, in as few calls as it allows. What the answers mean is said in `map.ts`.
import type { Clock } from "../../domain/clock.ts";
import { ProviderError } from "../../domain/errors.ts";
import { MissingReason } from "../../domain/provider-port.ts";
import type { MissingRun, ObserveOptions, ObserveResult, RunRef } from "../../domain/provider-port.ts";
import { ObservationSource, SyncStatus } from "../../domain/status.ts";
import type { Observation } from "../../domain/sync.ts";
import { isNotFound } from "../../wire/provider-failure.ts";
import type { Redactor } from "../../wire/redact.ts";
import type { RootfiApi, Signal } from "./api.ts";
import { observationOf, syncStatusOf } from "./map.ts";
import { definitionPartsOf } from "./map-catalog.ts";
import type { WaitWatch } from "./watch-waits.ts";
import type { RootfiJob, RootfiSync } from "./wire-types.ts";

/** From this many runs of one company on, the list is cheaper than single reads. */
const LIST_FROM = 2;
/** A run may be this much older than its reference says: clocks differ, and a page too many costs little. */
const CLOCK_SLACK_MS = 3_600_000;

/** Reads runs, many of one company by its list. Throws only when nothing at all could be read. */
export async function observeRuns(
  tools: { readonly api: RootfiApi; readonly clock: Clock; readonly redact: Redactor; readonly waits: WaitWatch },
  refs: readonly RunRef[],
  options: ObserveOptions,
): Promise<ObserveResult> {
  const { api } = tools;
  const companyIds = [...new Set(refs.map(companyOf))];
  const readings = await Promise.all(
    companyIds.map((companyId) =>
      readGroup(
        companyId,
        refs.filter((ref) => companyOf(ref) === companyId),
      ),
    ),
  );
  const { observations, missing, failures } = readings.reduce(joined, NOTHING);
  if (failures.length > 0 && observations.length === 0 && missing.length === 0) throw failures[0];
  return { observations, missing };

  async function readGroup(companyId: string | null, group: readonly RunRef[]): Promise<Reading> {
    let bySyncId: ReadonlyMap<string, RootfiSync> = new Map();
    if (companyId !== null && (api.sync === undefined || group.length >= LIST_FROM)) {
      try {
        bySyncId = await listedRuns(api, companyId, group, options.signal);
      } catch (error) {
        // The company may be gone while single runs can still be asked for.
        if (!isNotFound(error)) return { ...NOTHING, failures: [error] };
      }
    }
    const readings = await Promise.all(group.map((ref) => readRun(ref, companyId, bySyncId.get(ref.remoteId))));
    const reading = readings.reduce(joined, NOTHING);
    if (companyId === null) return reading;
    return { ...reading, observations: await tools.waits.told(companyId, reading.observations, options) };
  }

  /** A run that is not on the first page of the list may just be old: where it can be, it is asked for alone before it counts as missing. */
  async function readRun(ref: RunRef, companyId: string | null, listed: RootfiSync | undefined): Promise<Reading> {
    try {
      const sync = listed ?? (await api.sync?.(ref.remoteId, options.signal));
      // Without its company a run of v4 is in no list that can be asked for, which does not mean that there is none.
      if (sync === undefined) return companyId === null ? NOTHING : missed(ref);
      const jobs = options.tasks || isUnclear(sync) ? await readJobs(sync.sync_id) : undefined;
      const known = {
        companyId,
        definitionRemoteId: ref.definitionRemoteId,
        redact: tools.redact,
        ...(jobs && { jobs }),
      };
      const sighting = { ...known, source: ObservationSource.Poll, observedAt: tools.clock.now() };
      return { ...NOTHING, observations: [observationOf(sync, sighting)] };
    } catch (error) {
      return isNotFound(error) ? missed(ref) : { ...NOTHING, failures: [error] };
    }
  }

  /** Where runs can be cancelled, only the jobs of a failed one tell whether it was. They are read for its end in any case. */
  function isUnclear({ status }: RootfiSync): boolean {
    return api.cancelSync !== undefined && syncStatusOf(status) === SyncStatus.Failed;
  }

  /** A run's status is not held back because its jobs cannot be read. */
  async function readJobs(syncId: string): Promise<readonly RootfiJob[] | undefined> {
    try {
      return await api.jobs(syncId, options.signal);
    } catch (error) {
      if (error instanceof ProviderError) return undefined;
      throw error;
    }
  }
}

/**
 * A company's syncs by id. Where a sync can be asked for alone that is cheaper than a second page; else the list is read until every run is
 * found, or the pages, which then come newest first, are older than all of them.
 */
async function listedRuns(
  api: RootfiApi,
  companyId: string,
  group: readonly RunRef[],
  signal: Signal,
): Promise<ReadonlyMap<string, RootfiSync>> {
  const earliestMs = Math.min(...group.map(({ createdAt }) => createdAt.getTime())) - CLOCK_SLACK_MS;
  const found = new Map<string, RootfiSync>();
  for await (const syncs of api.syncs(companyId, signal)) {
    for (const sync of syncs) found.set(sync.sync_id, sync);
    const oldestMs = syncs.at(-1)?.rootfi_created_at?.getTime() ?? Number.POSITIVE_INFINITY;
    if (api.sync !== undefined || oldestMs < earliestMs || group.every(({ remoteId }) => found.has(remoteId))) break;
  }
  return found;
}

interface Reading {
  readonly observations: readonly Observation[];
  readonly missing: readonly MissingRun[];
  readonly failures: readonly unknown[];
}

const NOTHING: Reading = { observations: [], missing: [], failures: [] };

const missed = ({ remoteId }: RunRef): Reading => ({
  ...NOTHING,
  missing: [{ remoteId, reason: MissingReason.NotFound }],
});

const joined = (one: Reading, other: Reading): Reading => ({
  observations: [...one.observations, ...other.observations],
  missing: [...one.missing, ...other.missing],
  failures: [...one.failures, ...other.failures],
});

const companyOf = (ref: RunRef): string | null =>
  ref.linkedAccountRemoteId ?? definitionPartsOf(ref.definitionRemoteId ?? "")?.companyId ?? null;
