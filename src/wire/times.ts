// Times as vendors write them. Which field holds one is the provider's business.

/** Year, month and day, `T` or a blank, time to the minute or finer, and perhaps a zone. */
const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s?(z|[+-]\d\d(?::?\d\d)?)?$/i;
const DAY = /^\d{4}-\d\d-\d\d$/;

/**
 * A time in ISO 8601, also with a blank for the `T` and with a short zone; without a zone it is UTC. Null when the value is no time, for a
 * day that no calendar has (30 February), and for year 1, with which some frameworks write "never".
 */
export function timeOf(value: unknown): Date | null {
  if (typeof value !== "string") return null;
  const [, date, time, zone] = TIME.exec(value.trim()) ?? [];
  if (date === undefined || time === undefined || !isDay(date)) return null;
  const parsed = new Date(`${date}T${time}${fullZone(zone)}`);
  return Number.isNaN(parsed.getTime()) || parsed.getUTCFullYear() <= 1 ? null : parsed;
}

/** The same, and a day alone, which is its first moment in UTC. */
export function timeOrDayOf(value: unknown): Date | null {
  return timeOf(typeof value === "string" && DAY.test(value.trim()) ? `${value.trim()}T00:00Z` : value);
}

/** JavaScript takes 30 February for 2 March. */
function isDay(date: string): boolean {
  const first = new Date(`${date}T00:00Z`);
  return !Number.isNaN(first.getTime()) && first.toISOString().startsWith(date);
}

/** `+02` and `+0200` are no zones to the machine. */
function fullZone(zone: string | undefined): string {
  if (zone === undefined || zone.toLowerCase() === "z") return "Z";
  return `${zone.slice(0, 3)}:${zone.slice(3).replace(":", "") || "00"}`;
}
