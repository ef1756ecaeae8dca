// Keeps polling within a share of each provider's quota, so that starts and reads find room however many runs are open.
import type { PollIntervals } from "../domain/provider-port.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";

export interface PollLoad {
  /** Notes what a round of polling took. */
  note(
    configured: ConfiguredProvider,
    round: { readonly openRuns: number; readonly runs: number; readonly calls: number },
  ): void;
  /** The provider's intervals, stretched as far as its quota asks for. */
  intervalsOf(configured: ConfiguredProvider): PollIntervals;
}

/** Of the quota; the rest is for starts, discovery, catalogs and live reads. */
const SHARE = 0.5;
/** Weight of the newest round: calls for a run change as runs are seen one by one or together. */
const NEWEST = 0.3;

export function createPollLoad(): PollLoad {
  const loads = new Map<ConfiguredProvider, { readonly openRuns: number; readonly callsPerRun: number }>();
  return {
    note(configured, { openRuns, runs, calls }) {
      const measured = runs === 0 ? 1 : calls / runs;
      const known = loads.get(configured)?.callsPerRun ?? measured;
      loads.set(configured, { openRuns, callsPerRun: known + NEWEST * (measured - known) });
    },
    intervalsOf(configured) {
      const load = loads.get(configured);
      const { poll, rateLimit } = configured;
      if (load === undefined) return poll;
      const roundMs = (load.openRuns * load.callsPerRun * rateLimit.perMs) / (rateLimit.requests * SHARE);
      const fastMs = Math.max(poll.fastMs, Math.round(roundMs));
      return { ...poll, fastMs, slowMs: Math.max(poll.slowMs, fastMs) };
    },
  };
}
