// Time as a port, so that tests own it.

export interface Clock {
  now(): Date;
  /** Resolves after that many milliseconds; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
