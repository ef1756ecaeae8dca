// Reads what is left to read of runs that have ended: their tasks, why they failed, and what the vendor itself says where somebody reported
// another end than the one committed. That one stays in any case.
import { ProviderError } from "../domain/errors.ts";
import { MissingReason, type MissingRun, type ObserveResult } from "../domain/provider-port.ts";
import { ObservationSource } from "../domain/status.ts";
import type { ClaimedRun, PollSettlement } from "../domain/poll-port.ts";
import { afterFailure } from "./poll-plan.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { ProviderContact } from "./provider-contact.ts";
import type { Recorder } from "./recorder.ts";
import { LOST_AFTER_MS, fencesOf, refOf } from "./run-refs.ts";
import type { TrackingTools } from "./tools.ts";
import { tellsAll } from "./unread-end.ts";

export interface EndReader {
  /** Reads claimed runs that have ended, in one go. What cannot be read is tried again later, until it is given up. */
  read(tenantId: string, configured: ConfiguredProvider, claims: readonly ClaimedRun[]): Promise<void>;
}

/** Answers in a row that do not tell all of a run. Calls without an answer do not count: an outage may last. */
const MOST_ANSWERS = 10;

export function createEndReader(
  { store, clock, log }: TrackingTools,
  { contact, recorder }: { readonly contact: ProviderContact; readonly recorder: Recorder },
): EndReader {
  async function read(tenantId: string, configured: ConfiguredProvider, claims: readonly ClaimedRun[]): Promise<void> {
    const { key } = configured.info;
    let result: ObserveResult;
    try {
      const refs = claims.map(({ sync }) => refOf(sync));
      result = await contact.through(tenantId, configured, () => configured.provider.observe(refs, { tasks: true }));
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      log.warn({ provider: key, code: error.code, runs: claims.length }, "tasks of ended runs could not be read");
      const settlements = claims.map((claim) => later(claim, configured, error.retryAfterMs));
      await store.polling.settle(tenantId, settlements);
      return;
    }
    const fences = fencesOf(claims);
    const observations = result.observations.filter(({ remoteId }) => fences.has(remoteId));
    const request = { tenantId, configured, source: ObservationSource.Poll, observations, fences, tasks: true };
    await recorder.record(request);
    const told = new Set(observations.filter((one) => tellsAll(request, one)).map(({ remoteId }) => remoteId));
    const settlements = claims
      .filter(({ sync }) => !told.has(sync.remoteId))
      .map((claim) => afterAnswer(claim, configured, result.missing));
    await store.polling.settle(tenantId, settlements);
    const givenUp = settlements.filter(({ nextPollAt }) => nextPollAt === null).length;
    if (givenUp > 0) log.warn({ provider: key, runs: givenUp }, "the vendor tells no more of ended runs; given up");
  }

  function later(claim: ClaimedRun, configured: ConfiguredProvider, retryAfterMs: number | null): PollSettlement {
    const settlement = afterFailure(claim, configured.poll, clock.now(), retryAfterMs);
    return { ...settlement, failures: Math.min(settlement.failures, MOST_ANSWERS - 1) };
  }

  function afterAnswer(
    claim: ClaimedRun,
    configured: ConfiguredProvider,
    missing: readonly MissingRun[],
  ): PollSettlement {
    const now = clock.now();
    const settlement = afterFailure(claim, configured.poll, now, null);
    const reason = missing.find(({ remoteId }) => remoteId === claim.sync.remoteId)?.reason;
    const missingSince = reason === undefined ? null : (claim.missingSince ?? now);
    const isGone =
      reason === MissingReason.Replaced ||
      (missingSince !== null && now.getTime() - missingSince.getTime() >= LOST_AFTER_MS);
    const nextPollAt = isGone || settlement.failures >= MOST_ANSWERS ? null : settlement.nextPollAt;
    return { ...settlement, nextPollAt, missingSince };
  }

  return { read };
}
