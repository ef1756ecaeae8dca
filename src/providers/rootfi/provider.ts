// One RootFi organisation behind the provider port, whichever version it speaks: which calls a question takes. Endpoints are in `api.ts`
// and `api-v4.ts`, meanings in `map.ts`.
import { lastMomentOf, type Clock } from "../../domain/clock.ts";
import { DefinitionKind } from "../../domain/definition.ts";
import { ErrorCode, ProviderError } from "../../domain/errors.ts";
import type { DefinitionSnapshot, SyncJobSnapshot } from "../../domain/definition.ts";
import type {
  Capabilities,
  DiscoverOptions,
  FoundRun,
  StartRequest,
  SyncProvider,
} from "../../domain/provider-port.ts";
import { ObservationSource, SyncOperation } from "../../domain/status.ts";
import type { Observation } from "../../domain/sync.ts";
import type { ForeignText } from "../../wire/foreign-text.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { listsOf, walkOf } from "../../wire/pages.ts";
import { isNotFound, notFound } from "../../wire/provider-failure.ts";
import { badResponse } from "../../wire/read-reply.ts";
import type { Redactor } from "../../wire/redact.ts";
import { rootfiApiV4 } from "./api-v4.ts";
import { rootfiApi } from "./api.ts";
import type { RootfiApi } from "./api.ts";
import { checkStart, fullSyncOf, modelsOf } from "./check-start.ts";
import { definitionEditors } from "./editors.ts";
import { asAsked, changedSince, recentSyncs } from "./look-up-runs.ts";
import { definitionPartsOf, linkedAccountOf } from "./map-catalog.ts";
import { observationOf } from "./map.ts";
import type { Sighting } from "./map.ts";
import { observeRuns } from "./observe-runs.ts";
import { companyWithConnections, definitionReader } from "./read-definitions.ts";
import type { RootfiSync } from "./wire-types.ts";
import { ApiVersion, VERSIONS } from "./versions.ts";
import { watchWaits } from "./watch-waits.ts";
import { interpretWebhook, webhookVerifier } from "./webhook.ts";
import type { WebhookProof } from "./webhook.ts";

export interface RootfiTools {
  readonly key: string;
  readonly version: ApiVersion;
  readonly capabilities: Capabilities;
  readonly http: HttpClient;
  readonly clock: Clock;
  /** For the vendor's free texts. */
  readonly redact: Redactor;
  /** Any of them may prove a delivery. */
  readonly webhookSecrets: readonly string[];
  /** For what is in a delivery. */
  readonly texts: ForeignText;
  readonly webhookProof: WebhookProof;
}

export function rootfiProvider(tools: RootfiTools): SyncProvider {
  const { key, version, capabilities, http, clock, redact } = tools;
  const api = version === ApiVersion.V4 ? rootfiApiV4(http, key) : rootfiApi(http, key);
  const observing = { api, clock, redact, waits: watchWaits(api, clock) };
  const { startNamesModels, frequencies } = VERSIONS[version];
  const { cancelSync } = api;

  return {
    key,
    kind: "rootfi",
    capabilities,
    ...catalogOf(api, key),
    checkStart: (request) => checkStart(request, startNamesModels),
    ...startsOf(api, { key, http, clock, redact }),
    theirTimes: (ours) => http.theirTimes(ours),
    observe: (refs, options) => observeRuns(observing, refs, options),
    discover: (since, definitions, options) =>
      discoverRuns(api, { clock, redact }, () => http.theirTime(since), companiesOf(definitions), options),
    ...(cancelSync === undefined ? {} : { cancel: (ref, options) => cancelSync(ref.remoteId, options?.signal) }),
    editors: definitionEditors({ api, key, frequencies }),
    verifyWebhook: webhookVerifier(tools.webhookSecrets, tools.webhookProof, tools.texts),
    interpretWebhook,
    close: () => http.close(),
  };
}

function catalogOf(
  api: RootfiApi,
  key: string,
): Pick<SyncProvider, "listLinkedAccounts" | "listDefinitions" | "getDefinition"> {
  return {
    async *listLinkedAccounts(options) {
      for await (const companies of api.companies(options?.signal)) yield companies.map(linkedAccountOf);
    },

    async *listDefinitions(options) {
      const jobsOf = await definitionReader(api, null, options?.signal);
      for await (const companies of api.companies(options?.signal)) {
        const jobs: SyncJobSnapshot[] = [];
        for (const company of companies) jobs.push(...(await jobsOf(company)));
        yield jobs;
      }
    },

    async getDefinition(remoteId, kind, options) {
      const parts = kind === DefinitionKind.SyncJob ? definitionPartsOf(remoteId) : null;
      if (parts === null) throw noSuchJob(key, remoteId);
      const jobsOf = await definitionReader(api, parts.companyId, options?.signal);
      const jobs = await jobsOf(await companyWithConnections(api, parts.companyId, options?.signal), parts.integration);
      if (jobs[0] === undefined)
        throw notFound(key, `connection of company ${parts.companyId} to that integration`, true);
      return jobs[0];
    },
  };
}

