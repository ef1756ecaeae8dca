// What the parsers of Polytomic's answers are put together from. Which answers there are is said in `wire-types.ts` and `wire-schema.ts`.
import { z } from "zod";
import type { WirePage } from "../../wire/pages.ts";
import { promisesSecret, shareableJson, shareableObject } from "../../wire/shareable-json.ts";
import { timeOf } from "../../wire/times.ts";

// Ids and status words are needed: a wrong type there is an error. Everything else becomes null.
export const needed = z.string().min(1);
export const text = z.string().nullable().catch(null);
export const flag = z.boolean().nullable().catch(null);
export const count = z.number().int().nonnegative().nullable().catch(null);
export const textOrNumber = z.union([z.string(), z.number()]).transform(String).nullable().catch(null);
export const time = tolerant(timeOf);
// Free-form objects are the customer's own: a name that promises a secret is all there is to go by.
export const json = tolerant((value) => shareableJson(value, { withholds: promisesSecret }));
export const jsonObject = tolerant((value) => shareableObject(value, { withholds: promisesSecret }));

/** A field that is read by a total function, present or not. */
export function tolerant<Output>(read: (value: unknown) => Output) {
  return z.unknown().optional().transform(read);
}

/** The entries that can be read; anything that is not a list is an empty one. */
export function listOf<Schema extends z.ZodType>(entry: Schema) {
  return tolerant((value): readonly z.output<Schema>[] => {
    if (!Array.isArray(value)) return [];
    return value.flatMap((item) => {
      const result = entry.safeParse(item);
      return result.success ? [result.data] : [];
    });
  });
}

const pagination = z.object({ next_page_token: text }).nullable().catch(null);

/**
 * A list's whole body. Its `data` may be null, which is an empty list; a body without `data` says nothing and is refused, else a broken
 * answer would pass for "none".
 */
export function listEnvelope<Schema extends z.ZodType>(item: Schema) {
  return z.object({ data: z.array(item).nullable(), pagination });
}

export function pageOf<Item>(envelope: {
  readonly data: readonly Item[] | null;
  readonly pagination: { readonly next_page_token: string | null } | null;
}): WirePage<Item> {
  return { items: envelope.data ?? [], next: envelope.pagination?.next_page_token ?? null };
}
