// Made-up observations for the status machine's suites: makers for tables, generators for properties.
import fc from "fast-check";
import { ObservationSource, SyncOrigin, SyncOutcome, SyncStatus, WaitingReason } from "../../src/domain/status.ts";
import type { Observation, RecordCounts, SyncFacts, TaskCounts } from "../../src/domain/sync.ts";
import { at, observation } from "../support/store-values.ts";

export const NOTHING_COUNTED: RecordCounts = {
  total: null,
  inserted: null,
  updated: null,
  upserted: null,
  deleted: null,
  failed: null,
  warnings: null,
  fetched: null,
  persisted: null,
};

export const records = (given: Partial<RecordCounts>): RecordCounts => ({ ...NOTHING_COUNTED, ...given });

export const tasks = (given: Partial<TaskCounts>): TaskCounts => ({
  total: 0,
  success: 0,
  failed: 0,
  running: 0,
  pending: 0,
  ...given,
});

/** What was seen of one run after that many milliseconds. */
export function seen(status: SyncStatus | null, ms: number, given: Partial<Observation> = {}): Observation {
  const rawStatus = status === null ? "transmogrifying" : status.toLowerCase();
  return observation("r1", { status, rawStatus, observedAt: at(ms), ...given });
}

const time = fc.integer({ min: 0, max: 100_000 }).map(at);
const count = fc.option(fc.integer({ min: 0, max: 3 }));
const recordCounts = fc.record({
  total: count,
  inserted: count,
  updated: count,
  upserted: count,
  deleted: count,
  failed: count,
  warnings: count,
  fetched: count,
  persisted: count,
});

const facts: fc.Arbitrary<Partial<SyncFacts>> = fc.record(
  {
    waitingReason: fc.option(fc.constantFrom(...Object.values(WaitingReason))),
    resumesAt: fc.option(time),
    origin: fc.constantFrom(...Object.values(SyncOrigin)),
    fullRefresh: fc.option(fc.boolean()),
    attempt: fc.option(fc.integer({ min: 1, max: 5 })),
    batchId: fc.option(fc.constantFrom("b1", "b2")),
    models: fc.subarray(["tickets", "users"]),
    recordCounts: fc.option(recordCounts),
    createdAt: fc.option(time),
    startedAt: fc.option(time),
    finishedAt: fc.option(time),
    error: fc.option(fc.constant({ message: "refused", code: "VENDOR", retryable: false, advice: null } as const)),
  },
  { requiredKeys: [] },
);

/** Outcomes a vendor's word may name, by the status the word means. */
const NAMED: Readonly<Record<SyncStatus, readonly SyncOutcome[]>> = {
  CREATED: [],
  RUNNING: [],
  SUCCESS: [SyncOutcome.Complete, SyncOutcome.Partial, SyncOutcome.Empty],
  FAILED: [SyncOutcome.Error, SyncOutcome.Cancelled, SyncOutcome.Interrupted, SyncOutcome.NotStarted, SyncOutcome.Lost],
};

/** Anything a poll, webhook or listing may say of run `r1`, whatever was said before. */
export function anyObservation(
  statuses: readonly (SyncStatus | null)[] = [...Object.values(SyncStatus), null],
): fc.Arbitrary<Observation> {
  return fc.constantFrom(...statuses).chain((status) =>
    fc
      .record({
        source: fc.constantFrom(...Object.values(ObservationSource)),
        observedAt: time,
        outcome: fc.option(fc.constantFrom(...(status === null ? [] : NAMED[status]), null)),
        facts,
      })
      .map((given) => seen(status, 0, given)),
  );
}
