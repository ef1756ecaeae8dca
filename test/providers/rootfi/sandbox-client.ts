// A plain client of the RootFi sandbox for its tests: starts one, sends requests, and checks every answer against the vendor's OpenAPI
// document where that is at hand.
import { z } from "zod";
import type { SandboxServer } from "../../../src/domain/sandbox-port.ts";
import { startSandbox } from "../../../src/providers/rootfi/sandbox.ts";
import { GENEROUS_MS, eventually as untilSeen } from "../../support/eventually.ts";
import { type OpenApiContract, loadOpenApi, openApiAvailable } from "../../support/openapi.ts";

export const FAST = 50;
/** Slow enough that a busy machine still sees each status: 120 milliseconds waiting, 500 running. */
export const WATCHABLE = 10;
export const KEY = { api_key: "sandbox-rootfi-key" };
export const contract = openApiAvailable() ? loadOpenApi("rootfi-v3-core.assembled.openapi.json") : null;
const UNDOCUMENTED = { 400: "v3 lists no status for bad input", 429: "v3 documents no limit" };

const sync = z.looseObject({
  sync_id: z.string(),
  rootfi_id: z.number(),
  rootfi_company_id: z.number(),
  rootfi_created_at: z.string(),
  start_time: z.string().nullable(),
  end_time: z.string().nullable(),
  sync_type: z.string(),
  status: z.string(),
  total_count: z.number(),
  success_count: z.number(),
  failed_count: z.number(),
  running_count: z.number(),
  pending_count: z.number(),
});
type Sync = z.output<typeof sync>;
export const job = z.looseObject({
  rootfi_id: z.number(),
  parent_job_id: z.string().optional(),
  status: z.string(),
  data_model: z.string(),
  error: z.record(z.string(), z.string()),
  rate_limit_sleep_time: z.number(),
});
export const oneSync = z.object({ data: sync });
export const syncPage = z.object({ data: z.array(sync), next: z.string().nullable() });
export const jobPage = z.object({ data: z.array(job), next: z.string().nullable() });
const connection = z.looseObject({
  integration_type: z.string(),
  connection_status: z.string(),
  sync_status: z.string(),
  sync_resume_at: z.string().nullable(),
});
const company = z.looseObject({ rootfi_id: z.number(), name: z.string(), connections: z.array(connection) });
export const companyPage = z.object({ data: z.array(company), next: z.string().nullable() });
export const failure = z.object({
  error: z.object({ message: z.string(), code: z.string(), field: z.string().optional() }),
});

const servers: SandboxServer[] = [];

/** Closes what `sandbox` and `listen` have started; for the end of every test. */
export async function closeAll(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

/** A sandbox of its own, for tests that send requests themselves. */
export async function listen(speed = FAST, seed = 1): Promise<SandboxServer> {
  const server = await startSandbox({ port: 0, host: "127.0.0.1", speed, seed });
  servers.push(server);
  return server;
}

interface Call {
  readonly query?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The one answer that is known to differ from the document. */
  readonly offContract?: boolean;
}

export type Caller = (operation: string, call?: Call) => Promise<{ status: number; body: unknown; headers: Headers }>;

export async function sandbox(speed = FAST, seed = 7): Promise<Caller> {
  const server = await listen(speed, seed);
  return callerAt(server.url, contract);
}

/** Sends requests below that address and checks them and their answers against the document, where it is there and has the operation. */
export function callerAt(base: string, document: OpenApiContract | null): Caller {
  return async (operation, call = {}) => {
    const answer = await send(base, operation, call);
    const [method = "", path = ""] = operation.split(" ");
    if (document?.operations.includes(operation) === true && call.offContract !== true) {
      document.checkAnswer({ method, path, status: answer.status, body: answer.body }, UNDOCUMENTED);
      const taken = answer.status < 300;
      if (taken && call.body !== undefined) document.checkRequestBody({ method, path, body: call.body });
    }
    return answer;
  };
}

async function send(base: string, operation: string, call: Call): ReturnType<Caller> {
  const [method = "", path = ""] = operation.split(" ");
  const filled = path.replaceAll(/\{(\w+)\}/gu, (_whole, name: string) =>
    encodeURIComponent(String(call.params?.[name])),
  );
  const response = await fetch(`${base}${filled}?${new URLSearchParams(call.query ?? {}).toString()}`, {
    method,
    headers: { ...KEY, "content-type": "application/json", ...call.headers },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  });
  const text = await response.text();
  const body: unknown = text === "" ? null : JSON.parse(text);
  return { status: response.status, body, headers: response.headers };
}

/** Looks often: what a fast sandbox shows is soon over. */
export const eventually = <Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value> =>
  untilSeen(what, look, GENEROUS_MS, 8);

export function creation(companyId: number, integration: string, models: readonly string[]): Record<string, unknown> {
  return { company_id: companyId, integration_type: integration, full_sync: false, data_models_to_sync: models };
}

export const startSync = (
  call: Caller,
  companyId: number,
  integration: string,
  models: readonly string[],
): ReturnType<Caller> => call("POST /core/syncs", { body: creation(companyId, integration, models) });

export async function readSync(call: Caller, id: string): Promise<Sync> {
  return oneSync.parse((await call("GET /core/syncs/{sync_id}", { params: { sync_id: id } })).body).data;
}

/** Follows a run to its end; returns every sight of it. */
export async function follow(call: Caller, id: string): Promise<readonly Sync[]> {
  const seen: Sync[] = [];
  await eventually(`the end of ${id}`, async () => {
    const now = await readSync(call, id);
    seen.push(now);
    return now.status === "SUCCESS" || now.status === "FAILED" ? now : undefined;
  });
  return seen;
}

/** The status words in the order in which they were seen, the answer to the start before all. */
export const words = (seen: readonly Sync[]): readonly string[] => [
  ...new Set(["CREATED", ...seen.map(({ status }) => status)]),
];

export const ACCOUNTING = ["ACCOUNTS", "CONTACTS", "INVOICES"];

export async function jobsOf(call: Caller, id: string): Promise<readonly z.output<typeof job>[]> {
  return jobPage.parse((await call("GET /core/syncs/{sync_id}/jobs", { params: { sync_id: id } })).body).data;
}
