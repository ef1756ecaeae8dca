// When a model sync runs next by itself, which the vendor tells on a page of its own.
import { ScheduleFrequency } from "../../domain/definition.ts";
import type { ModelSyncSnapshot } from "../../domain/definition.ts";
import type { PolytomicApi } from "./api.ts";

/** The sync with the time of its next run, asked for only where there may be one. Failing to read it fails nothing else. */
export async function withNextRun(
  api: Pick<PolytomicApi, "getNextRunAt">,
  sync: ModelSyncSnapshot,
  signal?: AbortSignal,
): Promise<ModelSyncSnapshot> {
  const runsByItself = sync.schedules.some((schedule) => schedule.frequency !== ScheduleFrequency.Manual);
  if (sync.active === false || !runsByItself) return sync;
  try {
    return { ...sync, nextRunAt: await api.getNextRunAt(sync.remoteId, signal) };
  } catch (cause) {
    // The definition is whole without it. Only a caller that went away ends the call.
    if (signal?.aborted) throw cause;
    return sync;
  }
}
