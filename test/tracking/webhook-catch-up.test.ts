// Events that may have been missed are asked for, and go through the same inbox.
import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { eventually } from "../support/eventually.ts";
import { fault } from "../support/fake-provider.ts";
import { createWebhookProvider, SECRET, signedRequest } from "../support/fake-webhooks.ts";
import { createTestInbox } from "../support/inbox.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { TENANT, storeMaker } from "../support/tracking.ts";

const stateOf = async (store: Store) => store.providerStates.get(TENANT, "acme");

describe("missed events", () => {
  const openStore = storeMaker();
  const clock = () => createManualClock();
  const event = (deliveryId: string, run: string) => ({
    deliveryId,
    name: "state",
    fingerprint: `hash of ${deliveryId}`,
    payload: { type: "state", run, status: "RUNNING" },
  });

  it("of the last hour are asked for at the first start, once, and have their effect", async () => {
    const asked: Date[] = [];
    const missed = (since: Date) => (asked.push(since), [[event("e1", "r1")], [event("e2", "r2")]]);
    const made = createTestInbox(await openStore(), createWebhookProvider("acme", { secrets: [SECRET], missed }), {
      clock: clock(),
    });
    await made.process();
    expect(asked).toEqual([new Date(made.clock.now().getTime() - 3_600_000)]);
    expect([(await made.syncOf("r1")).status, (await made.syncOf("r2")).status]).toEqual(["RUNNING", "RUNNING"]);
    await made.processAfter(60_000);
    expect(asked).toHaveLength(1);
  });

  it("are those since the last webhook of the process before, though new ones have come first", async () => {
    const asked: Date[] = [];
    const missed = (since: Date) => (asked.push(since), []);
    const store = await openStore();
    const heardAt = new Date("2025-12-31T20:00:00.000Z");
    await store.providerStates.patch(TENANT, "acme", { lastWebhookAt: heardAt });
    const made = createTestInbox(store, createWebhookProvider("acme", { secrets: [SECRET], missed }));
    await made.send({ type: "ping" });
    await eventually("the new one is noted", async () =>
      (await stateOf(store)).lastWebhookAt?.getTime() === heardAt.getTime() ? null : true,
    );
    await made.process();
    expect(asked).toEqual([new Date(heardAt.getTime() - 120_000)]);
  });

  it("are asked for again when the vendor could not be read, and after an outage of more than a minute", async () => {
    const asked: Date[] = [];
    let broken = true;
    const missed = (since: Date) => {
      asked.push(since);
      return [broken ? fault(ErrorCode.ProviderUnavailable) : [event("e1", "r1")]];
    };
    const made = createTestInbox(await openStore(), createWebhookProvider("acme", { secrets: [SECRET], missed }));
    await made.process();
    broken = false;
    await made.processAfter(60_000);
    expect(asked).toHaveLength(2);
    await made.processAfter(60_000);
    const settled = asked.length;
    await made.store.providerStates.patch(TENANT, "acme", { health: "DOWN", lastFailureAt: made.clock.now() });
    await made.processAfter(30_000);
    await made.processAfter(40_000);
    await made.store.providerStates.patch(TENANT, "acme", { health: "UP" });
    await made.processAfter(20_000);
    await made.processAfter(20_000);
    expect(asked.length).toBe(settled + 1);
  });

  it("are not asked for after a short outage", async () => {
    let asked = 0;
    const missed = () => ((asked += 1), []);
    const made = createTestInbox(await openStore(), createWebhookProvider("acme", { secrets: [SECRET], missed }));
    await made.process();
    await made.store.providerStates.patch(TENANT, "acme", { health: "DOWN", lastFailureAt: made.clock.now() });
    await made.processAfter(30_000);
    await made.store.providerStates.patch(TENANT, "acme", { health: "UP" });
    await made.processAfter(20_000);
    expect(asked).toBe(1);
  });

  it("that did arrive are repetitions", async () => {
    const store = await openStore();
    const request = signedRequest({ type: "state", run: "r1", status: "RUNNING" }, clock().now(), { id: "d1" });
    const verdict = createWebhookProvider("acme").provider.verifyWebhook?.(request);
    if (verdict?.genuine !== true) throw new Error("the test's own delivery is not genuine");
    const missed = () => [[verdict.event]];
    const made = createTestInbox(store, createWebhookProvider("acme", { secrets: [SECRET], missed }));
    await made.inbox.receive(TENANT, made.configured, request);
    await made.process();
    const before = await made.syncOf("r1");
    await made.process();
    expect((await made.syncOf("r1")).version).toBe(before.version);
  });
});
