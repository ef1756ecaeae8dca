// How long a gateway that was told to stop waits for what still runs: a while for its end, a moment for its being given up.
import type { Clock } from "../domain/clock.ts";

/** Longer than vendors usually take to answer. */
const FINISH_WITHIN_MS = 8_000;
/** Who waited for what was given up is told so within this time. */
const TELL_WITHIN_MS = 2_000;

export interface Impatience {
  /** Called when work has taken too long. */
  readonly giveUp: () => void;
  readonly clock: Clock;
}

/**
 * Waits for work, and loses patience with it in two steps.
 *
 * @param work its signal aborts when what was given up has not ended either
 */
export async function withPatience(
  { giveUp, clock }: Impatience,
  work: (patience: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const ended = new AbortController();
  const patience = new AbortController();
  const lose = async (): Promise<void> => {
    await clock.sleep(FINISH_WITHIN_MS, ended.signal);
    giveUp();
    await clock.sleep(TELL_WITHIN_MS, ended.signal);
    patience.abort();
  };
  // Rejects when the work has ended first.
  void lose().catch(() => undefined);
  try {
    await work(patience.signal);
  } finally {
    ended.abort();
  }
}
