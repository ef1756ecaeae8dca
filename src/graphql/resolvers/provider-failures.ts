// Lists over several providers: one that fails takes nothing from the others. The list says as data which of them it could not ask.
import type { GraphQLResolveInfo } from "graphql";
import type { ProviderError } from "../../domain/errors.ts";
import { isFailing, type ProviderState } from "../../domain/store-port.ts";
import type { GatewayContext } from "../context.ts";
import { ProviderFailureType } from "../types/provider.ts";

/**
 * Asks about the providers a list is over. What fails is also noted for the answer's `extensions`, for callers that do not select it.
 *
 * @param providerKeys those the filter names; undefined means all
 */
export async function failuresAmong(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  providerKeys: readonly string[] | undefined,
  ask: (keys: readonly string[]) => Promise<readonly ProviderError[]>,
): Promise<readonly ProviderFailureType[]> {
  const keys = providerKeys ?? context.ports.providersOf(context.tenantId).map(({ key }) => key);
  const errors = await ask(keys);
  return Promise.all(
    errors.map(async (error) => {
      const state = await context.loaders.providerState.load(error.provider);
      // The list's own deadline may have passed without the provider having failed.
      const since = isFailing(state.health) ? failingSince(state) : null;
      const failure = ProviderFailureType.from(error.provider, error, since ?? context.ports.clock.now());
      context.providerFailures.push({ failure, path: info.path });
      return failure;
    }),
  );
}

/** The same from what is known of one provider, without a call and without a note. */
export async function failureOf(context: GatewayContext, key: string): Promise<readonly ProviderFailureType[]> {
  const state = await context.loaders.providerState.load(key);
  const failure = isFailing(state.health) ? lastFailureOf(context, key, state) : null;
  return failure === null ? [] : [failure];
}

/** The failure a provider's state keeps; null when it never failed. */
export function lastFailureOf(
  { ports }: GatewayContext,
  key: string,
  state: ProviderState,
): ProviderFailureType | null {
  const { lastError } = state;
  return lastError === null ? null : ProviderFailureType.from(key, lastError, failingSince(state) ?? ports.clock.now());
}

/** A gateway of the version before kept no beginning. */
function failingSince({ lastError, lastFailureAt }: ProviderState): Date | null {
  return lastError?.sinceMs === undefined ? lastFailureAt : new Date(lastError.sinceMs);
}
