// What Polytomic says when something goes wrong, as facts: error bodies of all its versions, the reasons of failed runs.
// Which error code an HTTP status means is decided by the wire.
import { ErrorCode } from "../../domain/errors.ts";
import type { ProviderError } from "../../domain/errors.ts";
import type { ErrorReading } from "../../domain/provider-port.ts";
import { SyncErrorCode } from "../../domain/sync.ts";
import type { SyncError } from "../../domain/sync.ts";
import { classifyFailure } from "../../wire/classify-failure.ts";
import type { FailureKind } from "../../wire/classify-failure.ts";
import { failureWith } from "../../wire/provider-failure.ts";
import { filledText, isRecord } from "../../wire/read-reply.ts";
import type { Redactor } from "../../wire/redact.ts";

/**
 * Reads an error body: `{status, key, message, metadata}` today, `{code, error, status, context}` and `{error: {message}}` in older
 * versions, HTML from a gateway in front. `metadata` and `context` are free-form and may hold record data, so they are not read.
 */
export function readError(httpStatus: number, body: unknown): ErrorReading {
  const message = typeof body === "string" ? textOf(body) : (sentenceOf(body) ?? null);
  if (message !== null && REFUSING.has(httpStatus) && INACTIVE.test(message)) {
    return { message, code: ErrorCode.DefinitionInactive };
  }
  return { message };
}

/**
 * Tells the two conflicts of a request under an idempotency key apart, which the vendor documents under one status: its state forbids it
 * (a run of the sync goes on), or the first request with this key has no outcome yet. Only in the second case does the same request get
 * another answer by itself.
 */
export function keyConflict(error: ProviderError): ProviderError {
  const keyInFlight = /idempoten|in[ -]flight|same key/i.test(error.message);
  if (error.code !== ErrorCode.ProviderConflict || !keyInFlight) return error;
  return failureWith(error, { retryable: true, sent: true, cause: error });
}

/**
 * The failure of a request that carried a secret of the customer's: without the vendor's words, should any of the secret be in them. The
 * wire knows only the credentials, and a sentence that was cut may end in the middle of a secret.
 */
export function withoutSecret(error: ProviderError, operation: string, secret: unknown): ProviderError {
  const vendorsWords = error.message.replace(/^.{0,400}?: expected success, got \d{3}/, "");
  const told = [vendorsWords, error.cause instanceof Error ? error.cause.message : ""].join("\n");
  if (typeof secret !== "string" || !mayRepeat(told, secret)) return error;
  const got = error.httpStatus === null ? "no answer" : error.httpStatus;
  const message = `${error.provider}: ${operation}: expected success, got ${got}; the reason is left out, because it may repeat a secret`;
  return failureWith(error, { message, cause: undefined });
}

/** The `errors` of an execution as one error; null when there are none. */
export function runErrorOf(messages: readonly string[], redact: Redactor): SyncError | null {
  const distinct = new Set(messages.map((text) => text.trim()).filter((text) => text !== ""));
  const message = redact([...distinct].join("; "));
  return message === "" ? null : classifyFailure(message, message, KINDS);
}

/** Statuses by which the vendor may refuse to run an inactive sync; which one it is, is not documented. */
const REFUSING: ReadonlySet<number> = new Set([400, 409, 422]);
const INACTIVE = /\bsync\b.{0,40}\b(?:inactive|not active|not enabled|disabled|paused)\b|\binactive sync\b/i;

/** What the vendor's sentences speak about, first match wins. The texts are not documented, so this goes by plain words. */
const KINDS: readonly FailureKind[] = [
  {
    words:
      /credential|unauthori[sz]ed|authenticat|permission|forbidden|access denied|invalid_(?:grant|session)|revoked|reconnect|(?<!(?:time.?out|deadline) (?:has )?)\bexpired|\blog ?in\b|\b40[13]\b/i,
    code: SyncErrorCode.Auth,
    retryable: false,
    advice: "Check the connection's credentials and permissions in Polytomic, then start the sync again.",
  },
  {
    words:
      /rate.?limit|too many requests|time[d ]?.?out|temporar|unavailable|connection (?:reset|refused|closed)|\b(?:429|50[234])\b/i,
    code: SyncErrorCode.Transient,
    retryable: true,
    advice: "This often passes: start the sync again later.",
  },
  {
    words:
      /(?:field|column|table|object|model|mapping|schema).{0,60}(?:not found|not exist|missing|unknown|removed|deleted)|unknown (?:field|column)/i,
    code: SyncErrorCode.Config,
    retryable: false,
    advice: "Compare the sync's fields and target with what the source and the target have now.",
  },
  {
    words: /duplicate|required field|invalid value|validation|constraint|too long|malformed/i,
    code: SyncErrorCode.Data,
    retryable: false,
    advice: "Correct the records that the target refuses, then start the sync again.",
  },
  {
    words: /internal (?:server )?error|server error|unexpected error|unknown error|something went wrong|\b500\b/i,
    code: SyncErrorCode.Vendor,
    retryable: true,
    advice: "Start the sync again later; if it fails again, ask Polytomic's support.",
  },
];

/** This much of a secret in a text is not there by chance. */
const TELLING = 5;

function mayRepeat(text: string, secret: string): boolean {
  const length = Math.min(TELLING, secret.length);
  if (length === 0) return false;
  const pieces = Array.from({ length: secret.length - length + 1 }, (_, from) => secret.slice(from, from + length));
  return pieces.some((piece) => text.includes(piece));
}

/** Today's `message`, then the older shapes, then the key alone. */
function sentenceOf(body: unknown): string | null {
  if (!isRecord(body)) return null;
  const { message, error, key } = body;
  const inner = isRecord(error) ? error["message"] : error;
  return filledText(message) ?? filledText(inner) ?? filledText(key);
}

/** A page's title, or a text that is no page. */
function textOf(body: string): string | null {
  const title = /<title[^>]{0,200}>([^<]{1,200})<\/title>/i.exec(body)?.[1]?.trim();
  const plain = /^\s*</.test(body) ? "" : body.trim();
  return (title ?? plain) || null;
}
