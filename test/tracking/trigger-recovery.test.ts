// What a process left unfinished is finished by the next one, on each database: accepted, rejected or uncertain, and started once at most.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import type { Trigger } from "../../src/domain/sync.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import { createGate } from "../support/gate.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { at, linkedAccount, observation, syncJob, trigger } from "../support/store-values.ts";
import { TENANT, command, createTestTracking, idOf, passing } from "../support/tracking.ts";

const PAUSES = [500, 2_000, 5_000];
const ID = "018f0000-0000-7000-8000-000000000001";
const OPTIONS = { args: { since: "2026-01-01" }, fullRefresh: true };

describeOnEachDatabase("a trigger left behind", (open) => {
  /** A new process over the store of one that stopped 61 seconds ago. */
  async function afterCrash(
    left: Partial<Trigger>,
    capabilities: Partial<Capabilities> = {},
    answers: Partial<FakeAnswers> = {},
  ) {
    const { store } = await open();
    await store.triggers.create(trigger(ID, { definitionId: idOf("definition", "job-1"), options: OPTIONS, ...left }));
    const made = createTestTracking(store, [createFakeProvider("acme", capabilities, answers)]);
    await made.clock.advance(61_000);
    await made.stock();
    const recover = () => passing(made.clock, PAUSES, made.triggers.recover(TENANT, "acme"));
    return { ...made, recover };
  }
  const read = async (store: Store) => (await store.triggers.byIds(TENANT, [ID]))[0];

  test("in PENDING was never sent, so it is sent once, as it was meant", async () => {
    const { recover, fake, store, syncOf } = await afterCrash({
      state: TriggerState.Pending,
      retryOfId: idOf("sync", "failed-run"),
    });
    await recover();
    expect(fake.callsOf("start")).toMatchObject([
      {
        triggerKey: ID,
        request: { definition: { remoteId: "job-1" }, linkedAccount: { remoteId: "account-1" }, options: OPTIONS },
      },
    ]);
    expect(await read(store)).toMatchObject({
      state: TriggerState.Accepted,
      options: null,
      syncIds: [idOf("sync", "run-1")],
      resolvedAt: at(61_000),
    });
    expect(await syncOf("run-1")).toMatchObject({ triggerId: ID, retryOfId: idOf("sync", "failed-run") });
    await recover();
    expect(fake.callsOf("start")).toHaveLength(1);
  });

  test("in PENDING for an account that it names is sent for that account", async () => {
    const options = { linkedAccountRemoteId: "account-2" };
    const { recover, fake, stock } = await afterCrash({ state: TriggerState.Pending, options });
    await stock([syncJob("job-1", { linkedAccountRemoteId: null })], [linkedAccount("account-2")]);
    await recover();
    expect(fake.callsOf("start")).toMatchObject([{ request: { linkedAccount: { remoteId: "account-2" }, options } }]);
  });

  test("in SENT is sent again with its key where the vendor starts once per key", async () => {
    const { recover, fake, store } = await afterCrash(
      { state: TriggerState.Sent, sentAt: at(5) },
      { idempotentStart: true },
    );
    await recover();
    expect(fake.callsOf("start").map(({ triggerKey }) => triggerKey)).toEqual([ID]);
    expect(await read(store)).toMatchObject({ state: TriggerState.Accepted, syncIds: [idOf("sync", "run-1")] });
  });

  test("in SENT is looked for since it was sent, and its run adopted without a start", async () => {
    const { recover, fake, store } = await afterCrash(
      { state: TriggerState.Sent, sentAt: at(5) },
      { lookupByTime: true },
      { findStarted: () => [observation("found")] },
    );
    await recover();
    expect(fake.calls.map(({ method }) => method)).toEqual(["findStarted"]);
    expect(fake.callsOf("findStarted")).toMatchObject([{ sentAt: at(5), request: { options: OPTIONS } }]);
    expect(await read(store)).toMatchObject({ state: TriggerState.Accepted, syncIds: [idOf("sync", "found")] });
  });

  test("in SENT whose answer was recorded before the crash finds its own run again", async () => {
    const { recover, store, recorder, configured, ledger } = await afterCrash(
      { state: TriggerState.Sent, sentAt: at(5) },
      { lookupByTime: true },
      { findStarted: () => [observation("alike"), observation("mine")] },
    );
    await recorder.record({
      tenantId: TENANT,
      configured,
      source: "TRIGGER",
      observations: [observation("mine")],
      triggerId: ID,
    });
    // Another gateway waits for the answer of its own start: that one cannot speak of this run.
    const answering = { definitionId: idOf("definition", "job-1"), state: TriggerState.Sent, createdAt: at(30_000) };
    await store.triggers.create(trigger("018f0000-0000-7000-8000-000000000002", answering));
    const before = await ledger();
    await recover();
    expect(await read(store)).toMatchObject({ state: TriggerState.Accepted, syncIds: [idOf("sync", "mine")] });
    expect(await ledger()).toEqual(before);
  });

  test.each([
    ["no run is found", { lookupByTime: true }, 3],
    ["the vendor has neither keys nor a list", {}, 0],
  ] as const)("in SENT is uncertain when %s, and is never sent again", async (_name, capabilities, looks) => {
    const { recover, fake, store, logged } = await afterCrash(
      { state: TriggerState.Sent, sentAt: at(5) },
      capabilities,
    );
    await recover();
    await recover();
    expect(await read(store)).toMatchObject({
      state: TriggerState.Uncertain,
      options: null,
      error: { code: ErrorCode.TriggerUncertain },
    });
    expect([fake.callsOf("start").length, fake.callsOf("findStarted").length]).toEqual([0, looks]);
    expect(logged).toMatchObject([{ level: "warn", facts: { triggerId: ID, code: ErrorCode.TriggerUncertain } }]);
  });

  test("that the vendor refuses does not keep the others from being finished", async () => {
    const { recover, fake, store } = await afterCrash({ state: TriggerState.Pending });
    const other = "018f0000-0000-7000-8000-000000000002";
    await store.triggers.create(trigger(other, { definitionId: idOf("definition", "job-1"), createdAt: at(1) }));
    const answer = fake.answers.start;
    fake.answers.start = (request, key) =>
      key === ID ? Promise.reject(fault(ErrorCode.ProviderRejected)) : answer(request, key);
    await recover();
    expect(await read(store)).toMatchObject({
      state: TriggerState.Rejected,
      error: { code: ErrorCode.ProviderRejected },
    });
    expect(await store.triggers.byIds(TENANT, [other])).toMatchObject([{ state: TriggerState.Accepted }]);
  });

  test("by nobody, because the start still goes on after a minute, is not started again", async () => {
    const { store } = await open();
    const [called, answer] = [createGate(), createGate()];
    const start: FakeAnswers["start"] = async () => {
      called.open();
      await answer.opened;
      return [observation("run-1")];
    };
    const fake = createFakeProvider("acme", { idempotentStart: true }, { start });
    const made = createTestTracking(store, [fake]);
    await made.stock();
    const started = made.triggers.trigger(TENANT, command());
    await called.opened;
    await made.clock.advance(61_000);
    const recovered = made.triggers.recover(TENANT, "acme");
    // Time enough for a recovery that does not wait its turn to come to its first look.
    for (let round = 0; round < 20; round += 1) {
      // A write, so that a slow disk does not let the clock run ahead of the renewals.
      await store.triggers.renew(TENANT, [{ id: "none", fence: 0 }], made.clock.now());
      await made.clock.advance(500);
    }
    answer.open();
    expect((await started).trigger).toMatchObject({ state: TriggerState.Accepted, syncIds: [idOf("sync", "run-1")] });
    await recovered;
    expect(fake.callsOf("start")).toHaveLength(1);
  });

  test("by a request that may still be going on, or of another provider, is left alone", async () => {
    const { recover, fake, store, clock } = await afterCrash({ state: TriggerState.Pending, createdAt: at(2_000) });
    await store.triggers.create(trigger("018f0000-0000-7000-8000-000000000003", { providerKey: "globex" }));
    await recover();
    expect(fake.calls).toEqual([]);
    await clock.advance(2_000);
    await recover();
    expect(fake.callsOf("start")).toHaveLength(1);
  });

  test("is what a process that loses its database in the middle of a start leaves, and the run is found once", async () => {
    const { store } = await open();
    const fake = createFakeProvider("acme", { lookupByTime: true }, { findStarted: () => [observation("run-1")] });
    const dying = createTestTracking(
      { ...store, ledger: { ...store.ledger, record: () => Promise.reject(new Error("the database went away")) } },
      [fake],
    );
    await dying.stock();
    await expect(dying.triggers.trigger(TENANT, command({ idempotencyKey: "k1" }))).rejects.toThrow("went away");
    const next = createTestTracking(store, [fake]);
    await next.clock.advance(61_000);
    await passing(next.clock, PAUSES, next.triggers.recover(TENANT, "acme"));
    expect(await next.triggers.trigger(TENANT, command({ idempotencyKey: "k1" }))).toMatchObject({
      problems: [],
      syncs: [{ remoteId: "run-1" }],
    });
    expect(fake.callsOf("start")).toHaveLength(1);
  });
});
