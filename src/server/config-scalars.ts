// Single values of the YAML file. They come as they are written there, or as a reference put them in: as text.
import { z } from "zod";

/** Editors, `echo` and blocks of YAML end a text with a line break that nobody means. */
const withoutLineEnd = (text: string): string => text.replace(/[\r\n]+$/u, "");

/** Text, as it is written: `0123` stays `0123`. */
export const text = z
  .union(
    [z.string(), z.number(), z.boolean()],
    "expected text, a number or a flag; lists and names with settings below them do not belong here",
  )
  .transform((value) => withoutLineEnd(String(value)));

export const secret = text.refine((value) => value !== "", "expected a secret, got nothing");

/** A whole number of YAML's, or a text that is one. */
export const wholeNumber = (bounds: z.ZodInt): z.ZodPreprocess<z.ZodInt> => z.preprocess(numberIn, bounds);

function numberIn(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[-+.]?\d/u.test(value)) return value;
  const number = Number(value);
  return Number.isNaN(number) ? value : number;
}

/** `true` or `false`, as YAML writes them. */
export const flag = z.preprocess(
  (value) => (typeof value === "string" ? (FLAGS.get(value.trim().toLowerCase()) ?? value) : value),
  z.boolean("expected true or false"),
);

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["false", false],
]);

/** An address with its scheme. What else is wrong with one is said when its provider is made. */
export const address = text.refine((value) => /^https?:\/\//iu.test(value) && URL.canParse(value), {
  error: ({ input }) => `expected a URL with its scheme, such as ${schemeless(input)}`,
});

/** What is quoted must not hold a password. */
function schemeless(given: unknown): string {
  const host = typeof given === "string" && /^[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:\/[\w./-]*)?$/u.test(given) ? given : null;
  return `https://${host ?? "api.example.com"}`;
}
