// GraphQL over WebSocket: the graphql-transport-ws protocol (enisdenjo/graphql-ws, PROTOCOL.md) on the HTTP server's port.
import type { IncomingMessage, Server } from "node:http";
import {
  GraphQLError,
  parse,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type FormattedExecutionResult,
  type GraphQLSchema,
} from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import type { GatewayContext } from "../graphql/context.ts";
import { formatError, notedErrors } from "../graphql/errors.ts";
import { MOST_TOKENS } from "./graphql-http.ts";

export interface GraphqlWs {
  /** Sockets open now. */
  connections(): number;
  /** Closes every socket with 1001 (going away), so that clients reconnect elsewhere. */
  close(): Promise<void>;
}

export interface GraphqlWsOptions {
  readonly server: Server;
  readonly path: string;
  readonly schema: GraphQLSchema;
  readonly contextOf: (request: IncomingMessage) => GatewayContext;
  readonly reportDefect: (error: unknown) => void;
}

const MOST_BYTES = 64 * 1024;
/** Operations are few and repeated by every client: parsing and validating each once is enough. */
const DOCUMENTS_KEPT = 500;

export function createGraphqlWs({ server, path, schema, contextOf, reportDefect }: GraphqlWsOptions): GraphqlWs {
  const sockets = new WebSocketServer({ server, path, maxPayload: MOST_BYTES });
  const documentOf = createDocumentCache(schema);
  /** What the library hands on is untyped; this is the same thing, typed. */
  const contexts = new WeakMap<ExecutionArgs, GatewayContext>();
  const masked = (errors: readonly GraphQLError[]) =>
    errors.map((error) => formatError(error.toJSON(), error, reportDefect));
  const protocol = useServer<Record<string, unknown>, { readonly request: IncomingMessage }>(
    {
      schema,
      connectionInitWaitTimeout: 3_000,
      // Otherwise the text of an error that closes a socket would go out as the reason.
      isProd: true,
      onSubscribe: (context, _id, { query, variables, operationName }): ExecutionArgs | GraphQLError[] => {
        const document = documentOf(query);
        // Errors returned here are this operation's own; thrown ones would close the socket with everything on it.
        if (!("kind" in document)) return [...document];
        try {
          const contextValue = contextOf(context.extra.request);
          const execution = {
            schema,
            document,
            operationName: operationName ?? null,
            variableValues: variables ?? {},
            contextValue,
          };
          contexts.set(execution, contextValue);
          return execution;
        } catch (error) {
          return [asGraphqlError(error)];
        }
      },
      // An operation that failed before it had data ends with the protocol's `error`, whichever step it failed in.
      onOperation: (_context, _id, _payload, _args, result) =>
        "errors" in result && result.errors && result.data === undefined ? failWith(result.errors) : result,
      onError: (_context, _id, _payload, errors) => masked(errors.flatMap(unwrapped)),
      onNext: (_context, _id, _payload, execution, { data, errors, extensions }): FormattedExecutionResult => {
        const context = contexts.get(execution);
        const noted = context === undefined ? [] : notedErrors(context, reportDefect);
        const all = [...masked((errors ?? []).map(asGraphqlError)), ...noted];
        return {
          ...(all.length === 0 ? {} : { errors: all }),
          ...(data === undefined ? {} : { data }),
          ...(extensions === undefined ? {} : { extensions }),
        };
      },
    },
    sockets,
    12_000,
  );
  return {
    connections: () => sockets.clients.size,
    close: async () => {
      await protocol.dispose();
    },
  };
}

type DocumentOf = (query: string) => DocumentNode | readonly GraphQLError[];

function createDocumentCache(schema: GraphQLSchema): DocumentOf {
  const kept = new Map<string, DocumentNode>();
  return (query) => {
    const known = kept.get(query);
    if (known !== undefined) return known;
    try {
      const document = parse(query, { maxTokens: MOST_TOKENS });
      const errors = validate(schema, document, undefined, { maxErrors: 5 });
      if (errors.length > 0) return errors.map((error) => withCode(error, "GRAPHQL_VALIDATION_FAILED"));
      const oldest = kept.keys().next();
      if (kept.size >= DOCUMENTS_KEPT && oldest.done !== true) kept.delete(oldest.value);
      kept.set(query, document);
      return document;
    } catch (error) {
      return [withCode(asGraphqlError(error), "GRAPHQL_PARSE_FAILED")];
    }
  };
}

/** The code that the same error has over HTTP. */
function withCode({ message, nodes, source, positions }: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { code },
  });
}

class OperationFailure extends Error {
  override readonly name = "OperationFailure";
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super("the operation failed before it had data");
    this.errors = errors;
  }
}

/** The library sends `error` for a stream that throws, and for nothing else after execution has begun. */
async function* failWith(errors: readonly GraphQLError[]): AsyncGenerator<never, void, void> {
  await Promise.reject(new OperationFailure(errors));
}

function unwrapped(error: GraphQLError): readonly GraphQLError[] {
  return error.originalError instanceof OperationFailure ? error.originalError.errors : [error];
}

function asGraphqlError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const original = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(original.message, { originalError: original });
}
