// Why the gateway cannot start although its configuration is right, in words for the person who started it.
import { GatewayError } from "../domain/errors.ts";
import { reasonOf } from "../domain/reason.ts";
import { FileTaken } from "../store/file-claim.ts";
import { TAKES_NO_WRITES } from "../store/failures.ts";
import { UnfitDatabase } from "../store/open-postgres.ts";

export class StartError extends Error {
  override readonly name = "StartError";
}

/** @param cause what listening failed with */
export function cannotListen(cause: unknown, host: string, port: number): StartError {
  const code = codeOf(cause);
  const what = `port ${port} of ${host}`;
  if (code === "EADDRINUSE")
    return new StartError(`The ${what} is in use. Stop what uses it, or set PORT to another.`, { cause });
  if (code === "EACCES") return new StartError(`This user may not use ${what}. Set PORT to one above 1023.`, { cause });
  return new StartError(`The ${what} cannot be used: ${causeInWords(cause)}. Check HOST and PORT.`, { cause });
}

/** @param url may hold a password, which is not repeated */
export function cannotOpenDatabase(cause: unknown, url: string): StartError {
  const database = `The database ${withoutPassword(url)}`;
  if (cause instanceof FileTaken) {
    const what = "Stop that one, set DATABASE_URL to another file, or use PostgreSQL, which is for many gateways.";
    return new StartError(`${database} is in use by another gateway. ${what}`, { cause });
  }
  if (cause instanceof UnfitDatabase) return new StartError(`${database} ${cause.message}.`, { cause });
  const advice = MAY_NOT_WRITE.has(codeBehind(cause))
    ? "This user must be able to write the file and its folder: give it the right to, mount the folder so that it can be written to, or set DATABASE_URL to a file elsewhere."
    : "Check DATABASE_URL.";
  return new StartError(`${database} cannot be opened: ${causeInWords(cause)}. ${advice}`, { cause });
}

/** Of the system's file calls, and of SQLite. */
const MAY_NOT_WRITE: ReadonlySet<string> = new Set([
  ...["EACCES", "EPERM", "EROFS", "SQLITE_CANTOPEN", "SQLITE_READONLY"],
]);

const codeBehind = (error: unknown): string =>
  codeOf(error instanceof GatewayError && error.cause !== undefined ? error.cause : error);

function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return "named by DATABASE_URL";
  const { protocol, host, pathname } = new URL(url);
  return host === "" ? `${protocol}${pathname}` : `${protocol}//${host}${pathname}`;
}

/** What is behind an error, for a sentence to end with: a database's own words say more than that it does not answer. */
export function causeInWords(error: unknown): string {
  const cause = error instanceof GatewayError && error.cause !== undefined ? error.cause : error;
  const reason = reasonOf(cause);
  return reason === "" ? codeOf(cause) : reason.replace(/\.$/u, "");
}

/** Why `/readyz` says 503, from what the look at the database failed with. */
export const databaseReason = (error: unknown): string =>
  error instanceof GatewayError && error.message === TAKES_NO_WRITES
    ? "the database takes no writes: it is read-only, or a replica"
    : "the database does not answer";

function codeOf(cause: unknown): string {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : "unknown reason";
}
