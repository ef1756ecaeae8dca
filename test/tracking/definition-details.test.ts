// Definitions that a list tells only in outline are read in full again when their details may have changed without a word.
import { expect, test } from "vitest";
import type { DefinitionSnapshot } from "../../src/domain/definition.ts";
import { ErrorCode } from "../../src/domain/errors.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import { at, modelSync, observation } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf, storeMaker } from "../support/tracking.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const outline = (remoteId: string, given: Partial<DefinitionSnapshot> = {}) =>
  modelSync(remoteId, { detailed: false, nextRunAt: null, updatedAt: at(0), ...given, kind: "MODEL_SYNC" });

async function tracking(store: Store, ids: readonly string[] = ["m1"]) {
  const nextRuns = new Map<string, Date | null>();
  const names = new Map<string, string>();
  const fake = createFakeProvider(
    "acme",
    { modelSyncs: true, rateLimit: { requests: 100, perMs: 60_000 } },
    {
      definitions: () => [ids.map((id) => outline(id, { name: names.get(id) ?? id }))],
      definition: (id) =>
        modelSync(id, { updatedAt: at(0), name: names.get(id) ?? id, nextRunAt: nextRuns.get(id) ?? null }),
    },
  );
  const made = createTestTracking(store, [fake]);
  return {
    ...made,
    nextRuns,
    names,
    reads: () => fake.callsOf("getDefinition").map(({ remoteId }) => remoteId),
    /** The catalog is read, so much later. */
    later: async (ms: number) => {
      await made.clock.advance(ms);
      await made.catalog.refresh(TENANT, made.configured);
    },
    of: async (id: string) => (await store.catalog.definitionsByIds(TENANT, [idOf("definition", id)]))[0],
  };
}

describeOnEachDatabase("details that change without a word", (open) => {
  test("the next run is read again once it has passed, and until the vendor names another", async () => {
    const { later, nextRuns, of, reads } = await tracking((await open()).store);
    nextRuns.set("m1", at(10 * MINUTE_MS));
    await later(0);
    expect(await of("m1")).toMatchObject({ nextRunAt: at(10 * MINUTE_MS) });
    await later(9 * MINUTE_MS);
    expect(reads()).toEqual(["m1"]);
    await later(2 * MINUTE_MS);
    expect(reads()).toEqual(["m1", "m1"]);
    // It still names the one that has passed: asked again, but not each minute.
    await later(MINUTE_MS);
    expect(reads()).toHaveLength(2);
    nextRuns.set("m1", at(HOUR_MS));
    await later(5 * MINUTE_MS);
    expect(await of("m1")).toMatchObject({ nextRunAt: at(HOUR_MS) });
  });

  test("a new name is taken over from the list", async () => {
    const { later, names, of, reads } = await tracking((await open()).store);
    await later(0);
    names.set("m1", "renamed");
    await later(MINUTE_MS);
    expect(await of("m1")).toMatchObject({ name: "renamed", detailed: true });
    expect(reads()).toHaveLength(1);
  });
});

const openStore = storeMaker();

test("a definition whose run has ended is read again, once", async () => {
  const { later, nextRuns, of, reads, see } = await tracking(await openStore());
  await later(0);
  nextRuns.set("m1", at(2 * HOUR_MS));
  await see(observation("run", { definitionRemoteId: "m1", status: SyncStatus.Running }));
  await later(MINUTE_MS);
  expect(reads()).toHaveLength(1);
  await see(observation("run", { definitionRemoteId: "m1", status: SyncStatus.Success }));
  await later(MINUTE_MS);
  expect(await of("m1")).toMatchObject({ nextRunAt: at(2 * HOUR_MS) });
  await later(MINUTE_MS);
  expect(reads()).toHaveLength(2);
});

test("each is read again within some hours, the longest unread first and no more at once than the quota has room for", async () => {
  const ids = Array.from({ length: 12 }, (_, index) => `m${index}`);
  const { later, reads } = await tracking(await openStore(), ids);
  await later(0);
  expect(reads()).toHaveLength(12);
  await later(3 * HOUR_MS + 1);
  // A twentieth of a hundred a minute.
  expect(reads()).toHaveLength(17);
  await later(MINUTE_MS);
  await later(MINUTE_MS);
  expect(new Set(reads().slice(12)).size).toBe(12);
  await later(MINUTE_MS);
  expect(reads()).toHaveLength(24);
});

test("definitions that cannot be read keep no others from it", async () => {
  const ids = Array.from({ length: 8 }, (_, index) => `m${index}`);
  const { later, reads, fake } = await tracking(await openStore(), ids);
  await later(0);
  const { definition } = fake.answers;
  fake.answers.definition = (id, kind) =>
    Number(id.slice(1)) < 6 ? Promise.reject(fault(ErrorCode.ProviderUnavailable)) : definition(id, kind);
  await later(3 * HOUR_MS + 1);
  await later(MINUTE_MS);
  expect(reads().slice(8)).toEqual(expect.arrayContaining(["m6", "m7"]));
});

test("lists that tell everything cost no readings", async () => {
  const { later, reads, fake } = await tracking(await openStore());
  fake.answers.definitions = () => [[modelSync("m1", { nextRunAt: at(5) })]];
  await later(0);
  await later(4 * HOUR_MS);
  expect(reads()).toEqual([]);
});
