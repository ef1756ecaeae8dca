// Looks at open runs when they are due, as many in one go as the vendor allows.
import { ProviderError } from "../domain/errors.ts";
import { lostObservation } from "../domain/advance.ts";
import { MissingReason, type MissingRun, type ObserveResult, type RunRef } from "../domain/provider-port.ts";
import { ObservationSource, isTerminal } from "../domain/status.ts";
import type { ClaimedRun, PollSettlement } from "../domain/store-port.ts";
import type { Observation, Sync } from "../domain/sync.ts";
import type { PollLoad } from "./poll-load.ts";
import { backOffMs } from "./poll-plan.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { Recorder } from "./recorder.ts";
import type { TrackingTools } from "./tools.ts";

export interface Poller {
  /** Polls every run of the provider that is due and plans the next look. */
  poll(tenantId: string, configured: ConfiguredProvider): Promise<void>;
  /** Reads one run now, tasks included, and records what it says. Throws `ProviderError`. */
  readNow(tenantId: string, configured: ConfiguredProvider, sync: Sync): Promise<Sync>;
}

const RUNS_AT_ONCE = 100;
/** Longer than any poll may take: the wire's deadline times the pages of one answer. */
const LEASE_MS = 120_000;
/** A vendor may need a moment before it finds a run it has just begun. */
const LOST_AFTER_MS = 60_000;
/** Tasks may cost a call per run: they are read with every fifth poll, and at the end. */
const TASKS_EVERY = 5;

interface Parts {
  readonly contact: ProviderContact;
  readonly recorder: Recorder;
  readonly load: PollLoad;
}

