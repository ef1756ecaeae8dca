// Starts and changes at a vendor that hangs: their callers are answered in time, and what was begun goes on.
import { describe, expect, test } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { createGate } from "../support/gate.ts";
import { observation } from "../support/store-values.ts";
import { TENANT, command, createTestTracking, idOf, storeMaker, waiting } from "../support/tracking.ts";

const openStore = storeMaker();
/** As long as a caller waits. */
const BOUND_MS = 25_000;
const isBound = (remainingMs: number) => remainingMs === BOUND_MS;

async function tracking(answers: Partial<FakeAnswers> = {}) {
  const made = createTestTracking(await openStore(), [createFakeProvider("acme", { syncJobUpdate: true }, answers)]);
  await made.stock();
  return made;
}

/** A vendor that answers when the gate opens. */
function slowly<Given extends readonly unknown[], Answer>(answer: (...given: Given) => Answer | Promise<Answer>) {
  const gate = createGate();
  let begun = (): void => undefined;
  const asked = new Promise<void>((resolve) => (begun = resolve));
  const ask = async (...given: Given): Promise<Answer> => {
    begun();
    await gate.opened;
    return answer(...given);
  };
  return { ask, asked, open: gate.open };
}

describe("a start that the vendor does not answer", () => {
  test("is said to be going on after 25 seconds, goes on, and is told by its key when it has ended", async () => {
    const vendor = slowly(() => [observation("run-1")]);
    const { operations, clock, fake } = await tracking({ start: vendor.ask });
    const asked = command({ idempotencyKey: "k1" });
    const started = operations.trigger(TENANT, asked);
    await vendor.asked;
    await clock.advance(BOUND_MS);
    expect(await started).toMatchObject({
      syncs: [],
      trigger: { state: TriggerState.Sent },
      problems: [{ code: ErrorCode.IdempotencyInProgress }],
    });
    const again = operations.trigger(TENANT, asked);
    vendor.open();
    expect(await again).toMatchObject({ syncs: [{ remoteId: "run-1" }], problems: [] });
    expect(fake.callsOf("start")).toHaveLength(1);
    expect(clock.pending()).toEqual([]);
  });

  test.each([
    ["does not answer", () => new Promise<never>(() => undefined)],
    ["is out", () => Promise.reject(new GatewayError(ErrorCode.ServiceUnavailable, "the database is out"))],
  ])("is told with its trigger when the database %s by then", async (_how, byIds) => {
    const vendor = slowly(() => [observation("run-1")]);
    const fake = createFakeProvider("acme", {}, { start: vendor.ask });
    const store = await openStore();
    let isOut = false;
    const triggers: Store["triggers"] = {
      ...store.triggers,
      byIds: (...given) => (isOut ? byIds() : store.triggers.byIds(...given)),
    };
    const { operations, clock, stock } = createTestTracking({ ...store, triggers }, [fake]);
    await stock();
    const started = operations.trigger(TENANT, command({ idempotencyKey: "k1" }));
    await vendor.asked;
    isOut = true;
    const answer = waiting(clock, started);
    expect(await answer).toMatchObject({
      trigger: { idempotencyKey: "k1" },
      problems: [{ code: ErrorCode.IdempotencyInProgress }],
    });
    isOut = false;
    vendor.open();
  });

  test("that then fails with nobody waiting is in its trigger and in the log", async () => {
    const vendor = slowly(() => Promise.reject(fault(ErrorCode.ProviderRejected)));
    const { operations, clock, logged, store } = await tracking({ start: vendor.ask });
    const started = operations.trigger(TENANT, command());
    await vendor.asked;
    await clock.advance(BOUND_MS);
    const { trigger } = await started;
    vendor.open();
    await expect
      .poll(async () => (await store.triggers.byIds(TENANT, [trigger?.id ?? ""]))[0])
      .toMatchObject({ state: TriggerState.Rejected, error: { code: ErrorCode.ProviderRejected } });
    await expect
      .poll(() => logged.map(({ message }) => message))
      .toContain("work failed after its caller had been answered");
  });

  test("keeps another start of the definition waiting as long, which is then not begun for nobody", async () => {
    const vendor = slowly(() => Promise.reject(fault(ErrorCode.ProviderRejected)));
    const { operations, clock, fake } = await tracking({ start: vendor.ask });
    const first = operations.trigger(TENANT, command({ idempotencyKey: "k1" }));
    await vendor.asked;
    const second = operations.trigger(TENANT, command({ idempotencyKey: "k2" }));
    await clock.untilSleeping(isBound);
    await clock.advance(BOUND_MS);
    expect((await first).problems).toMatchObject([{ code: ErrorCode.IdempotencyInProgress }]);
    expect(await second).toMatchObject({
      trigger: null,
      problems: [{ code: ErrorCode.IdempotencyInProgress, field: ["definitionId"] }],
    });
    vendor.open();
    await expect(operations.trigger(TENANT, command({ idempotencyKey: "k1" }))).rejects.toMatchObject({
      code: ErrorCode.ProviderRejected,
    });
    expect(fake.callsOf("start")).toHaveLength(1);
  });
});

test("a change that waited so long for the one before it that nobody hears of it is not begun", async () => {
  const vendor = slowly(() => Promise.reject(fault(ErrorCode.ProviderRejected)));
  const { definitions, clock, fake } = await tracking({ updateSyncJob: vendor.ask });
  const change = () => definitions.updateSyncJob(TENANT, idOf("definition", "job-1"), { name: "New" }, null);
  const first = expect(change()).rejects.toMatchObject({ code: ErrorCode.ProviderRejected });
  await vendor.asked;
  const second = expect(change()).rejects.toMatchObject({ code: ErrorCode.ProviderTimeout, sent: false });
  await clock.advance(BOUND_MS);
  vendor.open();
  await first;
  await second;
  expect(fake.callsOf("updateSyncJob")).toHaveLength(1);
});
