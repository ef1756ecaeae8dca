// Readers of one tenant's ledger, each a place in it. The page a reader takes its entries from is let go while it rests: a hundred that
// rest at as many places would hold a hundred pages, and reading one again costs one statement.
import type { FeedEntry } from "../domain/gateway-port.ts";

export interface LedgerReader {
  /** The entry after the last one, or after the place it began at; null when the ledger has none yet. */
  next(): Promise<FeedEntry | null>;
  /** Nothing more is read. */
  leave(): void;
}

export interface LedgerReaders {
  /** @param place the number before the first entry that is wanted */
  open(place: number): LedgerReader;
  /** To be called every second: lets go what was not asked for since a few calls ago. */
  sweep(): void;
}

/** Sweeps in which a reader that is busy comes back, also on a machine that has much to do. */
const RESTING_SWEEPS = 3;

interface Place {
  page: readonly FeedEntry[];
  next: number;
  unasked: number;
}

/** @param after entries after a number, oldest first */
export function createLedgerReaders(after: (sequence: number) => Promise<readonly FeedEntry[]>): LedgerReaders {
  const places = new Set<Place>();

  return {
    open(begin) {
      const place: Place = { page: [], next: 0, unasked: 0 };
      let last = begin;
      places.add(place);
      return {
        async next() {
          place.unasked = 0;
          if (place.next >= place.page.length) {
            const page = await after(last);
            Object.assign(place, { page, next: 0 });
          }
          const entry = place.page[place.next] ?? null;
          place.next += 1;
          last = entry?.transition.sequence ?? last;
          return entry;
        },
        leave: () => void places.delete(place),
      };
    },
    sweep() {
      for (const place of places) {
        place.unasked += 1;
        if (place.unasked > RESTING_SWEEPS) place.page = [];
      }
    },
  };
}
