// The vendors once more, but not as our sandboxes have them: small servers that answer with what the OpenAPI documents print.
// Each keeps the runs it was asked for, so that they end. Every answer is checked against the document before it is sent.
import { randomUUID } from "node:crypto";
import { startFakeVendor, type FakeReply, type FakeRequest, type FakeVendor } from "./fake-vendor.ts";
import type { ProviderEntry } from "./gateway.ts";
import { loadOpenApi } from "./openapi.ts";
import { listOf, objectOf, readExamples, type Json } from "./openapi-examples.ts";
import { entryOf, type Vendor } from "./vendors.ts";

export interface ForeignVendor {
  readonly server: FakeVendor;
  readonly entry: ProviderEntry;
  /** Bodies of the requests that started runs. */
  readonly starts: readonly unknown[];
}

/** What a server says to one request: the operation as the document writes it, and the body of the answer. */
interface Said {
  readonly operation: string;
  readonly body: unknown;
}

interface Plan {
  readonly document: string;
  /** What comes before the document's paths. */
  readonly basePath: string;
  readonly credentials: Readonly<Record<string, string>>;
  /** Header that must be there on every request, with its value. */
  readonly header: readonly [name: string, value: string];
  /** Undefined for what the vendor does not have. */
  answer(request: FakeRequest, path: string): Said | undefined;
}

export async function startForeignVendor(vendor: Vendor): Promise<ForeignVendor> {
  const plan = PLANS[vendor]();
  const contract = loadOpenApi(plan.document);
  const starts: unknown[] = [];
  const [headerName, headerValue] = plan.header;
  const server = await startFakeVendor((request): FakeReply | undefined => {
    if (request.headers[headerName] !== headerValue) return { status: 401, json: { message: "unauthorized" } };
    const said = plan.answer(request, request.path.slice(plan.basePath.length));
    if (said === undefined) return undefined;
    const [method = "", path = ""] = said.operation.split(" ");
    if (method === "POST") starts.push(request.body === "" ? null : request.json());
    if (method === "POST" && request.body !== "") contract.checkRequestBody({ method, path, body: request.json() });
    contract.checkAnswer({ method, path, status: 200, body: said.body });
    return { json: said.body };
  });
  const entry = entryOf({ vendor, url: `${server.url}${plan.basePath}`, credentials: plan.credentials });
  return { server, entry, starts };
}

/** The runs of one server. A run moves one status on with every time it is shown, and stays at the last. */
function createRuns(statuses: readonly string[]) {
  const runs: { readonly id: string; readonly base: Json; shown: number }[] = [];
  const statusAt = (shown: number): string => statuses[Math.min(shown, statuses.length - 1)] ?? "";
  return {
    ids: () => runs.map(({ id }) => id),
    start(id: string, base: Json): void {
      runs.unshift({ id, base, shown: 0 });
    },
    show(id: string, view: (base: Json, status: string, step: number) => Json): Json | undefined {
      const run = runs.find((one) => one.id === id);
      if (run === undefined) return undefined;
      const step = Math.min(run.shown, statuses.length - 1);
      run.shown += 1;
      return view(run.base, statusAt(step), step);
    },
  };
}

const now = (): string => new Date().toISOString();

/** The last part of a path that matches; undefined when it does not. */
const partOf = (path: string, pattern: RegExp): string | undefined => pattern.exec(path)?.[1];

const PLANS: Readonly<Record<Vendor, () => Plan>> = {
  rootfi: rootfiPlan,
  stuut: stuutPlan,
  polytomic: polytomicPlan,
  truto: trutoPlan,
};

