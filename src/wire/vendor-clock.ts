// What a vendor's clock shows, as far as its answers tell. A vendor writes when its runs began by its own clock, which may differ from ours by
// anything: a time of ours is compared with one of its own only when it was translated, and only as closely as its answers allow.
import type { VendorTime } from "../domain/provider-port.ts";

export interface VendorClock {
  /** Takes notice of an answer's headers, with their names in lower case. */
  note(headers: Readonly<Record<string, string>>, askedAt: Date, answeredAt: Date): void;
  /** A time of ours as the vendor's clock shows it; the same until an answer has told of a difference. */
  theirs(ours: Date): Date;
  /** Between which times the vendor's clock stood at a time of ours. */
  between(ours: Date): VendorTime;
}

/** `Date` is cut to seconds (RFC 9110 section 6.6.1). */
const CUT_MS = 1_000;
/** A difference that is smaller is none: adapters look a few seconds further back than they must. */
const TOLERATED_MS = 2_000;
/** An answer that was under way for longer tells too little. */
const LONGEST_MS = 5_000;
/** What writes `Date` and what writes the times of runs may be two machines of the vendor, whose clocks are not quite the same. */
const MACHINES_APART_MS = 250;
/** How far off a clock may be that no answer has told of. */
const UNTOLD_MS = 60_000;

/** Differences that are remembered: whoever asks about a time asks about one of the last minutes, or days. */
const MOST_KEPT = 10;
/** Answers that are remembered, and how many of them bound one time: either clock may be put right by little, so those right before it count. */
const MOST_NOTES = 64;
const MOST_BOUNDS = 8;

interface Told {
  /** The time of ours from which it was told. */
  readonly fromMs: number;
  readonly aheadMs: number;
}

/** What one answer tells: the difference is not less than this, and not more than that. */
interface Bounds {
  readonly atMs: number;
  readonly leastMs: number;
  readonly mostMs: number;
}

export function createVendorClock(): VendorClock {
  /** The first holds for all that was before. Oldest first. */
  const told: Told[] = [];
  /** The same of the last answers. */
  const notes: Bounds[] = [];

  // A clock that was put right meanwhile, theirs or ours, did not show then what it shows now.
  const toldOf = (ours: Date): Told | undefined => told.findLast(({ fromMs }) => fromMs <= ours.getTime()) ?? told[0];

  /** What the answers right before a time agree on; of one before all of them the first. Null when there was none. */
  function boundsOf(ours: Date): Bounds | null {
    const before = notes.filter(({ atMs }) => atMs <= ours.getTime()).slice(-MOST_BOUNDS);
    const [newest = notes[0] ?? null, ...older] = before.toReversed();
    let agreed = newest;
    for (const { leastMs, mostMs } of older) {
      if (agreed === null || leastMs > agreed.mostMs || mostMs < agreed.leastMs) break;
      agreed = { ...agreed, leastMs: Math.max(leastMs, agreed.leastMs), mostMs: Math.min(mostMs, agreed.mostMs) };
    }
    return agreed;
  }

  return {
    note(headers, askedAt, answeredAt) {
      const date = Date.parse(headers["date"] ?? "");
      // One that was kept somewhere on the way, which is what an age says, tells of another time.
      const isKept = headers["age"] !== undefined && headers["age"].trim() !== "0";
      if (Number.isNaN(date) || isKept || answeredAt.getTime() - askedAt.getTime() > LONGEST_MS) return;
      // The vendor looked at its clock at some time in between.
      const [leastMs, mostMs] = [date - answeredAt.getTime(), date + CUT_MS - askedAt.getTime()];
      const isAbout = (ms: number): boolean => ms >= leastMs - TOLERATED_MS && ms <= mostMs + TOLERATED_MS;
      const atMs = answeredAt.getTime();
      notes.push({ atMs, leastMs, mostMs });
      if (notes.length > MOST_NOTES) notes.shift();
      const last = told.at(-1);
      if (last !== undefined && isAbout(last.aheadMs)) return;
      told.push({ fromMs: atMs, aheadMs: isAbout(0) ? 0 : Math.round((leastMs + mostMs) / 2) });
      if (told.length > MOST_KEPT) told.shift();
    },
    theirs: (ours) => new Date(ours.getTime() + (toldOf(ours)?.aheadMs ?? 0)),
    between(ours) {
      const bounds = boundsOf(ours);
      const [leastMs, mostMs] =
        bounds === null
          ? [-UNTOLD_MS, UNTOLD_MS]
          : [bounds.leastMs - MACHINES_APART_MS, bounds.mostMs + MACHINES_APART_MS];
      return {
        earliest: new Date(ours.getTime() + leastMs),
        latest: new Date(ours.getTime() + mostMs),
        isKnown: bounds !== null,
      };
    },
  };
}
