// Claimed runs in the terms of those who are asked or told about them.
import type { RunRef } from "../domain/provider-port.ts";
import type { ClaimedRun } from "../domain/poll-port.ts";
import type { Sync } from "../domain/sync.ts";

/** A vendor may need a moment before it finds a run it has just begun. */
export const LOST_AFTER_MS = 60_000;

/** What a provider needs to find a run again. */
export function refOf(sync: Sync): RunRef {
  const { remoteId, definitionRemoteId, linkedAccountRemoteId, batchId, models, status, createdAt, startedAt } = sync;
  return { remoteId, definitionRemoteId, linkedAccountRemoteId, batchId, models, status, createdAt, startedAt };
}

/** Lease numbers by the vendor's id. */
export function fencesOf(claims: readonly ClaimedRun[]): ReadonlyMap<string, number> {
  return new Map(claims.map(({ sync, fence }) => [sync.remoteId, fence]));
}
