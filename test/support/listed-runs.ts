// Looks for runs at a vendor with a long list: the runs that begin there, and how far the gateway has come.
import type { Store } from "../../src/domain/store-port.ts";
import { createListingVendor } from "./listing-vendor.ts";
import type { ListingVendor } from "./listing-vendor.ts";
import { TENANT, createTestTracking, idOf } from "./tracking.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** From one look to the next, as `createFakeProvider` has it. */
export const DISCOVER_MS = 20_000;

/** A gateway's looks for runs at a vendor whose list is long, and what they have found. */
export async function trackingOf(store: Store, vendor: ListingVendor = createListingVendor()) {
  const made = createTestTracking(store, [vendor.fake]);
  await made.stock();
  const { runs } = vendor;
  const discover = () => made.discoverer.discover(TENANT, made.configured);
  const state = () => store.providerStates.get(TENANT, "acme");
  return {
    ...made,
    vendor,
    discover,
    state,
    /** Runs begin, so many in a stretch of time that ends now. */
    begin(count: number, stretchMs: number) {
      const now = made.clock.now().getTime();
      for (let index = 1; index <= count; index += 1) {
        const createdAt = new Date(now - stretchMs + Math.floor((index * stretchMs) / count) - 1);
        runs.push({ remoteId: `run-${runs.length + 1}`, createdAt });
      }
    },
    newest: () => runs.at(-1)?.remoteId ?? "none has begun",
    isKnown: async (remoteId: string) => (await store.ledger.syncsByIds(TENANT, [idOf("sync", remoteId)])).length === 1,
    known: () => store.ledger.countSyncs(TENANT, {}),
    lagMs: async () => made.clock.now().getTime() - ((await state()).discoveredUntil?.getTime() ?? Number.NaN),
    /** The next look, when it is due. @returns pages that it took */
    async next() {
      await made.clock.advance(DISCOVER_MS);
      const before = vendor.pagesAnswered();
      await discover();
      return vendor.pagesAnswered() - before;
    },
  };
}
