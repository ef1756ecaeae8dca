// The RootFi sandbox over HTTP: every answer is also checked against the vendor's OpenAPI document where that is at hand.
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { SandboxServer } from "../../../src/domain/sandbox-port.ts";
import { startSandbox } from "../../../src/providers/rootfi/sandbox.ts";
import { loadOpenApi, openApiAvailable } from "../../support/openapi.ts";

const FAST = 50;
/** Slow enough that a busy machine still sees each status: 120 milliseconds waiting, 500 running. */
const WATCHABLE = 10;
const KEY = { api_key: "sandbox-rootfi-key" };
const contract = openApiAvailable() ? loadOpenApi("rootfi-v3-core.assembled.openapi.json") : null;
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
const job = z.looseObject({
  rootfi_id: z.number(),
  parent_job_id: z.string().optional(),
  status: z.string(),
  data_model: z.string(),
  error: z.record(z.string(), z.string()),
  rate_limit_sleep_time: z.number(),
});
const oneSync = z.object({ data: sync });
const syncPage = z.object({ data: z.array(sync), next: z.string().nullable() });
const jobPage = z.object({ data: z.array(job), next: z.string().nullable() });
const connection = z.looseObject({
  integration_type: z.string(),
  connection_status: z.string(),
  sync_status: z.string(),
  sync_resume_at: z.string().nullable(),
});
const company = z.looseObject({ rootfi_id: z.number(), name: z.string(), connections: z.array(connection) });
const companyPage = z.object({ data: z.array(company), next: z.string().nullable() });
const failure = z.object({ error: z.object({ message: z.string(), code: z.string(), field: z.string().optional() }) });

const servers: SandboxServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

interface Call {
  readonly query?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The one answer that is known to differ from the document. */
  readonly offContract?: boolean;
}

type Caller = (operation: string, call?: Call) => Promise<{ status: number; body: unknown; headers: Headers }>;

async function sandbox(speed = FAST, seed = 7): Promise<Caller> {
  const server = await startSandbox({ port: 0, host: "127.0.0.1", speed, seed });
  servers.push(server);
  return (operation, call = {}) => send(server.url, operation, call);
}

const send = async (base: string, operation: string, call: Call): ReturnType<Caller> => {
  const [method = "", path = ""] = operation.split(" ");
  const filled = path.replaceAll(/\{(\w+)\}/gu, (_whole, name: string) => encodeURIComponent(String(call.params?.[name])));
  const response = await fetch(`${base}${filled}?${new URLSearchParams(call.query ?? {}).toString()}`, {
    method,
    headers: { ...KEY, "content-type": "application/json", ...call.headers },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  });
  const body: unknown = await response.json();
  if (contract?.operations.includes(operation) === true && call.offContract !== true) {
    contract.checkAnswer({ method, path, status: response.status, body }, UNDOCUMENTED);
    if (response.ok && call.body !== undefined) contract.checkRequestBody({ method, path, body: call.body });
  }
  return { status: response.status, body, headers: response.headers };
};

async function eventually<Value>(what: string, look: () => Promise<Value | undefined>, deadlineMs = 5_000): Promise<Value> {
  const endsAt = Date.now() + deadlineMs;
  while (Date.now() < endsAt) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 8));
  }
  throw new Error(`waited ${deadlineMs} ms in vain for ${what}`);
}

function creation(companyId: number, integration: string, models: readonly string[]): Record<string, unknown> {
  return { company_id: companyId, integration_type: integration, full_sync: false, data_models_to_sync: models };
}

const startSync = (call: Caller, companyId: number, integration: string, models: readonly string[]): ReturnType<Caller> =>
  call("POST /core/syncs", { body: creation(companyId, integration, models) });

async function readSync(call: Caller, id: string): Promise<Sync> {
  return oneSync.parse((await call("GET /core/syncs/{sync_id}", { params: { sync_id: id } })).body).data;
}

