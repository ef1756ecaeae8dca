// Polytomic's adapter at a fake vendor that answers what a test says, and the run and the sync that tests ask about.
import type { ModelSyncSnapshot } from "../../../src/domain/definition.ts";
import type { ModelSyncEditor } from "../../../src/domain/editor-port.ts";
import type { ProviderSettings, RunRef, SyncProvider } from "../../../src/domain/provider-port.ts";
import type { SchemaDiscovery } from "../../../src/domain/schema-discovery.ts";
import { adapterAt, adapterWithReplies, settingsOf } from "../../support/adapter-at-fake-vendor.ts";
import type {
  AdapterAtFakeVendor,
  AdapterOptions,
  AdapterWithReplies,
  RecordedReply,
} from "../../support/adapter-at-fake-vendor.ts";
import type { FakeHandler } from "../../support/fake-vendor.ts";
import * as values from "../../support/provider-values.ts";
import { conformance } from "./conformance.ts";

export const SYNC_ID = "248df4b7-aa70-47b8-a036-33ac447e668d";
export const CONNECTION_ID = "9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d";
const EXECUTION_ID = "7f3e9c2a-4b8d-4f1e-a9c3-6d5e2f8b1a7c";

export const polytomicAt = (handler: FakeHandler, options: AdapterOptions = {}): Promise<AdapterAtFakeVendor> =>
  adapterAt(conformance, handler, options);

/** Gives each reply once; closing fails on any other request. */
export const polytomicWith = (...replies: readonly RecordedReply[]): Promise<AdapterWithReplies> =>
  adapterWithReplies(conformance, replies);

export function editorOf({ provider }: { readonly provider: SyncProvider }): ModelSyncEditor {
  if (provider.editors?.modelSyncs === undefined) throw new Error("expected an editor of model syncs, got none");
  return provider.editors.modelSyncs;
}

export function discoveryOf({ provider }: { readonly provider: SyncProvider }): SchemaDiscovery {
  if (provider.schemaDiscovery === undefined) throw new Error("expected a schema discovery, got none");
  return provider.schemaDiscovery;
}

export const linesOf = (requests: readonly { readonly method: string; readonly path: string }[]): readonly string[] =>
  requests.map(({ method, path }) => `${method} ${path}`);

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
