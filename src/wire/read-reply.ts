// Reads a vendor's JSON with a schema, and says precisely what is wrong with an answer that does not fit. What values mean is the provider's.
import type { z } from "zod";
import { ErrorCode } from "../domain/errors.ts";
import type { ProviderError } from "../domain/errors.ts";
import { providerFailure } from "./provider-failure.ts";

/** Which answer is being read, for the message when it cannot be. */
export interface ReplySource {
  /** Key of the configured provider. */
  readonly provider: string;
  /** Method and path: `GET /syncs/42`. */
  readonly request: string;
  readonly httpStatus: number;
}

/** What does not fit in an answer; never the value itself, which may be a secret. */
export interface ReplyProblem {
  /** Where: `data.3.id`. */
  readonly field: string;
  /** With its article: `a string`. */
  readonly expected: string;
  /** In words; `typeName` makes them. */
  readonly got: string;
}

/**
 * The body as the schema reads it. A schema that is a union says in its own `error` what it expects: `{ error: "an id" }`.
 *
 * @param place where in the answer the body is: `0.models.2`; empty for the whole
 * @throws ProviderError `PROVIDER_BAD_RESPONSE` that names the first field that does not fit
 */
export function parseReply<Shape extends z.ZodType>(
  shape: Shape,
  body: unknown,
  source: ReplySource,
  place = "",
): z.output<Shape> {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const steps = issue?.path ?? [];
  throw badResponse(source, {
    field:
      [place, ...steps]
        .map(String)
        .filter((step) => step !== "")
        .join(".") || "body",
    expected: issue === undefined ? "another value" : expectedBy(issue),
    got: typeName(valueAt(body, steps)),
  });
}

/** An answer that is JSON but cannot be understood. It was sent: whatever was asked for may have happened. */
export function badResponse({ provider, request, httpStatus }: ReplySource, problem: ReplyProblem): ProviderError {
  const { field, expected, got } = problem;
  return providerFailure(`${request}: expected "${field}" to be ${expected}, got ${got}`, {
    code: ErrorCode.ProviderBadResponse,
    provider,
    httpStatus,
    sent: true,
  });
}

/** The type of a value in words, for sentences that must not quote it. */
export function typeName(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (value === "") return "an empty string";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Whether a value out of a JSON parser is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text without blanks at its ends; null when there is none. */
export function filledText(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

const TYPES: Readonly<Record<string, string>> = { object: "an object", array: "a list", string: "a string" };

function expectedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") return TYPES[issue.expected] ?? `a ${issue.expected}`;
  return issue.code === "too_small" && issue.origin === "string" ? "a non-empty string" : issue.message;
}

function valueAt(body: unknown, steps: readonly PropertyKey[]): unknown {
  return steps.reduce<unknown>((value, step) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    return Reflect.get(value, step) as unknown;
  }, body);
}
