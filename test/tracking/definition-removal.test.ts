// Deleting definitions, on each database: gone from the lists at once, whatever else is being read, and their runs looked at.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { ABLE } from "../support/definition-commands.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { createGate } from "../support/gate.ts";
import { at, modelSync, observation, syncJob } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf } from "../support/tracking.ts";

const PUSH = idOf("definition", "push-1");
const { NotFound } = ErrorCode;

describeOnEachDatabase("a definition", (open) => {
  async function tracking(answers: Partial<FakeAnswers> = {}) {
    const { store } = await open();
    const made = createTestTracking(store, [createFakeProvider("acme", ABLE, answers)]);
    await made.stock([modelSync("push-1"), syncJob("job-1")]);
    const stored = async () => (await store.catalog.definitionsByIds(TENANT, [PUSH]))[0];
    const listedNow = async () =>
      (await store.catalog.definitionsOfProvider(TENANT, "acme")).map(({ remoteId }) => remoteId);
    return { ...made, stored, listedNow };
  }

  test("that is deleted leaves the lists, is given as it stood, and its open runs are looked at", async () => {
    const { definitions, fake, see, stored, listedNow, store, clock, planned } = await tracking();
    const ids = { definitionRemoteId: "push-1" };
    await see(
      observation("a", ids),
      observation("b", { ...ids, status: SyncStatus.Success, rawStatus: "done" }),
      observation("c", { definitionRemoteId: "job-1" }),
    );
    const before = await stored();
    await clock.advance(100);
    expect(await definitions.deleteModelSync(TENANT, PUSH)).toEqual({ definition: before, problems: [] });
    expect(fake.calls).toEqual([{ method: "deleteModelSync", remoteId: "push-1" }]);
    expect(await listedNow()).toEqual(["job-1"]);
    expect(await stored()).toMatchObject({ goneAt: at(100) });
    const lease = { owner: "test", until: at(1_000) };
    const due = await store.polling.claimDue(TENANT, "acme", clock.now(), 10, lease);
    expect(due.map(({ sync }) => sync.remoteId)).toEqual(["a"]);
    expect(planned.at(-1)).toEqual({ item: { kind: "POLL", tenantId: TENANT, providerKey: "acme" }, dueAt: at(100) });
    expect((await definitions.deleteModelSync(TENANT, PUSH)).problems).toMatchObject([
      { code: NotFound, field: ["modelSyncId"] },
    ]);
    expect(fake.calls).toHaveLength(1);
  });

  test("whose deletion fails is gone when the vendor has it no more, and there when it has", async () => {
    const error = fault(ErrorCode.ProviderTimeout);
    const { definitions, fake, stored } = await tracking({ deleteModelSync: () => Promise.reject(error) });
    await expect(definitions.deleteModelSync(TENANT, PUSH)).rejects.toBe(error);
    expect(await stored()).toMatchObject({ goneAt: null });
    fake.answers.definition = () => Promise.reject(fault(ErrorCode.ProviderNotFound, { retryable: false }));
    await expect(definitions.deleteModelSync(TENANT, PUSH)).rejects.toBe(error);
    expect(await stored()).toMatchObject({ goneAt: at(0) });
  });

  test("that is deleted or changed while the catalog is being read stays as it was left", async () => {
    const [asked, answer] = [createGate(), createGate()];
    const listing = [modelSync("push-1", { name: "Old" }), modelSync("push-2", { name: "Old" })];
    const { definitions, catalog, fake, clock, store, listedNow } = await tracking({
      definitions: async () => {
        asked.open();
        await answer.opened;
        return [listing];
      },
    });
    await store.catalog.putDefinitions(TENANT, "acme", listing, at(0));
    await store.catalog.markDefinitionGone(TENANT, idOf("definition", "job-1"), at(0));
    await clock.advance(10);
    const reading = catalog.ensureFresh(TENANT, ["acme"]);
    await asked.opened;
    await clock.advance(10);
    await definitions.deleteModelSync(TENANT, PUSH);
    await definitions.updateModelSync(TENANT, idOf("definition", "push-2"), { name: "New" }, null);
    await clock.advance(10);
    answer.open();
    await reading;
    expect(await listedNow()).toEqual(["push-2"]);
    fake.answers.definitions = () => [[modelSync("push-2", { name: "New" })]];
    await catalog.ensureFresh(TENANT, ["acme"]);
    expect(await listedNow()).toEqual(["push-2"]);
    const [kept] = await store.catalog.definitionsByIds(TENANT, [idOf("definition", "push-2")]);
    expect(kept).toMatchObject({ name: "New" });
    expect(fake.callsOf("listDefinitions")).toHaveLength(2);
  });

  test("that is a sync job is deleted in the same way", async () => {
    const { definitions, fake, see, listedNow, store, clock } = await tracking();
    await see(observation("a"));
    await clock.advance(100);
    expect(await definitions.deleteSyncJob(TENANT, idOf("definition", "job-1"))).toMatchObject({
      definition: { remoteId: "job-1", goneAt: null },
      problems: [],
    });
    expect(fake.calls).toEqual([{ method: "deleteSyncJob", remoteId: "job-1" }]);
    expect(await listedNow()).toEqual(["push-1"]);
    expect(await store.polling.nextDueAt(TENANT, "acme")).toEqual(at(100));
  });
});
