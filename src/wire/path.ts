// Makes request paths from templates. Whatever is inserted stays one segment; the rest of the URL is the client's business.
import { ErrorCode } from "../domain/errors.ts";
import { providerFailure } from "./provider-failure.ts";

/**
 * Tagged template for request paths: every inserted value is percent-encoded, so no id can leave its segment.
 *
 * @throws ProviderError `PROVIDER_NOT_FOUND`, not sent, when a value is empty, a dot segment, has control characters or is not
 *   well-formed text: an id that fits into no path cannot be one of the vendor's
 */
export type PathTemplate = (literals: TemplateStringsArray, ...values: readonly (string | number)[]) => string;

/** @param provider key of the configured provider, for errors */
export function pathFor(provider: string): PathTemplate {
  return (literals, ...values) => {
    const made = literals.reduce((text, literal, index) => {
      const value = values[index - 1];
      return text + (value === undefined ? "" : encodeSegment(String(value), provider)) + literal;
    });
    // A literal dot next to an inserted one makes a dot segment that neither part shows.
    if (hasDotSegment(made)) throw refused(provider, "a dot segment");
    return made;
  };
}

/** Whether servers that normalise the path would leave a segment: `.` and `..`, also written `%2e`. */
export function hasDotSegment(text: string): boolean {
  return text.split("/").some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment));
}

function encodeSegment(value: string, provider: string): string {
  if (value === "") throw refused(provider, "an empty id");
  if (value === "." || value === "..") throw refused(provider, "a dot segment");
  if (/\p{Cc}/u.test(value)) throw refused(provider, "control characters");
  try {
    return encodeURIComponent(value);
  } catch {
    // Half of a surrogate pair has no percent-encoding.
    throw refused(provider, "broken text");
  }
}

const refused = (provider: string, what: string) =>
  providerFailure(`expected an id that fits into a path, got ${what}`, { code: ErrorCode.ProviderNotFound, provider });
