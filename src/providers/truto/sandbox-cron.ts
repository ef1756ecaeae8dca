// Cron expressions as the Truto sandbox understands them: five fields, UTC, numbers, lists, ranges and steps.

const MINUTE_MS = 60_000;
/** Minutes looked back at most when nobody asked for long. */
const CAUGHT_UP_MINUTES = 24 * 60;
const CAUGHT_UP_RUNS = 20;

/**
 * When an expression was due in a stretch of time, in epoch milliseconds, oldest first. `* * * * *` is every minute of the
 * sandbox's own, faster time; everything else follows the real calendar.
 *
 * @param after excluded
 * @param until included
 */
export function dueTimes(expression: string, after: number, until: number, speed: number): readonly number[] {
  const fields = expression.trim().split(/\s+/);
  const always = isAlways(expression);
  const stepMs = stepOf(always, speed);
  const from = Math.max(after, until - CAUGHT_UP_MINUTES * stepMs);
  const due: number[] = [];
  for (let at = (Math.floor(from / stepMs) + 1) * stepMs; at <= until; at += stepMs) {
    if (always || matches(fields, new Date(at))) due.push(at);
  }
  return due.slice(-CAUGHT_UP_RUNS);
}

/** The next moment at which an expression could be due, in epoch milliseconds: nothing happens before it. */
export function nextLook(expression: string, after: number, speed: number): number {
  const stepMs = stepOf(isAlways(expression), speed);
  return (Math.floor(after / stepMs) + 1) * stepMs;
}

const isAlways = (expression: string): boolean =>
  expression
    .trim()
    .split(/\s+/)
    .every((field) => field === "*");

const stepOf = (always: boolean, speed: number): number =>
  always ? Math.max(1, Math.round(MINUTE_MS / speed)) : MINUTE_MS;

function matches(fields: readonly string[], time: Date): boolean {
  const values = [
    time.getUTCMinutes(),
    time.getUTCHours(),
    time.getUTCDate(),
    time.getUTCMonth() + 1,
    time.getUTCDay(),
  ];
  return values.every((value, index) => (fields[index] ?? "*").split(",").some((part) => fits(part, value, index)));
}

function fits(part: string, value: number, index: number): boolean {
  const [range = "*", step = "1"] = part.split("/");
  const [low = "0", high = low] = range.split("-");
  // Days and months count from one.
  const lowest = index === 2 || index === 3 ? 1 : 0;
  if (range === "*") return (value - lowest) % Number(step) === 0;
  const open = part.includes("/") && !range.includes("-");
  return value >= Number(low) && (open || value <= Number(high)) && (value - Number(low)) % Number(step) === 0;
}
