// A start that meets a fault, at every vendor: the real adapter in front of the vendor's own sandbox, tracking over a real store. One run at
// most begins; the caller is told of it, or that nobody can tell, or that nothing was started. What tracking makes of scripted answers is in
// `test/tracking/trigger-doubt.test.ts`.
import { describe, expect, test } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import { identityOf } from "../../src/domain/identity.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import { capabilitiesOf } from "../support/conformance.ts";
import { first } from "../support/fault-acts.ts";
import type { ProxiedRequest } from "../support/fault-proxy.ts";
import { startFaultyVendor } from "../support/faulty-vendor.ts";
import { FAULTS, Fault } from "../support/faults.ts";
import { createGoingClock } from "../support/manual-clock.ts";
import { loadVendorRows } from "../support/provider-modules.ts";
import { allOf } from "../support/provider-values.ts";
import { TENANT, createTestTracking, passing, storeMaker } from "../support/tracking.ts";
import { learn } from "./operations.ts";

const rows = await loadVendorRows();
const openStore = storeMaker();
/** The pauses before each look. */
const PAUSES = [500, 2_000, 5_000];

/** After these the vendor has begun the run, and its answer does not say so. */
const ACTED: readonly Fault[] = [
  ...[Fault.Hang, Fault.ResetBeforeHeaders, Fault.ResetInBody, Fault.CutJson, Fault.Html, Fault.NoJson],
  ...[Fault.OtherShape, Fault.GzipBomb, Fault.ManyHeaders],
];
/** After these it has not, but nobody can know. */
const DOUBTFUL: readonly Fault[] = [Fault.Status500, Fault.Status503, Fault.RedirectPrivate];
/** After these it certainly has not. */
const REFUSED: readonly Fault[] = [
  ...[Fault.Refused, Fault.NoName, Fault.BadCertificate, Fault.ExpiredCertificate, Fault.OtherCertificate],
  ...[Fault.Status401, Fault.Limited],
];

/** With these no connection comes about, whatever is asked for. */
const UNREACHABLE: readonly Fault[] = [
  ...[Fault.Refused, Fault.NoName, Fault.BadCertificate, Fault.ExpiredCertificate, Fault.OtherCertificate],
];

const BEGUN = { runs: 1, told: true, code: null, state: TriggerState.Accepted };
const DOUBTED = { runs: 0, sent: 1, code: ErrorCode.TriggerUncertain, state: TriggerState.Uncertain };
const TOLD = { runs: 0, state: null, code: expect.stringMatching(/^PROVIDER_/u) as string };

const isStart = ({ method }: ProxiedRequest): boolean => method === "POST";

describe.each(rows)("a start at $name", ({ kind, vendor }) => {
  const { idempotentStart } = capabilitiesOf(vendor);

  async function startedUnder(fault: Fault) {
    const clock = createGoingClock();
    const store = await openStore();
    const at = await startFaultyVendor(kind, vendor, clock);
    try {
      const untouched = at.connect().provider;
      const learned = await learn(untouched, vendor);
      const { provider } = at.connect(fault);
      // As a gateway does before anything else: the answer tells of the vendor's clock.
      if (!UNREACHABLE.includes(fault)) await allOf(provider.listLinkedAccounts());
      const tracking = createTestTracking(store, [{ provider, calls: [] }], { clock });
      const { definition, linkedAccount, options } = learned.start;
      await tracking.stock([definition], linkedAccount === null ? [] : [linkedAccount]);
      const idOf = (what: "definition" | "linkedAccount", remoteId: string) =>
        identityOf(TENANT, provider.key, what, remoteId);
      const command = {
        definitionId: idOf("definition", definition.remoteId),
        idempotencyKey: "k1",
        ifRunning: "START_ANOTHER",
        ...(options.linkedAccountRemoteId === undefined
          ? {}
          : { linkedAccountId: idOf("linkedAccount", options.linkedAccountRemoteId) }),
      } as const;
      at.proxy.break({ strikes: isStart, act: first(1, FAULTS[fault].act) });
      const told = await passing(clock, PAUSES, tracking.triggers.trigger(TENANT, command)).catch((error: unknown) => {
        if (error instanceof GatewayError) return error;
        throw error;
      });
      const begun = await allOf(untouched.discover(learned.learnedAt, [definition]));
      const runs = new Set(begun.map(({ facts, remoteId }) => facts.batchId ?? remoteId)).size;
      const [trigger] = told instanceof GatewayError ? [null] : [told.trigger];
      const known = told instanceof GatewayError ? [] : told.syncs.map(({ remoteId }) => remoteId);
      return {
        runs,
        sent: at.proxy.struck.length,
        state: trigger?.state ?? null,
        code: told instanceof GatewayError ? told.code : (told.problems[0]?.code ?? null),
        told: begun.every(({ remoteId }) => known.includes(remoteId)),
      };
    } finally {
      await at[Symbol.asyncDispose]();
    }
  }

  test.each(ACTED)("that %s is found again: one run, and the caller has it", async (fault) => {
    expect(await startedUnder(fault)).toMatchObject(BEGUN);
  });

  test.each(DOUBTFUL)("that %s begins nothing, and is sent again only under the vendor's key", async (fault) => {
    expect(await startedUnder(fault)).toMatchObject(idempotentStart ? BEGUN : DOUBTED);
  });

  test.each(REFUSED)("that %s is told as refused, and nothing has begun", async (fault) => {
    const passes = idempotentStart && fault === Fault.Limited;
    expect(await startedUnder(fault)).toMatchObject(passes ? BEGUN : TOLD);
  });
});
