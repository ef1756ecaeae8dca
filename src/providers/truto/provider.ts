// One Truto environment behind the provider port: its catalog, starts and stops. Runs are read in `runs.ts`; changes are the editors'.
import type { Clock } from "../../domain/clock.ts";
import type { LinkedAccountSnapshot, SyncJobSnapshot } from "../../domain/definition.ts";
import { DefinitionKind } from "../../domain/definition.ts";
import { ErrorCode } from "../../domain/errors.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { CallOptions, Capabilities, RunRef, StartRequest, SyncProvider } from "../../domain/provider-port.ts";
import { ObservationSource, SyncOrigin, isTerminal } from "../../domain/status.ts";
import type { Observation } from "../../domain/sync.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { createForeignText } from "../../wire/foreign-text.ts";
import { freeTextRedactor } from "../../wire/free-text.ts";
import { providerFailure } from "../../wire/provider-failure.ts";
import type { Redactor } from "../../wire/redact.ts";
import { timeOf } from "../../wire/times.ts";
import type { TrutoApi } from "./api.ts";
import { createTrutoApi } from "./api.ts";
import { checkStart } from "./check-start.ts";
import { discoverRuns } from "./discover.ts";
import { demandsStatus } from "./errors.ts";
import { notYetSent, withoutTexts } from "./failures.ts";
import { jobEditor } from "./job-editor.ts";
import { hiddenTexts, linkedAccountOf, resourcesFor, syncJobOf } from "./map-catalog.ts";
import { argumentTexts, errorHandlingWord, observationOf, resourceName, statusOf } from "./map.ts";
import { findStartedRuns, observeRuns } from "./runs.ts";
import { startedWith } from "./started-with.ts";
import { scheduleEditor } from "./schedule-editor.ts";
import { scheduleReader } from "./schedules.ts";
import type { ScheduleReader } from "./schedules.ts";
import { targetFields } from "./target.ts";
import type { TrutoTarget } from "./target.ts";
import { interpretWebhook, webhookVerifier } from "./webhook.ts";
import type { TrutoRun } from "./wire-types.ts";

export interface TrutoParts {
  readonly key: string;
  readonly kind: string;
  readonly capabilities: Capabilities;
  readonly target: TrutoTarget;
  /** The credential in every form in which it may show up in a text. */
  readonly secrets: readonly string[];
  /** Any of them may have signed a delivery. */
  readonly webhookSecrets: readonly string[];
  readonly http: HttpClient;
  readonly clock: Clock;
}

export function createTrutoProvider(parts: TrutoParts): SyncProvider {
  const { key, kind, capabilities, target, secrets, http, clock } = parts;
  const api = createTrutoApi(http, key);
  const clocks = {
    theirTime: (ours: Date) => http.theirTime(ours),
    theirTimes: (ours: Date) => http.theirTimes(ours),
  };
  const tools = { api, clock, ...clocks, provider: key, secrets };
  const redact = freeTextRedactor(secrets);
  const schedules = scheduleReader(api);
  return {
    key,
    kind,
    capabilities,
    remoteAccount: (options) => environmentId(api, options),
    listLinkedAccounts: (options) => listLinkedAccounts(api, redact, options),
    listDefinitions: (options) => listDefinitions(api, schedules, options),
    getDefinition: (remoteId, definitionKind, options) =>
      getDefinition(tools, schedules, remoteId, definitionKind, options),
    checkStart,
    start: (request, _triggerKey, options) => start(tools, target, request, options),
    findStarted: (request, sentAt, options = {}) => findStartedRuns(tools, { request, sentAt, target }, options),
    theirTimes: clocks.theirTimes,
    startedWith: (ref, options) => startedWith(tools, ref, options),
    observe: (refs, options) => observeRuns(tools, refs, options),
    discoversUntil: true,
    discover: (since, _definitions, options = {}) => discoverRuns(tools, since, options),
    cancel: (ref, options) => cancel(tools, ref, options),
    editors: {
      syncJobs: jobEditor({ api, provider: key }),
      schedules: scheduleEditor({ api, provider: key, target }),
    },
    verifyWebhook: webhookVerifier(parts.webhookSecrets, createForeignText([...secrets, ...parts.webhookSecrets])),
    interpretWebhook,
    close: () => http.close(),
  };
}

interface Tools {
  readonly api: TrutoApi;
  readonly clock: Clock;
  readonly provider: string;
}

/** A token belongs to one environment, and every job and account says which; null in an environment that has neither. */
async function environmentId(api: TrutoApi, { signal }: CallOptions = {}): Promise<string | null> {
  for (const list of [api.jobs(signal), api.accounts(signal)])
    for await (const page of list)
      for (const { environment_id: id } of page) if (typeof id === "string" && id !== "") return id;
  return null;
}

async function* listLinkedAccounts(
  api: TrutoApi,
  redact: Redactor,
  options: CallOptions = {},
): AsyncGenerator<readonly LinkedAccountSnapshot[]> {
  for await (const page of api.accounts(options.signal)) yield page.map((account) => linkedAccountOf(account, redact));
}

