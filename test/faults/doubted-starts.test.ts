// Several starts in doubt at once, and runs that somebody begins by hand, at every vendor without keys for its starts: the real adapters in front
// of the vendors' own sandboxes. Who is told to have a run has its own, which does what was asked for.
import { describe, expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { TriggerCommand, TriggerResult } from "../../src/domain/gateway-port.ts";
import { identityOf } from "../../src/domain/identity.ts";
import { ObservationSource } from "../../src/domain/status.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import { capabilitiesOf } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import type { ProxiedRequest } from "../support/fault-proxy.ts";
import { startFaultyVendor } from "../support/faulty-vendor.ts";
import { FAULTS, Fault } from "../support/faults.ts";
import { createGoingClock } from "../support/manual-clock.ts";
import { loadVendorRows } from "../support/provider-modules.ts";
import { allOf } from "../support/provider-values.ts";
import { TENANT, createTestTracking, passing, storeMaker } from "../support/tracking.ts";
import { learn } from "./operations.ts";

const rows = (await loadVendorRows()).filter(({ vendor }) => !capabilitiesOf(vendor).idempotentStart);
const openStore = storeMaker();
/** The pauses before each look, and before the one beside a start that was being answered. */
const PAUSES = [500, 2_000, 5_000, 5_000];
const isStart = ({ method }: ProxiedRequest): boolean => method === "POST";

test("there are vendors without keys", () => {
  expect(rows.length).toBeGreaterThan(2);
});

describe.each(rows)("starts in doubt at $name", ({ kind, vendor }) => {
  const takesFullRefresh = capabilitiesOf(vendor).startOptions.includes("fullRefresh");

  /** Two gateways on one store, each before the vendor; a start of each meets its fault. */
  async function world() {
    const store = await openStore();
    const at = await startFaultyVendor(kind, vendor, createGoingClock());
    const untouched = at.connect().provider;
    const learned = await learn(untouched, vendor);
    const { definition, linkedAccount, options } = learned.start;
    const gateways = await Promise.all(
      [Fault.Status503, Fault.ResetBeforeHeaders].map(async (fault) => {
        const { provider } = at.connect(fault);
        await allOf(provider.listLinkedAccounts());
        return createTestTracking(store, [{ provider, calls: [] }], { clock: createGoingClock(), owner: fault });
      }),
    );
    const [first] = gateways;
    if (first === undefined || linkedAccount === null) throw new Error("the start is for nobody");
    await first.stock([definition], [linkedAccount]);
    const { key } = first.configured.info;
    let struck = 0;
    at.proxy.break({
      strikes: isStart,
      act: (request) => {
        struck += 1;
        return FAULTS[struck === 1 ? Fault.Status503 : Fault.ResetBeforeHeaders].act(request);
      },
    });
    const command = (given: Partial<TriggerCommand> = {}): TriggerCommand => ({
      definitionId: identityOf(TENANT, key, "definition", definition.remoteId),
      idempotencyKey: null,
      ifRunning: "START_ANOTHER",
      ...(options.linkedAccountRemoteId === undefined
        ? {}
        : { linkedAccountId: identityOf(TENANT, key, "linkedAccount", options.linkedAccountRemoteId) }),
      ...given,
    });
    /** One after the other, and nobody looks before all were sent. */
    async function startAll(...commands: readonly TriggerCommand[]) {
      const starts: (() => Promise<TriggerResult>)[] = [];
      for (const [index, { triggers, clock }] of gateways.slice(0, commands.length).entries()) {
        const started = triggers.trigger(TENANT, commands[index] ?? command());
        await eventually("the start is in doubt", () => (clock.pending().includes(500) ? true : null));
        starts.push(() => passing(clock, PAUSES, started));
      }
      return Promise.all(starts.map((start) => start()));
    }
    const runs = () => untouched.discover(learned.learnedAt, [definition]);
    return { ...learned, at, store, untouched, first, command, startAll, runs: () => allOf(runs()) };
  }

  test("one that began nothing and one whose answer was lost are told which runs there are", async () => {
    const { at, startAll, command, runs } = await world();
    try {
      const results = await startAll(command(), command());
      const begun = (await runs()).map(({ remoteId }) => remoteId);
      expect(begun.length).toBeGreaterThan(0);
      for (const { trigger, problems, syncs } of results) {
        expect([trigger?.state, syncs]).toEqual([TriggerState.Uncertain, []]);
        expect(trigger?.candidateIds).toHaveLength(begun.length);
        for (const remoteId of begun) expect(problems[0]?.message).toContain(remoteId);
      }
    } finally {
      await at[Symbol.asyncDispose]();
    }
  });

  test.each(takesFullRefresh ? [true] : [])("those that asked for other things are told apart", async (fullRefresh) => {
    const { at, startAll, command, runs } = await world();
    try {
      const [nothing, lost] = await startAll(command({ fullRefresh }), command({ fullRefresh: !fullRefresh }));
      const begun = await runs();
      expect(begun).toHaveLength(1);
      expect(nothing).toMatchObject({ syncs: [], trigger: { state: TriggerState.Uncertain, candidateIds: [] } });
      expect(lost).toMatchObject({ problems: [], syncs: [{ remoteId: begun[0]?.remoteId }] });
      expect(begun[0]?.facts.fullRefresh ?? false).toBe(false);
    } finally {
      await at[Symbol.asyncDispose]();
    }
  });

  test("a run by hand that the ledger has is left as it is", async () => {
    const { at, startAll, command, untouched, start, first, store } = await world();
    try {
      // Through the vendor's page: past the fault, which strikes what the gateways send.
      at.proxy.break(null);
      const begun = await untouched.start(start, crypto.randomUUID());
      const { configured, recorder } = first;
      const request = { tenantId: TENANT, configured, source: ObservationSource.Discovery };
      const before = await recorder.record({ ...request, observations: begun });
      at.proxy.break({ strikes: isStart, act: FAULTS[Fault.Status503].act });
      const [result] = await startAll(command());
      expect(result).toMatchObject({ syncs: [], problems: [{ code: ErrorCode.TriggerUncertain }] });
      expect(result?.trigger?.candidateIds).toEqual([]);
      const after = await store.ledger.syncsByIds(
        TENANT,
        before.map(({ id }) => id),
      );
      expect(after.map(({ triggerId, origin }) => [triggerId, origin]).toSorted()).toEqual(
        before.map(({ triggerId, origin }) => [triggerId, origin]).toSorted(),
      );
    } finally {
      await at[Symbol.asyncDispose]();
    }
  });
});
