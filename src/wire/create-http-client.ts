// Makes the one client that all providers call their vendors with. Each protection has a file of its own; here they meet.
import { ErrorCode, ProviderError } from "../domain/errors.ts";
import type { Endpoint } from "../domain/provider-port.ts";
import { addressPolicy, checkBaseUrl } from "./address-guard.ts";
import { describeDefect, describeFailure } from "./describe-failure.ts";
import type { FailureContext } from "./describe-failure.ts";
import { createExchange } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import { createFlights } from "./flights.ts";
import type { Flight } from "./flights.ts";
import { createForeignText } from "./foreign-text.ts";
import type { HttpClientOptions } from "./http-client-options.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "./http-client.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import type { WireLimits } from "./limits.ts";
import { createTry } from "./make-try.ts";
import type { TryInput } from "./make-try.ts";
import { prepareRequest } from "./prepare-request.ts";
import type { PreparedRequest } from "./prepare-request.ts";
import { createRedactor } from "./redact.ts";
import { createRetryBudget, createRetryPlan } from "./retry-policy.ts";
import type { RetryBudget } from "./retry-policy.ts";
import { EndedError, endedFailure, tryFailure } from "./try-result.ts";
import type { TryFailure, TryResult } from "./try-result.ts";
import { steadyClock } from "../domain/steady-clock.ts";
import { createVendorClock } from "./vendor-clock.ts";

export type { CallReport, HttpClientOptions } from "./http-client-options.ts";

/**
 * Makes a client for one provider. Rate limit, circuit breaker and connections belong to the client, so there should be one per
 * provider. A base URL that `checkBaseUrl` refuses makes every request fail with `PROVIDER_UNAVAILABLE`.
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { endpoint } = options;
  const limits: WireLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const secrets = [
    ...endpoint.secrets,
    ...credentialHeaders(endpoint),
    ...(options.secrets ?? []),
    ...passwordOf(options.outboundProxy ?? null),
  ];
  const redact = createRedactor(secrets);
  const context = { provider: options.provider, redact, longestRetryAfterMs: limits.longestRetryAfterMs };
  const flights = createFlights<HttpResponse>();
  const refused = checkBaseUrl(endpoint.baseUrl, options);
  const exchange = refused === null ? openExchange(options, limits) : null;
  const clock = steadyClock(options.clock);
  const budget = createRetryBudget(limits, clock);
  const vendorClock = createVendorClock();
  const fly = createFly({
    options: { ...options, clock },
    limits,
    context,
    budget,
    makeTry: createTry({ options, clock, limits, exchange, redact, texts: createForeignText(secrets), vendorClock }),
  });
  let closed = false;

  /** Why nothing can be sent at all; null when something can. */
  function obstacle(request: HttpRequest): TryFailure | null {
    if (closed) return tryFailure(ErrorCode.ProviderUnavailable, "expected an open client, got a closed one");
    if (refused !== null) return tryFailure(ErrorCode.ProviderUnavailable, `the base URL is refused: ${refused}`);
    return request.signal?.aborted ? endedFailure(new EndedError("caller", request.signal.reason), 0) : null;
  }

  async function send(request: HttpRequest): Promise<HttpResponse> {
    const prepared = obstacle(request) ?? prepareRequest(request, endpoint, limits);
    if ("problem" in prepared) throw describeFailure(prepared, request, false, context);
    return flights.join(
      prepared.shareKey,
      (flight) => fly(request, prepared, flight),
      request.signal,
      (flight, ended) => describeFailure(endedFailure(ended, prepared.timeoutMs), request, flight.sent, context),
    );
  }

  return {
    request: async (request) => {
      try {
        return await send(request);
      } catch (cause) {
        throw cause instanceof ProviderError ? cause : describeDefect(cause, request, context);
      }
    },
    theirTime: (ours) => vendorClock.theirs(ours),
    theirTimes: (ours) => vendorClock.between(ours),
    close: async () => {
      closed = true;
      flights.endAll(new EndedError("closed"));
      await exchange?.close();
    },
  };
}

interface FlyTools {
  readonly options: HttpClientOptions;
  readonly limits: WireLimits;
  readonly context: FailureContext;
  readonly budget: RetryBudget;
  readonly makeTry: (input: TryInput) => Promise<TryResult>;
}

type Fly = (request: HttpRequest, prepared: PreparedRequest, flight: Flight) => Promise<HttpResponse>;

/** A request with all its tries, within its deadline. */
function createFly({ options, limits, context, budget, makeTry }: FlyTools): Fly {
  const { clock, random = Math.random } = options;
  return async (request, prepared, flight) => {
    const { repeat, timeoutMs } = prepared;
    const deadlineMs = clock.now().getTime() + timeoutMs;
    const landed = new AbortController();
    clock.sleep(timeoutMs, landed.signal).then(
      () => flight.end(new EndedError("deadline")),
      () => undefined,
    );
    const plan = createRetryPlan({ repeat, deadlineMs, limits, budget, clock, random });
    budget.countRequest();
    let before: TryFailure | null = null;
    try {
      for (let tryNumber = 1; ; tryNumber += 1) {
        const result = await makeTry({ request, prepared, flight, deadlineMs, tryNumber });
        if (result.ok) return result.response;
        // A try that never left tells less than the one before it.
        const failure: TryFailure = before !== null && !result.failure.attempted ? before : result.failure;
        const waitMs = failure === result.failure ? plan.next(failure) : null;
        if (waitMs === null) throw describeFailure(failure, request, flight.sent, context);
        before = failure;
        // An end in between shows itself in the next try.
        await clock.sleep(waitMs, flight.signal).catch(() => undefined);
      }
    } finally {
      landed.abort();
    }
  };
}

function openExchange(
  { endpoint, allowPrivateAddress, resolve, outboundProxy = null }: HttpClientOptions,
  limits: WireLimits,
): Exchange {
  const baseUrl = new URL(endpoint.baseUrl);
  return createExchange({
    origin: baseUrl.origin,
    addressPolicy: addressPolicy(baseUrl, allowPrivateAddress),
    limits,
    resolve,
    outboundProxy,
  });
}

/** A proxy's password as it is written and as it is meant. */
function passwordOf(proxy: string | null): readonly string[] {
  const written = proxy === null ? "" : (URL.parse(proxy)?.password ?? "");
  return written === "" ? [] : [written, decodeURIComponent(written)];
}

/** Values of headers that carry credentials, should the provider have forgotten to name them as secrets. */
function credentialHeaders({ headers }: Endpoint): readonly string[] {
  const values = Object.entries(headers).flatMap(([name, value]) =>
    /authorization|key|token|secret/i.test(name) ? [value] : [],
  );
  // What stands behind a scheme such as Bearer may come back without it.
  return values.flatMap((value) => [value, value.replace(/^\S+\s+/, "")]);
}
