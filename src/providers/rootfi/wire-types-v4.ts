// Parsers for the JSON RootFi's v4 sends. What they give are the values of `wire-types.ts`, so that one mapping serves both versions.
import { z } from "zod";
import {
  looseTextCount as count,
  looseFlag as flag,
  looseText as text,
  looseTime as time,
  lineText,
  orAbsent,
} from "../../wire/loose-fields.ts";
import type { UnreadList } from "../../wire/ask.ts";
import { anyList } from "../../wire/list-fields.ts";
import { filledText, isRecord, parseReply as parse } from "../../wire/read-reply.ts";
import type { ReplySource } from "../../wire/read-reply.ts";
import { nextCursor, id, looseId, parseSyncConfig, words } from "./wire-types.ts";
import type {
  RootfiCompany,
  RootfiConnection,
  RootfiJob,
  RootfiPage,
  RootfiSync,
  RootfiSyncConfig,
} from "./wire-types.ts";

const countsShape = z
  .object({ total: count, success: count, failed: count, running: count, pending: count })
  .nullish()
  .catch(null);

const syncShape = z.object({
  id,
  status: lineText,
  companyId: looseId,
  integrationType: text,
  dataModels: words,
  configMode: text,
  fullSync: flag,
  syncType: text,
  jobCounts: countsShape,
  startTime: time,
  endTime: time,
  createdAt: time,
});

export function parseSyncV4(body: unknown, source: ReplySource, place = ""): RootfiSync {
  const sync = parse(syncShape, body, source, place);
  const { total, success, failed, running, pending } = sync.jobCounts ?? {};
  return {
    sync_id: sync.id,
    status: sync.status,
    rootfi_company_id: sync.companyId,
    rootfi_created_at: sync.createdAt,
    start_time: sync.startTime,
    end_time: sync.endTime,
    integration_type: sync.integrationType,
    full_sync: sync.fullSync,
    sync_type: sync.syncType,
    config_mode: sync.configMode,
    sync_data_models: sync.dataModels,
    total_count: total,
    success_count: success,
    failed_count: failed,
    running_count: running,
    pending_count: pending,
    reply: body,
  };
}

/** The answer to a start or a retry tells no status, so it is the first one. */
export function parseStartedV4(body: unknown, source: ReplySource): RootfiSync {
  const started = inside(body, "sync", source);
  const { dataModelsSyncing: models } = parse(z.object({ dataModelsSyncing: words }), started, source, "data.sync");
  const sync_id = parse(z.object({ id }), started, source, "data.sync").id;
  return { sync_id, status: "CREATED", sync_data_models: models?.length === 0 ? null : models, reply: started };
}

const jobShape = z.object({
  id,
  status: lineText,
  dataModel: text,
  retryCount: count,
  recordsSynced: count,
  startTime: time,
  endTime: time,
  /** `errorResponse` quotes the platform's answer and is not among the fields. */
  errorCode: text,
  errorMessage: text,
});

export function parseJobV4(body: unknown, source: ReplySource, place = ""): RootfiJob {
  const job = parse(jobShape, body, source, place);
  return {
    rootfi_id: job.id,
    status: job.status,
    data_model: job.dataModel,
    retry_count: job.retryCount,
    records_synced: job.recordsSynced,
    start_time: job.startTime,
    end_time: job.endTime,
    error: { code: job.errorCode, message: job.errorMessage },
  };
}

/** The fields of a company are known by name from the overview; those that say the same in two generations are read under either. */
const companyShape = z.object({
  rootfi_id: looseId,
  id: looseId,
  company_id: looseId,
  name: text,
  company_name: text,
  partner_id: looseId,
  created_at: time,
  rootfi_created_at: time,
  updated_at: time,
  rootfi_updated_at: time,
  integration_type: text,
  category: text,
  connection_status: text,
  sync_status: text,
  sync_resume_at: time,
  last_synced: time,
  connection: z.unknown().optional(),
  data_model_configs: orAbsent(anyList),
});
type CompanyV4 = z.infer<typeof companyShape>;

