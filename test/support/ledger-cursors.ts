// The cursors that a store's gateways give for its transitions, in the order of the ledger.
import { placeAfter } from "../../src/domain/ledger-place.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { ledgerCursor } from "../../src/graphql/cursors.ts";

const PAGE = 500;

/** @param after number of the transition before the first one that is wanted */
export async function cursorsIn(
  { ledger, identity }: Pick<Store, "ledger" | "identity">,
  tenantId: string,
  after = 0,
): Promise<readonly string[]> {
  const { ledgerId } = await identity.look();
  const cursors: string[] = [];
  for (let place = after; ;) {
    const page = await ledger.transitionsAfter(tenantId, place, PAGE);
    cursors.push(...page.map((transition) => ledgerCursor(tenantId, placeAfter(ledgerId, transition))));
    place = page.at(-1)?.sequence ?? place;
    if (page.length < PAGE) return cursors;
  }
}

/** The cursor of the transition with that number; 0 is before the first. */
export async function cursorAt(
  store: Pick<Store, "ledger" | "identity">,
  tenantId: string,
  sequence: number,
): Promise<string> {
  if (sequence === 0) return ledgerCursor(tenantId, 0);
  const [cursor] = await cursorsIn(store, tenantId, sequence - 1);
  if (cursor === undefined) throw new Error(`the ledger has no transition ${String(sequence)}`);
  return cursor;
}
