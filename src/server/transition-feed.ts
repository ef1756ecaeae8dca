// The subscription hub: one reader per tenant follows the ledger, and every subscriber reads from what it found.
// A subscriber is nothing but a place in the ledger, so a slow one holds no memory and loses nothing.
import type { Clock } from "../domain/clock.ts";
import { ErrorCode, GatewayError } from "../domain/errors.ts";
import type { FeedEntry, TransitionFeed } from "../domain/gateway-port.ts";
import type { EventBus } from "../domain/runtime-ports.ts";
import { isTerminal } from "../domain/status.ts";
import type { Store, SyncFilter } from "../domain/store-port.ts";
import { abortableStream } from "./abortable-stream.ts";
import { createTail, type Tail } from "./ledger-tail.ts";

interface FeedTools {
  readonly store: Store;
  readonly bus: EventBus;
  readonly clock: Clock;
}

export interface ClosableFeed extends TransitionFeed {
  /** Ends every subscription. */
  close(): void;
}

export function createTransitionFeed(tools: FeedTools): ClosableFeed {
  const tails = new Map<string, Tail>();
  const closing = new AbortController();

  /** The tenant's tail, shared by its subscribers and given up with the last of them. */
  function holdTail(tenantId: string): { readonly tail: Tail; readonly release: () => void } {
    const tail = tails.get(tenantId) ?? createTail(tools, tenantId);
    tails.set(tenantId, tail);
    tail.followers += 1;
    const release = () => {
      tail.followers -= 1;
      if (tail.followers > 0) return;
      tail.close();
      tails.delete(tenantId);
    };
    return { tail, release };
  }

  async function* entries(
    tenantId: string,
    filter: SyncFilter,
    after: number | null,
    signal: AbortSignal,
  ): AsyncGenerator<FeedEntry, void, undefined> {
    const { tail, release } = holdTail(tenantId);
    try {
      const head = await tail.catchUp();
      let place = after ?? head;
      if (place > head)
        throw new GatewayError(
          ErrorCode.CursorInvalid,
          "after: the ledger has not come to this cursor. Leave `after` out.",
        );
      await refusePruned(tenantId, place);
      while (!signal.aborted) {
        const page = await tail.after(place);
        for (const entry of page) {
          if (signal.aborted) return;
          place = entry.transition.sequence;
          if (matches(entry, filter)) yield entry;
        }
        if (page.length === 0) await tail.grownBeyond(place, signal);
      }
    } finally {
      release();
    }
  }

  async function refusePruned(tenantId: string, place: number): Promise<void> {
    const oldest = await tools.store.ledger.oldestSequence(tenantId);
    if (place >= oldest - 1) return;
    const message =
      "after: the transitions that follow this cursor have been pruned. Read the runs with `syncs`, then subscribe without `after`.";
    throw new GatewayError(ErrorCode.CursorExpired, message);
  }

  return {
    follow: (tenantId, filter, after) =>
      abortableStream(closing.signal, (signal) => entries(tenantId, filter, after, signal)),
    close: () => closing.abort(),
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
