// Polytomic as a `SyncProvider`: which calls answer which question. Reading many runs at once is left to runs.ts.
import pLimit from "p-limit";
import { lastMomentOf, type Clock } from "../../domain/clock.ts";
import { DefinitionKind, LinkedAccountStatus } from "../../domain/definition.ts";
import { ErrorCode, ProviderError } from "../../domain/errors.ts";
import type { UserProblem } from "../../domain/errors.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Capabilities, FoundRun, StartRequest, SyncProvider } from "../../domain/provider-port.ts";
import { ObservationSource, SyncOrigin } from "../../domain/status.ts";
import type { Observation, StartOptions } from "../../domain/sync.ts";
import type { ForeignText } from "../../wire/foreign-text.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { notFound } from "../../wire/provider-failure.ts";
import type { Redactor } from "../../wire/redact.ts";
import { idempotencyKeyOf, polytomicApi } from "./api.ts";
import { modelSyncEditor } from "./editor.ts";
import { keyConflict } from "./errors.ts";
import { startedObservationOf } from "./map-execution.ts";
import { linkedAccountOf, listedModelSyncOf, modelSyncOf } from "./map.ts";
import { missedEvents } from "./missed-events.ts";
import { withNextRun } from "./next-run.ts";
import { discoverRuns, observeRuns, runsSince, syncIdOf } from "./runs.ts";
import type { RunReader } from "./runs.ts";
import { schemaDiscovery } from "./schema-discovery.ts";
import { interpretWebhook, webhookVerifier } from "./webhook.ts";
import type { WebhookSigning } from "./webhook.ts";

export interface PolytomicSetup {
  readonly kind: string;
  /** Key of the configured provider. */
  readonly key: string;
  readonly capabilities: Capabilities;
  readonly http: HttpClient;
  readonly clock: Clock;
  /** For the vendor's free texts. */
  readonly redact: Redactor;
  /** Any of them may have signed a delivery. */
  readonly webhookSecrets: readonly string[];
  /** For what is in a delivery. */
  readonly texts: ForeignText;
  readonly webhookSigning: WebhookSigning;
}

export function polytomicProvider(setup: PolytomicSetup): SyncProvider {
  const { kind, key, capabilities, http, clock, redact } = setup;
  const api = polytomicApi(http, key);
  const reader: RunReader = {
    provider: key,
    api,
    limit: pLimit(CONCURRENT_CALLS),
    clock,
    redact,
    theirTime: (ours: Date) => http.theirTime(ours),
    theirTimes: (ours: Date) => http.theirTimes(ours),
  };
  return {
    key,
    kind,
    capabilities,
    remoteAccount: (options) => api.getOrganizationId(options?.signal),
    async *listLinkedAccounts(options) {
      for await (const part of api.listConnections(options?.signal))
        yield part.map((connection) => linkedAccountOf(connection, redact));
    },
    async *listDefinitions(options) {
      for await (const page of api.listSyncs(options?.signal)) yield page.map(listedModelSyncOf);
    },
    async getDefinition(remoteId, definitionKind, options) {
      if (definitionKind !== DefinitionKind.ModelSync)
        throw notFound(key, "sync job at Polytomic, only model syncs", false);
      return withNextRun(api, modelSyncOf(await api.getSync(remoteId, options?.signal), null), options?.signal);
    },
    checkStart,
    start: (request, triggerKey, options) => start(reader, request, triggerKey, options?.signal),
    findStarted: (request, sentAt, options) => findStarted(reader, request, sentAt, options?.signal),
    theirTimes: reader.theirTimes,
    observe: (refs, options) => observeRuns(reader, refs, options.signal),
    discover: (since, definitions, options) => discoverRuns(reader, definitions, since, options),
    async cancel(ref, options) {
      await api.cancelExecution(await syncIdOf(reader, ref, options?.signal), ref.remoteId, options?.signal);
    },
    cancelAll: (definitionRemoteId, options) => api.cancelExecutions(definitionRemoteId, options?.signal),
    editors: { modelSyncs: modelSyncEditor(http, key, api) },
    schemaDiscovery: schemaDiscovery(http, key),
    verifyWebhook: webhookVerifier(setup.webhookSecrets, setup.webhookSigning, redact, setup.texts),
    interpretWebhook: (payload, receivedAt) => interpretWebhook(payload, receivedAt, redact),
    missedEvents: (since, options) => missedEvents(reader, http.theirTime(since), options?.signal),
    close: () => http.close(),
  };
}

