// Looking at open runs: all that are due in one go, none lost for another's sake, and none given up too early.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { MissingReason } from "../../src/domain/provider-port.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { ObservationSource, SyncOutcome, SyncStatus } from "../../src/domain/status.ts";
import { ProviderHealth } from "../../src/domain/provider-state.ts";
import { createFakeProvider, fault, observed } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { createGate } from "../support/gate.ts";
import { at, observation } from "../support/store-values.ts";
import { TENANT, createTestTracking, storeMaker } from "../support/tracking.ts";

const openStore = storeMaker();
const DUE_MS = 1_500;

async function tracking(answers: Partial<FakeAnswers> = {}, capabilities: Partial<Capabilities> = {}) {
  const made = createTestTracking(await openStore(), [createFakeProvider("acme", capabilities, answers)]);
  return { ...made, poll: () => made.poller.poll(TENANT, made.configured) };
}

test("every run that is due is asked for in one call, with what an adapter needs to find it", async () => {
  const { see, poll, clock, fake } = await tracking();
  await see(
    observation("a", { facts: { batchId: "b1", models: ["tickets"], createdAt: at(-5), startedAt: at(-4) } }),
    observation("b"),
  );
  await see(observation("done", { status: SyncStatus.Success }));
  await clock.advance(DUE_MS);
  await poll();
  expect(fake.callsOf("observe")).toHaveLength(1);
  const refs = fake.callsOf("observe")[0]?.refs.toSorted((one, other) => (one.remoteId < other.remoteId ? -1 : 1));
  expect(refs).toMatchObject([
    {
      ...{
        remoteId: "a",
        definitionRemoteId: "job-1",
        linkedAccountRemoteId: "account-1",
        batchId: "b1",
        models: ["tickets"],
      },
      ...{ status: SyncStatus.Running, createdAt: at(-5), startedAt: at(-4) },
    },
    { remoteId: "b" },
  ]);
});

test("runs due in a moment are taken along, and those not due yet are left alone", async () => {
  const { see, poll, clock, fake } = await tracking();
  await see(observation("young"), observation("old", { facts: { startedAt: at(-250_000) } }));
  await clock.advance(700);
  await poll();
  expect(fake.callsOf("observe").map(({ refs }) => refs.map(({ remoteId }) => remoteId))).toEqual([["young"]]);
  await poll();
  expect(fake.callsOf("observe")).toHaveLength(1);
});

test("what is seen is recorded as polled, and the next look is planned in store and queue", async () => {
  const { see, poll, clock, fake, syncOf, store, planned } = await tracking();
  await see(observation("a"), observation("b"));
  await clock.advance(DUE_MS);
  fake.answers.observe = (refs) => ({
    observations: refs.map((ref) =>
      observed(ref, { observedAt: clock.now(), ...(ref.remoteId === "a" ? { status: SyncStatus.Success } : {}) }),
    ),
    missing: [],
  });
  await poll();
  expect(await syncOf("a")).toMatchObject({
    status: SyncStatus.Success,
    observedVia: ObservationSource.Poll,
    observedAt: at(DUE_MS),
  });
  const due = await store.polling.nextDueAt(TENANT, "acme");
  expect(due?.getTime()).toBeGreaterThan(at(DUE_MS).getTime());
  expect(planned.at(-1)).toEqual({ item: { kind: "POLL", tenantId: TENANT, providerKey: "acme" }, dueAt: due });
});

test("runs the answer told about unasked are recorded too", async () => {
  const { see, poll, clock, syncOf } = await tracking({
    observe: (refs) => ({ observations: [...refs.map((ref) => observed(ref)), observation("unasked")], missing: [] }),
  });
  await see(observation("a"));
  await clock.advance(DUE_MS);
  await poll();
  expect(await syncOf("unasked")).toMatchObject({ status: SyncStatus.Running });
});

