// Reads the body of Truto's refusals, and knows of which kind a run's failure is. Codes by HTTP status, redaction and cutting are the wire's.
import { z } from "zod";
import type { ErrorReading } from "../../domain/provider-port.ts";
import { ProviderError } from "../../domain/errors.ts";
import { SyncErrorCode } from "../../domain/sync.ts";
import type { FailureKind } from "../../wire/classify-failure.ts";
import { anyList, listOf } from "../../wire/list-fields.ts";
import { bodyText } from "../../wire/loose-fields.ts";
import { filledText } from "../../wire/read-reply.ts";

/** Failures named in a sentence; a body may list hundreds. */
const FAILURES_TOLD = 3;
/** Some may say nothing. */
const FAILURES_READ = 20;

/** `raw_response` is left out on purpose: it is the connected product's answer and may hold customer data. */
const errorShape = z.object({
  message: bodyText.nullish().catch(null),
  error: bodyText.nullish().catch(null),
  details: z
    .object({ failures: anyList.catch([]) })
    .nullish()
    .catch(null),
});

/** The vendor's sentence: its message and, for validation errors, the first failures. */
export function readError(_httpStatus: number, body: unknown): ErrorReading {
  const parsed = errorShape.safeParse(body);
  if (!parsed.success) return { message: null };
  const { message, error, details } = parsed.data;
  const sentence = filledText(message) ?? filledText(error);
  const failures = (details?.failures ?? []).slice(0, FAILURES_READ).map(failureText);
  const told = failures
    .filter((failure) => failure !== null)
    .slice(0, FAILURES_TOLD)
    .join("; ");
  if (told === "") return { message: sentence };
  return { message: sentence === null ? told : `${sentence} (${told})` };
}

/** What the log's sentences speak about, first match wins. The texts are not documented, so this goes by plain words. */
export const FAILURE_KINDS: readonly FailureKind[] = [
  {
    words:
      /rate.?limit|too many requests|time[d ]?.?out|temporar|unavailable|try again|connection (?:reset|refused|closed)|\b(?:429|50[234])\b/i,
    code: SyncErrorCode.Transient,
    retryable: true,
    advice: "This often passes: start the job again later.",
  },
  {
    words:
      /credential|unauthori[sz]ed|authenticat|authori[sz]ation|forbidden|permission|expired|revoked|needs_reauth|invalid_grant|\b40[13]\b/i,
    code: SyncErrorCode.Auth,
    retryable: false,
    advice: "Have the linked account's owner connect it again or grant what is missing, then start the job again.",
  },
  {
    words: /not (?:enabled|supported|configured|found)|configuration|subscription|scope|unknown resource|\b404\b/i,
    code: SyncErrorCode.Config,
    retryable: false,
    advice: "Check the sync job's resources and what the customer's plan of the product offers.",
  },
  {
    words: /invalid|validation|required|duplicate|malformed|cannot parse|\b4(?:00|22)\b/i,
    code: SyncErrorCode.Data,
    retryable: false,
    advice: "Correct the arguments or the records that the log names, then start the job again.",
  },
  {
    words: /internal|server error|unexpected|unknown error|\b500\b/i,
    code: SyncErrorCode.Vendor,
    retryable: true,
    advice: "Start the job again; if it fails in the same way, ask Truto with the id of the run.",
  },
];

const SUBJECT_FIRST = /(?<![\w-])["'`]?status["'`]?(?: field)?(?::| is| was)? (?:a )?(?:required|missing)\b/i;
const SUBJECT_LAST = /\b(?:required|missing)(?: (?:property|field|parameter))?:? ["'`]?status["'`]?(?![\w-])/i;

/**
 * Whether a start was refused only because it lacked `status`. One vendor document demands the field and another does not know it.
 * Such a refusal is certain: nothing was started.
 */
export function demandsStatus(error: unknown): boolean {
  if (!(error instanceof ProviderError)) return false;
  if (error.httpStatus !== 400 && error.httpStatus !== 422) return false;
  return SUBJECT_FIRST.test(error.message) || SUBJECT_LAST.test(error.message);
}

const failureShape = z.union([
  bodyText,
  z.object({
    message: bodyText,
    path: z
      .union([bodyText, listOf(z.union([bodyText, z.number()]))])
      .nullish()
      .catch(null),
    field: bodyText.nullish().catch(null),
  }),
]);

function failureText(failure: unknown): string | null {
  const parsed = failureShape.safeParse(failure);
  if (!parsed.success) return null;
  if (typeof parsed.data === "string") return filledText(parsed.data);
  const { message, path, field } = parsed.data;
  const place = filledText(typeof path === "string" ? path : path?.join(".")) ?? filledText(field);
  return place === null ? filledText(message) : `${place}: ${message}`;
}
