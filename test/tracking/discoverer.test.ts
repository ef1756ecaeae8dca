// Runs that somebody else started appear by themselves, and a look that failed is made again from where the last good one ended.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { ObservationSource, SyncOrigin } from "../../src/domain/status.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeAnswers } from "../support/fake-provider.ts";
import { at, observation, syncJob } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf, storeMaker } from "../support/tracking.ts";

const openStore = storeMaker();
const DAY_MS = 24 * 3_600_000;

async function tracking(answers: Partial<FakeAnswers> = {}) {
  const made = createTestTracking(await openStore(), [createFakeProvider("acme", {}, answers)]);
  const discover = () => made.discoverer.discover(TENANT, made.configured);
  const until = async () => (await made.store.providerStates.get(TENANT, "acme")).discoveredUntil;
  return { ...made, discover, until };
}

test("the first look goes back a day, with everything the catalog holds", async () => {
  const { discover, stock, fake } = await tracking();
  await stock([syncJob("j1"), syncJob("j2")]);
  await discover();
  expect(fake.callsOf("discover")).toMatchObject([
    { since: at(-DAY_MS), definitions: [{ remoteId: "j1" }, { remoteId: "j2" }] },
  ]);
});

test("a look with a part of the catalog is no look at all that may have begun: the next one goes back as far", async () => {
  const { discover, store, stock, clock, fake, until } = await tracking();
  await store.catalog.putDefinitions(TENANT, "acme", [syncJob("j1")], clock.now());
  await discover();
  expect(await until()).toBeNull();
  await stock([syncJob("j1"), syncJob("j2")]);
  await clock.advance(600_000);
  await discover();
  expect(fake.callsOf("discover")[1]).toMatchObject({
    since: at(600_000 - DAY_MS),
    definitions: [{ remoteId: "j1" }, { remoteId: "j2" }],
  });
  expect(await until()).toEqual(at(600_000));
});

test("later looks begin two minutes before the last one began", async () => {
  const { discover, stock, clock, fake, until } = await tracking();
  await stock();
  await discover();
  await clock.advance(600_000);
  await discover();
  expect(fake.callsOf("discover")[1]?.since).toEqual(at(-120_000));
  expect(await until()).toEqual(at(600_000));
});

test("what is found on every page is recorded as discovered, and linked to its definition", async () => {
  const { discover, syncOf, ledger } = await tracking({
    discover: () => [
      [observation("a", { facts: { origin: SyncOrigin.Scheduled } })],
      [],
      [observation("b", { source: ObservationSource.Poll })],
    ],
  });
  await discover();
  expect(await syncOf("a")).toMatchObject({
    observedVia: ObservationSource.Discovery,
    origin: SyncOrigin.Scheduled,
    definitionId: idOf("definition", "job-1"),
  });
  expect(await syncOf("b")).toMatchObject({ observedVia: ObservationSource.Discovery });
  const before = await ledger();
  await discover();
  expect(await ledger()).toEqual(before);
});

test("a look that fails keeps what it found and does not move on", async () => {
  const { discover, stock, clock, fake, until, syncOf } = await tracking({
    discover: () => [[observation("a")], fault(ErrorCode.ProviderTimeout)],
  });
  await stock();
  await expect(discover()).rejects.toMatchObject({ code: ErrorCode.ProviderTimeout });
  expect((await syncOf("a")).remoteId).toBe("a");
  expect(await until()).toBeNull();
  fake.answers.discover = () => [];
  await discover();
  await clock.advance(10_000);
  fake.answers.discover = () => Promise.reject(fault(ErrorCode.ProviderUnavailable));
  await expect(discover()).rejects.toMatchObject({ code: ErrorCode.ProviderUnavailable });
  expect(await until()).toEqual(at(0));
});

test("a look that takes long leaves no gap: the next begins from its beginning", async () => {
  const { discover, stock, clock, fake, until } = await tracking();
  await stock();
  fake.answers.discover = async () => {
    await clock.advance(300_000);
    return [];
  };
  await discover();
  expect(await until()).toEqual(at(0));
});

test("a look at one definition asks for that one since the time given, and moves nothing on", async () => {
  const { discoverer, configured, stock, fake, until, syncOf } = await tracking({
    discover: () => [[observation("a")]],
  });
  await stock([syncJob("j1"), syncJob("j2")]);
  await discoverer.discoverOf(TENANT, configured, idOf("definition", "j2"), at(-7));
  expect(fake.callsOf("discover")).toMatchObject([{ since: at(-7), definitions: [{ remoteId: "j2" }] }]);
  expect((await syncOf("a")).observedVia).toBe(ObservationSource.Discovery);
  expect(await until()).toBeNull();
});
