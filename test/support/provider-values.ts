// Domain values that tests of providers ask with: definitions, linked accounts, runs. Each is complete; a test names what it is about.
import { DefinitionKind, LinkedAccountStatus } from "../../src/domain/definition.ts";
import type {
  DefinitionSnapshot,
  LinkedAccountSnapshot,
  ModelSyncSnapshot,
  SyncJobResource,
  SyncJobSnapshot,
} from "../../src/domain/definition.ts";
import { ProviderError } from "../../src/domain/errors.ts";
import type { RunRef, StartRequest } from "../../src/domain/provider-port.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import type { StartOptions } from "../../src/domain/sync.ts";

/** The few facts of a sync job that a start depends on. */
export interface JobDraft extends Partial<Omit<SyncJobSnapshot, "kind" | "resources">> {
  readonly remoteId: string;
  readonly resources?: readonly (Partial<SyncJobResource> & { readonly name: string })[];
}

/** A sync job's facts, or a model sync's where the draft says that it is one. */
export type DefinitionDraft = JobDraft | (Partial<ModelSyncSnapshot> & Pick<ModelSyncSnapshot, "kind" | "remoteId">);

export function definitionOf(draft: DefinitionDraft): DefinitionSnapshot {
  return "kind" in draft ? modelSync(draft) : syncJob(draft);
}

export function syncJob({ resources = [], ...draft }: JobDraft): SyncJobSnapshot {
  return {
    name: draft.remoteId,
    ...NO_FACTS,
    active: null,
    linkedAccountRemoteId: null,
    detailed: true,
    integration: null,
    environmentId: null,
    argsSchema: null,
    argsValidation: null,
    runtimeVersion: null,
    mutexKey: null,
    stateKey: null,
    ...draft,
    kind: DefinitionKind.SyncJob,
    resources: resources.map((resource) => ({ ...NO_RESOURCE, ...resource })),
  };
}

export function modelSync(draft: Partial<ModelSyncSnapshot> & Pick<ModelSyncSnapshot, "remoteId">): ModelSyncSnapshot {
  return {
    name: draft.remoteId,
    ...NO_FACTS,
    active: true,
    linkedAccountRemoteId: null,
    detailed: false,
    organizationId: null,
    mode: null,
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
    ...draft,
    kind: DefinitionKind.ModelSync,
  };
}

export function linkedAccount(changes: Partial<LinkedAccountSnapshot>): LinkedAccountSnapshot {
  return {
    remoteId: "1",
    name: "Customer",
    integration: null,
    category: null,
    status: LinkedAccountStatus.Healthy,
    rawStatus: null,
    statusMessage: null,
    resumesAt: null,
    lastSyncedAt: null,
    customerId: null,
    environmentId: null,
    sandbox: null,
    createdAt: null,
    updatedAt: null,
    ...changes,
  };
}

export function startRequest(
  draft: DefinitionDraft,
  options: StartOptions = {},
  account: LinkedAccountSnapshot | null = null,
): StartRequest {
  return { definition: definitionOf(draft), linkedAccount: account, options };
}

export function runRef(changes: Partial<RunRef> & { readonly remoteId: string }): RunRef {
  return {
    definitionRemoteId: null,
    linkedAccountRemoteId: null,
    batchId: null,
    models: [],
    status: SyncStatus.Running,
    createdAt: new Date("2026-11-22T12:00:00.000Z"),
    startedAt: null,
    ...changes,
  };
}

/** All pages, each as it came. */
export async function pagesOf<Page>(pages: AsyncIterable<Page>): Promise<readonly Page[]> {
  const all: Page[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

/** All items of all pages. */
export async function allOf<Item>(pages: AsyncIterable<readonly Item[]>): Promise<readonly Item[]> {
  return (await pagesOf(pages)).flat();
}

/** The error a promise is rejected with; fails when it is not, or with another kind of error. */
export async function refusal(promise: Promise<unknown>): Promise<ProviderError> {
  const outcome: unknown = await promise.then(
    () => new Error("expected a refusal, got an answer"),
    (error: unknown) => error,
  );
  if (outcome instanceof ProviderError) return outcome;
  throw outcome;
}

const NO_FACTS = { schedules: [], nextRunAt: null, createdAt: null, updatedAt: null };

const NO_RESOURCE: Omit<SyncJobResource, "name"> = {
  remoteId: null,
  displayName: null,
  type: null,
  method: null,
  query: null,
  loopOn: null,
  dependsOn: [],
  persist: null,
  category: null,
  enabled: null,
  custom: null,
  readEnabled: null,
  writeEnabled: null,
  readSupported: null,
  writeSupported: null,
  syncSupported: null,
  fileUploadEnabled: null,
  sourceWebhooksEnabled: null,
  grantedOperations: null,
  syncFrom: null,
  customFields: [],
  nextRunAt: null,
  createdAt: null,
  updatedAt: null,
  config: null,
};