function rootfiPlan(): Plan {
  const document = "rootfi-v3-core.assembled.openapi.json";
  const examples = readExamples(document);
  const sync = objectOf(examples.answer("GET /core/syncs/{sync_id}")["data"]);
  const { rootfi_company_id: companyId, integration_type: integration } = sync;
  const config = { ...examples.made("SyncConfig"), enabled: true, scope_access: { READ: true } };
  const healthy = { connection_status: "HEALTHY", sync_config: config };
  const connection = { ...examples.made("CompanyConnection"), integration_type: integration, ...healthy };
  const company = {
    ...examples.made("Company"),
    rootfi_id: companyId,
    name: "Example company",
    connections: [connection],
  };
  const runs = createRuns(["CREATED", "RUNNING", "SUCCESS"]);
  const view = (base: Json, status: string, step: number): Json => ({
    ...base,
    status,
    success_count: step < 2 ? 0 : 3,
    running_count: step === 1 ? 3 : 0,
    pending_count: step === 0 ? 3 : 0,
  });
  return {
    document,
    basePath: "/v3",
    credentials: { apiKey: "foreign-rootfi-key" },
    header: ["api_key", "foreign-rootfi-key"],
    answer: ({ method, query, body }, path) => {
      if (method === "POST" && path === "/core/syncs") {
        const id = randomUUID().replaceAll("-", "").slice(0, 15);
        const asked = objectOf(JSON.parse(body));
        const times = { rootfi_created_at: now(), rootfi_updated_at: now(), start_time: now() };
        const started = {
          ...sync,
          ...times,
          sync_id: id,
          rootfi_id: 2,
          sync_type: "MANUAL",
          sync_data_models: asked["data_models_to_sync"],
        };
        runs.start(id, started);
        return { operation: "POST /core/syncs", body: { data: runs.show(id, view) } };
      }
      if (method !== "GET") return undefined;
      if (path === "/core/companies")
        return { operation: "GET /core/companies", body: { data: [company], next: null } };
      if (partOf(path, /^\/core\/companies\/(\w+)$/u) === String(companyId)) {
        return { operation: "GET /core/companies/{company_id}", body: { data: company } };
      }
      if (path === "/core/invite_links") {
        return { operation: "GET /core/invite_links", body: { data: [examples.made("InviteLink")], next: null } };
      }
      if (path === "/core/syncs/config") {
        const configs = query.get("category") === objectOf(config)["category"] ? [config] : [];
        return { operation: "GET /core/syncs/config", body: { sync_config: configs } };
      }
      if (path === "/core/syncs") {
        const shown = runs.ids().map((id) => runs.show(id, view));
        return { operation: "GET /core/syncs", body: { data: [...shown, sync], next: null } };
      }
      const jobsOf = partOf(path, /^\/core\/syncs\/(\w+)\/jobs$/u);
      if (jobsOf !== undefined) {
        const job = { ...examples.made("Job"), sync_id: jobsOf, status: "SUCCESS", error: null };
        return { operation: "GET /core/syncs/{sync_id}/jobs", body: { data: [job], next: null } };
      }
      const run = runs.show(partOf(path, /^\/core\/syncs\/(\w+)$/u) ?? "", view);
      return run === undefined ? undefined : { operation: "GET /core/syncs/{sync_id}", body: { data: run } };
    },
  };
}

function stuutPlan(): Plan {
  const document = "stuut-v2-integrations.assembled.openapi.json";
  const examples = readExamples(document);
  const start = "POST /v2/integrations/connections/{connection_id}/sync";
  const [sync = {}] = examples.list(start);
  const runs = createRuns(["queued", "running", "complete"]);
  const view = (base: Json, status: string, step: number): Json => ({
    ...base,
    status,
    attempt: step === 0 ? 0 : 1,
    started_at: step === 0 ? null : base["created_at"],
    completed_at: step < 2 ? null : now(),
  });
  const connection = (): Json => {
    const [newest] = runs.ids();
    const last = newest === undefined ? null : runs.show(newest, view);
    const able = { is_read_enabled: true, is_read_supported: true, is_sync_supported: true };
    const model = {
      ...examples.made("Model"),
      ...able,
      id: sync["model_id"],
      connection_id: "conn_foreign",
      last_sync: last,
    };
    const health = { ...examples.made("Health"), healthy: true, status_code: "healthy" };
    return { ...examples.made("Connection"), id: "conn_foreign", health, models: [model] };
  };
  return {
    document,
    basePath: "",
    credentials: { token: "foreign-stuut-token" },
    header: ["authorization", "Bearer foreign-stuut-token"],
    answer: ({ method }, path) => {
      if (method === "GET" && path === "/v2/integrations/connections")
        return { operation: `GET ${path}`, body: [connection()] };
      if (method !== "POST" || path !== "/v2/integrations/connections/conn_foreign/sync") return undefined;
      const id = `sync_${randomUUID()}`;
      runs.start(id, { ...sync, id, created_at: now() });
      return { operation: start, body: [runs.show(id, view)] };
    },
  };
}

