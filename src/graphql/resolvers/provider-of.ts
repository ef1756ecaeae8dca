// The provider an object belongs to, also when it is not configured any more.
import { providerInfo, type GatewayContext } from "../context.ts";
import { NodeKind, globalIdOf } from "../global-id.ts";
import { ProviderCapabilitiesType, ProviderType } from "../types/provider.ts";

/** What is left of a provider that was taken out of the configuration while its runs are still in the ledger. */
const NOTHING: ProviderCapabilitiesType = {
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
};

export function providerOf(context: GatewayContext, key: string): ProviderType {
  const info = providerInfo(context, key);
  if (info !== undefined) return ProviderType.from(info);
  const id = globalIdOf(NodeKind.Provider, key);
  const capabilities = Object.assign(new ProviderCapabilitiesType(), NOTHING);
  return Object.assign(new ProviderType(), {
    id,
    key,
    storeKey: key,
    removedAt: null,
    refusal: null,
    kind: "removed",
    displayName: key,
    sandbox: false,
    capabilities,
  });
}
