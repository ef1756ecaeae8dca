// Streams of answers over a WebSocket, as the protocol draws from them.
import type { GraphQLError } from "graphql";
import { asError } from "./answer-text.ts";
import type { OperationEnd } from "./operation-end.ts";

/**
 * A stream whose `return`, which the library calls when the client has gone, also ends what the operation waits for. A failure there
 * is reported as a defect, because the operation is over.
 */
export function ending<T>(
  stream: AsyncIterable<T>,
  { leave }: OperationEnd,
  reportDefect: (error: unknown) => void,
): AsyncIterableIterator<T> {
  const inner = stream[Symbol.asyncIterator]();
  const done = { done: true, value: undefined } as const;
  const outer: AsyncIterableIterator<T> = {
    async next() {
      try {
        return await inner.next();
      } catch (error) {
        // The library makes a text of what is no error, and some things have none.
        throw asError(error);
      }
    },
    async return() {
      leave();
      try {
        return (await inner.return?.()) ?? done;
      } catch (error) {
        reportDefect(error);
        return done;
      }
    },
    [Symbol.asyncIterator]: () => outer,
  };
  return outer;
}

/** Stands for an operation while it is executed. Nobody reads it. */
export const NO_STREAM: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};

class OperationFailure extends Error {
  override readonly name = "OperationFailure";
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super("the operation failed before it had data");
    this.errors = errors;
  }
}

/** The library sends `error` for a stream that throws, and for nothing else after execution has begun. */
export async function* failWith(errors: readonly GraphQLError[]): AsyncGenerator<never, void, void> {
  await Promise.reject(new OperationFailure(errors));
}

/** The library ends an operation with an error when sending from a stream fails; for an answer that is none it would close the socket. */
export async function* once<T>(value: T): AsyncGenerator<T, void, void> {
  yield await Promise.resolve(value);
}

/** The errors that such a stream was made of. */
export function failuresIn(error: GraphQLError): readonly GraphQLError[] {
  return error.originalError instanceof OperationFailure ? error.originalError.errors : [error];
}
