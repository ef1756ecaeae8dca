// Starts that come to two gateways at once, on each database: the store decides which of them is sent, and the others get its run.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { TriggerCommand, TriggerResult } from "../../src/domain/gateway-port.ts";
import { IfRunning, TriggerState } from "../../src/domain/sync.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { fault } from "../support/fake-provider.ts";
import { createGate } from "../support/gate.ts";
import { linkedAccount, observation, syncJob } from "../support/store-values.ts";
import { TENANT, command, idOf, waiting } from "../support/tracking.ts";
import { holdNextStart, openTwoGateways } from "../support/two-gateways.ts";
import type { TwoGateways } from "../support/two-gateways.ts";

const REJECT = command({ ifRunning: IfRunning.Reject });
const ANOTHER = command({ ifRunning: IfRunning.StartAnother });
const codesOf = ({ problems }: TriggerResult) => problems.map(({ code }) => code);

describeOnEachDatabase("of starts at two gateways", (open) => {
  /** Half of the requests at each gateway, all at once. Who wins needs no time; only then may the others' waiting go by. */
  async function hundredOf({ first, second }: TwoGateways, asked: TriggerCommand): Promise<readonly TriggerResult[]> {
    const [here, there] = [first, second].map(({ triggers }) =>
      Promise.all(Array.from({ length: 50 }, () => triggers.trigger(TENANT, asked))),
    );
    if (here === undefined || there === undefined) throw new Error("expected two gateways");
    await Promise.race([here, there]);
    return [...(await waiting(first.clock, here)), ...(await waiting(second.clock, there))];
  }

  /** A start at the first gateway that the vendor has been asked for and has not answered yet. */
  async function whileFirstStarts(gateways: TwoGateways, asked = command()) {
    const held = holdNextStart(gateways.fake);
    const started = gateways.first.triggers.trigger(TENANT, asked);
    await held.called.opened;
    return { started, held };
  }

  test.each([IfRunning.Attach, IfRunning.Reject, IfRunning.StartAnother])(
    "a hundred with one key and %s are one call, and a hundred equal answers",
    async (ifRunning) => {
      const gateways = await openTwoGateways(open);
      const results = await hundredOf(gateways, command({ idempotencyKey: "k1", ifRunning }));
      expect(gateways.fake.callsOf("start")).toHaveLength(1);
      expect(results[0]).toMatchObject({ syncs: [{ remoteId: "run-1" }], attached: false, problems: [] });
      for (const result of results) expect(result).toEqual(results[0]);
    },
  );

  test("a hundred with ATTACH and no key are one call, and all but one attach to its run", async () => {
    const gateways = await openTwoGateways(open);
    const results = await hundredOf(gateways, command());
    expect(gateways.fake.callsOf("start")).toHaveLength(1);
    expect(new Set(results.flatMap(({ syncs }) => syncs.map(({ remoteId }) => remoteId)))).toEqual(new Set(["run-1"]));
    expect(results.filter(({ attached }) => !attached)).toHaveLength(1);
    expect(results.flatMap(codesOf)).toEqual([]);
  });

  test.each([
    ["ATTACH gets the run of", command(), { attached: true, syncs: [{ remoteId: "run-1" }], problems: [] }],
    ["REJECT is refused beside", REJECT, { syncs: [], problems: [{ code: ErrorCode.AlreadyRunning }] }],
  ] as const)(
    "one with %s another that the vendor is still asked for, once it is answered",
    async (_name, asked, answer) => {
      const gateways = await openTwoGateways(open);
      const { started, held } = await whileFirstStarts(gateways, ANOTHER);
      const { triggers, clock } = gateways.second;
      const late = triggers.trigger(TENANT, asked);
      await clock.untilSleeping();
      held.answer.open();
      await started;
      expect(await waiting(clock, late)).toMatchObject(answer);
      expect(gateways.fake.callsOf("start")).toHaveLength(1);
    },
  );

  test.each([
    ["ATTACH", command(), ErrorCode.IdempotencyInProgress],
    ["REJECT", REJECT, ErrorCode.AlreadyRunning],
  ] as const)("one with %s waits twenty seconds for another, and no longer", async (_name, asked, code) => {
    const gateways = await openTwoGateways(open);
    const { started, held } = await whileFirstStarts(gateways);
    const { triggers, clock } = gateways.second;
    const result = await waiting(clock, triggers.trigger(TENANT, asked));
    expect(codesOf(result)).toEqual([code]);
    expect(clock.now().getTime() - Date.UTC(2026, 0, 1)).toBe(20_000);
    held.answer.open();
    await started;
    expect(gateways.fake.callsOf("start")).toHaveLength(1);
  });

  test("one with START_ANOTHER waits for nobody, at the same gateway or another", async () => {
    const gateways = await openTwoGateways(open);
    const { started, held } = await whileFirstStarts(gateways);
    for (const { triggers } of [gateways.first, gateways.second]) {
      expect(await triggers.trigger(TENANT, ANOTHER)).toMatchObject({ attached: false, problems: [] });
    }
    expect(gateways.fake.callsOf("start")).toHaveLength(3);
    held.answer.open();
    expect((await started).syncs).toMatchObject([{ remoteId: "run-3" }]);
  });

  test("one for another customer or of another definition waits for nobody", async () => {
    const gateways = await openTwoGateways(open);
    const shared = [syncJob("job-1", { linkedAccountRemoteId: null }), syncJob("job-2")];
    await gateways.first.stock(shared, [linkedAccount("account-1"), linkedAccount("account-2")]);
    const forAccount = (name: string) => command({ linkedAccountId: idOf("linkedAccount", name) });
    const { started, held } = await whileFirstStarts(gateways, forAccount("account-1"));
    const { triggers, clock } = gateways.second;
    expect((await triggers.trigger(TENANT, forAccount("account-2"))).syncs).toHaveLength(1);
    expect((await triggers.trigger(TENANT, command({ definitionId: idOf("definition", "job-2") }))).syncs).toHaveLength(
      1,
    );
    const same = triggers.trigger(TENANT, forAccount("account-1"));
    await clock.untilSleeping();
    held.answer.open();
    await started;
    await waiting(clock, same);
    expect(gateways.fake.callsOf("start")).toHaveLength(3);
  });

  test("one that waited for a start which the vendor then refused is sent itself", async () => {
    const gateways = await openTwoGateways(open);
    const answer = gateways.fake.answers.start;
    gateways.fake.answers.start = () => Promise.reject(fault(ErrorCode.ProviderRejected));
    const { started, held } = await whileFirstStarts(gateways);
    const late = gateways.second.triggers.trigger(TENANT, command());
    await gateways.second.clock.untilSleeping();
    held.answer.open();
    await expect(started).rejects.toMatchObject({ code: ErrorCode.ProviderRejected });
    gateways.fake.answers.start = answer;
    expect(await waiting(gateways.second.clock, late)).toMatchObject({
      attached: false,
      syncs: [{ remoteId: "run-1" }],
    });
  });

  test.each(["first", "second"] as const)(
    "one that waited at the %s for a start which nobody can tell the end of is told so, and is not sent",
    async (where) => {
      const gateways = await openTwoGateways(open);
      gateways.fake.answers.start = () => Promise.reject(fault(ErrorCode.ProviderTimeout));
      const { started, held } = await whileFirstStarts(gateways);
      const late = gateways[where].triggers.trigger(TENANT, command());
      // Asked for before the doubt came up; at the first gateway it waits in the queue, without a sleep.
      if (where === "second") await gateways.second.clock.untilSleeping();
      await gateways.first.clock.advance(1);
      held.answer.open();
      await started;
      expect(codesOf(await waiting(gateways.second.clock, late))).toEqual([ErrorCode.TriggerUncertain]);
      expect(gateways.fake.callsOf("start")).toHaveLength(1);
      // Whoever asks afterwards knows, and may want another.
      const { triggers, clock } = gateways[where];
      await clock.advance(5_000);
      await triggers.trigger(TENANT, command());
      expect(gateways.fake.callsOf("start")).toHaveLength(2);
    },
  );

  test("one with the key of another that met a conflict gets the same run, also while that one looks for it", async () => {
    const [looking, look] = [createGate(), createGate()];
    const gateways = await openTwoGateways(
      open,
      {},
      {
        start: () => Promise.reject(fault(ErrorCode.ProviderConflict, { retryable: false })),
        discover: async () => {
          looking.open();
          await look.opened;
          return [[observation("theirs")]];
        },
      },
    );
    const asked = command({ idempotencyKey: "k1" });
    const started = gateways.first.triggers.trigger(TENANT, asked);
    await looking.opened;
    const repeated = gateways.second.triggers.trigger(TENANT, asked);
    await gateways.second.clock.untilSleeping();
    look.open();
    const result = await started;
    expect(result).toMatchObject({
      attached: true,
      syncs: [{ remoteId: "theirs" }],
      trigger: { state: TriggerState.Accepted },
    });
    expect(await waiting(gateways.second.clock, repeated)).toEqual(result);
    expect(gateways.fake.callsOf("start")).toHaveLength(1);
  });
});
