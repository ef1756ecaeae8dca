// Open runs that a start need not wait for: the vendor's word for them is one nobody knows, and a newer run has ended since.
import { isTerminal } from "../domain/status.ts";
import type { Store } from "../domain/store-port.ts";
import type { Sync } from "../domain/sync.ts";

/** Unknown words are kept cut to this length. */
export const LONGEST_WORD = 64;

/** A definition's newest runs that are looked at. A run that has not ended and is older than all of them was overtaken by any that ended. */
const NEWEST = 100;

/**
 * Those of a definition's open runs that were overtaken.
 *
 * The vendor has moved on from such a run: it ran the definition again for the same account, and that has ended. Runs of one batch are
 * begun together and do not overtake each other.
 *
 * @param open open runs of one definition
 */
export async function overtakenRuns(store: Store, open: readonly Sync[]): Promise<readonly Sync[]> {
  const [first] = open;
  if (first === undefined || first.definitionId === null) return [];
  const { unknownStatuses } = await store.providerStates.get(first.tenantId, first.providerKey);
  const odd = open.filter(({ rawStatus }) => Object.hasOwn(unknownStatuses, rawStatus.slice(0, LONGEST_WORD)));
  if (odd.length === 0) return [];
  const page = { limit: NEWEST, direction: "forward", from: null } as const;
  const [newest] = await store.ledger.syncsByDefinition(first.tenantId, [first.definitionId], page);
  const ended = (newest?.items ?? []).filter(({ status }) => isTerminal(status));
  return odd.filter((run) => ended.some((one) => overtakes(one, run)));
}

const overtakes = (ended: Sync, run: Sync): boolean =>
  ended.createdAt > run.createdAt &&
  ended.linkedAccountId === run.linkedAccountId &&
  (run.batchId === null || ended.batchId !== run.batchId);
