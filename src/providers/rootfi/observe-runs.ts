// Reads what RootFi says of runs, in as few calls as it allows. What the answers mean is said in `map.ts`.
import type { Clock } from "../../domain/clock.ts";
import { ProviderError } from "../../domain/errors.ts";
import { MissingReason } from "../../domain/provider-port.ts";
import type { MissingRun, ObserveOptions, ObserveResult, RunRef } from "../../domain/provider-port.ts";
import { ObservationSource } from "../../domain/status.ts";
import type { Observation } from "../../domain/sync.ts";
import { isNotFound } from "../../wire/provider-failure.ts";
import type { Redactor } from "../../wire/redact.ts";
import type { RootfiApi } from "./api.ts";
import { observationOf } from "./map.ts";
import { definitionPartsOf } from "./map-catalog.ts";
import type { RootfiJob, RootfiSync } from "./wire-types.ts";

/** From this many runs of one company on, the list is cheaper than single reads. */
const LIST_FROM = 2;

/** Reads runs, many of one company by its list. Throws only when nothing at all could be read. */
export async function observeRuns(
  tools: { readonly api: RootfiApi; readonly clock: Clock; readonly redact: Redactor },
  refs: readonly RunRef[],
  options: ObserveOptions,
): Promise<ObserveResult> {
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
    let listed: readonly RootfiSync[] = [];
    if (companyId !== null && group.length >= LIST_FROM) {
      try {
        listed = await tools.api.firstSyncs(companyId, options.signal);
      } catch (error) {
        // The company may be gone while single runs can still be asked for.
        if (!isNotFound(error)) return { ...NOTHING, failures: [error] };
      }
    }
    const bySyncId = new Map(listed.map((sync) => [sync.sync_id, sync]));
    const readings = await Promise.all(group.map((ref) => readRun(ref, companyId, bySyncId.get(ref.remoteId))));
    return readings.reduce(joined, NOTHING);
  }

  /** A run that is not on the first page of the list may just be old: it is asked for alone before it counts as missing. */
  async function readRun(ref: RunRef, companyId: string | null, listed: RootfiSync | undefined): Promise<Reading> {
    try {
      const sync = listed ?? (await tools.api.sync(ref.remoteId, options.signal));
      const jobs = options.tasks ? await readJobs(sync.sync_id) : undefined;
      const known = {
        companyId,
        definitionRemoteId: ref.definitionRemoteId,
        redact: tools.redact,
        ...(jobs && { jobs }),
      };
      const sighting = { ...known, source: ObservationSource.Poll, observedAt: tools.clock.now() };
      return { ...NOTHING, observations: [observationOf(sync, sighting)] };
    } catch (error) {
      if (isNotFound(error))
        return { ...NOTHING, missing: [{ remoteId: ref.remoteId, reason: MissingReason.NotFound }] };
      return { ...NOTHING, failures: [error] };
    }
  }

  /** A run's status is not held back because its jobs cannot be read. */
  async function readJobs(syncId: string): Promise<readonly RootfiJob[] | undefined> {
    try {
      return await tools.api.jobs(syncId, options.signal);
    } catch (error) {
      if (error instanceof ProviderError) return undefined;
      throw error;
    }
  }
}

interface Reading {
  readonly observations: readonly Observation[];
  readonly missing: readonly MissingRun[];
  readonly failures: readonly unknown[];
}

const NOTHING: Reading = { observations: [], missing: [], failures: [] };

const joined = (one: Reading, other: Reading): Reading => ({
  observations: [...one.observations, ...other.observations],
  missing: [...one.missing, ...other.missing],
  failures: [...one.failures, ...other.failures],
});

const companyOf = (ref: RunRef): string | null =>
  ref.linkedAccountRemoteId ?? definitionPartsOf(ref.definitionRemoteId ?? "")?.companyId ?? null;
