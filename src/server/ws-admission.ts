// Which operations a socket may begin. One that may not gets an `error` of its own; the socket and what runs on it go on.
import { GraphQLError } from "graphql";
import { ErrorCode } from "../domain/errors.ts";
import { createTokenBucket } from "./token-bucket.ts";
import type { WsLimits } from "./ws-limits.ts";

export interface OperationRequest {
  readonly query: string;
  readonly variables?: unknown;
  readonly extensions?: unknown;
}

export interface WsAdmission {
  /**
   * @param running ids of the socket's operations, this one among them
   * @returns null when it may begin
   */
  refused(id: string, request: OperationRequest, running: readonly string[]): GraphQLError | null;
}

export function createWsAdmission(limits: WsLimits, now: () => Date): WsAdmission {
  const bucket = createTokenBucket(limits.operations, now);
  /** Bytes of the requests of those that began; what has ended is forgotten with the next one. */
  let sizes = new Map<string, number>();

  return {
    refused(id, request, running) {
      if (!bucket.take())
        return tooMuch(
          `More than ${limits.operations.perSecond} operations a second came over this socket. ` +
            "Wait for a second, then send this one again.",
        );
      if (id.length > limits.mostIdLength) {
        const message = `An operation's id has at most ${limits.mostIdLength} characters. Send it under a shorter one.`;
        return new GraphQLError(message, { extensions: { code: ErrorCode.BadUserInput } });
      }
      if (running.length > limits.mostOperations)
        return tooMuch(
          `A socket has at most ${limits.mostOperations} operations at once. Complete one, or open another socket.`,
        );
      const others = running.filter((one) => one !== id);
      sizes = new Map(others.map((one) => [one, sizes.get(one) ?? 0]));
      const bytes = sizeOf(request);
      const all = [...sizes.values()].reduce((sum, one) => sum + one, bytes);
      if (all > limits.mostRequestBytes)
        return tooMuch(
          `The operations of a socket have at most ${limits.mostRequestBytes / 1024} KB of text and variables at once. ` +
            "Complete one, or open another socket.",
        );
      sizes.set(id, bytes);
      return null;
    },
  };
}

function tooMuch(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: "RATE_LIMITED" } });
}

function sizeOf({ query, variables, extensions }: OperationRequest): number {
  return Buffer.byteLength(query) + Buffer.byteLength(JSON.stringify([variables, extensions]));
}
