// A place in a tenant's ledger as it is told to clients: a number means something only in the ledger it was given in.
import { createHash } from "node:crypto";
import type { Transition } from "./sync.ts";

export interface LedgerPlace {
  /** Number of the last transition that was seen; 0 before the first. */
  readonly sequence: number;
  /** Which ledger gave the number; null in cursors of versions that did not say it. */
  readonly ledgerId: string | null;
  /** What the transition of that number was, as `markOf` gives it; null where that is not known. */
  readonly mark: string | null;
}

/**
 * Twelve hexadecimal digits that stand for a transition. After a restore the same numbers are given again, to other transitions: the mark
 * tells those apart even when nobody noticed the restore.
 */
export function markOf({ id }: Pick<Transition, "id">): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 12);
}

/** The place behind a transition. */
export const placeAfter = (ledgerId: string, transition: Pick<Transition, "id" | "sequence">): LedgerPlace => ({
  sequence: transition.sequence,
  ledgerId,
  mark: markOf(transition),
});
