// Notices that the clock all gateways go by was set back, while this one runs or before it started, and has put right what was written by it.
import { reasonOf } from "../domain/reason.ts";
import type { Store } from "../domain/store-port.ts";
import type { TrackingLog } from "../tracking/tools.ts";

export interface TimeWatch {
  /** To be told the time, by the clock that all gateways go by, every few seconds. */
  look(now: Date): Promise<void>;
}

/** The latest time is written down this often. */
const NOTED_EVERY_MS = 10_000;
/** Less is what clocks are put right by all the time. */
const TOLERATED_MS = 5_000;
/** Other gateways find out within this time, and until then go on writing times that have not come. */
const SETTLES_WITHIN_MS = 15_000;

/** @param changed to be called when it was set back, after what is stored was put right */
export function createTimeWatch(
  { store, log }: { readonly store: Pick<Store, "timekeeping">; readonly log: TrackingLog },
  changed: () => void,
): TimeWatch {
  let last: Date | null = null;
  let notedAt: Date | null = null;
  /** When to look once more at what others wrote meanwhile, and by how much their clock is ahead; null while nothing has happened. */
  let unsettled: { readonly until: Date; readonly aheadMs: number } | null = null;

  async function tell(now: Date, aheadMs: number | null): Promise<void> {
    const backMs = await store.timekeeping.tell(now, aheadMs);
    notedAt = now;
    if (backMs !== null) {
      const what = "the clock was set back: what was due, leased or seen by it is looked at again";
      log.warn({ backMs }, what);
    }
  }

  return {
    async look(now) {
      const aheadMs = last === null ? 0 : last.getTime() - now.getTime();
      const wentBack = aheadMs > TOLERATED_MS;
      if (wentBack) unsettled = { until: new Date(now.getTime() + SETTLES_WITHIN_MS), aheadMs };
      const isSettled = unsettled !== null && now >= unsettled.until;
      const isLate = notedAt === null || now.getTime() - notedAt.getTime() >= NOTED_EVERY_MS;
      last = now;
      if (!wentBack && !isSettled && !isLate) return;
      try {
        // Nobody plans for so long ahead, but by a clock that is.
        await tell(now, isSettled && unsettled !== null ? unsettled.aheadMs / 2 : null);
        if (isSettled) unsettled = null;
      } catch (error) {
        // Told again with the next look.
        last = notedAt ?? now;
        log.warn({ error: reasonOf(error) }, "the time could not be noted");
      }
      if (wentBack || isSettled) changed();
    },
  };
}
