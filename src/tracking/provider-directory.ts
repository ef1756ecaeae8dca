// The configured providers of each tenant, as tracking sees them.
import { shownKeyOf, type ProviderInfo } from "../domain/gateway-port.ts";
import type { AccountClaim } from "../domain/provider-account.ts";
import type { PollIntervals, RateLimit, SyncProvider } from "../domain/provider-port.ts";

export interface ConfiguredProvider {
  readonly info: ProviderInfo;
  readonly provider: SyncProvider;
  /** What the configuration says of its account. Left out, the account is not watched. */
  readonly account?: AccountClaim;
  /** The module's intervals with the configuration's own put over them. */
  readonly poll: PollIntervals;
  readonly rateLimit: RateLimit;
  /** Whether a secret is there to prove webhooks with. */
  readonly webhooksConfigured: boolean;
  /** Requests made since the start, each try of one, those that found no turn among them: they would have cost as much. */
  readonly callsMade: () => number;
}

export interface ProviderDirectory {
  tenantIds(): readonly string[];
  providersOf(tenantId: string): readonly ConfiguredProvider[];
  find(tenantId: string, providerKey: string): ConfiguredProvider | undefined;
  /** By its key in the configuration, or by the one it had before it was renamed. */
  findShown(tenantId: string, shownKey: string): ConfiguredProvider | undefined;
}

/** A directory over a fixed configuration. Keys are unique within a tenant. */
export function createProviderDirectory(
  byTenant: ReadonlyMap<string, readonly ConfiguredProvider[]>,
): ProviderDirectory {
  const index = new Map(
    [...byTenant].map(([tenantId, providers]) => [
      tenantId,
      new Map(providers.map((configured) => [configured.info.key, configured])),
    ]),
  );
  return {
    tenantIds: () => [...index.keys()],
    providersOf: (tenantId) => [...(index.get(tenantId)?.values() ?? [])],
    find: (tenantId, providerKey) => index.get(tenantId)?.get(providerKey),
    findShown: (tenantId, shownKey) => {
      const shown = byTenant.get(tenantId)?.find(({ info }) => shownKeyOf(info) === shownKey);
      return shown ?? index.get(tenantId)?.get(shownKey);
    },
  };
}
