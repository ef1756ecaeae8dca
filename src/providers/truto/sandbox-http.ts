// How the Truto sandbox talks HTTP: the token, the quota, error bodies, filters and pages. It knows nothing of jobs and runs.
import { STATUS_CODES } from "node:http";
import type { ErrorRequestHandler, Request, RequestHandler } from "express";
import type { z } from "zod";

export const TOKEN = "sandbox-truto-token";
/** The vendor's documented limit per token. */
export const QUOTA = { requests: 500, perMs: 10_000 } as const;

const DEFAULT_LIMIT = 5000;

/** One thing wrong with a request; they come as `details.failures`. */
export interface Failure {
  readonly field: string;
  readonly message: string;
}

/** An answer that is not 2xx, thrown by handlers. */
export class Refusal extends Error {
  readonly status: number;
  readonly failures: readonly Failure[];

  constructor(status: number, message: string, failures: readonly Failure[] = []) {
    super(message);
    this.status = status;
    this.failures = failures;
  }
}

export const badRequest = (message: string): Refusal => new Refusal(400, message);
export const notFound = (what: string): Refusal => new Refusal(404, `${what} not found`);

export const authenticate: RequestHandler = (request, _response, next) => {
  const [scheme = "", token = ""] = (request.get("authorization") ?? "").split(" ", 2);
  if (scheme.toLowerCase() !== "bearer" || token !== TOKEN) throw new Refusal(401, "Invalid or missing API token");
  next();
};

/** Counts requests in fixed windows of real time, whatever the sandbox's speed. */
export function limitRate(): RequestHandler {
  let startedAt = 0;
  let count = 0;
  return (_request, response, next) => {
    const now = Date.now();
    if (now - startedAt >= QUOTA.perMs) {
      startedAt = now;
      count = 0;
    }
    count += 1;
    if (count <= QUOTA.requests) return next();
    response.set("Retry-After", "10");
    throw new Refusal(429, "API token rate limit exceeded: 500 requests per 10 seconds");
  };
}

export const unknownRoute: RequestHandler = (request) => {
  throw new Refusal(404, `Route ${request.method}:${request.path} not found`);
};

// Express tells an error handler by its four parameters.
export const answerRefusal: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  const status = error instanceof Refusal ? error.status : statusOf(error);
  const message = error instanceof Error && status < 500 ? error.message : "An internal server error occurred";
  const failures = error instanceof Refusal ? error.failures : [];
  const details = failures.length === 0 ? {} : { details: { failures } };
  response.status(status).json({ statusCode: status, error: STATUS_CODES[status] ?? "Error", message, ...details });
};

/** @throws Refusal 400 with one failure per wrong field */
export function parseBody<Output>(schema: z.ZodType<Output>, body: unknown): Output {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const failures = parsed.error.issues.map(({ path, message }) => ({ field: path.join("."), message }));
  const [first] = failures;
  throw new Refusal(400, first === undefined ? "Invalid body" : `${first.field || "body"}: ${first.message}`, failures);
}

/** A query value that may be given once. */
export function textOf(request: Request, name: string): string | undefined {
  const value = request.query[name];
  if (value === undefined || value === "") return undefined;
  if (typeof value !== "string") throw badRequest(`${name} must be a string`);
  return value;
}

/** Whether a value passes `name=value` or `name[in]=one,other` of the query; without either everything does. */
export function passes(request: Request, name: string, actual: string): boolean {
  const wanted: unknown = request.query[name];
  if (wanted === undefined || wanted === "") return true;
  if (typeof wanted === "string") return wanted === actual;
  const list = operandOf(wanted, "in");
  if (list === undefined) throw badRequest(`${name}: unknown operator`);
  return list.split(",").includes(actual);
}

/** Whether a moment passes `name[gt]` and `name[lt]` of the query. */
export function passesTime(request: Request, name: string, at: number): boolean {
  const wanted: unknown = request.query[name];
  if (wanted === undefined || wanted === "") return true;
  const after = operandOf(wanted, "gt");
  const before = operandOf(wanted, "lt");
  if (after === undefined && before === undefined) throw badRequest(`${name}: expected ${name}[gt] or ${name}[lt]`);
  return (after === undefined || at > instantOf(name, after)) && (before === undefined || at < instantOf(name, before));
}

/**
 * Cuts one page out of a list.
 *
 * @param name `result`, or `results` on the lists for which the vendor's pages disagree with its guides
 */
export function pageOf<Item extends { readonly id: string }>(
  request: Request,
  items: readonly Item[],
  view: (item: Item) => unknown,
  name: "result" | "results" = "result",
): Readonly<Record<string, unknown>> {
  const limit = limitOf(request);
  const cursor = textOf(request, "next_cursor");
  const last = cursor === undefined ? null : Buffer.from(cursor, "base64url").toString();
  const from = last === null ? 0 : items.findIndex(({ id }) => id === last) + 1;
  if (last !== null && from === 0) throw badRequest("next_cursor is invalid");
  const page = items.slice(from, from + limit);
  const final = page.at(-1);
  const more = final !== undefined && from + limit < items.length;
  return { [name]: page.map(view), next_cursor: more ? Buffer.from(final.id).toString("base64url") : null, limit };
}

function limitOf(request: Request): number {
  const limit = Number(textOf(request, "limit") ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1) throw badRequest("limit must be a positive integer");
  return Math.min(limit, DEFAULT_LIMIT);
}

function operandOf(value: unknown, operator: string): string | undefined {
  if (typeof value !== "object" || value === null || !(operator in value)) return undefined;
  const operand: unknown = Object.fromEntries(Object.entries(value))[operator];
  return typeof operand === "string" ? operand : undefined;
}

/** Both of the vendor's spellings; the one without a zone is UTC. */
function instantOf(name: string, text: string): number {
  const at = Date.parse(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text) ? `${text.replace(" ", "T")}Z` : text);
  if (Number.isNaN(at)) throw badRequest(`${name}: invalid date "${text}"`);
  return at;
}

/** Errors of the body parser and the router carry the status they want. */
function statusOf(error: unknown): number {
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}
