// How the Polytomic sandbox talks HTTP: credentials, version header, quota, replayed answers and the vendor's error body.
// It knows nothing of syncs and executions.
import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";

export const API_KEY = "sandbox-polytomic-key";
/** User half of the Basic credential; its password is empty. */
export const ORGANIZATION_KEY = "sandbox-polytomic-organization";
export const API_VERSION = "2025-09-18";

/** The vendor publishes no numbers; these are generous for one client and small enough to be met in a test. */
export const QUOTA = { requests: 1000, perMs: 10_000 } as const;

const VERSION_HEADER = "X-Polytomic-Version";
const IDEMPOTENCY_KEY = /^[A-Za-z0-9_-]{8,255}$/;
const KEPT_ANSWERS = 10_000;

const KEYS: Readonly<Record<number, string>> = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  409: "CONFLICT",
  413: "TOO_LARGE",
  422: "UNPROCESSABLE",
  429: "RATE_LIMITED",
  500: "INTERNAL",
};

/** An answer that is not 2xx, thrown by handlers. */
export class Refusal extends Error {
  readonly status: number;
  readonly metadata: Readonly<Record<string, unknown>>;

  constructor(status: number, message: string, metadata: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.metadata = metadata;
  }
}

export const badRequest = (message: string): Refusal => new Refusal(400, message);
export const notFound = (what: string): Refusal => new Refusal(404, `${what} not found`);
export const unprocessable = (message: string): Refusal => new Refusal(422, message);

export type Caller = "user" | "organization";

/** Who sent the request; only called behind `authenticate`. */
export function callerOf(request: Request): Caller {
  return request.get("authorization")?.toLowerCase().startsWith("basic ") === true ? "organization" : "user";
}

export const authenticate: RequestHandler = (request, response, next) => {
  response.set(VERSION_HEADER, API_VERSION);
  if (!isKnown(request.get("authorization") ?? "")) throw new Refusal(401, "invalid or missing API key");
  next();
};

/** Older versions exist at the vendor and have other shapes; serving them with this version's would be a lie. */
export const requireVersion: RequestHandler = (request, _response, next) => {
  const asked = request.get(VERSION_HEADER);
  if (asked !== undefined && asked !== API_VERSION)
    throw badRequest(`unsupported API version "${asked}"; use ${API_VERSION}`);
  next();
};

/** Counts requests per credential in fixed windows of real time, whatever the sandbox's speed. */
export function limitRate(): RequestHandler {
  const windows = new Map<string, { startedAt: number; count: number }>();
  return (request, response, next) => {
    const now = Date.now();
    const caller = callerOf(request);
    const known = windows.get(caller);
    const window = known === undefined || now - known.startedAt >= QUOTA.perMs ? { startedAt: now, count: 0 } : known;
    window.count += 1;
    windows.set(caller, window);
    if (window.count <= QUOTA.requests) return next();
    const resetsAt = window.startedAt + QUOTA.perMs;
    response.set("Retry-After", String(Math.max(1, Math.ceil((resetsAt - now) / 1000))));
    response.set("X-RateLimit-Reset", String(Math.ceil(resetsAt / 1000)));
    throw new Refusal(429, "rate limit exceeded");
  };
}

/**
 * Keeps the first outcome of a POST or PUT under its `Idempotency-Key` and gives it again, refusals included. A key belongs to
 * one method and path; the body of a repetition is not compared, as nothing says that the vendor does.
 */
export function replayAnswers(): RequestHandler {
  const answers = new Map<string, { readonly status: number; readonly body: unknown }>();
  return (request, response, next) => {
    const key = request.get("idempotency-key");
    if (key === undefined || (request.method !== "POST" && request.method !== "PUT")) return next();
    if (!IDEMPOTENCY_KEY.test(key))
      throw badRequest("Idempotency-Key must be 8 to 255 characters of A-Z, a-z, 0-9, _ and -");
    const place = `${request.method} ${request.path} ${callerOf(request)} ${key}`;
    const kept = answers.get(place);
    if (kept !== undefined) return void response.status(kept.status).json(kept.body);
    const send = response.json.bind(response);
    response.json = (body: unknown): Response => {
      const oldest = answers.size >= KEPT_ANSWERS ? answers.keys().next().value : undefined;
      if (oldest !== undefined) answers.delete(oldest);
      answers.set(place, { status: response.statusCode, body });
      return send(body);
    };
    next();
  };
}

export const unknownRoute: RequestHandler = (request) => {
  throw new Refusal(404, `no route for ${request.method} ${request.path}`);
};

// Express tells an error handler by its four parameters.
export const answerRefusal: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  const status = error instanceof Refusal ? error.status : statusOf(error);
  const message = error instanceof Error && status < 500 ? error.message : "internal server error";
  const metadata = error instanceof Refusal ? error.metadata : {};
  response.status(status).json({ status, key: KEYS[status] ?? "ERROR", message, metadata });
};

/** A query value that may be given once. */
export function textOf(request: Request, name: string): string | undefined {
  const value = request.query[name];
  if (value === undefined || value === "") return undefined;
  if (typeof value !== "string") throw badRequest(`${name} must be given once`);
  return value;
}

export function booleanOf(request: Request, name: string): boolean | undefined {
  const value = textOf(request, name);
  if (value === undefined) return undefined;
  if (value !== "true" && value !== "false") throw badRequest(`${name} must be true or false`);
  return value === "true";
}

/** Cuts one page out of a list. The token is the place of the next entry, opaque to clients. */
export function pageOf<Item>(
  items: readonly Item[],
  token: string | undefined,
  size: number,
  keyOf: (item: Item) => string,
): { readonly data: readonly Item[] | null; readonly pagination: { readonly next_page_token?: string } } {
  const last = token === undefined ? null : readToken(token);
  const from = last === null ? 0 : items.findIndex((item) => keyOf(item) === last) + 1;
  if (last !== null && from === 0) throw badRequest("invalid page_token");
  const page = items.slice(from, from + size);
  const final = page.at(-1);
  const more = final !== undefined && from + size < items.length;
  return {
    // The vendor's empty list is null.
    data: page.length === 0 ? null : page,
    pagination: more ? { next_page_token: Buffer.from(JSON.stringify([keyOf(final)])).toString("base64url") } : {},
  };
}

function readToken(token: string): string {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, "base64url").toString());
    if (Array.isArray(value) && typeof value[0] === "string") return value[0];
  } catch {
    // Not one of ours: refused below like any other wrong token.
  }
  throw badRequest("invalid page_token");
}

function isKnown(authorization: string): boolean {
  const [scheme = "", credential = ""] = authorization.split(" ", 2);
  if (scheme.toLowerCase() === "bearer") return credential === API_KEY;
  if (scheme.toLowerCase() !== "basic") return false;
  return Buffer.from(credential, "base64").toString() === `${ORGANIZATION_KEY}:`;
}

/** Errors of the body parser and the router carry the status they want. */
function statusOf(error: unknown): number {
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}
