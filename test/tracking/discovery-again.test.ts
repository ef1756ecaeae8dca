// What a list did not show when it should have is found later: the last day is looked over each hour, and at once when the gateway knows better.
import { expect, test } from "vitest";
import { ObservationSource, SyncStatus } from "../../src/domain/status.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createListingVendor } from "../support/listing-vendor.ts";
import { observation } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf, storeMaker } from "../support/tracking.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** As `createFakeProvider` has it. */
const DISCOVER_MS = 20 * SECOND_MS;

async function tracking(store: Store) {
  const vendor = createListingVendor();
  const made = createTestTracking(store, [vendor.fake]);
  await made.stock();
  const since = { pages: 0 };
  return {
    ...made,
    vendor,
    begin: (remoteId: string) => void vendor.runs.push({ remoteId, createdAt: made.clock.now() }),
    isKnown: async (remoteId: string) => (await store.ledger.syncsByIds(TENANT, [idOf("sync", remoteId)])).length === 1,
    /** Looks as they are due, for so long. @returns pages they took */
    looks: async (forMs: number) => {
      since.pages = vendor.pagesAnswered();
      for (let passedMs = 0; passedMs < forMs; passedMs += DISCOVER_MS) {
        await made.discoverer.discover(TENANT, made.configured);
        await made.clock.advance(DISCOVER_MS);
      }
      return vendor.pagesAnswered() - since.pages;
    },
    /** A webhook tells of a run that has begun just now. */
    hear: (remoteId: string) =>
      made.recorder.record({
        tenantId: TENANT,
        configured: made.configured,
        source: ObservationSource.Webhook,
        observations: [observation(remoteId, { status: SyncStatus.Running, facts: { createdAt: made.clock.now() } })],
      }),
    lagMs: async () =>
      made.clock.now().getTime() -
      ((await store.providerStates.get(TENANT, "acme")).discoveredUntil?.getTime() ?? Number.NaN),
  };
}

describeOnEachDatabase("a list that was an old, empty one for 150 seconds", (open) => {
  test("hides nothing for longer than an hour", async () => {
    const { vendor, begin, looks, isKnown, clock } = await tracking((await open()).store);
    await looks(10 * MINUTE_MS);
    vendor.says.instead = [];
    begin("hidden");
    await looks(150 * SECOND_MS);
    vendor.says.instead = null;
    await clock.advance(2 * MINUTE_MS);
    await looks(10 * MINUTE_MS);
    expect(await isKnown("hidden")).toBe(false);
    await looks(50 * MINUTE_MS);
    expect(await isKnown("hidden")).toBe(true);
  });

  test("is looked over again within minutes when a webhook tells of a run that it lacks", async () => {
    const { vendor, begin, hear, looks, isKnown } = await tracking((await open()).store);
    await looks(10 * MINUTE_MS);
    vendor.says.instead = [];
    begin("hidden");
    begin("heard");
    await hear("heard");
    await looks(4 * MINUTE_MS);
    expect(await isKnown("hidden")).toBe(false);
    vendor.says.instead = null;
    await looks(6 * MINUTE_MS);
    expect(await isKnown("hidden")).toBe(true);
  });
});

const openStore = storeMaker();

test("a list that never has a run costs a few looks over the day, and then one each hour", async () => {
  const { hear, looks, logged } = await tracking(await openStore());
  await looks(10 * MINUTE_MS);
  await hear("unlisted");
  const looksAnHour = (60 * MINUTE_MS) / DISCOVER_MS;
  expect(await looks(60 * MINUTE_MS)).toBe(looksAnHour);
  const warnings = () => logged.filter(({ message }) => message.includes("lacks runs")).length;
  const first = warnings();
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThanOrEqual(15);
  await looks(3 * 60 * MINUTE_MS);
  expect(warnings() - first).toBeLessThanOrEqual(4);
});

test("a day of many runs is looked over in parts, and the lag stays what it is", async () => {
  const { vendor, looks, clock, lagMs, store } = await tracking(await openStore());
  const now = clock.now().getTime();
  for (let index = 1; index <= 12_000; index += 1) {
    vendor.runs.push({ remoteId: `run-${index}`, createdAt: new Date(now - DAY_MS + (index * DAY_MS) / 12_000 - 1) });
  }
  await looks(2 * MINUTE_MS);
  expect(await lagMs()).toBeLessThanOrEqual(DISCOVER_MS);
  const hidden = { remoteId: "hidden", createdAt: new Date(now - 12 * 60 * MINUTE_MS) };
  vendor.runs.splice(6_000, 0, hidden);
  const head = await store.ledger.head(TENANT);
  for (let minute = 0; minute < 64; minute += 1) {
    await looks(MINUTE_MS);
    expect(await lagMs()).toBeLessThanOrEqual(DISCOVER_MS);
  }
  expect(await store.ledger.syncsByIds(TENANT, [idOf("sync", "hidden")])).toHaveLength(1);
  // Its three changes, and nothing of what was known.
  expect((await store.ledger.head(TENANT)) - head).toBe(3);
}, 120_000);