/** Follows a run to its end; returns every sight of it. */
async function follow(call: Caller, id: string): Promise<readonly Sync[]> {
  const seen: Sync[] = [];
  await eventually(`the end of ${id}`, async () => {
    const now = await readSync(call, id);
    seen.push(now);
    return now.status === "SUCCESS" || now.status === "FAILED" ? now : undefined;
  });
  return seen;
}

/** The status words in the order in which they were seen, the answer to the start before all. */
const words = (seen: readonly Sync[]): readonly string[] => [...new Set(["CREATED", ...seen.map(({ status }) => status)])];

const ACCOUNTING = ["ACCOUNTS", "CONTACTS", "INVOICES"];

describe("credentials", () => {
  it("refuses a request without the key or with another one, in the vendor's error form", async () => {
    const call = await sandbox();
    for (const headers of [{ api_key: "" }, { api_key: "wrong" }]) {
      const answer = await call("GET /core/companies", { headers });
      expect(answer.status).toBe(401);
      expect(failure.parse(answer.body).error.code).toBe("unauthorized");
    }
  });

  it("names the credential that it accepts", async () => {
    const server = await startSandbox({ port: 0, host: "127.0.0.1", speed: FAST, seed: 1 });
    servers.push(server);
    expect(server.credentials).toEqual({ apiKey: "sandbox-rootfi-key" });
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v3$/u);
  });
});

