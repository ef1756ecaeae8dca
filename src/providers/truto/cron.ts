// Checks cron expressions as far as every five-field cron agrees on them. When they are due is the vendor's to know.
import { capText } from "../../wire/redact.ts";
import { oneLine } from "../../wire/visible-text.ts";

interface CronField {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** Names that stand for values, the first for `low`. */
  readonly words: readonly string[];
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const FIELDS: readonly CronField[] = [
  { name: "minute", low: 0, high: 59, words: [] },
  { name: "hour", low: 0, high: 23, words: [] },
  { name: "day of month", low: 1, high: 31, words: [] },
  { name: "month", low: 1, high: 12, words: MONTHS },
  // Sunday is 0 and 7.
  { name: "day of week", low: 0, high: 7, words: DAYS },
];
/** Stars, values, ranges, and steps of each. */
const PART = /^(?:\*|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/;
const LONGEST_QUOTE = 40;

/** What is wrong with an expression, as "expected ..., got ..."; null when nothing is. */
export function cronProblem(expression: string): string | null {
  const written = expression.trim().split(/\s+/);
  if (written.length !== FIELDS.length || written[0] === "") {
    return `expected five fields (minute, hour, day of month, month, day of week; UTC), got ${quoted(expression)}`;
  }
  const wrong = FIELDS.find((field, index) => !(written[index] ?? "").split(",").every((part) => fits(part, field)));
  if (wrong === undefined) return null;
  const { name, low, high } = wrong;
  return `expected the ${name} as *, values, ranges or steps within ${low}-${high}, got ${quoted(written[FIELDS.indexOf(wrong)] ?? "")}`;
}

function fits(part: string, field: CronField): boolean {
  const [whole, first, last, step] = PART.exec(part) ?? [];
  if (whole === undefined || (step !== undefined && Number(step) === 0)) return false;
  if (first === undefined) return true;
  const from = valueOf(first, field);
  const to = last === undefined ? from : valueOf(last, field);
  return from !== null && to !== null && from <= to;
}

/** Null when the field has no such value. */
function valueOf(text: string, { low, high, words }: CronField): number | null {
  const place = words.indexOf(text.toLowerCase());
  if (place !== -1) return low + place;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= low && value <= high ? value : null;
}

const quoted = (text: string): string => JSON.stringify(capText(oneLine(text), LONGEST_QUOTE));
