// Runs from before what is kept: told of by whoever was not asked, they are not taken in again.
import { describe, expect, test } from "vitest";
import { ObservationSource } from "../../src/domain/status.ts";
import type { Observation } from "../../src/domain/sync.ts";
import { isBygone } from "../../src/tracking/bygone.ts";
import { createFakeProvider } from "../support/fake-provider.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { before, pruneAll } from "../support/pruning.ts";
import { at, observation } from "../support/store-values.ts";
import { TENANT, createTestTracking, idOf, storeMaker } from "../support/tracking.ts";

const { Discovery, Poll, Webhook, LiveRead, Trigger } = ObservationSource;
const [OLD, KEPT_FROM, NEW] = [at(10), at(50), at(90)];

interface Case {
  readonly name: string;
  readonly source: ObservationSource;
  readonly told: Partial<Observation>;
  readonly bygone: boolean;
}

const end = { status: "SUCCESS" } as const;
const CASES: readonly Case[] = [
  { name: "an end from before", source: Discovery, told: { ...end, facts: { finishedAt: OLD } }, bygone: true },
  {
    name: "an end from before, seen by the way",
    source: Poll,
    told: { ...end, facts: { finishedAt: OLD } },
    bygone: true,
  },
  { name: "an end told late", source: Webhook, told: { ...end, facts: { finishedAt: OLD } }, bygone: true },
  { name: "an end that was asked for", source: LiveRead, told: { ...end, facts: { finishedAt: OLD } }, bygone: false },
  { name: "the answer to a start", source: Trigger, told: { ...end, facts: { finishedAt: OLD } }, bygone: false },
  {
    name: "a later end",
    source: Discovery,
    told: { ...end, facts: { createdAt: OLD, finishedAt: NEW } },
    bygone: false,
  },
  {
    name: "an end from before that the vendor touched later",
    source: Discovery,
    told: { ...end, facts: { finishedAt: OLD, updatedAt: NEW } },
    bygone: true,
  },
  {
    name: "an end without its time, changed before",
    source: Discovery,
    told: { ...end, facts: { createdAt: OLD, updatedAt: OLD } },
    bygone: true,
  },
  {
    name: "an end without its time, changed later",
    source: Discovery,
    told: { ...end, facts: { createdAt: OLD, updatedAt: NEW, finishedAt: null } },
    bygone: false,
  },
  { name: "an end without any time", source: Discovery, told: end, bygone: false },
  {
    name: "an end at the first moment that is kept",
    source: Discovery,
    told: { ...end, facts: { finishedAt: KEPT_FROM } },
    bygone: false,
  },
  { name: "a run that goes on", source: Discovery, told: { facts: { createdAt: OLD } }, bygone: false },
  { name: "a run that went on, told late", source: Webhook, told: { facts: { createdAt: OLD } }, bygone: true },
  {
    name: "a run that goes on, told now",
    source: Webhook,
    told: { facts: { createdAt: OLD, updatedAt: NEW } },
    bygone: false,
  },
  { name: "a word nobody knows", source: Discovery, told: { status: null, facts: { createdAt: OLD } }, bygone: false },
];

test.each(CASES)("$name ($source) is bygone: $bygone", ({ source, told, bygone }) => {
  expect(isBygone(source, observation("r1", told), KEPT_FROM)).toBe(bygone);
});

describe("a vendor that tells of an old run", () => {
  const openStore = storeMaker();
  const DAY_MS = 86_400_000;
  const old = observation("old", { status: "SUCCESS", observedAt: at(0), facts: { finishedAt: at(0) } });

  test.each([Discovery, Poll, Webhook])(
    "by %s after it went brings nothing back, and others beside it are taken",
    async (source) => {
      const store = await openStore();
      const clock = createManualClock(at(0));
      const setting = { clock, retentionMs: DAY_MS };
      const { see, recorder, configured, ledger } = createTestTracking(store, [createFakeProvider("acme")], setting);
      await see(old);
      // Known, it is taken however old it is.
      await clock.advance(3 * DAY_MS);
      const again = { ...old, observedAt: clock.now() };
      const request = { tenantId: TENANT, configured, source };
      expect(await recorder.record({ ...request, observations: [again] })).toMatchObject([{ observedAt: clock.now() }]);
      await pruneAll(store, TENANT, before(4 * DAY_MS));
      const fresh = observation("fresh", { observedAt: clock.now() });
      const recorded = await recorder.record({ ...request, observations: [again, fresh] });
      expect(recorded.map(({ remoteId }) => remoteId)).toEqual(["fresh"]);
      expect(await recorder.record({ ...request, observations: [again] })).toEqual([]);
      expect(await store.ledger.syncsByIds(TENANT, [idOf("sync", "old")])).toEqual([]);
      expect((await ledger()).map(({ syncId }) => syncId)).toEqual(
        Array.from({ length: 2 }, () => idOf("sync", "fresh")),
      );
    },
  );

  test("is believed where everything is kept", async () => {
    const { see } = createTestTracking(await openStore());
    expect(await see(old)).toMatchObject([{ remoteId: "old" }]);
  });
});