describe("runs", () => {
  it("walks a run from CREATED over RUNNING to SUCCESS while its jobs are counted through", async () => {
    const call = await sandbox(WATCHABLE);
    const created = oneSync.parse((await startSync(call, 440101, "XERO", ACCOUNTING)).body).data;
    expect(created).toMatchObject({ status: "CREATED", total_count: 5, pending_count: 5, start_time: null, end_time: null });
    const seen = await follow(call, created.sync_id);
    expect(words(seen)).toEqual(["CREATED", "RUNNING", "SUCCESS"]);
    expect(seen.at(-1)).toMatchObject({ total_count: 5, success_count: 5, running_count: 0, pending_count: 0 });
    for (const sight of seen) {
      const { success_count: success, failed_count: failed, running_count: running, pending_count: pending } = sight;
      expect(success + failed + running + pending).toBe(sight.total_count);
    }
    expect(new Set(seen.map(({ success_count: success }) => success)).size).toBeGreaterThan(2);
  });

  it("answers one company's start in the short form with a lower-case status", async () => {
    const call = await sandbox(WATCHABLE);
    const body = creation(440102, "QUICKBOOKS", ACCOUNTING);
    const answer = await call("POST /core/syncs", { body, offContract: true });
    const short = z.strictObject({ data: z.strictObject({ id: z.string(), status: z.literal("created") }) }).parse(answer.body);
    expect(words(await follow(call, short.data.id))).toEqual(["CREATED", "RUNNING", "SUCCESS"]);
  });

  it("fails one company's runs, with the platform's error on each failed job", async () => {
    const call = await sandbox(WATCHABLE);
    const created = oneSync.parse((await startSync(call, 440103, "ZOHO_BOOKS", ACCOUNTING)).body).data;
    expect(words(await follow(call, created.sync_id))).toEqual(["CREATED", "RUNNING", "FAILED"]);
    const jobs = await jobsOf(call, created.sync_id);
    expect(jobs.filter(({ status }) => status === "SUCCESS")).toHaveLength(1);
    for (const failed of jobs.filter(({ status }) => status === "FAILED")) expect(failed.error).toHaveProperty("message");
  });

  it("shows a partial end as SUCCESS with failed jobs", async () => {
    const call = await sandbox();
    const created = oneSync.parse((await startSync(call, 440104, "SHOPIFY", ["ECOMMERCE_ORDERS", "ECOMMERCE_PRODUCTS"])).body).data;
    const end = (await follow(call, created.sync_id)).at(-1);
    expect(end).toMatchObject({ status: "SUCCESS", total_count: 4, success_count: 3, failed_count: 1 });
  });

  it("puts a connection to sleep on the platform's limit while its run stays RUNNING", async () => {
    const call = await sandbox(WATCHABLE);
    const created = oneSync.parse((await startSync(call, 440105, "NETSUITE", ACCOUNTING)).body).data;
    const sleeping = await eventually("the connection to sleep", async () => {
      const page = companyPage.parse((await call("GET /core/companies", { query: { status: "SLEEPING" } })).body);
      return page.data[0]?.connections[0];
    });
    expect(sleeping).toMatchObject({ integration_type: "NETSUITE", connection_status: "HEALTHY", sync_status: "SLEEPING" });
    expect(Date.parse(sleeping.sync_resume_at ?? "")).toBeGreaterThan(Date.parse(created.rootfi_created_at));
    expect((await readSync(call, created.sync_id)).status).toBe("RUNNING");
    expect((await follow(call, created.sync_id)).at(-1)?.status).toBe("SUCCESS");
    expect((await jobsOf(call, created.sync_id)).filter((one) => one.rate_limit_sleep_time > 0)).toHaveLength(1);
  });

  it("stops one company's runs on the way and says so on the jobs that had not ended", async () => {
    const call = await sandbox(WATCHABLE);
    const created = oneSync.parse((await startSync(call, 440106, "SAGE_CLOUD_ACCOUNTING", ACCOUNTING)).body).data;
    expect(words(await follow(call, created.sync_id))).toEqual(["CREATED", "RUNNING", "FAILED"]);
    const codes = (await jobsOf(call, created.sync_id)).map(({ error }) => error["code"]);
    expect(codes.at(-1)).toBe("sync-stopped");
    expect(codes).toContain(undefined);
  });

  it.each([
    [440107, "HUBSPOT", ["CRM_CONTACTS"]],
    [440108, "QUICKBOOKS", ACCOUNTING],
    [440110, "WAVE", ACCOUNTING],
  ])("refuses a run for the unhealthy connection of company %i", async (companyId, integration, models) => {
    const answer = await startSync(await sandbox(), companyId, integration, models);
    expect(answer.status).toBe(403);
    expect(failure.parse(answer.body).error.code).toBe("operation-denied");
  });

  it("refuses a second run of the same company and integration, and only that one", async () => {
    const call = await sandbox(1);
    await startSync(call, 440101, "XERO", ACCOUNTING);
    const second = await startSync(call, 440101, "XERO", ["CONTACTS"]);
    expect(failure.parse(second.body).error).toMatchObject({ code: "operation-denied" });
    expect((await startSync(call, 440101, "STRIPE", ["PAYMENT_PAYMENTS"])).status).toBe(200);
  });

  it("starts a run by itself now and then", async () => {
    const call = await sandbox();
    const since = Date.now();
    const automatic = await eventually("a scheduled run", async () => {
      const { data } = syncPage.parse((await call("GET /core/syncs", { query: { rootfi_company_id: "440109" } })).body);
      return data.find((run) => Date.parse(run.rootfi_created_at) >= since);
    });
    expect(automatic).toMatchObject({ sync_type: "AUTO_SYNC", rootfi_company_id: 440109 });
  });

  it("takes 5 to 20 seconds at speed 1, with time to see each status", async () => {
    const call = await sandbox(1);
    const { data } = syncPage.parse((await call("GET /core/syncs")).body);
    expect(data.length).toBeGreaterThan(20);
    for (const { rootfi_created_at: created, start_time: start, end_time: end, status } of data) {
      expect(["SUCCESS", "FAILED"]).toContain(status);
      const [createdAt, startedAt, endedAt] = [created, start ?? "", end ?? ""].map((text) => Date.parse(text));
      expect(Number(startedAt) - Number(createdAt)).toBeGreaterThanOrEqual(1_000);
      expect(Number(endedAt) - Number(startedAt)).toBeGreaterThanOrEqual(3_000);
      expect(Number(endedAt) - Number(createdAt)).toBeGreaterThanOrEqual(5_000);
      expect(Number(endedAt) - Number(createdAt)).toBeLessThanOrEqual(20_000);
      expect(Date.now() - Number(createdAt)).toBeLessThan(24 * 3_600_000);
    }
  });

  it("gives the same ids for the same seed and others for another", async () => {
    const ids = async (seed: number): Promise<readonly string[]> => {
      const call = await sandbox(1, seed);
      return syncPage.parse((await call("GET /core/syncs")).body).data.map((run) => run.sync_id);
    };
    const first = await ids(3);
    expect(await ids(3)).toEqual(first);
    expect((await ids(4)).some((id) => first.includes(id))).toBe(false);
  });
});

