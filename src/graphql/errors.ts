// The one place where errors become GraphQL errors: known codes keep their facts, everything else is masked.
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { CursorExpiredError, ErrorCode, GatewayError, ProviderError } from "../domain/errors.ts";
import { ledgerCursor } from "./cursors.ts";
import { LimitCode, LimitError } from "./limits/limit-error.ts";
import { withoutValues } from "./request-values.ts";

/** Codes of the GraphQL layer itself that clients may see as they are. */
const PROTOCOL_CODES: ReadonlySet<unknown> = new Set([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "OPERATION_RESOLUTION_FAILURE",
  "PERSISTED_QUERY_NOT_FOUND",
  "PERSISTED_QUERY_NOT_SUPPORTED",
  ...Object.values(LimitCode),
  "BAD_REQUEST",
  "RATE_LIMITED",
]);

/**
 * @param reportDefect told of every error that is masked, with the error itself
 */
export function formatError(
  formatted: GraphQLFormattedError,
  error: unknown,
  reportDefect: (error: unknown) => void,
): GraphQLFormattedError {
  const place = {
    ...(formatted.locations === undefined ? {} : { locations: formatted.locations }),
    ...(formatted.path === undefined ? {} : { path: formatted.path }),
  };
  const cause = causeOf(error);
  if (cause instanceof ProviderError) {
    const { code, provider, retryable, retryAfterMs, httpStatus } = cause;
    return { message: cause.message, ...place, extensions: { code, provider, retryable, retryAfterMs, httpStatus } };
  }
  if (cause instanceof CursorExpiredError) {
    const oldestCursor = ledgerCursor(cause.tenantId, {
      sequence: cause.oldestPlace,
      ledgerId: cause.ledgerId,
      mark: null,
    });
    return { message: cause.message, ...place, extensions: { code: cause.code, oldestCursor } };
  }
  if (cause instanceof LimitError) return { message: cause.message, ...place, extensions: cause.extensions };
  if (cause instanceof GatewayError && cause.code !== ErrorCode.Internal) {
    return { message: cause.message, ...place, extensions: { code: cause.code } };
  }
  // Without a path and a cause it was made before execution, by GraphQL itself: its text quotes nothing but the request, and that
  // may hold a secret.
  if (cause === null && formatted.path === undefined) {
    const code = formatted.extensions?.["code"];
    return {
      message: withoutValues(formatted.message, error),
      ...place,
      extensions: { code: PROTOCOL_CODES.has(code) ? code : ErrorCode.BadUserInput },
    };
  }
  reportDefect(error);
  return {
    message: "The gateway failed. Its log has the details.",
    ...place,
    extensions: { code: ErrorCode.Internal },
  };
}

/** The error a resolver threw, unwrapped; null when GraphQL itself made the error. */
function causeOf(error: unknown): unknown {
  if (!(error instanceof GraphQLError)) return error;
  return error.originalError === undefined || error.originalError === null ? null : causeOf(error.originalError);
}