export function createPoller(tools: TrackingTools, { contact, recorder, load }: Parts): Poller {
  const { store, clock, queue } = tools;

  async function poll(tenantId: string, configured: ConfiguredProvider): Promise<void> {
    const { key } = configured.info;
    const now = clock.now();
    const lease = { owner: tools.owner, until: new Date(now.getTime() + LEASE_MS) };
    // Runs that would be due in a moment are taken along: one answer often tells about all of them.
    const soon = new Date(now.getTime() + load.intervalsOf(configured).fastMs / 2);
    const claims = await store.polling.claimDue(tenantId, key, soon, RUNS_AT_ONCE, lease);
    if (claims.length > 0) await lookMeasured(tenantId, configured, claims);
    const next = await store.polling.nextDueAt(tenantId, key);
    if (next !== null) await queue.schedule({ kind: "POLL", tenantId, providerKey: key }, next);
  }

  async function lookMeasured(
    tenantId: string,
    configured: ConfiguredProvider,
    claims: readonly ClaimedRun[],
  ): Promise<void> {
    const before = configured.callsMade();
    await look(tenantId, configured, claims);
    const openRuns = await store.ledger.countSyncs(tenantId, { providerKeys: [configured.info.key], open: true });
    load.note(configured, { openRuns, runs: claims.length, calls: configured.callsMade() - before });
  }

  async function look(tenantId: string, configured: ConfiguredProvider, claims: readonly ClaimedRun[]): Promise<void> {
    const tasks = claims.some(({ polls }) => polls % TASKS_EVERY === TASKS_EVERY - 1);
    let result: ObserveResult;
    try {
      result = await contact.through(tenantId, configured, () =>
        configured.provider.observe(
          claims.map(({ sync }) => refOf(sync)),
          { tasks },
        ),
      );
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      const settlements = claims.map((claim) => failed(claim, configured, error.retryAfterMs));
      await store.polling.settle(tenantId, settlements);
      return;
    }
    const lost = lostRuns(claims, result.missing);
    const fences = new Map(claims.map(({ sync, fence }) => [sync.remoteId, fence]));
    const observations = [...result.observations, ...lost];
    const ended = await recorder.record({ tenantId, configured, source: ObservationSource.Poll, observations, fences });
    await store.polling.settle(tenantId, unanswered(claims, configured, observations, result.missing));
    await readTasksOfEnded(tenantId, configured, ended, result.observations);
  }

  /** The run's tasks tell why it failed and what it moved; they are read once when it ends, if the last answer had none. */
  async function readTasksOfEnded(
    tenantId: string,
    configured: ConfiguredProvider,
    recorded: readonly Sync[],
    observations: readonly Observation[],
  ): Promise<void> {
    if (!configured.info.capabilities.separateTasks) return;
    const withTasks = new Set(observations.filter(({ tasks }) => tasks !== undefined).map(({ remoteId }) => remoteId));
    const ended = recorded.filter((sync) => isTerminal(sync.status) && !withTasks.has(sync.remoteId));
    if (ended.length === 0) return;
    try {
      const { observations: full } = await configured.provider.observe(ended.map(refOf), { tasks: true });
      const wanted = new Set(ended.map(({ remoteId }) => remoteId));
      const ofEnded = full.filter(({ remoteId }) => wanted.has(remoteId));
      await recorder.record({ tenantId, configured, source: ObservationSource.Poll, observations: ofEnded });
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      tools.log.warn({ provider: configured.info.key, code: error.code }, "tasks of ended runs could not be read");
    }
  }

  function lostRuns(claims: readonly ClaimedRun[], missing: readonly MissingRun[]): readonly Observation[] {
    const now = clock.now();
    return claims.flatMap(({ sync, missingSince }) => {
      const reason = missing.find(({ remoteId }) => remoteId === sync.remoteId)?.reason;
      if (reason === undefined) return [];
      if (reason === MissingReason.Replaced)
        return [lostObservation(sync, now, "A newer run took this one's place before its end was seen.")];
      const missingMs = missingSince === null ? 0 : now.getTime() - missingSince.getTime();
      return missingMs >= LOST_AFTER_MS ? [lostObservation(sync, now, "The vendor no longer knows this run.")] : [];
    });
  }

  /** Runs the answer said nothing final about: missing for the moment, or not read. */
  function unanswered(
    claims: readonly ClaimedRun[],
    configured: ConfiguredProvider,
    observations: readonly Observation[],
    missing: readonly MissingRun[],
  ): readonly PollSettlement[] {
    const observed = new Set(observations.map(({ remoteId }) => remoteId));
    const absent = new Set(missing.map(({ remoteId }) => remoteId));
    return claims
      .filter(({ sync }) => !observed.has(sync.remoteId))
      .map((claim) => {
        if (!absent.has(claim.sync.remoteId)) return failed(claim, configured, null);
        return { ...failed(claim, configured, null), failures: 0, missingSince: claim.missingSince ?? clock.now() };
      });
  }

  function failed(claim: ClaimedRun, configured: ConfiguredProvider, retryAfterMs: number | null): PollSettlement {
    const failures = claim.failures + 1;
    const delayMs = backOffMs(configured.poll, failures, retryAfterMs);
    return {
      syncId: claim.sync.id,
      fence: claim.fence,
      nextPollAt: new Date(clock.now().getTime() + delayMs),
      failures,
      missingSince: claim.missingSince,
    };
  }

  async function readNow(tenantId: string, configured: ConfiguredProvider, sync: Sync): Promise<Sync> {
    const { observations } = await contact.through(tenantId, configured, () =>
      configured.provider.observe([refOf(sync)], { tasks: true }),
    );
    const recorded = await recorder.record({ tenantId, configured, source: ObservationSource.LiveRead, observations });
    return recorded.find(({ id }) => id === sync.id) ?? sync;
  }

  return { poll, readNow };
}

export function refOf(sync: Sync): RunRef {
  const { remoteId, definitionRemoteId, linkedAccountRemoteId, batchId, models, status, createdAt, startedAt } = sync;
  return { remoteId, definitionRemoteId, linkedAccountRemoteId, batchId, models, status, createdAt, startedAt };
}
