// Reads the body of Truto's refusals. What follows from it (codes by HTTP status, redaction, cutting) is left to the wire.
import { z } from "zod";
import type { ErrorReading } from "../../domain/provider-port.ts";
import { ProviderError } from "../../domain/errors.ts";
import { filledText } from "../../wire/read-reply.ts";

/** Failures named in a sentence; a body may list hundreds. */
const FAILURES_TOLD = 3;

/** `raw_response` is left out on purpose: it is the connected product's answer and may hold customer data. */
const errorShape = z.object({
  message: z.string().nullish().catch(null),
  error: z.string().nullish().catch(null),
  details: z
    .object({ failures: z.array(z.unknown()).catch([]) })
    .nullish()
    .catch(null),
});

/** The vendor's sentence: its message and, for validation errors, the first failures. */
export function readError(_httpStatus: number, body: unknown): ErrorReading {
  const parsed = errorShape.safeParse(body);
  if (!parsed.success) return { message: null };
  const { message, error, details } = parsed.data;
  const sentence = filledText(message) ?? filledText(error);
  const failures = (details?.failures ?? []).map(failureText).filter((failure) => failure !== null);
  const told = failures.slice(0, FAILURES_TOLD).join("; ");
  if (told === "") return { message: sentence };
  return { message: sentence === null ? told : `${sentence} (${told})` };
}

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
  z.string(),
  z.object({
    message: z.string(),
    path: z
      .union([z.string(), z.array(z.union([z.string(), z.number()]))])
      .nullish()
      .catch(null),
    field: z.string().nullish().catch(null),
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
