// Provider errors that do not come from an HTTP answer: what an adapter finds out by itself. Those of answers are in `describe-failure.ts`.
import { ErrorCode, ProviderError } from "../domain/errors.ts";
import type { ProviderFailureFacts } from "../domain/errors.ts";

type NeededFacts = Pick<ProviderFailureFacts, "code" | "provider">;

/**
 * A failure in our own words, behind the provider's key. Facts that are not given are the careful ones of a call that was never
 * made: no HTTP status, not retryable, not sent.
 */
export function providerFailure(sentence: string, facts: NeededFacts & Partial<ProviderFailureFacts>): ProviderError {
  const careful = { httpStatus: null, retryable: false, retryAfterMs: null, sent: false };
  return new ProviderError(`${facts.provider}: ${sentence}`, { ...careful, ...facts });
}

/**
 * An object the vendor does not have.
 *
 * @param what what is missing, in words: `sync job "42"`
 * @param sent whether the vendor was asked
 */
export function notFound(provider: string, what: string, sent: boolean): ProviderError {
  return providerFailure(`there is no ${what}`, { code: ErrorCode.ProviderNotFound, provider, sent });
}

/** Whether a call failed because the vendor has no such object. */
export function isNotFound(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.code === ErrorCode.ProviderNotFound;
}

/** The same failure with some facts, or its message, told better. */
export function failureWith(
  error: ProviderError,
  changes: Partial<ProviderFailureFacts> & { readonly message?: string },
): ProviderError {
  const { code, provider, httpStatus, retryable, retryAfterMs, sent, cause } = error;
  const { message = error.message, ...facts } = changes;
  return new ProviderError(message, { code, provider, httpStatus, retryable, retryAfterMs, sent, cause, ...facts });
}
