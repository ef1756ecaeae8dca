// The newest part of one tenant's ledger, kept in memory while somebody follows it. A cache: the ledger is the truth.
import type { Clock } from "../domain/clock.ts";
import type { FeedEntry } from "../domain/gateway-port.ts";
import { BusNews } from "../domain/runtime-ports.ts";
import type { EventBus } from "../domain/runtime-ports.ts";
import type { Store } from "../domain/store-port.ts";
import type { Transition } from "../domain/sync.ts";
import { createLedgerReaders, type LedgerReader } from "./ledger-reader.ts";
import { shareReads } from "./shared-read.ts";

export interface Tail {
  /** Subscribers that hold it. */
  followers: number;
  /** Reads what is new. @returns number of the newest transition */
  catchUp(): Promise<number>;
  /** Reads the number of the oldest transition that is kept. */
  oldest(): Promise<number>;
  /** Reads on after that number. An entry is not the next one when that has been removed. To be left when nothing more is read. */
  reader(sequence: number): LedgerReader;
  /** Resolves when the ledger has gone beyond that number, or when the signal aborts. */
  grownBeyond(sequence: number, signal: AbortSignal): Promise<void>;
  /** It was closed: nothing more is read. */
  isOver(): boolean;
  close(): void;
}

/** Entries kept; a subscriber further behind reads the database. */
const KEPT = 2_000;
const PAGE = 500;
/** The bell may be lost: the ledger is looked at this often without it. */
const SWEEP_MS = 1_000;

export function createTail(
  { store, bus, clock }: { readonly store: Store; readonly bus: EventBus; readonly clock: Clock },
  tenantId: string,
): Tail {
  const closed = new AbortController();
  const waiting = new Set<() => void>();
  let recent: FeedEntry[] = [];
  let head: number | null = null;

  /** Without what was removed since it was read, and all before that: transitions go from the lowest on, and a run not before its last. */
  async function withRuns(transitions: readonly Transition[]): Promise<readonly FeedEntry[]> {
    const ids = [...new Set(transitions.map(({ syncId }) => syncId))];
    const runs = new Map((await store.ledger.syncsByIds(tenantId, ids)).map((sync) => [sync.id, sync]));
    const removed = transitions.findLastIndex(({ syncId }) => !runs.has(syncId));
    const last = transitions[removed];
    if (last !== undefined && last.sequence >= (await store.ledger.oldestSequence(tenantId)))
      throw new Error(`the ledger has a transition of no run: ${last.syncId}`);
    return transitions.slice(removed + 1).flatMap((transition) => {
      const sync = runs.get(transition.syncId);
      return sync === undefined ? [] : [{ transition, sync }];
    });
  }

  async function read(): Promise<number> {
    let newest = head ?? (await store.ledger.head(tenantId));
    head = newest;
    for (;;) {
      const page = await store.ledger.transitionsAfter(tenantId, newest, PAGE);
      if (page.length === 0) return newest;
      const entries = await withRuns(page);
      // What was removed before this process had read it leaves a gap, and what is kept here has none.
      const joins = entries[0]?.transition.sequence === newest + 1;
      recent = [...(joins ? recent : []), ...entries].slice(-KEPT);
      newest = page.at(-1)?.sequence ?? newest;
      head = newest;
      for (const wake of waiting) wake();
    }
  }

  /** Pages that are being read, by where they begin: hundreds that lost their gateway together come back from the same place. */
  const pages = new Map<number, Promise<readonly FeedEntry[]>>();

  function pageAfter(sequence: number): Promise<readonly FeedEntry[]> {
    const page =
      pages.get(sequence) ??
      store.ledger
        .transitionsAfter(tenantId, sequence, PAGE)
        .then(withRuns)
        .finally(() => pages.delete(sequence));
    pages.set(sequence, page);
    return page;
  }

  async function after(sequence: number): Promise<readonly FeedEntry[]> {
    const oldest = recent[0]?.transition.sequence;
    if (sequence >= (head ?? 0)) return [];
    // Numbers have no holes, so a number is a place in the array.
    if (oldest !== undefined && sequence >= oldest - 1) return recent.slice(sequence - oldest + 1);
    return pageAfter(sequence);
  }
  const readers = createLedgerReaders(after);

  // Shared, but never with a read that runs already: it may have passed the newest rows by.
  const catchUp = shareReads(read);

  /** A database that does not answer now is asked again with the next bell or sweep; subscribers just wait. */
  const look = (): void => void catchUp().catch(() => undefined);

  const unlisten = bus.listen(tenantId, (news) => {
    if (news === BusNews.Transitions) look();
  });
  void (async () => {
    while (!closed.signal.aborted) {
      await clock.sleep(SWEEP_MS, closed.signal).catch(() => undefined);
      readers.sweep();
      if (!closed.signal.aborted) look();
    }
  })();

  return {
    followers: 0,
    catchUp,
    oldest: shareReads(() => store.ledger.oldestSequence(tenantId)),
    reader: readers.open,
    grownBeyond(sequence, signal) {
      return new Promise((resolve) => {
        const done = () => {
          if ((head ?? 0) <= sequence && !signal.aborted && !closed.signal.aborted) return;
          waiting.delete(done);
          signal.removeEventListener("abort", done);
          resolve();
        };
        waiting.add(done);
        signal.addEventListener("abort", done);
        done();
      });
    },
    isOver: () => closed.signal.aborted,
    close() {
      closed.abort();
      unlisten();
      for (const wake of waiting) wake();
    },
  };
}
