// What GraphQL says of a request before it runs, without the values in the request: one of them may be a secret.
import { GraphQLError } from "graphql";

const OF_A_VARIABLE = /^Variable "\$\w+" got invalid value /;

/**
 * GraphQL quotes the whole variable when one field of it is wrong, and clients log what they are told. Where the value stands and what is
 * expected there is kept.
 *
 * @param error as thrown, perhaps wrapped: the innermost one is the reason alone
 */
export function withoutValues(message: string, error: unknown): string {
  const [head] = OF_A_VARIABLE.exec(message) ?? [];
  if (head === undefined) return unquoted(message);
  const reason = innermost(error)?.message ?? "";
  const end = `; ${reason}`;
  if (reason === "" || !message.endsWith(end)) return `${head.trimEnd()}.`;
  // Quotes within a value are escaped there, so this is the path and no text of the caller's.
  const [place = ""] = /at "[^"\\]+"$/.exec(message.slice(head.length, -end.length)) ?? [];
  return `${head}${place}`.trimEnd() + `; ${unquoted(reason)}`;
}

/** Names stay, also those of an enum's values: they are what a person mistypes. */
function unquoted(message: string): string {
  if (message.startsWith("Enum ")) return message;
  return message
    .replace(/^(\w+ cannot represent [^:]*): .*$/s, "$1.")
    .replace(
      /^(DateTime cannot represent (?:an invalid date-time-string|non string or Date type)) .*$/s,
      "$1; expected a time such as 2026-01-31T09:00:00Z.",
    )
    .replace(/^(Expected value of type "[^"]*"), found (?!null\b).*$/s, "$1.")
    .replace(/((?:found|Unexpected) (?:String|BlockString|Int|Float)) ".*$/s, "$1.");
}

function innermost(error: unknown): GraphQLError | null {
  if (!(error instanceof GraphQLError)) return null;
  return innermost(error.originalError) ?? error;
}
