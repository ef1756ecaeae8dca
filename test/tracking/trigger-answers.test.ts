// What the vendor names as a start's run is judged before it is believed, on each database; and runs of others are never a start's.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { Capabilities, FoundRun } from "../../src/domain/provider-port.ts";
import { SyncOrigin, SyncStatus } from "../../src/domain/status.ts";
import { IfRunning, TriggerState, type Observation } from "../../src/domain/sync.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { at, observation, syncJob } from "../support/store-values.ts";
import { TENANT, command, createTestTracking, idOf, passing } from "../support/tracking.ts";

const LOOKUP = { lookupByTime: true };
const PAUSES = [500, 2_000, 5_000];
const ANOTHER = command({ ifRunning: IfRunning.StartAnother });
/** The starts of this suite are sent ten seconds after the beginning of time. */
const SENT_MS = 10_000;

describeOnEachDatabase("a start", (open) => {
  async function tracking(answers: Partial<FakeAnswers>, capabilities: Partial<Capabilities> = LOOKUP) {
    const { store } = await open();
    const made = createTestTracking(store, [createFakeProvider("acme", capabilities, answers)]);
    await made.stock([syncJob("job-1"), syncJob("job-2")]);
    const start = async () => {
      await made.clock.advance(SENT_MS - made.clock.now().getTime() + at(0).getTime());
      return passing(made.clock, PAUSES, made.triggers.trigger(TENANT, ANOTHER));
    };
    return { ...made, start };
  }

  const run = (remoteId: string, createdMs: number, given: Partial<Observation> = {}): FoundRun =>
    observation(remoteId, { ...given, facts: { createdAt: at(createdMs), ...given.facts } });
  const ended = { status: SyncStatus.Success, outcome: null } as const;

  test.each<readonly [string, Observation]>([
    ["a run of another definition", observation("theirs", { definitionRemoteId: "job-2" })],
    ["a run for another account", observation("theirs", { linkedAccountRemoteId: "account-2" })],
    ["a run that had ended by its own time", run("theirs", 1, { ...ended, facts: { finishedAt: at(5_000) } })],
  ])("that is answered with %s is in doubt, and its own run is looked for", async (_what, answer) => {
    const own = run("ours", SENT_MS);
    const { start, fake } = await tracking({ start: () => [answer], findStarted: () => [answer, own] });
    expect(await start()).toMatchObject({ problems: [], syncs: [{ remoteId: "ours" }] });
    expect(fake.callsOf("start")).toHaveLength(1);
  });

  test.each([
    ["has ended", { status: SyncStatus.Success }, {}],
    ["another start began", {}, { triggerId: "another" }],
    ["is of another definition", { definitionRemoteId: "job-2" }, {}],
  ])("that is answered with a run of which the ledger knows that it %s is uncertain", async (_what, given, rest) => {
    const { start, recorder, configured, syncOf } = await tracking({
      // It says nothing of where it belongs.
      start: () => [observation("theirs", { definitionRemoteId: null })],
    });
    const observations = [observation("theirs", { observedAt: at(1), ...given })];
    await recorder.record({ tenantId: TENANT, configured, source: "POLL", observations, ...rest });
    const before = await syncOf("theirs");
    expect(await start()).toMatchObject({
      syncs: [],
      trigger: { state: TriggerState.Uncertain, syncIds: [] },
      problems: [{ code: ErrorCode.TriggerUncertain }],
    });
    expect(await syncOf("theirs")).toEqual(before);
  });

  test("under the vendor's own key may be answered twice with the same run", async () => {
    let answered = false;
    const { start, fake } = await tracking(
      {
        start: () => {
          const first = !answered;
          answered = true;
          return first ? Promise.reject(fault(ErrorCode.ProviderTimeout)) : [run("ours", SENT_MS)];
        },
      },
      { idempotentStart: true },
    );
    expect(await start()).toMatchObject({ problems: [], syncs: [{ remoteId: "ours" }] });
    expect(fake.callsOf("start")).toHaveLength(2);
  });

  test.each<readonly [string, FoundRun, boolean]>([
    ["began three seconds before", run("theirs", SENT_MS - 3_000), false],
    ["began three seconds before and has ended", run("theirs", SENT_MS - 3_000, ended), false],
    ["is in the ledger since before", run("theirs", SENT_MS), true],
    ["began by hand one and a half seconds after the answer", run("theirs", SENT_MS + 1_500), false],
    ["does something else", { ...run("theirs", SENT_MS), asAsked: false }, false],
  ])("that the vendor failed on does not take a run that %s", async (_what, theirs, isKnown) => {
    const { start, see, store } = await tracking({
      start: () => Promise.reject(fault(ErrorCode.ProviderUnavailable, { httpStatus: 503 })),
      findStarted: () => [theirs],
    });
    const { asAsked: _, ...seen } = theirs;
    if (isKnown)
      await see({ ...seen, observedAt: at(SENT_MS - 1), facts: { ...seen.facts, origin: SyncOrigin.Manual } });
    expect(await start()).toMatchObject({
      syncs: [],
      trigger: { state: TriggerState.Uncertain, candidateIds: [], answeredAt: at(SENT_MS) },
      problems: [{ code: ErrorCode.TriggerUncertain }],
    });
    const [stored] = await store.ledger.syncsByIds(TENANT, [idOf("sync", "theirs")]);
    expect([stored?.origin, stored?.triggerId]).toEqual(isKnown ? [SyncOrigin.Manual, null] : [undefined, undefined]);
  });

  test("takes its own run although an older one is there", async () => {
    const { start, syncOf } = await tracking({
      start: () => Promise.reject(fault(ErrorCode.ProviderUnavailable, { httpStatus: 503 })),
      findStarted: () => [run("theirs", SENT_MS - 3_000), run("ours", SENT_MS)],
    });
    expect((await start()).syncs).toMatchObject([{ remoteId: "ours", origin: SyncOrigin.Gateway }]);
    await expect(syncOf("theirs")).rejects.toThrow("has no run");
  });

  test("that was left to another gateway is judged by the times its own has written down", async () => {
    const { start, fake, store, clock } = await tracking({
      start: () => Promise.reject(fault(ErrorCode.ProviderUnavailable, { httpStatus: 503 })),
      findStarted: () => Promise.reject(fault(ErrorCode.ProviderUnavailable)),
    });
    const died = new Promise<never>(() => undefined);
    fake.answers.findStarted = () => died;
    void start();
    await clock.untilSleeping((remainingMs) => remainingMs === PAUSES[0]);
    const next = createTestTracking(store, [
      createFakeProvider("acme", LOOKUP, { findStarted: () => [run("theirs", SENT_MS + 1_500)] }),
    ]);
    await next.clock.advance(SENT_MS + 30_000);
    await passing(next.clock, PAUSES, next.triggers.recover(TENANT, "acme"));
    const [left] = await store.triggers.byIds(TENANT, [fake.callsOf("start")[0]?.triggerKey ?? ""]);
    expect(left).toMatchObject({ state: TriggerState.Uncertain, answeredAt: at(SENT_MS), candidateIds: [] });
  });

  test("that was refused because of runs which may be its own takes them, and is refused when they are not", async () => {
    const kept = fault(ErrorCode.ProviderConflict, { httpStatus: 200, retryable: true });
    const began = [run("invoices", SENT_MS), run("customers", SENT_MS)];
    const each = { ...LOOKUP, startsEachModel: true } as const;
    const { start, fake } = await tracking({ start: () => Promise.reject(kept), findStarted: () => began }, each);
    expect((await start()).syncs.map(({ remoteId }) => remoteId)).toEqual(["invoices", "customers"]);
    fake.answers.findStarted = () => [run("invoices", 1)];
    await expect(start()).rejects.toBe(kept);
  });

  test("that attaches, and was refused because of runs which may be its own, is answered with them as open ones", async () => {
    const kept = fault(ErrorCode.ProviderConflict, { httpStatus: 200, retryable: true });
    const { triggers, clock } = await tracking(
      {
        start: () => Promise.reject(kept),
        findStarted: () => [run("invoices", 0), run("customers", 0)],
      },
      { ...LOOKUP, startsEachModel: true },
    );
    expect(await passing(clock, PAUSES, triggers.trigger(TENANT, command()))).toMatchObject({
      attached: true,
      syncs: [{ remoteId: "invoices", triggerId: null }, { remoteId: "customers" }],
      trigger: { state: TriggerState.Accepted, attached: true },
    });
  });
});
