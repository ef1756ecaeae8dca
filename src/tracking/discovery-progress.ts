// How far looking for runs has come: what was read to its end, and the stretches of time that are left. Pure; `discoverer.ts` does the reading.
import type { UnreadRest } from "../domain/provider-port.ts";
import type { DiscoveryGap, DiscoveryProgress } from "../domain/discovery.ts";
import type { ProviderState } from "../domain/provider-state.ts";

/** What a new gateway learns of the past, and what is looked over again. */
export const DAY_MS = 24 * 3_600_000;
/** Vendors' clocks differ from ours, and a run may be listed a moment after it was created. */
export const OVERLAP_MS = 120_000;
/** The newest runs have a look of their own where a longer one does not come to its end. */
export const NEWEST_MS = 900_000;
const HOUR_MS = 3_600_000;
/** A list that lacked runs may be an old one that the vendor still gives: it is looked over again after this long, and this often. */
const DOUBT_MS = 300_000;
const MOST_DOUBTS = 3;
/** More stretches are taken together. */
const MOST_GAPS = 24;
/** Looks that fail in one place of a stretch before it is narrowed down. */
const MOST_FAILURES = 3;
/** Shorter stretches are not halved. */
const SHORTEST_MS = 900_000;

/** The look at the newest runs. */
export interface HeadLook {
  /** What the vendor is asked for. */
  readonly since: Date;
  /** Runs from then on are not known yet. */
  readonly unreadSince: Date;
  /** Whether the last day is looked over by it. */
  readonly isOver: boolean;
  readonly history: boolean;
}

/** The progress as it was stored; null before the first look. What another version has read to its end is taken over. */
export function progressOf({ discoveredUntil, discovery }: ProviderState, now: Date): DiscoveryProgress | null {
  if (discoveredUntil === null) return null;
  const isOwn = discovery !== null && readToItsEnd(discovery).getTime() === discoveredUntil.getTime();
  if (isOwn) return discovery;
  return { lookedAt: discoveredUntil, gaps: [], lookOverAt: discovery?.lookOverAt ?? now, doubts: 0 };
}

/** Up to when all runs were read. */
export function readToItsEnd({ lookedAt, gaps }: DiscoveryProgress): Date {
  return gaps.reduce(
    (until, { unreadSince }) => (unreadSince !== null && unreadSince < until ? unreadSince : until),
    lookedAt,
  );
}

/** A clock that was put back must not leave out what begins until it has caught up. */
export function nextHead(progress: DiscoveryProgress | null, now: Date): HeadLook {
  const dayAgo = before(now, DAY_MS);
  if (progress === null) return { since: dayAgo, unreadSince: dayAgo, isOver: true, history: true };
  const unreadSince = before(earlier(progress.lookedAt, now), OVERLAP_MS);
  const isOver = now >= progress.lookOverAt || progress.lookOverAt.getTime() - now.getTime() > HOUR_MS;
  const since = isOver ? earlier(unreadSince, dayAgo) : unreadSince;
  return { since, unreadSince, isOver, history: false };
}

/**
 * The progress after a look at the newest runs.
 *
 * @param rests lists that were left before their end
 * @param newestRead whether what was not known yet was read whole all the same
 * @param agrees whether the list had the runs that the gateway knows; null when that cannot be told
 */
export function afterHead(
  progress: DiscoveryProgress | null,
  head: HeadLook,
  now: Date,
  found: { readonly rests: readonly UnreadRest[]; readonly newestRead: boolean; readonly agrees: boolean | null },
): DiscoveryProgress {
  const { rests, newestRead, agrees } = found;
  const doubts = doubtsAfter(progress?.doubts ?? 0, head, agrees);
  const gap: DiscoveryGap = {
    since: head.since,
    until: now,
    unreadSince: newestRead ? null : head.unreadSince,
    rests,
    pages: 0,
    history: head.history,
  };
  const begun = rests.some(({ failed }) => failed) ? apart(gap, 1) : [gap];
  const gaps = progress?.gaps ?? [];
  return {
    ...progress,
    lookedAt: now,
    gaps: rests.length === 0 ? gaps : bounded([...begun, ...withoutLookingOver(gaps, head)]),
    lookOverAt: nextLookOver(progress, head, now, { agrees, doubts }),
    doubts,
  };
}

/** The gap that is read next: the newest of what is not known, before what is only looked over again. @param failed gaps that this look has tried */
export function nextGap(progress: DiscoveryProgress, failed: ReadonlySet<DiscoveryGap>): DiscoveryGap | null {
  const gaps = progress.gaps.filter((gap) => !failed.has(gap));
  return gaps.find(({ unreadSince }) => unreadSince !== null) ?? gaps[0] ?? null;
}

/** The progress with other gaps in one's place; none when it was read to its end. */
export function withGap(
  progress: DiscoveryProgress,
  gap: DiscoveryGap,
  left: readonly DiscoveryGap[],
): DiscoveryProgress {
  return { ...progress, gaps: bounded(progress.gaps.flatMap((one) => (one === gap ? left : [one]))) };
}

