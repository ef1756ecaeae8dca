// Reads the schedules of sync jobs, which are objects of their own at Truto: cron triggers.
import type { Schedule } from "../../domain/definition.ts";
import { ProviderError } from "../../domain/errors.ts";
import type { TrutoApi } from "./api.ts";
import { scheduleOf } from "./map-catalog.ts";
import type { TrutoCronTrigger } from "./wire-types.ts";

/** Gives what each job's schedules are. @param jobId the only job that matters; null when all do */
export type ScheduleReader = (
  jobId: string | null,
  signal: AbortSignal | undefined,
) => Promise<(jobId: string) => readonly Schedule[]>;

/**
 * Reads the cron triggers of all jobs, or of one. Jobs are worth more than their schedules: when the triggers cannot be read, the
 * jobs keep those that were read last.
 */
export function scheduleReader(api: TrutoApi): ScheduleReader {
  let known: ReadonlyMap<string, readonly TrutoCronTrigger[]> = new Map();
  return async (jobId, signal) => {
    try {
      const read = byJob(await api.cronTriggers(jobId, signal));
      known = jobId === null ? read : new Map([...known, [jobId, read.get(jobId) ?? []]]);
    } catch (error) {
      if (!(error instanceof ProviderError) || signal?.aborted === true) throw error;
    }
    const current = known;
    return (id) => (current.get(id) ?? []).map(scheduleOf);
  };
}

/** The schedules of one job as they stand; null when they cannot be read, which takes nothing back of a change just made. */
export async function schedulesNow(
  api: TrutoApi,
  jobId: string,
  signal: AbortSignal | undefined,
): Promise<readonly Schedule[] | null> {
  try {
    const triggers = await api.cronTriggers(jobId, signal);
    return triggers.filter((trigger) => trigger.sync_job_id === jobId).map(scheduleOf);
  } catch (error) {
    if (error instanceof ProviderError) return null;
    throw error;
  }
}

function byJob(triggers: readonly TrutoCronTrigger[]): ReadonlyMap<string, readonly TrutoCronTrigger[]> {
  const groups = new Map<string, TrutoCronTrigger[]>();
  for (const trigger of triggers) {
    const group = groups.get(trigger.sync_job_id);
    if (group === undefined) groups.set(trigger.sync_job_id, [trigger]);
    else group.push(trigger);
  }
  return groups;
}
