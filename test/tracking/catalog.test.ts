// The mirror of what vendors list: read once for everybody who asks, whole or not at all, and honest about a vendor that fails.
import { expect, test } from "vitest";
import { ErrorCode, ProviderError } from "../../src/domain/errors.ts";
import { ProviderHealth } from "../../src/domain/provider-state.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { createGate } from "../support/gate.ts";
import { at, linkedAccount, syncJob } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf, storeMaker } from "../support/tracking.ts";

const openStore = storeMaker();

async function tracking(answers: Partial<FakeAnswers> = {}) {
  const made = createTestTracking(await openStore(), [createFakeProvider("acme", {}, answers)]);
  return {
    ...made,
    fresh: () => made.catalog.ensureFresh(TENANT, ["acme"]),
    listings: () => made.fake.callsOf("listDefinitions").length,
  };
}

const namesOf = async (store: Store): Promise<readonly string[]> =>
  (await store.catalog.definitionsOfProvider(TENANT, "acme")).map(({ remoteId }) => remoteId);
const accountsOf = async (store: Store): Promise<readonly string[]> =>
  (await store.catalog.listLinkedAccounts(TENANT, {}, { limit: 100, direction: "forward", from: null })).items.map(
    ({ remoteId }) => remoteId,
  );

test("all pages of accounts and definitions are in the mirror when the catalog is fresh", async () => {
  const { fresh, store } = await tracking({
    linkedAccounts: () => [[linkedAccount("a1"), linkedAccount("a2")], [linkedAccount("a3")]],
    definitions: () => [[syncJob("j1")], [], [syncJob("j2")]],
  });
  expect(await fresh()).toEqual([]);
  expect(await accountsOf(store)).toEqual(["a1", "a2", "a3"]);
  expect(await namesOf(store)).toEqual(["j1", "j2"]);
  expect(await store.providerStates.get(TENANT, "acme")).toMatchObject({ catalogAt: at(0), health: ProviderHealth.Up });
});

test("accounts that cannot be understood do not hide the definitions, and the failure is still told", async () => {
  const { fresh, store } = await tracking({
    linkedAccounts: () => {
      throw fault(ErrorCode.ProviderBadResponse);
    },
    definitions: () => [[syncJob("j1")]],
  });
  expect(await fresh()).toMatchObject([{ code: ErrorCode.ProviderBadResponse }]);
  expect(await namesOf(store)).toEqual(["j1"]);
  expect((await store.providerStates.get(TENANT, "acme")).catalogAt).toBeNull();
});

test("a vendor that cannot be reached is not asked for the second list", async () => {
  const { fresh, listings } = await tracking({
    linkedAccounts: () => {
      throw fault(ErrorCode.ProviderUnavailable);
    },
  });
  expect(await fresh()).toMatchObject([{ code: ErrorCode.ProviderUnavailable }]);
  expect(listings()).toBe(0);
});

test("any number of askers at once make one round of calls and wait for its end", async () => {
  const gate = createGate();
  const { fresh, fake, store, listings } = await tracking({
    definitions: async () => {
      await gate.opened;
      return [[syncJob("j1")]];
    },
  });
  const asked = Array.from({ length: 20 }, fresh);
  gate.open();
  expect((await Promise.all(asked)).flat()).toEqual([]);
  expect(await namesOf(store)).toEqual(["j1"]);
  expect([listings(), fake.callsOf("listLinkedAccounts").length]).toEqual([1, 1]);
});

test("a catalog is read again after five seconds and not before", async () => {
  const { fresh, clock, listings } = await tracking();
  await fresh();
  await clock.advance(4_999);
  await fresh();
  expect(listings()).toBe(1);
  await clock.advance(1);
  await fresh();
  expect(listings()).toBe(2);
});

