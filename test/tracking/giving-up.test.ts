// A gateway that ends while vendors have not answered: what it works on is left so that another goes on at once, and nothing is blamed
// on the vendor.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { ProviderHealth } from "../../src/domain/provider-state.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import { createTracker } from "../../src/tracking/tracker.ts";
import { givenUp } from "../../src/tracking/unless-given-up.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import { createGate } from "../support/gate.ts";
import { at, observation } from "../support/store-values.ts";
import { TENANT, command, createTestTracking, passing, type TestTracking } from "../support/tracking.ts";
import { holdNextStart } from "../support/two-gateways.ts";

const SERVICE_UNAVAILABLE = { code: ErrorCode.ServiceUnavailable };
const FIRST_LOOK_MS = 500;
const FIRST_WAIT_MS = 50;

describeOnEachDatabase("a gateway that ends", (open) => {
  async function two() {
    const { store, url } = await open();
    const { store: beside } = await open(url);
    const fake = createFakeProvider("acme", { idempotentStart: true });
    const ending = new AbortController();
    const first = createTestTracking(store, [fake], { owner: "node-1", givenUp: ending.signal });
    const second = createTestTracking(beside, [fake], { owner: "node-2" });
    await first.stock();
    return { first, second, fake, giveUp: () => ending.abort(givenUp()) };
  }

  const onlyTrigger = async ({ store }: TestTracking) =>
    (await store.triggers.unresolved(TENANT, at(1_000_000)))[0] ?? null;

  test("leaves a start that was not answered to another, which need not wait for the lease's end", async () => {
    const { first, second, fake, giveUp } = await two();
    const held = holdNextStart(fake);
    const started = first.triggers.trigger(TENANT, command({ idempotencyKey: "k1" }));
    await held.called.opened;
    await second.triggers.recover(TENANT, "acme");
    expect(await onlyTrigger(second)).toMatchObject({ state: TriggerState.Sent });

    giveUp();
    await expect(started).rejects.toMatchObject(SERVICE_UNAVAILABLE);
    expect(first.planned).toContainEqual({
      item: { kind: "TRIGGERS", tenantId: TENANT, providerKey: "acme" },
      dueAt: first.clock.now(),
    });
    await passing(second.clock, [FIRST_LOOK_MS], second.triggers.recover(TENANT, "acme"));
    expect(await onlyTrigger(second)).toBeNull();
    const again = await second.triggers.trigger(TENANT, command({ idempotencyKey: "k1" }));
    expect(again.trigger).toMatchObject({ state: TriggerState.Accepted });

    // The answer comes after all; it is of no use to whoever gave up.
    held.answer.open();
    expect(new Set(fake.callsOf("start").map(({ triggerKey }) => triggerKey)).size).toBe(1);
  });

  test("leaves a start in doubt in the middle of its looks", async () => {
    const { first, second, fake, giveUp } = await two();
    const begin = fake.answers.start;
    fake.answers.start = () => {
      throw fault(ErrorCode.ProviderTimeout);
    };
    const doubted = first.triggers.trigger(TENANT, command({ idempotencyKey: "k1" }));
    await first.clock.untilSleeping((remainingMs) => remainingMs === FIRST_LOOK_MS);
    giveUp();
    await expect(doubted).rejects.toMatchObject(SERVICE_UNAVAILABLE);
    fake.answers.start = begin;
    await passing(second.clock, [FIRST_LOOK_MS], second.triggers.recover(TENANT, "acme"));
    const again = await second.triggers.trigger(TENANT, command({ idempotencyKey: "k1" }));
    expect(again.trigger).toMatchObject({ state: TriggerState.Accepted });
  });

  test("leaves a start that comes so late that it is not sent any more as one that may be sent", async () => {
    const { first, second, fake, giveUp } = await two();
    giveUp();
    await expect(first.triggers.trigger(TENANT, command({ idempotencyKey: "k1" }))).rejects.toMatchObject(
      SERVICE_UNAVAILABLE,
    );
    expect(await onlyTrigger(second)).toMatchObject({ state: TriggerState.Pending });
    await second.triggers.recover(TENANT, "acme");
    expect(fake.callsOf("start")).toHaveLength(1);
    const again = await second.triggers.trigger(TENANT, command({ idempotencyKey: "k1" }));
    expect(again.trigger).toMatchObject({ state: TriggerState.Accepted });
  });

  test("sends whoever waits for another gateway's start away", async () => {
    const { first, second, fake, giveUp } = await two();
    const held = holdNextStart(fake);
    const started = second.triggers.trigger(TENANT, command());
    await held.called.opened;
    const waiting = first.triggers.trigger(TENANT, command());
    await first.clock.untilSleeping((remainingMs) => remainingMs === FIRST_WAIT_MS);
    giveUp();
    await expect(waiting).rejects.toMatchObject(SERVICE_UNAVAILABLE);
    held.answer.open();
    expect((await started).trigger).toMatchObject({ state: TriggerState.Accepted });
  });

  test("gives its polls back, and the vendor's late answer is recorded by nobody twice", async () => {
    const { first, second, fake, giveUp } = await two();
    await first.see(observation("a"));
    const [asked, answer] = [createGate(), createGate()];
    const observe = fake.answers.observe;
    fake.answers.observe = async (...given) => {
      fake.answers.observe = observe;
      asked.open();
      await answer.opened;
      return observe(...given);
    };
    for (const { clock } of [first, second]) await clock.advance(60_000);
    const poll = first.poller.poll(TENANT, first.configured);
    await asked.opened;
    await second.poller.poll(TENANT, second.configured);
    expect(fake.callsOf("observe")).toHaveLength(1);

    giveUp();
    await expect(poll).rejects.toMatchObject(SERVICE_UNAVAILABLE);
    await second.poller.poll(TENANT, second.configured);
    expect(fake.callsOf("observe")).toHaveLength(2);
    answer.open();
    expect(await first.ledger()).toHaveLength(2);
  });

  test("does not call the vendor down, and plans what it leaves for another at once", async () => {
    const { first, fake, giveUp } = await two();
    const asked = createGate();
    fake.answers.linkedAccounts = () => {
      asked.open();
      return new Promise(() => undefined);
    };
    let handler: Parameters<typeof first.tools.queue.start>[0] = () => Promise.resolve();
    const queue = { ...first.tools.queue, start: (given: typeof handler) => void (handler = given) };
    await createTracker({ ...first.tools, queue }).start();
    const item = { kind: "CATALOG", tenantId: TENANT, providerKey: "acme" } as const;
    const turn = handler(item);
    await asked.opened;
    giveUp();
    await turn;
    expect(first.planned.at(-1)).toEqual({ item, dueAt: first.clock.now() });
    expect(await first.store.providerStates.get(TENANT, "acme")).toMatchObject({ health: ProviderHealth.Unknown });
    expect(first.logged.filter(({ level }) => level !== "info")).toEqual([]);
  });
});
