// What callers may do with definitions: make, change, switch, schedule and delete them at their vendors.
import type { DefinitionOperations } from "../domain/gateway-port.ts";
import type { Catalog } from "./catalog.ts";
import { createKeyedMutex } from "./keyed-mutex.ts";
import { createModelSyncOperations } from "./model-sync-operations.ts";
import type { ProviderContact } from "./provider-contact.ts";
import { createSyncJobOperations } from "./sync-job-operations.ts";
import type { TrackingTools } from "./tools.ts";

export function createDefinitionOperations(
  tools: TrackingTools,
  { contact, catalog }: { readonly contact: ProviderContact; readonly catalog: Catalog },
): DefinitionOperations {
  const parts = { contact, catalog, oneAtATime: createKeyedMutex() };
  return { ...createModelSyncOperations(tools, parts), ...createSyncJobOperations(tools, parts) };
}
