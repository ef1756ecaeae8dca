// What a vendor's clock shows, as far as its answers tell. A vendor writes when its runs began by its own clock, which may differ from ours by
// anything: a time of ours is compared with one of its own only when it was translated.
export interface VendorClock {
  /** Takes notice of an answer's headers, with their names in lower case. */
  note(headers: Readonly<Record<string, string>>, askedAt: Date, answeredAt: Date): void;
  /** A time of ours as the vendor's clock shows it; the same until an answer has told of a difference. */
  theirs(ours: Date): Date;
}

/** `Date` is cut to seconds (RFC 9110 section 6.6.1). */
const CUT_MS = 1_000;
/** A difference that is smaller is none: adapters look a few seconds further back than they must. */
const TOLERATED_MS = 2_000;
/** An answer that was under way for longer tells too little. */
const LONGEST_MS = 5_000;

/** Differences that are remembered: whoever asks about a time asks about one of the last minutes, or days. */
const MOST_KEPT = 10;

export function createVendorClock(): VendorClock {
  /** Each with the time of ours from which it was told; the first holds for all that was before. Oldest first. */
  const told: { readonly fromMs: number; readonly aheadMs: number }[] = [];
  return {
    note(headers, askedAt, answeredAt) {
      const date = Date.parse(headers["date"] ?? "");
      // One that was kept somewhere on the way, which is what an age says, tells of another time.
      const isKept = headers["age"] !== undefined && headers["age"].trim() !== "0";
      if (Number.isNaN(date) || isKept || answeredAt.getTime() - askedAt.getTime() > LONGEST_MS) return;
      // The vendor looked at its clock at some time in between.
      const [least, most] = [date - answeredAt.getTime(), date + CUT_MS - askedAt.getTime()];
      const isAbout = (ms: number): boolean => ms >= least - TOLERATED_MS && ms <= most + TOLERATED_MS;
      const last = told.at(-1);
      if (last !== undefined && isAbout(last.aheadMs)) return;
      told.push({ fromMs: answeredAt.getTime(), aheadMs: isAbout(0) ? 0 : Math.round((least + most) / 2) });
      if (told.length > MOST_KEPT) told.shift();
    },
    // A clock that was put right meanwhile, theirs or ours, did not show then what it shows now.
    theirs(ours) {
      const then = told.findLast(({ fromMs }) => fromMs <= ours.getTime()) ?? told[0];
      return new Date(ours.getTime() + (then?.aheadMs ?? 0));
    },
  };
}
