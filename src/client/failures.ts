// What can end a stream for good, and what is only a reason to connect again.
import { CloseCode } from "graphql-ws/client";

/** One error as GraphQL gives it. */
export interface GraphqlFailure {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  /** The gateway's own have `code`, and perhaps `retryable` and `retryAfterMs`. */
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** Codes of the client itself, beside those of the gateway (`CURSOR_EXPIRED`, `CURSOR_INVALID`, `UNAUTHENTICATED`, ...). */
export const FollowErrorCode = {
  /** The gateway closed the socket in a way that will not change; `closeCode` says which. */
  SocketRefused: "SOCKET_REFUSED",
  /** `retryAttempts` in a row came to nothing. */
  RetriesExhausted: "RETRIES_EXHAUSTED",
  /** What came is not what this client understands. */
  BadResponse: "BAD_RESPONSE",
} as const;

export interface FollowErrorFacts {
  /** The gateway's code, or one of `FollowErrorCode`. */
  readonly code: string;
  /** Where to go on: the last cursor that was handed out, or the one the stream began after. */
  readonly cursor: string | null;
  /** Code that the socket was closed with; null when it was not the reason. */
  readonly closeCode: number | null;
  /** What the gateway answered; empty when it was not the reason. */
  readonly errors: readonly GraphqlFailure[];
}

/** The stream cannot go on by itself. */
export class FollowError extends Error {
  override readonly name = "FollowError";
  readonly code: string;
  readonly cursor: string | null;
  readonly closeCode: number | null;
  readonly errors: readonly GraphqlFailure[];

  constructor(message: string, { code, cursor, closeCode, errors }: FollowErrorFacts) {
    super(message);
    this.code = code;
    this.cursor = cursor;
    this.closeCode = closeCode;
    this.errors = errors;
  }

  /** What the gateway says beside the message of its first error. */
  get extensions(): Readonly<Record<string, unknown>> {
    return this.errors[0]?.extensions ?? {};
  }
}

/** Why a connection is over. */
export type LinkEnd =
  /** The socket closed or was given up. */
  | { readonly kind: "CLOSED"; readonly closeCode: number; readonly reason: string }
  /** The gateway ended the subscription, with errors or, without, in peace. */
  | { readonly kind: "ENDED"; readonly errors: readonly GraphqlFailure[] }
  /** As much waits to be taken as may. */
  | { readonly kind: "FULL" };

const REFUSALS: ReadonlySet<number> = new Set([
  // RFC 6455, section 7.4.1: protocol error, unacceptable data, bad text, policy, too big, missing extension.
  ...[1002, 1003, 1007, 1008, 1009, 1010],
  CloseCode.BadRequest,
  CloseCode.BadResponse,
  CloseCode.SubprotocolNotAcceptable,
  CloseCode.SubscriberAlreadyExists,
  CloseCode.TooManyInitialisationRequests,
]);

/** Refusals of who asks. After a connection that had begun they may mean no more than a token that ran out. */
const STRANGER_CODES: ReadonlyMap<number, string> = new Map([
  [CloseCode.Unauthorized, "UNAUTHENTICATED"],
  [CloseCode.Forbidden, "FORBIDDEN"],
]);

/** The gateway failed, not the request: its database does not answer, or it has a defect that others may not have. */
const PASSING_CODES: ReadonlySet<unknown> = new Set(["SERVICE_UNAVAILABLE", "INTERNAL_SERVER_ERROR"]);

/** @returns the error that ends the stream; null when the same may succeed on another connection */
export function fatalError(end: LinkEnd, begun: boolean, cursor: string | null): FollowError | null {
  if (end.kind === "CLOSED") {
    const { closeCode, reason } = end;
    const stranger = STRANGER_CODES.get(closeCode);
    if (stranger === undefined ? !REFUSALS.has(closeCode) : begun) return null;
    const code = stranger ?? FollowErrorCode.SocketRefused;
    return new FollowError(`The gateway closed the socket: ${said(closeCode, reason)}.`, {
      ...{ code, cursor, closeCode },
      errors: [],
    });
  }
  if (end.kind === "FULL" || end.errors.length === 0 || end.errors.some(isPassing)) return null;
  return errorOf(end.errors, cursor);
}

export function errorOf(errors: readonly GraphqlFailure[], cursor: string | null): FollowError {
  const code = errors[0]?.extensions?.["code"];
  const message = errors.map((error) => error.message).join("; ");
  return new FollowError(message === "" ? "The gateway answered neither data nor errors." : message, {
    code: typeof code === "string" ? code : FollowErrorCode.BadResponse,
    cursor,
    closeCode: null,
    errors,
  });
}

/** The end in words. */
export function reasonOf(end: LinkEnd): string {
  if (end.kind === "CLOSED") return said(end.closeCode, end.reason);
  if (end.kind === "FULL") return "more waits than is taken";
  return end.errors.length === 0
    ? "the gateway ended the subscription"
    : end.errors.map(({ message }) => message).join("; ");
}

/** How long the gateway asks to wait, in milliseconds; 0 when it does not. */
export function askedDelayMs(end: LinkEnd): number {
  if (end.kind !== "ENDED") return 0;
  const asked = end.errors.map(({ extensions }) => extensions?.["retryAfterMs"]);
  return Math.max(0, ...asked.filter((one) => typeof one === "number"));
}

const isPassing = ({ extensions }: GraphqlFailure): boolean =>
  extensions?.["retryable"] === true || PASSING_CODES.has(extensions?.["code"]);

const said = (closeCode: number, reason: string): string =>
  reason === "" ? String(closeCode) : `${closeCode} ${reason}`;
