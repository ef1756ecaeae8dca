// Schemas for lists inside of what vendors send. Entries are judged one by one: zod's own lists and records judge all of them, and a list
// of a million wrong ones becomes a million problems. Lists that are whole answers are `ask.ts`'s.
import { z } from "zod";

/** Entries that are left out of a list at most; with more it is no list of such entries. */
const MOST_LEFT_OUT = 100;

/** A list of anything: its entries are the reader's to judge. */
export const anyList = z.custom<readonly unknown[]>(Array.isArray, { error: "a list" });

/** A list whose entries all can be read. The first that cannot be is the problem. */
export function listOf<Entry extends z.ZodType>(entry: Entry) {
  return anyList.transform((entries, context): readonly z.output<Entry>[] => {
    const read: z.output<Entry>[] = [];
    for (const [index, one] of entries.entries()) {
      const result = entry.safeParse(one);
      if (!result.success) {
        context.issues.push(at(index, result.error.issues[0], one));
        return z.NEVER;
      }
      read.push(result.data);
    }
    return read;
  });
}

/** The entries of a list that can be read; a list of which few can be is the problem. */
export function readableOf<Entry extends z.ZodType>(entry: Entry) {
  return anyList.transform((entries, context): readonly z.output<Entry>[] => {
    const read: z.output<Entry>[] = [];
    for (const [index, one] of entries.entries()) {
      const result = entry.safeParse(one);
      if (result.success) read.push(result.data);
      else if (index - read.length >= MOST_LEFT_OUT) {
        context.issues.push(at(index, result.error.issues[0], one));
        return z.NEVER;
      }
    }
    return read;
  });
}

/** An object of anything by name. */
export const anyRecord = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  { error: "an object" },
);

function at(index: number, issue: z.core.$ZodIssue | undefined, input: unknown): z.core.$ZodRawIssue {
  const path = [index, ...(issue?.path ?? [])];
  if (issue?.code === "invalid_type") return { code: issue.code, expected: issue.expected, path, input };
  if (issue?.code === "too_small") return { ...issue, path, input };
  return { code: "custom", message: issue?.message ?? "another value", path, input };
}
