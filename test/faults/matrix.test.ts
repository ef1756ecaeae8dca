// Each fault against each thing a vendor is asked for, at every vendor: the real adapter and wire client, a fault, and the vendor's own
// sandbox. What every provider makes of scripted answers is in `test/providers/conformance-failures.test.ts`, what the wire makes of them in
// `test/wire`; here the two meet real answers, and what is expected of a fault is one table for all: `test/support/faults.ts`.
import { describe, expect, test } from "vitest";
import { ErrorCode, ProviderError } from "../../src/domain/errors.ts";
import type { SyncProvider } from "../../src/domain/provider-port.ts";
import type { ConnectedProvider, FaultyVendor } from "../support/faulty-vendor.ts";
import { startFaultyVendor } from "../support/faulty-vendor.ts";
import { FAULTS, Fault, type Outcome } from "../support/faults.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { loadVendorRows } from "../support/provider-modules.ts";
import { learn, operationsOf, runningIn, startOperation, type Learned, type Operation } from "./operations.ts";

const rows = await loadVendorRows();
/** What the 429 of the table ask for. */
const WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 3_600_000;
/** Longer than any request may take. */
const DEADLINES_MS = 60_000;

/** What came of a question. */
type Ending = { readonly answer: unknown } | { readonly error: unknown };

describe.each(rows)("$name", ({ kind, name, vendor }) => {
  test.each(Object.values(Fault))("that %s", async (fault) => {
    const clock = createManualClock(new Date());
    await using at = await startFaultyVendor(kind, vendor, clock);
    const untouched = at.connect().provider;
    const found: Record<string, unknown> = {};
    const expected: Record<string, unknown> = {};
    async function ask<Needs extends Learned>(operation: Operation<Needs>, known: Needs): Promise<void> {
      const outcome = outcomeOf(operation, fault);
      const isCompared = operation.steady && (outcome.is === "the answer" || outcome.is === "no harm");
      const usual = isCompared ? await endingOf(operation.ask(untouched, known)) : null;
      const question = (provider: SyncProvider) => operation.ask(provider, known);
      const { ending, most } = await struckBy(fault, { strikes: operation.strikes, question }, { at, clock });
      found[operation.name] = judged(outcome, { ending, usual, most });
      expected[operation.name] = wanted(outcome, operation);
    }
    const learned = await learn(untouched, vendor);
    await ask(startOperation(vendor), learned);
    const known = await runningIn(untouched, learned);
    for (const operation of operationsOf(name, vendor)) await ask(operation, known);
    expect(found).toEqual(expected);
  });
});

interface World {
  readonly at: FaultyVendor;
  readonly clock: ManualClock;
}

interface Struck {
  readonly ending: Ending;
  /** What came of the same question without the fault; null where nobody compares. */
  readonly usual: Ending | null;
  /** How often the same request arrived at the vendor, or was tried where none arrives. */
  readonly most: number;
}

interface Question {
  readonly strikes: Operation["strikes"];
  readonly question: (provider: SyncProvider) => Promise<unknown>;
}

async function struckBy(fault: Fault, { strikes, question }: Question, { at, clock }: World) {
  const { act, reach } = FAULTS[fault];
  at.proxy.break({ strikes, act });
  const before = at.proxy.struck.length;
  const connected = at.connect(fault);
  const waiting = new AbortController();
  void passWaits(clock, waiting.signal);
  const startedAt = clock.now().getTime();
  const ending = await endingOf(question(connected.provider));
  waiting.abort();
  at.proxy.break(null);
  await at.settled();
  // Every question ends with the deadlines of its requests; none has more than a few, one after the other.
  expect(clock.now().getTime() - startedAt).toBeLessThanOrEqual(16 * DEADLINES_MS);
  const arrived = at.proxy.struck.slice(before).map(({ method, target }) => `${method} ${target}`);
  return { ending, most: mostOf(reach === "vendor" ? arrived : triesOf(connected)) };
}

const triesOf = ({ tries }: ConnectedProvider): readonly string[] =>
  tries.map(({ method, path }) => `${method} ${path}`);

/** How often the same request came. */
const mostOf = (requests: readonly string[]): number =>
  Math.max(0, ...requests.map((wanted) => requests.filter((one) => one === wanted).length));