test("a run that could not be read does not lose the others, and is looked at again later and later", async () => {
  const { see, poll, clock, fake, syncOf, store } = await tracking();
  await see(observation("unreadable"), observation("good"));
  await clock.advance(DUE_MS);
  const readable =
    (end: boolean): FakeAnswers["observe"] =>
    (refs) => ({
      observations: refs
        .filter(({ remoteId }) => remoteId === "good")
        .map((ref) => observed(ref, end ? { status: SyncStatus.Success } : {})),
      missing: [],
    });
  fake.answers.observe = readable(true);
  await poll();
  expect((await syncOf("good")).status).toBe(SyncStatus.Success);
  expect((await syncOf("unreadable")).status).toBe(SyncStatus.Running);
  const pauses: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    const due = (await store.polling.nextDueAt(TENANT, "acme")) ?? at(0);
    pauses.push(due.getTime() - clock.now().getTime());
    await clock.advance(due.getTime() - clock.now().getTime());
    await poll();
  }
  expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000]);
});

test("a run the vendor does not find is lost after 60 seconds and not a moment before", async () => {
  const missing = {
    observe: (refs) => ({
      observations: [],
      missing: refs.map(({ remoteId }) => ({ remoteId, reason: MissingReason.NotFound })),
    }),
  } satisfies Partial<FakeAnswers>;
  const { see, poll, clock, syncOf, store } = await tracking(missing);
  await see(observation("a", { rawStatus: "in_progress" }));
  await clock.advance(DUE_MS);
  await poll();
  const missingSince = clock.now().getTime();
  let looks = 0;
  while ((await syncOf("a")).status === SyncStatus.Running) {
    expect(clock.now().getTime() - missingSince).toBeLessThan(60_000);
    const due = (await store.polling.nextDueAt(TENANT, "acme")) ?? at(0);
    await clock.advance(due.getTime() - clock.now().getTime());
    await poll();
    looks += 1;
  }
  expect(clock.now().getTime() - missingSince).toBeGreaterThanOrEqual(60_000);
  expect(looks).toBeGreaterThan(10);
  expect(await syncOf("a")).toMatchObject({
    status: SyncStatus.Failed,
    outcome: SyncOutcome.Lost,
    rawStatus: "in_progress",
    error: { retryable: true },
  });
  expect(await store.polling.nextDueAt(TENANT, "acme")).toBeNull();
});

test("a run that is found again within the minute was never lost, and its minute begins anew", async () => {
  const { see, poll, clock, fake, syncOf } = await tracking();
  await see(observation("a"));
  const found = fake.answers.observe;
  const lookAfter = async (ms: number, present: boolean) => {
    fake.answers.observe = present
      ? found
      : (refs) => ({
          observations: [],
          missing: refs.map(({ remoteId }) => ({ remoteId, reason: MissingReason.NotFound })),
        });
    await clock.advance(ms);
    await poll();
  };
  await lookAfter(DUE_MS, false);
  await lookAfter(50_000, true);
  await lookAfter(40_000, false);
  await lookAfter(40_000, false);
  expect((await syncOf("a")).status).toBe(SyncStatus.Running);
  await lookAfter(40_000, false);
  expect((await syncOf("a")).outcome).toBe(SyncOutcome.Lost);
});

test("a vendor that is down meanwhile does not stop the minute of a run that is missing", async () => {
  const { see, poll, clock, fake, syncOf } = await tracking({
    observe: (refs) => ({
      observations: [],
      missing: refs.map(({ remoteId }) => ({ remoteId, reason: MissingReason.NotFound })),
    }),
  });
  await see(observation("a"));
  const missing = fake.answers.observe;
  await clock.advance(DUE_MS);
  await poll();
  fake.answers.observe = () => Promise.reject(fault(ErrorCode.ProviderUnavailable));
  await clock.advance(30_000);
  await poll();
  fake.answers.observe = missing;
  await clock.advance(31_000);
  await poll();
  expect((await syncOf("a")).outcome).toBe(SyncOutcome.Lost);
});

test("a run that a newer one replaced is lost at once", async () => {
  const { see, poll, clock, syncOf } = await tracking({
    observe: (refs) => ({
      observations: [],
      missing: refs.map(({ remoteId }) => ({ remoteId, reason: MissingReason.Replaced })),
    }),
  });
  await see(observation("a"));
  await clock.advance(DUE_MS);
  await poll();
  expect(await syncOf("a")).toMatchObject({ status: SyncStatus.Failed, outcome: SyncOutcome.Lost });
});

