// What went wrong, in one line for whoever reads the log. Clients are told less.
import { isOutage } from "./errors.ts";

/** A database that is full and one that is gone do not answer both; what it says itself tells them apart. */
export function reasonOf(error: unknown): string {
  // An error made of several, one for each address that was tried, has no sentence of its own.
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(", ");
  if (!(error instanceof Error)) return String(error);
  if (!isOutage(error) || error.cause === undefined) return error.message;
  return `${error.message.replace(/\.$/u, "")}: ${reasonOf(error.cause)}`;
}
