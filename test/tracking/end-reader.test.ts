// What is left to read of ended runs is read, whoever told of the end: also after a crash, and not for ever.
import { describe, expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { MissingReason, type Capabilities, type ObserveResult, type RunRef } from "../../src/domain/provider-port.ts";
import { ObservationSource, SyncOutcome, SyncStatus } from "../../src/domain/status.ts";
import { ProviderHealth } from "../../src/domain/provider-state.ts";
import type { Observation } from "../../src/domain/sync.ts";
import { createFakeProvider, fault, observed } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { observation, task } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf, storeMaker } from "../support/tracking.ts";

const openStore = storeMaker();
/** Longer than any pause between two tries at the provider's intervals. */
const LONG_MS = 121_000;
const SEPARATE: Partial<Capabilities> = { separateTasks: true };
const ENDED = { status: SyncStatus.Failed, facts: {} };
const error = { code: "AUTH", message: "sign in again", retryable: false, advice: null } as const;
const explaining = (refs: readonly RunRef[]): ObserveResult => ({
  observations: refs.map((ref) =>
    observed(ref, { status: SyncStatus.Failed, facts: { error }, tasks: [task("tickets")] }),
  ),
  missing: [],
});
const silent: FakeAnswers["observe"] = (refs) => ({
  observations: refs.map((ref) => observed(ref, ENDED)),
  missing: [],
});

async function tracking(observe: FakeAnswers["observe"] = explaining, capabilities = SEPARATE) {
  const made = createTestTracking(await openStore(), [createFakeProvider("acme", capabilities, { observe })]);
  const { recorder, configured, fake } = made;
  return {
    ...made,
    poll: () => made.poller.poll(TENANT, configured),
    tell: (source: ObservationSource, given: Partial<Observation> = ENDED) =>
      recorder.record({ tenantId: TENANT, configured, source, observations: [observation("a", given)] }),
    dueAt: () => made.store.polling.nextDueAt(TENANT, "acme"),
    reads: () => fake.callsOf("observe").length,
  };
}

test.each(Object.values(ObservationSource))("an end told by %s is explained by the next poll, once", async (source) => {
  const { tell, poll, syncOf, planned, clock, reads, dueAt } = await tracking();
  await tell(source);
  expect(planned).toEqual([{ item: { kind: "POLL", tenantId: TENANT, providerKey: "acme" }, dueAt: clock.now() }]);
  await poll();
  expect((await syncOf("a")).error).toEqual(error);
  expect(await dueAt()).toBeNull();
  await tell(source);
  await clock.advance(LONG_MS);
  await poll();
  expect(reads()).toBe(1);
});

test("a gateway that stops between the end and its reading leaves the reading to the next one", async () => {
  const store = await openStore();
  const stopped = createTestTracking(store, [createFakeProvider("acme", SEPARATE)]);
  const { configured } = stopped;
  const source = ObservationSource.Webhook;
  await stopped.recorder.record({ tenantId: TENANT, configured, source, observations: [observation("a", ENDED)] });
  const next = createTestTracking(store, [createFakeProvider("acme", SEPARATE, { observe: explaining })]);
  await next.poller.poll(TENANT, next.configured);
  expect((await next.syncOf("a")).error).toEqual(error);
});

test("an end where tasks cost nothing, and a run the vendor lost, are not read again", async () => {
  const together = await tracking(explaining, {});
  const lost = await tracking();
  await together.tell(ObservationSource.Webhook);
  await lost.tell(ObservationSource.Poll, { ...ENDED, outcome: SyncOutcome.Lost });
  for (const { poll, reads } of [together, lost]) {
    await poll();
    expect(reads()).toBe(0);
  }
});

test("of what ended before the gateway first looked nothing is read, of what it knew to be open and of later ends all", async () => {
  const { see, stock, poll, discoverer, configured, fake, clock } = await tracking();
  await stock();
  await see(observation("known"));
  fake.answers.discover = () => [[observation("known", ENDED), observation("old", ENDED)]];
  await discoverer.discover(TENANT, configured);
  await poll();
  fake.answers.discover = () => [[observation("old", ENDED), observation("new", ENDED)]];
  await clock.advance(20_000);
  await discoverer.discover(TENANT, configured);
  await poll();
  expect(fake.callsOf("observe").map(({ refs, tasks }) => [refs.map(({ remoteId }) => remoteId), tasks])).toEqual([
    [["known"], true],
    [["new"], true],
  ]);
});

test("an end that cannot be read is tried again after longer and longer pauses, which other reports of it do not change", async () => {
  const { tell, poll, clock, fake, syncOf, dueAt, store, logged } = await tracking(() => {
    throw fault(ErrorCode.ProviderUnavailable);
  });
  await tell(ObservationSource.Webhook);
  const pauses: number[] = [];
  for (let tries = 0; tries < 14; tries += 1) {
    await poll();
    await tell(ObservationSource.Discovery);
    pauses.push(((await dueAt())?.getTime() ?? Number.NaN) - clock.now().getTime());
    await clock.advance(pauses.at(-1) ?? 0);
  }
  expect(pauses.slice(0, 8)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 120_000, 120_000]);
  expect(pauses.at(-1)).toBe(120_000);
  expect((await store.providerStates.get(TENANT, "acme")).health).toBe(ProviderHealth.Down);
  expect(logged.filter(({ facts }) => facts["code"] === ErrorCode.ProviderUnavailable)).toHaveLength(14);
  fake.answers.observe = explaining;
  await poll();
  expect((await syncOf("a")).error).toEqual(error);
});

