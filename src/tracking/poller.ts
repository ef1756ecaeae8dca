// Looks at open runs when they are due, as many in one go as the vendor allows.
import { ProviderError } from "../domain/errors.ts";
import { lostObservation } from "../domain/advance.ts";
import { MissingReason, type CallOptions, type MissingRun, type ObserveResult } from "../domain/provider-port.ts";
import { ObservationSource, isTerminal } from "../domain/status.ts";
import type { ClaimedRun, PollSettlement } from "../domain/poll-port.ts";
import type { Observation, Sync } from "../domain/sync.ts";
import { createEndReader } from "./end-reader.ts";
import { createLeases, type Held } from "./leases.ts";
import type { PollLoad } from "./poll-load.ts";
import { afterFailure } from "./poll-plan.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { Recorder } from "./recorder.ts";
import { LOST_AFTER_MS, fencesOf, refOf } from "./run-refs.ts";
import type { TrackingTools } from "./tools.ts";

export { refOf } from "./run-refs.ts";

export interface Poller {
  /** Polls every run of the provider that is due and plans the next look. */
  poll(tenantId: string, configured: ConfiguredProvider): Promise<void>;
  /** Reads one run now, tasks included, and records what it says. Throws `ProviderError`. */
  readNow(tenantId: string, configured: ConfiguredProvider, sync: Sync, options?: CallOptions): Promise<Sync>;
}

const RUNS_AT_ONCE = 100;
/** Tasks may cost a call per run: they are read with every fifth poll, and once at the end. */
const TASKS_EVERY = 5;

interface Parts {
  readonly contact: ProviderContact;
  readonly recorder: Recorder;
  readonly load: PollLoad;
}

export function createPoller(tools: TrackingTools, { contact, recorder, load }: Parts): Poller {
  const { store, clock, queue } = tools;
  const ends = createEndReader(tools, { contact, recorder });
  const leases = createLeases(tools, {
    of: "polls",
    renew: (...held) => store.polling.renew(...held),
    giveBack: (...held) => store.polling.giveBack(...held),
  });

  async function poll(tenantId: string, configured: ConfiguredProvider): Promise<void> {
    // A run that is seen to end may be due once more at once, for its tasks and its reason.
    let endSeen = true;
    for (let round = 0; endSeen && round < 2; round += 1) {
      const claims = await claim(tenantId, configured);
      const held = claims.map(({ sync, fence }): Held => ({ tenantId, id: sync.id, fence }));
      endSeen = claims.length > 0 && (await leases.holding(held, () => lookMeasured(tenantId, configured, claims)));
    }
    const next = await store.polling.nextDueAt(tenantId, configured.info.key);
    if (next !== null) await queue.schedule({ kind: "POLL", tenantId, providerKey: configured.info.key }, next);
  }

  function claim(tenantId: string, configured: ConfiguredProvider): Promise<readonly ClaimedRun[]> {
    const now = clock.now();
    // Runs that would be due in a moment are taken along: one answer often tells about all of them.
    const soon = new Date(now.getTime() + load.intervalsOf(configured).fastMs / 2);
    return store.polling.claimDue(tenantId, configured.info.key, now, RUNS_AT_ONCE, leases.fresh(), soon);
  }

  /** @returns whether a run that was open has ended */
  async function lookMeasured(
    tenantId: string,
    configured: ConfiguredProvider,
    claims: readonly ClaimedRun[],
  ): Promise<boolean> {
    const before = configured.callsMade();
    const open = claims.filter(({ sync }) => !isTerminal(sync.status));
    const ended = claims.filter(({ sync }) => isTerminal(sync.status));
    const endSeen = open.length > 0 && (await look(tenantId, configured, open));
    if (ended.length > 0) await ends.read(tenantId, configured, ended);
    const openRuns = await store.ledger.countSyncs(tenantId, { providerKeys: [configured.info.key], open: true });
    load.note(configured, { openRuns, runs: claims.length, calls: configured.callsMade() - before });
    return endSeen;
  }

  /** @returns whether one of them has ended */
  async function look(
    tenantId: string,
    configured: ConfiguredProvider,
    claims: readonly ClaimedRun[],
  ): Promise<boolean> {
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
      const settlements = claims.map((claimed) => failed(claimed, configured, error.retryAfterMs));
      await store.polling.settle(tenantId, settlements);
      return false;
    }
    const observations = [...result.observations, ...lostRuns(claims, result.missing)];
    const from = { tenantId, configured, source: ObservationSource.Poll };
    const recorded = await recorder.record({ ...from, observations, fences: fencesOf(claims), tasks });
    await store.polling.settle(tenantId, unanswered(claims, configured, observations, result.missing));
    return recorded.some(({ status }) => isTerminal(status));
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

  const failed = (claimed: ClaimedRun, configured: ConfiguredProvider, retryAfterMs: number | null): PollSettlement =>
    afterFailure(claimed, configured.poll, clock.now(), retryAfterMs);

  async function readNow(
    tenantId: string,
    configured: ConfiguredProvider,
    sync: Sync,
    options: CallOptions = {},
  ): Promise<Sync> {
    const observe = () => configured.provider.observe([refOf(sync)], { ...options, tasks: true });
    const { observations } = await contact.through(tenantId, configured, observe, options);
    const source = ObservationSource.LiveRead;
    const recorded = await recorder.record({ tenantId, configured, source, observations, tasks: true });
    return recorded.find(({ id }) => id === sync.id) ?? sync;
  }

  return { poll, readNow };
}
