// One request and its answer's bytes, over undici. Knows the origin, the credential stays with whoever makes the headers.
import { isIP } from "node:net";
import { Pool, ProxyAgent } from "undici";
import type { Dispatcher } from "undici";
import { createGuardedLookup } from "./address-guard.ts";
import type { AddressPolicy, ResolveAddresses } from "./address-guard.ts";
import type { WireLimits } from "./limits.ts";
import { BodyCutError } from "./try-result.ts";

export interface OutgoingRequest {
  readonly method: Dispatcher.HttpMethod;
  /** Path and query, beginning with the base URL's own path. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly signal: AbortSignal;
  /** Called when a connection is up and the first byte is about to be written. What it throws is thrown on, and nothing is written. */
  readonly onSending: () => void;
}

/** An answer as it came, still compressed. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; repeated headers are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

export interface Exchange {
  /** Throws undici's and Node's errors as they are, or the signal's reason, or `BodyCutError`. Follows no redirect. */
  send(request: OutgoingRequest): Promise<RawAnswer>;
  close(): Promise<void>;
}

export interface ExchangeOptions {
  readonly origin: string;
  readonly addressPolicy: AddressPolicy;
  readonly limits: WireLimits;
  readonly resolve: ResolveAddresses | undefined;
  /** A proxy through which a tunnel to the origin is made; null connects to it. */
  readonly outboundProxy: string | null;
}

/** A pool of kept-alive connections to one origin. Proxies and TLS switches in the environment are not looked at. */
export function createExchange(options: ExchangeOptions): Exchange {
  const { origin } = options;
  const pool = options.outboundProxy === null ? directPool(options) : tunnelPool(options, options.outboundProxy);

  async function send({ method, target, headers, body, signal, onSending }: OutgoingRequest): Promise<RawAnswer> {
    const answer = await pool
      .compose(reportSending(onSending))
      .request({ origin, method, path: target, headers, body, signal });
    const names = Object.entries(answer.headers).map(([name, value]): [string, string] => [
      name,
      [value ?? ""].flat().join(", "),
    ]);
    const bytes = await readBody(answer.body, signal);
    return { status: answer.statusCode, headers: Object.fromEntries(names), bytes };
  }

  return { send, close: () => pool.destroy() };
}

const sharedOptions = (limits: WireLimits) => ({
  connections: limits.connections,
  pipelining: 1,
  headersTimeout: limits.headersTimeoutMs,
  bodyTimeout: limits.bodyIdleTimeoutMs,
  maxHeaderSize: limits.headerBytes,
  maxResponseSize: limits.responseBytes,
});

// `rejectUnauthorized` is said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED cannot take it away.
function directPool({ origin, limits, addressPolicy, resolve }: ExchangeOptions): Dispatcher {
  const lookup = createGuardedLookup(addressPolicy, resolve);
  const connect = { timeout: limits.connectTimeoutMs, lookup, rejectUnauthorized: true };
  return new Pool(origin, { ...sharedOptions(limits), connect });
}

/** The proxy resolves the origin's name: which address it leads to cannot be judged here. The certificate is the origin's own, as ever. */
function tunnelPool({ origin, limits }: ExchangeOptions, uri: string): Dispatcher {
  const { hostname } = new URL(origin);
  const tls = { timeout: limits.connectTimeoutMs, rejectUnauthorized: true };
  // An IP address is no name that TLS would send.
  const requestTls = isIP(hostname.replace(/^\[|\]$/gu, "")) === 0 ? { ...tls, servername: hostname } : tls;
  return new ProxyAgent({ ...sharedOptions(limits), uri, requestTls, proxyTls: tls, proxyTunnel: true });
}

/** The socket's end in the middle of a body, as undici, the system and the HTTP parser name it. */
const CUT_CODES: ReadonlySet<string> = new Set([
  "UND_ERR_SOCKET",
  "UND_ERR_ABORTED",
  "ECONNRESET",
  "HPE_INVALID_EOF_STATE",
]);

async function readBody(body: Dispatcher.ResponseData["body"], signal: AbortSignal): Promise<Buffer> {
  try {
    return Buffer.from(await body.arrayBuffer());
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    // Timeouts and caps are failures of their own.
    if (typeof code === "string" && CUT_CODES.has(code)) throw new BodyCutError("cut", { cause });
    throw cause;
  }
}

/**
 * undici tells a handler when a request is given to a connected socket. Before that moment nothing can have reached the vendor,
 * whatever the error is called.
 */
function reportSending(onSending: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context) => {
        // Thrown here, an error ends the request before it is written and leaves the connection as it is; `abort` would close it.
        onSending();
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (...upgrade) => handler.onRequestUpgrade?.(...upgrade),
      onResponseStart: (...start) => handler.onResponseStart?.(...start),
      onResponseData: (...data) => handler.onResponseData?.(...data),
      onResponseEnd: (...end) => handler.onResponseEnd?.(...end),
      onResponseError: (...failure) => handler.onResponseError?.(...failure),
    });
}