function polytomicPlan(): Plan {
  const document = "polytomic.openapi.yml";
  const examples = readExamples(document);
  const definition = examples.answer("GET /api/syncs/{id}");
  const syncId = String(objectOf(definition["data"])["id"]);
  const completed = objectOf(examples.answer("GET /api/syncs/{sync_id}/executions/{id}", "completed")["data"]);
  const runs = createRuns(["created", "running", "completed"]);
  const view = (base: Json, status: string, step: number): Json => ({
    ...completed,
    ...base,
    status,
    started_at: step === 0 ? null : base["created_at"],
    completed_at: step < 2 ? null : now(),
  });
  return {
    document,
    basePath: "",
    credentials: { apiKey: "foreign-polytomic-key" },
    header: ["authorization", "Bearer foreign-polytomic-key"],
    answer: ({ method, query }, path) => {
      if (method === "POST" && path === `/api/syncs/${syncId}/executions`) {
        const id = randomUUID();
        const created = { id, created_at: now(), type: "manual" };
        runs.start(id, created);
        const shown = objectOf(runs.show(id, view));
        return {
          operation: "POST /api/syncs/{id}/executions",
          body: { data: { id, created_at: shown["created_at"], status: shown["status"] } },
        };
      }
      if (method !== "GET") return undefined;
      if (path === "/api/me") return { operation: "GET /api/me", body: examples.answer("GET /api/me") };
      if (path === "/api/connections")
        return { operation: "GET /api/connections", body: examples.answer("GET /api/connections") };
      if (path === "/api/syncs") {
        // The document's example names a next page; here it is the vendor's empty one.
        const last = { data: null, pagination: {} };
        return {
          operation: "GET /api/syncs",
          body: query.has("page_token") ? last : examples.answer("GET /api/syncs"),
        };
      }
      if (path === `/api/syncs/${syncId}`) return { operation: "GET /api/syncs/{id}", body: definition };
      if (path === `/api/syncs/${syncId}/status`) {
        return { operation: "GET /api/syncs/{id}/status", body: examples.answer("GET /api/syncs/{id}/status", "idle") };
      }
      if (path === `/api/syncs/${syncId}/executions`) {
        const operation = "GET /api/syncs/{id}/executions";
        const [, ...ended] = listOf(examples.answer(operation)["data"]);
        return {
          operation,
          body: { data: [...runs.ids().map((id) => runs.show(id, view)), ...ended], pagination: {} },
        };
      }
      if (path === "/api/events") {
        const after = Date.parse(query.get("starting_after") ?? "1970-01-01");
        const events = listOf(examples.answer("GET /api/events")["data"]);
        return {
          operation: "GET /api/events",
          body: { data: events.filter((event) => Date.parse(String(event["created_at"])) > after) },
        };
      }
      const run = runs.show(partOf(path, /\/executions\/([\w-]+)$/u) ?? "", view);
      return run === undefined
        ? undefined
        : { operation: "GET /api/syncs/{sync_id}/executions/{id}", body: { data: run } };
    },
  };
}

function trutoPlan(): Plan {
  const document = "truto.assembled.openapi.yml";
  const examples = readExamples(document);
  const job = examples.answer("GET /sync-job/{id}", "v4");
  const legacy = { ...examples.answer("GET /sync-job/{id}", "legacy"), id: "7c1e0f52-9a1d-4e57-8a52-0c6b8f4f9a10" };
  const started = examples.answer("POST /sync-job-run");
  const runs = createRuns(["created", "running", "completed"]);
  const view = (base: Json, status: string, step: number): Json => ({
    ...base,
    status,
    resource_stats: step === 0 ? {} : { "list-tickets": { list: { fetched: 300, persisted: 300 } } },
    started_at: step === 0 ? null : base["created_at"],
    finished_at: step < 2 ? null : now(),
  });
  const page = (result: readonly unknown[]): Json => ({ result, next_cursor: null, limit: 5000 });
  return {
    document,
    basePath: "",
    credentials: { token: "foreign-truto-token" },
    header: ["authorization", "Bearer foreign-truto-token"],
    answer: ({ method, body }, path) => {
      if (method === "POST" && path === "/sync-job-run") {
        const id = randomUUID();
        runs.start(id, { ...started, ...objectOf(JSON.parse(body)), id, created_at: now(), updated_at: now() });
        return { operation: "POST /sync-job-run", body: runs.show(id, view) };
      }
      if (method !== "GET") return undefined;
      // The two jobs of the document's list have one id; here each has its own.
      if (path === "/sync-job") return { operation: "GET /sync-job", body: page([job, legacy]) };
      const known = [job, legacy].find(({ id }) => path === `/sync-job/${String(id)}`);
      if (known !== undefined) return { operation: "GET /sync-job/{id}", body: known };
      if (path === "/integrated-account" || path === "/sync-job-cron-trigger") {
        return { operation: `GET ${path}`, body: examples.answer(`GET ${path}`) };
      }
      if (path === "/sync-job-run")
        return { operation: "GET /sync-job-run", body: page(runs.ids().map((id) => runs.show(id, view))) };
      const run = runs.show(partOf(path, /^\/sync-job-run\/([\w-]+)$/u) ?? "", view);
      return run === undefined ? undefined : { operation: "GET /sync-job-run/{id}", body: run };
    },
  };
}