/** A stretch whose list cannot be gone on with is read from its beginning, in halves as long as those are worth a look each. */
export function halves(gap: DiscoveryGap): readonly DiscoveryGap[] {
  const rests = gap.rests?.map(({ list }) => ({ list, cursor: null })) ?? null;
  const anew = { ...gap, rests };
  if (!isLong(gap)) return [anew];
  const middle = before(gap.until, lengthMsOf(gap) / 2);
  const { unreadSince } = gap;
  const newer = unreadSince === null || unreadSince > middle ? unreadSince : middle;
  const older = unreadSince !== null && unreadSince >= middle ? null : unreadSince;
  return [
    { ...anew, since: before(middle, OVERLAP_MS), unreadSince: newer },
    { ...anew, until: middle, unreadSince: older },
  ];
}

/**
 * A stretch where something cannot be read although the vendor answers. What fails is parted from what does not, and tried again by the next
 * looks; then it is narrowed down, and the narrowest is passed over.
 *
 * @param gap with the places where it was left now
 * @param before the same as it was
 * @param narrows whether the vendor can be asked for a part of the time
 */
export function afterFailure(
  gap: DiscoveryGap,
  before: DiscoveryGap,
  narrows: boolean,
): { readonly left: readonly DiscoveryGap[]; readonly isPassedOver: boolean } {
  const places = ({ rests }: DiscoveryGap) =>
    JSON.stringify(rests?.filter(({ failed }) => failed).map(({ list, cursor }) => [list, cursor]));
  const isWhereItWas = before.failures === undefined || places(gap) === places(before);
  const failures = isWhereItWas ? (before.failures ?? 0) + 1 : 1;
  const isGivenUp = failures >= MOST_FAILURES && !(narrows && isLong(gap));
  const left = apart(gap, failures).flatMap((one) => {
    if (one.failures === undefined || failures < MOST_FAILURES) return [one];
    const { failures: _tried, ...untried } = one;
    return isGivenUp ? [] : halves(untried);
  });
  return { left, isPassedOver: isGivenUp };
}

/** The lists that failed, and those that were only left. */
function apart(gap: DiscoveryGap, failures: number): readonly DiscoveryGap[] {
  const failed = gap.rests?.filter((rest) => rest.failed) ?? [];
  const left = gap.rests?.filter((rest) => !rest.failed) ?? [];
  if (failed.length === 0 || left.length === 0) return [{ ...gap, failures }];
  const { failures: _tried, ...untried } = gap;
  return [
    { ...gap, rests: failed, failures },
    { ...untried, rests: left },
  ];
}

/** Only a look over the day can do away with a doubt: the newest runs say nothing of those before. */
function doubtsAfter(doubts: number, { isOver }: HeadLook, agrees: boolean | null): number {
  if (!isOver || agrees === null) return doubts;
  return agrees ? 0 : doubts + 1;
}

function nextLookOver(
  progress: DiscoveryProgress | null,
  { isOver }: HeadLook,
  now: Date,
  { agrees, doubts }: { readonly agrees: boolean | null; readonly doubts: number },
): Date {
  const planned = isOver || progress === null ? new Date(now.getTime() + HOUR_MS) : progress.lookOverAt;
  if (agrees !== false || doubts >= MOST_DOUBTS) return planned;
  // Found by a usual look, it is looked over with the next one; found by looking over, the list needs time.
  return isOver ? new Date(now.getTime() + DOUBT_MS) : earlier(planned, now);
}

/** One look over the day is enough: a newer one takes the older's place. */
const withoutLookingOver = (gaps: readonly DiscoveryGap[], { isOver }: HeadLook): readonly DiscoveryGap[] =>
  isOver ? gaps.filter(({ unreadSince }) => unreadSince !== null) : gaps;

function bounded(gaps: readonly DiscoveryGap[]): readonly DiscoveryGap[] {
  const newestFirst = gaps.toSorted((one, other) => other.until.getTime() - one.until.getTime());
  const [last, ...others] = newestFirst.slice(MOST_GAPS - 1);
  if (last === undefined || others.length === 0) return newestFirst;
  const together = others.reduce(
    (all, gap): DiscoveryGap => ({
      since: earlier(all.since, gap.since),
      until: all.until,
      unreadSince: earliest(all.unreadSince, gap.unreadSince),
      rests: null,
      pages: 0,
      history: all.history && gap.history,
    }),
    last,
  );
  return [...newestFirst.slice(0, MOST_GAPS - 1), together];
}

const lengthMsOf = ({ since, until }: DiscoveryGap): number => until.getTime() - since.getTime();
const isLong = (gap: DiscoveryGap): boolean => lengthMsOf(gap) >= 2 * SHORTEST_MS;
const before = (time: Date, ms: number): Date => new Date(time.getTime() - ms);
const earlier = (one: Date, other: Date): Date => (one < other ? one : other);
const earliest = (one: Date | null, other: Date | null): Date | null =>
  one === null || other === null ? (one ?? other) : earlier(one, other);
