// Whether a run that has ended must be read once more: its end may have come without its tasks, or without why it failed, or may be
// contradicted. Pure.
import { ObservationSource, SyncOutcome, SyncStatus } from "../domain/status.ts";
import type { PollNews } from "../domain/store-port.ts";
import type { Observation, Sync } from "../domain/sync.ts";
import type { RecordRequest } from "./recorder.ts";

/** The vendor itself was asked about the run just now. */
const AUTHORITATIVE: ReadonlySet<ObservationSource> = new Set([ObservationSource.Poll, ObservationSource.LiveRead]);

/** Decided when the end is recorded, whoever told of it, and committed with it: so a crash loses no reading. */
export function isEndUnread(
  request: RecordRequest,
  { remoteId, outcome }: Pick<Sync, "remoteId" | "outcome">,
  { isNew, isDue, isDisputed }: PollNews,
): boolean {
  const isAuthoritative = AUTHORITATIVE.has(request.source);
  if (isDisputed && !isAuthoritative) return true;
  const own = request.observations.filter((observation) => observation.remoteId === remoteId);
  const isTold = own.some((observation) => tellsAll(request, observation));
  // Why it is due is not kept, and a contradiction is settled by nobody but the vendor itself.
  if (isDue) return !(isTold && isAuthoritative);
  if (isTold) return false;
  // What the vendor no longer knows it cannot explain.
  if (!request.configured.info.capabilities.separateTasks || outcome === SyncOutcome.Lost) return false;
  return !(isNew && request.history === true);
}

/** Whether an answer leaves nothing to read of a run that has ended. */
export function tellsAll({ configured, source, tasks = false }: RecordRequest, observation: Observation): boolean {
  if (!configured.info.capabilities.separateTasks) return AUTHORITATIVE.has(source);
  return observation.tasks !== undefined && (tasks || isExplained(observation));
}

/** An answer may have tasks unasked and still not say why the run failed: at Truto that is a call of its own. */
function isExplained({ status, outcome, facts }: Observation): boolean {
  return status !== SyncStatus.Failed || outcome !== null || (facts.error ?? null) !== null;
}
