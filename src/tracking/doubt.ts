// Whether a failed request may have been carried out. What may have been done is never done again blindly.
import { ErrorCode, type ProviderError } from "../domain/errors.ts";

/** After these codes nobody can tell whether the vendor acted; after any other it read the request and refused. */
const DOUBTFUL: readonly ErrorCode[] = [
  ErrorCode.ProviderTimeout,
  ErrorCode.ProviderUnavailable,
  ErrorCode.ProviderBadResponse,
];

/** A conflict that may pass by itself is the vendor still working on the same key. */
export function isDoubtful({ code, retryable, sent }: ProviderError): boolean {
  return sent && (DOUBTFUL.includes(code) || (code === ErrorCode.ProviderConflict && retryable));
}

/** Answers that come from whoever knows the key, and not from the door. */
const OF_THE_START: readonly ErrorCode[] = [
  ErrorCode.ProviderRejected,
  ErrorCode.ProviderConflict,
  ErrorCode.ProviderNotFound,
];

/**
 * Whether the failure of a start that is sent again, under the vendor's own key, tells what became of the start. A repetition that never
 * left, or was turned away for its credentials or by a quota, says nothing about what the first request did.
 */
export function isLastWord(error: ProviderError): boolean {
  return error.sent && !isDoubtful(error) && OF_THE_START.includes(error.code);
}
