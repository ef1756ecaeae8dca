// The JSON that the RootFi sandbox answers with under /v4: the same runs, companies and sync config as v3's, in v4's words.
import type { ModelConfig } from "./sandbox-data.ts";
import type { EventKind } from "./sandbox-driver.ts";
import { type Delivery, type Hook, deliveryState } from "./sandbox-hooks.ts";
import { singularOf } from "./sandbox-models.ts";
import type { Company, Organisation } from "./sandbox-organisation.ts";
import { type JobPlan, RunStatus, jobStatus } from "./sandbox-plan.ts";
import { type Run, ageMs, momentMs } from "./sandbox-runs.ts";
import { type Json, iso, isoOrNull, pipelineStatus } from "./sandbox-views.ts";

/** v4 has one connection per company and names no integration on a start: a company's first connection is the one it knows. */
export function connectionOf(company: Company): Company["seed"]["connections"][number] {
  const [connection] = company.seed.connections;
  if (connection === undefined) throw new Error(`RootFi sandbox: company ${company.seed.id} has no connection`);
  return connection;
}

export function syncView(run: Run, nowMs: number): Json {
  const age = ageMs(run, nowMs);
  const { plan } = run;
  const jobs = plan.jobs.map((job) => jobStatus(job, age));
  return {
    id: run.uuid,
    companyId: run.companyId,
    integrationType: run.integration,
    dataModels: run.models.map(singularOf),
    configMode: "READ",
    fullSync: run.fullSync,
    syncType: run.automatic ? "AUTO_SYNC" : "MANUAL",
    status: runWord(run, age),
    jobCounts: countsOf(jobs),
    dataModelCounts: countsOf(run.models.map((model) => modelStatus(run, model, age))),
    startTime: age < plan.startMs ? null : iso(momentMs(run, plan.startMs)),
    endTime: age < plan.endMs ? null : iso(momentMs(run, plan.endMs)),
    createdAt: iso(run.createdAtMs),
  };
}

export function jobViews(run: Run, nowMs: number): readonly (Json & { readonly id: string })[] {
  const age = ageMs(run, nowMs);
  return run.plan.jobs.map((job, place) => ({ id: String(run.firstJobId + place), ...jobView(run, job, place, age) }));
}

export function companyView(company: Company, { book, configs }: Organisation, nowMs: number): Json {
  const { id } = company.seed;
  const { integration, category, status } = connectionOf(company);
  const open = book.open(id, integration, nowMs);
  const pipeline = pipelineStatus(open, nowMs);
  const times = { createdAt: iso(company.createdAtMs), updatedAt: iso(company.updatedAtMs) };
  return {
    id,
    name: company.name,
    partnerId: company.partnerId,
    ...times,
    connectionStatus: status,
    syncStatus: pipeline.word,
    // In v3 only; here by analogy (inferred).
    syncResumeAt: isoOrNull(pipeline.resumesAtMs),
    hasActiveSync: open !== undefined,
    lastSynced: isoOrNull(book.lastSuccessMs(id, integration, nowMs)),
    dataModelConfigs: configs.linesOf(id, category).map(configView),
    connection: { id: `${id}_${integration}`, integrationType: integration, category, ...times },
  };
}

/** The names of v3 in camelCase (inferred). */
export function configView(config: ModelConfig): Json {
  return {
    dataModel: singularOf(config.model),
    category: config.category,
    enabled: config.enabled,
    interval: config.interval,
    frequency: config.frequency,
    syncFrom: config.syncFrom,
    scopeAccess: config.scopeAccess,
    customFields: config.customFields,
  };
}

/** Headers in clear, as the vendor shows them; of the signing key nothing but that there is one. */
export function hookView(hook: Hook): Json {
  return {
    rootfi_id: hook.id,
    rootfi_created_at: iso(hook.createdAtMs),
    rootfi_updated_at: iso(hook.updatedAtMs),
    rootfi_organisation_id: 3_101,
    webhook_type: hook.type,
    integration_type: hook.integration,
    name: hook.name,
    url: hook.url,
    state: hook.enabled ? "ENABLED" : "DISABLED",
    topics: hook.topics,
    headers: hook.headers,
    signature_header: hook.signingKey === null ? null : hook.signatureHeader,
  };
}