export function parseCompanyV4(body: unknown, source: ReplySource, place = ""): RootfiCompany {
  const company = parse(companyShape, snakeCased(body), source, place);
  const idPlace = place === "" ? "id" : `${place}.id`;
  const rootfi_id = parse(id, company.rootfi_id ?? company.id ?? company.company_id, source, idPlace);
  return {
    rootfi_id,
    name: company.name ?? company.company_name,
    partner_id: company.partner_id,
    rootfi_created_at: company.rootfi_created_at ?? company.created_at,
    rootfi_updated_at: company.rootfi_updated_at ?? company.updated_at,
    connections: connectionsOf(company, source),
  };
}

/** A company asked for alone. */
export const parseCompanyAnswerV4 = (body: unknown, source: ReplySource): RootfiCompany =>
  parseCompanyV4(inside(body, "company", source), source);

const connectionShape = z.object({
  id: looseId,
  rootfi_id: looseId,
  integration_type: text,
  category: text,
  connection_status: text,
  status: text,
  sync_status: text,
  sync_resume_at: time,
  last_synced: time,
  created_at: time,
  rootfi_created_at: time,
  updated_at: time,
  rootfi_updated_at: time,
});

/** A company of v4 has one connection; what is not said of it is said of the company. Null when it is not told which it is. */
function connectionsOf(company: CompanyV4, source: ReplySource): readonly RootfiConnection[] | null {
  if (company.connection === null) return [];
  const connection = parse(connectionShape, snakeCased(company.connection ?? {}), source, "connection");
  const integration_type =
    filledText(connection.integration_type) ??
    filledText(company.integration_type) ??
    integrationIn(connection.id ?? connection.rootfi_id ?? "");
  if (integration_type === null) return null;
  return [
    {
      integration_type,
      category: connection.category ?? company.category,
      connection_status: connection.connection_status ?? connection.status ?? company.connection_status,
      sync_status: connection.sync_status ?? company.sync_status,
      sync_resume_at: connection.sync_resume_at ?? company.sync_resume_at,
      last_synced: connection.last_synced ?? company.last_synced,
      rootfi_created_at: connection.rootfi_created_at ?? connection.created_at,
      rootfi_updated_at: connection.rootfi_updated_at ?? connection.updated_at,
      sync_config: (company.data_model_configs ?? []).map((config) => parseSyncConfigV4(config, source)),
    },
  ];
}

/** The id of a connection is `496_NETSUITE`. */
const integrationIn = (connectionId: string): string | null => /^\d+_(.+)$/.exec(connectionId)?.[1] ?? null;

/** The list of an organisation's sync configs. */
export const parseSyncConfigsV4 = (body: unknown, source: ReplySource): UnreadList =>
  listIn(body, "syncConfig", source);

/** v4 reads in camelCase and writes in snake_case; either is understood. */
export const parseSyncConfigV4 = (config: unknown, source: ReplySource, place = ""): RootfiSyncConfig =>
  parseSyncConfig(snakeCased(config), source, place);

/** A page: `{data: {<list>, next}}`. */
export function parsePageV4(body: unknown, list: string, source: ReplySource): RootfiPage {
  const items = listIn(body, list, source);
  const holder = isRecord(body) && isRecord(body["data"]) ? body["data"] : body;
  const next = isRecord(holder) ? (holder["next"] ?? null) : null;
  return { ...items, next: nextCursor(next, source, "data.next") };
}

/** The named list in `data`, or `data` itself: documented for syncs, and taken to be so for the others (inferred). */
function listIn(body: unknown, list: string, source: ReplySource): UnreadList {
  const data = isRecord(body) ? body["data"] : undefined;
  if (Array.isArray(data)) return { items: data, place: "data" };
  const { [list]: items } = parse(z.object({ data: z.looseObject({}) }), body, source).data;
  const place = `data.${list}`;
  return { items: parse(anyList, items, source, place), place };
}

/** The named object in `data`, or `data` itself. */
function inside(body: unknown, name: string, source: ReplySource): unknown {
  const { data } = parse(z.object({ data: z.looseObject({}) }), body, source);
  return isRecord(data[name]) ? data[name] : data;
}

/** An object with its own names in snake_case; what lies deeper stays as it is. */
function snakeCased(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [snake(name), inner]));
}
