// Tells of running syncs whose connection sleeps that they wait, and of those whose connection is awake that they do not. A sync's own
// answer says nothing of it; the company's does.
import type { Clock } from "../../domain/clock.ts";
import { ProviderError } from "../../domain/errors.ts";
import type { ObserveOptions } from "../../domain/provider-port.ts";
import { SyncStatus } from "../../domain/status.ts";
import type { Observation } from "../../domain/sync.ts";
import type { RootfiApi, Signal } from "./api.ts";
import { isSleeping, resumesAtOf } from "./map-catalog.ts";
import { waitOf } from "./map.ts";
import type { RootfiCompany } from "./wire-types.ts";

export interface WaitWatch {
  /**
   * The observations with what the company's connections say. Costs one call where tasks are wanted too, or where the company slept when
   * last seen and should be awake by now; none otherwise. Without an answer the observations stay as they are.
   */
  told(
    companyId: string,
    observations: readonly Observation[],
    options: ObserveOptions,
  ): Promise<readonly Observation[]>;
}

export function watchWaits(api: RootfiApi, clock: Clock): WaitWatch {
  /** Companies that slept when last seen, and until when. Only saves waiting: a restart forgets it and the next read of tasks tells. */
  const asleep = new Map<string, Date | null>();

  const isAwakening = (companyId: string): boolean =>
    asleep.has(companyId) && (asleep.get(companyId) ?? clock.now()) <= clock.now();

  async function told(
    companyId: string,
    observations: readonly Observation[],
    { tasks, signal }: ObserveOptions,
  ): Promise<readonly Observation[]> {
    const anyRuns = observations.some(({ status }) => status === SyncStatus.Running);
    if (!anyRuns || !(tasks || isAwakening(companyId))) return observations;
    const connections = (await companyIfReadable(companyId, signal))?.connections ?? null;
    if (connections === null) return observations;
    if (connections.some(isSleeping)) asleep.set(companyId, resumesAtOf(connections));
    else asleep.delete(companyId);
    return observations.map((observation) => {
      const wait = waitOf(observation, connections);
      return wait === null ? observation : { ...observation, facts: { ...observation.facts, ...wait } };
    });
  }

  /** Why a run waits is not worth losing what was read of it. */
  async function companyIfReadable(companyId: string, signal: Signal): Promise<RootfiCompany | null> {
    try {
      return await api.company(companyId, signal);
    } catch (error) {
      if (error instanceof ProviderError) return null;
      throw error;
    }
  }

  return { told };
}
