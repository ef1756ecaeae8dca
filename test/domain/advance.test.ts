// The status machine case by case: what is inferred, which outcome a run gets, what an old or an odd report may change.
import { describe, expect, test } from "vitest";
import { advance, lostObservation, outcomeOf } from "../../src/domain/advance.ts";
import type { SyncState } from "../../src/domain/advance.ts";
import { ObservationSource, SyncOrigin, SyncOutcome, SyncStatus, WaitingReason } from "../../src/domain/status.ts";
import type { Observation, RecordCounts, TaskCounts } from "../../src/domain/sync.ts";
import { at } from "../support/store-values.ts";
import { NOTHING_COUNTED, records, seen, tasks } from "./observations.ts";

const { Created, Running, Success, Failed } = SyncStatus;

const known = (...told: readonly Observation[]): SyncState =>
  told.reduce<SyncState | null>((state, one) => advance(state, one).state, null) ??
  advance(null, seen(Created, 0)).state;

const pathOf = (current: SyncState | null, told: Observation) =>
  advance(current, told).transitions.map(({ from, to, inferred, occurredAt }) => [
    from,
    to,
    inferred,
    occurredAt.getTime(),
  ]);

describe("steps nobody saw", () => {
  test("a success seen first has an inferred start at the vendor's own time", () => {
    const told = seen(Success, 900, { facts: { createdAt: at(100), startedAt: at(200), finishedAt: at(800) } });
    expect(pathOf(null, told)).toEqual([
      [null, Created, true, at(100).getTime()],
      [Created, Running, true, at(200).getTime()],
      [Running, Success, false, at(800).getTime()],
    ]);
  });

  test("a success seen after the creation has an inferred start, at the creation when the vendor names no start", () => {
    const told = seen(Success, 900, { facts: {} });
    expect(pathOf(known(seen(Created, 100)), told)).toEqual([
      [Created, Running, true, at(100).getTime()],
      [Running, Success, false, at(900).getTime()],
    ]);
  });

  test("a failure that never started goes from CREATED to FAILED", () => {
    const told = seen(Failed, 900, { facts: { finishedAt: at(800) } });
    expect(pathOf(known(seen(Created, 100)), told)).toEqual([[Created, Failed, false, at(800).getTime()]]);
  });

  test("a failure with a start time ran before it failed", () => {
    const told = seen(Failed, 900, { facts: { startedAt: at(300) } });
    expect(pathOf(known(seen(Created, 100)), told)).toEqual([
      [Created, Running, true, at(300).getTime()],
      [Running, Failed, false, at(900).getTime()],
    ]);
  });

  test("what was inferred carries no word of the vendor, what was seen carries the vendor's", () => {
    const { transitions } = advance(
      null,
      seen(Success, 5, { rawStatus: "finished", source: ObservationSource.Webhook }),
    );
    expect(transitions.map(({ rawStatus }) => rawStatus)).toEqual([null, null, "finished"]);
    expect(new Set(transitions.map(({ observedVia }) => observedVia))).toEqual(new Set([ObservationSource.Webhook]));
  });
});

describe("a word in no table", () => {
  test("keeps the status, shows the word, and emits nothing", () => {
    const { state, transitions } = advance(known(seen(Running, 1)), seen(null, 2));
    expect([state.status, state.rawStatus, transitions]).toEqual([Running, "transmogrifying", []]);
  });

  test("makes a run that was never seen before a created one", () => {
    expect(known(seen(null, 1))).toMatchObject({ status: Created, outcome: null, rawStatus: "transmogrifying" });
  });

  test("leaves an ended run its end and its outcome", () => {
    const counted = { recordCounts: records({ total: 4, failed: 1 }) };
    const ended = known(seen(Success, 1, { outcome: SyncOutcome.Complete }));
    expect(advance(ended, seen(null, 2, { facts: counted })).state).toMatchObject({
      status: Success,
      outcome: SyncOutcome.Complete,
    });
  });
});

