// Lists of runs that are too long for one look are read to their end by several, while the newest runs are found at once.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { ProviderHealth } from "../../src/domain/provider-state.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { DAY_MS, DISCOVER_MS, trackingOf } from "../support/listed-runs.ts";
import type { ListingVendor } from "../support/listing-vendor.ts";
import { TENANT, storeMaker } from "../support/tracking.ts";

const MINUTE_MS = 60_000;

/** 60 pages: more than a look takes. */
async function readsADay(store: Store, order: ListingVendor["says"]["order"]): Promise<void> {
  const { vendor, discover, begin, newest, isKnown, known, lagMs, next, state } = await trackingOf(store);
  vendor.says.order = order;
  begin(12_000, DAY_MS);
  await discover();
  expect(await isKnown(newest())).toBe(true);
  expect(vendor.pagesAnswered()).toBeLessThanOrEqual(53);
  expect(await lagMs()).toBe(DAY_MS);
  const pages: number[] = [];
  while ((await lagMs()) > 0 && pages.length < 10) {
    begin(3, DISCOVER_MS);
    pages.push(await next());
    expect(await isKnown(newest())).toBe(true);
  }
  expect(await lagMs()).toBe(0);
  expect(Math.max(...pages)).toBeLessThanOrEqual(53);
  expect(await known()).toBe(vendor.runs.length);
  expect(await state()).toMatchObject({ health: ProviderHealth.Up, discovery: { gaps: [] } });
  expect(await next()).toBe(1);
}

describeOnEachDatabase("a vendor with 12,000 runs in a day", (open) => {
  test("is read to its end by looks of bounded length", async () => {
    await readsADay((await open()).store, "newest first");
  }, 240_000);
});

const openStore = storeMaker();

test("a list that comes oldest first is read to its end, and the newest runs do not wait for it", async () => {
  await readsADay(await openStore(), "oldest first");
}, 240_000);

test("a gateway that was away for a week reads what it missed, and the newest at once", async () => {
  const { discover, begin, newest, isKnown, known, lagMs, next, clock, vendor } = await trackingOf(await openStore());
  begin(10, DAY_MS);
  await discover();
  expect(await lagMs()).toBe(0);
  await clock.advance(7 * DAY_MS);
  vendor.says.order = "oldest first";
  begin(14_000, 7 * DAY_MS);
  await discover();
  expect(await isKnown(newest())).toBe(true);
  expect(await lagMs()).toBeGreaterThan(7 * DAY_MS);
  for (let looks = 0; looks < 6 && (await lagMs()) > 0; looks += 1) await next();
  expect(await lagMs()).toBe(0);
  expect(await known()).toBe(14_010);
}, 120_000);

test("a page that fails in the middle is gone on with, and what was read before it is not read again", async () => {
  const { vendor, discover, begin, lagMs, next, known, state } = await trackingOf(await openStore());
  begin(12_000, DAY_MS);
  await discover();
  const read = vendor.pagesAnswered();
  vendor.says.failsAt = read + 10;
  await expect(next()).rejects.toMatchObject({ code: ErrorCode.ProviderUnavailable });
  expect((await state()).health).toBe(ProviderHealth.Down);
  while ((await lagMs()) > 0) await next();
  // Sixty pages; one of them twice, and the newest with each look.
  expect(vendor.pagesAnswered()).toBeLessThanOrEqual(60 + 1 + 6);
  expect(await known()).toBe(12_000);
  expect((await state()).health).toBe(ProviderHealth.Up);
}, 120_000);

test("a vendor that takes no cursor of an earlier look is read in halves", async () => {
  const { vendor, discover, begin, lagMs, next, known, state } = await trackingOf(await openStore());
  vendor.says.forgets = true;
  begin(12_000, DAY_MS);
  await discover();
  for (let looks = 0; looks < 20 && (await lagMs()) > 0; looks += 1) {
    expect(await next()).toBeLessThanOrEqual(53);
    expect((await state()).health).toBe(ProviderHealth.Up);
  }
  expect(await lagMs()).toBe(0);
  expect(await known()).toBe(12_000);
}, 120_000);

test("what an older version has read to its end in the meantime is taken over", async () => {
  const { discover, begin, next, store, clock, state, lagMs } = await trackingOf(await openStore());
  begin(12_000, DAY_MS);
  await discover();
  expect((await state()).discovery?.gaps).toHaveLength(1);
  await store.providerStates.patch(TENANT, "acme", { discoveredUntil: clock.now() });
  await next();
  expect(await lagMs()).toBe(0);
  expect((await state()).discovery?.gaps.filter(({ unreadSince }) => unreadSince !== null)).toEqual([]);
}, 120_000);

test("a clock that is put back by an hour leaves nothing out", async () => {
  const { store, discover, begin, next, newest, isKnown, clock } = await trackingOf(await openStore());
  begin(5, DAY_MS);
  await discover();
  const ahead = new Date(clock.now().getTime() + 60 * MINUTE_MS);
  const lookOverAt = new Date(clock.now().getTime() + 30 * MINUTE_MS);
  const discovery = { lookedAt: ahead, lookOverAt, gaps: [], doubts: 0 };
  await store.providerStates.patch(TENANT, "acme", { discoveredUntil: ahead, discovery });
  begin(1, 1_000);
  await next();
  expect(await isKnown(newest())).toBe(true);
});
