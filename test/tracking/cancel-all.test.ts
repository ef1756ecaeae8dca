// Stopping all open runs of a definition, on each database: in one call where the vendor has one, else run by run.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createFakeProvider, fault, observed } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { createGate } from "../support/gate.ts";
import { at, observation, syncJob } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf } from "../support/tracking.ts";

const JOB = idOf("definition", "job-1");
const ENDED = { status: SyncStatus.Success, rawStatus: "done" } as const;
const POLL = { item: { kind: "POLL", tenantId: TENANT, providerKey: "acme" }, dueAt: at(100) };

describeOnEachDatabase("cancelling all runs of a definition", (open) => {
  async function tracking(answers: Partial<FakeAnswers> = {}, capabilities: Partial<Capabilities> = {}) {
    const { store } = await open();
    const made = createTestTracking(store, [createFakeProvider("acme", capabilities, answers)]);
    await made.stock([syncJob("job-1"), syncJob("job-2")]);
    await made.see(
      ...["a", "b", "c"].map((remoteId) => observation(remoteId)),
      observation("ended", ENDED),
      observation("other", { definitionRemoteId: "job-2" }),
    );
    await made.clock.advance(100);
    const dueNow = async () => {
      const lease = { owner: "test", until: at(9_000) };
      const claims = await store.polling.claimDue(TENANT, "acme", at(100), 10, lease);
      return claims.map(({ sync }) => sync.remoteId).toSorted();
    };
    const cancelled = () => made.fake.callsOf("cancel").map(({ ref }) => ref.remoteId);
    return { ...made, dueNow, cancelled, cancelAll: (id = JOB) => made.operations.cancelAll(TENANT, id) };
  }

  test("asks once where the vendor stops them in one call, concludes nothing, and makes them due for a look", async () => {
    const { cancelAll, fake, dueNow, planned } = await tracking({ cancelAll: () => undefined });
    const { syncs, problems } = await cancelAll();
    expect(problems).toEqual([]);
    expect(syncs.map(({ remoteId, status }) => [remoteId, status]).toSorted()).toEqual(
      ["a", "b", "c"].map((remoteId) => [remoteId, SyncStatus.Running]),
    );
    expect(fake.calls).toEqual([{ method: "cancelAll", definitionRemoteId: "job-1" }]);
    expect(planned.at(-1)).toEqual(POLL);
    expect(await dueNow()).toEqual(["a", "b", "c"]);
  });

  test("asks run by run where it does not, and leaves other definitions' runs alone", async () => {
    const { cancelAll, cancelled, dueNow, planned } = await tracking();
    expect((await cancelAll()).syncs).toHaveLength(3);
    expect(cancelled().toSorted()).toEqual(["a", "b", "c"]);
    expect(planned.at(-1)).toEqual(POLL);
    expect(await dueNow()).toEqual(["a", "b", "c"]);
  });

  test("has not more than four calls under way", async () => {
    const gate = createGate();
    let under = 0;
    let most = 0;
    const { cancelAll, see, cancelled } = await tracking({
      cancel: async () => {
        under += 1;
        most = Math.max(most, under);
        if (under === 4) setImmediate(() => gate.open());
        await gate.opened;
        under -= 1;
      },
    });
    await see(...Array.from({ length: 9 }, (_, index) => observation(`more-${index}`)));
    await cancelAll();
    expect([most, cancelled().length]).toEqual([4, 12]);
  });

  const refuse = (code: ErrorCode) => Promise.reject(fault(code, { retryable: false }));
  const endedNow =
    (...ids: readonly string[]): FakeAnswers["observe"] =>
    (refs) => ({
      observations: refs.map((ref) => observed(ref, ids.includes(ref.remoteId) ? ENDED : {})),
      missing: [],
    });

  test("takes a run that ended meanwhile for what it is, and shows its end", async () => {
    const { cancelAll, cancelled } = await tracking({
      cancel: ({ remoteId }) => (remoteId === "b" ? refuse(ErrorCode.ProviderConflict) : undefined),
      observe: endedNow("b"),
    });
    const { syncs, problems } = await cancelAll();
    expect(problems).toEqual([]);
    expect(syncs.find(({ remoteId }) => remoteId === "b")?.status).toBe(SyncStatus.Success);
    expect(cancelled()).toHaveLength(3);
  });

  test("is no failure either when the one call is refused because all have ended", async () => {
    const { cancelAll, fake } = await tracking({
      cancelAll: () => refuse(ErrorCode.ProviderNotFound),
      observe: endedNow("a", "b", "c"),
    });
    expect((await cancelAll()).syncs.map(({ status }) => status)).toEqual(Array(3).fill(SyncStatus.Success));
    expect(fake.callsOf("cancelAll")).toHaveLength(1);
  });

  test("that is refused while a run goes on is the vendor's failure", async () => {
    const { cancelAll } = await tracking({
      cancelAll: () => refuse(ErrorCode.ProviderRejected),
      observe: endedNow("a", "b"),
    });
    await expect(cancelAll()).rejects.toMatchObject({ code: ErrorCode.ProviderRejected });
  });

  test("tries every run before the first failure is thrown, and looks at all of them", async () => {
    const { cancelAll, cancelled, dueNow } = await tracking({
      cancel: ({ remoteId }) => (remoteId === "c" ? undefined : refuse(ErrorCode.ProviderUnavailable)),
    });
    await expect(cancelAll()).rejects.toMatchObject({ code: ErrorCode.ProviderUnavailable });
    expect(cancelled().toSorted()).toEqual(["a", "b", "c"]);
    expect(await dueNow()).toEqual(["a", "b", "c"]);
  });

  test("of which none is open asks nobody and says so", async () => {
    const { cancelAll, fake, see } = await tracking({ cancelAll: () => undefined });
    await see(...["a", "b", "c"].map((remoteId) => observation(remoteId, ENDED)));
    expect(await cancelAll()).toMatchObject({
      syncs: [],
      problems: [{ code: ErrorCode.SyncFinished, field: ["definitionId"] }],
    });
    expect(fake.calls).toEqual([]);
  });

  test("is refused without a call where the provider cannot, is not configured any more, or nobody knows the definition", async () => {
    const { cancelAll, fake, store } = await tracking({}, { cancel: false });
    await store.catalog.putDefinitions(TENANT, "removed", [syncJob("job-1")], at(0));
    const [removed] = await store.catalog.definitionsOfProvider(TENANT, "removed");
    const codes = [];
    for (const id of [JOB, removed?.id, idOf("definition", "job-9")]) {
      const { syncs, problems } = await cancelAll(id);
      expect(syncs).toEqual([]);
      codes.push(...problems.map(({ code, field }) => [code, field]));
    }
    expect(codes).toEqual([
      [ErrorCode.CapabilityNotSupported, ["definitionId"]],
      [ErrorCode.NotFound, ["definitionId"]],
      [ErrorCode.NotFound, ["definitionId"]],
    ]);
    expect(fake.calls).toEqual([]);
  });
});
