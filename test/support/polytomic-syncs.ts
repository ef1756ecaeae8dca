// Model syncs at Polytomic as acceptance tests need them: one in which nothing is left out, and the vendor's own copy to compare with.
import { expect } from "vitest";
import type { Input } from "./model-sync-client.ts";
import { listOf, objectOf, type Json } from "./openapi-examples.ts";
import { vendorSays } from "./vendor-truth.ts";
import { credentialHeaders, type VendorServer } from "./vendors.ts";

/** With a quotation mark and a letter beyond ASCII, so that it has other forms in JSON; its core is the same in all of them. */
export const PASSPHRASE = 'the "grüne" horse-battery-4711';
export const PASSPHRASE_CORE = "horse-battery-4711";

const MODEL = "c1d2e3f4-a5b6-4c7d-8e9f-0a1b2c3d4e5f";
const POLICY = "248df4b7-aa70-47b8-a036-33ac447e668d";
const modelField = (field: string): Json => ({ modelId: MODEL, field });

/** As little as a model sync can have. */
export const smallInput = (name: string, linkedAccountId: string): Input => ({
  name,
  mode: "append",
  target: { linkedAccountId, object: "Contact" },
  fields: [{ source: modelField("email"), target: "Email" }],
  schedule: { frequency: "MANUAL" },
});

/** Everything there is, running after another one. */
export const fullInput = (name: string, linkedAccountId: string, runAfter: string): Input => ({
  name,
  mode: "updateOrCreate",
  active: true,
  target: {
    linkedAccountId,
    object: "Contact",
    configuration: { batch: { size: 200 } },
    searchValues: { region: "eu" },
  },
  fields: [
    { source: modelField("email"), target: "Email", new: false, syncMode: "create", encryptionEnabled: true },
    { target: "Origin__c", overrideValue: "warehouse", new: true },
  ],
  overrideFields: [{ source: modelField("backup"), target: "Backup__c" }],
  filters: [
    { function: "IsNotNull", field: modelField("email"), fieldType: "Model", label: "A", value: null },
    { function: "StringOneOf", field: modelField("plan"), fieldType: "Model", label: "B", value: ["pro", "team"] },
  ],
  filterLogic: "A and B",
  overrides: [{ field: modelField("plan"), function: "Equality", value: "pro", override: { tier: 1 } }],
  identity: { function: "Equality", source: modelField("email"), target: "Email", newField: false },
  policies: [POLICY],
  onlyEnrichUpdates: true,
  skipInitialBackfill: true,
  syncAllRecords: true,
  schedule: { frequency: "AFTER_RUN", runAfterDefinitionIds: [runAfter], runAfterSuccessOnly: true },
  encryptionPassphrase: PASSPHRASE,
});

/** What the vendor must hold of it. */
export const fullTruth = (name: string, connectionId: string, runAfter: string): Json => ({
  name,
  mode: "updateOrCreate",
  active: true,
  target: {
    connection_id: connectionId,
    object: "Contact",
    configuration: { batch: { size: 200 } },
    search_values: { region: "eu" },
  },
  fields: [
    {
      source: { model_id: MODEL, field: "email" },
      target: "Email",
      new: false,
      sync_mode: "create",
      encryption_enabled: true,
    },
    { target: "Origin__c", override_value: "warehouse", new: true },
  ],
  override_fields: [{ source: { model_id: MODEL, field: "backup" }, target: "Backup__c" }],
  filters: [
    {
      function: "IsNotNull",
      field: { model_id: MODEL, field: "email" },
      field_type: "Model",
      label: "A",
      value: null,
    },
    {
      function: "StringOneOf",
      field: { model_id: MODEL, field: "plan" },
      field_type: "Model",
      label: "B",
      value: ["pro", "team"],
    },
  ],
  filter_logic: "A and B",
  overrides: [{ field: { model_id: MODEL, field: "plan" }, function: "Equality", value: "pro", override: { tier: 1 } }],
  identity: { function: "Equality", source: { model_id: MODEL, field: "email" }, target: "Email", new_field: false },
  policies: [POLICY],
  only_enrich_updates: true,
  skip_initial_backfill: true,
  sync_all_records: true,
  schedule: {
    frequency: "runafter",
    run_after: { sync_ids: [runAfter], bulk_sync_ids: [] },
    run_after_success_only: true,
  },
  encryption_passphrase: PASSPHRASE,
});

/** A sync as the vendor tells it: its parts by name. */
export async function syncAtVendor(vendor: VendorServer, remoteId: string): Promise<Json> {
  return objectOf(objectOf(await vendorSays(vendor, `/api/syncs/${remoteId}`))["data"]);
}

/** All syncs the vendor lists. */
export async function syncsAtVendor(vendor: VendorServer): Promise<readonly Json[]> {
  return listOf(objectOf(await vendorSays(vendor, "/api/syncs?limit=50"))["data"]);
}

const OF_EVERY_EDIT: ReadonlySet<string> = new Set(["updated_at", "updated_by"]);

/** The names of the parts that are not, byte for byte, what they were before. */
export function changedParts(before: Json, after: Json): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  expect(names.length).toBeGreaterThan(10);
  return names
    .filter((name) => !OF_EVERY_EDIT.has(name) && JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .toSorted();
}

/** Somebody edits a sync at the vendor itself: what they do not name stays. */
export async function editAtVendor(vendor: VendorServer, remoteId: string, changes: Json): Promise<void> {
  await told(vendor, "PUT", `/api/syncs/${remoteId}`, { ...(await syncAtVendor(vendor, remoteId)), ...changes });
}

/** Somebody deletes a sync at the vendor itself. */
export function deleteAtVendor(vendor: VendorServer, remoteId: string): Promise<void> {
  return told(vendor, "DELETE", `/api/syncs/${remoteId}`, {});
}

async function told(vendor: VendorServer, method: string, path: string, body: Json): Promise<void> {
  const headers = { ...credentialHeaders(vendor), "content-type": "application/json" };
  const response = await fetch(`${vendor.url}${path}`, { method, headers, body: JSON.stringify(body) });
  if (response.ok) return;
  throw new Error(`${vendor.vendor} refuses ${method} ${path}: ${response.status} ${await response.text()}`);
}
