// Which requests may come from a web browser: by the names the gateway is asked by, and the pages that may ask. Every person's browser
// runs code of every site they visit, and can reach a gateway that listens on their own machine.
import type { IncomingMessage, ServerResponse } from "node:http";
import cors from "cors";
import type { Refusal } from "./request-body.ts";
import { USUAL_PORT, parseHost, parseOrigin, type HostName, type WebOrigin } from "./web-addresses.ts";

export interface AccessPolicy {
  /** Refuses a request whose `Host` is not one of the gateway's: a site can give its own name the gateway's address. */
  refusedHost(request: IncomingMessage): Refusal | null;
  /**
   * Refuses the same, and what a page of another origin asks. Browsers let every page open a WebSocket anywhere, and send simple requests;
   * only the server can refuse them. Who sends no `Origin` is not a page.
   */
  refusedPage(request: IncomingMessage): Refusal | null;
  /**
   * Lets an allowed origin read the answer. To be asked when nothing was refused.
   *
   * @returns whether it was a preflight, which is answered with this
   */
  answersPreflight(request: IncomingMessage, response: ServerResponse): boolean;
}

export interface AccessSettings {
  /** Names the gateway is asked by, beside loopback's. Without a port it may be asked on each. */
  readonly allowedHosts: readonly HostName[];
  /** Origins whose pages may use it, beside its own; as browsers write them. */
  readonly allowedOrigins: readonly string[];
}

/** No site can give these another address. Subdomains of localhost are not here: some systems ask the network for them. */
const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Headers that GraphQL's clients send. */
const CLIENT_HEADERS = [
  "content-type",
  "authorization",
  "apollo-require-preflight",
  "x-apollo-operation-name",
  "apollographql-client-name",
  "apollographql-client-version",
  "graphql-preflight",
];
/** How long a browser need not ask again, in seconds. None keeps it for longer than two hours. */
const PREFLIGHT_LASTS = 7_200;

const NOT_OUR_HOST: Refusal = {
  status: 403,
  message:
    "The gateway does not answer for the host name of this request, so that no web site can reach it under a name of the site's own. " +
    "If the name is yours, add it to SYNCGRAPH_ALLOWED_HOSTS and restart the gateway.",
};

export function createAccessPolicy({ allowedHosts, allowedOrigins }: AccessSettings): AccessPolicy {
  const origins = new Set(allowedOrigins);
  const share = cors({
    origin: [...origins],
    methods: ["GET", "POST"],
    allowedHeaders: CLIENT_HEADERS,
    exposedHeaders: ["retry-after"],
    maxAge: PREFLIGHT_LASTS,
  });

  const isOurs = (host: HostName): boolean =>
    LOOPBACK.has(host.name) ||
    allowedHosts.some(({ name, port }) => name === host.name && (port === null || isPort(port, host)));

  function isOwnPage(page: WebOrigin, host: HostName): boolean {
    if (page.name !== host.name || page.port !== (host.port ?? USUAL_PORT[page.scheme])) return false;
    // Nothing encrypts on loopback's names; in front of the others there may be what does.
    if (LOOPBACK.has(host.name)) return page.scheme === "http";
    return allowedHosts.some(({ name, port }) => name === page.name && (port === null || port === page.port));
  }

  function refusedHost(request: IncomingMessage): Refusal | null {
    const hosts = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host");
    // RFC 9112, section 3.2. A proxy may have looked at another one than Node.
    if (hosts.length > 1) return { status: 400, message: "The request has more than one Host header. Send one." };
    const host = parseHost(request.headers.host ?? "");
    return host !== null && isOurs(host) ? null : NOT_OUR_HOST;
  }

  function refusedPage(request: IncomingMessage): Refusal | null {
    const refused = refusedHost(request);
    const { origin } = request.headers;
    if (refused !== null || origin === undefined || origins.has(origin)) return refused;
    const page = parseOrigin(origin);
    const host = parseHost(request.headers.host ?? "");
    return page !== null && host !== null && isOwnPage(page, host) ? null : notOurPage(page === null ? null : origin);
  }

  return {
    refusedHost,
    refusedPage,
    answersPreflight(request, response) {
      // Also where it is refused or absent, so that nothing that keeps answers gives one to another page.
      response.setHeader("vary", "Origin");
      const { origin } = request.headers;
      if (origin === undefined || !origins.has(origin)) return false;
      let passed = false;
      share(request, response, () => (passed = true));
      return !passed;
    },
  };
}

/** Without a port a client means the usual one, and which that is depends on what is in front. */
function isPort(port: number, host: HostName): boolean {
  return host.port === null ? Object.values(USUAL_PORT).includes(port) : port === host.port;
}

/** @param origin null when it names no page: nothing of it is repeated then */
function notOurPage(origin: string | null): Refusal {
  const which = origin === null ? "" : ` (${origin})`;
  return {
    status: 403,
    message:
      `A web page of another origin${which} may not use this gateway. If the page is yours, ` +
      "add its origin to SYNCGRAPH_ALLOWED_ORIGINS and restart the gateway.",
  };
}
