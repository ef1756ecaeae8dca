// The one door into the ledger, on each database: the bell rings after the commit and only for news, and unknown words are counted.
import { expect, test } from "vitest";
import { ObservationSource, SyncOutcome, SyncStatus } from "../../src/domain/status.ts";
import { BusNews, type EventBus } from "../../src/domain/runtime-ports.ts";
import { createInProcessBus } from "../../src/server/in-process-bus.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createFakeProvider } from "../support/fake-provider.ts";
import { at, observation } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf } from "../support/tracking.ts";

describeOnEachDatabase("recording observations", (open) => {
  async function tracking() {
    const { store, url } = await open();
    const rings: string[] = [];
    const bus: EventBus = { ...createInProcessBus(), ring: (tenantId, news) => void rings.push(`${tenantId} ${news}`) };
    return { ...createTestTracking(store, [createFakeProvider("acme")], { bus }), rings, url, bus };
  }

  test("rings once for a batch: for transitions if it has any, else for progress, and not at all for nothing", async () => {
    const { see, rings } = await tracking();
    const [transitions, progress] = [`${TENANT} ${BusNews.Transitions}`, `${TENANT} ${BusNews.Progress}`];
    await see(observation("a"), observation("b"));
    expect(rings).toEqual([transitions]);
    await see(observation("a", { observedAt: at(5), facts: { attempt: 2 } }), observation("b", { observedAt: at(5) }));
    expect(rings).toEqual([transitions, progress]);
    await see();
    expect(rings).toHaveLength(2);
    await see(
      observation("b", { observedAt: at(6), facts: { attempt: 3 } }),
      observation("a", { observedAt: at(6), status: SyncStatus.Success }),
    );
    expect(rings).toEqual([transitions, progress, transitions]);
  });

  test("does not ring for what came under an old lease and was dropped", async () => {
    const { see, rings, recorder, configured, store } = await tracking();
    await see(observation("a"));
    const lease = { owner: "other", until: at(90_000) };
    await store.polling.claimDue(TENANT, "acme", at(50_000), 1, lease);
    const late = {
      tenantId: TENANT,
      configured,
      source: ObservationSource.Poll,
      observations: [observation("a", { observedAt: at(5), facts: { attempt: 2 } })],
    };
    await recorder.record({ ...late, fences: new Map([["a", 0]]) });
    expect(rings).toHaveLength(1);
    await recorder.record({ ...late, fences: new Map([["a", 1]]) });
    expect(rings).toHaveLength(2);
  });

  test("rings only when another connection can read what it rings for", async () => {
    const { store, url } = await open();
    const { store: elsewhere } = await open(url);
    const heads: Promise<number>[] = [];
    const bus: EventBus = {
      ...createInProcessBus(),
      ring: (tenantId) => void heads.push(elsewhere.ledger.head(tenantId)),
    };
    await createTestTracking(store, [createFakeProvider("acme")], { bus }).see(observation("a"));
    expect(await Promise.all(heads)).toEqual([2]);
  });

  test("rings for nothing that could not be committed", async () => {
    const { store, rings, bus } = await tracking();
    const broken = { ...store, ledger: { ...store.ledger, record: () => Promise.reject(new Error("disk full")) } };
    const { see, planned } = createTestTracking(broken, [createFakeProvider("acme")], { bus });
    await expect(see(observation("a"))).rejects.toThrow("disk full");
    expect([rings, planned]).toEqual([[], []]);
  });

  test("notes its own source, whatever the observation says, and answers in the observations' order", async () => {
    const { recorder, configured } = await tracking();
    const observations = ["c", "a", "b", "a"].map((remoteId, index) =>
      observation(remoteId, { source: ObservationSource.Poll, observedAt: at(index) }),
    );
    const syncs = await recorder.record({
      tenantId: TENANT,
      configured,
      source: ObservationSource.Webhook,
      observations,
    });
    expect(syncs.map(({ remoteId }) => remoteId)).toEqual(["c", "a", "b", "a"]);
    expect(new Set(syncs.map(({ observedVia }) => observedVia))).toEqual(new Set([ObservationSource.Webhook]));
  });

  test("plans a look at the earliest of the runs that go on, and none when all have ended", async () => {
    const { see, planned, store } = await tracking();
    await see(observation("young"), observation("old", { facts: { startedAt: at(-200_000) } }));
    const due = await store.polling.nextDueAt(TENANT, "acme");
    expect(planned).toEqual([{ item: { kind: "POLL", tenantId: TENANT, providerKey: "acme" }, dueAt: due }]);
    expect(due?.getTime()).toBeLessThanOrEqual(at(1_100).getTime());
    await see(observation("young", { status: SyncStatus.Success }), observation("old", { status: SyncStatus.Failed }));
    expect(planned).toHaveLength(1);
  });

  test("learns how long runs usually take and looks again near the expected end", async () => {
    const { see, store, planned } = await tracking();
    await see(
      observation("done", { status: SyncStatus.Success, facts: { startedAt: at(-90_000), finishedAt: at(0) } }),
    );
    await see(observation("next", { facts: { startedAt: at(-30_000) } }));
    // A third of the 60 seconds to go, with a tenth of jitter; without the lesson it would be a tenth of its age: 3 seconds.
    const due = ((await store.polling.nextDueAt(TENANT, "acme")) ?? at(0)).getTime() - at(0).getTime();
    expect(planned).toHaveLength(1);
    expect(due).toBeGreaterThanOrEqual(18_000);
    expect(due).toBeLessThanOrEqual(22_000);
  });

  test("counts words that are in no table, each for itself, whatever the word is, and tells each once", async () => {
    const { see, store, logged } = await tracking();
    const odd = (remoteId: string, rawStatus: string) => observation(remoteId, { status: null, rawStatus });
    await see(odd("a", "paused"), odd("b", "paused"), odd("c", "constructor"), observation("d"));
    await see(odd("a", "paused"), odd("c", "x".repeat(100)), odd("d", "__proto__"));
    const { unknownStatuses } = await store.providerStates.get(TENANT, "acme");
    expect(Object.entries(unknownStatuses).toSorted()).toEqual([
      ["__proto__", 1],
      ["constructor", 1],
      ["paused", 3],
      ["x".repeat(64), 1],
    ]);
    expect(logged.map(({ level, facts }) => [level, facts["words"]])).toEqual([
      ["warn", ["paused", "constructor"]],
      ["warn", ["x".repeat(64), "__proto__"]],
    ]);
  });

  test("keeps so many words and no more, and tells none of the others", async () => {
    const { see, store, logged } = await tracking();
    const odd = Array.from({ length: 210 }, (_, index) =>
      observation(`r${index}`, { status: null, rawStatus: `w${index}` }),
    );
    await see(...odd);
    await see(...odd);
    expect(Object.keys((await store.providerStates.get(TENANT, "acme")).unknownStatuses)).toHaveLength(200);
    expect(logged).toHaveLength(1);
  });

  test("ends a run with an unknown word and an end time, keeps that end, and shows what contradicts it", async () => {
    const { see, store, logged, syncOf, recorder, configured } = await tracking();
    const over = { status: null, rawStatus: "teleporting", facts: { finishedAt: at(1) } };
    await see(observation("a"), observation("a", { ...over, observedAt: at(2) }));
    const ended = { status: SyncStatus.Failed, outcome: SyncOutcome.Unknown, rawStatus: "teleporting" };
    expect(await syncOf("a")).toMatchObject({
      ...ended,
      error: { code: "UNKNOWN", message: expect.stringContaining('"teleporting"') as string },
    });
    const source = ObservationSource.Poll;
    const [running, success] = [SyncStatus.Running, SyncStatus.Success].map((status, index) =>
      observation("a", { status, rawStatus: status, source, observedAt: at(3 + index) }),
    );
    for (const one of [running, success])
      if (one !== undefined) await recorder.record({ tenantId: TENANT, configured, source, observations: [one] });
    expect(await syncOf("a")).toMatchObject(ended);
    const [conflicts] = await store.ledger.conflictsBySync(TENANT, [idOf("sync", "a")]);
    expect(conflicts?.map((one) => [one.committedOutcome, one.observedStatus])).toEqual([
      [SyncOutcome.Unknown, SyncStatus.Running],
      [SyncOutcome.Unknown, SyncStatus.Success],
    ]);
    expect(logged.filter(({ facts }) => facts["conflicts"] !== undefined)).toHaveLength(2);
  });

  test("keeps a run with an unknown word and no end time open, and ends it when its status has not changed for too long", async () => {
    const { see, syncOf, clock } = await tracking();
    const odd = () => observation("a", { status: null, rawStatus: "paused", observedAt: clock.now() });
    const day = 86_400_000;
    // However old it is by the vendor's clock.
    await see(observation("a", { facts: { createdAt: new Date(0), startedAt: new Date(0) } }), odd());
    await clock.advance(7 * day - 1);
    await see(odd());
    expect(await syncOf("a")).toMatchObject({ status: SyncStatus.Running, outcome: null, rawStatus: "paused" });
    await clock.advance(1);
    await see(odd());
    expect(await syncOf("a")).toMatchObject({ status: SyncStatus.Failed, outcome: SyncOutcome.Unknown });
  });

  test("loses no count when looks are recorded at the same time", async () => {
    const { see, store } = await tracking();
    await Promise.all(
      Array.from({ length: 12 }, (_, index) => see(observation(`r${index}`, { status: null, rawStatus: "paused" }))),
    );
    expect((await store.providerStates.get(TENANT, "acme")).unknownStatuses).toEqual({ paused: 12 });
  });

  test("logs a contradicting end, and keeps the first", async () => {
    const { see, logged, syncOf } = await tracking();
    await see(observation("a", { status: SyncStatus.Success, rawStatus: "done" }));
    await see(observation("a", { status: SyncStatus.Failed, rawStatus: "failed", observedAt: at(9) }));
    expect(await syncOf("a")).toMatchObject({ status: SyncStatus.Success, rawStatus: "done" });
    expect(logged).toMatchObject([
      { level: "warn", facts: { provider: "acme", conflicts: 1, syncIds: [idOf("sync", "a")] } },
    ]);
  });
});
