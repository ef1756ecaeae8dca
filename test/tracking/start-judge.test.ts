// The judge alone: which runs a start may have begun, by everything that is known of them.
import { describe, expect, test } from "vitest";
import type { FoundRun } from "../../src/domain/provider-port.ts";
import {
  Refusal,
  judgeFound,
  refusalOfAnswer,
  refusalOfFound,
  type KnownRun,
  type Rival,
  type SeenRun,
  type SentStart,
} from "../../src/tracking/start-judge.ts";
import { at, observation } from "../support/store-values.ts";

/** Sent at 10 s and answered at 11 s; the vendor's clock is known to half a second. */
function start(given: Partial<SentStart> = {}): SentStart {
  const around = (ms: number) => ({ earliest: at(ms - 500), latest: at(ms + 500), isKnown: true });
  return {
    triggerId: "mine",
    definitionId: "definition",
    definitionRemoteId: "job-1",
    linkedAccountId: "account",
    linkedAccountRemoteId: "account-1",
    sentAt: at(10_000),
    sent: around(10_000),
    over: around(11_000),
    ...given,
  };
}

function known(given: Partial<KnownRun> = {}): KnownRun {
  const ids = { triggerId: null, definitionId: "definition", linkedAccountId: "account" };
  return { ...ids, firstSeenAt: at(10_001), endSeenAt: null, ...given };
}

const run = (remoteId: string, createdMs: number | null, given: Partial<FoundRun> = {}): FoundRun => ({
  ...observation(remoteId, { facts: createdMs === null ? {} : { createdAt: at(createdMs) } }),
  ...given,
});
const ended = (ms: number) => ({ status: "SUCCESS" as const, facts: { createdAt: at(10_001), finishedAt: at(ms) } });
const seen = (found: FoundRun, ledger: KnownRun | null = null): SeenRun => ({ run: found, known: ledger });

describe("a run that is found", () => {
  test.each<readonly [string, SeenRun, Refusal | null]>([
    ["that began while it was asked for", seen(run("r", 10_400)), null],
    ["that does what was asked for", seen(run("r", 10_400, { asAsked: true })), null],
    ["that does something else", seen(run("r", 10_400, { asAsked: false })), Refusal.OtherOptions],
    ["that began half a second before, by a clock that may be so much off", seen(run("r", 9_501)), null],
    ["that began before", seen(run("r", 9_499)), Refusal.BegunBefore],
    ["whose time is cut to the second in which it was sent", seen(run("r", 9_000)), null],
    ["that began three seconds before", seen(run("r", 7_001)), Refusal.BegunBefore],
    ["that began as the answer came, by such a clock", seen(run("r", 11_500)), null],
    ["that began one and a half seconds after the answer", seen(run("r", 12_501)), Refusal.BegunAfter],
    ["that had ended before", seen(run("r", null, ended(9_499))), Refusal.EndedBefore],
    ["without a time", seen(run("r", null)), null],
    ["that the ledger has had since", seen(run("r", 10_400), known()), null],
    ["that the ledger had before", seen(run("r", 10_400), known({ firstSeenAt: at(9_999) })), Refusal.SeenBefore],
    ["of another start", seen(run("r", 10_400), known({ triggerId: "theirs" })), Refusal.OfAnotherStart],
    ["of this start, as recorded", seen(run("r", 10_400), known({ triggerId: "mine" })), null],
    ["of another definition", seen(run("r", 10_400, { definitionRemoteId: "job-2" })), Refusal.OfAnotherDefinition],
    ["recorded of another", seen(run("r", 10_400), known({ definitionId: "other" })), Refusal.OfAnotherDefinition],
    ["for another account", seen(run("r", 10_400, { linkedAccountRemoteId: "a2" })), Refusal.OfAnotherAccount],
    ["recorded for another", seen(run("r", 10_400), known({ linkedAccountId: "other" })), Refusal.OfAnotherAccount],
    ["that names neither", seen(run("r", 10_400, { definitionRemoteId: null, linkedAccountRemoteId: null })), null],
  ])("%s", (_what, one, refusal) => {
    expect(refusalOfFound(start(), one)).toBe(refusal);
  });
});

