// Who has a provider's quota: one gateway alone, or all that are on one PostgreSQL database.
import type { RateLimit } from "../domain/provider-port.ts";
import type { QuotaStore, SharedQuota } from "../domain/quota-port.ts";

/** @returns the shared quota of a tenant's provider; null where there cannot be a second gateway, since an SQLite file belongs to one */
export function createQuotas(
  databaseUrl: string,
  quotas: QuotaStore,
  tenantId: string,
): (providerKey: string, rateLimit: RateLimit) => SharedQuota | null {
  if (databaseUrl.startsWith("sqlite:")) return () => null;
  return (providerKey, rateLimit) => ({
    take: (wish) => quotas.take(tenantId, providerKey, rateLimit, wish),
    pausedForMs: () => quotas.pausedForMs(tenantId, providerKey),
    pause: (ms) => quotas.pause(tenantId, providerKey, ms),
  });
}
