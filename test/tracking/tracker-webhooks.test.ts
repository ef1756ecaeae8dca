// Webhooks with tracking as one piece: handed out by the queue, taken up after a crash, reported on.
import { afterEach, expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { createTracker } from "../../src/tracking/tracker.ts";
import { eventually } from "../support/eventually.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeProvider } from "../support/fake-provider.ts";
import { createWebhookProvider, signedRequest } from "../support/fake-webhooks.ts";
import { observation } from "../support/store-values.ts";
import { TENANT, createTestTracking, storeMaker, type TrackingSetting } from "../support/tracking.ts";

const openStore = storeMaker();
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function tracked(
  store: Store,
  fakes: readonly FakeProvider[] = [createWebhookProvider("acme")],
  setting: TrackingSetting = {},
) {
  const made = createTestTracking(store, fakes, setting);
  const tracker = createTracker(made.tools);
  closing.push(async () => {
    await made.tools.queue.close();
    await tracker.close();
  });
  const send = (payload: Readonly<Record<string, string>>, id = "d1") =>
    tracker.inbox.receive(TENANT, made.configured, signedRequest(payload, made.clock.now(), { id }));
  return { ...made, tracker, send };
}

test("the inbox is worked off from the start on, for providers that have webhooks and no others", async () => {
  const { tracker, planned } = tracked(await openStore(), [createWebhookProvider("acme"), createFakeProvider("mute")]);
  await tracker.start();
  expect(planned.filter(({ item }) => item.kind === "INBOX").map(({ item }) => item.providerKey)).toEqual(["acme"]);
});

test("the inbox is looked through again within about a minute, though nothing rang", async () => {
  const { tracker, clock, planned } = tracked(await openStore());
  await tracker.start();
  const next = await eventually(
    "the next turn is planned",
    () => planned.filter(({ item }) => item.kind === "INBOX")[1],
  );
  const delayMs = next.dueAt.getTime() - clock.now().getTime();
  expect(delayMs).toBeGreaterThanOrEqual(54_000);
  expect(delayMs).toBeLessThanOrEqual(66_000);
});

test("what a gateway committed before it died has its effect when the next one starts", async () => {
  const store = await openStore();
  const dead = tracked(store);
  await dead.send({ type: "state", run: "r1", status: "SUCCESS" });
  await dead.tools.queue.close();
  const next = tracked(store, [createWebhookProvider("acme")], { clock: dead.clock, owner: "node-2" });
  await next.tracker.start();
  const run = await eventually("the run is in the ledger", () => next.syncOf("r1").catch(() => null));
  expect(run.status).toBe("SUCCESS");
});

test("webhooks alone take a run to its end while every read of the vendor fails", async () => {
  const down = () => {
    throw fault(ErrorCode.ProviderUnavailable);
  };
  const answers = { observe: down, discover: down, definitions: down, linkedAccounts: down };
  const { tracker, send, syncOf } = tracked(await openStore(), [createWebhookProvider("acme", undefined, answers)]);
  await tracker.start();
  await send({ type: "state", run: "r1", status: "RUNNING" }, "a");
  await send({ type: "state", run: "r1", status: "SUCCESS" }, "b");
  const run = await eventually("the run has ended", async () => {
    const found = await syncOf("r1").catch(() => null);
    return found?.status === "SUCCESS" ? found : null;
  });
  expect(run.observedVia).toBe("WEBHOOK");
});

test("a provider with webhooks is polled as often as one without", async () => {
  const delayOf = async (fake: FakeProvider): Promise<number | undefined> => {
    const { see, planned, clock, stock } = tracked(await openStore(), [fake], { random: () => 0.5 });
    await stock();
    await see(observation("r1", { observedAt: clock.now() }));
    return planned.find(({ item }) => item.kind === "POLL")?.dueAt.getTime();
  };
  const without = await delayOf(createFakeProvider("acme"));
  expect(without).toBeDefined();
  expect(await delayOf(createWebhookProvider("acme"))).toBe(without);
});

test("a hint about the catalog has it read again at once", async () => {
  const { tracker, send, fake } = tracked(await openStore());
  await tracker.start();
  await eventually("the catalog is read", () => fake.callsOf("listDefinitions")[0]);
  await send({ type: "catalog" });
  await eventually("the catalog is read again", () => fake.callsOf("listDefinitions")[1]);
});

test("a provider is reported as silent when its webhooks are configured and only polls tell of changes, and this is logged once", async () => {
  const made = tracked(await openStore(), [createWebhookProvider("acme"), createFakeProvider("mute")]);
  const { tracker, clock, fake, logged, planned } = made;
  const now = clock.now();
  const facts = { createdAt: now, startedAt: now };
  fake.answers.discover = () => [["a", "b", "c"].map((run) => observation(run, { observedAt: now, facts }))];
  await tracker.start();
  await eventually("the runs are discovered", () => made.syncOf("c").catch(() => null));
  const before = tracker.webhooks.report(TENANT, "acme", { lastWebhookAt: null });
  for (let minute = 0; minute < 12; minute += 1) {
    const turns = planned.filter(({ item }) => item.kind === "INBOX").length;
    await clock.advance(66_000);
    await eventually("the inbox was looked through", () =>
      planned.filter(({ item }) => item.kind === "INBOX").length > turns ? true : null,
    );
  }
  expect(before).toEqual({ configured: true, silent: false });
  expect(tracker.webhooks.report(TENANT, "acme", { lastWebhookAt: null })).toEqual({ configured: true, silent: true });
  expect(tracker.webhooks.report(TENANT, "acme", { lastWebhookAt: clock.now() })).toEqual({
    configured: true,
    silent: false,
  });
  expect(tracker.webhooks.report(TENANT, "mute", { lastWebhookAt: null })).toEqual({
    configured: false,
    silent: false,
  });
  expect(logged.filter(({ message }) => message.includes("none come"))).toHaveLength(1);
});