async function* listDefinitions(
  api: TrutoApi,
  schedules: ScheduleReader,
  options: CallOptions = {},
): AsyncGenerator<readonly SyncJobSnapshot[]> {
  const schedulesOf = await schedules(null, options.signal);
  for await (const page of api.jobs(options.signal)) yield page.map((job) => syncJobOf(job, schedulesOf(job.id)));
}

async function getDefinition(
  { api, provider }: Tools,
  schedules: ScheduleReader,
  remoteId: string,
  kind: DefinitionKind,
  options: CallOptions = {},
): Promise<SyncJobSnapshot> {
  if (kind !== DefinitionKind.SyncJob)
    throw providerFailure("expected a sync job, got a model sync", { code: ErrorCode.ProviderNotFound, provider });
  const { job } = await api.job(remoteId, options.signal);
  const schedulesOf = await schedules(job.id, options.signal);
  return syncJobOf(job, schedulesOf(job.id));
}

async function start(
  { api, clock, provider }: Tools,
  target: TrutoTarget,
  request: StartRequest,
  options: CallOptions = {},
): Promise<readonly Observation[]> {
  const accountId = request.linkedAccount?.remoteId ?? request.options.linkedAccountRemoteId;
  if (accountId === undefined) {
    const sentence = "start sync job run: expected a linked account to run for, got nothing";
    throw providerFailure(sentence, { code: ErrorCode.ProviderRejected, provider });
  }
  const resources = await overrideOf(api, provider, request, options);
  const secrets = [...argumentTexts(request.options.args), ...hiddenTexts(resources ?? [])];
  const run = await withoutTexts(startOnce(api, startBody(request, accountId, target, resources), options), secrets);
  const observation = observationOf(run, {
    source: ObservationSource.Trigger,
    observedAt: clock.now(),
    definitionRemoteId: request.definition.remoteId,
    linkedAccountRemoteId: accountId,
    origin: SyncOrigin.Gateway,
  });
  return [observation];
}

async function startOnce(api: TrutoApi, body: JsonObject, options: CallOptions): Promise<TrutoRun> {
  try {
    return await api.startRun(body, options.signal);
  } catch (error) {
    if (!demandsStatus(error)) throw error;
    return await api.startRun({ ...body, status: "created" }, options.signal);
  }
}

function startBody(
  { definition, options }: StartRequest,
  accountId: string,
  target: TrutoTarget,
  resources: readonly JsonObject[] | null,
): JsonObject {
  return {
    sync_job_id: definition.remoteId,
    integrated_account_id: accountId,
    ...targetFields(target),
    ...(options.onError === undefined ? {} : { error_handling: errorHandlingWord(options.onError) }),
    ...(options.fullRefresh === undefined ? {} : { ignore_previous_run: options.fullRefresh }),
    ...(options.args === undefined ? {} : { args: options.args }),
    ...(resources === null ? {} : { resources }),
  };
}

const MOST_RESOURCES = 1_000;

/** The vendor's own entries for the chosen models: a snapshot leaves out what may be secret, so it cannot be sent back. */
async function overrideOf(
  api: TrutoApi,
  provider: string,
  { definition, options: { models } }: StartRequest,
  options: CallOptions,
): Promise<readonly JsonObject[] | null> {
  if (models === undefined) return null;
  const { resources, shown } = await notYetSent(api.job(definition.remoteId, options.signal));
  // What belongs together is found by looking at each for each other one.
  if (resources.length > MOST_RESOURCES) {
    const sentence = `start sync job run: expected at most ${MOST_RESOURCES} resources to choose models of, got more`;
    throw providerFailure(sentence, { code: ErrorCode.ProviderBadResponse, provider });
  }
  // Models go by the names that were shown.
  const written = new Map(
    shown.map((resource, index) => [resourceName(resource), resourceName(resources[index] ?? {})]),
  );
  const wanted = models.map((model) => written.get(model) ?? model);
  const chosen = resourcesFor(resources, wanted);
  const names = new Set(chosen.map(resourceName));
  if (models.length > 0 && wanted.every((model) => names.has(model))) return chosen;
  throw providerFailure("start sync job run: expected resources of the job, got others", {
    code: ErrorCode.ProviderRejected,
    provider,
  });
}

/** Asks first: the same request that stops a running run deletes the record of an ended one. */
async function cancel({ api, provider }: Tools, ref: RunRef, options: CallOptions = {}): Promise<void> {
  const run = await api.run(ref.remoteId, options.signal);
  const status = statusOf(run.status);
  const ended = status === null ? timeOf(run.finished_at) !== null : isTerminal(status);
  if (ended) {
    const sentence = "stop sync job run: expected a run that goes on, got one that has ended";
    throw providerFailure(sentence, { code: ErrorCode.SyncFinished, provider });
  }
  await api.stopRun(ref.remoteId, options.signal);
}
