// A provider that this gateway does not have configured: its history is shown, and nothing can be done at it.
import type { ProviderInfo } from "./gateway-port.ts";
import type { ProviderAccount } from "./provider-account.ts";
import type { Capabilities } from "./provider-port.ts";

/** Of a provider that nothing can be done at. */
export const NO_CAPABILITIES: Capabilities = {
  syncJobs: false,
  modelSyncs: false,
  cancel: false,
  idempotentStart: false,
  lookupByTime: false,
  history: false,
  webhooks: false,
  modelSyncCrud: false,
  syncJobCrud: false,
  syncJobUpdate: false,
  schedules: false,
  schemaDiscovery: false,
  bulkStatus: false,
  separateTasks: false,
  startOptions: [],
  requiredStartOptions: [],
  poll: { fastMs: 0, slowMs: 0, discoverMs: 0 },
  rateLimit: { requests: 1, perMs: 1 },
};

/** @param displayNameOf the vendor's name as people write it; null for a kind that this version does not have */
export function unconfiguredProvider(
  { providerKey, shownKey, kind, sandbox, removedAt }: ProviderAccount,
  displayNameOf: (kind: string) => string | null,
): ProviderInfo {
  return {
    key: providerKey,
    shownKey,
    kind: kind ?? "unknown",
    displayName: (kind === null ? null : displayNameOf(kind)) ?? shownKey,
    capabilities: NO_CAPABILITIES,
    sandbox: sandbox ?? false,
    ...(removedAt === null ? {} : { removedAt }),
  };
}