describe("the outcome", () => {
  const allZero = records({ total: 0, inserted: 0, updated: 0, upserted: 0, deleted: 0, fetched: 0, persisted: 0 });
  test.each<[string, SyncStatus, SyncOutcome | null, RecordCounts | null, TaskCounts | null, SyncOutcome | null]>([
    ["of a run that waits is not known", Created, null, null, null, null],
    ["of a run that goes on is not known, whatever failed so far", Running, null, records({ failed: 3 }), null, null],
    ["is not taken from a word before the end", Running, SyncOutcome.Cancelled, null, null, null],
    ["of moved records is COMPLETE", Success, null, records({ inserted: 2, failed: 0 }), null, SyncOutcome.Complete],
    ["with failed records is PARTIAL", Success, null, records({ inserted: 2, failed: 1 }), null, SyncOutcome.Partial],
    [
      "with only failed records is PARTIAL too",
      Success,
      null,
      records({ total: 0, failed: 1 }),
      null,
      SyncOutcome.Partial,
    ],
    [
      "with failed tasks is PARTIAL",
      Success,
      null,
      records({ inserted: 2 }),
      tasks({ total: 2, failed: 1 }),
      SyncOutcome.Partial,
    ],
    [
      "with failed tasks and nothing moved is PARTIAL",
      Success,
      null,
      allZero,
      tasks({ failed: 1 }),
      SyncOutcome.Partial,
    ],
    ["of counts that are all zero is EMPTY", Success, null, allZero, null, SyncOutcome.Empty],
    ["of one count that is zero is EMPTY", Success, null, records({ fetched: 0 }), null, SyncOutcome.Empty],
    [
      "of one count that is not zero is COMPLETE",
      Success,
      null,
      records({ fetched: 0, deleted: 1 }),
      null,
      SyncOutcome.Complete,
    ],
    ["without any counts is COMPLETE, never EMPTY", Success, null, null, null, SyncOutcome.Complete],
    [
      "of counts that are all unknown is COMPLETE, never EMPTY",
      Success,
      null,
      NOTHING_COUNTED,
      null,
      SyncOutcome.Complete,
    ],
    [
      "of warnings and failures alone does not prove emptiness",
      Success,
      null,
      records({ warnings: 0, failed: 0 }),
      null,
      SyncOutcome.Complete,
    ],
    [
      "is PARTIAL when the word says so and no count does",
      Success,
      SyncOutcome.Partial,
      records({ failed: 0 }),
      null,
      SyncOutcome.Partial,
    ],
    [
      "is COMPLETE when the word says so, whatever failed",
      Success,
      SyncOutcome.Complete,
      records({ failed: 9 }),
      null,
      SyncOutcome.Complete,
    ],
    ["of a failure is ERROR when the word names none", Failed, null, records({ inserted: 5 }), null, SyncOutcome.Error],
    ["of a failure is what the word names", Failed, SyncOutcome.Cancelled, null, null, SyncOutcome.Cancelled],
    ["of a failure with nothing moved is still ERROR", Failed, null, allZero, null, SyncOutcome.Error],
  ])("%s", (_name, status, named, recordCounts, taskCounts, outcome) => {
    expect(outcomeOf(status, named, recordCounts, taskCounts)).toBe(outcome);
  });

  test("a named outcome is on the run and on the transition to its end, and on no other", () => {
    const { state, transitions } = advance(
      null,
      seen(Failed, 1, { outcome: SyncOutcome.Interrupted, facts: { startedAt: at(0) } }),
    );
    expect(state.outcome).toBe(SyncOutcome.Interrupted);
    expect(transitions.map(({ outcome }) => outcome)).toEqual([null, null, SyncOutcome.Interrupted]);
  });

  test("a named outcome stays when the same end is told again, named or not", () => {
    const facts = { recordCounts: records({ failed: 2 }) };
    const named = seen(Success, 1, { outcome: SyncOutcome.Complete, facts });
    expect(known(named, named).outcome).toBe(SyncOutcome.Complete);
    expect(known(seen(Success, 1, { outcome: SyncOutcome.Partial }), seen(Success, 2)).outcome).toBe(
      SyncOutcome.Partial,
    );
    expect(known(seen(Failed, 1, { outcome: SyncOutcome.Cancelled }), seen(Failed, 2)).outcome).toBe(
      SyncOutcome.Cancelled,
    );
  });

  test("the word a run ended with stays when the same end is told again in another", () => {
    const interrupted = seen(Failed, 1, { outcome: SyncOutcome.Interrupted, rawStatus: "interrupted" });
    expect(known(interrupted, seen(Failed, 2, { rawStatus: "failed" })).rawStatus).toBe("interrupted");
  });

  test("what counts decided is decided again when the end is told with better counts", () => {
    const withFailures = seen(Success, 2, { facts: { recordCounts: records({ inserted: 1, failed: 1 }) } });
    expect(known(seen(Success, 1), withFailures).outcome).toBe(SyncOutcome.Partial);
    expect(
      known(
        seen(Success, 1, { facts: { recordCounts: records({ total: 0 }) } }),
        seen(Success, 2, { facts: { recordCounts: records({ total: 3 }) } }),
      ).outcome,
    ).toBe(SyncOutcome.Complete);
  });

  test("counts of a run that was still going on do not make its end empty or partial", () => {
    const ended = known(seen(Success, 9));
    expect(advance(ended, seen(Running, 5, { facts: { recordCounts: records({ total: 0 }) } })).state.outcome).toBe(
      SyncOutcome.Complete,
    );
    expect(advance(ended, seen(Running, 12, { facts: { recordCounts: records({ failed: 1 }) } })).state.outcome).toBe(
      SyncOutcome.Complete,
    );
  });
});

