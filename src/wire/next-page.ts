// How an answer names the next page. A name that is there and cannot be read would end a list early and silently: it is an error, and the page is kept.
import { ProviderError } from "../domain/errors.ts";
import { isAsSent } from "./foreign-text.ts";
import { badResponse, typeName } from "./read-reply.ts";
import type { ReplySource } from "./read-reply.ts";

export interface NextPageOptions {
  /** Whole numbers are cursors too. Default: they are not. */
  readonly numbers?: boolean;
  /** What is sent back, out of what was written. May throw what `badResponse` gives. Default: the same. */
  readonly read?: (cursor: string) => string;
}

/**
 * What to ask for next: null when this was the last page, which absence, null and an empty text say.
 *
 * @param field where in the answer it is: `pagination.next_page_token`
 */
export function nextPage(
  value: unknown,
  source: ReplySource,
  field: string,
  { numbers = false, read = (cursor) => cursor }: NextPageOptions = {},
): string | null | ProviderError {
  if (value === undefined || value === null || value === "") return null;
  const isNumber = numbers && Number.isSafeInteger(value);
  if (typeof value !== "string" && !isNumber)
    return badResponse(source, { field, expected: "a cursor or null", got: typeName(value) });
  const cursor = String(value);
  if (!isAsSent(cursor)) {
    const got = "one with control characters or secrets";
    return badResponse(source, { field, expected: "a cursor", got });
  }
  try {
    return read(cursor);
  } catch (error) {
    if (error instanceof ProviderError) return error;
    throw error;
  }
}
