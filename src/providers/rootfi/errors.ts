// What RootFi says when something goes wrong, as facts: error bodies, and why a sync's jobs failed. Codes by HTTP status are the wire's.
import { ErrorCode } from "../../domain/errors.ts";
import type { ErrorReading } from "../../domain/provider-port.ts";
import { SyncErrorCode } from "../../domain/sync.ts";
import type { SyncError } from "../../domain/sync.ts";
import { classifyFailure } from "../../wire/classify-failure.ts";
import type { FailureKind } from "../../wire/classify-failure.ts";
import { LONGEST_FREE_TEXT } from "../../wire/free-text.ts";
import { filledText as filled, isRecord } from "../../wire/read-reply.ts";
import { capText } from "../../wire/redact.ts";
import type { Redactor } from "../../wire/redact.ts";

/** The vendor refuses to start a sync now; the HTTP status it comes with is not documented. */
const DENIED = "operation-denied";

/** Reads `{"error": {"message", "code", "field"}}`; a body that is no JSON is its own message. */
export function readError(_httpStatus: number, body: unknown): ErrorReading {
  if (typeof body === "string") return { message: filled(body) };
  const error = isRecord(body) ? body["error"] : null;
  if (!isRecord(error)) return { message: filled(error) };
  const code = filled(error["code"]);
  const field = filled(error["field"]);
  const details = [code, field === null ? null : `field ${field}`].filter((detail) => detail !== null).join(", ");
  const sentence = filled(error["message"]);
  const message = sentence !== null && details !== "" ? `${sentence} (${details})` : (sentence ?? filled(details));
  return code?.toLowerCase() === DENIED ? { message, code: ErrorCode.ProviderConflict } : { message };
}

/** Why a job failed. The vendor's `error` is a free-form object: its `message` where it has one, else its texts. */
export function jobErrorOf(error: unknown, redact: Redactor): SyncError {
  const { message, code } = isRecord(error) ? error : { message: error, code: null };
  const texts = isRecord(error) ? Object.values(error) : [];
  const all = texts.map(filled).filter((text) => text !== null);
  const sentence = filled(message) ?? all.join("; ");
  return classifyFailure(redact(sentence) || "RootFi gave no reason", `${filled(code) ?? ""} ${sentence}`, KINDS);
}

/** Whether a job failed because somebody cancelled it. No document shows such a code (inferred). */
export const isCancelled = (error: unknown): boolean => isRecord(error) && /cancel/i.test(filled(error["code"]) ?? "");

/**
 * Why a sync failed: RootFi says it only of the jobs, so one failed job speaks for all. The first may be a parent that only says that
 * its children failed, so one that speaks of a known kind of failure is preferred.
 */
export function syncErrorOf(jobErrors: readonly SyncError[], jobs: number): SyncError {
  const first = jobErrors.find(({ code }) => code !== SyncErrorCode.Unknown) ?? jobErrors[0];
  if (first === undefined) return classifyFailure("RootFi ended the sync as failed; no job says why", "", KINDS);
  return {
    ...first,
    message: capText(`${jobErrors.length} of ${jobs} jobs failed: ${first.message}`, LONGEST_FREE_TEXT),
  };
}

/** What the sentences speak about, first match wins. The texts are not documented, so this goes by plain words. */
const KINDS: readonly FailureKind[] = [
  {
    words:
      /rate.?limit|limit reached|too many requests|time[d ]?.?out|temporar|unavailable|try again|\b(?:429|50[234])\b/i,
    code: SyncErrorCode.Transient,
    retryable: true,
    advice: "This often passes: start the sync again later.",
  },
  {
    words:
      /credential|unauthori[sz]ed|authenticat|authori[sz]ation|forbidden|permission|expired|disconnected|invalid_grant|\b40[13]\b/i,
    code: SyncErrorCode.Auth,
    retryable: false,
    advice: "Ask the customer to connect the integration again through an invite link, then start the sync again.",
  },
  {
    words: /not (?:enabled|supported|configured)|configuration|subscription|feature|scope|sync.?config/i,
    code: SyncErrorCode.Config,
    retryable: false,
    advice: "Check the data model's sync config in RootFi and what the customer's plan of the platform offers.",
  },
  {
    words: /invalid|validation|required|duplicate|malformed|constraint|cannot parse|\b4(?:00|22)\b/i,
    code: SyncErrorCode.Data,
    retryable: false,
    advice: "Correct the records the platform names, then start the sync again.",
  },
  {
    words: /internal|server error|unexpected|unknown error|\b500\b/i,
    code: SyncErrorCode.Vendor,
    retryable: true,
    advice: "Start the sync again; if it fails in the same way, ask RootFi with the id of the sync.",
  },
];
