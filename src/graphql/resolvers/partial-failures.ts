// Lists over several providers: one that fails costs an error beside the data, never the others' data.
import type { GraphQLResolveInfo } from "graphql";
import type { ProviderError } from "../../domain/errors.ts";
import type { GatewayContext } from "../context.ts";

/**
 * Asks about the providers a list is over and notes each failure for the answer's `errors`.
 *
 * @param providerKeys those the filter names; undefined means all
 */
export async function besides(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  providerKeys: readonly string[] | undefined,
  ask: (keys: readonly string[]) => Promise<readonly ProviderError[]>,
): Promise<void> {
  const keys = providerKeys ?? context.ports.providersOf(context.tenantId).map(({ key }) => key);
  for (const error of await ask(keys)) context.partialFailures.push({ error, info });
}
