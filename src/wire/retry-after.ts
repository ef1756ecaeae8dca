// How long a vendor asks to wait, from whichever header it says it with.

/** Above this a reset header is a point in time (2001 and later), below a number of seconds: vendors do both. */
const FIRST_EPOCH_SECOND = 1_000_000_000;
/** Above this it is a point in time in milliseconds. */
const FIRST_EPOCH_MILLISECOND = 1_000_000_000_000;

/**
 * The wait in milliseconds, never negative; null when no header says anything that can be understood. `Retry-After` (RFC 9110
 * section 10.2.3) wins over the customary reset headers. Points in time are read against the answer's own `Date` where it has
 * one, so that two clocks that disagree do no harm.
 *
 * @param headers names in lower case
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, now: Date): number | null {
  const vendorNowMs = dateMs(headers["date"]) ?? now.getTime();
  const asked = headers["retry-after"]?.trim();
  if (asked !== undefined && asked !== "") return secondsMs(asked) ?? untilMs(dateMs(asked), vendorNowMs);
  const reset = Number((headers["x-ratelimit-reset"] ?? headers["ratelimit-reset"] ?? "").trim() || Number.NaN);
  if (!Number.isFinite(reset) || reset < 0) return null;
  if (reset > FIRST_EPOCH_MILLISECOND) return untilMs(reset, vendorNowMs);
  return reset > FIRST_EPOCH_SECOND ? untilMs(reset * 1_000, vendorNowMs) : Math.ceil(reset * 1_000);
}

function secondsMs(text: string): number | null {
  return /^\d+(?:\.\d+)?$/.test(text) ? Math.ceil(Number(text) * 1_000) : null;
}

function dateMs(text: string | undefined): number | null {
  // A bare number would be read as a year.
  const ms = text === undefined || !/[a-z]{3}/i.test(text) ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

function untilMs(thenMs: number | null, nowMs: number): number | null {
  return thenMs === null ? null : Math.max(0, thenMs - nowMs);
}
