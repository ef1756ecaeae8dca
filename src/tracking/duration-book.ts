// How long runs of one definition and the same models usually take, learned from the runs that end while this process lives.
import { alikeKey } from "../domain/statistics.ts";
import { SyncStatus } from "../domain/status.ts";
import type { Sync } from "../domain/sync.ts";

export interface DurationBook {
  learn(sync: Sync): void;
  /** Milliseconds; null when no run like this one has ended well yet. */
  usualMs(run: Pick<Sync, "definitionId" | "models">): number | null;
}

/** Weight of the newest run: the last four or so decide. */
const NEWEST = 0.3;
const MOST_KINDS = 50_000;

export function createDurationBook(): DurationBook {
  const known = new Map<string, number>();
  return {
    learn(sync) {
      const key = keyOf(sync);
      if (key === null || sync.status !== SyncStatus.Success) return;
      if (sync.startedAt === null || sync.finishedAt === null) return;
      const durationMs = Math.max(0, sync.finishedAt.getTime() - sync.startedAt.getTime());
      const usualMs = known.get(key);
      // Deleting first keeps the map in order of use, so that what ran longest ago goes when it is full.
      known.delete(key);
      known.set(key, usualMs === undefined ? durationMs : usualMs + NEWEST * (durationMs - usualMs));
      const oldest = known.keys().next();
      if (known.size > MOST_KINDS && oldest.done !== true) known.delete(oldest.value);
    },
    usualMs: (run) => known.get(keyOf(run) ?? "") ?? null,
  };
}

const keyOf = ({ definitionId, models }: Pick<Sync, "definitionId" | "models">): string | null =>
  definitionId === null ? null : alikeKey({ definitionId, models });
