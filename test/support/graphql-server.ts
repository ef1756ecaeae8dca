// The gateway's HTTP and WebSocket front on a port of its own, over a scriptable gateway; and the plainest of clients for both.
import { createServer, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { GatewayContext } from "../../src/graphql/context.ts";
import { createGraphqlHttp } from "../../src/server/graphql-http.ts";
import { createGraphqlWs } from "../../src/server/graphql-ws.ts";
import { createRoutes } from "../../src/server/routes.ts";
import { schema, type GraphqlGateway } from "./graphql.ts";

export interface GraphqlServer {
  readonly origin: string;
  readonly url: string;
  readonly port: number;
  /** Sockets that are open over WebSocket. */
  connections(): number;
  close(): Promise<void>;
}

export interface GraphqlServerOptions {
  readonly notReady?: () => Promise<string | null>;
  readonly contextOf?: (request: IncomingMessage) => GatewayContext;
}

export async function serveGraphql(
  gateway: GraphqlGateway,
  options: GraphqlServerOptions = {},
): Promise<GraphqlServer> {
  const { notReady = () => Promise.resolve(null), contextOf = () => gateway.context() } = options;
  const reportDefect = (error: unknown) => void gateway.defects.push(error);
  const graphql = await createGraphqlHttp({ schema, contextOf, reportDefect });
  const server = createServer(createRoutes({ graphql, notReady, reportDefect }));
  const sockets = createGraphqlWs({ server, path: "/graphql", schema, contextOf, reportDefect });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    origin,
    url: `${origin}/graphql`,
    port: address.port,
    connections: () => sockets.connections(),
    close: async () => {
      await sockets.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await graphql.stop();
    },
  };
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON. */
  readonly body: unknown;
}

export async function http(url: string, init: RequestInit = {}): Promise<HttpAnswer> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) });
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
    socket.setTimeout(20_000, () => socket.destroy(new Error("the server neither answered nor closed")));
  });
}
