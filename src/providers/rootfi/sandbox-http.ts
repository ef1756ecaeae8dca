// HTTP manners of the RootFi sandbox: its error body, its three kinds of cursor, its request limit. What the routes say is elsewhere.
import type { ErrorRequestHandler, RequestHandler } from "express";
import { z } from "zod";

/** An answer in the vendor's error form. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;

  constructor(status: number, code: string, message: string, field?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

export function notFound(what: string, field?: string): Refusal {
  return new Refusal(404, "not-found", `${what} not found`, field);
}

/** Parses input; what does not fit becomes a 400 that names the first wrong field. */
export function parsed<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const first = result.error.issues[0];
  throw new Refusal(400, "bad-request", first?.message ?? "Invalid input", first?.path.join("."));
}

/** Refuses every request without the key. */
export function requireKey(apiKey: string): RequestHandler {
  return (request, _response, next) => {
    const given = request.get("api_key");
    if (given === undefined || given === "") throw new Refusal(401, "unauthorized", "API key is missing");
    if (given !== apiKey) throw new Refusal(401, "unauthorized", "API key is invalid");
    next();
  };
}

/**
 * Counts requests in fixed windows and shows the vendor's three headers on every answer. The unit of `X-RateLimit-Reset` is not
 * documented; here it is epoch seconds. No `Retry-After`, because the vendor documents none.
 */
export function limitRequests(limit: number, windowMs: number): RequestHandler {
  let endsAtMs = 0;
  let used = 0;
  return (_request, response, next) => {
    const nowMs = Date.now();
    if (nowMs >= endsAtMs) {
      endsAtMs = nowMs + windowMs;
      used = 0;
    }
    used += 1;
    response.set({
      "X-RateLimit-Limit": String(limit),
      "X-RateLimit-Remaining": String(Math.max(0, limit - used)),
      "X-RateLimit-Reset": String(Math.ceil(endsAtMs / 1_000)),
    });
    if (used > limit) throw new Refusal(429, "rate-limit-exceeded", "Too many requests, try again later");
    next();
  };
}

export const unknownRoute: RequestHandler = (request) => {
  throw new Refusal(404, "not-found", `Cannot ${request.method} ${request.path}`);
};

export const answerError: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  const refusal = asRefusal(error);
  const { status, code, message, field } = refusal;
  response.status(status).json({ error: { message, code, ...(field === undefined || field === "" ? {} : { field }) } });
};

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  // The body parser and the router mark the client's mistakes with a 4xx status.
  const status = typeof error === "object" && error !== null && "status" in error ? Number(error.status) : 500;
  if (status === 413) return new Refusal(413, "payload-too-large", "Request body is too large");
  if (status >= 400 && status < 500) return new Refusal(400, "bad-request", "Request could not be read");
  return new Refusal(500, "internal-error", "Something went wrong");
}

export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  next: z.string().optional(),
  prev: z.string().optional(),
});
type PageQuery = z.output<typeof pageQuery>;

interface Slice<Item> {
  readonly items: readonly Item[];
  /** Base64 of the cursor after the last item; null when nothing follows. */
  readonly next: string | null;
}

/**
 * Cuts a page out of an ordered list. A cursor holds the id of the last item before the page (`next`) or of the first item after it
 * (`prev`) under the given name.
 */
export function slice<Item>(
  items: readonly Item[],
  idOf: (item: Item) => number,
  idName: string,
  query: PageQuery,
): Slice<Item> {
  const from = startOf(items, idOf, idName, query);
  const end = from + query.limit;
  const page = items.slice(from, end);
  const last = page.at(-1);
  if (last === undefined || end >= items.length) return { items: page, next: null };
  return { items: page, next: Buffer.from(JSON.stringify({ [idName]: idOf(last) })).toString("base64") };
}

function startOf<Item>(items: readonly Item[], idOf: (item: Item) => number, idName: string, query: PageQuery): number {
  const name = query.next === undefined ? "prev" : "next";
  const cursor = query[name];
  if (cursor === undefined) return 0;
  const place = items.findIndex((item) => idOf(item) === cursorId(cursor, idName, name));
  if (place === -1) throw new Refusal(400, "invalid-cursor", "Cursor is invalid", name);
  return name === "next" ? place + 1 : Math.max(0, place - query.limit);
}

/** A cursor must come back exactly as it was meant: a whole URL, or one that is still percent-encoded, is refused. */
function cursorId(cursor: string, idName: string, field: string): number {
  if (/^[A-Za-z0-9+/]+={0,2}$/u.test(cursor)) {
    const content = z
      .record(z.string(), z.number())
      .safeParse(parseJson(Buffer.from(cursor, "base64").toString("utf8")));
    const id = content.success ? content.data[idName] : undefined;
    if (id !== undefined) return id;
  }
  throw new Refusal(400, "invalid-cursor", "Cursor is invalid", field);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
