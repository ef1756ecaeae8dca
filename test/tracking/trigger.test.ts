// Starting runs on each database: the intention comes first, and what is open decides what a start means.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { SyncOrigin, SyncStatus } from "../../src/domain/status.ts";
import { IfRunning, TriggerState } from "../../src/domain/sync.ts";
import type { Trigger } from "../../src/domain/sync.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { at, linkedAccount, observation, syncJob } from "../support/store-values.ts";
import { TENANT, command, createTestTracking, idOf } from "../support/tracking.ts";

describeOnEachDatabase("a trigger", (open) => {
  async function tracking(answers: Partial<FakeAnswers> = {}, can: Partial<Capabilities> = {}) {
    const { store, url } = await open();
    const made = createTestTracking(store, [createFakeProvider("acme", can, answers)]);
    await made.stock();
    return { ...made, url };
  }

  test("is committed as SENT, with what is needed to send it, before the vendor is called", async () => {
    const { triggers, fake, url } = await tracking();
    const { store: elsewhere } = await open(url);
    let seenWhileSending: readonly Trigger[] = [];
    fake.answers.start = async (_request, triggerKey) => {
      seenWhileSending = await elsewhere.triggers.byIds(TENANT, [triggerKey]);
      return [observation("run-1")];
    };
    await triggers.trigger(TENANT, command({ idempotencyKey: "k1", args: { since: "2026-01-01" } }));
    expect(seenWhileSending).toMatchObject([
      {
        state: TriggerState.Sent,
        idempotencyKey: "k1",
        options: { args: { since: "2026-01-01" } },
        sentAt: at(0),
        syncIds: [],
      },
    ]);
  });

  test("is accepted with the runs it began, which are the gateway's own and linked to it", async () => {
    const { triggers, fake, ledger } = await tracking();
    const result = await triggers.trigger(TENANT, command({ fullRefresh: true, models: ["tickets"] }));
    expect(result).toMatchObject({
      attached: false,
      problems: [],
      syncs: [{ remoteId: "run-1", origin: SyncOrigin.Gateway }],
    });
    expect(result.trigger).toMatchObject({
      state: TriggerState.Accepted,
      attached: false,
      syncIds: [idOf("sync", "run-1")],
      error: null,
      resolvedAt: at(0),
    });
    expect(result.syncs[0]).toMatchObject({
      definitionId: idOf("definition", "job-1"),
      linkedAccountId: idOf("linkedAccount", "account-1"),
      triggerId: result.trigger?.id,
    });
    expect(fake.callsOf("start")).toMatchObject([
      {
        triggerKey: result.trigger?.id,
        request: {
          definition: { remoteId: "job-1" },
          linkedAccount: { remoteId: "account-1" },
          options: { fullRefresh: true, models: ["tickets"] },
        },
      },
    ]);
    expect((await ledger()).map(({ to }) => to)).toEqual(["CREATED", "RUNNING"]);
  });

  test.each([
    ["accepted", () => [observation("run-1")]],
    ["rejected", () => Promise.reject(fault(ErrorCode.ProviderRejected, { retryable: false }))],
  ] as const)("that is %s keeps nothing of the arguments it was sent with", async (_name, start) => {
    const { triggers, store, fake } = await tracking({ start });
    await triggers
      .trigger(TENANT, command({ idempotencyKey: "k1", args: { token: "planted" } }))
      .catch(() => undefined);
    const [sent] = fake.callsOf("start");
    const [stored] = await store.triggers.byIds(TENANT, [sent?.triggerKey ?? ""]);
    expect(stored).toMatchObject({ options: null, resolvedAt: at(0) });
    expect(JSON.stringify(stored)).not.toContain("planted");
  });

  test("that the vendor refuses is rejected with the vendor's reason, which is thrown", async () => {
    const { triggers, store, fake, ledger } = await tracking({
      start: () => Promise.reject(fault(ErrorCode.ProviderRejected)),
    });
    await expect(triggers.trigger(TENANT, command())).rejects.toMatchObject({
      code: ErrorCode.ProviderRejected,
      provider: "acme",
    });
    const [stored] = await store.triggers.byIds(TENANT, [fake.callsOf("start")[0]?.triggerKey ?? ""]);
    expect(stored).toMatchObject({
      state: TriggerState.Rejected,
      error: { code: ErrorCode.ProviderRejected, message: "acme: provider_rejected" },
    });
    expect(await ledger()).toEqual([]);
  });

  test("that gives the vendor nothing to run says so", async () => {
    const { triggers } = await tracking({ start: () => [] });
    const result = await triggers.trigger(TENANT, command());
    expect(result).toMatchObject({
      syncs: [],
      attached: false,
      trigger: { state: TriggerState.Accepted, syncIds: [] },
    });
    expect(result.problems).toMatchObject([{ code: ErrorCode.ProviderRejected, field: ["definitionId"] }]);
  });

  test("of a definition whose copy is old reads it again first, and fails with the vendor's failure", async () => {
    const { triggers, fake, clock } = await tracking({ definition: () => syncJob("job-1", { active: false }) });
    await clock.advance(30_001);
    const result = await triggers.trigger(TENANT, command());
    expect(result.problems).toMatchObject([{ code: ErrorCode.DefinitionInactive }]);
    fake.answers.definition = () => Promise.reject(fault(ErrorCode.ProviderUnavailable));
    await clock.advance(30_001);
    await expect(triggers.trigger(TENANT, command())).rejects.toMatchObject({ code: ErrorCode.ProviderUnavailable });
    expect(fake.calls.map(({ method }) => method)).toEqual(["getDefinition", "getDefinition"]);
  });

  test("with ATTACH gets the open run, and the whole batch where runs were begun together", async () => {
    const { triggers, see, fake } = await tracking();
    await see(
      observation("old", { facts: { createdAt: at(-9), batchId: "b0" } }),
      observation("one", { facts: { createdAt: at(-5), batchId: "b1" } }),
      observation("two", { facts: { createdAt: at(-5), batchId: "b1" } }),
    );
    const result = await triggers.trigger(TENANT, command({ idempotencyKey: "k1" }));
    expect(result.syncs.map(({ remoteId }) => remoteId).toSorted()).toEqual(["one", "two"]);
    expect(result).toMatchObject({
      attached: true,
      problems: [],
      trigger: { state: TriggerState.Accepted, attached: true, options: null },
    });
    const replayed = await triggers.trigger(TENANT, command({ idempotencyKey: "k1" }));
    expect(replayed).toEqual(result);
    expect(fake.calls).toEqual([]);
  });

  test("with ATTACH gets all that one start began where the vendor names no batch", async () => {
    const { triggers, fake } = await tracking();
    fake.answers.start = () => ["one", "two"].map((id) => observation(id, { definitionRemoteId: "job-1" }));
    await triggers.trigger(TENANT, command());
    const { attached, syncs } = await triggers.trigger(TENANT, command());
    expect(attached).toBe(true);
    expect(syncs.map(({ remoteId }) => remoteId).toSorted()).toEqual(["one", "two"]);
    expect(fake.callsOf("start")).toHaveLength(1);
  });

  test("with ATTACH is not given a run that has other arguments, and is told which run is in the way", async () => {
    const { triggers, see, fake } = await tracking({}, { lookupByTime: true });
    await see(observation("other"));
    fake.answers.findStarted = () => [{ ...observation("other"), asAsked: false }];
    const asked = command({ idempotencyKey: "k1", args: { since: "2026-01-01" } });
    const refused = await triggers.trigger(TENANT, asked);
    expect(refused).toMatchObject({
      attached: false,
      syncs: [],
      problems: [
        { code: ErrorCode.AlreadyRunning, message: expect.stringContaining("its run other has other arguments") },
      ],
    });
    fake.answers.findStarted = () => [{ ...observation("other"), asAsked: true }];
    expect((await triggers.trigger(TENANT, asked)).problems).toEqual(refused.problems);
    const again = await triggers.trigger(TENANT, command({ idempotencyKey: "k2", args: { since: "2026-01-01" } }));
    expect(again).toMatchObject({ attached: true, problems: [], syncs: [{ remoteId: "other" }] });
    expect(fake.callsOf("start")).toEqual([]);
  });

  test("with START_ANOTHER begins a run beside the open one", async () => {
    const { triggers, see, fake } = await tracking();
    await see(observation("open"));
    const result = await triggers.trigger(TENANT, command({ ifRunning: IfRunning.StartAnother }));
    expect(result).toMatchObject({ attached: false, syncs: [{ remoteId: "run-1" }] });
    expect(fake.callsOf("start")).toHaveLength(1);
  });

  test("with REJECT is refused while a run is open, and begins one when none is", async () => {
    const { triggers, see, fake } = await tracking();
    await see(observation("open"));
    const refused = await triggers.trigger(TENANT, command({ ifRunning: IfRunning.Reject }));
    expect(refused).toMatchObject({
      syncs: [],
      trigger: null,
      problems: [{ code: ErrorCode.AlreadyRunning, field: ["ifRunning"] }],
    });
    expect(fake.calls).toEqual([]);
    await see(observation("open", { status: SyncStatus.Success }));
    expect((await triggers.trigger(TENANT, command({ ifRunning: IfRunning.Reject }))).syncs).toHaveLength(1);
  });

  test("waits for no run with an unknown word once a newer run of the definition has ended", async () => {
    const { triggers, see, store } = await tracking();
    const odd = { status: null, rawStatus: "paused" };
    const created = (ms: number) => ({ facts: { createdAt: at(ms) } });
    await see(observation("odd", { ...odd, ...created(0) }));
    const first = await triggers.trigger(TENANT, command());
    expect(first).toMatchObject({ attached: true, syncs: [{ remoteId: "odd" }] });
    // An older one, and one for another customer, tell nothing of it.
    await see(observation("older", { status: SyncStatus.Success, ...created(-5) }));
    await see(observation("theirs", { linkedAccountRemoteId: "a-2", status: SyncStatus.Success, ...created(5) }));
    expect(await triggers.trigger(TENANT, command())).toMatchObject({ attached: true });
    await see(observation("newer", { status: SyncStatus.Success, ...created(5) }));
    const second = await triggers.trigger(TENANT, command());
    expect(second).toMatchObject({ attached: false, problems: [], syncs: [{ remoteId: "run-1" }] });
    // The new one is waited for, and the other stays open.
    expect(await triggers.trigger(TENANT, command())).toMatchObject({ attached: true, syncs: [{ remoteId: "run-1" }] });
    const open = await store.ledger.openSyncs(TENANT, idOf("definition", "job-1"));
    expect(open.map(({ remoteId }) => remoteId).toSorted()).toEqual(["odd", "run-1"]);
  });

  test("of a definition that many customers share attaches to the run of the same customer alone", async () => {
    const { triggers, see, stock, fake } = await tracking();
    await stock(
      [syncJob("job-1", { linkedAccountRemoteId: null })],
      [linkedAccount("account-1"), linkedAccount("account-2")],
    );
    await see(observation("of-1", { linkedAccountRemoteId: "account-1" }));
    const other = await triggers.trigger(TENANT, command({ linkedAccountId: idOf("linkedAccount", "account-2") }));
    expect(other).toMatchObject({ attached: false, syncs: [{ linkedAccountRemoteId: "account-2" }] });
    expect(fake.callsOf("start")).toMatchObject([
      { request: { linkedAccount: { remoteId: "account-2" }, options: { linkedAccountRemoteId: "account-2" } } },
    ]);
    const same = await triggers.trigger(TENANT, command({ linkedAccountId: idOf("linkedAccount", "account-1") }));
    expect(same).toMatchObject({ attached: true, syncs: [{ remoteId: "of-1" }] });
  });

  test("that meets a run the gateway has not seen finds it and attaches to it", async () => {
    const { triggers, fake } = await tracking({
      start: () => Promise.reject(fault(ErrorCode.ProviderConflict, { retryable: false, httpStatus: 409 })),
      discover: () => [[observation("theirs", { facts: { origin: SyncOrigin.Scheduled } })]],
    });
    const result = await triggers.trigger(TENANT, command({ idempotencyKey: "k1" }));
    expect(result).toMatchObject({
      attached: true,
      problems: [],
      syncs: [{ remoteId: "theirs", origin: SyncOrigin.Scheduled }],
    });
    expect(result.trigger).toMatchObject({
      state: TriggerState.Accepted,
      attached: true,
      error: null,
      syncIds: [idOf("sync", "theirs")],
    });
    expect(fake.callsOf("discover")).toMatchObject([
      { since: at(-24 * 3_600_000), definitions: [{ remoteId: "job-1" }] },
    ]);
    expect(await triggers.trigger(TENANT, command({ idempotencyKey: "k1" }))).toEqual(result);
    expect(fake.callsOf("start")).toHaveLength(1);
  });

  test("that meets a conflict with nothing to attach to, or with START_ANOTHER, is refused", async () => {
    const { triggers, fake } = await tracking({
      start: () => Promise.reject(fault(ErrorCode.ProviderConflict, { retryable: false })),
    });
    await expect(triggers.trigger(TENANT, command())).rejects.toMatchObject({ code: ErrorCode.ProviderConflict });
    expect(fake.callsOf("discover")).toHaveLength(1);
    await expect(triggers.trigger(TENANT, command({ ifRunning: IfRunning.StartAnother }))).rejects.toMatchObject({
      code: ErrorCode.ProviderConflict,
    });
    expect(fake.callsOf("discover")).toHaveLength(1);
  });

  test("that meets a conflict whose run cannot be looked for is refused for the conflict, and says so again", async () => {
    const { triggers } = await tracking({
      start: () => Promise.reject(fault(ErrorCode.ProviderConflict, { retryable: false })),
      discover: () => Promise.reject(fault(ErrorCode.ProviderUnavailable)),
    });
    for (const _ of ["first", "again"]) {
      await expect(triggers.trigger(TENANT, command({ idempotencyKey: "k1" }))).rejects.toMatchObject({
        code: ErrorCode.ProviderConflict,
        message: "acme: provider_conflict",
      });
    }
  });

  test("of one definition waits for the one before it and attaches to its run, without any key", async () => {
    const { triggers, fake } = await tracking();
    const [first, ...others] = await Promise.all(Array.from({ length: 10 }, () => triggers.trigger(TENANT, command())));
    expect(first).toMatchObject({ attached: false });
    expect(others.every(({ attached, syncs }) => attached && syncs[0]?.id === first?.syncs[0]?.id)).toBe(true);
    expect(fake.callsOf("start")).toHaveLength(1);
  });
});
