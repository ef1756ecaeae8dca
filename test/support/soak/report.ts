// What came of a soak: every checker's findings, and the numbers as they were measured.
import { verifyStore } from "../../../src/store/verify.ts";
import { checkEffects } from "../history/check-effects.ts";
import { checkLag, type LagReport, type Stretch } from "../history/check-lag.ts";
import { checkLiveness } from "../history/check-liveness.ts";
import { checkReads, readsChecked } from "../history/check-reads.ts";
import { checkResources, type Slope } from "../history/check-resources.ts";
import { checkStream, type Frame } from "../history/check-stream.ts";
import { checkTriggers } from "../history/check-triggers.ts";
import { readStoredWorld, type StoredWorld } from "../history/ground-truth.ts";
import { operationsOf, type Breach, type Ending, type History, type Operation } from "../history/history.ts";
import type { LedgerWatch } from "./ledger-watch.ts";
import type { Load } from "./load.ts";
import type { Struck } from "./nemeses.ts";
import type { Subscription } from "./run-soak.ts";
import { LIMITS, type SoakSettings } from "./settings.ts";
import type { SoakWorld } from "./soak-world.ts";

export interface SoakReport {
  readonly settings: SoakSettings;
  readonly seconds: number;
  /** How often each kind of fault struck. */
  readonly faults: Readonly<Record<string, number>>;
  readonly operations: Readonly<Record<Ending, number>>;
  /** Why starts were not made, by code. */
  readonly refusedStarts: Readonly<Record<string, number>>;
  /** Reads of runs that were compared with what the same client had seen before. */
  readonly reads: number;
  readonly runs: number;
  readonly transitions: number;
  /** Transitions that arrived, all subscribers together. */
  readonly delivered: number;
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  readonly foreign: number;
  /** How often subscribers went on after a cut. */
  readonly resumed: number;
  /** What subscribers were refused with, by code. */
  readonly refused: Readonly<Record<string, number>>;
  readonly starts: number;
  readonly duplicateStarts: number;
  readonly uncertain: number;
  /** Starts in doubt that took somebody else's run for theirs. */
  readonly adopted: number;
  /** Runs whose start was answered to nobody, and that their vendor did not show long enough. */
  readonly unseenRuns: number;
  readonly lag: { readonly calm: Numbers; readonly all: Numbers };
  readonly liveness: { readonly operations: number; readonly ok: number };
  readonly resources: readonly Slope[];
  readonly breaches: readonly Breach[];
}

type Numbers = Omit<LagReport, "breaches">;

export interface Soaked {
  readonly settings: SoakSettings;
  readonly world: SoakWorld;
  readonly history: History;
  readonly load: Load;
  readonly subscriptions: readonly Subscription[];
  readonly watch: LedgerWatch;
  readonly struck: readonly Struck[];
  /** Keys of starts that nobody could be told the fate of. */
  readonly undecided: readonly string[];
  readonly endings: readonly { readonly node: string; readonly code: number | null }[];
  /** The newest place when subscribers were given time to come to it. */
  readonly head: number;
  readonly stoppedAt: number;
  readonly startedAt: number;
  readonly loadedUntil: number;
  readonly calm: readonly Stretch[];
}

