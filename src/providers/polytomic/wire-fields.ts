// What the parsers of Polytomic's answers are put together from. Which answers there are is said in `wire-types.ts` and `wire-schema.ts`.
import { z } from "zod";
import type { ProviderError } from "../../domain/errors.ts";
import type { ItemReader, UnreadList } from "../../wire/ask.ts";
import { anyList, readableOf } from "../../wire/list-fields.ts";
import { countOf, bodyText, exactText, filledLine, lineText, orAbsent } from "../../wire/loose-fields.ts";
import { nextPage } from "../../wire/next-page.ts";
import { badResponse, isRecord, parseReply, typeName } from "../../wire/read-reply.ts";
import type { ReplySource } from "../../wire/read-reply.ts";
import { shareableJson, shareableObject } from "../../wire/shareable-json.ts";
import { timeOf } from "../../wire/times.ts";

// Ids and status words are needed: a wrong type there is an error. Everything else becomes null.
export const id = exactText;
export const looseId = exactText.nullable().catch(null);
export const needed = filledLine;
export const line = lineText;
export const text = lineText.nullable().catch(null);
/** A text with lines of its own. */
export const body = bodyText.nullable().catch(null);
export const flag = z.boolean().nullable().catch(null);
export const count = z.union([z.number(), lineText]).transform(countOf).nullable().catch(null);
export const textOrNumber = z.union([lineText, z.number()]).transform(String).nullable().catch(null);
export const time = tolerant(timeOf);
// Free-form objects are the customer's own: a name that promises a secret is all there is to go by.
export const json = tolerant((value) => shareableJson(value));
export const jsonObject = tolerant((value) => shareableObject(value));

/** A field that is read by a total function, present or not. */
export function tolerant<Output>(read: (value: unknown) => Output) {
  return z.unknown().optional().transform(read);
}

/** The entries that can be read; absent is an empty list. */
export function listOf<Schema extends z.ZodType>(entry: Schema) {
  return orAbsent(readableOf(entry)).transform((entries) => entries ?? []);
}

/** The same where anything that is not a list is an empty one. */
export function looseListOf<Schema extends z.ZodType>(entry: Schema) {
  return tolerant((value): readonly unknown[] => (Array.isArray(value) ? value : [])).pipe(readableOf(entry));
}

const envelope = z.object({ data: anyList.nullable(), pagination: z.unknown().optional() });

export interface PolytomicPage extends UnreadList {
  /** Null on the last page. An error where it is named in a way nobody can read. */
  readonly next: string | null | ProviderError;
}

/**
 * The page in a list's body. Its `data` may be null, which is an empty list; a body without `data` says nothing and is refused, else a broken
 * answer would pass for "none".
 */
export function readPage(reply: unknown, source: ReplySource): PolytomicPage {
  const { data, pagination: pages } = parseReply(envelope, reply, source);
  return { items: data ?? [], place: "data", next: tokenIn(pages, source) };
}

function tokenIn(pagination: unknown, source: ReplySource): PolytomicPage["next"] {
  if (pagination === undefined || pagination === null) return null;
  if (!isRecord(pagination))
    return badResponse(source, { field: "pagination", expected: "an object", got: typeName(pagination) });
  return nextPage(pagination["next_page_token"], source, "pagination.next_page_token");
}

/** The reader of a list's entries. */
export const itemReader =
  <Schema extends z.ZodType>(shape: Schema): ItemReader<z.output<Schema>> =>
  (item, source, place) =>
    parseReply(shape, item, source, place);
