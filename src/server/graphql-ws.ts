// GraphQL over WebSocket: the graphql-transport-ws protocol (enisdenjo/graphql-ws, PROTOCOL.md) on the HTTP server's port.
import type { IncomingMessage, Server } from "node:http";
import {
  GraphQLError,
  createSourceEventStream,
  execute,
  getOperationAST,
  parse,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLSchema,
} from "graphql";
import { makeServer } from "graphql-ws";
import type { Clock } from "../domain/clock.ts";
import type { GatewayContext } from "../graphql/context.ts";
import { formatError, notedErrors } from "../graphql/errors.ts";
import { MOST_TOKENS } from "./graphql-http.ts";
import { createOperationEnd, type OperationEnd } from "./operation-end.ts";
import type { WsLimits } from "./ws-limits.ts";
import type { Refusal } from "./request-body.ts";
import { createWsTransport, type WsPeer, type WsTransport } from "./ws-transport.ts";

export interface GraphqlWsOptions {
  readonly server: Server;
  readonly path: string;
  /** Why a socket is not opened for a request; null when it is. */
  readonly refused: (request: IncomingMessage) => Refusal | null;
  readonly schema: GraphQLSchema;
  /** Makes the context of an operation. The signal aborts when its answer is not waited for any longer. */
  readonly contextOf: (request: IncomingMessage, signal: AbortSignal) => GatewayContext;
  readonly clock: Clock;
  readonly reportDefect: (error: unknown) => void;
  /** Default: `WS_LIMITS`. */
  readonly limits?: WsLimits;
}

/** Operations are few and repeated by every client: parsing and validating each once is enough. */
const DOCUMENTS_KEPT = 500;

export function createGraphqlWs({ schema, contextOf, reportDefect, ...transport }: GraphqlWsOptions): WsTransport {
  const { clock } = transport;
  const documentOf = createDocumentCache(schema);
  /** What the library hands on is untyped; this is the same thing, typed. */
  const contexts = new WeakMap<ExecutionArgs, GatewayContext>();
  const ends = new WeakMap<ExecutionArgs, OperationEnd>();
  const peers = new WeakMap<ExecutionArgs, WsPeer>();
  const masked = (errors: readonly GraphQLError[]) =>
    errors.map((error) => formatError(error.toJSON(), error, reportDefect));
  const protocol = makeServer<Record<string, unknown>, WsPeer>({
    schema,
    connectionInitWaitTimeout: 3_000,
    onPing: ({ extra }) => void extra.heartbeat(),
    onPong: ({ extra }) => void extra.heartbeat(),
    onSubscribe: (context, id, payload): ExecutionArgs | GraphQLError[] => {
      const refused = context.extra.admission.refused(id, payload, Object.keys(context.subscriptions));
      if (refused !== null) return [refused];
      const { query, variables, operationName } = payload;
      const document = documentOf(query);
      // Errors returned here are this operation's own; thrown ones would close the socket with everything on it.
      if (!("kind" in document)) return [...document];
      const operation = getOperationAST(document, operationName);
      if (!operation) return [unresolved(operationName)];
      const end = createOperationEnd(clock);
      try {
        const contextValue = contextOf(context.extra.request, end.signal);
        const execution = {
          schema,
          document,
          operationName: operationName ?? null,
          variableValues: variables ?? {},
          contextValue,
        };
        contexts.set(execution, contextValue);
        ends.set(execution, end);
        peers.set(execution, context.extra);
        end.limit(operation.operation);
        // What is here is returned when the client completes the operation or closes the socket; a subscription's stream replaces it.
        context.subscriptions[id] = ending(NO_STREAM, end);
        return execution;
      } catch (error) {
        return [asGraphqlError(error)];
      }
    },
    execute: async (args) => {
      const result = await executeInTurn(args, peers.get(args), ends.get(args));
      ends.get(args)?.settle();
      return failed(result) ?? once(result);
    },
    subscribe: async (args) => {
      const [peer, end] = [peers.get(args), ends.get(args)];
      const events = await createSourceEventStream(args);
      if (!(Symbol.asyncIterator in events)) return failed(events) ?? once(events);
      const produce = (event: unknown) => execute({ ...args, rootValue: event });
      if (peer === undefined || end === undefined) throw new Error("an operation without its socket");
      return peer.streams.paced(ending(events, end), produce);
    },
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
  });
  return createWsTransport({ ...transport, protocol, reportDefect });
}

/** What one socket's operations ask for is executed some at a time, and not while much waits for the socket. */
async function executeInTurn(args: ExecutionArgs, peer?: WsPeer, end?: OperationEnd): Promise<ExecutionResult> {
  if (peer === undefined || end === undefined) throw new Error("an operation without its socket");
  const turn = await peer.turns.begin(end.signal);
  if (turn === null) return { errors: [neverBegun()] };
  try {
    return await execute(args);
  } finally {
    turn();
  }
}

/** An operation that failed before it had data ends with the protocol's `error`, whichever step it failed in. */
function failed({ data, errors }: ExecutionResult): AsyncGenerator<never, void, void> | null {
  return errors === undefined || data !== undefined ? null : failWith(errors);
}

/** Its client has gone, or other operations of its socket took all the time it had. */
function neverBegun(): GraphQLError {
  const message =
    "The operation was not begun in its time, because others of its socket were before it. Send it again, or over another socket.";
  return new GraphQLError(message, { extensions: { code: "RATE_LIMITED" } });
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

/** What HTTP says of a name that no operation has, and of no name where there are several. */
function unresolved(operationName: string | null | undefined): GraphQLError {
  const message = operationName
    ? `Unknown operation named "${operationName}".`
    : "Must provide operation name if query contains multiple operations.";
  return withCode(new GraphQLError(message), "OPERATION_RESOLUTION_FAILURE");
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

/** A stream whose `return`, which the library calls when the client has gone, also ends what the operation waits for. */
function ending<T>(stream: AsyncIterable<T>, { leave }: OperationEnd): AsyncIterableIterator<T> {
  const inner = stream[Symbol.asyncIterator]();
  const outer: AsyncIterableIterator<T> = {
    next: () => inner.next(),
    async return() {
      leave();
      return (await inner.return?.()) ?? { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => outer,
  };
  return outer;
}

/** Stands for an operation while it is executed. Nobody reads it. */
const NO_STREAM: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};

/** The library ends an operation with an error when sending from a stream fails; for an answer that is none it would close the socket. */
async function* once<T>(value: T): AsyncGenerator<T, void, void> {
  yield await Promise.resolve(value);
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