test("a vendor that fails costs no run: all are looked at again, later each time, and never before it asks", async () => {
  const { see, poll, clock, fake, store, ledger } = await tracking({
    observe: () => Promise.reject(fault(ErrorCode.ProviderUnavailable)),
  });
  await see(observation("a"), observation("b"));
  await clock.advance(DUE_MS);
  const before = await ledger();
  const pauses: number[] = [];
  const pollAndWait = async () => {
    await poll();
    const due = (await store.polling.nextDueAt(TENANT, "acme")) ?? at(0);
    pauses.push(due.getTime() - clock.now().getTime());
    await clock.advance(due.getTime() - clock.now().getTime());
  };
  for (let round = 0; round < 3; round += 1) await pollAndWait();
  fake.answers.observe = () => Promise.reject(fault(ErrorCode.ProviderRateLimited, { retryAfterMs: 90_000 }));
  await pollAndWait();
  expect(pauses).toEqual([2_000, 4_000, 8_000, 90_000]);
  expect(fake.callsOf("observe").map(({ refs }) => refs.length)).toEqual([2, 2, 2, 2]);
  expect(await ledger()).toEqual(before);
});

test("a failure of the gateway itself is not taken for the vendor's, and the lease brings the runs back", async () => {
  const { see, poll, clock, fake, store } = await tracking({
    observe: () => Promise.reject(new TypeError("a defect")),
  });
  await see(observation("a"));
  await clock.advance(DUE_MS);
  await expect(poll()).rejects.toThrow("a defect");
  expect((await store.providerStates.get(TENANT, "acme")).health).toBe(ProviderHealth.Unknown);
  await clock.advance(9_999);
  await poll();
  expect(fake.callsOf("observe")).toHaveLength(1);
  await clock.advance(1);
  await expect(poll()).rejects.toThrow("a defect");
});

test("a gateway that froze during its look cannot write what it saw after another took the run over", async () => {
  const { see, poll, clock, fake, store, syncOf } = await tracking();
  await see(observation("a"));
  await clock.advance(DUE_MS);
  const gate = createGate();
  const asked = createGate();
  fake.answers.observe = async (refs) => {
    asked.open();
    await gate.opened;
    return {
      observations: refs.map((ref) => observed(ref, { status: SyncStatus.Failed, observedAt: at(1) })),
      missing: [],
    };
  };
  const frozen = poll();
  await asked.opened;
  await clock.advance(121_000);
  const other = createTestTracking(store, [createFakeProvider("acme")], { clock, owner: "node-2" });
  await other.poller.poll(TENANT, other.configured);
  expect(other.fake.callsOf("observe")).toHaveLength(1);
  const before = await syncOf("a");
  const due = await store.polling.nextDueAt(TENANT, "acme");
  gate.open();
  await frozen;
  expect(await syncOf("a")).toEqual(before);
  expect(await store.polling.nextDueAt(TENANT, "acme")).toEqual(due);
});

test("with nothing open the vendor hears nothing and nothing is planned", async () => {
  const { poll, fake, planned } = await tracking();
  await poll();
  expect([fake.calls, planned]).toEqual([[], []]);
});

test("a hundred runs are taken at once, and the rest with the next turn, which is due at once", async () => {
  const { see, poll, clock, fake, planned } = await tracking();
  await see(...Array.from({ length: 130 }, (_, index) => observation(`r${index}`)));
  await clock.advance(DUE_MS);
  await poll();
  expect(planned.at(-1)?.dueAt.getTime()).toBeLessThanOrEqual(clock.now().getTime());
  await poll();
  expect(fake.callsOf("observe").map(({ refs }) => refs.length)).toEqual([100, 30]);
});

test("many runs at a slow vendor are looked at less often, so that its quota is kept", async () => {
  const { see, clock, configured, fake, poller, load } = await tracking(
    {},
    { rateLimit: { requests: 60, perMs: 60_000 } },
  );
  let sent = 0;
  fake.answers.observe = (refs) => {
    sent += refs.length;
    return { observations: [], missing: [] };
  };
  const counted = { ...configured, callsMade: () => sent };
  await see(...Array.from({ length: 50 }, (_, index) => observation(`r${index}`)));
  await clock.advance(DUE_MS);
  await poller.poll(TENANT, counted);
  expect(load.intervalsOf(counted)).toMatchObject({ fastMs: 100_000, slowMs: 100_000 });
});
