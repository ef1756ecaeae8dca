// Polytomic's adapter at a fake vendor that answers what a test says, and the run and the sync that tests ask about.
import type { ModelSyncSnapshot } from "../../../src/domain/definition.ts";
import type { ProviderSettings, RunRef } from "../../../src/domain/provider-port.ts";
import { adapterAt, settingsOf } from "../../support/adapter-at-fake-vendor.ts";
import type { AdapterAtFakeVendor } from "../../support/adapter-at-fake-vendor.ts";
import type { FakeHandler } from "../../support/fake-vendor.ts";
import * as values from "../../support/provider-values.ts";
import { conformance } from "./conformance.ts";

export const SYNC_ID = "248df4b7-aa70-47b8-a036-33ac447e668d";
export const CONNECTION_ID = "9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d";
const EXECUTION_ID = "7f3e9c2a-4b8d-4f1e-a9c3-6d5e2f8b1a7c";

export const polytomicAt = (handler: FakeHandler): Promise<AdapterAtFakeVendor> => adapterAt(conformance, handler);

export const settingsFor = (baseUrl: string | null, changes: Partial<ProviderSettings> = {}): ProviderSettings =>
  settingsOf(conformance, { baseUrl, ...changes });

export const runRef = (changes: Partial<RunRef> = {}): RunRef =>
  values.runRef({ remoteId: EXECUTION_ID, definitionRemoteId: SYNC_ID, ...changes });

export const modelSync = (changes: Partial<ModelSyncSnapshot> = {}): ModelSyncSnapshot =>
  values.modelSync({
    remoteId: SYNC_ID,
    name: "Warehouse users to Salesforce contacts",
    linkedAccountRemoteId: CONNECTION_ID,
    mode: "updateOrCreate",
    ...changes,
  });
