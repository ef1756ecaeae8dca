// The status machine under any observations in any order: a run's status never falls and its path is always legal.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { advance } from "../../src/domain/advance.ts";
import type { Advance, SyncState } from "../../src/domain/advance.ts";
import { SyncOrigin, SyncStatus, isTerminal, statusRank } from "../../src/domain/status.ts";
import type { Observation, TransitionDraft } from "../../src/domain/sync.ts";
import { at } from "../support/store-values.ts";
import { anyObservation, seen } from "./observations.ts";

const SETTINGS = { seed: 20261122, numRuns: 1_000 };
const observations = fc.array(anyObservation(), { minLength: 1, maxLength: 12 });
const { Created, Running, Success, Failed } = SyncStatus;

const LEGAL_PATHS: ReadonlySet<string> = new Set([
  "CREATED",
  "CREATED RUNNING",
  "CREATED RUNNING SUCCESS",
  "CREATED RUNNING FAILED",
  "CREATED FAILED",
]);

describe("any observations of a run", () => {
  test("never lower its status, and what they emit is one legal path from CREATED to the status it has", () => {
    fc.assert(
      fc.property(observations, (told) => {
        const steps = replay(told);
        expectLegal(steps);
      }),
      SETTINGS,
    );
  });

  test("change nothing but what a conflict reports once the run has ended the other way", () => {
    fc.assert(
      fc.property(observations, anyObservation([Success, Failed]), (told, late) => {
        const before = stateAfter(told);
        const { state, transitions, conflict } = advance(before, late);
        const contradicts = isTerminal(before.status) && before.status !== late.status;
        expect(conflict !== null).toBe(contradicts);
        if (!contradicts) return;
        expect(state).toEqual(before);
        expect(transitions).toEqual([]);
        expect(conflict).toEqual({
          committedStatus: before.status,
          committedOutcome: before.outcome,
          observedStatus: late.status,
          rawStatus: late.rawStatus,
          observedAt: late.observedAt,
          observedVia: late.source,
        });
      }),
      SETTINGS,
    );
  });

  test("change nothing when the last of them comes a second time", () => {
    fc.assert(
      fc.property(observations, (told) => {
        const once = stateAfter(told);
        const again = advance(once, told.at(-1) ?? seen(Running, 0));
        expect(again.state).toEqual(once);
        expect(again.transitions).toEqual([]);
      }),
      SETTINGS,
    );
  });

  test("lead to the same status in any order when the ends among them agree", () => {
    const agreeing = fc
      .constantFrom(Success, Failed)
      .chain((end) => fc.array(anyObservation([Created, Running, end, null]), { minLength: 1, maxLength: 8 }))
      // An unknown word with an end time is an end that failed.
      .filter((told) => !(told.some(({ status }) => status === Success) && told.some(isUnknownEnd)));
    const shuffled = agreeing.chain((told) =>
      fc.tuple(fc.constant(told), fc.shuffledSubarray(told, { minLength: told.length, maxLength: told.length })),
    );
    fc.assert(
      fc.property(shuffled, ([told, reordered]) => {
        expect(stateAfter(reordered).status).toBe(stateAfter(told).status);
      }),
      SETTINGS,
    );
  });

  test("give it an outcome exactly when it has ended, and never leave an ended run waiting", () => {
    fc.assert(
      fc.property(observations, (told) => {
        const state = stateAfter(told);
        expect(state.outcome !== null).toBe(isTerminal(state.status));
        const waits = state.waitingReason !== null || state.resumesAt !== null;
        expect(waits && isTerminal(state.status)).toBe(false);
      }),
      SETTINGS,
    );
  });

  test("never overwrite a known fact when newer knowledge has overtaken them", () => {
    fc.assert(
      fc.property(observations, anyObservation(), (told, late) => {
        const before = stateAfter(told);
        const old = { ...late, observedAt: new Date(before.observedAt.getTime() - 1) };
        // An end rises whenever it was seen.
        fc.pre(advance(before, old).state.status === before.status);
        const { state } = advance(before, old);
        const unknown = (value: unknown): boolean =>
          value === null || value === SyncOrigin.Unknown || (Array.isArray(value) && value.length === 0);
        // Two things may change: who started the run, when the gateway says it did, and the outcome, when the end's counts come late.
        const { outcome: _outcome, origin, ...known } = before;
        expect([origin, SyncOrigin.Gateway, origin === SyncOrigin.Unknown ? state.origin : origin]).toContain(
          state.origin,
        );
        expect(state).toMatchObject(Object.fromEntries(Object.entries(known).filter(([, value]) => !unknown(value))));
        expect([state.waitingReason, state.resumesAt, state.error]).toEqual([
          before.waitingReason,
          before.resumesAt,
          before.error,
        ]);
      }),
      SETTINGS,
    );
  });

  test("never take the gateway's own start from it", () => {
    fc.assert(
      fc.property(observations, observations, (before, after) => {
        const own = seen(Running, 50_000, { facts: { origin: SyncOrigin.Gateway } });
        expect(stateAfter([...before, own, ...after]).origin).toBe(SyncOrigin.Gateway);
      }),
      SETTINGS,
    );
  });
});

