// The JSON that the RootFi sandbox answers with: runs, jobs, companies, connections, invite links as v3 writes them.
import type { CompanySeed, ConnectionSeed, ModelConfig } from "./sandbox-data.ts";
import type { Company, Organisation } from "./sandbox-organisation.ts";
import type { JobPlan } from "./sandbox-plan.ts";
import { RunStatus, jobStatus, lastChangeMs, runStatus } from "./sandbox-plan.ts";
import type { Run } from "./sandbox-runs.ts";
import { ageMs, momentMs } from "./sandbox-runs.ts";

export type Json = Readonly<Record<string, unknown>>;

type World = Pick<Organisation, "book" | "configs">;

/**
 * The event that a run has ended. Inferred: the vendor says only that it tells which data models succeeded and which failed. The
 * other names are those of the sync itself and of older events; what sort of event it is, v3 calls `type` and v4 `event`.
 */
export function completionView(run: Run, endedAtMs: number): Json {
  // The end is a fraction of a millisecond; a look right at it must already see it.
  const jobs = jobViews(run, Math.ceil(endedAtMs) + 1);
  const failed = new Set(jobs.filter((job) => job["status"] === RunStatus.Failed).map((job) => job["data_model"]));
  return {
    type: "SYNC_COMPLETED",
    event: "SYNC_COMPLETED",
    sync_id: run.syncId,
    rootfi_company_id: run.companyId,
    integration_type: run.integration,
    status: run.plan.failed ? RunStatus.Failed : RunStatus.Success,
    success_data_models: run.models.filter((model) => !failed.has(model)),
    failed_data_models: run.models.filter((model) => failed.has(model)),
    created_at: iso(endedAtMs),
  };
}

export function syncView(run: Run, nowMs: number): Json {
  const age = ageMs(run, nowMs);
  const { plan } = run;
  const count = (status: RunStatus): number => plan.jobs.filter((job) => jobStatus(job, age) === status).length;
  const changes = plan.jobs.flatMap((job) => [job.startMs, job.endMs]);
  return {
    rootfi_id: run.rowId,
    rootfi_created_at: iso(run.createdAtMs),
    rootfi_updated_at: iso(momentMs(run, lastChangeMs(changes, age))),
    rootfi_company_id: run.companyId,
    start_time: age < plan.startMs ? null : iso(momentMs(run, plan.startMs)),
    end_time: age < plan.endMs ? null : iso(momentMs(run, plan.endMs)),
    integration_type: run.integration,
    full_sync: run.fullSync,
    sync_type: run.automatic ? "AUTO_SYNC" : "MANUAL",
    config_mode: "READ",
    sync_data_models: run.models,
    sync_id: run.syncId,
    total_count: plan.jobs.length,
    success_count: count(RunStatus.Success),
    failed_count: count(RunStatus.Failed),
    running_count: count(RunStatus.Running),
    pending_count: count(RunStatus.Created),
    status: runStatus(plan, age),
  };
}

export function jobViews(run: Run, nowMs: number): readonly Json[] {
  const age = ageMs(run, nowMs);
  return run.plan.jobs.map((job, place) => jobView(run, job, place, age));
}

/** A company with its connections. The vendor does not say when `expand` is needed; connections are always shown. */
export function companyView(company: Company, { book, configs }: World, nowMs: number): Json {
  const configOf = ({ category }: ConnectionSeed): Json | null => {
    const line = configs.mainLine(company.seed.id, category);
    return line === undefined ? null : configView(line);
  };
  return {
    ...companyHead(company),
    partner_id: company.partnerId,
    invite_link: inviteLinkHead(company),
    connections: company.seed.connections.map((connection) => ({
      ...connectionHead(company, connection, book, nowMs),
      connection_status: connection.status,
      last_synced: isoOrNull(book.lastSuccessMs(company.seed.id, connection.integration, nowMs)),
      tally_last_active_at: connection.integration === "TALLY" ? iso(nowMs) : null,
      zoho_sub_calls_enabled: connection.integration === "ZOHO_BOOKS",
      sync_config: configOf(connection),
    })),
  };
}

/** The activity log, shown where a caller asks to expand it. */
export function activityView(company: Company): readonly Json[] {
  const types = company.seed.connections.some((connection) => connection.status === "EXPIRED")
    ? ["COMPANY_CREATED", "CONNECTION_CREATED", "CONNECTION_EXPIRED"]
    : ["COMPANY_CREATED", "CONNECTION_CREATED"];
  return types.map((type, place) => ({
    rootfi_id: company.seed.id * 10 + place,
    rootfi_created_at: iso(company.createdAtMs + place * 60_000),
    rootfi_updated_at: iso(company.createdAtMs + place * 60_000),
    activity_type: type,
  }));
}

