// One RootFi organisation behind the provider port: which calls a question takes. Endpoints are in `api.ts`, meanings in `map.ts`.
import type { Clock } from "../../domain/clock.ts";
import { DefinitionKind } from "../../domain/definition.ts";
import type { DefinitionSnapshot, SyncJobSnapshot } from "../../domain/definition.ts";
import type { Capabilities, StartRequest, SyncProvider } from "../../domain/provider-port.ts";
import { ObservationSource, SyncOperation } from "../../domain/status.ts";
import type { Observation } from "../../domain/sync.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { isNotFound, notFound } from "../../wire/provider-failure.ts";
import type { Redactor } from "../../wire/redact.ts";
import { rootfiApi } from "./api.ts";
import type { RootfiApi } from "./api.ts";
import { checkStart, fullSyncOf, modelsOf } from "./check-start.ts";
import { observationOf } from "./map.ts";
import { connectionsToSync, definitionPartsOf, linkedAccountOf, syncJobOf } from "./map-catalog.ts";
import { observeRuns } from "./observe-runs.ts";
import { interpretWebhook, webhookVerifier } from "./webhook.ts";
import type { WebhookProof } from "./webhook.ts";
import type { RootfiCompany, RootfiSync, RootfiSyncConfig } from "./wire-types.ts";

export interface RootfiTools {
  readonly key: string;
  readonly capabilities: Capabilities;
  readonly http: HttpClient;
  readonly clock: Clock;
  /** For the vendor's free texts. */
  readonly redact: Redactor;
  /** Any of them may prove a delivery. */
  readonly webhookSecrets: readonly string[];
  readonly webhookProof: WebhookProof;
}

/** How far the vendor's clock may be behind the gateway's for a start to be recognised. */
const CLOCK_SLACK_MS = 5_000;

export function rootfiProvider({ key, capabilities, http, clock, redact, ...webhook }: RootfiTools): SyncProvider {
  const api = rootfiApi(http, key);

  return {
    key,
    kind: "rootfi",
    capabilities,

    async *listLinkedAccounts(options) {
      for await (const companies of api.companies(options?.signal)) yield companies.map(linkedAccountOf);
    },

    async *listDefinitions(options) {
      const jobsOf = definitionReader(api, options?.signal);
      for await (const companies of api.companies(options?.signal)) {
        const jobs: SyncJobSnapshot[] = [];
        for (const company of companies) jobs.push(...(await jobsOf(company)));
        yield jobs;
      }
    },

    async getDefinition(remoteId, kind, options) {
      const parts = kind === DefinitionKind.SyncJob ? definitionPartsOf(remoteId) : null;
      if (parts === null) throw notFound(key, `sync job ${JSON.stringify(remoteId.slice(0, 64))}`, false);
      const company = await companyWithConnections(api, parts.companyId, options?.signal);
      const jobs = await definitionReader(api, options?.signal)(company, parts.integration);
      if (jobs[0] === undefined)
        throw notFound(key, `connection of company ${parts.companyId} to that integration`, true);
      return jobs[0];
    },

    checkStart,

    async start(request, _triggerKey, options) {
      const { companyId, integration } = partsOf(key, request.definition);
      const requested = {
        integration,
        models: modelsOf(request),
        fullRefresh: fullSyncOf(request),
        operation: SyncOperation.Read,
      };
      const body = {
        company_id: Number(companyId),
        integration_type: integration,
        full_sync: requested.fullRefresh,
        data_models_to_sync: requested.models,
      };
      const sync = await api.startSync(body, options?.signal);
      const { remoteId: definitionRemoteId } = request.definition;
      const source = ObservationSource.Trigger;
      return [
        observationOf(sync, { source, observedAt: clock.now(), redact, companyId, definitionRemoteId, requested }),
      ];
    },

    async findStarted(request, sentAt, options) {
      const { companyId } = partsOf(key, request.definition);
      const earliest = new Date(sentAt.getTime() - CLOCK_SLACK_MS);
      const found: Observation[] = [];
      for await (const syncs of recentSyncs(api, companyId, earliest, options?.signal)) {
        const alike = syncs.filter((sync) => couldBe(sync, request) && (sync.rootfi_created_at ?? sentAt) >= earliest);
        const { remoteId: definitionRemoteId } = request.definition;
        const sighting = {
          source: ObservationSource.Trigger,
          observedAt: clock.now(),
          redact,
          companyId,
          definitionRemoteId,
        };
        found.push(...alike.map((sync) => observationOf(sync, sighting)));
      }
      return found;
    },

    observe: (refs, options) => observeRuns({ api, clock, redact }, refs, options),

    async *discover(since, definitions, options) {
      const discovered = { source: ObservationSource.Discovery, definitionRemoteId: null };
      const companyIds = new Set(
        definitions.map((definition) => definition.linkedAccountRemoteId).filter((id) => id !== null),
      );
      for (const companyId of companyIds) {
        try {
          for await (const syncs of recentSyncs(api, companyId, since, options?.signal)) {
            const sighting = { ...discovered, observedAt: clock.now(), redact, companyId };
            const recent = syncs.filter((sync) => changedSince(sync, since));
            if (recent.length > 0) yield recent.map((sync) => observationOf(sync, sighting));
          }
        } catch (error) {
          // A company that was deleted since the catalog was read has no runs; the others do.
          if (!isNotFound(error)) throw error;
        }
      }
    },

    verifyWebhook: webhookVerifier(webhook.webhookSecrets, webhook.webhookProof),
    interpretWebhook,

    close: () => http.close(),
  };
}

