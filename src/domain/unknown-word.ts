// What is concluded from a status word that is in no table: nothing while the run may go on, an end of its own kind once it cannot. Pure.
import type { SyncState } from "./advance.ts";
import { SyncOutcome, SyncStatus, isTerminal } from "./status.ts";
import { SyncErrorCode } from "./sync.ts";
import type { Observation, SyncError } from "./sync.ts";

const LONGEST_WORD = 64;

/**
 * The observation with the end that an unknown word stands for, where it stands for one.
 *
 * It does when the vendor told an end time, whichever, and when the run was given up. Then the run ended FAILED, `UNKNOWN`. Never does it
 * end well, and an end of another kind that is known already stays.
 *
 * @param known what the ledger has; null when the run is new
 * @param givenUp its status has not changed for so long that it is taken for over
 */
export function withUnknownEnd(known: SyncState | null, observation: Observation, givenUp: boolean): Observation {
  if (observation.status !== null) return observation;
  const ended = known !== null && isTerminal(known.status);
  if (ended && known.outcome !== SyncOutcome.Unknown) return observation;
  const isOver = givenUp || observation.facts.finishedAt instanceof Date;
  if (!ended && !isOver) return observation;
  return {
    ...observation,
    status: SyncStatus.Failed,
    outcome: SyncOutcome.Unknown,
    facts: { ...observation.facts, error: (ended ? known.error : null) ?? errorOf(observation) },
  };
}

function errorOf({ rawStatus, facts }: Observation): SyncError {
  const reason = facts.error?.message ?? null;
  const told = `The run is over, and how is not known: the vendor's status "${rawStatus.slice(0, LONGEST_WORD)}" is a word that the gateway does not know.`;
  return {
    message: reason === null ? told : `${told} The vendor says: ${reason}`,
    code: SyncErrorCode.Unknown,
    retryable: false,
    advice: "Look at the run at the vendor, and start it again if it did not do its work.",
  };
}
