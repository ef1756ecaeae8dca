// Tells a database that does not answer from one that refuses. Callers see the driver's error, never TypeORM's wrapper: that one
// carries the statement's parameters, and parameters may hold what must not be logged.
import { QueryFailedError, TypeORMError } from "typeorm";
import { ErrorCode, GatewayError } from "../domain/errors.ts";

/** @returns `SERVICE_UNAVAILABLE` with its cause for a lost or exhausted database, else the driver's own error */
export function storeFailure(error: unknown): unknown {
  const driverError: unknown = error instanceof QueryFailedError ? error.driverError : error;
  if (driverError instanceof GatewayError || !isOutage(driverError)) return driverError;
  return new GatewayError(ErrorCode.ServiceUnavailable, "The gateway's database does not answer.", {
    cause: driverError,
  });
}

/** Two transactions got in each other's way and the same one again can succeed (PostgreSQL class 40). */
export function isTransactionConflict(error: unknown): boolean {
  const driverError: unknown = error instanceof QueryFailedError ? error.driverError : error;
  return ["40001", "40P01"].includes(codeOf(driverError));
}

const OUTAGE_CODES: ReadonlySet<string> = new Set([
  ...[
    "ECONNREFUSED",
    "ECONNRESET",
    "EPIPE",
    "ETIMEDOUT",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ENOENT",
  ],
  // PostgreSQL, appendix A: shutdown, start-up, too many connections, disk full, read-only, statement or idle time used up.
  ...["57P01", "57P02", "57P03", "57P05", "53300", "53100", "25006", "57014", "25P03"],
  ...["SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_READONLY", "SQLITE_MISUSE"],
]);

// The pg driver gives these no code.
const OUTAGE_MESSAGE =
  /connection terminated|timeout exceeded when trying to connect|cannot use a pool|not queryable|client was closed/iu;

function isOutage(error: unknown): boolean {
  const code = codeOf(error);
  if (OUTAGE_CODES.has(code) || /^08[0-9A-Z]{3}$/u.test(code)) return true;
  if (error instanceof AggregateError) return error.errors.some(isOutage);
  if (error instanceof TypeORMError)
    return ["ConnectionIsNotSetError", "CannotExecuteNotConnectedError"].includes(error.name);
  return error instanceof Error && OUTAGE_MESSAGE.test(error.message);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
