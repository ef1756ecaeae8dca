// Lets old history go: a round soon after the start, then one every hour, in batches short enough for nobody to wait for them.
import { PruneStep } from "../domain/retention-port.ts";
import type { Horizon, Pruned } from "../domain/retention-port.ts";
import { reasonOf } from "../domain/reason.ts";
import type { TrackingTools } from "./tools.ts";

export interface Retention {
  /** Begins with the rounds; does nothing where everything is kept. */
  start(): void;
  /** Removes what a tenant keeps no longer, all of it. Stops where another gateway does the same. Rejects when the store fails. */
  prune(tenantId: string): Promise<void>;
  /** Stops after the batch that is under way. */
  close(): Promise<void>;
}

/** Longer than a start takes, and spread: gateways that are started together take turns. */
const FIRST_AFTER_MS = 5_000;
const EVERY_MS = 3_600_000;
/** Rows of one transaction: a writer that comes meanwhile waits for one of these at the most. */
const BATCH = 200;
/** Between two batches, for those who wait to write and for SQLite's log. */
const PAUSE_MS = 25;
/** More than gateways' clocks differ: history stays a little longer than what refers to it. */
const CLOCKS_DIFFER_MS = 3_600_000;
/** Each step makes room for the next. */
const ROUND: readonly PruneStep[] = [PruneStep.History, PruneStep.Runs, PruneStep.Triggers, PruneStep.Catalog];

/** @param retentionMs how long history is kept */
export function horizonAt(now: Date, retentionMs: number): Horizon {
  const triggersBefore = new Date(now.getTime() - retentionMs);
  return { triggersBefore, historyBefore: new Date(triggersBefore.getTime() - CLOCKS_DIFFER_MS) };
}

export function createRetention(tools: TrackingTools): Retention {
  const { store, clock, directory, log, random, retentionMs } = tools;
  const closing = new AbortController();
  const { signal } = closing;
  let rounds: Promise<void> = Promise.resolve();

  async function prune(tenantId: string): Promise<void> {
    if (retentionMs === null) return;
    const horizon = horizonAt(clock.now(), retentionMs);
    const removed: Pruned[] = [];
    try {
      for (const step of ROUND) if (!(await takeStep(tenantId, step, horizon, removed))) return;
    } finally {
      const total = totalOf(removed);
      if (sizeOf(total) > 0)
        log.info({ tenantId, ...total, ...horizon }, "history that is older than what is kept was removed");
    }
  }

  /** @returns false when the round is over before its end */
  async function takeStep(tenantId: string, step: PruneStep, horizon: Horizon, removed: Pruned[]): Promise<boolean> {
    while (!signal.aborted) {
      const batch = await store.retention.prune(tenantId, step, horizon, BATCH);
      if (batch === null) return false;
      if (sizeOf(batch) === 0) return true;
      removed.push(batch);
      await clock.sleep(PAUSE_MS, signal).catch(() => undefined);
    }
    return false;
  }

  async function goRound(): Promise<void> {
    for (const tenantId of directory.tenantIds()) {
      try {
        await prune(tenantId);
      } catch (error) {
        const what = reasonOf(error);
        log.warn({ tenantId, error: what }, "old history could not be removed; tried again in an hour");
      }
    }
  }

  async function goOn(): Promise<void> {
    await clock.sleep(FIRST_AFTER_MS * (0.5 + random()), signal);
    for (;;) {
      await goRound();
      await clock.sleep(EVERY_MS * (0.9 + 0.2 * random()), signal);
    }
  }

  return {
    prune,
    start() {
      // A sleep that is cut off ends the rounds.
      if (retentionMs !== null) rounds = goOn().catch(() => undefined);
    },
    async close() {
      closing.abort();
      await rounds;
    },
  };
}

const NOTHING: Pruned = { transitions: 0, runs: 0, triggers: 0, definitions: 0, linkedAccounts: 0 };

const totalOf = (batches: readonly Pruned[]): Pruned =>
  batches.reduce(
    (sum, one) => ({
      transitions: sum.transitions + one.transitions,
      runs: sum.runs + one.runs,
      triggers: sum.triggers + one.triggers,
      definitions: sum.definitions + one.definitions,
      linkedAccounts: sum.linkedAccounts + one.linkedAccounts,
    }),
    NOTHING,
  );

const sizeOf = ({ transitions, runs, triggers, definitions, linkedAccounts }: Pruned): number =>
  transitions + runs + triggers + definitions + linkedAccounts;
