// The gateway's HTTP and WebSocket front on a port of its own, over a scriptable gateway; and the plainest of clients for both.
import { createServer, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Clock } from "../../src/domain/clock.ts";
import type { GatewayContext } from "../../src/graphql/context.ts";
import { createAccessPolicy, type AccessSettings } from "../../src/server/access-policy.ts";
import { createGraphqlHttp } from "../../src/server/graphql-http.ts";
import { createGraphqlWs } from "../../src/server/graphql-ws.ts";
import { createLargeOperations } from "../../src/server/large-operations.ts";
import { createRoutes } from "../../src/server/routes.ts";
import type { WsLimits } from "../../src/server/ws-limits.ts";
import type { WsTransport } from "../../src/server/ws-transport.ts";
import { schema, type GraphqlGateway } from "./graphql.ts";

export interface GraphqlServer {
  readonly origin: string;
  readonly url: string;
  readonly port: number;
  /** What is open over WebSocket. */
  readonly sockets: Pick<WsTransport, "connections" | "waitingBytes" | "streams">;
  close(): Promise<void>;
}

export interface GraphqlServerOptions {
  readonly notReady?: () => Promise<string | null>;
  readonly contextOf?: (request: IncomingMessage, signal: AbortSignal) => GatewayContext;
  /** By which deadlines pass, and the sockets' time; default the gateway's own. */
  readonly clock?: Clock;
  readonly limits?: WsLimits;
  /** Names and origins beside its own. Default: none. */
  readonly access?: Partial<AccessSettings>;
}

export async function serveGraphql(
  gateway: GraphqlGateway,
  options: GraphqlServerOptions = {},
): Promise<GraphqlServer> {
  const { notReady = () => Promise.resolve(null), clock = gateway.clock } = options;
  const contextOf = options.contextOf ?? ((_request, signal) => gateway.context({}, signal));
  const reportDefect = (error: unknown) => void gateway.defects.push(error);
  const large = createLargeOperations();
  const graphql = await createGraphqlHttp({ schema, contextOf, clock, large, reportDefect });
  const access = createAccessPolicy({ ...NO_OTHERS, ...options.access });
  const server = createServer(createRoutes({ access, graphql, notReady, reportDefect }));
  const limits = options.limits === undefined ? {} : { limits: options.limits };
  const sockets = createGraphqlWs({
    ...{ server, path: "/graphql", refused: access.refusedPage, schema, contextOf, clock, large, reportDefect },
    ...limits,
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    origin,
    url: `${origin}/graphql`,
    port: address.port,
    sockets,
    close: async () => {
      await sockets.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await graphql.stop();
    },
  };
}

/** What a gateway is asked by, and from where, when nothing is set. */
export const NO_OTHERS: AccessSettings = { allowedHosts: [], allowedOrigins: [] };

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON. */
  readonly body: unknown;
}

export async function http(url: string, init: RequestInit = {}): Promise<HttpAnswer> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(60_000) });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  const body: unknown = isJson ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, body };
}

export function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return http(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: text });
}

/** Sends bytes as they are and gives back all that came until the server closed the connection. */
export function sendRaw(port: number, chunks: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      for (const chunk of chunks) socket.write(chunk);
    });
    let received = "";
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => (received += text));
    socket.on("close", () => resolve(received));
    socket.on("error", reject);
    socket.setTimeout(60_000, () => socket.destroy(new Error("the server neither answered nor closed")));
  });
}
