// What Stuut says when something goes wrong, as facts: error bodies, and why a sync failed. Codes by HTTP status are the wire's.
import { ErrorCode } from "../../domain/errors.ts";
import type { ErrorReading } from "../../domain/provider-port.ts";
import { SyncErrorCode } from "../../domain/sync.ts";
import type { SyncError } from "../../domain/sync.ts";
import { classifyFailure } from "../../wire/classify-failure.ts";
import type { FailureKind } from "../../wire/classify-failure.ts";
import { filledText as filled, isRecord } from "../../wire/read-reply.ts";
import type { Redactor } from "../../wire/redact.ts";

/** Failures named in a sentence; a body may list many. */
const FAILURES_TOLD = 3;
/** Some may say nothing. */
const FAILURES_READ = 20;
/** The object is locked: like a conflict, it passes when what goes on has ended. */
const LOCKED = 423;

/**
 * Reads `{"detail": "..."}` and `{"detail": [{"loc", "msg", "type"}]}`, the shapes of the framework the service looks like: the vendor
 * documents none. A body that is no JSON is its own message.
 */
export function readError(httpStatus: number, body: unknown): ErrorReading {
  const message = typeof body === "string" ? filled(body) : isRecord(body) ? detailOf(body) : null;
  return httpStatus === LOCKED ? { message, code: ErrorCode.ProviderConflict } : { message };
}

/** Why a sync failed. */
export function syncErrorOf(error: string | null, redact: Redactor): SyncError {
  const sentence = error ?? "";
  return classifyFailure(redact(sentence) || "Stuut gave no reason", sentence, KINDS);
}

/** What the sentences speak about, first match wins. The texts come from the customer's system and are not documented. */
const KINDS: readonly FailureKind[] = [
  {
    words:
      /rate.?limit|(?:request|call|api).{0,9}limit|throttl|too many requests|time[d ]?.?out|temporar|unavailable|unreachable|try again|connection (?:reset|refused|closed)|\b(?:429|50[234])\b/i,
    code: SyncErrorCode.Transient,
    retryable: true,
    advice: "This often passes: start the sync again later.",
  },
  {
    words:
      /credential|unauthori[sz]ed|authenticat|authori[sz]ation|forbidden|permission|expired|revoked|invalid_grant|(?:access|refresh|bearer|api|invalid).?token|api.?key|password|\b(?:log|sign).?in\b|\b40[13]\b/i,
    code: SyncErrorCode.Auth,
    retryable: false,
    advice: "Have the connection authenticated again in Stuut, then start the sync again.",
  },
  {
    words:
      /not (?:enabled|supported|configured|set up)|configuration|disabled|no such (?:table|object)|unknown (?:field|column)/i,
    code: SyncErrorCode.Config,
    retryable: false,
    advice: "Check the model's settings in Stuut and what the customer's system offers.",
  },
  {
    words: /invalid|validation|required|duplicate|malformed|constraint|cannot parse|\b4(?:00|22)\b/i,
    code: SyncErrorCode.Data,
    retryable: false,
    advice: "Correct the records the customer's system names, then start the sync again.",
  },
  {
    words: /internal|server error|unexpected|\b500\b/i,
    code: SyncErrorCode.Vendor,
    retryable: true,
    advice: "Start the sync again; if it fails in the same way, ask Stuut with the id of the sync.",
  },
];

function detailOf(body: Readonly<Record<string, unknown>>): string | null {
  const { detail } = body;
  if (!Array.isArray(detail)) return filled(detail) ?? filled(body["message"]);
  const failures = detail
    .slice(0, FAILURES_READ)
    .map(failureOf)
    .filter((failure) => failure !== null);
  return filled(failures.slice(0, FAILURES_TOLD).join("; "));
}

/** `["path", "connection_id"]` and `field required` become `connection_id: field required`. */
function failureOf(failure: unknown): string | null {
  if (!isRecord(failure)) return filled(failure);
  const sentence = filled(failure["msg"]);
  const location: readonly unknown[] = Array.isArray(failure["loc"]) ? failure["loc"] : [];
  const field = location.slice(1).map(String).join(".");
  return sentence === null || field === "" ? sentence : `${field}: ${sentence}`;
}
