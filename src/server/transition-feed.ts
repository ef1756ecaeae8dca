// The subscription hub: one reader per tenant follows the ledger, and every subscriber reads from what it found.
// A subscriber is nothing but a place in the ledger, so a slow one holds no memory and loses nothing.
import type { Clock } from "../domain/clock.ts";
import { CursorExpiredError, ExpiryReason } from "../domain/errors.ts";
import type { FeedEntry, TransitionFeed } from "../domain/gateway-port.ts";
import { markOf, type LedgerPlace } from "../domain/ledger-place.ts";
import type { EventBus } from "../domain/runtime-ports.ts";
import { isTerminal } from "../domain/status.ts";
import type { Store, SyncFilter } from "../domain/store-port.ts";
import { createAbortableStreams } from "./abortable-streams.ts";
import { createTail, type Tail } from "./ledger-tail.ts";

interface FeedTools {
  readonly store: Store;
  readonly bus: EventBus;
  readonly clock: Clock;
}

export interface ClosableFeed extends TransitionFeed {
  /** The ledger is another one than it was, as after a restore: ends every subscription with `CURSOR_EXPIRED`, and begins anew. */
  beginAnew(): void;
  /** Ends every subscription. */
  close(): void;
}

export function createTransitionFeed(tools: FeedTools): ClosableFeed {
  const { store } = tools;
  const tails = new Map<string, Tail>();
  const streams = createAbortableStreams();

  /** The tenant's tail, shared by its subscribers and given up with the last of them. */
  function holdTail(tenantId: string): { readonly tail: Tail; readonly release: () => void } {
    const tail = tails.get(tenantId) ?? createTail(tools, tenantId);
    tails.set(tenantId, tail);
    tail.followers += 1;
    const release = () => {
      tail.followers -= 1;
      if (tail.followers > 0) return;
      tail.close();
      if (tails.get(tenantId) === tail) tails.delete(tenantId);
    };
    return { tail, release };
  }

  async function* entries(
    tenantId: string,
    filter: SyncFilter,
    after: LedgerPlace | number | null,
    signal: AbortSignal,
  ): AsyncGenerator<FeedEntry, void, undefined> {
    const { tail, release } = holdTail(tenantId);
    let leave = (): void => undefined;
    try {
      const newest = await tail.catchUp();
      const oldest = await tail.oldest();
      // With everything removed, also what this process has not read yet, the ledger has come to just before the oldest number.
      const head = Math.max(newest, oldest - 1);
      const given = typeof after === "number" ? null : after;
      let place = typeof after === "number" ? after : (after?.sequence ?? head);
      // A number that the ledger has not come to was given before it was restored, or by another one.
      if (place > head || (given !== null && !isOurs(given))) throw ofAnotherLedger(tenantId, oldest);
      if (place < oldest - 1) throw removed(tenantId, oldest);
      const mark = place >= oldest ? (given?.mark ?? null) : null;
      const reader = tail.reader(mark === null ? place : place - 1);
      ({ leave } = reader);
      if (mark !== null) {
        const seen = await reader.next();
        if (seen !== null && seen.transition.sequence > place) throw removed(tenantId, seen.transition.sequence);
        if (seen === null || markOf(seen.transition) !== mark) throw ofAnotherLedger(tenantId, oldest);
      }
      while (!signal.aborted) {
        if (tail.isOver()) throw ofAnotherLedger(tenantId, await store.ledger.oldestSequence(tenantId));
        const entry = await reader.next();
        if (entry === null) {
          await tail.grownBeyond(place, signal);
          continue;
        }
        // Numbers have no holes: what is missing was removed while this subscriber was reading behind.
        if (entry.transition.sequence !== place + 1) throw removed(tenantId, entry.transition.sequence);
        place += 1;
        if (!signal.aborted && matches(entry, filter)) yield entry;
      }
    } finally {
      leave();
      release();
    }
  }

  const ledgerId = (): string => store.identity.known().ledgerId;

  /** Nobody can have missed anything who has seen nothing. */
  function isOurs(place: LedgerPlace): boolean {
    if (place.ledgerId !== null) return place.ledgerId === ledgerId();
    return place.sequence === 0 || store.identity.known().takesUnnamed;
  }

  const removed = (tenantId: string, oldest: number): CursorExpiredError =>
    new CursorExpiredError(tenantId, oldest - 1, ledgerId());
  const ofAnotherLedger = (tenantId: string, oldest: number): CursorExpiredError =>
    new CursorExpiredError(tenantId, oldest - 1, ledgerId(), ExpiryReason.OtherLedger);

  return {
    ledgerId,
    beginAnew() {
      const over = [...tails.values()];
      tails.clear();
      for (const tail of over) tail.close();
    },
    follow: (tenantId, filter, after) => streams.open((signal) => entries(tenantId, filter, after, signal)),
    close: () => streams.close(),
  };
}

/** Statuses and outcomes are the transition's, everything else is the run's. */
export function matches({ transition, sync }: FeedEntry, filter: SyncFilter): boolean {
  const among = <T>(wanted: readonly T[] | undefined, value: T | null) =>
    wanted === undefined || (value !== null && wanted.includes(value));
  return (
    among(filter.providerKeys, sync.providerKey) &&
    among(filter.linkedAccountIds, sync.linkedAccountId) &&
    among(filter.definitionIds, sync.definitionId) &&
    among(filter.syncIds, sync.id) &&
    among(filter.statuses, transition.to) &&
    among(filter.outcomes, transition.outcome) &&
    among(filter.origins, sync.origin) &&
    (filter.models === undefined || filter.models.some((model) => sync.models.includes(model))) &&
    (filter.createdAfter === undefined || sync.createdAt >= filter.createdAfter) &&
    (filter.createdBefore === undefined || sync.createdAt < filter.createdBefore) &&
    (filter.open === undefined || filter.open !== isTerminal(transition.to))
  );
}
