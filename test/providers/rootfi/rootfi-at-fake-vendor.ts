// Rootfi's adapter in front of a fake vendor that answers what was recorded: what the other tests of this folder share.
import { DefinitionKind } from "../../../src/domain/definition.ts";
import type { LinkedAccountSnapshot, SyncJobResource, SyncJobSnapshot } from "../../../src/domain/definition.ts";
import { ProviderError } from "../../../src/domain/errors.ts";
import type { ProviderSettings, RunRef, StartRequest, SyncProvider } from "../../../src/domain/provider-port.ts";
import { SyncStatus } from "../../../src/domain/status.ts";
import type { StartOptions } from "../../../src/domain/sync.ts";
import rootfi from "../../../src/providers/rootfi/index.ts";
import { createHttpClient } from "../../../src/wire/create-http-client.ts";
import { startFakeVendor } from "../../support/fake-vendor.ts";
import { createManualClock } from "../../support/manual-clock.ts";

export const NOW = new Date("2026-11-22T12:00:00.000Z");
export const CREDENTIAL = "rootfi-credential-of-the-test";

/** A reply and the request it was given to: `GET /core/syncs?limit=100`, without the base URL's own path. */
export interface RecordedReply {
  readonly to: string;
  readonly status?: number;
  readonly body: unknown;
}

export interface SentRequest {
  readonly request: string;
  /** Null when there was none. */
  readonly body: unknown;
}

export interface AtRootfi {
  readonly provider: SyncProvider;
  /** What went over the wire so far, sorted, because reads of several runs go out side by side. */
  sent(): readonly SentRequest[];
  /** Headers of the first request. */
  headers(): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * Starts a fake vendor that gives each reply once; any other request fails the test at `close`.
 *
 * @param tries how often one request may be sent; the clock stands still, so a second try of a failed read would wait for ever
 */
export async function atRootfi(replies: readonly RecordedReply[], tries = 1): Promise<AtRootfi> {
  const left = [...replies];
  const vendor = await startFakeVendor(({ method, path, query }) => {
    const target = targetOf(method, path, query);
    const index = left.findIndex((reply) => reply.to === target);
    if (index === -1) return undefined;
    const [reply] = left.splice(index, 1);
    return { status: reply?.status ?? 200, json: reply?.body };
  });
  const settings = settingsFor(`${vendor.url}/v3`);
  const parsed = rootfi.parseConfig(settings);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const clock = createManualClock(NOW);
  const http = createHttpClient({
    provider: settings.key,
    endpoint: rootfi.endpoint(parsed.config),
    readError: rootfi.readError,
    rateLimit: rootfi.capabilities.rateLimit,
    allowPrivateAddress: true,
    clock,
    limits: { tries },
  });
  const provider = rootfi.create(settings, parsed.config, { http, clock });
  return {
    provider,
    sent: () =>
      vendor.requests
        .map(({ method, path, query, body }) => ({
          request: targetOf(method, path, query),
          body: body === "" ? null : (JSON.parse(body) as unknown),
        }))
        .toSorted((one, other) => (one.request < other.request ? -1 : 1)),
    headers: () => vendor.requests[0]?.headers ?? {},
    close: async () => {
      await provider.close();
      await vendor.close();
      if (left.length > 0) throw new Error(`never asked for: ${left.map(({ to }) => to).join("; ")}`);
    },
  };
}

export function settingsFor(baseUrl: string | null, changes: Partial<ProviderSettings> = {}): ProviderSettings {
  return {
    key: "rootfi-eu",
    baseUrl,
    credentials: { apiKey: CREDENTIAL },
    webhookSecrets: [],
    options: {},
    allowPrivateAddress: true,
    poll: {},
    rateLimit: null,
    ...changes,
  };
}

/** The few facts of a sync job that a start depends on. */
export interface JobDraft {
  readonly remoteId: string;
  readonly linkedAccountRemoteId?: string;
  readonly integration?: string;
  readonly active?: boolean;
  readonly resources?: readonly (Partial<SyncJobResource> & { readonly name: string })[];
}

export function syncJob(draft: JobDraft): SyncJobSnapshot {
  return {
    kind: DefinitionKind.SyncJob,
    remoteId: draft.remoteId,
    name: draft.remoteId,
    active: draft.active ?? null,
    schedules: [],
    nextRunAt: null,
    linkedAccountRemoteId: draft.linkedAccountRemoteId ?? null,
    createdAt: null,
    updatedAt: null,
    detailed: true,
    integration: draft.integration ?? null,
    environmentId: null,
    resources: (draft.resources ?? []).map((resource) => ({ ...NO_RESOURCE, ...resource })),
    argsSchema: null,
    argsValidation: null,
    runtimeVersion: null,
    mutexKey: null,
    stateKey: null,
  };
}

export function linkedAccount(changes: Partial<LinkedAccountSnapshot>): LinkedAccountSnapshot {
  return {
    remoteId: "1",
    name: "Customer",
    integration: null,
    category: null,
    status: "HEALTHY",
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

export function startRequest(job: JobDraft, options: StartOptions = {}, account: LinkedAccountSnapshot | null = null): StartRequest {
  return { definition: syncJob(job), linkedAccount: account, options };
}

export function runRef(changes: Partial<RunRef> & { readonly remoteId: string }): RunRef {
  return {
    definitionRemoteId: null,
    linkedAccountRemoteId: null,
    batchId: null,
    models: [],
    status: SyncStatus.Running,
    createdAt: NOW,
    startedAt: null,
    ...changes,
  };
}

/** All items of all pages. */
export async function allOf<Item>(pages: AsyncIterable<readonly Item[]>): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}

/** The facts of the error a promise is rejected with; fails when it is not, or with another kind of error. */
export async function refusal(promise: Promise<unknown>): Promise<ProviderError> {
  const outcome: unknown = await promise.then(
    () => new Error("expected a refusal, got an answer"),
    (error: unknown) => error,
  );
  if (outcome instanceof ProviderError) return outcome;
  throw outcome;
}

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

function targetOf(method: string, path: string, query: URLSearchParams): string {
  const text = query.toString();
  return `${method} ${path.replace("/v3", "")}${text === "" ? "" : `?${text}`}`;
}