export function inviteLinkView(
  company: Company,
  { book, configs }: World,
  nowMs: number,
  withConnections: boolean,
): Json {
  const view = { ...inviteLinkHead(company), company: companyHead(company) };
  if (!withConnections) return view;
  const connections = company.seed.connections.map((connection) => ({
    ...connectionHead(company, connection, book, nowMs),
    // The same facts have other names and shapes inside an invite link.
    status: connection.status,
    sync_config: configs.linesOf(company.seed.id, connection.category).map(configView),
  }));
  return { ...view, connections };
}

export function inviteLinkId(company: CompanySeed): string {
  return `inv-${company.id.toString(36)}-${company.connections.length}`;
}

/** v3 has neither NEVER nor HOURLY: what v4 set to NEVER is shown as not enabled, both as DAILY (inferred). */
export function configView(config: ModelConfig): Json {
  const { frequency } = config;
  return {
    enabled: config.enabled && frequency !== "NEVER",
    interval: config.interval,
    frequency: frequency === "NEVER" || frequency === "HOURLY" ? "DAILY" : frequency,
    data_model: config.model,
    category: config.category,
    scope_access: config.scopeAccess,
    sync_from: config.syncFrom,
    custom_fields: config.customFields,
  };
}

/** `SLEEPING` while a run waits for the platform; then the pipeline's own words. */
export function pipelineStatus(
  run: Run | undefined,
  nowMs: number,
): { readonly word: string; readonly resumesAtMs: number | null } {
  if (run === undefined) return { word: "IDLE", resumesAtMs: null };
  const age = ageMs(run, nowMs);
  const { plan } = run;
  if (age < plan.startMs) return { word: "IDLE", resumesAtMs: null };
  if (plan.pause !== null && age >= plan.pause.fromMs && age < plan.pause.untilMs) {
    return { word: "SLEEPING", resumesAtMs: momentMs(run, plan.pause.untilMs) };
  }
  return { word: age < plan.endMs - (plan.endMs - plan.startMs) / 5 ? "FETCHING" : "PARSING", resumesAtMs: null };
}

function jobView(run: Run, job: JobPlan, place: number, age: number): Json {
  const ended = age >= job.endMs;
  const began = job.startMs !== null && age >= job.startMs;
  const slept = ended ? job.sleptMs : 0;
  return {
    rootfi_id: run.firstJobId + place,
    rootfi_created_at: iso(run.createdAtMs),
    rootfi_updated_at: iso(momentMs(run, lastChangeMs([job.startMs, job.endMs], age))),
    rootfi_company_id: run.companyId,
    start_time: began && job.startMs !== null ? iso(momentMs(run, job.startMs)) : null,
    end_time: ended ? iso(momentMs(run, job.endMs)) : null,
    integration_type: run.integration,
    status: jobStatus(job, age),
    data_model: job.model,
    config_mode: "READ",
    sync_id: run.syncId,
    ...(job.parent === null ? {} : { parent_job_id: String(run.firstJobId + job.parent) }),
    retry_count: ended ? job.retries : 0,
    priority: 0,
    variables: {},
    error: ended && job.error !== null ? job.error : {},
    config_id: `cfg${run.companyId}${job.model.length}`,
    job_type: "PULL",
    response_length: ended && job.error === null ? 40 + place * 17 : 0,
    response_size: ended && job.error === null ? 8_192 + place * 1_024 : 0,
    rate_limit_sleep_time: slept,
  };
}

function companyHead(company: Company): Json {
  return {
    rootfi_id: company.seed.id,
    rootfi_created_at: iso(company.createdAtMs),
    rootfi_updated_at: iso(company.updatedAtMs),
    name: company.name,
  };
}

function inviteLinkHead(company: Company): Json {
  const { connections } = company.seed;
  return {
    rootfi_id: company.seed.id - 400_000,
    rootfi_created_at: iso(company.createdAtMs),
    rootfi_updated_at: iso(company.createdAtMs),
    invite_link_id: inviteLinkId(company.seed),
    integrations: connections.map((connection) => connection.integration),
    integration_categories: [...new Set(connections.map((connection) => connection.category))],
  };
}

function connectionHead(company: Company, connection: ConnectionSeed, book: World["book"], nowMs: number): Json {
  const pipeline = pipelineStatus(book.open(company.seed.id, connection.integration, nowMs), nowMs);
  return {
    rootfi_id: connection.id,
    rootfi_created_at: iso(company.createdAtMs),
    rootfi_updated_at: iso(company.updatedAtMs),
    integration_type: connection.integration,
    category: connection.category,
    sync_status: pipeline.word,
    sync_resume_at: isoOrNull(pipeline.resumesAtMs),
    rate_limits: {
      counters: { per_minute: pipeline.word === "SLEEPING" ? 500 : 12, concurrent_calls: 0 },
      lastReset: { per_minute: iso(nowMs - (nowMs % 60_000)) },
      maxLimits: { per_minute: 500, concurrent_calls: 10 },
    },
  };
}

/** As both versions write moments. */
export function iso(moment: number): string {
  return new Date(moment).toISOString();
}

export function isoOrNull(moment: number | null): string | null {
  return moment === null ? null : iso(moment);
}