test("a failure is told as the provider's error, kept for a second, and then tried again", async () => {
  const down = fault(ErrorCode.ProviderUnavailable, { httpStatus: 503 });
  const { fresh, clock, fake, listings, catalog, configured, store } = await tracking({
    definitions: () => Promise.reject(down),
  });
  expect(await fresh()).toEqual([down]);
  await clock.advance(999);
  expect(await fresh()).toEqual([down]);
  await expect(catalog.refresh(TENANT, configured)).rejects.toBe(down);
  expect(listings()).toBe(1);
  expect((await store.providerStates.get(TENANT, "acme")).health).toBe(ProviderHealth.Down);
  fake.answers.definitions = () => [[syncJob("j1")]];
  await clock.advance(1);
  expect(await fresh()).toEqual([]);
  expect(listings()).toBe(2);
});

test("a vendor that does not answer in twelve seconds is told as a timeout, and what it says later is still kept", async () => {
  const gate = createGate();
  const { fresh, clock, store } = await tracking({
    definitions: async () => {
      await gate.opened;
      return [[syncJob("late")]];
    },
  });
  const asked = fresh();
  await clock.untilSleeping((remainingMs) => remainingMs === 12_000);
  await clock.advance(12_000);
  const [error] = await asked;
  expect(error).toBeInstanceOf(ProviderError);
  expect(error).toMatchObject({ code: ErrorCode.ProviderTimeout, provider: "acme", retryable: true });
  gate.open();
  expect(await fresh()).toEqual([]);
  expect(await namesOf(store)).toEqual(["late"]);
  expect(clock.pending()).toEqual([]);
});

test("a vendor that is down leaves the catalogs of the others fresh", async () => {
  const broken = createFakeProvider("acme", {}, { linkedAccounts: () => [fault(ErrorCode.ProviderUnavailable)] });
  const working = createFakeProvider("globex", {}, { definitions: () => [[syncJob("theirs")]] });
  const { catalog, store } = createTestTracking(await openStore(), [broken, working]);
  expect((await catalog.ensureFresh(TENANT, ["acme", "globex", "unknown"])).map(({ provider }) => provider)).toEqual([
    "acme",
  ]);
  expect((await store.catalog.definitionsOfProvider(TENANT, "globex")).map(({ remoteId }) => remoteId)).toEqual([
    "theirs",
  ]);
  expect((await catalog.outages(TENANT, ["acme", "globex"])).map(({ code }) => code)).toEqual([
    ErrorCode.ProviderUnavailable,
  ]);
});

test("a defect of the gateway is thrown to whoever asked, and not remembered as the vendor's", async () => {
  const { fresh, fake, clock, listings } = await tracking({
    definitions: () => Promise.reject(new TypeError("a defect")),
  });
  await expect(fresh()).rejects.toThrow("a defect");
  fake.answers.definitions = () => [[syncJob("j1")]];
  expect(await fresh()).toEqual([]);
  expect([listings(), clock.pending()]).toEqual([2, []]);
});

test("definitions that the list only outlines are read in full, and again only when they have changed", async () => {
  const outline = (remoteId: string, changedMs: number) =>
    syncJob(remoteId, { detailed: false, argsSchema: null, updatedAt: at(changedMs) });
  const { fresh, fake, clock, store } = await tracking({
    definitions: () => [[outline("j1", 2), outline("j2", 2), syncJob("j3")]],
    definition: (remoteId) => syncJob(remoteId, { mutexKey: "in full", nextRunAt: null }),
  });
  const details = () =>
    fake
      .callsOf("getDefinition")
      .map(({ remoteId }) => remoteId)
      .toSorted();
  await fresh();
  expect(details()).toEqual(["j1", "j2"]);
  expect(fake.callsOf("getDefinition")[0]?.kind).toBe("SYNC_JOB");
  expect(await store.catalog.definitionsByIds(TENANT, [idOf("definition", "j1")])).toMatchObject([
    { detailed: true, mutexKey: "in full" },
  ]);
  fake.answers.definitions = () => [[outline("j1", 2), outline("j2", 3), syncJob("j3")]];
  await clock.advance(5_000);
  await fresh();
  expect(details()).toEqual(["j1", "j2", "j2"]);
});