async function jobsOf(call: Caller, id: string): Promise<readonly z.output<typeof job>[]> {
  return jobPage.parse((await call("GET /core/syncs/{sync_id}/jobs", { params: { sync_id: id } })).body).data;
}

describe("jobs", () => {
  it("splits the first model into a parent with two children, and reads each job by its number", async () => {
    const call = await sandbox();
    const created = oneSync.parse((await startSync(call, 440101, "XERO", ACCOUNTING)).body).data;
    const jobs = await jobsOf(call, created.sync_id);
    const parent = jobs[0];
    expect(jobs.map((one) => one.data_model)).toEqual(["ACCOUNTS", "ACCOUNTS", "ACCOUNTS", "CONTACTS", "INVOICES"]);
    expect(jobs.filter((one) => one.parent_job_id === String(parent?.rootfi_id))).toHaveLength(2);
    for (const { rootfi_id: id } of jobs) {
      const answer = await call("GET /core/syncs/jobs/{job_id}", { params: { job_id: id } });
      expect(z.object({ data: job }).parse(answer.body).data.rootfi_id).toBe(id);
    }
  });

  it("pages with a percent-encoded cursor that must be decoded once", async () => {
    const call = await sandbox();
    const { data } = syncPage.parse((await call("GET /core/syncs")).body);
    const params = { sync_id: data[0]?.sync_id ?? "" };
    const path = "GET /core/syncs/{sync_id}/jobs";
    const first = jobPage.parse((await call(path, { params, query: { limit: "2" } })).body);
    expect(first.next).toContain("%3D");
    const next = decodeURIComponent(first.next ?? "");
    const second = jobPage.parse((await call(path, { params, query: { limit: "2", next } })).body);
    expect(second.data.map((one) => one.rootfi_id)).not.toContain(first.data[1]?.rootfi_id);
    const undecoded = await call(path, { params, query: { next: first.next ?? "" } });
    expect(failure.parse(undecoded.body).error).toMatchObject({ code: "invalid-cursor", field: "next" });
  });
});

describe("paging", () => {
  it("gives companies page by page until the cursor ends", async () => {
    const call = await sandbox();
    const names: string[] = [];
    let next: string | null = null;
    for (let page = 0; page < 10 && (page === 0 || next !== null); page += 1) {
      const query: Record<string, string> = next === null ? { limit: "5" } : { limit: "5", next };
      const answer = companyPage.parse((await call("GET /core/companies", { query })).body);
      names.push(...answer.data.map(({ name }) => name));
      next = answer.next;
    }
    expect(next).toBeNull();
    expect(new Set(names).size).toBe(12);
    expect(names).toHaveLength(12);
  });

  it("names the next page of syncs by a whole URL on the vendor's public host, and goes back with prev", async () => {
    const call = await sandbox();
    const first = syncPage.parse((await call("GET /core/syncs", { query: { limit: "3" } })).body);
    const url = new URL(first.next ?? "");
    expect(url.host).toBe("api.rootfi.dev");
    const next = url.searchParams.get("next") ?? "";
    const second = syncPage.parse((await call("GET /core/syncs", { query: { limit: "3", next } })).body);
    expect(second.data).toHaveLength(3);
    expect(second.data[0]?.rootfi_id).toBeLessThan(first.data[2]?.rootfi_id ?? 0);
    const back = syncPage.parse((await call("GET /core/syncs", { query: { limit: "3", prev: next } })).body);
    expect(back.data[0]?.rootfi_id).toBe(first.data[0]?.rootfi_id);
  });

  it("lists one company's runs, newest first", async () => {
    const call = await sandbox(1);
    const { data } = syncPage.parse((await call("GET /core/syncs", { query: { rootfi_company_id: "440103" } })).body);
    expect(data.map((run) => run.rootfi_company_id)).toEqual([440103, 440103, 440103, 440103]);
    const ids = data.map((run) => run.rootfi_id);
    expect(ids).toEqual(ids.toSorted((left, right) => right - left));
  });
});

