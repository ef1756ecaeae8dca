// What an answer tells of providers that fail to whoever selected nothing of it: an entry of `extensions` for each list and provider.
import { responsePathAsArray, type FormattedExecutionResult } from "graphql";
import type { GatewayContext } from "./context.ts";

/**
 * The answer with what its lists noted. Each note is given once: an operation over a WebSocket keeps its context from one answer to the
 * next.
 */
export function withNotedFailures(context: GatewayContext, result: FormattedExecutionResult): FormattedExecutionResult {
  const noted = context.providerFailures.splice(0);
  if (noted.length === 0) return result;
  const providerFailures = noted.map(({ failure, path }) => {
    const { provider, code, message, retryable, retryAfterMs, since } = failure;
    const facts = { provider: provider.key, code, message, retryable, retryAfterMs, since: since.toISOString() };
    return { ...facts, path: responsePathAsArray(path) };
  });
  return { ...result, extensions: { ...result.extensions, providerFailures } };
}
