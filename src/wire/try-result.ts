// What one try came to. Facts only: whether to try again and what to tell the caller is decided by those who read them.
import { ErrorCode } from "../domain/errors.ts";
import { AddressRefusedError } from "./address-guard.ts";
import type { HttpResponse } from "./http-client.ts";

/** A try that did not end in a 2xx answer. */
export interface TryFailure {
  readonly code: ErrorCode;
  /** What was expected and what came; our own words. */
  readonly problem: string;
  /** The vendor's words, unredacted and uncut; null when there are none. */
  readonly vendorText: string | null;
  readonly httpStatus: number | null;
  readonly retryable: boolean;
  /** What the vendor asked for, uncut; null when it did not say. */
  readonly retryAfterMs: number | null;
  /** Whether sending a `safe` request again now may help. */
  readonly repeatable: boolean;
  /** Whether it failed while connecting, so that even a `once` request may be sent again. */
  readonly connecting: boolean;
  /** Whether it speaks against the vendor as a whole; what the circuit breaker counts. */
  readonly outage: boolean;
  /** Whether somebody on this side ended it; says nothing about the vendor. */
  readonly ended: boolean;
  /** Whether it got as far as the network. False for an open circuit and for a turn that would come too late. */
  readonly attempted: boolean;
  readonly cause: unknown;
}

export type TryResult =
  | { readonly ok: true; readonly response: HttpResponse }
  | { readonly ok: false; readonly failure: TryFailure };

/** Why a request ended before its answer. The reason its abort signal carries. */
export class EndedError extends Error {
  override readonly name = "EndedError";
  readonly why: "deadline" | "caller" | "closed";

  constructor(why: "deadline" | "caller" | "closed", cause?: unknown) {
    super(`ended by ${why}`, { cause });
    this.why = why;
  }
}

/** The body broke off after the headers had come. */
export class BodyCutError extends Error {
  override readonly name = "BodyCutError";
}

/** A failure with the facts that most failures share. */
export function tryFailure(code: ErrorCode, problem: string, facts: Partial<TryFailure> = {}): TryFailure {
  const defaults = {
    vendorText: null,
    httpStatus: null,
    retryable: false,
    retryAfterMs: null,
    repeatable: false,
    connecting: false,
    outage: false,
    ended: false,
    attempted: true,
    cause: undefined,
  };
  return { code, problem, ...defaults, ...facts };
}

/** The failure behind the end of a request. */
export function endedFailure(ended: EndedError, timeoutMs: number): TryFailure {
  switch (ended.why) {
    case "deadline":
      return tryFailure(ErrorCode.ProviderTimeout, `expected an answer within ${timeoutMs} ms, got none`, {
        retryable: true,
        outage: true,
      });
    case "caller":
      return tryFailure(ErrorCode.ProviderTimeout, "expected an answer, got ended by the caller", {
        retryable: true,
        ended: true,
        cause: ended.cause,
      });
    case "closed":
      return tryFailure(ErrorCode.ProviderUnavailable, "expected an answer, got ended because the client closes", {
        ended: true,
      });
  }
}

/** The failure behind an error of the transport. */
export function transportFailure(cause: unknown, sent: boolean): TryFailure {
  const code = errorCode(cause);
  if (cause instanceof AddressRefusedError) {
    return tryFailure(
      ErrorCode.ProviderUnavailable,
      `expected an address that may be connected to, got refused: ${cause.message}`,
      { cause },
    );
  }
  if (CERTIFICATE.test(code)) {
    return tryFailure(ErrorCode.ProviderUnavailable, `expected a trusted certificate, got ${code}`, {
      outage: true,
      cause,
    });
  }
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT") {
    const silence = code === "UND_ERR_BODY_TIMEOUT" ? "got silence in the middle of it" : "got none in time";
    return tryFailure(ErrorCode.ProviderTimeout, `expected an answer, ${silence}`, {
      retryable: true,
      outage: true,
      cause,
    });
  }
  if (code === "UND_ERR_HEADERS_OVERFLOW")
    return tryFailure(ErrorCode.ProviderBadResponse, "expected smaller headers", { cause });
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") return tooLarge(cause);
  if (cause instanceof Error && cause.name === "HTTPParserError") {
    return tryFailure(ErrorCode.ProviderBadResponse, "expected HTTP/1.1, got something else", { cause });
  }
  if (code === "UND_ERR_INVALID_ARG") {
    return tryFailure(ErrorCode.BadUserInput, "expected a request that can be sent, got a header or path that cannot", {
      cause,
    });
  }
  if (cause instanceof BodyCutError) {
    return tryFailure(ErrorCode.ProviderBadResponse, "expected a whole answer, got one that was cut short", {
      retryable: true,
      repeatable: true,
      cause,
    });
  }
  const passing = { retryable: true, repeatable: true, connecting: !sent, outage: true, cause };
  const expected = sent ? "expected an answer" : "expected a connection";
  return tryFailure(ErrorCode.ProviderUnavailable, `${expected}, got ${code === "" ? "none" : code}`, passing);
}

export function tooLarge(cause?: unknown): TryFailure {
  return tryFailure(ErrorCode.ProviderBadResponse, "expected a smaller answer, got one over the size cap", { cause });
}

/** Node's and OpenSSL's names for certificates that do not prove whom we talk to. */
const CERTIFICATE =
  /^(?:CERT_|ERR_TLS_CERT|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH)/;

/** The code of an error or of the first of its causes that has one; empty when none has. */
function errorCode(cause: unknown): string {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if ("code" in error && typeof error.code === "string") return error.code;
  }
  return "";
}
