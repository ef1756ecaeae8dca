// A model sync as the catalog has it, for tests that need any.
import { DefinitionKind } from "../../../src/domain/definition.ts";
import type { ModelSyncSnapshot } from "../../../src/domain/definition.ts";
import { SYNC_ID } from "./polytomic-at-fake-vendor.ts";

export const CONNECTION_ID = "9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d";

export function modelSync(more: Partial<ModelSyncSnapshot> = {}): ModelSyncSnapshot {
  return {
    kind: DefinitionKind.ModelSync,
    remoteId: SYNC_ID,
    name: "Warehouse users to Salesforce contacts",
    active: true,
    schedules: [],
    nextRunAt: null,
    linkedAccountRemoteId: CONNECTION_ID,
    createdAt: null,
    updatedAt: null,
    detailed: false,
    organizationId: null,
    mode: "updateOrCreate",
    modelIds: [],
    fields: [],
    overrideFields: [],
    filters: [],
    filterLogic: null,
    identity: null,
    overrides: [],
    policies: [],
    target: null,
    onlyEnrichUpdates: null,
    skipInitialBackfill: null,
    syncAllRecords: null,
    hasEncryptionPassphrase: false,
    createdBy: null,
    updatedBy: null,
    ...more,
  };
}