/** Names other than `payload` and `attempts` are inferred. */
export function deliveryView(delivery: Delivery, whole: boolean): Json {
  const { attempts, payload } = delivery;
  return {
    id: delivery.id,
    webhookId: delivery.hookId,
    syncId: delivery.syncId,
    event: payload["event"],
    state: deliveryState(delivery),
    createdAt: iso(delivery.createdAtMs),
    ...(whole
      ? {
          payload,
          attempts: attempts.map(({ atMs, httpStatus }) => ({ attemptedAt: iso(atMs), statusCode: httpStatus })),
        }
      : {}),
  };
}

/**
 * An event about a run. Not documented: `event` and `company_id` are as in the vendor's sample of a connection's event, the end tells
 * which models succeeded and failed, as the vendor says it does; the names of the rest are inferred.
 */
export function eventView(kind: EventKind, run: Run, atMs: number): Json {
  const facts = { company_id: run.companyId, sync_id: run.uuid, integration_type: run.integration };
  if (kind === "SYNC_STARTED") return { event: "sync.started", ...facts, created_at: iso(atMs) };
  const models = run.models.map((model) => ({
    name: singularOf(model),
    failed: modelStatus(run, model, run.plan.endMs) === RunStatus.Failed,
  }));
  return {
    event: "sync.completed",
    ...facts,
    status: runWord(run, run.plan.endMs),
    success_data_models: models.filter(({ failed }) => !failed).map(({ name }) => name),
    failed_data_models: models.filter(({ failed }) => failed).map(({ name }) => name),
    created_at: iso(atMs),
  };
}

/** v4 lists no CREATED for syncs: a run that waits is RUNNING too. What v3 calls FAILED, v4 does as well, whatever was read before. */
function runWord({ plan }: Run, age: number): string {
  if (age < plan.endMs) return "RUNNING";
  if (plan.failed) return "FAILED";
  return plan.jobs.some(({ error }) => error !== null) ? "PARTIAL_SUCCESS" : "SUCCESS";
}

/** How a model stands by all of its jobs. */
function modelStatus(run: Run, model: string, age: number): RunStatus {
  const words = run.plan.jobs.filter((job) => job.model === model).map((job) => jobStatus(job, age));
  if (words.every((word) => word === RunStatus.Created)) return RunStatus.Created;
  if (words.some((word) => word === RunStatus.Running || word === RunStatus.Created)) return RunStatus.Running;
  return words.includes(RunStatus.Failed) ? RunStatus.Failed : RunStatus.Success;
}

function countsOf(words: readonly RunStatus[]): Json {
  const count = (status: RunStatus): number => words.filter((word) => word === status).length;
  return {
    total: words.length,
    success: count(RunStatus.Success),
    failed: count(RunStatus.Failed),
    running: count(RunStatus.Running),
    pending: count(RunStatus.Created),
  };
}

function jobView(run: Run, job: JobPlan, place: number, age: number): Json {
  const ended = age >= job.endMs;
  const began = job.startMs !== null && age >= job.startMs;
  const error = ended ? job.error : null;
  return {
    dataModel: singularOf(job.model),
    status: jobStatus(job, age),
    jobType: "PULL",
    configMode: "READ",
    recordsSynced: ended && error === null ? 40 + place * 17 : null,
    retryCount: ended ? job.retries : 0,
    parentJobId: job.parent === null ? null : String(run.firstJobId + job.parent),
    errorCode: error?.["code"] ?? null,
    errorMessage: error?.["message"] ?? null,
    errorResponse: error === null ? null : { ...error },
    startTime: began && job.startMs !== null ? iso(momentMs(run, job.startMs)) : null,
    endTime: ended ? iso(momentMs(run, job.endMs)) : null,
    createdAt: iso(run.createdAtMs),
  };
}
