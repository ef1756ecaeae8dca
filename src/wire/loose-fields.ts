// Schemas for what vendors send. Fields the gateway can do without: absent stays absent, a wrong type becomes null. Needed fields are the
// provider's to name. The lint rule `house/no-plain-schema` sends providers here for texts and lists.
import { z } from "zod";
import { isAsSent } from "./foreign-text.ts";
import { timeOrDayOf } from "./times.ts";
import { oneLine } from "./visible-text.ts";

/** A text that is shown on one line: a name, a status, a sentence. */
export const lineText = z.string().transform(oneLine);
/** The same, where an empty one is of no use. */
export const filledLine = z.string().min(1).transform(oneLine);
/** A text that may have lines: a template, a formula. */
export const bodyText = z.string();
/**
 * A text that the vendor is sent back: an id, a cursor. One with a character that was made visible would be another one, so that it is
 * refused.
 */
export const exactText = z.string().min(1).refine(isAsSent, { error: "without control characters or secrets" });

/**
 * A field whose absence says something: that a list ends, that there is no schedule. Absent and null are null; what is there and cannot be read is
 * a problem, and never taken for absent.
 */
export function orAbsent<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value): z.output<Schema> | null => value ?? null);
}

/** Whether a value is a whole number that is not negative; one beyond 2^53 is the nearest that JavaScript has, and counts. */
const isCount = (value: unknown): value is number => typeof value === "number" && Number.isInteger(value) && value >= 0;

/** A count, also one that came as text; null for anything else. */
export function countOf(value: unknown): number | null {
  const number = typeof value === "string" && /^\d{1,20}$/.test(value) ? Number(value) : value;
  return isCount(number) ? number : null;
}

export const looseText = lineText.nullish().catch(null);
export const looseFlag = z.boolean().nullish().catch(null);
/** A whole number, never negative. Beyond 2^53 it is the nearest that JavaScript has. */
export const looseCount = z.number().refine(isCount).nullish().catch(null);
/** A count of records or parts, also as text: that some failed must not be missed for its spelling. */
export const looseTextCount = z.union([z.number(), z.string()]).transform(countOf).nullish().catch(null);
/** As `timeOrDayOf` reads it. */
export const looseTime = z.string().transform(timeOrDayOf).nullish().catch(null);
