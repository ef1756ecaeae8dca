// Time as a port, so that tests own it.

export interface Clock {
  now(): Date;
  /** Resolves after that many milliseconds; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The last moment that a vendor's time may stand for: one without parts of a second may have been cut to seconds. */
export const lastMomentOf = (time: Date): Date =>
  time.getTime() % 1_000 === 0 ? new Date(time.getTime() + 999) : time;
