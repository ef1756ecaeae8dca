// What every webhook's proof needs: comparing secrets without telling by the time taken, and reading a body that came from outside.
// Which header proves what is the vendor's business.
import { isUtf8 } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import type { ForeignText } from "./foreign-text.ts";
import { JSON_LIMITS } from "./limits.ts";
import { readShortJson } from "./read-json.ts";
import { UnreadableJsonError } from "./scan-json.ts";

/** A delivery is read in one step. */
const DELIVERY_LIMITS = { ...JSON_LIMITS, values: JSON_LIMITS.entryValues };

/**
 * Whether one of the given texts is one of the expected ones. All pairs are compared, each in a time that depends neither on where they
 * differ nor on how long they are, so that the time taken does not tell which secret fitted.
 */
export function isAmong(given: readonly string[], expected: readonly string[]): boolean {
  return given.flatMap((one) => expected.map((other) => isSame(one, other))).includes(true);
}

/**
 * The JSON of a delivery's body, its texts fit to be shown; undefined when the bytes are no text, or the text is no JSON, or too much of it:
 * genuine perhaps, and of no use.
 */
export function deliveredJson(body: Uint8Array, texts: ForeignText): unknown {
  if (!isUtf8(body)) return undefined;
  try {
    return readShortJson(body, DELIVERY_LIMITS, texts);
  } catch (error) {
    if (error instanceof UnreadableJsonError) return undefined;
    throw error;
  }
}

function isSame(one: string, other: string): boolean {
  const digest = (value: string): Buffer => createHash("sha256").update(value).digest();
  return timingSafeEqual(digest(one), digest(other));
}