describe("companies and invite links", () => {
  it("filters companies by status, integration and category", async () => {
    const call = await sandbox();
    const ids = async (query: Record<string, string>): Promise<readonly number[]> =>
      companyPage.parse((await call("GET /core/companies", { query })).body).data.map((one) => one.rootfi_id);
    expect(await ids({ status: "EXPIRED" })).toEqual([440107]);
    expect(await ids({ integrations: "XERO,TALLY" })).toEqual([440101, 440109]);
    expect(await ids({ categories: "ECOMMERCE", expand: "activity_log" })).toEqual([440104]);
    expect(await ids({ status: "DELETED" })).toEqual([]);
  });

  it("renames a company, answers the change as a list, and forgets a deleted one", async () => {
    const call = await sandbox();
    const params = { company_id: 440112 };
    const changed = await call("PUT /core/companies/{company_id}", { params, body: { name: "Quarry Road Vans", partner_id: "p-9" } });
    expect(changed.body).toMatchObject({ data: [{ name: "Quarry Road Vans", partner_id: "p-9" }] });
    const read = await call("GET /core/companies/{company_id}", { params });
    expect(read.body).toMatchObject({ data: { name: "Quarry Road Vans" } });
    expect((await call("DELETE /core/companies/{company_id}", { params })).body).toEqual({ status: "success" });
    expect((await call("GET /core/companies/{company_id}", { params })).status).toBe(404);
    const gone = await startSync(call, 440112, "SALESFORCE", ["CRM_DEALS"]);
    expect(failure.parse(gone.body).error).toMatchObject({ code: "not-found", field: "company_id" });
  });

  it("will not delete a company while a run of it goes on", async () => {
    const call = await sandbox(1);
    await startSync(call, 440111, "MS_DYNAMICS_365", ACCOUNTING);
    expect((await call("DELETE /core/companies/{company_id}", { params: { company_id: 440111 } })).status).toBe(403);
  });

  it("gives invite links, with connections only when expanded", async () => {
    const call = await sandbox();
    const links = z.object({ data: z.array(z.looseObject({ invite_link_id: z.string() })), next: z.string().nullable() });
    const plain = links.parse((await call("GET /core/invite_links", { query: { limit: "2" } })).body);
    expect(plain.next).not.toBeNull();
    expect(plain.data[0]).not.toHaveProperty("connections");
    const expanded = links.parse((await call("GET /core/invite_links", { query: { expand: "connections" } })).body);
    expect(expanded.data[0]).toMatchObject({ connections: [{ status: "HEALTHY" }, { status: "HEALTHY" }] });
    const params = { invite_link_id: plain.data[0]?.invite_link_id ?? "" };
    expect((await call("GET /core/invite_links/{invite_link_id}", { params })).status).toBe(200);
    const missing = await call("GET /core/invite_links/{invite_link_id}", { params: { invite_link_id: "inv-none" } });
    expect(missing.status).toBe(404);
  });

  it("gives the sync config of a category without an envelope", async () => {
    const answer = await (await sandbox())("GET /core/syncs/config", { query: { category: "ACCOUNTING" } });
    const { sync_config: configs } = z.object({ sync_config: z.array(z.looseObject({ enabled: z.boolean() })) }).parse(answer.body);
    expect(configs.map(({ enabled }) => enabled)).toEqual([true, true, true, true, true, false]);
  });
});

