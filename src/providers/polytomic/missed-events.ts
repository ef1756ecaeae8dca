// Events the webhook may have missed, from the vendor's log of two days. What an event means is said in `webhook.ts`.
import { walkPages } from "../../wire/pages.ts";
import type { WirePage } from "../../wire/pages.ts";
import type { Redactor } from "../../wire/redact.ts";
import { badResponse } from "../../wire/read-reply.ts";
import type { WebhookEvent } from "../../domain/webhook-port.ts";
import { EVENTS_PER_PAGE } from "./api.ts";
import type { PolytomicApi } from "./api.ts";
import { webhookEventOf } from "./webhook.ts";
import type { WireEvent } from "./wire-types.ts";

export interface EventLog {
  /** Key of the configured provider, for errors. */
  readonly provider: string;
  readonly api: Pick<PolytomicApi, "listEvents">;
  /** For the vendor's free texts. */
  readonly redact: Redactor;
}

/**
 * Events since then, oldest first, each once.
 *
 * @throws ProviderError the failure that ended the reading, after everything that could be read was yielded; `PROVIDER_BAD_RESPONSE`
 *   when there are more pages than anybody waits for, or more events of one moment than a page holds
 */
export async function* missedEvents(
  { provider, api, redact }: EventLog,
  since: Date,
  signal?: AbortSignal,
): AsyncGenerator<readonly WebhookEvent[], void, undefined> {
  const found = new Map<string, { readonly event: WebhookEvent; readonly atMs: number }>();
  const failures: unknown[] = [];
  const readPage = async (cursor: string | null): Promise<WirePage<WireEvent>> => {
    const { entries, events } = await api.listEvents(boundsOf(cursor, since), signal);
    return { items: events, next: entries < EVENTS_PER_PAGE ? null : nextOf(events, provider) };
  };
  try {
    for await (const page of walkPages(readPage, {
      provider,
      operation: "list events",
      maxPages: MOST_PAGES,
      signal,
    })) {
      for (const wire of page) {
        const event = webhookEventOf(wire, redact);
        found.set(event.deliveryId, { event, atMs: timeOf(wire) ?? 0 });
      }
    }
  } catch (cause) {
    failures.push(cause);
  }
  const ordered = [...found.values()].toSorted((one, other) => one.atMs - other.atMs);
  for (let start = 0; start < ordered.length; start += EVENTS_PER_PAGE) {
    yield ordered.slice(start, start + EVENTS_PER_PAGE).map(({ event }) => event);
  }
  if (failures.length > 0) throw failures[0];
}

const MOST_PAGES = 50;

/** Which part of the log to read: a cursor is a sign and a time, `>` for what came after it and `<` for what came before. */
function boundsOf(cursor: string | null, since: Date): { readonly after: string; readonly before?: string } {
  if (cursor === null) return { after: since.toISOString() };
  const time = cursor.slice(1);
  return cursor.startsWith("<") ? { after: since.toISOString(), before: time } : { after: time };
}

/**
 * What to ask for after a full page. The log has no cursors and its order is not documented, so the page's own order tells on which
 * side of it the rest is. Both bounds are exclusive and may be finer than a millisecond: pages overlap by one.
 */
function nextOf(events: readonly WireEvent[], provider: string): string {
  const times = events.map(timeOf).filter((time) => time !== null);
  const [first] = times;
  const last = times.at(-1);
  if (first === undefined || last === undefined) {
    const source = { provider, request: "GET /api/events", httpStatus: 200 };
    throw badResponse(source, { field: "data.0.created_at", expected: "a time", got: "nothing that is one" });
  }
  const older = first > last;
  const bound = older ? Math.min(...times) + 1 : Math.max(...times) - 1;
  return `${older ? "<" : ">"}${new Date(bound).toISOString()}`;
}

function timeOf({ created_at: at }: WireEvent): number | null {
  return at instanceof Date ? at.getTime() : null;
}
