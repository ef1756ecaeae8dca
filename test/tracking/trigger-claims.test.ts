// Starts at two gateways that are not answered, on each database: each run that is found goes to one of them, and to nobody's whose
// start may still be answered.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { TriggerResult } from "../../src/domain/gateway-port.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { IfRunning } from "../../src/domain/sync.ts";
import type { Observation } from "../../src/domain/sync.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createFakeProvider, fault } from "../support/fake-provider.ts";
import { at, observation } from "../support/store-values.ts";
import { TENANT, command, createTestTracking, idOf, passing } from "../support/tracking.ts";
import type { TestTracking } from "../support/tracking.ts";
import { holdNextStart, openTwoGateways } from "../support/two-gateways.ts";

const LOOKUP = { lookupByTime: true };
const PAUSES = [500, 2_000, 5_000];
const ANOTHER = command({ ifRunning: IfRunning.StartAnother });
const timeout = () => Promise.reject(fault(ErrorCode.ProviderTimeout));
const createdAt = (ms: number): Partial<Observation> => ({ facts: { createdAt: at(ms) } });
const runsOf = ({ syncs }: TriggerResult) => syncs.map(({ remoteId }) => remoteId);

describeOnEachDatabase("of two starts without an answer", (open) => {
  /** Neither looks before both were sent. */
  async function bothDoubted(...gateways: readonly TestTracking[]): Promise<readonly TriggerResult[]> {
    const starts = gateways.map((gateway) => ({ ...gateway, started: gateway.triggers.trigger(TENANT, ANOTHER) }));
    for (const { clock } of starts) await clock.untilSleeping((remainingMs) => remainingMs === PAUSES[0]);
    return Promise.all(starts.map(({ clock, started }) => passing(clock, PAUSES, started)));
  }

  test.each([
    ["one run that both find goes to one, and the other is uncertain", ["run-1"], [["run-1"], []]],
    ["two runs that both find go one to each", ["run-2", "run-1"], [["run-1"], ["run-2"]]],
    ["nothing that is found leaves both uncertain", [], [[], []]],
  ] as const)("%s", async (_name, found, shares) => {
    const { first, second, fake } = await openTwoGateways(open, LOOKUP, {
      start: timeout,
      findStarted: () => found.map((remoteId) => observation(remoteId, createdAt(remoteId === "run-1" ? 1 : 2))),
    });
    const results = await bothDoubted(first, second);
    expect(results.map(runsOf).toSorted()).toEqual(shares.map((share) => [...share]).toSorted());
    for (const { problems, syncs, trigger } of results) {
      expect(problems.map(({ code }) => code)).toEqual(syncs.length === 0 ? [ErrorCode.TriggerUncertain] : []);
      for (const { remoteId } of syncs) expect((await first.syncOf(remoteId)).triggerId).toBe(trigger?.id);
    }
    expect(fake.callsOf("start")).toHaveLength(2);
  });

  test("runs that were begun together stay together", async () => {
    const batch = (remoteId: string, batchId: string, ms: number) =>
      observation(remoteId, { facts: { createdAt: at(ms), batchId } });
    const { first, second } = await openTwoGateways(open, LOOKUP, {
      start: timeout,
      findStarted: () => [batch("b1", "b", 2), batch("a1", "a", 1), batch("b2", "b", 1), batch("a2", "a", 0)],
    });
    const results = await bothDoubted(first, second);
    expect(results.map((result) => runsOf(result).toSorted()).toSorted()).toEqual([
      ["a1", "a2"],
      ["b1", "b2"],
    ]);
  });

  test("of several runs a start that is left without an answer takes what one start begins, and the rest is nobody's", async () => {
    const { first } = await openTwoGateways(open, LOOKUP, {
      start: timeout,
      findStarted: () => [observation("accounts", createdAt(1)), observation("invoices", createdAt(2))],
    });
    const { clock, triggers } = first;
    expect(runsOf(await passing(clock, PAUSES, triggers.trigger(TENANT, ANOTHER)))).toEqual(["accounts"]);
    await first.see(observation("invoices"));
    expect((await first.syncOf("invoices")).triggerId).toBeNull();
  });

  test("the run of one that is answered late is not taken by the other, which looks on", async () => {
    const { first, second, fake } = await openTwoGateways(open, LOOKUP, {
      findStarted: () => [observation("run-1")],
    });
    const held = holdNextStart(fake);
    const answered = first.triggers.trigger(TENANT, ANOTHER);
    await held.called.opened;
    fake.answers.start = timeout;
    const doubted = second.triggers.trigger(TENANT, ANOTHER);
    for (const pauseMs of PAUSES.slice(0, 2)) {
      await second.clock.untilSleeping((remainingMs) => remainingMs === pauseMs);
      await second.clock.advance(pauseMs);
    }
    await second.clock.untilSleeping((remainingMs) => remainingMs === 5_000);
    held.answer.open();
    expect(runsOf(await answered)).toEqual(["run-1"]);
    expect(await passing(second.clock, [5_000], doubted)).toMatchObject({
      syncs: [],
      problems: [{ code: ErrorCode.TriggerUncertain }],
    });
    expect((await first.syncOf("run-1")).triggerId).toBe((await answered).trigger?.id);
  });

  test("one that another gateway overtakes between its look and its claim looks on, and changes nothing of that run", async () => {
    const { store } = await open();
    const lists = [[observation("theirs")], [observation("theirs"), observation("ours")]];
    const fake = createFakeProvider("acme", LOOKUP, { start: timeout, findStarted: () => lists.shift() ?? [] });
    const syncsByIds: Store["ledger"]["syncsByIds"] = async (tenantId, ids) => {
      const known = await store.ledger.syncsByIds(tenantId, ids);
      // The other gateway claims the run as soon as this one has seen that it is nobody's.
      if (ids.includes(idOf("sync", "theirs")) && known.length === 0) await claim();
      return known;
    };
    const made = createTestTracking({ ...store, ledger: { ...store.ledger, syncsByIds } }, [fake]);
    const other = createTestTracking(store, [fake]);
    const claim = async () => {
      await other.recorder.record({
        tenantId: TENANT,
        configured: other.configured,
        source: "TRIGGER",
        observations: [observation("theirs")],
        triggerId: "the other's",
      });
    };
    await made.stock();
    await made.see(observation("old", { status: "FAILED" }));
    const retry = made.triggers.trigger(TENANT, ANOTHER, { retryOf: await made.syncOf("old") });
    const result = await passing(made.clock, PAUSES, retry);
    expect(result).toMatchObject({ problems: [], syncs: [{ remoteId: "ours", retryOfId: idOf("sync", "old") }] });
    expect(await made.syncOf("theirs")).toMatchObject({ triggerId: "the other's", retryOfId: null });
  });
});
