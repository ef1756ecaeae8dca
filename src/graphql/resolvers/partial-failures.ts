// Lists over several providers: one that fails costs an error beside the data, never the others' data.
import type { GraphQLResolveInfo } from "graphql";
import { ErrorCode, GatewayError, type ProviderError } from "../../domain/errors.ts";
import type { GatewayContext } from "../context.ts";

/**
 * Asks about the providers a list is over and notes each failure for the answer's `errors`.
 *
 * @param providerKeys those the filter names; undefined means all
 * @throws GatewayError `NOT_FOUND` for a key that is not configured
 */
export async function besides(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  providerKeys: readonly string[] | undefined,
  ask: (keys: readonly string[]) => Promise<readonly ProviderError[]>,
): Promise<void> {
  const configured = context.ports.providersOf(context.tenantId).map(({ key }) => key);
  const stranger = providerKeys?.find((key) => !configured.includes(key));
  if (stranger !== undefined) throw unknownProvider(stranger, configured);
  for (const error of await ask(providerKeys ?? configured)) context.partialFailures.push({ error, info });
}

export function unknownProvider(key: string, configured: readonly string[]): GatewayError {
  const message = `There is no provider "${key.slice(0, 100)}". Configured: ${configured.join(", ") || "none"}.`;
  return new GatewayError(ErrorCode.NotFound, message);
}
