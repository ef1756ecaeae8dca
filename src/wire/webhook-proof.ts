// What every webhook's proof needs: comparing secrets without telling by the time taken, and reading a body that came from outside.
// Which header proves what is the vendor's business.
import { createHash, timingSafeEqual } from "node:crypto";
import { readJson } from "./read-json.ts";

/** As deep as answers may be nested. */
const DEEPEST = 100;

/**
 * Whether one of the given texts is one of the expected ones. All pairs are compared, each in a time that depends neither on where they
 * differ nor on how long they are, so that the time taken does not tell which secret fitted.
 */
export function isAmong(given: readonly string[], expected: readonly string[]): boolean {
  return given.flatMap((one) => expected.map((other) => isSame(one, other))).includes(true);
}

/** The JSON of a delivery's body; undefined when the bytes are no text, or the text is no JSON: genuine perhaps, and of no use. */
export function deliveredJson(body: Uint8Array): unknown {
  try {
    return readJson(new TextDecoder("utf-8", { fatal: true }).decode(body), DEEPEST);
  } catch {
    return undefined;
  }
}

function isSame(one: string, other: string): boolean {
  const digest = (value: string): Buffer => createHash("sha256").update(value).digest();
  return timingSafeEqual(digest(one), digest(other));
}
