// How far looking for runs has come, as it is kept from one look to the next.
import type { ErrorCode } from "./errors.ts";
import type { UnreadRest } from "./provider-port.ts";

/** A stretch of time whose runs were not all read, and how far that has come. */
export interface DiscoveryGap {
  /** Runs that began in between are read. */
  readonly since: Date;
  readonly until: Date;
  /** Runs from then on are not known yet; null when the stretch is only looked over again. */
  readonly unreadSince: Date | null;
  /** Where to go on; null begins anew. */
  readonly rests: readonly UnreadRest[] | null;
  /** Pages read so far, those of a beginning that led nowhere among them. */
  readonly pages: number;
  /** Whether it is of the time before the gateway first looked. */
  readonly history: boolean;
  /** Looks in a row that failed in the same place of it, while others could be read. A gateway of the version before leaves it out. */
  readonly failures?: number;
}

/** How far looking for runs has come. */
export interface DiscoveryProgress {
  /** When the last look at the newest runs began. */
  readonly lookedAt: Date;
  /** What is left to read, newest first. */
  readonly gaps: readonly DiscoveryGap[];
  /** When the last day is looked over again. */
  readonly lookOverAt: Date;
  /** Times in a row that a list lacked runs which the gateway knows. */
  readonly doubts: number;
  /** What could not be read while the rest could, as it was last told, in epoch milliseconds; absent when there was nothing. */
  readonly told?: { readonly code: ErrorCode; readonly atMs: number };
}
