// What a vendor's list holds that nobody can read does not keep the gateway from the rest: a single run, or a page that fails each time.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { ProviderHealth } from "../../src/domain/provider-state.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { DAY_MS, HOUR_MS, trackingOf } from "../support/listed-runs.ts";
import { storeMaker } from "../support/tracking.ts";

const BAD_RESPONSE = { code: ErrorCode.ProviderBadResponse };

async function passesOverOneRun(store: Store): Promise<void> {
  const { vendor, discover, begin, isKnown, newest, known, lagMs, next, state, clock } = await trackingOf(store);
  begin(10, DAY_MS);
  vendor.says.unreadable.add("run-9");
  await expect(discover()).rejects.toMatchObject(BAD_RESPONSE);
  expect(await state()).toMatchObject({ health: ProviderHealth.Down, lastError: BAD_RESPONSE });
  expect([await known(), await lagMs()]).toEqual([9, 0]);
  // It is told once, and the looks after it go on from where that one came to.
  begin(2, 1_000);
  await next();
  expect(await state()).toMatchObject({ health: ProviderHealth.Up, discovery: { gaps: [] } });
  expect([await isKnown(newest()), await known(), await lagMs()]).toEqual([true, 11, 0]);
  await clock.advance(HOUR_MS);
  await expect(next()).rejects.toMatchObject(BAD_RESPONSE);
  expect(await lagMs()).toBe(0);
  vendor.says.unreadable.clear();
  await clock.advance(HOUR_MS);
  await next();
  expect(await isKnown("run-9")).toBe(true);
}

async function passesOverAPage(store: Store): Promise<void> {
  const { vendor, discover, begin, isKnown, newest, known, lagMs, next, state, clock } = await trackingOf(store);
  begin(12_000, DAY_MS);
  // In the part that the first look leaves to the next ones.
  vendor.says.broken.add("run-1000");
  await discover();
  const told: unknown[] = [];
  for (let looks = 0; looks < 60 && (await lagMs()) > 0; looks += 1) {
    begin(1, 1_000);
    await next().catch((error: unknown) => told.push(error));
    expect(await isKnown(newest())).toBe(true);
  }
  expect(await lagMs()).toBe(0);
  expect(told).toMatchObject([BAD_RESPONSE]);
  expect((await state()).health).toBe(ProviderHealth.Up);
  // Only what began in the same minutes as the run is passed over.
  const missed = vendor.runs.length - (await known());
  expect(missed).toBeGreaterThan(0);
  expect(missed).toBeLessThanOrEqual(250);
  expect(await isKnown("run-1")).toBe(true);
  vendor.says.broken.clear();
  await clock.advance(HOUR_MS);
  for (let looks = 0; looks < 80 && !(await isKnown("run-1000")); looks += 1) await next();
  expect(await isKnown("run-1000")).toBe(true);
}

describeOnEachDatabase("what cannot be read of a list", (open) => {
  test("one run that cannot be read is passed over, told once, and looked at again each hour", async () => {
    await passesOverOneRun((await open()).store);
  });

  test("a page that fails each time is narrowed down and passed over, while the newest runs are found", async () => {
    await passesOverAPage((await open()).store);
  }, 240_000);
});

const openStore = storeMaker();

test("one run that cannot be read, in a stretch longer than a look, does not stop its reading", async () => {
  const { vendor, discover, begin, known, lagMs, next } = await trackingOf(await openStore());
  begin(12_000, DAY_MS);
  vendor.says.unreadable.add("run-11999").add("run-2000");
  await expect(discover()).rejects.toMatchObject(BAD_RESPONSE);
  for (let looks = 0; looks < 6 && (await lagMs()) > 0; looks += 1) await next();
  expect([await lagMs(), await known()]).toEqual([0, 11_998]);
}, 120_000);

test("a page of the newest runs that fails each time keeps neither those before it nor an older stretch", async () => {
  const { vendor, discover, begin, isKnown, newest, lagMs, next, clock } = await trackingOf(await openStore());
  begin(12_000, DAY_MS);
  await discover();
  begin(600, 1_000);
  vendor.says.broken.add("run-12300");
  await expect(next()).rejects.toMatchObject(BAD_RESPONSE);
  expect(await isKnown(newest())).toBe(true);
  for (let looks = 0; looks < 20 && (await lagMs()) > 0; looks += 1) await next();
  expect([await lagMs(), await isKnown("run-1")]).toEqual([0, true]);
  vendor.says.broken.clear();
  await clock.advance(HOUR_MS);
  for (let looks = 0; looks < 80 && !(await isKnown("run-12300")); looks += 1) await next();
  expect(await isKnown("run-12300")).toBe(true);
}, 120_000);

test("a list whose first page cannot be read does not hold up a stretch that is left", async () => {
  const { vendor, discover, begin, lagMs, isKnown, next, state } = await trackingOf(await openStore());
  begin(12_000, DAY_MS);
  await discover();
  begin(1, 1_000);
  vendor.says.broken.add("run-12001");
  for (let looks = 0; looks < 6 && !(await isKnown("run-1")); looks += 1)
    await expect(next()).rejects.toMatchObject(BAD_RESPONSE);
  expect(await isKnown("run-1")).toBe(true);
  expect((await state()).health).toBe(ProviderHealth.Down);
  // Nothing of the newest runs counts as read.
  expect(await lagMs()).toBeGreaterThan(0);
}, 120_000);
