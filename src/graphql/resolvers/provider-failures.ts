// Lists over several providers: one that fails takes nothing from the others. The list says as data which of them it could not ask.
import type { GraphQLResolveInfo } from "graphql";
import type { ProviderError } from "../../domain/errors.ts";
import { isFailing, type ProviderState } from "../../domain/provider-state.ts";
import { shownProvider, type GatewayContext } from "../context.ts";
import { ProviderFailureType, type ProviderType } from "../types/provider.ts";
import { providerOf } from "./provider-of.ts";

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
      const provider = providerOf(context, shownProvider(context, error.provider)?.key ?? error.provider);
      const state = await context.loaders.providerState.load(provider.storeKey);
      // The list's own deadline may have passed without the provider having failed.
      const since = isFailing(state.health) ? failingSince(state) : null;
      const failure = ProviderFailureType.from(provider, error, since ?? context.ports.clock.now());
      context.providerFailures.push({ failure, path: info.path });
      return failure;
    }),
  );
}

/** The same from what is known of one provider, without a call and without a note. */
export async function failureOf(context: GatewayContext, key: string): Promise<readonly ProviderFailureType[]> {
  const provider = providerOf(context, key);
  if (provider.removedAt !== null) return [];
  const { health } = await context.loaders.providerState.load(provider.storeKey);
  const failure = provider.refusal !== null || isFailing(health) ? await lastFailureOf(context, provider) : null;
  return failure === null ? [] : [failure];
}

/** Why the gateway does not work with a provider, or else the failure its state keeps; null when it never failed. */
export async function lastFailureOf(
  { loaders, ports }: GatewayContext,
  provider: ProviderType,
): Promise<ProviderFailureType | null> {
  const state = await loaders.providerState.load(provider.storeKey);
  const failure = provider.refusal ?? state.lastError;
  if (failure === null) return null;
  return ProviderFailureType.from(provider, failure, failingSince(state) ?? ports.clock.now());
}

/** A gateway of the version before kept no beginning. */
function failingSince({ lastError, lastFailureAt }: ProviderState): Date | null {
  return lastError?.sinceMs === undefined ? lastFailureAt : new Date(lastError.sinceMs);
}
