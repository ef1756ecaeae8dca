// The one judge of which run a start began: of its answer, and of what is found where there was none. Pure; vendors say only what they know.
import { lastMomentOf } from "../domain/clock.ts";
import type { FoundRun, VendorTime } from "../domain/provider-port.ts";
import { isTerminal } from "../domain/status.ts";
import type { Observation } from "../domain/sync.ts";

/** Why a run is not a start's. */
export const Refusal = {
  OfAnotherStart: "another start began it",
  OfAnotherDefinition: "it is a run of another definition",
  OfAnotherAccount: "it is a run for another linked account",
  SeenBefore: "it was seen before the start was sent",
  EndedBefore: "it had ended before the start was sent",
  BegunBefore: "it began before the start was sent",
  BegunAfter: "it began after the start could begin anything",
  OtherOptions: "it does something else than was asked for",
} as const;
export type Refusal = (typeof Refusal)[keyof typeof Refusal];

/** A start as far as it tells which run may be its own. */
export interface SentStart {
  readonly triggerId: string;
  readonly definitionId: string;
  readonly definitionRemoteId: string;
  /** Null where the start names none. */
  readonly linkedAccountId: string | null;
  readonly linkedAccountRemoteId: string | null;
  /** When it was sent, by our clock and by the vendor's. */
  readonly sentAt: Date;
  readonly sent: VendorTime;
  /** From when on the vendor cannot have begun its run any more, by the vendor's clock. */
  readonly over: VendorTime;
}

/** A run as the ledger has it. */
export interface KnownRun {
  readonly triggerId: string | null;
  readonly definitionId: string | null;
  readonly linkedAccountId: string | null;
  /** When it was first observed, by our clock; that never changes. */
  readonly firstSeenAt: Date;
  /** When its end was observed, by our clock; null while it goes on. */
  readonly endSeenAt: Date | null;
}

/** A run as the vendor tells it now; `known` is null where the ledger did not have it. */
export interface SeenRun<Run extends Observation = FoundRun> {
  readonly run: Run;
  readonly known: KnownRun | null;
}

/** Another start that may have begun the same run. */
export interface Rival {
  readonly start: SentStart;
  /** What a look for its run found, by the vendor's ids: whether each does what it asked for. Null where nobody can look any more. */
  readonly found: ReadonlyMap<string, boolean | undefined> | null;
}

export interface Verdict {
  /** The runs that the start began; empty when none is known to be its own. */
  readonly own: readonly FoundRun[];
  /** The runs that it may have begun, when that cannot be told. */
  readonly candidates: readonly FoundRun[];
}

/** Why a run that the answer of a start names is not believed to be its own; null when it is believed. */
export function refusalOfAnswer(start: SentStart, seen: SeenRun<Observation>): Refusal | null {
  const { known } = seen;
  const endedBefore = known !== null && known.endSeenAt !== null && known.endSeenAt < start.sentAt;
  return ofAnother(start, seen) ?? (endedBefore ? Refusal.EndedBefore : endBefore(start, seen.run));
}

/** Why a run that was found is not a start's; null when it may be. */
export function refusalOfFound(start: SentStart, seen: SeenRun): Refusal | null {
  const { run, known } = seen;
  const foreign = ofAnother(start, seen);
  if (foreign !== null) return foreign;
  if (known !== null && known.firstSeenAt < start.sentAt) return Refusal.SeenBefore;
  const ended = endBefore(start, run);
  if (ended !== null) return ended;
  const begun = begunAt(run);
  if (begun !== null && lastMomentOf(begun) < start.sent.earliest) return Refusal.BegunBefore;
  if (begun !== null && begun > start.over.latest) return Refusal.BegunAfter;
  return run.asAsked === false ? Refusal.OtherOptions : null;
}

/**
 * Which of the runs that were found a start began. One start takes what one start begins, and only where no other one may have begun it too.
 *
 * @param eachModel whether one start begins a run for each model, instead of one run
 */
export function judgeFound(
  start: SentStart,
  rivals: readonly Rival[],
  seen: readonly SeenRun[],
  eachModel: boolean,
): Verdict {
  const recorded = seen.filter(({ known }) => known?.triggerId === start.triggerId);
  if (recorded.length > 0) return { own: recorded.map(({ run }) => run), candidates: [] };
  const fitting = seen.filter((one) => refusalOfFound(start, one) === null);
  const candidates = fitting.map(({ run }) => run);
  const [begun, ...others] = eachModel ? batchesOf(fitting) : fitting.map((one) => [one]);
  if (begun === undefined) return { own: [], candidates: [] };
  const isTold = others.length === 0 && begun.every(({ run }) => isInside(start, run));
  const isContested = begun.some((one) => rivals.some((rival) => mayBeOf(rival, one)));
  return isTold && !isContested ? { own: candidates, candidates: [] } : { own: [], candidates };
}

function ofAnother(start: SentStart, { run, known }: SeenRun<Observation>): Refusal | null {
  if (known !== null && known.triggerId !== null && known.triggerId !== start.triggerId) return Refusal.OfAnotherStart;
  if (isOther(start.definitionRemoteId, run.definitionRemoteId) || isOther(start.definitionId, known?.definitionId))
    return Refusal.OfAnotherDefinition;
  const account =
    isOther(start.linkedAccountRemoteId, run.linkedAccountRemoteId) ||
    isOther(start.linkedAccountId, known?.linkedAccountId);
  return account ? Refusal.OfAnotherAccount : null;
}

const isOther = (asked: string | null, told: string | null | undefined): boolean =>
  asked !== null && told !== null && told !== undefined && asked !== told;

function endBefore({ sent }: SentStart, { status, facts }: Observation): Refusal | null {
  const end = status !== null && isTerminal(status) ? (facts.finishedAt ?? null) : null;
  return end !== null && lastMomentOf(end) < sent.earliest ? Refusal.EndedBefore : null;
}

const begunAt = ({ facts }: Observation): Date | null => facts.createdAt ?? facts.startedAt ?? null;

/** Where the vendor's clock is not known, or the run has no time, nothing is known to have begun while it was asked to. */
const isInside = ({ sent, over }: SentStart, run: Observation): boolean =>
  sent.isKnown && over.isKnown && begunAt(run) !== null;

function mayBeOf({ start, found }: Rival, { run, known }: SeenRun): boolean {
  if (found !== null && !found.has(run.remoteId)) return false;
  const { asAsked: _, ...told } = run;
  const asAsked = found?.get(run.remoteId);
  const asRival = asAsked === undefined ? told : { ...told, asAsked };
  return refusalOfFound(start, { run: asRival, known }) === null;
}

/**
 * What was begun together, where a start begins a run for each model. A batch's id says it as far as it groups anything: runs without one,
 * or each with one of its own, that fit one start are that start's.
 */
function batchesOf(runs: readonly SeenRun[]): readonly (readonly SeenRun[])[] {
  const idOf = ({ run }: SeenRun): string | null => run.facts.batchId ?? null;
  const ids = [...new Set(runs.map(idOf))].filter((id) => id !== null);
  const groups = ids.map((id) => runs.filter((one) => idOf(one) === id));
  const groupsNothing = ids.length < 2 || groups.every(({ length }) => length === 1);
  if (groupsNothing) return runs.length === 0 ? [] : [runs];
  const rest = runs.filter((one) => idOf(one) === null);
  return rest.length === 0 ? groups : [...groups, rest];
}