/** Lets the time pass that a client waits because a vendor asked it to. */
async function passWaits(clock: ManualClock, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    await clock.untilSleeping((ms) => ms === WAIT_MS);
    if (!until.aborted) await clock.advance(WAIT_MS);
  }
}

const endingOf = (work: Promise<unknown>): Promise<Ending> =>
  work.then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );

function outcomeOf({ repeat, readsBody }: Pick<Operation, "repeat" | "readsBody">, fault: Fault): Outcome {
  const outcome = FAULTS[fault][repeat];
  const unnoticed = outcome.is === "a failure" && outcome.inBody === true && !readsBody;
  return unnoticed ? { is: "the answer" } : outcome;
}

/** What an ending amounts to, in the words of its outcome. */
function judged(outcome: Outcome, { ending, usual, most }: Struck): unknown {
  switch (outcome.is) {
    case "the answer":
      return "answer" in ending && usual !== null ? sameAs(usual, ending.answer) : kindOfEnding(ending);
    case "an answer or a failure":
      return { ending: anAnswerOr(outcome.code, ending), tries: most <= outcome.tries || most };
    case "nothing there":
      return { ending: anAnswerOr(ErrorCode.ProviderNotFound, ending), ends: endsIn(ending) };
    case "no harm":
      return { ending: anAnswerOr(ErrorCode.ProviderBadResponse, ending), invented: invented(ending, usual) };
    case "a failure": {
      if (!("error" in ending) || !(ending.error instanceof ProviderError)) return kindOfEnding(ending);
      const facts = pick(ending.error, Object.keys(outcome.error));
      // However long a vendor asks for, nobody is told to come back later than in an hour.
      const wait = (ending.error.retryAfterMs ?? 0) <= LONGEST_WAIT_MS;
      return { ...facts, wait, tries: most };
    }
  }
}

function wanted(outcome: Outcome, operation: Pick<Operation, "steady">): unknown {
  switch (outcome.is) {
    case "the answer":
      return operation.steady ? "the same" : "an answer";
    case "an answer or a failure":
      return { ending: true, tries: true };
    case "nothing there":
      return { ending: true, ends: [] };
    case "no harm":
      return { ending: true, invented: [] };
    case "a failure":
      return { ...outcome.error, wait: true, tries: outcome.tries };
  }
}

/** True, or what came instead. */
function anAnswerOr(code: ErrorCode, ending: Ending): true | string {
  const kind = kindOfEnding(ending);
  return kind === "an answer" || kind === code || kind;
}

const pick = (error: ProviderError, names: readonly string[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(names.map((name) => [name, Reflect.get(error, name) as unknown]));

const kindOfEnding = (ending: Ending): string => {
  if ("answer" in ending) return "an answer";
  return ending.error instanceof ProviderError ? ending.error.code : String(ending.error);
};

function sameAs(usual: Ending, answer: unknown): unknown {
  if (!("answer" in usual)) return usual;
  const [one, other] = [usual.answer, answer].map((value) => JSON.stringify(value));
  return one === other ? "the same" : { instead: answer, of: usual.answer };
}

interface Sight {
  readonly remoteId: string;
  readonly status: string | null;
}

/** Everything in an answer that is a sight of a run, however deep. */
function sightsIn(value: unknown): readonly Sight[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap(sightsIn);
  if (!("remoteId" in value) || !("status" in value) || typeof value.remoteId !== "string") return inner;
  return [{ remoteId: value.remoteId, status: String(value.status) }, ...inner];
}

const answerOf = (ending: Ending | null): unknown => (ending !== null && "answer" in ending ? ending.answer : null);

/** Runs that are said to have ended although their vendor only does not know them. */
const endsIn = (ending: Ending): readonly Sight[] =>
  sightsIn(answerOf(ending)).filter(({ status }) => status === "FAILED" || status === "SUCCESS");

/** Successes that the vendor did not report, and ids that it did not give. */
function invented(ending: Ending, usual: Ending | null): readonly unknown[] {
  const reported = sightsIn(answerOf(usual));
  const successes = sightsIn(answerOf(ending)).filter(
    ({ remoteId, status }) =>
      status === "SUCCESS" && !reported.some((one) => one.remoteId === remoteId && one.status === "SUCCESS"),
  );
  // What 9007199254740993 becomes in a number.
  const rounded = JSON.stringify(answerOf(ending) ?? null).match(/"remoteId":"[^"]*9007199254740992[^"]*"/gu) ?? [];
  return [...successes, ...rounded];
}