describe("webhook registrations", () => {
  const body = {
    name: "gateway",
    type: "SYNC_COMPLETED",
    url: "https://gateway.example.com/webhooks/rootfi",
    operations: ["CREATE"],
    data_models: ["ACCOUNTS"],
    headers: { authorization: "Bearer shared" },
  };

  it("creates, lists, changes and deletes them", async () => {
    const call = await sandbox();
    const created = await call("POST /core/webhooks", { body: { webhook: body } });
    const { id } = z.looseObject({ id: z.string() }).parse(created.body);
    const params = { webhook_id: id };
    const changed = await call("PUT /core/webhooks/{webhook_id}", { params, body: { ...body, name: "renamed" } });
    expect(changed.body).toMatchObject({ data: { id, name: "renamed", headers: body.headers } });
    expect((await call("GET /core/webhooks")).body).toMatchObject({ data: [{ id, name: "renamed" }] });
    expect((await call("DELETE /core/webhooks/{webhook_id}", { params })).body).toEqual({ status: "success" });
    expect((await call("DELETE /core/webhooks/{webhook_id}", { params })).status).toBe(404);
    expect((await call("PUT /core/webhooks/{webhook_id}", { params, body })).status).toBe(404);
  });

  it("refuses a registration that is not wrapped", async () => {
    const answer = await (await sandbox())("POST /core/webhooks", { body });
    expect(answer.status).toBe(400);
    expect(failure.parse(answer.body).error.field).toBe("webhook");
  });
});

describe("the vendor's document", () => {
  /** Creating customers is done on the vendor's page here. */
  const NOT_SERVED = ["POST /core/invite_links", "PUT /core/invite_links/{invite_link_id}", "DELETE /core/invite_links/{invite_link_id}"];

  it.skipIf(contract === null)("has no operation that is not served, but for the writing of invite links", async () => {
    const call = await sandbox();
    const params = { sync_id: "1", job_id: "1", company_id: "1", invite_link_id: "1", webhook_id: "1" };
    const unserved: string[] = [];
    for (const operation of contract?.operations ?? []) {
      const answer = await call(operation, { params });
      if (failure.safeParse(answer.body).data?.error.message.startsWith("Cannot ") === true) unserved.push(operation);
    }
    expect(unserved.toSorted()).toEqual(NOT_SERVED.toSorted());
  });

  it.skipIf(contract === null)("does not know the short answer to a start", () => {
    const short = { data: { id: "hjmm4d2HDHB60a2", status: "created" } };
    const answer = { method: "POST", path: "/core/syncs", status: 200, body: short };
    expect(() => contract?.checkAnswer(answer)).toThrow(/sync_id/u);
  });
});

