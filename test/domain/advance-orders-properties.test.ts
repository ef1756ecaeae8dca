// The status machine under every order of reports there is, up to seven of them, and under clocks that mean nothing.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { advance } from "../../src/domain/advance.ts";
import type { SyncState } from "../../src/domain/advance.ts";
import { SyncStatus, isTerminal, statusRank } from "../../src/domain/status.ts";
import type { Observation } from "../../src/domain/sync.ts";
import { tried } from "../support/properties.ts";
import { at } from "../support/store-values.ts";
import { anyObservation, seen } from "./observations.ts";

const { Created, Running, Success, Failed } = SyncStatus;
/** Null is a word that is in no table. */
const WORDS: readonly (SyncStatus | null)[] = [Created, Running, Success, Failed, null];
const LONGEST = 7;
const LEGAL: ReadonlySet<string> = new Set([
  "CREATED",
  "CREATED RUNNING",
  "CREATED RUNNING SUCCESS",
  "CREATED RUNNING FAILED",
  "CREATED FAILED",
]);

interface Story {
  readonly state: SyncState;
  /** What was emitted, oldest first. */
  readonly path: string;
  readonly conflicts: number;
}

function told(before: Story | null, report: Observation): Story {
  const { state, transitions, conflict } = advance(before?.state ?? null, report);
  const path = [...(before === null ? [] : [before.path]), ...transitions.map(({ to }) => to)].join(" ");
  return { state, path, conflicts: (before?.conflicts ?? 0) + (conflict === null ? 0 : 1) };
}

/** What is emitted while the reports come in one after the other, and where it ends. */
function storyOf(reports: readonly Observation[]) {
  let story: Story | null = null;
  for (const one of reports) story = told(story, one);
  if (story === null) throw new Error("a run is known by one observation at the least");
  return { path: story.path, end: story.state.status, conflicts: story.conflicts };
}

/** The rule in a few words: the first end stays, else the highest rank seen. */
function expectedOf(words: readonly (SyncStatus | null)[]) {
  const ends = words.filter((word): word is SyncStatus => word !== null && isTerminal(word));
  const highest = words.reduce<SyncStatus>(
    (best, word) => (word !== null && statusRank(word) > statusRank(best) ? word : best),
    Created,
  );
  const [end = highest] = ends;
  return { end, conflicts: ends.filter((one) => one !== end).length };
}

/** Every sequence that begins like this one, itself included. */
function* continued(
  words: readonly (SyncStatus | null)[],
  story: Story | null,
  msOf: (index: number) => number,
): Generator<readonly [words: readonly (SyncStatus | null)[], story: Story]> {
  if (story !== null) yield [words, story];
  if (words.length === LONGEST) return;
  for (const word of WORDS) {
    yield* continued([...words, word], told(story, seen(word, msOf(words.length))), msOf);
  }
}

/** When the reports were observed, by their order: as they come, or the newest first. */
const CLOCKS = [
  ["as they were observed", (index: number) => index],
  ["the newest first", (index: number) => LONGEST - index],
] as const;

describe.each(CLOCKS)("every sequence of up to seven reports that come %s", (_order, msOf) => {
  test("is a legal path with one end at the most, to the end that its set of reports alone decides", () => {
    const wrong: unknown[] = [];
    /** By the set of reports, for sets whose ends agree. */
    const endsOfSets = new Map<string, Set<SyncStatus>>();
    let sequences = 0;
    for (const [words, { path, state, conflicts }] of continued([], null, msOf)) {
      sequences += 1;
      const end = state.status;
      const expected = expectedOf(words);
      if (!LEGAL.has(path) || !path.endsWith(end) || end !== expected.end || conflicts !== expected.conflicts)
        wrong.push({ words, path, end, conflicts });
      if (words.includes(Success) && words.includes(Failed)) continue;
      const set = words.map(String).toSorted().join(" ");
      endsOfSets.set(set, (endsOfSets.get(set) ?? new Set()).add(end));
    }
    expect(sequences).toBe(97_655);
    expect(wrong).toEqual([]);
    expect([...endsOfSets].filter(([, ends]) => ends.size !== 1)).toEqual([]);
  });
});

test("a report that comes again, at once or later, changes no path", () => {
  const reports = fc.array(anyObservation(), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(reports, fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), (once, places) => {
      const doubled = [...once];
      // Each double stands somewhere behind the report it repeats.
      for (const place of places) {
        const index = place % doubled.length;
        const copy = doubled[index];
        if (copy !== undefined) doubled.splice(index + 1 + (place % (doubled.length - index)), 0, copy);
      }
      const [plain, repeated] = [storyOf(once), storyOf(doubled)];
      expect([repeated.path, repeated.end]).toEqual([plain.path, plain.end]);
    }),
    tried(1_000),
  );
});

describe("clocks that mean nothing", () => {
  const DAY_MS = 86_400_000;
  const wild = fc.oneof(
    fc.integer({ min: -DAY_MS, max: DAY_MS }).map(at),
    fc.constantFrom(
      // Around the change to summer time and back, the leap day and a leap second.
      new Date("2026-03-29T00:59:59.999Z"),
      new Date("2026-03-29T01:00:00.000Z"),
      new Date("2026-10-25T00:30:00.000Z"),
      new Date("2026-10-25T01:30:00.000Z"),
      new Date("2028-02-29T23:59:59.999Z"),
      new Date("2016-12-31T23:59:59.999Z"),
      new Date(0),
    ),
  );
  const clocks = fc.record({ createdAt: wild, startedAt: wild, finishedAt: wild, updatedAt: wild });

  test("of the vendor, a day off or at the seams of calendars, change neither the path nor the end", () => {
    const reports = fc.array(fc.tuple(anyObservation(), clocks), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(reports, (pairs) => {
        const timed = (timesOf: (index: number) => Partial<Observation["facts"]>) =>
          pairs.map(([one], index) => ({
            ...one,
            observedAt: at(index),
            // A time that is there stays there, whatever it is: that a run has a start is a fact of its own.
            facts: { ...one.facts, ...kept(one.facts, timesOf(index)) },
          }));
        const sober = storyOf(timed((index) => timesAt(index)));
        const skewed = storyOf(timed((index) => pairs[index]?.[1] ?? {}));
        expect(skewed).toEqual(sober);
      }),
      tried(1_000),
    );
  });

  test("of the gateways, an hour apart, change neither the path nor the end", () => {
    const reports = fc.array(fc.tuple(anyObservation(), fc.constantFrom(-3_600_000, 0, 3_600_000)), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(reports, (pairs) => {
        const observedWith = (skewOf: (skew: number) => number) =>
          pairs.map(([one, skew], index) => ({
            ...one,
            observedAt: at(index + skewOf(skew)),
            facts: { ...one.facts, startedAt: at(0) },
          }));
        expect(storyOf(observedWith((skew) => skew))).toEqual(storyOf(observedWith(() => 0)));
      }),
      tried(1_000),
    );
  });
});

const timesAt = (index: number): Partial<Observation["facts"]> => ({
  ...{ createdAt: at(index), startedAt: at(index + 1), finishedAt: at(index + 2), updatedAt: at(index) },
});

/** The new times for those facts that the report has. */
function kept(facts: Observation["facts"], times: Partial<Observation["facts"]>): Partial<Observation["facts"]> {
  const known = new Map<string, unknown>(Object.entries(facts));
  return Object.fromEntries(
    Object.entries(times).filter(([name]) => known.get(name) !== undefined && known.get(name) !== null),
  );
}
