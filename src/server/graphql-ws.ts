// GraphQL over WebSocket: the graphql-transport-ws protocol (enisdenjo/graphql-ws, PROTOCOL.md) on the HTTP server's port.
import type { IncomingMessage, Server } from "node:http";
import { GraphQLError, parse, validate, type DocumentNode, type ExecutionArgs, type FormattedExecutionResult, type GraphQLSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import type { GatewayContext } from "../graphql/context.ts";
import { formatError } from "../graphql/errors.ts";
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
  const masked = (error: GraphQLError): GraphQLError => {
    const { message, extensions, path: at, locations } = formatError(error.toJSON(), error, reportDefect);
    const positions = locations === undefined ? {} : { locations };
    return Object.assign(new GraphQLError(message, { extensions: extensions ?? {}, ...(at === undefined ? {} : { path: at }) }), positions);
  };
  const protocol = useServer<Record<string, unknown>, { readonly request: IncomingMessage }>(
    {
      schema,
      connectionInitWaitTimeout: 3_000,
      onSubscribe: (context, _id, { query, variables, operationName }): ExecutionArgs | GraphQLError[] => {
        const document = documentOf(query);
        // Errors returned here are this operation's own; thrown ones would close the socket with everything on it.
        if (!("kind" in document)) return document.map(masked);
        return {
          schema,
          document,
          operationName: operationName ?? null,
          variableValues: variables ?? {},
          contextValue: contextOf(context.extra.request),
        };
      },
      onError: (_context, _id, _payload, errors) => errors.map((error) => masked(asGraphqlError(error)).toJSON()),
      onNext: (_context, _id, _payload, _args, { data, errors, extensions }): FormattedExecutionResult => ({
        ...(errors === undefined ? {} : { errors: errors.map((error) => masked(asGraphqlError(error)).toJSON()) }),
        ...(data === undefined ? {} : { data }),
        ...(extensions === undefined ? {} : { extensions }),
      }),
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
      if (errors.length > 0) return errors;
      const oldest = kept.keys().next();
      if (kept.size >= DOCUMENTS_KEPT && oldest.done !== true) kept.delete(oldest.value);
      kept.set(query, document);
      return document;
    } catch (error) {
      return [asGraphqlError(error)];
    }
  };
}

function asGraphqlError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const original = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(original.message, { originalError: original });
}
