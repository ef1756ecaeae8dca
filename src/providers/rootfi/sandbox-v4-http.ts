// HTTP manners of the RootFi sandbox's v4: its envelope, its pages, its request limit. What the routes say is elsewhere; errors are v3's.
import type { RequestHandler, Response } from "express";
import { z } from "zod";
import { Refusal } from "./sandbox-http.ts";
import { uuidOf } from "./sandbox-ids.ts";
import type { Organisation } from "./sandbox-organisation.ts";

/** Answers with the vendor's envelope: `data`, where there is some, and an id of the request. */
type Answer = (response: Response, status: number, data?: unknown) => void;

/** What the routes of v4 work with. */
export interface V4 {
  readonly organisation: Organisation;
  readonly answer: Answer;
}

export function answering(seed: number): Answer {
  let answered = 0;
  return (response, status, data) => {
    answered += 1;
    const envelope = data === undefined ? {} : { data };
    response.status(status).json({ ...envelope, request_id: uuidOf(`${seed}:request:${answered}`) });
  };
}

/**
 * The documented 100 a minute with bursts up to 200: a store of 200 that fills again by 100 a minute. `X-RateLimit-Remaining` counts
 * the last hundred of it. The unit of `X-RateLimit-Reset` is not documented; here it is epoch seconds at which that hundred is whole.
 * No `Retry-After`, because the vendor documents none.
 */
export function limitBursts(windowMs: number): RequestHandler {
  let left = BURST;
  let countedAtMs = Date.now();
  return (_request, response, next) => {
    const nowMs = Date.now();
    left = Math.min(BURST, left + ((nowMs - countedAtMs) / windowMs) * PER_WINDOW);
    countedAtMs = nowMs;
    const refused = left < 1;
    if (!refused) left -= 1;
    const wholeInMs = (Math.max(0, PER_WINDOW - left) / PER_WINDOW) * windowMs;
    response.set({
      "X-RateLimit-Limit": String(PER_WINDOW),
      "X-RateLimit-Remaining": String(Math.min(PER_WINDOW, Math.floor(left))),
      "X-RateLimit-Reset": String(Math.ceil((nowMs + wholeInMs) / 1_000)),
    });
    if (refused) throw new Refusal(429, "rate-limit-exceeded", "Too many requests, try again later");
    next();
  };
}

const PER_WINDOW = 100;
const BURST = 200;

/** Documented for syncs and the delivery log; the other lists take the same (inferred). */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().optional(),
});

interface Page<Item> {
  readonly items: readonly Item[];
  /** How many are on this page: the vendor's sample fits that and a total alike. */
  readonly count: number;
  /** Cursor of what follows; null when nothing does. */
  readonly next: string | null;
}

/** Cuts a page out of an ordered list. The cursor is the id of the last item before the page. */
export function pageOf<Item>(
  items: readonly Item[],
  idOf: (item: Item) => string,
  { limit, cursor }: z.output<typeof pageQuery>,
): Page<Item> {
  const before = cursor === undefined ? -1 : items.findIndex((item) => idOf(item) === cursor);
  if (cursor !== undefined && before === -1) throw new Refusal(400, "invalid-cursor", "Cursor is invalid", "cursor");
  const page = items.slice(before + 1, before + 1 + limit);
  const last = page.at(-1);
  const more = last !== undefined && before + 1 + limit < items.length;
  return { items: page, count: page.length, next: more ? idOf(last) : null };
}
