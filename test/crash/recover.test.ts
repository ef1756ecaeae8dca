// What a gateway that died leaves behind in great numbers is another one's within half a minute, on each database.
import { expect, test } from "vitest";
import type { WorkItem } from "../../src/domain/runtime-ports.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import { createTracker } from "../../src/tracking/tracker.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { createFakeProvider, type FakeProvider } from "../support/fake-provider.ts";
import { at, entry, rules, trigger } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf } from "../support/tracking.ts";

const LEASE_MS = 10_000;
/** What the living one looked at is not due again meanwhile. */
const POLL = { fastMs: 120_000, slowMs: 120_000, discoverMs: 120_000 };
const DEAD = { owner: "dead", until: at(20_000 + LEASE_MS) };
const RUNS = 10_000;
const TRIGGERS = 1_000;
/** Runs that one gateway holds at a time. */
const HELD = 100;
const BATCH = 500;
/** No more than a pool of connections gets through in time. */
const AT_ONCE = 10;
const SECOND_MS = 1_000;
const MOST_SECONDS = 90;
/** What a start without an answer waits for before it is looked for: whoever does that is as good as done for now. */
const DOUBT_PAUSE_MS = 500;
const FINISHED_AT_ONCE = 16;
/** For a machine that does other things besides. */
const TEST_MS = 240_000;

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** @param leased how many of them the dead one still holds */
async function leaveRuns(store: Store, leased: number): Promise<void> {
  for (const from of numbers(RUNS / BATCH)) {
    const batch = numbers(BATCH).map((index) => entry(`run-${from * BATCH + index}`, { observedAt: at(from) }));
    await store.ledger.record(TENANT, batch, rules);
  }
  await store.polling.claimDue(TENANT, "acme", at(20_000), leased, DEAD);
}

async function leaveTriggers(store: Store): Promise<void> {
  const leave = async (number: number): Promise<void> => {
    const definitionId = idOf("definition", "job-1");
    const one = trigger(`g${number}`, { tenantId: TENANT, definitionId, createdAt: at(20_000) });
    await store.triggers.intend(one, { lease: DEAD, linkedAccountId: null, aloneSince: null });
    const sent = { state: TriggerState.Sent, sentAt: at(20_000) };
    await store.triggers.update(TENANT, one.id, TriggerState.Pending, sent);
  };
  for (const from of numbers(TRIGGERS / AT_ONCE))
    await Promise.all(numbers(AT_ONCE).map((index) => leave(from * AT_ONCE + index)));
}

/** A gateway that begins to live when the other one has just died. */
async function live(store: Store, fake: FakeProvider) {
  const made = createTestTracking(store, [fake], { owner: "living" });
  await made.stock();
  await made.clock.advance(20_000);
  let running = 0;
  const queue = {
    ...made.tools.queue,
    start: (handler: (item: WorkItem) => Promise<void>) =>
      made.tools.queue.start(async (item) => {
        running += 1;
        await handler(item).finally(() => (running -= 1));
      }),
  };
  const isPausing = async (): Promise<boolean> => {
    const left = (await store.triggers.unresolved(TENANT, made.clock.now())).length;
    const pausing = made.clock.pending().filter((remainingMs) => remainingMs === DOUBT_PAUSE_MS).length;
    return pausing > 0 && pausing >= Math.min(left, FINISHED_AT_ONCE);
  };
  const tracker = createTracker({ ...made.tools, queue });
  await tracker.start();
  return {
    made,
    /** Lets time pass by the second, as soon as nothing but time is waited for, until it is so. @returns the seconds */
    async secondsUntil(isSo: () => boolean | Promise<boolean>): Promise<number> {
      for (let seconds = 0; ; seconds += 1) {
        const isDone = async () => running === 0 || (await isPausing());
        await eventually("the work of this second is done", async () => ((await isDone()) ? true : null), TEST_MS);
        if (await isSo()) return seconds;
        if (seconds > MOST_SECONDS) throw new Error(`expected it to be so within ${MOST_SECONDS} seconds`);
        await made.clock.advance(SECOND_MS);
      }
    },
    end: async () => {
      await made.tools.queue.close();
      await tracker.close();
    },
  };
}

describeOnEachDatabase("a gateway that comes after one that died", (open) => {
  test.each([
    ["as many as one holds", HELD, 0],
    ["all of them", RUNS, LEASE_MS / SECOND_MS],
  ])(
    `looks at ten thousand open runs within half a minute, though the dead one still holds %s`,
    { timeout: TEST_MS },
    async (_name, leased, firstLook) => {
      const { store } = await open();
      await leaveRuns(store, leased);
      const fake = createFakeProvider("acme", { poll: POLL });
      const { made, secondsUntil, end } = await live(store, fake);
      const seen = () => new Set(fake.callsOf("observe").flatMap(({ refs }) => refs.map(({ remoteId }) => remoteId)));
      expect(await secondsUntil(() => seen().size > 0)).toBeLessThanOrEqual(firstLook + 1);
      expect(await secondsUntil(() => seen().size === RUNS)).toBeLessThanOrEqual(25);
      // A hundred at a time, none of them twice.
      expect(fake.callsOf("observe").length).toBeLessThanOrEqual(RUNS / HELD + 2);
      expect(made.logged.filter(({ level }) => level !== "info")).toEqual([]);
      await end();
    },
  );

  test(
    "takes a thousand starts without an answer over within half a minute, and decides each, asking once more",
    { timeout: TEST_MS },
    async () => {
      const { store } = await open();
      const fake = createFakeProvider("acme", { poll: POLL, idempotentStart: true });
      let taken = 0;
      const takeOver: Store["triggers"]["takeOver"] = async (...given) => {
        const held = await store.triggers.takeOver(...given);
        taken += held.length;
        return held;
      };
      await leaveTriggers(store);
      const { made, secondsUntil, end } = await live({ ...store, triggers: { ...store.triggers, takeOver } }, fake);
      expect(await secondsUntil(() => taken === TRIGGERS)).toBeLessThanOrEqual(2 * (LEASE_MS / SECOND_MS) + 1);
      await secondsUntil(async () => (await store.triggers.unresolved(TENANT, made.clock.now())).length === 0);
      const keys = fake.callsOf("start").map(({ triggerKey }) => triggerKey);
      expect([keys.length, new Set(keys).size]).toEqual([TRIGGERS, TRIGGERS]);
      expect(taken).toBe(TRIGGERS);
      await end();
    },
  );
});
