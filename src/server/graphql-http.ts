// GraphQL over HTTP: Apollo Server behind a thin node:http handler. No logic of GraphQL is here.
import type { IncomingMessage, ServerResponse } from "node:http";
import { ApolloServer, HeaderMap } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import type { GraphQLSchema, OperationTypeNode } from "graphql";
import type { Clock } from "../domain/clock.ts";
import type { GatewayContext } from "../graphql/context.ts";
import { formatError } from "../graphql/errors.ts";
import type { OperationCost } from "../graphql/limits/cost.ts";
import { EXECUTION_OPTIONS, createGuard } from "../graphql/limits/guard.ts";
import { LIMITS } from "../graphql/limits/limits.ts";
import { answerText, reporting } from "./answer-text.ts";
import { createGuardedHttp } from "./guarded-http.ts";
import type { LargeOperations } from "./large-operations.ts";
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
  /** Shared with the other transport. */
  readonly large: LargeOperations;
  /** Told of every error that clients only see masked. */
  readonly reportDefect: (error: unknown) => void;
}

export async function createGraphqlHttp({
  schema,
  contextOf,
  clock,
  large,
  ...options
}: GraphqlHttpOptions): Promise<GraphqlHttp> {
  const reportDefect = reporting(options.reportDefect);
  /** By their signals: Apollo hands on a copy of the context. */
  const ends = new WeakMap<AbortSignal, OperationEnd>();
  const turns = new WeakMap<AbortSignal, () => void>();
  const guard = createGuard(schema);
  const apollo = new ApolloServer<GatewayContext>({
    schema,
    plugins: [
      // It would wrap every field of every operation, and nothing here sets cache hints.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      createGuardedHttp({ guard, begin, reportDefect }),
    ],
    formatError: (formatted, error) => formatError(formatted, error, reportDefect),
    includeStacktraceInErrorResponses: false,
    introspection: true,
    stopOnTerminationSignals: false,
    status400ForVariableCoercionErrors: true,
    parseOptions: { maxTokens: LIMITS.tokens },
    // The guard validates, after what bounds how long that can take. Apollo would do it before.
    dangerouslyDisableValidation: true,
    executionOptions: EXECUTION_OPTIONS.options,
    stringifyResult: (result) => answerText(result, reportDefect),
    logger: SILENT,
  });
  await apollo.start();

  async function begin({ signal }: GatewayContext, type: OperationTypeNode, cost: OperationCost): Promise<void> {
    ends.get(signal)?.limit(type);
    turns.set(signal, await large.begin(cost, signal));
  }

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
        turns.get(end.signal)?.();
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

/** What Apollo would log comes to `reportDefect` already. */
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {}
