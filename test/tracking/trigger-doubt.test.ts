// A start without an answer, on each database: the vendor's key, else a look, else an honest "nobody can tell". Never a blind resend.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { SyncOrigin } from "../../src/domain/status.ts";
import { IfRunning, TriggerState } from "../../src/domain/sync.ts";
import type { Observation } from "../../src/domain/sync.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { at, observation, syncJob } from "../support/store-values.ts";
import { TENANT, command, createTestTracking, idOf, passing } from "../support/tracking.ts";

const KEYED = { idempotentStart: true };
const LOOKUP = { lookupByTime: true };
/** The pauses before each look. */
const PAUSES = [500, 2_000, 5_000];
const another = command({ idempotencyKey: "k1", ifRunning: IfRunning.StartAnother });

describeOnEachDatabase("a start that is not answered", (open) => {
  async function tracking(capabilities: Partial<Capabilities>, answers: Partial<FakeAnswers>) {
    const { store } = await open();
    const made = createTestTracking(store, [createFakeProvider("acme", capabilities, answers)]);
    await made.stock();
    const start = (asked = another) => passing(made.clock, PAUSES, made.triggers.trigger(TENANT, asked));
    return { ...made, start };
  }

  test.each([ErrorCode.ProviderTimeout, ErrorCode.ProviderUnavailable, ErrorCode.ProviderBadResponse])(
    "with %s is sent again with the same key where the vendor starts once per key",
    async (code) => {
      const { start, fake } = await tracking(KEYED, {
        start: thenAnswers([fault(code), fault(code)], [observation("run-1")]),
      });
      const result = await start();
      expect(result).toMatchObject({
        problems: [],
        syncs: [{ remoteId: "run-1" }],
        trigger: { state: TriggerState.Accepted },
      });
      const keys = fake.callsOf("start").map(({ triggerKey }) => triggerKey);
      expect(keys).toEqual([result.trigger?.id, result.trigger?.id, result.trigger?.id]);
    },
  );

  test("goes with the arguments of the first try when it is sent again", async () => {
    const { start, fake } = await tracking(KEYED, {
      start: thenAnswers([fault(ErrorCode.ProviderTimeout)], [observation("run-1")]),
    });
    await start({ ...another, args: { since: "2026-01-01" } });
    expect(fake.callsOf("start").map(({ request }) => request.options)).toEqual([
      { args: { since: "2026-01-01" } },
      { args: { since: "2026-01-01" } },
    ]);
  });

  test("is sent again while the vendor still works on the same key, and refused when it then refuses", async () => {
    const busy = fault(ErrorCode.ProviderConflict, { retryable: true, httpStatus: 409 });
    const { start, fake, store } = await tracking(KEYED, {
      start: thenAnswers([busy, fault(ErrorCode.ProviderRejected)], []),
    });
    await expect(start()).rejects.toMatchObject({ code: ErrorCode.ProviderRejected });
    expect(fake.callsOf("start")).toHaveLength(2);
    const [stored] = await store.triggers.byIds(TENANT, [fake.callsOf("start")[0]?.triggerKey ?? ""]);
    expect(stored).toMatchObject({ state: TriggerState.Rejected, error: { code: ErrorCode.ProviderRejected } });
  });

  test.each([
    ["could not be sent", { code: ErrorCode.ProviderUnavailable, sent: false }],
    ["was turned away by the quota", { code: ErrorCode.ProviderRateLimited, httpStatus: 429 }],
    ["was turned away for its credentials", { code: ErrorCode.ProviderAuthFailed, httpStatus: 401, retryable: false }],
  ])(
    "is not refused because its repetition %s, which says nothing of the first try",
    async (_how, { code, ...facts }) => {
      const away = fault(code, facts);
      const lost = fault(ErrorCode.ProviderTimeout);
      const found = await tracking(KEYED, { start: thenAnswers([lost, away], [observation("run-1")]) });
      expect(await found.start()).toMatchObject({ problems: [], trigger: { state: TriggerState.Accepted } });
      const never = await tracking(KEYED, { start: thenAnswers([lost, away, away, away], []) });
      expect(await never.start()).toMatchObject({
        problems: [{ code: ErrorCode.TriggerUncertain }],
        trigger: { state: TriggerState.Uncertain },
      });
    },
  );

  test("is looked for where the vendor lists runs, and its run is adopted without sending again", async () => {
    const { start, fake, syncOf } = await tracking(LOOKUP, {
      start: thenAnswers([fault(ErrorCode.ProviderTimeout)], []),
      findStarted: afterLooks(2, [observation("found", { facts: { origin: SyncOrigin.Unknown } })]),
    });
    const result = await start();
    expect(result).toMatchObject({
      attached: false,
      problems: [],
      syncs: [{ remoteId: "found", origin: SyncOrigin.Gateway }],
    });
    expect((await syncOf("found")).triggerId).toBe(result.trigger?.id);
    expect(fake.callsOf("findStarted").map(({ sentAt }) => sentAt)).toEqual([at(0), at(0), at(0)]);
    expect(fake.callsOf("start")).toHaveLength(1);
  });

  test("is still looked for when a look fails", async () => {
    const looks = thenAnswers([fault(ErrorCode.ProviderUnavailable)], [observation("found")]);
    const { start, fake } = await tracking(LOOKUP, {
      start: () => Promise.reject(fault(ErrorCode.ProviderTimeout)),
      findStarted: looks,
    });
    expect((await start()).syncs).toMatchObject([{ remoteId: "found" }]);
    expect(fake.callsOf("findStarted")).toHaveLength(2);
  });

  test("is not answered with a run that another trigger began, however well it fits", async () => {
    const { start, fake, triggers, store } = await tracking(LOOKUP, {
      start: thenAnswers([], [observation("theirs")]),
    });
    const other = await triggers.trigger(TENANT, command({ idempotencyKey: "k0" }));
    fake.answers.start = () => Promise.reject(fault(ErrorCode.ProviderTimeout));
    fake.answers.findStarted = () => [observation("theirs")];
    const result = await start();
    expect(result).toMatchObject({ syncs: [], problems: [{ code: ErrorCode.TriggerUncertain }] });
    fake.answers.findStarted = () => [observation("theirs"), observation("ours")];
    expect(await start({ ...another, idempotencyKey: "k2" })).toMatchObject({
      syncs: [{ remoteId: "ours" }],
      problems: [],
    });
    const [theirs] = await store.ledger.syncsByIds(TENANT, [idOf("sync", "theirs")]);
    expect(theirs?.triggerId).toBe(other.trigger?.id);
  });

  test("is uncertain when no look finds it, is said so again for the same key, and was sent exactly once", async () => {
    const { start, fake, ledger } = await tracking(LOOKUP, {
      start: () => Promise.reject(fault(ErrorCode.ProviderTimeout)),
    });
    const result = await start();
    expect(result).toMatchObject({
      syncs: [],
      attached: false,
      problems: [{ code: ErrorCode.TriggerUncertain, field: null }],
    });
    expect(result.trigger).toMatchObject({
      state: TriggerState.Uncertain,
      options: null,
      error: { code: ErrorCode.TriggerUncertain },
      resolvedAt: at(7_500),
    });
    expect(await start()).toEqual(result);
    expect(fake.callsOf("start")).toHaveLength(1);
    expect(fake.callsOf("findStarted")).toHaveLength(3);
    expect(await ledger()).toEqual([]);
  });

  test("is uncertain at once where the vendor has neither keys nor a list, and was sent exactly once", async () => {
    const { triggers, fake, clock } = await tracking(
      {},
      { start: () => Promise.reject(fault(ErrorCode.ProviderTimeout)) },
    );
    const result = await triggers.trigger(TENANT, another);
    expect(result).toMatchObject({
      syncs: [],
      trigger: { state: TriggerState.Uncertain, resolvedAt: at(0) },
      problems: [{ code: ErrorCode.TriggerUncertain }],
    });
    expect(await triggers.trigger(TENANT, another)).toEqual(result);
    expect(fake.callsOf("start")).toHaveLength(1);
    expect(clock.pending()).toEqual([]);
  });

  test.each([
    ["never left the house", fault(ErrorCode.ProviderUnavailable, { sent: false })],
    ["ran into the quota", fault(ErrorCode.ProviderRateLimited, { retryAfterMs: 9_000 })],
    ["had bad credentials", fault(ErrorCode.ProviderAuthFailed, { retryable: false })],
  ] as const)("because it %s is refused, not doubted", async (_name, error) => {
    const { triggers, fake } = await tracking(LOOKUP, { start: () => Promise.reject(error) });
    await expect(triggers.trigger(TENANT, another)).rejects.toBe(error);
    expect(fake.calls.map(({ method }) => method)).toEqual(["start"]);
  });

  test("is not held against the provider's other definitions", async () => {
    const { start, triggers, stock, clock } = await tracking(LOOKUP, {
      start: thenAnswers([fault(ErrorCode.ProviderTimeout)], [observation("run-2", { definitionRemoteId: "job-2" })]),
    });
    await stock([syncJob("job-1"), syncJob("job-2")]);
    const doubted = start();
    await clock.untilSleeping((remainingMs) => remainingMs === 500 || remainingMs === 2_000);
    const other = await triggers.trigger(TENANT, command({ definitionId: idOf("definition", "job-2") }));
    expect(other.syncs).toMatchObject([{ remoteId: "run-2" }]);
    expect((await doubted).problems).toMatchObject([{ code: ErrorCode.TriggerUncertain }]);
  });
});

/** Fails once with each error, then gives the answer each time. */
function thenAnswers(errors: readonly Error[], answer: readonly Observation[]): () => Promise<readonly Observation[]> {
  const left = [...errors];
  return () => {
    const error = left.shift();
    return error === undefined ? Promise.resolve(answer) : Promise.reject(error);
  };
}

/** Finds nothing that many times. */
function afterLooks(looks: number, answer: readonly Observation[]): () => readonly Observation[] {
  let left = looks;
  return () => {
    left -= 1;
    return left < 0 ? answer : [];
  };
}
