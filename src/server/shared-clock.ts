// The time that all gateways on one database go by: the machine's, put right by the database's. What one gateway writes down, such as
// the end of a lease or when a run is due, is compared with the time of another, and the clocks of two machines may differ by anything.
import type { Clock } from "../domain/clock.ts";
import type { TrackingLog } from "../tracking/tools.ts";

export interface SharedClock extends Clock {
  /**
   * Puts the time right and keeps it right.
   *
   * @param read asks the database for its time; null when it has no clock but this machine's
   * @param told is told that time each time it was asked for, after the clock was put right by it
   * @returns the call that ends it
   */
  follow(read: () => Promise<Date | null>, told?: (now: Date) => Promise<void>): Promise<() => void>;
}

const COMPARED_EVERY_MS = 2_000;
/** A difference that nobody can tell from the way to the database and back is none; leases are ten seconds long. */
const TOLERATED_MS = 500;

/** Until it follows a database it is the machine's clock. */
export function createSharedClock(own: Clock, log: TrackingLog): SharedClock {
  let aheadMs = 0;

  async function compare(read: () => Promise<Date | null>): Promise<Date> {
    const askedMs = own.now().getTime();
    const database = await read();
    if (database !== null) putRight(askedMs, database);
    return database ?? own.now();
  }

  function putRight(askedMs: number, database: Date): void {
    // The database looked at its clock at some time in between.
    const answeredMs = own.now().getTime();
    const [least, most] = [askedMs - database.getTime(), answeredMs - database.getTime()];
    if (aheadMs >= least - TOLERATED_MS && aheadMs <= most + TOLERATED_MS) return;
    aheadMs = Math.round((least + most) / 2);
    log.warn({ aheadMs }, "this machine's clock and the database's differ; the database's time is used");
  }

  return {
    now: () => (aheadMs === 0 ? own.now() : new Date(own.now().getTime() - aheadMs)),
    sleep: (ms, signal) => own.sleep(ms, signal),
    async follow(read, told = () => Promise.resolve()) {
      const ended = new AbortController();
      // Without an answer the time stays as it was: it was right ten seconds ago.
      const look = () =>
        compare(read)
          .then(told)
          .catch(() => undefined);
      await look();
      void (async () => {
        while (!ended.signal.aborted) {
          await own.sleep(COMPARED_EVERY_MS, ended.signal).catch(() => undefined);
          if (!ended.signal.aborted) await look();
        }
      })();
      return () => ended.abort();
    },
  };
}
