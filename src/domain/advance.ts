// The status machine: what one observation changes about a run. Pure; the ledger applies it inside its transaction.
import { ObservationSource, SyncOrigin, SyncOutcome, SyncStatus, isTerminal, statusRank } from "./status.ts";
import { withUnknownEnd } from "./unknown-word.ts";
import type { ConflictDraft, Observation, RecordCounts, Sync, SyncFacts, TaskCounts, TransitionDraft } from "./sync.ts";

/** A run before it has its place in the store: everything `Sync` has but identity and links. */
export type SyncState = Omit<
  Sync,
  "id" | "tenantId" | "providerKey" | "definitionId" | "linkedAccountId" | "triggerId" | "retryOfId" | "version"
>;

export interface Advance {
  readonly state: SyncState;
  /** In order; empty when the status did not change. */
  readonly transitions: readonly TransitionDraft[];
  readonly conflict: ConflictDraft | null;
}

export interface AdvanceOptions {
  /** Whether a run whose word nobody knows is taken for over, without an end time; default false. */
  readonly givenUp?: boolean;
}

const NO_FACTS: SyncFacts = {
  alternateRemoteId: null,
  remoteType: null,
  integration: null,
  waitingReason: null,
  resumesAt: null,
  origin: SyncOrigin.Unknown,
  operation: null,
  fullRefresh: null,
  initial: null,
  oneOff: null,
  attempt: null,
  batchId: null,
  entityId: null,
  fileId: null,
  models: [],
  onError: null,
  runtimeVersion: null,
  taskCounts: null,
  recordCounts: null,
  timeRangeStart: null,
  timeRangeEnd: null,
  createdAt: null,
  startedAt: null,
  finishedAt: null,
  updatedAt: null,
  error: null,
  raw: null,
};

/**
 * Applies one observation to what is known of a run.
 *
 * The status is monotone and the path legal: a run starts CREATED, SUCCESS is preceded by RUNNING, and steps nobody saw
 * are put in as inferred. A terminal status absorbs: a later, different end is reported as a conflict and changes nothing.
 *
 * A word that is in no table keeps the status, until the run cannot go on: see `withUnknownEnd`.
 *
 * @param current what the ledger has; null when the run is new
 */
export function advance(
  current: SyncState | null,
  told: Observation,
  { givenUp = false }: AdvanceOptions = {},
): Advance {
  const observation = withUnknownEnd(current, told, givenUp);
  const known = current ?? firstSight(observation);
  const target = observation.status ?? known.status;
  const conflict = current === null ? null : conflictOf(current, observation);
  // What a run does that was taken for over adds to its facts; another end changes nothing.
  const contradicts = conflict !== null && isTerminal(conflict.observedStatus);
  const state = contradicts ? known : absorb(known, observation, target);
  const transitions = pathBetween(current?.status ?? null, state.status, state, observation);
  return { state, transitions, conflict };
}

/**
 * The kind of end: the vendor's own word where it names one, else the counts. Null while the run goes on.
 *
 * @param named the outcome the vendor's word itself names (cancelled, partial ...)
 */
export function outcomeOf(
  status: SyncStatus,
  named: SyncOutcome | null,
  records: RecordCounts | null,
  tasks: TaskCounts | null,
): SyncOutcome | null {
  if (!isTerminal(status)) return null;
  if (status === SyncStatus.Failed) return named ?? SyncOutcome.Error;
  if (named !== null) return named;
  if ((records?.failed ?? 0) > 0 || (tasks?.failed ?? 0) > 0) return SyncOutcome.Partial;
  return movedNothing(records) ? SyncOutcome.Empty : SyncOutcome.Complete;
}

/** True only when the vendor counted and every count says nothing moved; unknown counts prove nothing. */
function movedNothing(records: RecordCounts | null): boolean {
  if (records === null) return false;
  const counted = [
    records.total,
    records.inserted,
    records.updated,
    records.upserted,
    records.deleted,
    records.fetched,
    records.persisted,
  ].filter((count) => count !== null);
  return counted.length > 0 && counted.every((count) => count === 0);
}

function firstSight(observation: Observation): SyncState {
  return {
    ...NO_FACTS,
    remoteId: observation.remoteId,
    definitionRemoteId: observation.definitionRemoteId,
    linkedAccountRemoteId: observation.linkedAccountRemoteId,
    status: SyncStatus.Created,
    outcome: null,
    rawStatus: observation.rawStatus,
    createdAt: observation.facts.createdAt ?? observation.observedAt,
    observedAt: observation.observedAt,
    observedVia: observation.source,
  };
}

function absorb(known: SyncState, observation: Observation, target: SyncStatus): SyncState {
  const rises = statusRank(target) > statusRank(known.status);
  const overtaken =
    !rises && (statusRank(target) < statusRank(known.status) || observation.observedAt < known.observedAt);
  // A report that newer knowledge overtook may still know something the ledger does not; it never overwrites.
  const facts = overtaken ? fillGaps(known, observation.facts) : { ...known, ...told(observation.facts) };
  const status = rises ? target : known.status;
  const ended = isTerminal(status);
  const named = (isTerminal(known.status) ? namedOutcome(known.outcome) : null) ?? observation.outcome;
  // Only a report of the end decides what kind of end it was: the counts of a run that goes on are not its last ones.
  const decided = isTerminal(known.status) && (observation.status === null || !isTerminal(observation.status));
  return {
    ...facts,
    remoteId: known.remoteId,
    definitionRemoteId: known.definitionRemoteId ?? observation.definitionRemoteId,
    linkedAccountRemoteId: known.linkedAccountRemoteId ?? observation.linkedAccountRemoteId,
    origin: betterOrigin(known.origin, observation.facts.origin, overtaken),
    createdAt: facts.createdAt ?? known.createdAt,
    status,
    outcome: decided ? known.outcome : outcomeOf(status, named, facts.recordCounts, facts.taskCounts),
    // The word a run ended with stays: a later report of the same end may use a vaguer one.
    rawStatus: overtaken || isTerminal(known.status) ? known.rawStatus : observation.rawStatus,
    waitingReason: ended ? null : facts.waitingReason,
    resumesAt: ended ? null : facts.resumesAt,
    // A run that ended well may carry the error of an attempt before the last.
    error:
      status === SyncStatus.Success && known.status !== status && observation.facts.error === undefined
        ? null
        : facts.error,
    observedAt: observation.observedAt > known.observedAt ? observation.observedAt : known.observedAt,
    observedVia: observation.observedAt >= known.observedAt ? observation.source : known.observedVia,
  };
}

