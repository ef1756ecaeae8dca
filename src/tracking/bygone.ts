// Runs that ended before what is kept begins: a vendor that still lists them, or tells of them late, must not bring them back as new. Pure.
import { ObservationSource, isTerminal } from "../domain/status.ts";
import type { Observation } from "../domain/sync.ts";

/** What tells of runs that nobody asked about. The answer to a start or to a question about one run is always taken. */
const UNASKED: ReadonlySet<ObservationSource> = new Set([
  ObservationSource.Discovery,
  ObservationSource.Poll,
  ObservationSource.Webhook,
]);

/**
 * Whether a run would be too old to be taken in if the ledger did not know it.
 *
 * By the vendor's own times; one that gives none is believed to speak of now. An open run is what the vendor says it is, however old; only
 * a webhook may come so late that it speaks of a run that has ended since.
 *
 * @param before what is kept begins here
 */
export function isBygone(source: ObservationSource, { status, facts }: Observation, before: Date): boolean {
  const ended = status !== null && isTerminal(status);
  if (!UNASKED.has(source) || (!ended && source !== ObservationSource.Webhook)) return false;
  const told = [facts.updatedAt, facts.startedAt, facts.createdAt].filter((time) => time instanceof Date);
  const last = (ended ? facts.finishedAt : null) ?? told.toSorted((one, other) => other.getTime() - one.getTime())[0];
  return last !== undefined && last < before;
}
