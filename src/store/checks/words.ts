// Conditions over the closed sets that several checks share. Each is the set of `domain/status.ts` as SQL says it.
import { verbatim } from "../sql.ts";
import type { Sql } from "../sql.ts";

export const ENDED = "('SUCCESS', 'FAILED')";

/** A status and the outcome beside it: an open run has none, and each kind of end has its own. */
export function fits(status: string, outcome: string): Sql {
  return verbatim(
    `((${status} in ('CREATED', 'RUNNING') and ${outcome} is null)` +
      ` or (${status} = 'SUCCESS' and ${outcome} in ('COMPLETE', 'PARTIAL', 'EMPTY'))` +
      ` or (${status} = 'FAILED' and ${outcome} in ('ERROR', 'CANCELLED', 'INTERRUPTED', 'NOT_STARTED', 'LOST', 'UNKNOWN')))`,
  );
}
