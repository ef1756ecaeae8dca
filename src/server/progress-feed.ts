// Runs followed between their transitions: each subscriber is given the newest version of its run, and holds no queue.
import type { Clock } from "../domain/clock.ts";
import { ErrorCode, GatewayError } from "../domain/errors.ts";
import type { ProgressFeed } from "../domain/gateway-port.ts";
import type { EventBus } from "../domain/runtime-ports.ts";
import { isTerminal } from "../domain/status.ts";
import type { Store } from "../domain/store-port.ts";
import type { Sync } from "../domain/sync.ts";
import { createAbortableStreams } from "./abortable-streams.ts";
import { watchRuns } from "./watched-runs.ts";
import type { WatchedRuns } from "./watched-runs.ts";

interface FeedTools {
  readonly store: Store;
  readonly bus: EventBus;
  readonly clock: Clock;
}

export interface ClosableProgressFeed extends ProgressFeed {
  /** Ends every subscription. */
  close(): void;
}

export function createProgressFeed(tools: FeedTools): ClosableProgressFeed {
  const tenants = new Map<string, WatchedRuns>();
  const streams = createAbortableStreams();

  /** Watches the run among the tenant's others; with the last of them the tenant is given up. */
  function hold(tenantId: string, syncId: string): { readonly runs: WatchedRuns; readonly release: () => void } {
    const runs = tenants.get(tenantId) ?? watchRuns(tools, tenantId);
    tenants.set(tenantId, runs);
    const unwatch = runs.watch(syncId);
    const release = () => {
      unwatch();
      if (runs.size() > 0) return;
      runs.close();
      tenants.delete(tenantId);
    };
    return { runs, release };
  }

  async function* versions(
    tenantId: string,
    syncId: string,
    signal: AbortSignal,
  ): AsyncGenerator<Sync, void, undefined> {
    const { runs, release } = hold(tenantId, syncId);
    try {
      // Others may be watching the run already, but what they were given may be older than what this caller knows.
      await runs.catchUp();
      while (!signal.aborted) {
        const sync = runs.runOf(syncId);
        // The same words for what never was, what is another tenant's, and what has been pruned.
        if (sync === null) throw new GatewayError(ErrorCode.NotFound, "There is no Sync with this id.");
        yield sync;
        if (isTerminal(sync.status)) return;
        await runs.changedSince(syncId, sync.version, signal);
      }
    } finally {
      release();
    }
  }

  return {
    follow: (tenantId, syncId) => streams.open((signal) => versions(tenantId, syncId, signal)),
    close: () => streams.close(),
  };
}
