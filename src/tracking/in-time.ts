// An answer within a bound, for work that must not be broken off: what takes longer goes on, and its caller is told so.
import { reasonOf } from "../domain/reason.ts";
import type { TrackingTools } from "./tools.ts";

/** How long whoever asks for a change at a vendor waits at most: a start, a change of a definition, and all that goes before it. */
export const ANSWER_WITHIN_MS = 25_000;

/**
 * What the work gives, or what `late` gives when the work takes longer than `ANSWER_WITHIN_MS`. Nobody hears then how the work ends: it must
 * write that down itself.
 */
export async function answerInTime<T>(
  { clock, log }: Pick<TrackingTools, "clock" | "log">,
  work: Promise<T>,
  late: () => Promise<T>,
): Promise<T> {
  const settled = new AbortController();
  const bound = clock.sleep(ANSWER_WITHIN_MS, settled.signal).then(
    () => "late" as const,
    () => "settled" as const,
  );
  const answered = work.finally(() => settled.abort());
  if ((await Promise.race([answered.then(() => "settled" as const), bound])) === "settled") return answered;
  answered.catch((error: unknown) => {
    log.warn({ error: reasonOf(error) }, "work failed after its caller had been answered");
  });
  return late();
}