export async function judge(soaked: Soaked): Promise<SoakReport> {
  const { settings, world, subscriptions, watch, calm, startedAt, loadedUntil } = soaked;
  const stored = await readStoredWorld(world.databaseUrl);
  const operations = operationsOf(soaked.history.events);
  const streams = judgeStreams(soaked, stored);
  const effects = checkEffects(world.effects(), stored);
  const frames = (): Iterable<Frame> => framesOf(subscriptions);
  const lag = checkLag(frames(), watch.sightings, { calm, mostP99Ms: settings.mostLagP99Ms });
  const { breaches: _, ...allLag } = checkLag(frames(), watch.sightings, {
    calm: null,
    mostP99Ms: Number.POSITIVE_INFINITY,
  });
  const actions = ["trigger", "read", "list"] as const;
  const liveness = checkLiveness(askedFirst(operations), { calm, least: settings.leastAlive, actions });
  const resources = checkResources(
    world.nodes.flatMap((node) => node.lives()),
    LIMITS.resources,
  );
  const { breaches: lagBreaches, ...calmLag } = lag;
  return {
    settings,
    seconds: Math.round((loadedUntil - startedAt) / 1_000),
    faults: countedBy(soaked.struck.map(({ fault }) => fault)),
    operations: { ok: 0, fail: 0, info: 0, ...countedBy(operations.map(({ type }) => type)) },
    refusedStarts: Object.fromEntries(soaked.load.refusals),
    reads: readsChecked(operations),
    runs: stored.runs.length,
    transitions: stored.transitions.length,
    ...streams.counts,
    resumed: subscriptions.reduce((sum, { subscriber }) => sum + subscriber.resumed(), 0),
    refused: refusalsOf(subscriptions),
    starts: effects.starts,
    duplicateStarts: effects.duplicates,
    uncertain: effects.uncertain,
    adopted: effects.adopted,
    unseenRuns: effects.unseen,
    lag: { calm: calmLag, all: allLag },
    liveness: { operations: liveness.operations, ok: liveness.ok },
    resources: resources.slopes,
    breaches: [
      ...checkTriggers(operations, stored),
      ...effects.breaches,
      ...streams.breaches,
      ...checkReads(operations),
      ...watch.breaches,
      ...lagBreaches,
      ...liveness.breaches,
      ...resources.breaches,
      ...unfinished(soaked, stored),
      ...(await violations(world.databaseUrl)),
    ],
  };
}

function judgeStreams({ subscriptions, head }: Soaked, { transitions }: StoredWorld) {
  const counts = { delivered: 0, lost: 0, doubled: 0, reordered: 0, foreign: 0 };
  const breaches: Breach[] = [];
  for (const { name, after, provider, subscriber } of subscriptions) {
    const last = subscriber.frames.at(-1)?.place ?? after;
    // What was committed while the subscribers were leaving is nobody's loss.
    const table = transitions.filter(({ place }) => place <= Math.max(last, head));
    const report = checkStream({ subscriber: name, after, provider, frames: subscriber.frames }, table);
    breaches.push(...report.breaches);
    for (const key of ["delivered", "lost", "doubled", "reordered", "foreign"] as const) counts[key] += report[key];
  }
  return { counts, breaches };
}

/** Without starts that were asked for again: one that was refused, or is uncertain, is so each time. */
function askedFirst(operations: readonly Operation[]): readonly Operation[] {
  const keys = new Set<string>();
  return operations.filter(({ f, value }) => {
    if (f !== "trigger") return true;
    const isFirst = !keys.has(value.key);
    keys.add(value.key);
    return isFirst;
  });
}

function* framesOf(subscriptions: readonly Subscription[]): Generator<Frame, void, undefined> {
  for (const { subscriber } of subscriptions) yield* subscriber.frames;
}

/** What the end of the soak itself must be like: every start decided, every run of a start ended in time, every gateway stopped in order. */
function unfinished({ undecided, endings, stoppedAt }: Soaked, { runs }: StoredWorld): readonly Breach[] {
  const breach = (subject: string, found: string): Breach => ({ check: "ending", subject, found });
  const overdue = runs.filter(
    ({ trigger, status, createdAt }) =>
      trigger !== null &&
      (status === "CREATED" || status === "RUNNING") &&
      stoppedAt - createdAt.getTime() > LIMITS.endsWithinMs,
  );
  return [
    ...undecided.map((key) => breach(key, "neither started, refused nor uncertain, however often it was asked for")),
    ...overdue.map(({ id, status, createdAt }) => breach(id, `${status} since ${createdAt.toISOString()}`)),
    ...endings
      .filter(({ code }) => code !== 0)
      .map(({ node, code }) => breach(node, `ended with ${code ?? "a signal"} after SIGTERM`)),
  ];
}

async function violations(databaseUrl: string): Promise<readonly Breach[]> {
  const found = await verifyStore(databaseUrl);
  return found.violations.map(({ check, subject, expected, found: what }) => ({
    ...{ check: "store", subject: `${check} ${subject}`, found: `expected ${expected}, found ${what}` },
  }));
}

function refusalsOf(subscriptions: readonly Subscription[]): Readonly<Record<string, number>> {
  const codes: Record<string, number> = {};
  for (const { subscriber } of subscriptions) {
    for (const [code, count] of subscriber.refusals) codes[code] = (codes[code] ?? 0) + count;
  }
  return codes;
}

function countedBy(words: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
