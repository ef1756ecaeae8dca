// A ledger that a test writes to and a transition feed that follows it, with everything it holds on to counted.
import type { FeedEntry } from "../../src/domain/gateway-port.ts";
import { BusNews, type EventBus } from "../../src/domain/runtime-ports.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import type { LedgerStore, Store } from "../../src/domain/store-port.ts";
import type { Observation, Transition } from "../../src/domain/sync.ts";
import { createInProcessBus } from "../../src/server/in-process-bus.ts";
import { createTransitionFeed } from "../../src/server/transition-feed.ts";
import type { ClosableFeed } from "../../src/server/transition-feed.ts";
import { createManualClock } from "./manual-clock.ts";
import type { ManualClock } from "./manual-clock.ts";
import { entry, rules } from "./store-values.ts";

export interface TestFeed {
  readonly feed: ClosableFeed;
  readonly clock: ManualClock;
  /** How many listen to the bell now. */
  listeners(): number;
  /** Commits observations and rings. */
  commit(
    tenantId: string,
    ...observations: readonly (readonly [remoteId: string, given?: Partial<Observation>])[]
  ): Promise<void>;
  ledger(tenantId: string): Promise<readonly Transition[]>;
}

/**
 * @param between replaces reads of the ledger, for feeds whose database is slow or fails
 * @param deaf drops every ring
 */
export function createTestFeed(store: Store, between: Partial<LedgerStore> = {}, deaf = false): TestFeed {
  const clock = createManualClock();
  const inner = createInProcessBus();
  let listeners = 0;
  const bus: EventBus = {
    ...inner,
    ring: (tenantId, news) => {
      if (!deaf) inner.ring(tenantId, news);
    },
    listen: (tenantId, listener) => {
      listeners += 1;
      const end = inner.listen(tenantId, listener);
      return () => {
        listeners -= 1;
        end();
      };
    },
  };
  const feed = createTransitionFeed({ store: { ...store, ledger: { ...store.ledger, ...between } }, bus, clock });
  return {
    feed,
    clock,
    listeners: () => listeners,
    commit: async (tenantId, ...observations) => {
      await store.ledger.record(
        tenantId,
        observations.map(([remoteId, given]) => entry(remoteId, given)),
        rules,
      );
      bus.ring(tenantId, BusNews.Transitions);
    },
    ledger: async (tenantId) => {
      const all: Transition[] = [];
      for (let page = await store.ledger.transitionsAfter(tenantId, 0, 500); page.length > 0;) {
        all.push(...page);
        page = await store.ledger.transitionsAfter(tenantId, page.at(-1)?.sequence ?? 0, 500);
      }
      return all;
    },
  };
}

/** The next so many entries. */
export async function take(following: AsyncIterator<FeedEntry>, count: number): Promise<readonly FeedEntry[]> {
  const taken: FeedEntry[] = [];
  while (taken.length < count) {
    const { done, value } = await following.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

/** Ends subscriptions, as a client that goes away does. */
export async function leave(...subscriptions: readonly AsyncIterator<FeedEntry>[]): Promise<void> {
  for (const one of subscriptions) await one.return?.();
}

export const transitionsOf = (entries: readonly FeedEntry[]): readonly Transition[] =>
  entries.map(({ transition }) => transition);

/** A run from its creation to its end: three transitions. */
export const ended = { status: SyncStatus.Success, rawStatus: "done" } as const;
