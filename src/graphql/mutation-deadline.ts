// A mutation is answered in time although what it asks a vendor for is never broken off: what takes longer goes on without its caller.
import { GraphQLError, type GraphQLFieldResolver, type GraphQLSchema } from "graphql";
import { ErrorCode, GatewayError } from "../domain/errors.ts";
import type { GatewayContext } from "./context.ts";
import { DeadlineError } from "./end-reasons.ts";

type MutationResolver = GraphQLFieldResolver<unknown, GatewayContext>;

/** Makes each mutation of a schema end with its operation's deadline. */
export function boundMutations(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve } = field;
    if (resolve === undefined) throw new GraphQLError(`the mutation ${field.name} has no resolver`);
    field.resolve = bounded(resolve);
  }
  return schema;
}

function bounded(resolve: MutationResolver): MutationResolver {
  return async (source, args, context, info) => {
    const { signal } = context;
    const missed: unknown = signal.aborted ? signal.reason : null;
    // Mutations of one operation run one after the other. A client that only went away still wants what it asked for.
    if (missed instanceof DeadlineError) throw notBegun(missed);
    const over = new AbortController();
    try {
      return await Promise.race([resolve(source, args, context, info), deadlineOf(signal, over.signal)]);
    } finally {
      over.abort();
    }
  };
}

/** Rejects when the operation's deadline passes. */
function deadlineOf(signal: AbortSignal, over: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => {
      const reason: unknown = signal.reason;
      if (reason instanceof DeadlineError) reject(stillGoingOn(reason));
    };
    signal.addEventListener("abort", onAbort, { once: true, signal: over });
  });
}

function stillGoingOn({ afterMs }: DeadlineError): GatewayError {
  const message = `The vendor has not answered within ${afterMs / 1_000} s. What was asked for goes on and may be done all the same: look at what is there before you ask for it again.`;
  return new GatewayError(ErrorCode.ProviderTimeout, message);
}

function notBegun({ afterMs }: DeadlineError): GatewayError {
  const message = `Not begun: the mutations before it in this operation took ${afterMs / 1_000} s. Ask for it in an operation of its own.`;
  return new GatewayError(ErrorCode.ProviderTimeout, message);
}
