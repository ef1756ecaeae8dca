// A provider's request -> what goes over the wire. Refuses what would leave the configured base URL.
import { ErrorCode } from "../domain/errors.ts";
import type { Endpoint } from "../domain/provider-port.ts";
import type { HttpRequest } from "./http-client.ts";
import type { WireLimits } from "./limits.ts";
import { hasDotSegment } from "./path.ts";
import { tryFailure } from "./try-result.ts";
import type { TryFailure } from "./try-result.ts";

export interface PreparedRequest {
  readonly method: HttpRequest["method"];
  /** Path and query, beginning with the base URL's own path. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly repeat: "safe" | "once";
  readonly timeoutMs: number;
  /** Equal for requests that one answer serves; null when the request must be made for its caller alone. */
  readonly shareKey: string | null;
}

/** Puts a request together. Pure; returns a failure when it cannot be sent. */
export function prepareRequest(
  request: HttpRequest,
  endpoint: Endpoint,
  limits: Pick<WireLimits, "safeTimeoutMs" | "onceTimeoutMs">,
): PreparedRequest | TryFailure {
  if (!isPlainPath(request.path)) {
    return tryFailure(
      ErrorCode.BadUserInput,
      "expected a path that starts with one slash and has no query, fragment or dot segment",
    );
  }
  const repeat = request.repeat ?? (request.method === "GET" ? "safe" : "once");
  const timeoutMs = request.timeoutMs ?? (repeat === "safe" ? limits.safeTimeoutMs : limits.onceTimeoutMs);
  const basePath = new URL(endpoint.baseUrl).pathname.replace(/\/+$/, "");
  const target = `${basePath}${request.path}${queryText(request.query ?? {})}`;
  const body = request.body === undefined ? null : JSON.stringify(request.body);
  const headers = {
    accept: "application/json",
    "accept-encoding": "gzip",
    "user-agent": "syncgraph",
    ...(body === null ? {} : { "content-type": "application/json" }),
    ...lowerCaseNames(request.headers ?? {}),
    // The credential comes last: no request may replace it.
    ...lowerCaseNames(endpoint.headers),
  };
  const isShared = request.method === "GET" && repeat === "safe" && body === null;
  // Callers with another deadline would be ended too early or too late.
  const shareKey = isShared ? JSON.stringify([target, timeoutMs, Object.entries(headers).toSorted(byName)]) : null;
  return { method: request.method, target, headers, body, repeat, timeoutMs, shareKey };
}

function isPlainPath(path: string): boolean {
  return /^\/(?![/\\])[^\s\\?#\p{Cc}]*$/u.test(path) && !hasDotSegment(path);
}

function queryText(query: NonNullable<HttpRequest["query"]>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of typeof value === "object" ? value : [value]) parameters.append(name, String(one));
  }
  // Form encoding writes a space as a plus; every server reads %20.
  const text = parameters.toString().replaceAll("+", "%20");
  return text === "" ? "" : `?${text}`;
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

const byName = ([one]: readonly [string, string], [other]: readonly [string, string]): number => (one < other ? -1 : 1);
