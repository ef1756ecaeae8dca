// How long the runs of each definition usually take, learned from the runs that end while this process lives.
import { SyncStatus } from "../domain/status.ts";
import type { Sync } from "../domain/sync.ts";

export interface DurationBook {
  learn(sync: Sync): void;
  /** Milliseconds; null when no run of the definition has ended well yet. */
  usualMs(definitionId: string | null): number | null;
}

/** Weight of the newest run: the last four or so decide. */
const NEWEST = 0.3;
const MOST_DEFINITIONS = 50_000;

export function createDurationBook(): DurationBook {
  const byDefinition = new Map<string, number>();
  return {
    learn(sync) {
      if (sync.definitionId === null || sync.status !== SyncStatus.Success) return;
      if (sync.startedAt === null || sync.finishedAt === null) return;
      const durationMs = Math.max(0, sync.finishedAt.getTime() - sync.startedAt.getTime());
      const known = byDefinition.get(sync.definitionId);
      // Deleting first keeps the map in order of use, so that the definition that ran longest ago goes when it is full.
      byDefinition.delete(sync.definitionId);
      byDefinition.set(sync.definitionId, known === undefined ? durationMs : known + NEWEST * (durationMs - known));
      const oldest = byDefinition.keys().next();
      if (byDefinition.size > MOST_DEFINITIONS && oldest.done !== true) byDefinition.delete(oldest.value);
    },
    usualMs: (definitionId) => (definitionId === null ? null : (byDefinition.get(definitionId) ?? null)),
  };
}
