// A gateway's tracking over one store, life after life: what is in memory goes with each life, the store and the vendor stay.
import type { JsonObject } from "../../src/domain/json.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { createTransitionFeed, type ClosableFeed } from "../../src/server/transition-feed.ts";
import { createInbox, type Inbox } from "../../src/tracking/inbox.ts";
import { createWebhookSilence } from "../../src/tracking/webhook-silence.ts";
import { countCalls } from "./counted-store.ts";
import { signedRequest } from "./fake-webhooks.ts";
import type { LivingVendor } from "./living-vendor.ts";
import type { ManualClock } from "./manual-clock.ts";
import { TENANT, createTestTracking, waiting, type TestTracking } from "./tracking.ts";

export interface Life extends TestTracking {
  readonly inbox: Inbox;
  readonly feed: ClosableFeed;
  /** A delivery arrives, and is stored; nothing is done about it yet. */
  receive(payload: JsonObject, id: string): Promise<void>;
  /** Works off the inbox. */
  processInbox(): Promise<void>;
  /** Looks at what is due. */
  poll(): Promise<void>;
  discover(): Promise<void>;
  /** Lets time pass until this work of its is done. */
  finished<Value>(work: Promise<Value>): Promise<Value>;
  /** Finishes starts that nobody holds any more, waiting as long as that takes. */
  recover(): Promise<void>;
}

/** @param owner names the gateway in leases; another life is another gateway */
export function beginLife(given: Store, { fake }: LivingVendor, clock: ManualClock, owner: string): Life {
  const { store, untilIdle } = countCalls(given);
  const tracking = createTestTracking(store, [fake], { clock, owner });
  const { tools, contact, recorder, catalog, configured } = tracking;
  const inbox = createInbox(tools, { contact, recorder, catalog, silence: createWebhookSilence(clock) });
  const feed = createTransitionFeed({ store, bus: tools.bus, clock });
  return {
    ...{ ...tracking, inbox, feed },
    receive: async (payload, id) => {
      const receipt = await inbox.receive(TENANT, configured, signedRequest(payload, clock.now(), { id }));
      if (receipt !== "ACCEPTED" && receipt !== "CONFLICTING") throw new Error(`the delivery was answered ${receipt}`);
    },
    processInbox: () => inbox.process(TENANT, configured),
    poll: () => tracking.poller.poll(TENANT, configured),
    discover: () => tracking.discoverer.discover(TENANT, configured),
    finished: (work) => waiting(clock, work, untilIdle),
    recover: () => waiting(clock, tracking.triggers.recover(TENANT, configured.info.key), untilIdle),
  };
}

/** The life ends: its subscribers' sockets break, and what it knew is gone. */
export function endLife({ feed }: Life): void {
  feed.close();
}
