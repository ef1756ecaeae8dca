// The inbox over a real store, with a provider whose webhooks a suite sends by hand.
import { onTestFinished } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { createInbox, type Inbox, type WebhookReceipt } from "../../src/tracking/inbox.ts";
import { createWebhookSilence } from "../../src/tracking/webhook-silence.ts";
import { createWebhookProvider, signedRequest, type Signing } from "./fake-webhooks.ts";
import type { FakeProvider } from "./fake-provider.ts";
import { TENANT, createTestTracking, type TestTracking, type TrackingSetting } from "./tracking.ts";

export interface TestInbox extends TestTracking {
  readonly inbox: Inbox;
  /** Sends a signed delivery; ids count up unless one is given. */
  send(payload: JsonObject, signing?: Signing): Promise<WebhookReceipt>;
  /** Works off what is due at this moment. */
  process(): Promise<void>;
  /** Lets time pass, then works off what is due. */
  processAfter(ms: number): Promise<void>;
  /** Kinds of work planned for this moment or earlier, since the last call. */
  takePlanned(): readonly string[];
}

export function createTestInbox(
  store: Store,
  fake: FakeProvider = createWebhookProvider("acme"),
  setting: TrackingSetting = {},
): TestInbox {
  const tracking = createTestTracking(store, [fake], setting);
  const { tools, contact, recorder, catalog, clock, configured, planned } = tracking;
  const inbox = createInbox(tools, { contact, recorder, catalog, silence: createWebhookSilence(clock) });
  onTestFinished(() => inbox.close());
  let sent = 0;
  let taken = 0;
  const process = () => inbox.process(TENANT, configured);
  return {
    ...tracking,
    inbox,
    send: (payload, signing = {}) => {
      sent += 1;
      return inbox.receive(TENANT, configured, signedRequest(payload, clock.now(), { id: `d${sent}`, ...signing }));
    },
    process,
    processAfter: async (ms) => {
      await clock.advance(ms);
      await process();
    },
    takePlanned: () => {
      const fresh = planned.slice(taken).filter(({ dueAt }) => dueAt <= clock.now());
      taken = planned.length;
      return [...new Set(fresh.map(({ item }) => item.kind))].toSorted();
    },
  };
}
