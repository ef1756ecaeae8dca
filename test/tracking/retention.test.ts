// Rounds of retention: when they come, what they leave in the log, and that neither another gateway nor a failing store stops them for good.
import { expect, test } from "vitest";
import type { Store } from "../../src/domain/store-port.ts";
import { createRetention, horizonAt } from "../../src/tracking/retention.ts";
import { createFakeProvider } from "../support/fake-provider.ts";
import { createGate } from "../support/gate.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { leftOf } from "../support/pruning.ts";
import { at, entry, rules } from "../support/store-values.ts";
import { TENANT, createTestTracking, storeMaker, waiting } from "../support/tracking.ts";

const openStore = storeMaker();
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOTHING = { transitions: 0, runs: 0, triggers: 0, definitions: 0, linkedAccounts: 0 };

/** A gateway that keeps two days of history, ten days after `at(0)`. */
function gatewayOn(store: Store, retentionMs: number | null = 2 * DAY_MS) {
  const setting = { clock: createManualClock(at(10 * DAY_MS)), random: () => 0.5 };
  const { tools, clock, logged } = createTestTracking(store, [createFakeProvider("acme")], {
    ...setting,
    ...(retentionMs === null ? {} : { retentionMs }),
  });
  return { retention: createRetention(tools), clock, logged };
}

const end = (store: Store, remoteId: string, days: number) =>
  store.ledger.record(TENANT, [entry(remoteId, { status: "SUCCESS", observedAt: at(days * DAY_MS) })], rules);
const runsIn = async (store: Store) => (await leftOf(store, TENANT)).runs.map(({ remoteId }) => remoteId);
/** Stands in for the store's part, and asks the store's own when it has done. */
const withPrune = (store: Store, prune: Store["retention"]["prune"]): Store => ({ ...store, retention: { prune } });

test("history goes an hour later than triggers: what a trigger lists outlives it, though gateways' clocks differ", () => {
  expect(horizonAt(at(10 * DAY_MS), 2 * DAY_MS)).toEqual({
    triggersBefore: at(8 * DAY_MS),
    historyBefore: at(8 * DAY_MS - HOUR_MS),
  });
});

test("a round removes everything that is old, however much it is, and says so in one line; the next one says nothing", async () => {
  const store = await openStore();
  const many = Array.from({ length: 400 }, (_, index) => entry(`r${index}`, { status: "SUCCESS" }));
  await store.ledger.record(TENANT, many, rules);
  await end(store, "young", 9);
  const { retention, clock, logged } = gatewayOn(store);
  await waiting(clock, retention.prune(TENANT));
  expect(await runsIn(store)).toEqual(["young"]);
  expect(logged).toMatchObject([{ level: "info", facts: { ...NOTHING, transitions: 1_200, runs: 400 } }]);
  await waiting(clock, retention.prune(TENANT));
  expect(logged).toHaveLength(1);
});

test("rounds come soon after the start and then every hour, spread", async () => {
  const { retention, clock } = gatewayOn(await openStore());
  retention.start();
  for (const pauseMs of [5_000, HOUR_MS, HOUR_MS]) {
    expect(await clock.untilSleeping()).toBe(pauseMs);
    await clock.advance(pauseMs);
  }
  await retention.close();
});

test("a round of a running gateway finds what has become old since the last", async () => {
  const store = await openStore();
  await end(store, "old", 0);
  await end(store, "soon", 7.97);
  const { retention, clock, logged } = gatewayOn(store);
  retention.start();
  // Pauses: before the first round, between its one batch and the look for another, before the next round.
  const oneRound = async (firstMs: number): Promise<void> => {
    for (const pauseMs of [firstMs, 25]) {
      await clock.untilSleeping((ms) => ms === pauseMs);
      await clock.advance(pauseMs);
    }
    await clock.untilSleeping((ms) => ms === HOUR_MS);
  };
  await oneRound(5_000);
  expect(await runsIn(store)).toEqual(["soon"]);
  await oneRound(HOUR_MS);
  expect(await runsIn(store)).toEqual([]);
  expect(logged).toHaveLength(2);
  await retention.close();
});

test("where everything is kept nothing is planned and nothing goes", async () => {
  const store = await openStore();
  await end(store, "old", 0);
  const { retention, clock } = gatewayOn(store, null);
  retention.start();
  await retention.prune(TENANT);
  expect([clock.pending(), await runsIn(store)]).toEqual([[], ["old"]]);
  await retention.close();
});

test("a round ends where another gateway is at it, and what was removed until then is told", async () => {
  const store = await openStore();
  await end(store, "old", 0);
  let asked = 0;
  const prune: Store["retention"]["prune"] = (...given) => {
    asked += 1;
    return asked > 1 ? Promise.resolve(null) : store.retention.prune(...given);
  };
  const { retention, clock, logged } = gatewayOn(withPrune(store, prune));
  await waiting(clock, retention.prune(TENANT));
  expect(asked).toBe(2);
  expect(logged).toMatchObject([{ facts: { runs: 1 } }]);
});

test("a store that fails ends the round and not the rounds", async () => {
  const store = await openStore();
  await end(store, "old", 0);
  let fails = true;
  const prune: Store["retention"]["prune"] = (...given) =>
    fails ? Promise.reject(new Error("no answer")) : store.retention.prune(...given);
  const { retention, clock, logged } = gatewayOn(withPrune(store, prune));
  retention.start();
  await clock.advance(5_000);
  await clock.untilSleeping((ms) => ms === HOUR_MS);
  expect(logged).toMatchObject([{ level: "warn", facts: { error: "no answer" } }]);
  fails = false;
  await clock.advance(HOUR_MS);
  await clock.untilSleeping();
  await retention.close();
  expect(await runsIn(store)).toEqual([]);
});

test("a gateway that closes finishes the batch it is at, and begins no other", async () => {
  const store = await openStore();
  await end(store, "old", 0);
  const [begun, go] = [createGate(), createGate()];
  let batches = 0;
  const prune: Store["retention"]["prune"] = async (...given) => {
    batches += 1;
    begun.open();
    await go.opened;
    return store.retention.prune(...given);
  };
  const { retention, clock } = gatewayOn(withPrune(store, prune));
  retention.start();
  await clock.advance(5_000);
  await begun.opened;
  const closed = retention.close();
  go.open();
  await closed;
  expect([batches, await runsIn(store), clock.pending()]).toEqual([1, [], []]);
});