/** A company's own page has no documented way to ask for its connections; where it leaves them out, the list has them. */
async function companyWithConnections(
  api: RootfiApi,
  companyId: string,
  signal: AbortSignal | undefined,
): Promise<RootfiCompany> {
  const company = await api.company(companyId, signal);
  if (company.connections !== null) return company;
  for await (const companies of api.companies(signal)) {
    const listed = companies.find((candidate) => candidate.rootfi_id === companyId);
    if (listed !== undefined) return listed;
  }
  return company;
}

/** Reads definitions of companies. A category's sync config is asked for once per reader. */
function definitionReader(api: RootfiApi, signal: AbortSignal | undefined) {
  const configs = new Map<string, readonly RootfiSyncConfig[]>();
  const configsOf = async (category: string | null | undefined): Promise<readonly RootfiSyncConfig[]> => {
    if (!category) return [];
    const known = configs.get(category) ?? (await orNothing(api.syncConfigs(category, signal)));
    configs.set(category, known);
    return known;
  };
  return async (company: RootfiCompany, integration?: string): Promise<readonly SyncJobSnapshot[]> => {
    const jobs: SyncJobSnapshot[] = [];
    for (const connection of connectionsToSync(company)) {
      if (integration !== undefined && connection.integration_type !== integration) continue;
      jobs.push(syncJobOf(company, connection, await configsOf(connection.category)));
    }
    return jobs;
  };
}

/** A category for which the organisation has no sync config may answer 404. */
async function orNothing(configs: Promise<readonly RootfiSyncConfig[]>): Promise<readonly RootfiSyncConfig[]> {
  try {
    return await configs;
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

function partsOf(
  provider: string,
  definition: DefinitionSnapshot,
): { readonly companyId: string; readonly integration: string } {
  const parts = definitionPartsOf(definition.remoteId);
  if (parts === null) throw notFound(provider, `sync job ${JSON.stringify(definition.remoteId.slice(0, 64))}`, false);
  return parts;
}

/** A company's syncs, page by page, until pages that come newest first have passed the time. Other orders are read whole. */
async function* recentSyncs(
  api: RootfiApi,
  companyId: string,
  since: Date,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly RootfiSync[], void, undefined> {
  let newestFirst = true;
  let last: Date | null = null;
  for await (const syncs of api.syncs(companyId, signal)) {
    for (const { rootfi_created_at: createdAt } of syncs) {
      newestFirst &&= createdAt instanceof Date && (last === null || createdAt <= last);
      last = createdAt ?? last;
    }
    yield syncs;
    if (newestFirst && last !== null && last < since) return;
  }
}

/** A sync without times counts as changed: repeating a known run is harmless, missing one is not. */
function changedSince(sync: RootfiSync, since: Date): boolean {
  const times = [sync.rootfi_created_at, sync.rootfi_updated_at, sync.start_time, sync.end_time].filter(
    (time) => time instanceof Date,
  );
  return times.length === 0 || times.some((time) => time >= since);
}

/** Whether a sync may have been started by this request. A field the answer leaves out speaks neither for nor against it. */
function couldBe(sync: RootfiSync, request: StartRequest): boolean {
  const asked = modelsOf(request);
  const models = sync.sync_data_models ?? asked;
  const sameModels = new Set(models).size === asked.length && asked.every((model) => models.includes(model));
  const { integration } = definitionPartsOf(request.definition.remoteId) ?? { integration: null };
  return (
    sameModels &&
    (sync.full_sync ?? fullSyncOf(request)) === fullSyncOf(request) &&
    (sync.integration_type ?? integration) === integration &&
    (sync.sync_type ?? "MANUAL").toUpperCase() === "MANUAL" &&
    (sync.config_mode ?? "READ").toUpperCase() === "READ"
  );
}
