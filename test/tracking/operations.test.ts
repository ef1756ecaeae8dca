// What callers do with runs: start one again, stop one, read one now.
import { describe, expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { IfRunning } from "../../src/domain/sync.ts";
import { ObservationSource, SyncOrigin, SyncStatus } from "../../src/domain/status.ts";
import { createFakeProvider, fault, observed } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { createGate } from "../support/gate.ts";
import { at, observation } from "../support/store-values.ts";
import { TENANT, again, command, createTestTracking, idOf, storeMaker } from "../support/tracking.ts";

const openStore = storeMaker();
const FAILED = { status: SyncStatus.Failed, rawStatus: "failed" } as const;

async function tracking(answers: Partial<FakeAnswers> = {}, capabilities: Partial<Capabilities> = {}) {
  const made = createTestTracking(await openStore(), [createFakeProvider("acme", capabilities, answers)]);
  await made.stock();
  return made;
}

describe("retrying a run", () => {
  test("starts its definition again with what the run tells of its start, and links the new run to it", async () => {
    const { operations, see, fake } = await tracking();
    await see(observation("old", { ...FAILED, facts: { models: ["tickets"], fullRefresh: true } }));
    const result = await operations.retry(TENANT, idOf("sync", "old"), again("k1"));
    expect(result).toMatchObject({ attached: false, problems: [], trigger: { retryOfId: idOf("sync", "old") } });
    expect(result.syncs).toMatchObject([
      { remoteId: "run-1", retryOfId: idOf("sync", "old"), origin: SyncOrigin.Gateway },
    ]);
    expect(fake.callsOf("start")).toMatchObject([
      {
        request: {
          definition: { remoteId: "job-1" },
          options: { models: ["tickets"], fullRefresh: true, linkedAccountRemoteId: "account-1" },
        },
      },
    ]);
  });

  test("carries over no option that the provider does not take, nor one nobody knows", async () => {
    const { operations, see, fake } = await tracking({}, { startOptions: ["models"] });
    await see(observation("old", { ...FAILED, facts: { fullRefresh: true } }));
    await operations.retry(TENANT, idOf("sync", "old"), again());
    expect(fake.callsOf("start")[0]?.request.options).toEqual({});
  });

  test("of a run whose arguments are needed and no longer kept says which are missing", async () => {
    const { operations, see, fake } = await tracking({}, { requiredStartOptions: ["args"] });
    await see(observation("old", FAILED));
    const result = await operations.retry(TENANT, idOf("sync", "old"), again());
    expect(result.problems).toMatchObject([{ code: ErrorCode.BadUserInput, field: ["args"] }]);
    expect(fake.calls).toEqual([]);
  });

  test("takes along the arguments that the vendor's run tells, and names what it does not tell", async () => {
    const { operations, see, fake } = await tracking();
    await see(observation("old", { ...FAILED, facts: { onError: "IGNORE" } }));
    fake.answers.startedWith = () => ({ args: { since: "2026-01-01" } });
    await operations.retry(TENANT, idOf("sync", "old"), again("k1"));
    const options = fake.callsOf("start").map(({ request }) => request.options);
    expect(options).toEqual([{ args: { since: "2026-01-01" }, linkedAccountRemoteId: "account-1" }]);
    fake.answers.startedWith = () => Promise.reject(fault(ErrorCode.ProviderNotFound));
    const { problems } = await operations.retry(TENANT, idOf("sync", "old"), again("k2", IfRunning.StartAnother));
    expect(problems).toMatchObject([{ code: ErrorCode.BadUserInput, message: expect.stringContaining("(args)") }]);
    // A key that is known is answered without the vendor.
    expect((await operations.retry(TENANT, idOf("sync", "old"), again("k1"))).syncs).toHaveLength(1);
    expect(fake.callsOf("start")).toHaveLength(1);
  });

  test("keeps what its run does with records that fail, where the provider takes that", async () => {
    const { operations, see, fake } = await tracking({}, { startOptions: ["onError"] });
    await see(observation("old", { ...FAILED, facts: { onError: "IGNORE" } }));
    await operations.retry(TENANT, idOf("sync", "old"), again());
    expect(fake.callsOf("start")[0]?.request.options).toEqual({ onError: "IGNORE" });
  });

  test("begins beside an open run, or is given it, as the caller says", async () => {
    const { operations, see, fake } = await tracking();
    await see(observation("open"), observation("old", FAILED));
    const beside = await operations.retry(TENANT, idOf("sync", "old"), again(null, IfRunning.StartAnother));
    expect(beside).toMatchObject({ attached: false, problems: [], syncs: [{ remoteId: "run-1" }] });
    const given = await operations.retry(TENANT, idOf("sync", "old"), again("k", IfRunning.Attach));
    expect(given).toMatchObject({ attached: true, problems: [] });
    expect(fake.callsOf("start")).toHaveLength(1);
    const otherwise = await operations.retry(TENANT, idOf("sync", "old"), again("k", IfRunning.StartAnother));
    expect(otherwise.problems).toMatchObject([{ code: ErrorCode.IdempotencyKeyReused }]);
  });

  test("is refused while the run itself goes on, or another of its definition does", async () => {
    const { operations, see, fake } = await tracking();
    await see(observation("open"), observation("old", FAILED));
    const itself = await operations.retry(TENANT, idOf("sync", "open"), again());
    expect(itself.problems).toMatchObject([{ code: ErrorCode.AlreadyRunning, field: ["syncId"] }]);
    const other = await operations.retry(TENANT, idOf("sync", "old"), again());
    expect(other.problems).toMatchObject([{ code: ErrorCode.AlreadyRunning }]);
    expect(fake.calls).toEqual([]);
  });

  test("of a run that nobody knows, or whose definition nobody knows, is not found", async () => {
    const { operations, see } = await tracking();
    await see(observation("stray", { ...FAILED, definitionRemoteId: null }));
    for (const remoteId of ["unknown", "stray"]) {
      const result = await operations.retry(TENANT, idOf("sync", remoteId), again());
      expect(result.problems).toMatchObject([{ code: ErrorCode.NotFound, field: ["syncId"] }]);
    }
  });

  test("with the same key twice starts once, and the key of a plain start is another request's", async () => {
    const { operations, see, fake } = await tracking();
    await see(observation("old", FAILED));
    const first = await operations.retry(TENANT, idOf("sync", "old"), again("k1"));
    // What the ended run tells of its start may still grow; the request is the same one.
    await see(
      observation("run-1", FAILED),
      observation("old", { ...FAILED, observedAt: at(9), facts: { models: ["tickets"] } }),
    );
    const repeated = await operations.retry(TENANT, idOf("sync", "old"), again("k1"));
    expect(repeated.syncs.map(({ id }) => id)).toEqual(first.syncs.map(({ id }) => id));
    const plain = await operations.trigger(TENANT, command({ idempotencyKey: "k1" }));
    expect(plain.problems).toMatchObject([{ code: ErrorCode.IdempotencyKeyReused }]);
    expect(fake.callsOf("start")).toHaveLength(1);
  });
});

describe("cancelling a run", () => {
  test("asks the vendor, concludes nothing from its yes, and makes the run due for a look", async () => {
    const { operations, see, fake, clock, store, planned } = await tracking();
    await see(observation("a", { facts: { startedAt: at(-200_000) } }));
    await clock.advance(100);
    const result = await operations.cancel(TENANT, idOf("sync", "a"));
    expect(result).toMatchObject({ problems: [], sync: { remoteId: "a", status: SyncStatus.Running } });
    expect(fake.callsOf("cancel")).toMatchObject([{ ref: { remoteId: "a", definitionRemoteId: "job-1" } }]);
    expect(await store.polling.nextDueAt(TENANT, "acme")).toEqual(at(100));
    expect(planned.at(-1)).toEqual({ item: { kind: "POLL", tenantId: TENANT, providerKey: "acme" }, dueAt: at(100) });
  });

  test("is refused without a call where the provider cannot, where the run has ended, and where there is none", async () => {
    const unable = await tracking({}, { cancel: false });
    await unable.see(observation("a"));
    expect((await unable.operations.cancel(TENANT, idOf("sync", "a"))).problems).toMatchObject([
      { code: ErrorCode.CapabilityNotSupported, field: ["syncId"] },
    ]);
    const { operations, see, fake } = await tracking();
    await see(observation("ended", FAILED));
    expect(await operations.cancel(TENANT, idOf("sync", "ended"))).toMatchObject({
      sync: { remoteId: "ended" },
      problems: [{ code: ErrorCode.SyncFinished, field: ["syncId"] }],
    });
    expect(await operations.cancel(TENANT, idOf("sync", "unknown"))).toMatchObject({
      sync: null,
      problems: [{ code: ErrorCode.NotFound, field: ["syncId"] }],
    });
    expect([...unable.fake.calls, ...fake.calls]).toEqual([]);
  });

  test.each([
    ErrorCode.ProviderConflict,
    ErrorCode.ProviderNotFound,
    ErrorCode.ProviderRejected,
    ErrorCode.SyncFinished,
  ])("that the vendor refuses with %s because the run has ended says so, and shows the end", async (code) => {
    const { operations, see } = await tracking({
      cancel: () => Promise.reject(fault(code, { retryable: false })),
      observe: (refs) => ({
        observations: refs.map((ref) => observed(ref, { status: SyncStatus.Success, rawStatus: "done" })),
        missing: [],
      }),
    });
    await see(observation("a"));
    const result = await operations.cancel(TENANT, idOf("sync", "a"));
    expect(result.problems).toMatchObject([{ code: ErrorCode.SyncFinished, field: ["syncId"] }]);
    expect(result.sync).toMatchObject({ status: SyncStatus.Success, rawStatus: "done" });
  });

  test("that the vendor refuses though the run goes on, or that fails, is the vendor's error", async () => {
    const { operations, see, fake } = await tracking({
      cancel: () => Promise.reject(fault(ErrorCode.ProviderRejected)),
    });
    await see(observation("a"));
    await expect(operations.cancel(TENANT, idOf("sync", "a"))).rejects.toMatchObject({
      code: ErrorCode.ProviderRejected,
    });
    expect(fake.callsOf("observe")).toHaveLength(1);
    fake.answers.cancel = () => Promise.reject(fault(ErrorCode.ProviderUnavailable));
    await expect(operations.cancel(TENANT, idOf("sync", "a"))).rejects.toMatchObject({
      code: ErrorCode.ProviderUnavailable,
    });
    expect(fake.callsOf("observe")).toHaveLength(1);
  });
});

describe("reading a run now", () => {
  test("asks the vendor only when the run was observed longer ago than asked for, tasks included", async () => {
    const { operations, see, fake, clock } = await tracking();
    await see(observation("a"));
    fake.answers.observe = (refs) => ({
      observations: refs.map((ref) => observed(ref, { observedAt: clock.now(), facts: { attempt: 2 } })),
      missing: [],
    });
    await clock.advance(5_000);
    expect(await operations.refresh(TENANT, idOf("sync", "a"), 5_000)).toMatchObject({ observedAt: at(0) });
    expect(fake.calls).toEqual([]);
    expect(await operations.refresh(TENANT, idOf("sync", "a"), 4_999)).toMatchObject({
      attempt: 2,
      observedAt: at(5_000),
      observedVia: ObservationSource.LiveRead,
    });
    expect(fake.callsOf("observe")).toMatchObject([{ tasks: true, refs: [{ remoteId: "a" }] }]);
  });

  test("asks the vendor once for everybody who asks at the same time, and again afterwards", async () => {
    const { operations, see, fake, clock } = await tracking();
    await see(observation("a"));
    await clock.advance(1);
    const gate = createGate();
    const answer = fake.answers.observe;
    fake.answers.observe = async (refs, tasks) => {
      await gate.opened;
      return answer(refs, tasks);
    };
    const reads = Array.from({ length: 10 }, () => operations.refresh(TENANT, idOf("sync", "a"), 0));
    gate.open();
    const syncs = await Promise.all(reads);
    expect(new Set(syncs).size).toBe(1);
    expect(fake.callsOf("observe")).toHaveLength(1);
    await operations.refresh(TENANT, idOf("sync", "a"), 0);
    expect(fake.callsOf("observe")).toHaveLength(2);
  });

  test("throws the vendor's failure, and keeps no failed read for the next asker", async () => {
    const { operations, see, fake, clock } = await tracking({
      observe: () => Promise.reject(fault(ErrorCode.ProviderTimeout)),
    });
    await see(observation("a"));
    await clock.advance(1);
    await expect(operations.refresh(TENANT, idOf("sync", "a"), 0)).rejects.toMatchObject({
      code: ErrorCode.ProviderTimeout,
    });
    fake.answers.observe = (refs) => ({
      observations: refs.map((ref) => observed(ref, { status: SyncStatus.Success })),
      missing: [],
    });
    expect(await operations.refresh(TENANT, idOf("sync", "a"), 0)).toMatchObject({ status: SyncStatus.Success });
  });

  test("of a run the vendor does not find gives what is known, and of an unknown run nothing", async () => {
    const { operations, see, clock } = await tracking({
      observe: (refs) => ({
        observations: [],
        missing: refs.map(({ remoteId }) => ({ remoteId, reason: "NOT_FOUND" })),
      }),
    });
    await see(observation("a"));
    await clock.advance(1);
    expect(await operations.refresh(TENANT, idOf("sync", "a"), 0)).toMatchObject({
      remoteId: "a",
      status: SyncStatus.Running,
      observedAt: at(0),
    });
    expect(await operations.refresh(TENANT, idOf("sync", "unknown"), 0)).toBeNull();
  });
});
