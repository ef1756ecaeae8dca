// A plain client of the RootFi sandbox's v4 for its tests. Every success must carry an id of the request and the limit's headers; every
// answer is checked against the vendor's OpenAPI document where that has the operation.
import { vi } from "vitest";
import { z } from "zod";
import { loadOpenApi, openApiAvailable } from "../../support/openapi.ts";
import { type Caller, FAST, callerAt, contract, listen } from "./sandbox-client.ts";

export const contractOfV4 = openApiAvailable() ? loadOpenApi("rootfi-v4-syncs.assembled.openapi.json") : null;

export interface Versions {
  readonly v3: Caller;
  readonly v4: Caller;
}

/** One sandbox, spoken to in both versions. */
export async function bothVersions(speed = FAST, seed = 7): Promise<Versions> {
  const { url } = await listen(speed, seed);
  const plain = callerAt(url.replace(/v3$/u, "v4"), contractOfV4);
  const v4: Caller = async (operation, call) => {
    const answer = await plain(operation, call);
    for (const name of ["limit", "remaining", "reset"]) {
      if (answer.headers.get(`x-ratelimit-${name}`) === null) throw new Error(`${operation}: no x-ratelimit-${name}`);
    }
    if (answer.status < 300 && answer.status !== 204) z.looseObject({ request_id: z.uuid() }).parse(answer.body);
    return answer;
  };
  return { v3: callerAt(url, contract), v4 };
}

const counts = z.strictObject({
  total: z.number(),
  success: z.number(),
  failed: z.number(),
  running: z.number(),
  pending: z.number(),
});
const moment = z.iso.datetime();
const sync = z.strictObject({
  id: z.uuid(),
  companyId: z.number(),
  integrationType: z.string(),
  dataModels: z.array(z.string()),
  configMode: z.literal("READ"),
  fullSync: z.boolean(),
  syncType: z.enum(["MANUAL", "AUTO_SYNC"]),
  status: z.string(),
  jobCounts: counts,
  dataModelCounts: counts,
  startTime: moment.nullable(),
  endTime: moment.nullable(),
  createdAt: moment,
});
export type Sync = z.output<typeof sync>;

/** The sheet's fields of a job; the document has them in `components` and no operation that answers them. */
const job = z.strictObject({
  id: z.string(),
  dataModel: z.string(),
  status: z.enum(["CREATED", "RUNNING", "SUCCESS", "FAILED"]),
  jobType: z.literal("PULL"),
  configMode: z.literal("READ"),
  recordsSynced: z.number().nullable(),
  retryCount: z.number(),
  parentJobId: z.string().nullable(),
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  errorResponse: z.record(z.string(), z.unknown()).nullable(),
  startTime: moment.nullable(),
  endTime: moment.nullable(),
  createdAt: moment,
});

const dataModelConfig = z.looseObject({
  dataModel: z.string(),
  enabled: z.boolean(),
  interval: z.number(),
  frequency: z.string(),
  syncFrom: z.string().nullable(),
});
const company = z.looseObject({
  id: z.number(),
  name: z.string(),
  hasActiveSync: z.boolean(),
  connectionStatus: z.string(),
  syncStatus: z.string(),
  syncResumeAt: moment.nullable(),
  lastSynced: moment.nullable(),
  dataModelConfigs: z.array(dataModelConfig),
  connection: z.looseObject({ id: z.string(), integrationType: z.string() }),
});
export type Company = z.output<typeof company>;

const paged = { count: z.number(), next: z.string().nullable() };
export const syncPage = z.object({ data: z.object({ syncs: z.array(sync), ...paged }) });
export const jobPage = z.object({ data: z.object({ jobs: z.array(job), ...paged }) });
export const companyPage = z.object({ data: z.object({ companies: z.array(company), ...paged }) });
export const started = z.object({
  data: z.object({ sync: z.strictObject({ id: z.uuid(), dataModelsSyncing: z.array(z.string()) }) }),
});
export const configList = z.object({ data: z.object({ syncConfig: z.array(dataModelConfig) }) });

export const ACCOUNTING_OF_V4 = ["ACCOUNT", "CONTACT", "INVOICE"];

export const START = "POST /core/companies/{company_id}/syncs";
export const SYNCS = "GET /core/companies/{company_id}/syncs";
export const JOBS = "GET /core/syncs/{sync_id}/jobs";
export const RETRY = "POST /core/syncs/{sync_id}/retry";
export const CANCEL = "POST /core/syncs/{sync_id}/cancel";
export const PATCH = "PATCH /core/companies/{company_id}/sync-config";

/** Starts a run of those models, or of what the company's sync config says; returns its id. */
export async function startOfV4(v4: Caller, companyId: number, models?: readonly string[]): Promise<string> {
  const body = models === undefined ? {} : { dataModelsToSync: models.map((dataModel) => ({ dataModel })) };
  const answer = await v4(START, { params: { company_id: companyId }, body });
  if (answer.status !== 201) throw new Error(`expected 201, got ${answer.status} ${JSON.stringify(answer.body)}`);
  return started.parse(answer.body).data.sync.id;
}

/** The company's runs, newest first. */
export async function syncsOf(v4: Caller, companyId: number): Promise<readonly Sync[]> {
  return syncPage.parse((await v4(SYNCS, { params: { company_id: companyId } })).body).data.syncs;
}

/** v4 has no single read: a run is looked up in the company's list. */
export async function syncOf(v4: Caller, companyId: number, id: string): Promise<Sync> {
  const found = (await syncsOf(v4, companyId)).find((one) => one.id === id);
  if (found === undefined) throw new Error(`company ${companyId} has no sync ${id}`);
  return found;
}

/** From here on the sandbox's clock stands still but for `pass`: what a run does is worked out from it whenever somebody asks. */
export function stopClock(): void {
  vi.useFakeTimers({ toFake: ["Date"] });
}

export function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

/** Lets a run of a sandbox with a stopped clock come to its end; returns every sight of it, two a second of its life. */
export async function followOfV4(v4: Caller, companyId: number, id: string): Promise<readonly Sync[]> {
  const seen: Sync[] = [];
  for (let look = 0; look < 45; look += 1) {
    const now = await syncOf(v4, companyId, id);
    seen.push(now);
    if (now.status !== "RUNNING") return seen;
    pass(500);
  }
  throw new Error(`sync ${id} is still RUNNING after 22 seconds`);
}

export async function companyOf(v4: Caller, id: number): Promise<Company> {
  const page = companyPage.parse((await v4("GET /core/companies", { query: { limit: "100" } })).body);
  const found = page.data.companies.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no company ${id}`);
  return found;
}
