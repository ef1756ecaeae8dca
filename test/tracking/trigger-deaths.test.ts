// Gateways that die at each step of a start, at each kind of vendor, on each database: the next one decides within twenty seconds of its
// own life, and whatever it decides, the vendor began one run at most.
import { expect, test } from "vitest";
import type { WorkItem } from "../../src/domain/runtime-ports.ts";
import { ErrorCode } from "../../src/domain/errors.ts";
import { IfRunning, TriggerState } from "../../src/domain/sync.ts";
import type { Observation } from "../../src/domain/sync.ts";
import { createTracker } from "../../src/tracking/tracker.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import type { FakeProvider } from "../support/fake-provider.ts";
import { at, observation } from "../support/store-values.ts";
import { TENANT, command, createTestTracking, passing } from "../support/tracking.ts";
import type { TestTracking } from "../support/tracking.ts";
import { Death, dyingStore } from "../support/two-gateways.ts";

const KEY = { idempotentStart: true };
const LIST = { lookupByTime: true };
const NEITHER = {};
/** The gateway died, or the line went dead with it: nothing reached the vendor. */
const ON_THE_WAY = "while the start was on the way";
const { Accepted, Uncertain } = TriggerState;
const PAUSES = [500, 2_000, 5_000];
/** The rest of half a minute is for vendors that are slow to say no. */
const TWENTY_SECONDS_MS = 20_000;

/** A vendor that begins a run for each start, or for each key where it knows keys. */
function vendor(capabilities: typeof KEY | typeof LIST | typeof NEITHER) {
  const begun = new Map<string, readonly Observation[]>();
  const fake = createFakeProvider("acme", capabilities, {
    start: (_request, key) => {
      const name = "idempotentStart" in capabilities ? key : `${key} ${begun.size}`;
      const runs = begun.get(name) ?? [observation(`run-${begun.size + 1}`)];
      begun.set(name, runs);
      return runs;
    },
    findStarted: () => [...begun.values()].flat(),
  });
  return { fake, begun };
}

async function dieWhileStarting(
  made: TestTracking,
  fake: FakeProvider,
  death: Death | typeof ON_THE_WAY,
): Promise<void> {
  const begin = fake.answers.start;
  if (death === ON_THE_WAY) fake.answers.start = () => Promise.reject(new Error("the gateway died"));
  const store = death === ON_THE_WAY ? made.store : dyingStore(made.store, death);
  const gateway = createTestTracking(store, [fake]);
  const asked = command({ ifRunning: IfRunning.StartAnother });
  await expect(gateway.triggers.trigger(TENANT, asked)).rejects.toThrow("the gateway died");
  fake.answers.start = begin;
}

/** Lives on as the queue would have it, only for triggers, until none is left. @returns how long that took */
async function live(next: TestTracking): Promise<number> {
  const { clock, store, tools } = next;
  let dueAt = clock.now();
  let handler: (item: WorkItem) => Promise<void> = () => Promise.reject(new Error("the queue was not started"));
  const queue = {
    schedule: (_item: WorkItem, planned: Date) => Promise.resolve(void (dueAt = planned)),
    start: (given: typeof handler) => void (handler = given),
    planAgain: () => undefined,
    stop: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const born = clock.now().getTime();
  await createTracker({ ...tools, queue }).start();
  for (let turn = 0; turn < 20; turn += 1) {
    await clock.advance(Math.max(0, dueAt.getTime() - clock.now().getTime()));
    await passing(clock, PAUSES, handler({ kind: "TRIGGERS", tenantId: TENANT, providerKey: "acme" }));
    if ((await store.triggers.unresolved(TENANT, at(1_000_000))).length === 0) return clock.now().getTime() - born;
  }
  throw new Error("expected every trigger to be decided within twenty turns");
}

describeOnEachDatabase("a gateway that dies", (open) => {
  test.each([
    [Death.BeforeSending, "a key", KEY, Accepted, 1],
    [Death.BeforeSending, "a list of runs", LIST, Accepted, 1],
    [Death.BeforeSending, "neither", NEITHER, Accepted, 1],
    [ON_THE_WAY, "a key", KEY, Accepted, 1],
    [ON_THE_WAY, "a list of runs", LIST, Uncertain, 0],
    [ON_THE_WAY, "neither", NEITHER, Uncertain, 0],
    [Death.BeforeRecording, "a key", KEY, Accepted, 1],
    [Death.BeforeRecording, "a list of runs", LIST, Accepted, 1],
    [Death.BeforeRecording, "neither", NEITHER, Uncertain, 1],
    [Death.BeforeAnswering, "a key", KEY, Accepted, 1],
    [Death.BeforeAnswering, "a list of runs", LIST, Accepted, 1],
    [Death.BeforeAnswering, "neither", NEITHER, Accepted, 1],
  ] as const)(
    "%s, at a vendor with %s, is followed by one that decides",
    async (death, _with, capabilities, state, runs) => {
      const { store, url } = await open();
      const { store: beside } = await open(url);
      const { fake, begun } = vendor(capabilities);
      const made = createTestTracking(store, [fake]);
      await made.stock();
      await dieWhileStarting(made, fake, death);
      const [left] = await store.triggers.unresolved(TENANT, at(1_000_000));

      const next = createTestTracking(beside, [fake]);
      expect(await live(next)).toBeLessThanOrEqual(TWENTY_SECONDS_MS);
      const [decided] = await beside.triggers.byIds(TENANT, [left?.id ?? ""]);
      expect(decided).toMatchObject({ state, options: null });
      expect(decided?.syncIds).toHaveLength(state === Accepted ? 1 : 0);
      expect(begun.size).toBe(runs);
    },
  );

  test.each([
    [Death.BeforeAnswering, "is found at once, since the other has its run", [500], Accepted],
    [Death.BeforeRecording, "is uncertain, since either run may be the other's", [500, 2_000, 5_000, 5_000], Uncertain],
  ] as const)(
    "%s: another start of the definition, which is not answered either, %s",
    async (death, _what, pauses, state) => {
      const { store } = await open();
      const { fake, begun } = vendor(LIST);
      const made = createTestTracking(store, [fake]);
      await made.stock();
      await dieWhileStarting(made, fake, death);
      const { start } = fake.answers;
      fake.answers.start = async (...given) => {
        await start(...given);
        throw fault(ErrorCode.ProviderTimeout);
      };
      const next = createTestTracking(store, [fake]);
      const from = next.clock.now().getTime();
      const asked = next.triggers.trigger(TENANT, command({ ifRunning: IfRunning.StartAnother }));
      const { trigger, problems } = await passing(next.clock, pauses, asked);
      expect(trigger?.state).toBe(state);
      expect(problems).toHaveLength(state === Accepted ? 0 : 1);
      expect(trigger?.syncIds).toHaveLength(state === Accepted ? 1 : 0);
      expect(trigger?.candidateIds ?? []).toHaveLength(state === Accepted ? 0 : 2);
      expect(next.clock.now().getTime() - from).toBe(pauses.reduce((sum, pauseMs) => sum + pauseMs, 0));
      expect(begun.size).toBe(2);
    },
  );
});
