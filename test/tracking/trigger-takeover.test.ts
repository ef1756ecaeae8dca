// Starts whose gateway dies, freezes or is slow, on each database: one that lives keeps them, one that is gone loses them within seconds.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import { createGate } from "../support/gate.ts";
import { at, syncJob } from "../support/store-values.ts";
import { TENANT, command, createTestTracking, idOf, passing, waiting } from "../support/tracking.ts";
import { Death, dyingStore, holdNextStart, openTwoGateways } from "../support/two-gateways.ts";

const KEYED = { idempotentStart: true };
const PAUSES = [500, 2_000, 5_000];
const FIRST_WAIT_MS = 50;
const LEASE_MS = 10_000;
const RENEWED_EVERY_MS = 3_000;

describeOnEachDatabase("a start", (open) => {
  const onlyTrigger = async ({ triggers }: Store) => (await triggers.unresolved(TENANT, at(1_000_000)))[0];

  test("that takes long keeps to the gateway that lives, however often another looks", async () => {
    const { first, second, fake } = await openTwoGateways(open, KEYED);
    const held = holdNextStart(fake);
    const started = first.triggers.trigger(TENANT, command());
    await held.called.opened;
    for (let round = 0; round < 8; round += 1) {
      // It sleeps for a renewal's time again only when the one before is through.
      await first.clock.untilSleeping((remainingMs) => remainingMs === RENEWED_EVERY_MS);
      for (const { clock } of [first, second]) await clock.advance(RENEWED_EVERY_MS);
      await second.triggers.recover(TENANT, "acme");
    }
    held.answer.open();
    expect((await started).trigger).toMatchObject({ state: TriggerState.Accepted, syncIds: [idOf("sync", "run-1")] });
    expect(fake.callsOf("start")).toHaveLength(1);
    expect(first.clock.pending()).toEqual([]);
  });

  test("that takes long is not taken over by its own gateway, which stood still", async () => {
    const { first, fake } = await openTwoGateways(open, KEYED);
    const held = holdNextStart(fake);
    const started = first.triggers.trigger(TENANT, command());
    await held.called.opened;
    await first.clock.advance(LEASE_MS * 5);
    await first.triggers.recover(TENANT, "acme");
    held.answer.open();
    expect(await started).toMatchObject({ problems: [], trigger: { state: TriggerState.Accepted } });
    expect(fake.callsOf("start")).toHaveLength(1);
  });

  test("that was sent by a gateway which froze is decided by another, and the frozen one cannot decide otherwise", async () => {
    const { first, second, fake } = await openTwoGateways(open);
    const held = holdNextStart(fake);
    const started = first.triggers.trigger(TENANT, command({ idempotencyKey: "k1" }));
    await held.called.opened;
    await second.clock.advance(LEASE_MS - 1);
    await second.triggers.recover(TENANT, "acme");
    expect(await onlyTrigger(second.store)).toMatchObject({ state: TriggerState.Sent });
    await second.clock.advance(1);
    await second.triggers.recover(TENANT, "acme");
    held.answer.open();
    const result = await started;
    expect(result).toMatchObject({
      syncs: [],
      problems: [{ code: ErrorCode.TriggerUncertain }],
      trigger: { state: TriggerState.Uncertain, syncIds: [] },
    });
    // What the frozen one has seen is not lost: the run is in the ledger, as this trigger's.
    expect((await second.syncOf("run-1")).triggerId).toBe(result.trigger?.id);
    expect(await second.triggers.trigger(TENANT, command({ idempotencyKey: "k1" }))).toEqual(result);
    expect(fake.callsOf("start")).toHaveLength(1);
  });

  test("that a gateway froze on before it was sent is sent by another alone, and both tell of its run", async () => {
    const { store, url } = await open();
    const { store: beside } = await open(url);
    const fake = createFakeProvider("acme");
    const [committed, goOn] = [createGate(), createGate()];
    const freezing: Store["triggers"] = {
      ...store.triggers,
      update: async (...change) => {
        committed.open();
        await goOn.opened;
        return store.triggers.update(...change);
      },
    };
    const frozen = createTestTracking({ ...store, triggers: freezing }, [fake]);
    const next = createTestTracking(beside, [fake]);
    await next.stock();
    const started = frozen.triggers.trigger(TENANT, command());
    await committed.opened;
    await next.clock.advance(LEASE_MS);
    await next.triggers.recover(TENANT, "acme");
    goOn.open();
    expect(await started).toMatchObject({ syncs: [{ remoteId: "run-1" }], attached: false, problems: [] });
    expect(fake.callsOf("start")).toHaveLength(1);
  });

  const accepted = { syncs: [{ remoteId: "run-1" }], problems: [], trigger: { state: TriggerState.Accepted } };
  const uncertain = {
    ...{ syncs: [], problems: [{ code: ErrorCode.TriggerUncertain }] },
    trigger: { state: TriggerState.Uncertain },
  };

  test.each([
    // What the frozen one saw is in the ledger, as this start's.
    ["was answered", undefined, accepted],
    ["was refused", fault(ErrorCode.ProviderRejected), uncertain],
    ["met a conflict", fault(ErrorCode.ProviderConflict, { retryable: false }), uncertain],
    ["ran into a time-out", fault(ErrorCode.ProviderTimeout), uncertain],
  ] as const)(
    "that %s at a gateway which froze meanwhile is decided by the other, which still looks",
    async (_name, failure, expected) => {
      const { first, second, fake } = await openTwoGateways(open, { lookupByTime: true });
      const answer = fake.answers.start;
      fake.answers.start = (...asked) => (failure === undefined ? answer(...asked) : Promise.reject(failure));
      const held = holdNextStart(fake);
      const started = first.triggers.trigger(TENANT, command());
      await held.called.opened;
      await second.clock.advance(LEASE_MS);
      const recovered = second.triggers.recover(TENANT, "acme");
      await second.clock.untilSleeping((remainingMs) => remainingMs === PAUSES[0]);
      held.answer.open();
      // It has noticed, and waits for the other one, which is still looking.
      await first.clock.untilSleeping((remainingMs) => remainingMs === FIRST_WAIT_MS);
      await passing(second.clock, PAUSES, recovered);
      const result = await waiting(first.clock, started);
      expect(result).toMatchObject(expected);
      expect(result.trigger).toMatchObject({ resolvedAt: at(LEASE_MS + 7_500) });
    },
  );

  test("that another one keeps waiting at the vendor does not hold up the rest of what was left behind", async () => {
    const { first, second, fake } = await openTwoGateways(open);
    const jobs = Array.from({ length: 5 }, (_, index) => `job-${index}`);
    await first.stock(jobs.map((name) => syncJob(name)));
    const gone = createTestTracking(dyingStore(first.store, Death.BeforeSending), [fake]);
    for (const name of jobs) {
      const asked = command({ definitionId: idOf("definition", name) });
      await expect(gone.triggers.trigger(TENANT, asked)).rejects.toThrow("died");
    }
    const held = holdNextStart(fake);
    await second.clock.advance(LEASE_MS);
    const recovered = second.triggers.recover(TENANT, "acme");
    await held.called.opened;
    await eventually("the others are finished", async () => {
      const left = await second.store.triggers.unresolved(TENANT, at(1_000_000));
      return left.length === 1 ? left : null;
    });
    held.answer.open();
    await recovered;
    expect(fake.callsOf("start")).toHaveLength(5);
  });

  test("whose lease cannot be renewed is told of in the log, and renewed when that goes again", async () => {
    const { store } = await open();
    const fake = createFakeProvider("acme");
    let down = true;
    const failing: Store["triggers"] = {
      ...store.triggers,
      renew: (...held) => (down ? Promise.reject(new Error("the database went away")) : store.triggers.renew(...held)),
    };
    const made = createTestTracking({ ...store, triggers: failing }, [fake]);
    await made.stock();
    const held = holdNextStart(fake);
    const started = made.triggers.trigger(TENANT, command());
    await held.called.opened;
    for (const goesAgain of [true, false]) {
      await made.clock.untilSleeping((remainingMs) => remainingMs === RENEWED_EVERY_MS);
      await made.clock.advance(RENEWED_EVERY_MS);
      down = !goesAgain;
    }
    await made.clock.untilSleeping((remainingMs) => remainingMs === RENEWED_EVERY_MS);
    expect(made.logged).toMatchObject([{ level: "warn", facts: { error: "the database went away" } }]);
    expect(await store.triggers.nextLeaseEndAt(TENANT, "acme")).toEqual(at(2 * RENEWED_EVERY_MS + LEASE_MS));
    held.answer.open();
    await started;
  });
});
