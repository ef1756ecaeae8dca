// A wire client for tests: pointed at a fake vendor, with everything that a test does not care about filled in.
import type { Clock } from "../../src/domain/clock.ts";
import { ProviderError } from "../../src/domain/errors.ts";
import { createHttpClient } from "../../src/wire/create-http-client.ts";
import type { HttpClientOptions } from "../../src/wire/create-http-client.ts";
import type { HttpClient, HttpRequest } from "../../src/wire/http-client.ts";
import { systemClock } from "../../src/wire/system-clock.ts";

export const SECRET = "sk_live_abcdef123456";

export function clientAt(baseUrl: string, overrides: Partial<HttpClientOptions> = {}): HttpClient {
  const clock: Clock = overrides.clock ?? systemClock;
  return createHttpClient({
    provider: "acme",
    endpoint: { baseUrl, headers: { api_key: SECRET }, secrets: [SECRET] },
    readError: (_status, body) => ({ message: messageOf(body) }),
    rateLimit: { requests: 1_000, perMs: 1_000 },
    allowPrivateAddress: true,
    random: () => 0,
    ...overrides,
    clock,
  });
}

export const get = (path: string, rest: Partial<HttpRequest> = {}): HttpRequest => ({
  operation: "list things",
  method: "GET",
  path,
  ...rest,
});

export const post = (path: string, rest: Partial<HttpRequest> = {}): HttpRequest => ({
  operation: "start a thing",
  method: "POST",
  path,
  body: {},
  ...rest,
});

/** The error that a promise rejects with; a promise that resolves, or rejects with anything else, fails the test. */
export async function providerErrorOf(work: Promise<unknown>): Promise<ProviderError> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!("error" in outcome)) throw new Error(`expected a ProviderError, got ${JSON.stringify(outcome.value)}`);
  if (!(outcome.error instanceof ProviderError)) throw outcome.error;
  return outcome.error;
}

function messageOf(body: unknown): string | null {
  if (typeof body !== "object" || body === null || !("message" in body)) return null;
  return typeof body.message === "string" ? body.message : null;
}
