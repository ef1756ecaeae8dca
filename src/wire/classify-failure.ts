// Tells from a failed run's sentence what kind of failure it is. Which words mean what is each provider's own table.
import { SyncErrorCode } from "../domain/sync.ts";
import type { SyncError } from "../domain/sync.ts";
import { beginningOf } from "./free-text.ts";

/** One kind of failure and the words by which sentences speak of it. */
export interface FailureKind extends Omit<SyncError, "message"> {
  readonly words: RegExp;
}

/**
 * The error of the first kind whose words match; of unknown kind when none does.
 *
 * @param message what people see; redacted already
 * @param words what is searched: the vendor's own sentence
 */
export function classifyFailure(message: string, words: string, kinds: readonly FailureKind[]): SyncError {
  const searched = beginningOf(words);
  const kind = kinds.find((candidate) => candidate.words.test(searched));
  return {
    message,
    code: kind?.code ?? SyncErrorCode.Unknown,
    retryable: kind?.retryable ?? false,
    advice: kind?.advice ?? null,
  };
}
