// What HTTP adds to an operation: it is judged before it is executed, it has a deadline, subscriptions are refused, and the
// failures and the cost that belong beside its data are put there.
import type { ApolloServerPlugin } from "@apollo/server";
import { GraphQLError, OperationTypeNode, type FormattedExecutionResult, type GraphQLFormattedError } from "graphql";
import type { GatewayContext } from "../graphql/context.ts";
import { formatError } from "../graphql/errors.ts";
import { withNotedFailures } from "../graphql/noted-failures.ts";
import { asksForCost, costReport, type OperationCost } from "../graphql/limits/cost.ts";
import type { Guard } from "../graphql/limits/guard.ts";
import { answerOf } from "./answer-text.ts";

export interface GuardedHttpOptions {
  readonly guard: Guard;
  /** An operation was judged and is to be executed when this resolves. Its kind says how long it may take. */
  readonly begin: (context: GatewayContext, type: OperationTypeNode, cost: OperationCost) => Promise<void>;
  readonly reportDefect: (error: unknown) => void;
}

export function createGuardedHttp({
  guard,
  begin,
  reportDefect,
}: GuardedHttpOptions): ApolloServerPlugin<GatewayContext> {
  const formatted = (error: GraphQLError): GraphQLFormattedError => formatError(error.toJSON(), error, reportDefect);
  return {
    requestDidStart: () => {
      /** Apollo takes one error of a hook; the others are put beside it when the answer is sent. */
      let others: readonly GraphQLError[] = [];
      let cost: OperationCost | null = null;
      return Promise.resolve({
        didResolveOperation: ({ document, request, contextValue }) => {
          const { operationName, variables } = request;
          const judgement = guard.judge({ document, operationName, variables });
          if (judgement.isRefused) {
            const [first, ...rest] = judgement.errors;
            others = rest;
            throw asRefusal(first ?? new GraphQLError("The operation is refused."));
          }
          const { operation } = judgement.operation;
          if (operation === OperationTypeNode.SUBSCRIPTION) throw SUBSCRIPTION;
          cost = judgement.cost;
          return begin(contextValue, operation, cost);
        },
        willSendResponse: ({ contextValue, request, response }) => {
          if (response.body.kind !== "single") return Promise.resolve();
          const result: FormattedExecutionResult = response.body.singleResult;
          const all = others.length === 0 ? result : withErrors(result, others.map(formatted));
          const whole = answerOf(contextValue, withNotedFailures(contextValue, all));
          const isAsked = cost !== null && asksForCost(request.extensions);
          response.body.singleResult = isAsked ? withCost(whole, cost) : whole;
          return Promise.resolve();
        },
      });
    },
  };
}

const SUBSCRIPTION = new GraphQLError("Subscriptions are served over WebSocket at the same address, not over HTTP.", {
  extensions: { code: "BAD_REQUEST", http: { status: 400 } },
});

/** With the status that Apollo gives the answer. */
function asRefusal(error: GraphQLError): GraphQLError {
  return new GraphQLError(error.message, {
    ...{ nodes: error.nodes ?? null, source: error.source ?? null, positions: error.positions ?? null },
    originalError: error.originalError ?? null,
    extensions: { ...error.extensions, http: { status: 400 } },
  });
}

function withErrors(
  result: FormattedExecutionResult,
  more: readonly GraphQLFormattedError[],
): FormattedExecutionResult {
  return { ...result, errors: [...(result.errors ?? []), ...more] };
}

function withCost(result: FormattedExecutionResult, cost: OperationCost | null): FormattedExecutionResult {
  return cost === null ? result : { ...result, extensions: { ...result.extensions, cost: costReport(cost) } };
}