describe("a run that an answer names", () => {
  test.each<readonly [string, SeenRun, Refusal | null]>([
    ["that nobody knows", seen(run("r", 10_400)), null],
    ["again, of the same start", seen(run("r", 10_400), known({ triggerId: "mine" })), null],
    ["that goes on since before: the vendor joined it", seen(run("r", 1), known({ firstSeenAt: at(2) })), null],
    ["that the ledger saw ended before", seen(run("r", 1), known({ endSeenAt: at(9_999) })), Refusal.EndedBefore],
    ["that had ended before by its own time", seen(run("r", 1, ended(9_499))), Refusal.EndedBefore],
    ["that ended since", seen(run("r", 10_001, ended(10_400)), known({ endSeenAt: at(10_400) })), null],
    ["of another start", seen(run("r", 10_400), known({ triggerId: "theirs" })), Refusal.OfAnotherStart],
    ["of another definition", seen(run("r", 10_400), known({ definitionId: "other" })), Refusal.OfAnotherDefinition],
    ["for another account", seen(run("r", 10_400, { linkedAccountRemoteId: "a2" })), Refusal.OfAnotherAccount],
  ])("%s", (_what, one, refusal) => {
    expect(refusalOfAnswer(start(), one)).toBe(refusal);
  });
});

describe("of what is found", () => {
  const rival = (given: Partial<SentStart> = {}, found: Rival["found"] = null): Rival => ({
    start: start({ triggerId: "rival", ...given }),
    found,
  });
  const late = { sent: { earliest: at(10_450), latest: at(11_450), isKnown: true }, sentAt: at(10_950) };
  const [one, two] = [run("one", 10_400), run("two", 10_500)];
  const batch = (remoteId: string, batchId: string | null): FoundRun =>
    run(remoteId, null, { facts: { createdAt: at(10_400), batchId } });
  const untold = { earliest: at(0), latest: at(90_000), isKnown: false };

  test.each<
    readonly [
      string,
      {
        readonly runs: readonly FoundRun[];
        readonly rivals?: readonly Rival[];
        readonly each?: true;
        readonly start?: Partial<SentStart>;
      },
      readonly string[],
      readonly string[],
    ]
  >([
    ["nothing is nobody's", { runs: [] }, [], []],
    ["one that fits is the start's", { runs: [one] }, ["one"], []],
    ["one that fits beside those that do not is", { runs: [run("old", 1), one, run("new", 20_000)] }, ["one"], []],
    ["two that fit are candidates", { runs: [one, two] }, [], ["one", "two"]],
    ["the one that does what was asked is", { runs: [{ ...one, asAsked: false }, two] }, ["two"], []],
    ["one that another start may have begun is a candidate", { runs: [one], rivals: [rival()] }, [], ["one"]],
    [
      "one that began before the other start was sent is not the other's",
      { runs: [one], rivals: [rival(late)] },
      ["one"],
      [],
    ],
    [
      "what the other asked for is not this",
      { runs: [one], rivals: [rival({}, new Map([["one", false]]))] },
      ["one"],
      [],
    ],
    [
      "what the other's look did not find is not the other's",
      { runs: [one], rivals: [rival({}, new Map())] },
      ["one"],
      [],
    ],
    ["what both asked for is a candidate", { runs: [one], rivals: [rival({}, new Map([["one", true]]))] }, [], ["one"]],
    ["one without a time is a candidate", { runs: [run("r", null)] }, [], ["r"]],
    [
      "by a clock that nothing is known of it is one too",
      { runs: [one], start: { sent: untold, over: untold } },
      [],
      ["one"],
    ],
    ["with a run for each model all are", { runs: [one, two], each: true }, ["one", "two"], []],
    ["of one batch all are", { runs: [batch("a", "1"), batch("b", "1")], each: true }, ["a", "b"], []],
    [
      "a batch of its own each groups nothing",
      { runs: [batch("a", "1"), batch("b", "2")], each: true },
      ["a", "b"],
      [],
    ],
    [
      "one without a batch belongs to the only one",
      { runs: [batch("a", "1"), batch("b", null)], each: true },
      ["a", "b"],
      [],
    ],
    [
      "two batches are candidates",
      { runs: [batch("a", "1"), batch("b", "1"), batch("c", "2")], each: true },
      [],
      ["a", "b", "c"],
    ],
  ])("%s", (_what, { runs, rivals = [], each = false, start: given = {} }, own, candidates) => {
    const verdict = judgeFound(
      start(given),
      rivals,
      runs.map((found) => seen(found)),
      each,
    );
    const idsOf = (found: readonly FoundRun[]) => found.map(({ remoteId }) => remoteId);
    expect([idsOf(verdict.own), idsOf(verdict.candidates)]).toEqual([own, candidates]);
  });

  test("runs recorded as the start's are its own, whatever else is there", () => {
    const mine = seen(one, known({ triggerId: "mine" }));
    expect(judgeFound(start(), [rival()], [mine, seen(two)], false)).toEqual({ own: [one], candidates: [] });
  });
});