/** Times run against the order of the statuses, so that each order also has late reports. */
const UP_TO_SIX: readonly (readonly Observation[])[] = [
  [seen(Created, 1), seen(Running, 2), seen(Success, 3)],
  [seen(Created, 1), seen(Running, 2), seen(Failed, 3)],
  [seen(Created, 9), seen(Running, 8, { facts: { startedAt: at(1) } }), seen(Success, 7), seen(null, 6)],
  [seen(Created, 1), seen(Created, 2), seen(Running, 3), seen(Running, 4), seen(Failed, 5), seen(Failed, 6)],
  [seen(Created, 6), seen(Running, 5), seen(null, 4), seen(Running, 3), seen(Success, 2), seen(Success, 1)],
];

describe("every order of up to six observations", () => {
  test.each(UP_TO_SIX.map((told) => [told.map(({ rawStatus }) => rawStatus).join(", "), told] as const))(
    "%s: is a legal path to the same end",
    (_name, told) => {
      const ends = new Set<SyncStatus>();
      let orders = 0;
      for (const order of permutations(told)) {
        const steps = replay(order);
        expectLegal(steps);
        ends.add(steps.at(-1)?.state.status ?? Created);
        orders += 1;
      }
      expect(orders).toBe(factorial(told.length));
      expect(ends.size).toBe(1);
      expect([...ends].every(isTerminal)).toBe(true);
    },
  );

  test("with both ends among them, the first end seen stays and every other is reported", () => {
    const told = [
      seen(Created, 1),
      seen(Running, 2),
      seen(Success, 3),
      seen(Failed, 4),
      seen(Failed, 5),
      seen(Success, 6),
    ];
    for (const order of permutations(told)) {
      const steps = replay(order);
      expectLegal(steps);
      const first = order.find(({ status }) => status === Success || status === Failed)?.status;
      expect(steps.at(-1)?.state.status).toBe(first);
      expect(steps.filter(({ conflict }) => conflict !== null)).toHaveLength(2);
    }
  });
});

const isUnknownEnd = ({ status, facts }: Observation): boolean => status === null && facts.finishedAt instanceof Date;

function replay(told: readonly Observation[]): readonly Advance[] {
  const steps: Advance[] = [];
  for (const one of told) steps.push(advance(steps.at(-1)?.state ?? null, one));
  return steps;
}

function stateAfter(told: readonly Observation[]): SyncState {
  const last = replay(told).at(-1);
  if (last === undefined) throw new Error("a run is known by one observation at the least");
  return last.state;
}

function expectLegal(steps: readonly Advance[]): void {
  const path: TransitionDraft[] = [];
  let rank = 0;
  for (const { state, transitions, conflict } of steps) {
    path.push(...transitions);
    expect(statusRank(state.status)).toBeGreaterThanOrEqual(rank);
    rank = statusRank(state.status);
    expect(path.at(-1)?.to).toBe(state.status);
    expect(conflict !== null && transitions.length > 0).toBe(false);
    for (const step of transitions) expect(step.outcome).toBe(step.to === state.status ? state.outcome : null);
  }
  expect(LEGAL_PATHS).toContain(path.map(({ to }) => to).join(" "));
  expect(path.map(({ from }) => from)).toEqual([null, ...path.slice(0, -1).map(({ to }) => to)]);
}

function* permutations<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  if (items.length === 0) yield [];
  for (const [index, item] of items.entries()) {
    for (const rest of permutations([...items.slice(0, index), ...items.slice(index + 1)])) yield [item, ...rest];
  }
}

const factorial = (number: number): number => (number <= 1 ? 1 : number * factorial(number - 1));
