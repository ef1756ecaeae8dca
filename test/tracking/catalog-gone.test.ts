// What is no longer listed is gone, but not before a second whole reading lacks it too: pages shift while they are read.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
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

test("what two whole readings do not show is gone, and comes back when it is listed again", async () => {
  const { fresh, fake, clock, store } = await tracking({
    linkedAccounts: () => [[linkedAccount("a1"), linkedAccount("a2")]],
    definitions: () => [[syncJob("j1"), syncJob("j2")]],
  });
  await fresh();
  fake.answers.linkedAccounts = () => [[linkedAccount("a2")]];
  fake.answers.definitions = () => [[syncJob("j2")]];
  await clock.advance(5_000);
  await fresh();
  // Pages shift while they are read: one reading may pass by what is there.
  expect([await accountsOf(store), await namesOf(store)]).toEqual([
    ["a1", "a2"],
    ["j1", "j2"],
  ]);
  await clock.advance(5_000);
  await fresh();
  expect([await accountsOf(store), await namesOf(store)]).toEqual([["a2"], ["j2"]]);
  expect(await store.catalog.definitionsByIds(TENANT, [idOf("definition", "j1")])).toMatchObject([
    { remoteId: "j1", goneAt: at(10_000) },
  ]);
  fake.answers.definitions = () => [[syncJob("j1"), syncJob("j2")]];
  await clock.advance(5_000);
  await fresh();
  expect(await namesOf(store)).toEqual(["j1", "j2"]);
});

test.each([
  ["accounts", { linkedAccounts: () => [[linkedAccount("a1")], fault(ErrorCode.ProviderTimeout)] }],
  ["definitions", { definitions: () => [[syncJob("j1")], fault(ErrorCode.ProviderTimeout)] }],
] satisfies readonly (readonly [string, Partial<FakeAnswers>])[])(
  "a list of %s that breaks off in the middle makes nothing gone",
  async (_name, broken) => {
    const { fresh, fake, clock, store } = await tracking({
      linkedAccounts: () => [[linkedAccount("a1")], [linkedAccount("a2")]],
      definitions: () => [[syncJob("j1")], [syncJob("j2")]],
    });
    await fresh();
    Object.assign(fake.answers, broken);
    await clock.advance(5_000);
    expect(await fresh()).toMatchObject([{ code: ErrorCode.ProviderTimeout }]);
    expect([await accountsOf(store), await namesOf(store)]).toEqual([
      ["a1", "a2"],
      ["j1", "j2"],
    ]);
    expect((await store.providerStates.get(TENANT, "acme")).catalogAt).toEqual(at(0));
  },
);

test("a page that shifts while it is read makes nothing gone: readings that miss another one each time", async () => {
  const { fresh, fake, clock, store } = await tracking({
    definitions: () => [[syncJob("j1"), syncJob("j2")], [syncJob("j3")]],
  });
  await fresh();
  for (const missed of ["j2", "j3", "j1", "j2"]) {
    fake.answers.definitions = () => [["j1", "j2", "j3"].filter((id) => id !== missed).map((id) => syncJob(id))];
    await clock.advance(5_000);
    await fresh();
    expect(await namesOf(store)).toEqual(["j1", "j2", "j3"]);
  }
});

test("a reading that broke off between two is none of the two", async () => {
  const { fresh, fake, clock, store } = await tracking();
  await fresh();
  fake.answers.definitions = () => [fault(ErrorCode.ProviderTimeout)];
  await clock.advance(5_000);
  await fresh();
  fake.answers.definitions = () => [];
  await clock.advance(5_000);
  await fresh();
  expect(await namesOf(store)).toEqual(["job-1"]);
  await clock.advance(5_000);
  await fresh();
  expect(await namesOf(store)).toEqual([]);
});

test("a clock that was put back makes nothing gone that is listed", async () => {
  const { fresh, store, stock, clock } = await tracking();
  await stock();
  await store.providerStates.patch(TENANT, "acme", { catalogAt: at(3_600_000) });
  await clock.advance(5_000);
  await fresh();
  expect(await namesOf(store)).toEqual(["job-1"]);
});

test("an empty list is a whole list: with the second everything is gone", async () => {
  const { fresh, fake, clock, store } = await tracking();
  await fresh();
  Object.assign(fake.answers, { linkedAccounts: () => [], definitions: () => [] } satisfies Partial<FakeAnswers>);
  await clock.advance(5_000);
  await fresh();
  await clock.advance(5_000);
  await fresh();
  expect([await accountsOf(store), await namesOf(store)]).toEqual([[], []]);
});
