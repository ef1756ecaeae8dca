// Tells a database that does not answer from one that refuses. Callers see the driver's error, never TypeORM's wrapper: that one
// carries the statement's parameters, and parameters may hold what must not be logged.
import { QueryFailedError, TypeORMError } from "typeorm";
import { ErrorCode, GatewayError } from "../domain/errors.ts";

/** Told also to whoever looks at `/readyz`. */
export const TAKES_NO_WRITES = "The gateway's database takes no writes: it is read-only, or a replica.";

/** @returns `SERVICE_UNAVAILABLE` with its cause for a lost or exhausted database, else the driver's own error */
export function storeFailure(error: unknown): unknown {
  const driverError = driverErrorOf(error);
  if (driverError instanceof GatewayError || !isOutage(driverError)) return driverError;
  const message = isReadOnly(driverError) ? TAKES_NO_WRITES : "The gateway's database does not answer.";
  return new GatewayError(ErrorCode.ServiceUnavailable, message, { cause: driverError });
}

/** Two transactions got in each other's way and the same one again can succeed (PostgreSQL class 40). */
export function isTransactionConflict(error: unknown): boolean {
  return ["40001", "40P01"].includes(codeOf(driverErrorOf(error)));
}

/** Another program kept an SQLite file for as long as a writer waits. */
export const isLocked = (error: unknown): boolean => codeOf(driverErrorOf(error)) === "SQLITE_BUSY";

/** PostgreSQL, or the pooler before it, has no connection left for this user, database or server. */
export const isFull = (error: unknown): boolean =>
  codeOf(driverErrorOf(error)) === "53300" || FULL_POOLER.test(messageOf(error));

// PgBouncer gives all that it refuses the code 08P01.
const FULL_POOLER = /no more connections allowed/u;
const UNKNOWN_PARAMETER = /unsupported startup parameter/u;

/** A pooler refuses what is asked for when a connection begins. */
export const isUnknownParameter = (error: unknown): boolean => UNKNOWN_PARAMETER.test(messageOf(error));

/** The server's rules (`pg_hba.conf`) do not let this connection in as it is, encrypted or not. */
export const isConnectionRefusedByRule = (error: unknown): boolean => codeOf(driverErrorOf(error)) === "28000";

function messageOf(error: unknown): string {
  const driverError = driverErrorOf(error);
  return driverError instanceof Error ? driverError.message : "";
}

/** The database answers, and takes no writes: a replica, a setting, or a file that may only be read. */
export const isReadOnly = (error: unknown): boolean =>
  ["25006", "SQLITE_READONLY"].includes(codeOf(driverErrorOf(error)));

/** A statement ended because it was told to. */
export const isStopped = (error: unknown): boolean =>
  ["SQLITE_INTERRUPT", "57014"].includes(codeOf(driverErrorOf(error)));

/** Nothing can be written or read until something outside the gateway changes. */
export function isOutage(error: unknown): boolean {
  const driverError = driverErrorOf(error);
  if (driverError instanceof GatewayError) return driverError.code === ErrorCode.ServiceUnavailable;
  const code = codeOf(driverError);
  if (OUTAGE_CODES.has(code) || OUTAGE_CLASSES.test(code)) return true;
  if (driverError instanceof AggregateError) return driverError.errors.some(isOutage);
  if (driverError instanceof TypeORMError)
    return ["ConnectionIsNotSetError", "CannotExecuteNotConnectedError"].includes(driverError.name);
  return driverError instanceof Error && OUTAGE_MESSAGE.test(driverError.message);
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
  // PostgreSQL, appendix A: read-only, idle time used up, a lock that cannot be had.
  ...["25006", "25P03", "55P03"],
  ...["SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_READONLY", "SQLITE_MISUSE"],
]);

/**
 * PostgreSQL, appendix A: no connection (08), transactions in each other's way after all repetitions (40), memory, disk or connections used
 * up (53), ended by an administrator or for the time it took (57), the system beneath it fails (58).
 */
const OUTAGE_CLASSES = /^(?:08|40|53|57|58)[0-9A-Z]{3}$/u;

// The pg driver gives these no code.
const OUTAGE_MESSAGE =
  /connection terminated|timeout exceeded when trying to connect|cannot use a pool|not queryable|client was closed/iu;

const driverErrorOf = (error: unknown): unknown => (error instanceof QueryFailedError ? error.driverError : error);

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
