// GraphQL over HTTP: Apollo Server behind a thin node:http handler. No logic of GraphQL is here.
import type { IncomingMessage, ServerResponse } from "node:http";
import { ApolloServer, HeaderMap, type ApolloServerPlugin } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { GraphQLError, OperationTypeNode, type GraphQLSchema } from "graphql";
import type { Clock } from "../domain/clock.ts";
import type { GatewayContext } from "../graphql/context.ts";
import { formatError, notedErrors } from "../graphql/errors.ts";
import { createOperationEnd, type OperationEnd } from "./operation-end.ts";
import { readBody, refuse } from "./request-body.ts";

export interface GraphqlHttp {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Waits for running operations. */
  stop(): Promise<void>;
}

export interface GraphqlHttpOptions {
  readonly schema: GraphQLSchema;
  /** Makes the context of an operation from its request. The signal aborts when its answer is not waited for any longer. */
  readonly contextOf: (request: IncomingMessage, signal: AbortSignal) => GatewayContext;
  readonly clock: Clock;
  /** Told of every error that clients only see masked. */
  readonly reportDefect: (error: unknown) => void;
}

/** RELAY's largest operations fit; a flood of tokens is refused while it is parsed. */
export const MOST_TOKENS = 2_000;

export async function createGraphqlHttp({
  schema,
  contextOf,
  clock,
  reportDefect,
}: GraphqlHttpOptions): Promise<GraphqlHttp> {
  /** By their signals: Apollo hands on a copy of the context. */
  const ends = new WeakMap<AbortSignal, OperationEnd>();
  const apollo = new ApolloServer<GatewayContext>({
    schema,
    plugins: [
      // It would wrap every field of every operation, and nothing here sets cache hints.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      operationPlugin(({ signal }, type) => ends.get(signal)?.limit(type), reportDefect),
    ],
    formatError: (formatted, error) => formatError(formatted, error, reportDefect),
    includeStacktraceInErrorResponses: false,
    introspection: true,
    stopOnTerminationSignals: false,
    status400ForVariableCoercionErrors: true,
    parseOptions: { maxTokens: MOST_TOKENS },
    logger: SILENT,
  });
  await apollo.start();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (isRefused(request, response)) return;
    const body = request.method === "POST" ? await readBody(request, response) : { json: undefined };
    if (body === null) return;
    const headers = new HeaderMap();
    for (const [name, value] of Object.entries(request.headers)) {
      if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
    }
    const end = createOperationEnd(clock);
    ends.set(end.signal, end);
    // Also when the client went away while its body was read.
    if (response.destroyed) end.leave();
    response.once("close", end.leave);
    const result = await apollo
      .executeHTTPGraphQLRequest({
        httpGraphQLRequest: {
          method: (request.method ?? "GET").toUpperCase(),
          headers,
          search: new URL(request.url ?? "/", "http://gateway").search,
          body: body.json,
        },
        context: () => Promise.resolve(contextOf(request, end.signal)),
      })
      .finally(() => {
        response.off("close", end.leave);
        end.settle();
      });
    for (const [name, value] of result.headers) response.setHeader(name, value);
    response.statusCode = result.status ?? 200;
    if (result.body.kind === "complete") {
      response.end(result.body.string);
      return;
    }
    for await (const chunk of result.body.asyncIterator) response.write(chunk);
    response.end();
  }

  return { handle, stop: () => apollo.stop() };
}

/** Answers what Apollo would call a forgery: another method, and a person who looks at the address with a browser. */
function isRefused({ method, url = "/" }: IncomingMessage, response: ServerResponse): boolean {
  if (method === "POST") return false;
  if (method !== "GET") {
    response.setHeader("allow", "GET, POST");
    refuse(response, 405, "GraphQL is asked with POST; queries may come with GET too.");
    return true;
  }
  const { searchParams } = new URL(url, "http://gateway");
  if (searchParams.has("query") || searchParams.has("extensions")) return false;
  const how = 'Send one with POST, as JSON: { "query": "..." }. Subscriptions come over WebSocket at the same address.';
  refuse(response, 400, `There is no operation here. ${how}`);
  return true;
}

/** What HTTP adds to an operation: a deadline, subscriptions are refused, and failures that lists noted are put beside their data. */
function operationPlugin(
  limit: (context: GatewayContext, type: OperationTypeNode) => void,
  reportDefect: (error: unknown) => void,
): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation: ({ operation, contextValue }) => {
          if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) {
            // Undefined when the name fits none: that is answered at once.
            if (operation !== undefined) limit(contextValue, operation.operation);
            return Promise.resolve();
          }
          const extensions = { code: "BAD_REQUEST", http: { status: 400 } };
          throw new GraphQLError("Subscriptions are served over WebSocket at the same address, not over HTTP.", {
            extensions,
          });
        },
        willSendResponse: ({ contextValue, response }) => {
          const { body } = response;
          const noted = notedErrors(contextValue, reportDefect);
          if (body.kind === "single" && noted.length > 0) {
            body.singleResult.errors = [...(body.singleResult.errors ?? []), ...noted];
          }
          return Promise.resolve();
        },
      }),
  };
}

/** What Apollo would log comes to `reportDefect` already. */
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {}
