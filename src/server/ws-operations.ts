// What the WebSocket protocol asks of an operation's life: it is judged, executed, followed, and its answers are made fit to be sent.
// Whatever one operation throws on the way becomes that operation's own error: thrown on, it would close the socket with all of them.
import type { IncomingMessage } from "node:http";
import {
  GraphQLError,
  createSourceEventStream,
  execute,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from "graphql";
import type { ServerOptions, SubscribePayload } from "graphql-ws";
import type { Clock } from "../domain/clock.ts";
import type { GatewayContext } from "../graphql/context.ts";
import { formatError } from "../graphql/errors.ts";
import { withNotedFailures } from "../graphql/noted-failures.ts";
import { asksForCost, costReport, type OperationCost } from "../graphql/limits/cost.ts";
import { EXECUTION_OPTIONS, createGuard } from "../graphql/limits/guard.ts";
import { LIMITS } from "../graphql/limits/limits.ts";
import { answerOf, asError, reporting, sendable } from "./answer-text.ts";
import type { LargeOperations } from "./large-operations.ts";
import { createOperationEnd, type OperationEnd } from "./operation-end.ts";
import { NO_STREAM, ending, failWith, failuresIn, once } from "./operation-stream.ts";
import type { WsPeer } from "./ws-transport.ts";

export interface WsOperationsOptions {
  readonly schema: GraphQLSchema;
  /** Makes the context of an operation. The signal aborts when its answer is not waited for any longer. */
  readonly contextOf: (request: IncomingMessage, signal: AbortSignal) => GatewayContext;
  readonly clock: Clock;
  /** Shared with the other transport. */
  readonly large: LargeOperations;
  /** Told of every error that clients only see masked. */
  readonly reportDefect: (error: unknown) => void;
}

type Hooks = Pick<
  Required<ServerOptions<Record<string, unknown>, WsPeer>>,
  "onSubscribe" | "execute" | "subscribe" | "onNext" | "onError"
>;

/** An operation that was taken. */
interface Taken {
  readonly peer: WsPeer;
  readonly context: GatewayContext;
  readonly end: OperationEnd;
  readonly cost: OperationCost;
  readonly isCostAsked: boolean;
}

/** What the library makes of an execution's result. */
type Answered = Parameters<NonNullable<Hooks["onNext"]>>[4];

/**
 * Operations are few and repeated by every client: each is parsed and validated once. What its variables make of it is judged anew. A token
 * takes some 400 bytes in memory.
 */
const TOKENS_KEPT = 50_000;

export function createWsOperations({ schema, contextOf, clock, large, ...options }: WsOperationsOptions): Hooks {
  const reportDefect = reporting(options.reportDefect);
  const guard = createGuard(schema);
  const documents = new Map<string, DocumentNode>();
  let tokensKept = 0;
  /** What the library hands on is untyped; this is the same thing, typed. */
  const taken = new WeakMap<object, Taken>();
  const masked = (errors: readonly GraphQLError[]): readonly GraphQLFormattedError[] =>
    errors.map((error) => formatError(error.toJSON(), error, reportDefect));

  function keep(text: string, document: DocumentNode): void {
    if (documents.has(text)) return;
    documents.set(text, document);
    tokensKept += tokensOf(document);
    for (const [oldest, forgotten] of documents) {
      if (tokensKept <= TOKENS_KEPT) return;
      documents.delete(oldest);
      tokensKept -= tokensOf(forgotten);
    }
  }

  function take(peer: WsPeer, payload: SubscribePayload): ExecutionArgs | readonly GraphQLError[] {
    const { query, variables, operationName, extensions } = payload;
    const document = documents.get(query) ?? guard.parse(query);
    const judgement = guard.judge({ document, operationName, variables });
    if (judgement.isRefused) return judgement.errors;
    keep(query, document);
    const end = createOperationEnd(clock);
    const contextValue = contextOf(peer.request, end.signal);
    const variableValues = variables ?? {};
    const execution = {
      ...{ schema, document, operationName: operationName ?? null, variableValues, contextValue },
      ...EXECUTION_OPTIONS,
    };
    const { operation, cost } = judgement;
    taken.set(execution, { peer, context: contextValue, end, cost, isCostAsked: asksForCost(extensions) });
    end.limit(operation.operation);
    return execution;
  }

  function answer(
    { context, cost, isCostAsked }: Taken,
    { data, errors, extensions }: Answered,
  ): FormattedExecutionResult {
    const all = masked((errors ?? []).map(asGraphqlError));
    const told = {
      ...(all.length === 0 ? {} : { errors: all }),
      ...(data === undefined ? {} : { data }),
      ...(extensions === undefined ? {} : { extensions }),
    };
    const result = answerOf(context, withNotedFailures(context, told));
    return sendable(
      isCostAsked ? { ...result, extensions: { ...result.extensions, cost: costReport(cost) } } : result,
      reportDefect,
    );
  }

  function takenOf(execution: ExecutionArgs): Taken {
    const operation = taken.get(execution);
    if (operation === undefined) throw new Error("an operation that was not taken");
    return operation;
  }

  return {
    onSubscribe({ extra, subscriptions }, id, payload) {
      try {
        const refused = extra.admission.refused(id, payload, Object.keys(subscriptions));
        if (refused !== null) return [refused];
        const execution = take(extra, payload);
        if (!("schema" in execution)) return [...execution];
        const end = taken.get(execution)?.end;
        // What is here is returned when the client completes the operation or closes the socket; a subscription's stream replaces it.
        if (end !== undefined) subscriptions[id] = ending(NO_STREAM, end, reportDefect);
        return execution;
      } catch (error) {
        return [asGraphqlError(error)];
      }
    },
    async execute(execution) {
      const operation = takenOf(execution);
      const result = await settled(() => executeInTurn(execution, operation, large));
      operation.end.settle();
      return failed(result) ?? once(result);
    },
    async subscribe(execution) {
      const { peer, end, cost } = takenOf(execution);
      const events = await settled(() => createSourceEventStream(execution));
      if (!(Symbol.asyncIterator in events)) return failed(events) ?? once(events);
      const produce = (event: unknown) =>
        settled(async () => {
          const giveBack = await large.begin(cost, end.signal);
          return settled(() => execute({ ...execution, rootValue: event })).finally(giveBack);
        });
      return peer.streams.paced(ending(events, end, reportDefect), produce);
    },
    onError: (_context, _id, _payload, errors) => {
      try {
        return masked(errors.flatMap(failuresIn));
      } catch (error) {
        return masked([asGraphqlError(error)]);
      }
    },
    onNext: (_context, _id, _payload, execution, result) => {
      const operation = taken.get(execution);
      if (operation === undefined) return undefined;
      try {
        return answer(operation, result);
      } catch (error) {
        return { errors: masked([asDefect(error)]), data: null };
      }
    },
  };
}

/** What one socket's operations ask for is executed some at a time, and not while much waits for the socket. */
async function executeInTurn(
  execution: ExecutionArgs,
  { peer, end, cost }: Taken,
  large: LargeOperations,
): Promise<ExecutionResult> {
  const turn = await peer.turns.begin(end.signal);
  if (turn === null) return { errors: [neverBegun()] };
  try {
    const giveBack = await large.begin(cost, end.signal);
    return await settled(() => execute(execution)).finally(giveBack);
  } finally {
    turn();
  }
}

const tokensOf = ({ tokenCount = LIMITS.tokens }: DocumentNode): number => tokenCount;

/** Its client has gone, or other operations of its socket took all the time it had. */
function neverBegun(): GraphQLError {
  const message =
    "The operation was not begun in its time, because others of its socket were before it. Send it again, or over another socket.";
  return new GraphQLError(message, { extensions: { code: "RATE_LIMITED" } });
}

/** An operation that failed before it had data ends with the protocol's `error`, whichever step it failed in. */
function failed({ data, errors }: ExecutionResult): AsyncGenerator<never, void, void> | null {
  return errors === undefined || data !== undefined ? null : failWith(errors);
}

/** A step of an operation, and what it throws as a result. */
async function settled<Result>(step: () => Promise<Result> | Result): Promise<Result | ExecutionResult> {
  try {
    return await step();
  } catch (error) {
    return { errors: [asGraphqlError(error)] };
  }
}

function asGraphqlError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  return asDefect(error);
}

function asDefect(error: unknown): GraphQLError {
  const originalError = asError(error);
  return new GraphQLError(originalError.message, { originalError });
}