describe("a report that newer knowledge overtook", () => {
  const current = known(
    seen(Running, 100, {
      facts: { startedAt: at(50), attempt: 2, origin: SyncOrigin.Scheduled, createdAt: at(40) },
      source: ObservationSource.Webhook,
    }),
  );

  test("fills what is not known", () => {
    const late = seen(Created, 60, { facts: { batchId: "b1", models: ["tickets"], integration: "zoho" } });
    expect(advance(current, late).state).toMatchObject({ batchId: "b1", models: ["tickets"], integration: "zoho" });
  });

  test("overwrites nothing: no fact, no word, no time, no origin", () => {
    const facts = { startedAt: at(1), attempt: 1, origin: SyncOrigin.Manual, createdAt: at(2) };
    expect(advance(current, seen(Running, 60, { rawStatus: "starting", facts })).state).toEqual(current);
  });

  test("brings back no reason to wait and no error, though both are unknown now", () => {
    const error = { message: "first attempt failed", code: "TRANSIENT", retryable: true, advice: null } as const;
    const facts = { waitingReason: WaitingReason.RateLimited, resumesAt: at(500), error };
    expect(advance(current, seen(Running, 60, { facts })).state).toMatchObject({
      waitingReason: null,
      resumesAt: null,
      error: null,
    });
    expect(advance(current, seen(Running, 160, { facts })).state).toMatchObject(facts);
  });

  test("still ends the run when it knows the end", () => {
    expect(advance(current, seen(Success, 60, { facts: { finishedAt: at(59) } }))).toMatchObject({
      state: { status: Success, finishedAt: at(59), observedAt: at(100), observedVia: ObservationSource.Webhook },
      transitions: [{ from: Running, to: Success, occurredAt: at(59) }],
    });
  });
});

describe("what a report tells", () => {
  test("a missing fact is kept, a null one is known to be absent", () => {
    const before = known(seen(Running, 1, { facts: { attempt: 2, batchId: "b1" } }));
    expect(advance(before, seen(Running, 2, { facts: { batchId: null } })).state).toMatchObject({
      attempt: 2,
      batchId: null,
    });
  });

  test("the run's ids and creation are learned once", () => {
    const before = known(seen(Running, 1, { definitionRemoteId: null, linkedAccountRemoteId: null }));
    expect(before.createdAt).toEqual(at(1));
    const linked = advance(
      before,
      seen(Running, 2, { definitionRemoteId: "job-7", linkedAccountRemoteId: "account-7" }),
    ).state;
    const later = advance(
      linked,
      seen(Running, 3, { definitionRemoteId: "job-8", linkedAccountRemoteId: null, facts: { createdAt: null } }),
    ).state;
    expect(later).toMatchObject({ definitionRemoteId: "job-7", linkedAccountRemoteId: "account-7", createdAt: at(1) });
  });

  test("the gateway's own start is learned even when another look came first", () => {
    const discovered = known(seen(Running, 10, { facts: { origin: SyncOrigin.Manual } }));
    expect(advance(discovered, seen(Created, 5, { facts: { origin: SyncOrigin.Gateway } })).state.origin).toBe(
      SyncOrigin.Gateway,
    );
  });

  test("the origin is never replaced by UNKNOWN, nor the gateway's by another", () => {
    const scheduled = known(seen(Running, 1, { facts: { origin: SyncOrigin.Scheduled } }));
    expect(advance(scheduled, seen(Running, 2, { facts: { origin: SyncOrigin.Unknown } })).state.origin).toBe(
      SyncOrigin.Scheduled,
    );
    expect(advance(scheduled, seen(Running, 2, { facts: { origin: SyncOrigin.Manual } })).state.origin).toBe(
      SyncOrigin.Manual,
    );
    const ours = known(seen(Created, 1, { facts: { origin: SyncOrigin.Gateway } }));
    expect(advance(ours, seen(Running, 2, { facts: { origin: SyncOrigin.Manual } })).state.origin).toBe(
      SyncOrigin.Gateway,
    );
  });

  test("a run that ends well loses the error of an earlier attempt, unless the end tells one", () => {
    const error = { message: "page 3 timed out", code: "TRANSIENT", retryable: true, advice: null } as const;
    const failing = known(seen(Running, 1, { facts: { error } }));
    expect(advance(failing, seen(Success, 2)).state.error).toBeNull();
    expect(advance(failing, seen(Success, 2, { facts: { error } })).state.error).toEqual(error);
    expect(advance(failing, seen(Failed, 2)).state.error).toEqual(error);
  });
});

test("a lost run ends FAILED with LOST, its last word kept, and can be started again", () => {
  const running = known(seen(Running, 1, { rawStatus: "in_progress", facts: { startedAt: at(1) } }));
  const { state, transitions } = advance(
    running,
    lostObservation(running, at(90), "The vendor no longer knows this run."),
  );
  expect(state).toMatchObject({
    status: Failed,
    outcome: SyncOutcome.Lost,
    rawStatus: "in_progress",
    error: { retryable: true },
  });
  expect(transitions).toMatchObject([{ from: Running, to: Failed, outcome: SyncOutcome.Lost, occurredAt: at(90) }]);
});
