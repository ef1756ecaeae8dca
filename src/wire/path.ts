// Makes request paths from templates. Whatever is inserted stays one segment; the rest of the URL is the client's business.
import { ErrorCode, GatewayError } from "../domain/errors.ts";

/**
 * Tagged template for request paths: every inserted value is percent-encoded, so no id can leave its segment.
 *
 * @throws GatewayError `BAD_USER_INPUT` when a value is empty, a dot segment, has control characters or is not well-formed text
 */
export function path(literals: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  const made = literals.reduce((text, literal, index) => {
    const value = values[index - 1];
    return text + (value === undefined ? "" : encodeSegment(String(value))) + literal;
  });
  // A literal dot next to an inserted one makes a dot segment that neither part shows.
  if (hasDotSegment(made)) throw refused("a dot segment");
  return made;
}

/** Whether servers that normalise the path would leave a segment: `.` and `..`, also written `%2e`. */
export function hasDotSegment(text: string): boolean {
  return text.split("/").some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment));
}

function encodeSegment(value: string): string {
  if (value === "") throw refused("an empty id");
  if (value === "." || value === "..") throw refused("a dot segment");
  if (/\p{Cc}/u.test(value)) throw refused("control characters");
  try {
    return encodeURIComponent(value);
  } catch {
    // Half of a surrogate pair has no percent-encoding.
    throw refused("broken text");
  }
}

function refused(what: string): GatewayError {
  return new GatewayError(ErrorCode.BadUserInput, `expected an id that fits into a path, got ${what}`);
}