/** Outcomes a word named stay as they are; those that counts decide may be decided again by later counts. */
function namedOutcome(outcome: SyncOutcome | null): SyncOutcome | null {
  const byCounts = outcome === SyncOutcome.Complete || outcome === SyncOutcome.Empty;
  return byCounts ? null : outcome;
}

/** The gateway knows its own starts, whenever it says so; "unknown" and what was overtaken never replace a known origin. */
function betterOrigin(known: SyncOrigin, told: SyncOrigin | undefined, overtaken: boolean): SyncOrigin {
  if (told === undefined || told === SyncOrigin.Unknown || known === SyncOrigin.Gateway) return known;
  const kept = overtaken && told !== SyncOrigin.Gateway && known !== SyncOrigin.Unknown;
  return kept ? known : told;
}

function conflictOf(current: SyncState, observation: Observation): ConflictDraft | null {
  const { status } = observation;
  if (status === null || !isTerminal(current.status) || status === current.status) return null;
  if (!isTerminal(status) && !isAliveAgain(current, observation)) return null;
  return {
    committedStatus: current.status,
    committedOutcome: current.outcome,
    observedStatus: status,
    rawStatus: observation.rawStatus,
    observedAt: observation.observedAt,
    observedVia: observation.source,
  };
}

/** Ends that nobody reported: the gateway concluded them. */
const CONCLUDED: ReadonlySet<SyncOutcome | null> = new Set([SyncOutcome.Lost, SyncOutcome.Unknown]);

/** Whether a run that was taken for over goes on. A late webhook or start's answer may speak of a time before the end and proves nothing. */
function isAliveAgain(current: SyncState, { source }: Observation): boolean {
  const isLate = source === ObservationSource.Webhook || source === ObservationSource.Trigger;
  return CONCLUDED.has(current.outcome) && !isLate;
}

function pathBetween(
  from: SyncStatus | null,
  to: SyncStatus,
  state: SyncState,
  observation: Observation,
): readonly TransitionDraft[] {
  if (from === to) return [];
  const path: SyncStatus[] = [];
  if (from === null) path.push(SyncStatus.Created);
  if (to !== SyncStatus.Created && from !== SyncStatus.Running && passesThroughRunning(to, state))
    path.push(SyncStatus.Running);
  if (isTerminal(to)) path.push(to);
  let previous = from;
  return path.map((step): TransitionDraft => {
    const inferred = step !== to;
    const draft: TransitionDraft = {
      from: previous,
      to: step,
      outcome: step === to ? state.outcome : null,
      rawStatus: inferred ? null : observation.rawStatus,
      occurredAt: timeOf(step, state) ?? observation.observedAt,
      observedAt: observation.observedAt,
      observedVia: observation.source,
      inferred,
    };
    previous = step;
    return draft;
  });
}

/** SUCCESS always ran. FAILED may have failed before it started: then it has no start time. */
function passesThroughRunning(to: SyncStatus, state: SyncState): boolean {
  return to !== SyncStatus.Failed || state.startedAt !== null;
}

function timeOf(status: SyncStatus, state: SyncState): Date | null {
  if (status === SyncStatus.Created) return state.createdAt;
  return status === SyncStatus.Running
    ? (state.startedAt ?? (isTerminal(state.status) ? state.createdAt : null))
    : state.finishedAt;
}

/** The facts that were told: keys that are present and not undefined. */
function told(facts: Partial<SyncFacts>): Partial<SyncFacts> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

/** True only at the moment they are told: an old observation must not bring them back. */
const OF_THE_MOMENT: ReadonlySet<string> = new Set(["waitingReason", "resumesAt", "error"]);

function fillGaps(known: SyncState, facts: Partial<SyncFacts>): SyncState {
  const gaps = Object.entries(facts).filter(([name, value]) => {
    const present: unknown = known[name as keyof SyncFacts];
    const empty = present === null || (Array.isArray(present) && present.length === 0);
    return !OF_THE_MOMENT.has(name) && value !== undefined && value !== null && empty;
  });
  return { ...known, ...Object.fromEntries(gaps) };
}

/** The observation that ends a run nobody can find any more. */
export function lostObservation(run: SyncState, observedAt: Date, reason: string): Observation {
  return {
    remoteId: run.remoteId,
    definitionRemoteId: run.definitionRemoteId,
    linkedAccountRemoteId: run.linkedAccountRemoteId,
    source: ObservationSource.Poll,
    observedAt,
    status: SyncStatus.Failed,
    outcome: SyncOutcome.Lost,
    rawStatus: run.rawStatus,
    facts: {
      error: {
        message: reason,
        code: "UNKNOWN",
        retryable: true,
        advice: "Check the run at the vendor, then start it again if it is needed.",
      },
    },
  };
}