test("what is read is as old as its question, so that what changed while the answer was on its way is newer", async () => {
  const { fresh, fake, clock, store, catalog, configured } = await tracking();
  const slow = async <Value>(value: Value): Promise<Value> => {
    await clock.advance(10);
    return value;
  };
  fake.answers.linkedAccounts = () => slow([[linkedAccount("a1")]]);
  fake.answers.definitions = () => slow([[syncJob("j1"), syncJob("j2", { detailed: false })]]);
  fake.answers.definition = (remoteId) => slow(syncJob(remoteId));
  const seen = async () => [
    ...(await store.catalog.linkedAccountsByIds(TENANT, [idOf("linkedAccount", "a1")])),
    ...(await store.catalog.definitionsOfProvider(TENANT, "acme")),
  ];
  await fresh();
  expect((await seen()).map(({ remoteId, observedAt }) => [remoteId, observedAt])).toEqual([
    ["a1", at(0)],
    ["j1", at(10)],
    ["j2", at(20)],
  ]);
  const old = { remoteId: "j1", kind: "SYNC_JOB", observedAt: at(0) } as const;
  await catalog.refreshDefinition(TENANT, configured, old, 0);
  expect((await seen())[1]?.observedAt).toEqual(at(30));
});

test("a definition that cannot be read in full hides no other, and is tried again next time", async () => {
  const { fresh, fake, clock, store, logged } = await tracking({
    definitions: () => [["j1", "j2", "j3"].map((remoteId) => syncJob(remoteId, { detailed: false }))],
    definition: (remoteId) =>
      remoteId === "j2" ? Promise.reject(fault(ErrorCode.ProviderBadResponse)) : syncJob(remoteId),
  });
  expect(await fresh()).toEqual([]);
  const detailed = async () => (await store.catalog.definitionsOfProvider(TENANT, "acme")).map((one) => one.detailed);
  expect(await detailed()).toEqual([true, false, true]);
  expect(logged).toContainEqual({
    level: "warn",
    message: expect.any(String),
    facts: { provider: "acme", remoteId: "j2", code: ErrorCode.ProviderBadResponse },
  });
  fake.answers.definition = (remoteId) => syncJob(remoteId);
  await clock.advance(5_000);
  await fresh();
  expect(await detailed()).toEqual([true, true, true]);
});

test("not more than four definitions are read in full at once", async () => {
  const gate = createGate();
  let open = 0;
  let most = 0;
  const { fresh } = await tracking({
    definitions: () => [Array.from({ length: 12 }, (_, index) => syncJob(`j${index}`, { detailed: false }))],
    definition: async (remoteId) => {
      open += 1;
      most = Math.max(most, open);
      if (open === 4) setImmediate(() => gate.open());
      await gate.opened;
      open -= 1;
      return syncJob(remoteId);
    },
  });
  await fresh();
  expect(most).toBe(4);
});

test("one definition is read again only when the copy is older than asked for", async () => {
  const { catalog, configured, fake, clock, store } = await tracking({
    definition: (remoteId) => syncJob(remoteId, { name: "Renamed" }),
  });
  await catalog.ensureFresh(TENANT, ["acme"]);
  const read = async () =>
    (await store.catalog.definitionsByIds(TENANT, [idOf("definition", "job-1")]))[0] ?? {
      ...syncJob("job-1"),
      observedAt: at(0),
    };
  await clock.advance(100);
  await catalog.refreshDefinition(TENANT, configured, await read(), 100);
  expect(fake.callsOf("getDefinition")).toHaveLength(0);
  await catalog.refreshDefinition(TENANT, configured, await read(), 99);
  expect(await read()).toMatchObject({ name: "Renamed", observedAt: at(100) });
  fake.answers.definition = () => Promise.reject(fault(ErrorCode.ProviderNotFound, { retryable: false }));
  await clock.advance(100);
  await catalog.refreshDefinition(TENANT, configured, await read(), 0);
  expect(await read()).toMatchObject({ name: "Renamed", observedAt: at(100) });
  fake.answers.definition = () => Promise.reject(fault(ErrorCode.ProviderTimeout));
  await expect(catalog.refreshDefinition(TENANT, configured, await read(), 0)).rejects.toMatchObject({
    code: ErrorCode.ProviderTimeout,
  });
});
