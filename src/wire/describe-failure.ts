// A failure's facts -> the error callers see. Everything a vendor said passes through the redactor here.
import { ErrorCode, ProviderError } from "../domain/errors.ts";
import type { HttpRequest } from "./http-client.ts";
import type { Redactor } from "./redact.ts";
import { capText } from "./redact.ts";
import { beginningOf } from "./free-text.ts";
import { oneLine } from "./visible-text.ts";
import type { TryFailure } from "./try-result.ts";

/** How many characters of the vendor's own words a message holds at most. */
const VENDOR_TEXT_CHARACTERS = 256;
/** Paths hold ids that callers choose; a message has no room for a novel. */
const PATH_CHARACTERS = 200;

export interface FailureContext {
  readonly provider: string;
  readonly redact: Redactor;
  readonly longestRetryAfterMs: number;
}

/** Makes the error. @param sent whether any try of the request may have reached the vendor */
export function describeFailure(
  failure: TryFailure,
  request: Pick<HttpRequest, "method" | "path">,
  sent: boolean,
  context: FailureContext,
): ProviderError {
  const { provider, redact } = context;
  const path = capText(oneLine(redact(request.path)), PATH_CHARACTERS);
  const words = beginningOf(failure.vendorText ?? "").trim();
  const said = capText(oneLine(redact(words)), VENDOR_TEXT_CHARACTERS);
  const message = `${provider}: ${request.method} ${path}: ${redact(failure.problem)}${said === "" ? "" : `: ${said}`}`;
  return new ProviderError(message, {
    code: failure.code,
    provider,
    httpStatus: failure.httpStatus,
    retryable: failure.retryable,
    retryAfterMs: failure.retryAfterMs === null ? null : Math.min(failure.retryAfterMs, context.longestRetryAfterMs),
    sent,
    cause: failure.cause === undefined ? undefined : cleanCause(failure.cause, redact),
  });
}

/** For what should not happen: a defect on this side is still a `ProviderError` to the caller. */
export function describeDefect(
  cause: unknown,
  request: Pick<HttpRequest, "method" | "path">,
  context: FailureContext,
): ProviderError {
  const message = `${context.provider}: ${request.method} ${context.redact(request.path)}: expected to send a request, got a defect`;
  return new ProviderError(message, {
    code: ErrorCode.Internal,
    provider: context.provider,
    httpStatus: null,
    retryable: false,
    retryAfterMs: null,
    sent: true,
    cause: cleanCause(cause, context.redact),
  });
}

/** Keeps what helps to find the reason. The original may hold raw bytes of the vendor's answer and would end up in a log. */
function cleanCause(cause: unknown, redact: Redactor): Error {
  if (!(cause instanceof Error)) return new Error(capText(redact(String(cause)), VENDOR_TEXT_CHARACTERS));
  const code = "code" in cause && typeof cause.code === "string" ? `${cause.code}: ` : "";
  const clean = new Error(capText(oneLine(redact(beginningOf(`${code}${cause.message}`))), VENDOR_TEXT_CHARACTERS));
  clean.name = cause.name;
  return clean;
}
