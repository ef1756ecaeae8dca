// The stream of one subscriber against the ledger's table: every transition it asked for, once, in order, as the table has it.
import type { StoredTransition } from "./ground-truth.ts";
import type { Breach } from "./history.ts";

/** A transition as a subscriber got it. */
export interface Frame {
  readonly place: number;
  readonly run: string;
  readonly to: string;
  /** When it came, in milliseconds since 1970. */
  readonly at: number;
}

export interface Stream {
  readonly subscriber: string;
  /** The place it began after. */
  readonly after: number;
  /** Whose transitions it asked for; null for all. */
  readonly provider: string | null;
  readonly frames: readonly Frame[];
}

export interface StreamReport {
  readonly breaches: readonly Breach[];
  readonly delivered: number;
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  /** Not in the table, not asked for, or there with another run or status. */
  readonly foreign: number;
}

/** @param table the tenant's ledger, in order, up to where the subscriber had time to come */
export function checkStream(stream: Stream, table: readonly StoredTransition[]): StreamReport {
  const wanted = new Map(
    table
      .filter(({ place, provider }) => place > stream.after && (stream.provider ?? provider) === provider)
      .map((one) => [one.place, one]),
  );
  const seen = new Set<number>();
  const counts = { doubled: 0, reordered: 0, foreign: 0 };
  let newest = stream.after;
  for (const { place, run, to } of stream.frames) {
    const row = wanted.get(place);
    if (row === undefined || row.run !== run || row.to !== to) counts.foreign += 1;
    if (seen.has(place)) counts.doubled += 1;
    else if (place < newest) counts.reordered += 1;
    seen.add(place);
    newest = Math.max(newest, place);
  }
  const lost = [...wanted.keys()].filter((place) => !seen.has(place)).length;
  const found = Object.entries({ lost, ...counts }).filter(([, count]) => count > 0);
  return {
    breaches: found.map(([what, count]) => ({
      check: "stream",
      subject: stream.subscriber,
      found: `${count} transitions ${what}`,
    })),
    delivered: stream.frames.length,
    lost,
    ...counts,
  };
}