type Observing = Pick<RootfiTools, "clock" | "redact">;

function startsOf(
  api: RootfiApi,
  { key, http, clock, redact }: Observing & Pick<RootfiTools, "key" | "http">,
): Pick<SyncProvider, "start"> & Required<Pick<SyncProvider, "findStarted">> {
  const sightingOf = (request: StartRequest, companyId: string): Sighting => ({
    source: ObservationSource.Trigger,
    observedAt: clock.now(),
    redact,
    companyId,
    definitionRemoteId: request.definition.remoteId,
  });

  return {
    async start(request, _triggerKey, options) {
      const { companyId, integration } = partsOf(key, request.definition);
      const wanted = { companyId, integration, fullSync: fullSyncOf(request), models: modelsOf(request) };
      const { retryOf, options: asked } = request;
      const retried = retryOf === undefined ? undefined : api.retrySync?.(retryOf.remoteId, options?.signal);
      const sync = await (retried ?? api.startSync(wanted, options?.signal));
      const foreign = isOther(companyId, sync.rootfi_company_id) || isOther(integration, sync.integration_type);
      if (foreign) throw foreignRun(key);
      // What is run again is RootFi's to say; of it only what the caller named is known.
      const { models, fullRefresh } =
        retried === undefined ? { models: wanted.models, fullRefresh: wanted.fullSync } : asked;
      const requested = {
        integration,
        operation: SyncOperation.Read,
        ...(models === undefined ? {} : { models }),
        ...(fullRefresh === undefined ? {} : { fullRefresh }),
      };
      return [observationOf(sync, { ...sightingOf(request, companyId), requested })];
    },

    async findStarted(request, sentAt, options) {
      const { companyId } = partsOf(key, request.definition);
      const earliest = () => http.theirTimes(sentAt).earliest;
      const isYoung = ({ rootfi_created_at: at }: RootfiSync) =>
        !(at instanceof Date) || lastMomentOf(at) >= earliest();
      const found: FoundRun[] = [];
      for await (const syncs of recentSyncs(api, companyId, earliest, options?.signal)) {
        for (const sync of syncs.filter(isYoung)) {
          const alike = asAsked(sync, request);
          const seen = observationOf(sync, sightingOf(request, companyId));
          found.push(alike === undefined ? seen : { ...seen, asAsked: alike });
        }
      }
      return found;
    },
  };
}

async function* discoverRuns(
  api: RootfiApi,
  { clock, redact }: Observing,
  since: () => Date,
  companyIds: readonly string[],
  options: DiscoverOptions = {},
): AsyncGenerator<readonly Observation[], void, undefined> {
  const discovered = { source: ObservationSource.Discovery, definitionRemoteId: null };
  const lists = listsOf(companyIds, options);
  let unreadable: ProviderError | null = null;
  let passedOver = 0;
  for (const [index, { list: companyId, from }] of lists.entries()) {
    try {
      const walk = walkOf(companyId, from, options);
      for await (const syncs of recentSyncs(api, companyId, since, options.signal, walk)) {
        const sighting = { ...discovered, observedAt: clock.now(), redact, companyId };
        const recent = syncs.filter((sync) => changedSince(sync, since()));
        if (recent.length > 0) yield recent.map((sync) => observationOf(sync, sighting));
      }
    } catch (error) {
      // A company that was deleted since the catalog was read has no runs; the others do.
      if (isNotFound(error)) continue;
      // So do they beside one whose list cannot be read.
      if (isUnreadable(error) && passedOver < MOST_PASSED_OVER) {
        unreadable ??= error;
        passedOver += 1;
        continue;
      }
      for (const { list, from: cursor } of lists.slice(index + 1)) options.onLeft?.({ list, cursor });
      throw error;
    }
  }
  if (unreadable !== null) throw unreadable;
}

/** A vendor with more lists that cannot be read does not answer at all. */
const MOST_PASSED_OVER = 5;

const isUnreadable = (error: unknown): error is ProviderError =>
  error instanceof ProviderError && error.code === ErrorCode.ProviderBadResponse;

/** Each company once. */
const companiesOf = (definitions: readonly DefinitionSnapshot[]): readonly string[] => [
  ...new Set(definitions.map((definition) => definition.linkedAccountRemoteId).filter((id) => id !== null)),
];

function partsOf(
  provider: string,
  definition: DefinitionSnapshot,
): { readonly companyId: string; readonly integration: string } {
  const parts = definitionPartsOf(definition.remoteId);
  if (parts === null) throw noSuchJob(provider, definition.remoteId);
  return parts;
}

const noSuchJob = (provider: string, remoteId: string) =>
  notFound(provider, `sync job ${JSON.stringify(remoteId.slice(0, 64))}`, false);

const isOther = (asked: string, told: string | null | undefined): boolean =>
  told !== null && told !== undefined && told !== asked;

/** An answer about another company's sync tells nothing of what became of this start. */
const foreignRun = (provider: string) =>
  badResponse(
    { provider, request: "start sync", httpStatus: 200 },
    { field: "data", expected: "a sync of the company and integration that was asked for", got: "another's" },
  );