describe("bad input", () => {
  it.each([
    ["no body", undefined, 400, "company_id"],
    ["a company that is not there", creation(1, "XERO", ACCOUNTING), 404, "company_id"],
    ["an integration that the company has not", creation(440101, "TALLY", ACCOUNTING), 404, "integration_type"],
    ["an unknown integration", creation(440101, "ABACUS", ACCOUNTING), 400, "integration_type"],
    ["an unknown model", creation(440101, "XERO", ["THINGS"]), 400, "data_models_to_sync.0"],
    ["a model of another category", creation(440101, "XERO", ["CRM_DEALS"]), 400, "data_models_to_sync"],
    ["no model", creation(440101, "XERO", []), 400, "data_models_to_sync"],
    ["a number as text", { ...creation(440101, "XERO", ACCOUNTING), company_id: "440101" }, 400, "company_id"],
  ])("refuses a start with %s", async (_name, body, status, field) => {
    const answer = await (await sandbox())("POST /core/syncs", { body });
    expect(answer.status).toBe(status);
    expect(failure.parse(answer.body).error.field ?? "").toBe(field);
  });

  it.each([
    ["GET /core/syncs/{sync_id}", { params: { sync_id: "nothing" } }, 404],
    ["GET /core/syncs/{sync_id}/jobs", { params: { sync_id: "nothing" } }, 404],
    ["GET /core/syncs/jobs/{job_id}", { params: { job_id: "12" } }, 404],
    ["GET /core/syncs/jobs/{job_id}", { params: { job_id: "abc" } }, 404],
    ["GET /core/companies/{company_id}", { params: { company_id: "abc" } }, 404],
    ["PUT /core/companies/{company_id}", { params: { company_id: 440101 }, body: { name: 5 } }, 400],
    ["GET /core/companies", { query: { limit: "0" } }, 400],
    ["GET /core/companies", { query: { status: "ASLEEP" } }, 400],
    ["GET /core/syncs", { query: { next: "https://api.rootfi.dev/syncs?next=eyJpZCI6MX0%3D" } }, 400],
    ["GET /core/syncs", { query: { next: "eyJpZCI6MX0=" } }, 400],
    ["GET /core/syncs", { query: { next: "bm90IGpzb24=" } }, 400],
    ["GET /core/syncs/config", {}, 400],
    ["GET /core/syncs/config", { query: { category: "HR" } }, 400],
    ["GET /core/nothing", {}, 404],
    ["DELETE /core/syncs/abc", {}, 404],
  ])("answers %s with %o in the vendor's error form", async (operation, call, status) => {
    const answer = await (await sandbox())(operation, call);
    expect(answer.status).toBe(status);
    expect(failure.safeParse(answer.body).success).toBe(true);
  });

  it("refuses a body that is not JSON", async () => {
    const server = await startSandbox({ port: 0, host: "127.0.0.1", speed: FAST, seed: 1 });
    servers.push(server);
    const headers = { ...KEY, "content-type": "application/json" };
    const response = await fetch(`${server.url}/core/syncs`, { method: "POST", headers, body: "{oops" });
    expect(response.status).toBe(400);
    expect(failure.parse(await response.json()).error.code).toBe("bad-request");
  });
});

describe("the request limit", () => {
  it("counts down in the vendor's headers and refuses request 601 within a minute", async () => {
    const call = await sandbox(1);
    const first = await call("GET /core/webhooks");
    expect(first.headers.get("x-ratelimit-limit")).toBe("600");
    expect(first.headers.get("x-ratelimit-remaining")).toBe("599");
    expect(Number(first.headers.get("x-ratelimit-reset")) * 1_000).toBeGreaterThan(Date.now());
    for (let sent = 1; sent < 600; sent += 50) {
      await Promise.all(Array.from({ length: Math.min(50, 600 - sent) }, () => call("GET /core/webhooks")));
    }
    const refused = await call("GET /core/webhooks");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("x-ratelimit-remaining")).toBe("0");
    expect(failure.parse(refused.body).error.code).toBe("rate-limit-exceeded");
  });

  it("forgets what was sent when the minute is over", async () => {
    // A minute of this sandbox lasts a tenth of a second.
    const call = await sandbox(600);
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await call("GET /core/webhooks")).status));
    expect(new Set(statuses)).toEqual(new Set([200]));
    const remaining = await eventually("a fresh window", async () => {
      const left = Number((await call("GET /core/webhooks")).headers.get("x-ratelimit-remaining"));
      return left > 590 ? left : undefined;
    });
    expect(remaining).toBeLessThan(600);
  });
});

describe("closing", () => {
  it("ends at once although a client keeps its connection", async () => {
    const server = await startSandbox({ port: 0, host: "127.0.0.1", speed: FAST, seed: 1 });
    await (await fetch(`${server.url}/core/webhooks`, { headers: KEY })).json();
    const before = Date.now();
    await server.close();
    expect(Date.now() - before).toBeLessThan(1_000);
    await expect(fetch(`${server.url}/core/webhooks`, { headers: KEY })).rejects.toThrow();
  });
});
