// Starts at two gateways that are not answered, on each database: each run that is found goes to one of them, and to nobody's whose
// start may still be answered.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { TriggerResult } from "../../src/domain/gateway-port.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { SyncOrigin } from "../../src/domain/status.ts";
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
    ["one run that both may have begun leaves both uncertain", ["run-1"]],
    ["two runs that both may have begun leave both uncertain", ["run-1", "run-2"]],
    ["nothing that is found leaves both uncertain", []],
  ] as const)("%s, each told which runs there are", async (_name, found) => {
    const { first, second, fake } = await openTwoGateways(open, LOOKUP, {
      start: timeout,
      findStarted: () => found.map((remoteId) => observation(remoteId, createdAt(remoteId === "run-1" ? 1 : 2))),
    });
    for (const { problems, syncs, trigger } of await bothDoubted(first, second)) {
      expect(syncs).toEqual([]);
      expect(problems.map(({ code }) => code)).toEqual([ErrorCode.TriggerUncertain]);
      for (const remoteId of found) expect(problems[0]?.message).toContain(remoteId);
      expect(trigger?.candidateIds).toEqual(found.map((remoteId) => idOf("sync", remoteId)));
    }
    for (const remoteId of found)
      expect(await first.syncOf(remoteId)).toMatchObject({ triggerId: null, origin: SyncOrigin.Unknown });
    expect(fake.callsOf("start")).toHaveLength(2);
  });

  test.each(["args", "window"] as const)("told apart by their %s, each gets its own run", async (by) => {
    const { first, second } = await openTwoGateways(open, LOOKUP, {
      start: () => Promise.reject(fault(ErrorCode.ProviderUnavailable, { httpStatus: by === "args" ? null : 503 })),
      findStarted: ({ options }) =>
        ["a", "b"].map((run) => ({
          ...observation(run, createdAt(run === "a" ? 0 : 200)),
          ...(by === "args" ? { asAsked: options.args?.["intent"] === run } : {}),
        })),
    });
    const startOf = async ({ triggers, clock }: TestTracking, intent: string) => {
      if (intent === "b") await clock.advance(200);
      return triggers.trigger(TENANT, { ...ANOTHER, args: { intent } });
    };
    const starts = [startOf(first, "a"), startOf(second, "b")];
    for (const { clock } of [first, second]) await clock.untilSleeping((remainingMs) => remainingMs === PAUSES[0]);
    // Two gateways' clocks may be a second apart: what began so close together is told apart by what it does alone.
    const [a, b] = await Promise.all(
      [first, second].map(({ clock }, index) => passing(clock, PAUSES, starts[index] ?? Promise.reject(new Error()))),
    );
    expect([a, b].map((result) => (result === undefined ? [] : runsOf(result)))).toEqual(
      by === "args" ? [["a"], ["b"]] : [[], []],
    );
  });

  test("a start takes what one start begins: of several runs none", async () => {
    const { first } = await openTwoGateways(open, LOOKUP, {
      start: timeout,
      findStarted: () => [observation("accounts", createdAt(1)), observation("invoices", createdAt(2))],
    });
    const { clock, triggers } = first;
    expect(await passing(clock, PAUSES, triggers.trigger(TENANT, ANOTHER))).toMatchObject({
      syncs: [],
      problems: [{ code: ErrorCode.TriggerUncertain }],
      trigger: { candidateIds: [idOf("sync", "accounts"), idOf("sync", "invoices")] },
    });
  });

  test("where a start begins a run for each model it takes them all", async () => {
    const { first } = await openTwoGateways(
      open,
      { ...LOOKUP, startsEachModel: true },
      {
        start: timeout,
        findStarted: () => [observation("accounts", createdAt(1)), observation("invoices", createdAt(2))],
      },
    );
    const result = await passing(first.clock, PAUSES, first.triggers.trigger(TENANT, ANOTHER));
    expect(runsOf(result)).toEqual(["accounts", "invoices"]);
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
