// An answer as it is sent: no larger than it may be, whatever is in it, and JSON in any case.
import type { FormattedExecutionResult } from "graphql";
import type { GatewayContext } from "../graphql/context.ts";
import { formatError } from "../graphql/errors.ts";
import { answerTooLarge } from "../graphql/limits/answer-budget.ts";
import type { LimitError } from "../graphql/limits/limit-error.ts";
import { LIMITS } from "../graphql/limits/limits.ts";

/** The answer, or the one error that stands for it when it was given up while it was made. */
export function answerOf(context: GatewayContext, result: FormattedExecutionResult): FormattedExecutionResult {
  const exceeded = context.answer.exceeded();
  return exceeded === null ? result : tooLargeAnswer(exceeded);
}

/** The JSON of an answer. Never throws: what cannot be JSON is a defect, and reported. */
export function answerText(result: FormattedExecutionResult, reportDefect: (error: unknown) => void): string {
  try {
    const text = JSON.stringify(result);
    const bytes = Buffer.byteLength(text);
    return bytes > LIMITS.answerBytes ? JSON.stringify(tooLargeAnswer(answerTooLarge(bytes))) : text;
  } catch (error) {
    return JSON.stringify(defectiveAnswer(error, reportDefect));
  }
}

/** The same for a transport that makes JSON of it by itself. */
export function sendable(
  result: FormattedExecutionResult,
  reportDefect: (error: unknown) => void,
): FormattedExecutionResult {
  try {
    const bytes = Buffer.byteLength(JSON.stringify(result));
    return bytes > LIMITS.answerBytes ? tooLargeAnswer(answerTooLarge(bytes)) : result;
  } catch (error) {
    return defectiveAnswer(error, reportDefect);
  }
}

function tooLargeAnswer(error: LimitError): FormattedExecutionResult {
  return { errors: [{ message: error.message, extensions: error.extensions }], data: null };
}

function defectiveAnswer(error: unknown, reportDefect: (error: unknown) => void): FormattedExecutionResult {
  // The path says that it was executed: nothing of such an error may be shown.
  return { errors: [formatError({ message: "", path: [] }, asError(error), reportDefect)], data: null };
}

/** Anything that was thrown, as an error that can be read. */
export function asError(thrown: unknown): Error {
  try {
    if (!(thrown instanceof Error)) return new Error(String(thrown));
    // Reading it here is the test: either may be a getter that throws.
    return typeof thrown.message === "string" && String(thrown.stack) !== "" ? thrown : new Error(UNREADABLE);
  } catch {
    return new Error(UNREADABLE);
  }
}

const UNREADABLE = "something was thrown that cannot be read";

/** The same report, for errors that cannot be read too: telling of a failure must not be another one. */
export function reporting(reportDefect: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      reportDefect(error);
    } catch {
      reportDefect(new Error(UNREADABLE));
    }
  };
}