test("an end of which ten answers tell no more is given up and stays as it is", async () => {
  const { tell, poll, clock, reads, syncOf, dueAt, logged } = await tracking(silent);
  await tell(ObservationSource.Webhook);
  for (let tries = 0; tries < 12; tries += 1) {
    await poll();
    await clock.advance(LONG_MS);
  }
  expect(reads()).toBe(10);
  expect(await dueAt()).toBeNull();
  expect((await syncOf("a")).status).toBe(SyncStatus.Failed);
  expect(logged.at(-1)).toMatchObject({ level: "warn", facts: { provider: "acme", runs: 1 } });
});

test.each([
  [MissingReason.NotFound, 60_000, 2],
  [MissingReason.Replaced, 0, 1],
])("an ended run that is %s at the vendor is given up after %i ms", async (reason, afterMs, looks) => {
  const { tell, poll, clock, reads, dueAt } = await tracking((refs) => ({
    observations: [],
    missing: refs.map(({ remoteId }) => ({ remoteId, reason })),
  }));
  await tell(ObservationSource.Webhook);
  await poll();
  await clock.advance(afterMs);
  await poll();
  expect(reads()).toBe(looks);
  expect(await dueAt()).toBeNull();
});

describe("an end that is contradicted", () => {
  const contradicted = async (observe: FakeAnswers["observe"], capabilities: Partial<Capabilities>) => {
    const made = await tracking(observe, capabilities);
    await made.see(observation("a", { status: SyncStatus.Success, rawStatus: "done", tasks: [task("tickets")] }));
    await made.tell(ObservationSource.Webhook, { ...ENDED, rawStatus: "failed", tasks: [task("tickets")] });
    const conflicts = async () => {
      const [found = []] = await made.store.ledger.conflictsBySync(TENANT, [idOf("sync", "a")]);
      return found.map((one) => `${one.committedStatus} ${one.observedStatus} ${one.observedVia}`).toSorted();
    };
    return { ...made, conflicts };
  };

  test.each([
    ["one call tells all", {}],
    ["tasks cost calls", SEPARATE],
  ])(
    "is read at the vendor once, where %s, and the committed end stays whatever it says",
    async (_where, capabilities) => {
      const { tell, poll, reads, syncOf, conflicts, dueAt, logged } = await contradicted(explaining, capabilities);
      const said = "SUCCESS FAILED WEBHOOK";
      expect(await conflicts()).toEqual([said]);
      await poll();
      await tell(ObservationSource.Webhook, { ...ENDED, rawStatus: "failed" });
      await poll();
      expect(reads()).toBe(1);
      expect(await syncOf("a")).toMatchObject({ status: SyncStatus.Success, rawStatus: "done", error: null });
      expect(await conflicts()).toEqual(["SUCCESS FAILED POLL", said]);
      expect(await dueAt()).toBeNull();
      expect(logged.filter(({ level }) => level === "warn").map(({ facts }) => facts)).toEqual([
        { provider: "acme", conflicts: 1, syncIds: [idOf("sync", "a")] },
        { provider: "acme", conflicts: 1, syncIds: [idOf("sync", "a")] },
      ]);
    },
  );

  test("waits for the vendor's own answer: another report does not stand for it", async () => {
    const { tell, poll, reads, conflicts } = await contradicted(explaining, SEPARATE);
    await tell(ObservationSource.Discovery, { status: SyncStatus.Success, tasks: [task("tickets")] });
    await poll();
    expect(reads()).toBe(1);
    expect(await conflicts()).toHaveLength(2);
  });

  test("and that the vendor confirms stays with the one contradiction", async () => {
    const done: FakeAnswers["observe"] = (refs) => ({
      observations: refs.map((ref) => observed(ref, { status: SyncStatus.Success, tasks: [task("tickets")] })),
      missing: [],
    });
    const { poll, conflicts, dueAt } = await contradicted(done, SEPARATE);
    await poll();
    expect(await conflicts()).toEqual(["SUCCESS FAILED WEBHOOK"]);
    expect(await dueAt()).toBeNull();
  });

  test("by the vendor's own answer is not asked for again", async () => {
    const { see, poll, reads } = await tracking(explaining, {});
    await see(observation("a", { status: SyncStatus.Success }));
    await see(observation("a", ENDED));
    await poll();
    expect(reads()).toBe(0);
  });
});

test("an ended run does not keep the open ones from being looked at, nor they it", async () => {
  const { tell, see, poll, clock, syncOf, fake } = await tracking((refs, tasks) => {
    if (!tasks) throw fault(ErrorCode.ProviderTimeout);
    return explaining(refs);
  });
  await see(observation("open"));
  await clock.advance(1_500);
  await tell(ObservationSource.Webhook);
  await poll();
  expect(fake.callsOf("observe").map(({ tasks }) => tasks)).toEqual([false, true]);
  expect((await syncOf("a")).error).toEqual(error);
  expect((await syncOf("open")).status).toBe(SyncStatus.Running);
});
