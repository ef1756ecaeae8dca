// One tenant's runs that somebody watches, read together: one statement for all of them, however many watch.
import type { Clock } from "../domain/clock.ts";
import type { EventBus } from "../domain/runtime-ports.ts";
import type { Store } from "../domain/store-port.ts";
import type { Sync } from "../domain/sync.ts";
import { shareReads } from "./shared-read.ts";

export interface WatchedRuns {
  /** Begins to watch a run. @returns the call that ends it */
  watch(syncId: string): () => void;
  /** Reads every watched run. */
  catchUp(): Promise<void>;
  /** A watched run as last read; null when there is none. */
  runOf(syncId: string): Sync | null;
  /** Resolves when a watched run has another version than that or is gone, or when the signal aborts. */
  changedSince(syncId: string, version: number, signal: AbortSignal): Promise<void>;
  /** How many are watched. */
  size(): number;
  close(): void;
}

interface WatchedRun {
  watchers: number;
  sync: Sync | null;
  readonly waiting: Set<() => void>;
}

/** The bell may be lost: the runs are looked at this often without it. */
const SWEEP_MS = 1_000;

export function watchRuns(
  { store, bus, clock }: { readonly store: Store; readonly bus: EventBus; readonly clock: Clock },
  tenantId: string,
): WatchedRuns {
  const closed = new AbortController();
  const runs = new Map<string, WatchedRun>();

  const catchUp = shareReads(async (): Promise<void> => {
    const ids = [...runs.keys()];
    const found = new Map((await store.ledger.syncsByIds(tenantId, ids)).map((sync) => [sync.id, sync]));
    for (const id of ids) {
      const run = runs.get(id);
      if (run === undefined) continue;
      run.sync = found.get(id) ?? null;
      for (const wake of run.waiting) wake();
    }
  });

  /** A database that does not answer now is asked again with the next bell or sweep; watchers just wait. */
  const look = (): void => void catchUp().catch(() => undefined);
  // Whatever the news is: a change of status is a change of its run too.
  const unlisten = bus.listen(tenantId, look);
  void (async () => {
    while (!closed.signal.aborted) {
      await clock.sleep(SWEEP_MS, closed.signal).catch(() => undefined);
      if (!closed.signal.aborted) look();
    }
  })();

  return {
    watch(syncId) {
      const run = runs.get(syncId) ?? { watchers: 0, sync: null, waiting: new Set() };
      runs.set(syncId, run);
      run.watchers += 1;
      return () => {
        run.watchers -= 1;
        if (run.watchers === 0) runs.delete(syncId);
      };
    },
    catchUp,
    runOf: (syncId) => runs.get(syncId)?.sync ?? null,
    changedSince(syncId, version, signal) {
      return new Promise((resolve) => {
        const waiting = runs.get(syncId)?.waiting ?? new Set();
        const done = () => {
          if (runs.get(syncId)?.sync?.version === version && !signal.aborted) return;
          waiting.delete(done);
          signal.removeEventListener("abort", done);
          resolve();
        };
        waiting.add(done);
        signal.addEventListener("abort", done);
        done();
      });
    },
    size: () => runs.size,
    close() {
      closed.abort();
      unlisten();
    },
  };
}