/** Calls that reading many runs has under way at a time. The vendor publishes no limits. */
const CONCURRENT_CALLS = 4;

/** The list is read back to a run that is older than any that may be asked about; a vendor's clock that nothing is known of may be this far off. */
const LOOK_BACK_MS = 60_000;

/** Polytomic runs active syncs only, also by hand, and writes to one target connection. */
function checkStart(request: StartRequest): readonly UserProblem[] {
  const problems: UserProblem[] = [];
  const { definition, linkedAccount, options } = request;
  if (definition.active === false) {
    problems.push({
      code: ErrorCode.DefinitionInactive,
      message: `The sync "${definition.name}" is switched off in Polytomic; activate it first.`,
      field: null,
    });
  }
  if (linkedAccount !== null && UNUSABLE.has(linkedAccount.status)) {
    problems.push({
      code: ErrorCode.LinkedAccountUnavailable,
      message: `The target connection "${linkedAccount.name}" is ${linkedAccount.rawStatus ?? "not usable"}; connect it again in Polytomic.`,
      field: null,
    });
  }
  if (options.identities?.some((identity) => identity.trim() === "") || options.identities?.length === 0) {
    problems.push({
      code: ErrorCode.BadUserInput,
      message:
        "Expected identities to name at least one record, each with a value that is not blank; leave them out to sync all.",
      field: ["identities"],
    });
  }
  return problems;
}

/** States in which no write can succeed. A connection that is merely unhealthy may recover: the vendor itself decides. */
const UNUSABLE: ReadonlySet<LinkedAccountStatus> = new Set([
  LinkedAccountStatus.AuthenticationRequired,
  LinkedAccountStatus.Disabled,
]);

async function start(
  { api, clock, redact }: RunReader,
  request: StartRequest,
  triggerKey: string,
  signal?: AbortSignal,
): Promise<readonly Observation[]> {
  const { definition, linkedAccount, options } = request;
  try {
    const started = await api.startSync(
      definition.remoteId,
      startBodyOf(options),
      idempotencyKeyOf(triggerKey),
      signal,
    );
    const observation = startedObservationOf(started, options.fullRefresh ?? false, {
      definitionRemoteId: definition.remoteId,
      linkedAccountRemoteId: definition.linkedAccountRemoteId ?? linkedAccount?.remoteId ?? null,
      source: ObservationSource.Trigger,
      observedAt: clock.now(),
      redact,
    });
    return [observation];
  } catch (cause) {
    throw cause instanceof ProviderError ? keyConflict(cause) : cause;
  }
}

/** What is not asked for is not sent, so that the vendor's defaults hold. */
function startBodyOf(options: StartOptions): JsonObject {
  return {
    ...(options.fullRefresh ? { resync: true } : {}),
    ...(options.test ? { test: true } : {}),
    ...(options.identities === undefined ? {} : { identities: options.identities }),
  };
}

/** Runs that began since the start was sent. An execution tells of what it was asked for only whether a schedule began it. */
async function findStarted(
  reader: RunReader,
  request: StartRequest,
  sentAt: Date,
  signal?: AbortSignal,
): Promise<readonly FoundRun[]> {
  const since = new Date(sentAt.getTime() - LOOK_BACK_MS);
  const runs = await runsSince(reader, request.definition, since, signal);
  const { earliest } = reader.theirTimes(sentAt);
  const isYoung = (at: Date | null | undefined): boolean => !(at instanceof Date) || lastMomentOf(at) >= earliest;
  return runs
    .filter(({ facts }) => isYoung(facts.createdAt))
    .map((run) => ({
      ...run,
      source: ObservationSource.Trigger,
      ...(run.facts.origin === SyncOrigin.Scheduled ? { asAsked: false } : {}),
    }));
}
