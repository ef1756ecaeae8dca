// The RootFi sandbox's v4 over HTTP: every route, credentials, pages, refusals, the request limit, and the vendor's document.
import { afterEach, describe, expect, it, vi } from "vitest";
import { closeAll, failure } from "./sandbox-client.ts";
import {
  CANCEL,
  JOBS,
  PATCH,
  RETRY,
  START,
  SYNCS,
  bothVersions,
  companyOf,
  companyPage,
  configList,
  contractOfV4,
  jobPage,
  pass,
  startOfV4,
  stopClock,
  syncPage,
  syncsOf,
} from "./sandbox-v4-client.ts";

afterEach(closeAll);

const HOOK = { webhook_type: "SYNC_COMPLETED", name: "gateway", url: "https://127.0.0.1:9/hook" };

/** What v4 serves; the rest of the vendor's pages is done on the vendor's page here, or has no known path. */
const SERVED = [
  "GET /core/companies",
  SYNCS,
  START,
  RETRY,
  CANCEL,
  JOBS,
  "GET /core/organizations/sync-config",
  PATCH,
  "GET /core/webhook-config",
  "POST /core/webhook-config",
  "GET /core/webhook-config/{id}",
  "PUT /core/webhook-config/{id}",
  "DELETE /core/webhook-config/{id}",
  "GET /core/webhook-logs",
  "GET /core/webhook-logs/{delivery_id}",
];
const NOWHERE = { company_id: 1, sync_id: "1", id: 1, delivery_id: "1" };

describe("the routes of v4", () => {
  it.each(SERVED)("refuse %s without the key or with another one", async (operation) => {
    const { v4 } = await bothVersions();
    for (const headers of [{ api_key: "" }, { api_key: "wrong" }]) {
      const answer = await v4(operation, { params: NOWHERE, headers });
      expect(answer.status).toBe(401);
      expect(failure.parse(answer.body).error.code).toBe("unauthorized");
    }
  });

  it.each(SERVED.filter((operation) => operation.includes("{")))("know nothing at %s", async (operation) => {
    const { v4 } = await bothVersions();
    const answer = await v4(operation, { params: NOWHERE, body: operation.startsWith("GET") ? undefined : {} });
    const { error } = failure.parse(answer.body);
    expect(error.message).not.toMatch(/^Cannot/u);
    // A registration's body is looked at first.
    expect(answer.status).toBe(operation.startsWith("PUT") ? 400 : 404);
  });

  it("have no single read of a sync, a company or a job, and no creating of customers", async () => {
    const { v4 } = await bothVersions();
    const [sync] = await syncsOf(v4, 440_101);
    const params = { sync_id: sync?.id ?? "", company_id: 440_101 };
    for (const operation of [
      "GET /core/syncs/{sync_id}",
      "GET /core/syncs",
      "GET /core/companies/{company_id}",
      "POST /core/invite-links",
    ]) {
      const answer = await v4(operation, { params });
      expect(failure.parse(answer.body).error.message).toMatch(/^Cannot/u);
    }
  });

  it.skipIf(contractOfV4 === null)("have all that the vendor's document has", () => {
    expect(SERVED).toEqual(expect.arrayContaining([...(contractOfV4?.operations ?? [])]));
    expect(contractOfV4?.operations).toHaveLength(4);
  });

  it("answer with a different request id each time", async () => {
    const { v4 } = await bothVersions();
    const [one, other] = [await v4("GET /core/webhook-config"), await v4("GET /core/webhook-config")];
    expect(one.body).not.toEqual(other.body);
  });
});

describe("companies of v4", () => {
  it("are shown in camelCase with their connection, its state and the sync config", async () => {
    const { v4 } = await bothVersions(1);
    expect(await companyOf(v4, 440_101)).toMatchObject({
      name: "Harbour Lane Coffee Roasters",
      partnerId: "cust-1001",
      connectionStatus: "HEALTHY",
      syncStatus: "IDLE",
      syncResumeAt: null,
      hasActiveSync: false,
      connection: { id: "440101_XERO", integrationType: "XERO" },
    });
    const { dataModelConfigs, lastSynced } = await companyOf(v4, 440_101);
    expect(dataModelConfigs.map(({ dataModel, enabled }) => `${dataModel} ${String(enabled)}`)).toEqual([
      "ACCOUNT true",
      "CONTACT true",
      "INVOICE true",
      "BILL true",
      "BANK_TRANSACTION true",
      "JOURNAL_ENTRY false",
    ]);
    const [latest] = await syncsOf(v4, 440_101);
    expect(lastSynced).toBe(latest?.endTime);
    expect((await companyOf(v4, 440_107)).connectionStatus).toBe("EXPIRED");
  });

  it("have an active sync while a run goes on", async () => {
    const { v4 } = await bothVersions(1);
    await startOfV4(v4, 440_111);
    expect((await companyOf(v4, 440_111)).hasActiveSync).toBe(true);
    expect((await companyOf(v4, 440_101)).hasActiveSync).toBe(false);
  });

  it("come page by page until the cursor ends", async () => {
    const { v4 } = await bothVersions();
    const sizes: number[] = [];
    const ids: number[] = [];
    let next: string | null = null;
    for (let page = 0; page < 10 && (page === 0 || next !== null); page += 1) {
      const query: Record<string, string> = next === null ? { limit: "5" } : { limit: "5", cursor: next };
      const { data } = companyPage.parse((await v4("GET /core/companies", { query })).body);
      ids.push(...data.companies.map(({ id }) => id));
      sizes.push(data.count);
      next = data.next;
    }
    expect(sizes).toEqual([5, 5, 2]);
    expect(new Set(ids).size).toBe(12);
  });

  it("are gone when v3 deleted them", async () => {
    const { v3, v4 } = await bothVersions();
    await v3("DELETE /core/companies/{company_id}", { params: { company_id: 440_112 } });
    const page = companyPage.parse((await v4("GET /core/companies")).body);
    expect(page.data.companies.map(({ id }) => id)).not.toContain(440_112);
    expect((await v4(SYNCS, { params: { company_id: 440_112 } })).status).toBe(404);
  });
});

describe("pages of v4", () => {
  it("of syncs go on behind the sync that the cursor names, newest first", async () => {
    const { v4 } = await bothVersions(1);
    const params = { company_id: 440_103 };
    const all = await syncsOf(v4, 440_103);
    expect(all.map(({ createdAt }) => createdAt)).toEqual(
      all
        .map(({ createdAt }) => createdAt)
        .toSorted()
        .toReversed(),
    );
    const first = syncPage.parse((await v4(SYNCS, { params, query: { limit: "3" } })).body).data;
    expect(first).toMatchObject({ count: 3, next: all[2]?.id });
    const query = { limit: "3", cursor: first.next ?? "" };
    const second = syncPage.parse((await v4(SYNCS, { params, query })).body).data;
    expect(second).toMatchObject({ syncs: [all[3]], count: 1, next: null });
    const full = syncPage.parse((await v4(SYNCS, { params, query: { limit: "4" } })).body).data;
    expect(full).toMatchObject({ count: 4, next: null });
  });

  it("of jobs go on behind the job that the cursor names", async () => {
    const { v4 } = await bothVersions(1);
    const [sync] = await syncsOf(v4, 440_103);
    const params = { sync_id: sync?.id ?? "" };
    const all = jobPage.parse((await v4(JOBS, { params })).body).data;
    expect(all.jobs).toHaveLength(sync?.jobCounts.total ?? 0);
    expect(all.next).toBeNull();
    const first = jobPage.parse((await v4(JOBS, { params, query: { limit: "2" } })).body).data;
    const query = { cursor: first.next ?? "" };
    const rest = jobPage.parse((await v4(JOBS, { params, query })).body).data;
    expect([...first.jobs, ...rest.jobs]).toEqual(all.jobs);
  });

  it("of pushes are empty: nothing is written here", async () => {
    const { v4 } = await bothVersions();
    const page = await v4(SYNCS, { params: { company_id: 440_101 }, query: { jobType: "PUSH" } });
    expect(syncPage.parse(page.body).data).toEqual({ syncs: [], count: 0, next: null });
  });
});

describe("bad input of v4", () => {
  const models = (...names: readonly string[]) => ({ dataModelsToSync: names.map((dataModel) => ({ dataModel })) });
  const harbour = { company_id: 440_101 };

  it.each([
    [START, { params: harbour, body: models("ACCOUNTS") }, "dataModelsToSync.0.dataModel"],
    [START, { params: harbour, body: models("CRM_DEAL") }, "dataModelsToSync"],
    [START, { params: harbour, body: models() }, "dataModelsToSync"],
    [START, { params: harbour, body: { fullSync: "yes" } }, "fullSync"],
    [SYNCS, { params: harbour, query: { limit: "101" } }, "limit"],
    [SYNCS, { params: harbour, query: { cursor: "nothing" } }, "cursor"],
    [SYNCS, { params: harbour, query: { jobType: "BOTH" } }, "jobType"],
    ["GET /core/companies", { query: { limit: "0" } }, "limit"],
    ["GET /core/companies", { query: { cursor: "1" } }, "cursor"],
    ["GET /core/organizations/sync-config", {}, "integration_type"],
    ["GET /core/organizations/sync-config", { query: { integration_type: "ABACUS" } }, "integration_type"],
    [PATCH, { params: harbour, body: { configs: [] } }, "configs"],
    [PATCH, { params: harbour, body: { configs: [{ data_model: "ACCOUNTS" }] } }, "configs.0.data_model"],
    [PATCH, { params: harbour, body: { configs: [{ data_model: "PAYMENT_ORDER" }] } }, "data_model"],
    [
      PATCH,
      { params: harbour, body: { configs: [{ data_model: "BILL", frequency: "OFTEN" }] } },
      "configs.0.frequency",
    ],
    ["POST /core/webhook-config", { body: { ...HOOK, webhook_type: "INTEGRATION" } }, "integration_type"],
    ["POST /core/webhook-config", { body: { ...HOOK, url: "http://gateway.example/hook" } }, "url"],
    ["GET /core/webhook-logs", { query: { state: "LOST" } }, "state"],
  ])("answers %s with %o by naming the field", async (operation, call, field) => {
    const { v4 } = await bothVersions();
    const answer = await v4(operation, call);
    expect(answer.status).toBe(400);
    expect(failure.parse(answer.body).error.field).toBe(field);
  });

  it("gives the organisation's sync config of an integration's category", async () => {
    const { v4 } = await bothVersions();
    const of = async (integration: string): Promise<readonly string[]> => {
      const query = { integration_type: integration };
      const answer = await v4("GET /core/organizations/sync-config", { query });
      return configList.parse(answer.body).data.syncConfig.map(({ dataModel }) => dataModel);
    };
    expect(await of("SHOPIFY")).toEqual(["ECOMMERCE_ORDER", "ECOMMERCE_CUSTOMER", "ECOMMERCE_PRODUCT"]);
    expect(await of("FRESHBOOKS")).toContain("JOURNAL_ENTRY");
  });
});

describe("the request limit of v4", () => {
  afterEach(() => vi.useRealTimers());

  it("takes a burst of 200, counts down the last hundred, refuses what is more, and fills again by 100 a minute", async () => {
    stopClock();
    const { v3, v4 } = await bothVersions(1);
    const list = () => v4("GET /core/webhook-config");
    const burst = await Promise.all(Array.from({ length: 200 }, list));
    expect(burst.filter(({ status }) => status !== 200)).toEqual([]);
    const left = burst.map(({ headers }) => Number(headers.get("x-ratelimit-remaining")));
    expect(left.toSorted((one, other) => one - other)).toEqual([
      ...Array.from({ length: 100 }, (_one, place) => place),
      ...Array.from({ length: 100 }, () => 100),
    ]);
    const refused = await list();
    expect(refused.status).toBe(429);
    expect(refused.headers.get("x-ratelimit-limit")).toBe("100");
    expect(refused.headers.get("x-ratelimit-remaining")).toBe("0");
    expect(refused.headers.get("x-ratelimit-reset")).toBe(String(Math.ceil((Date.now() + 60_000) / 1_000)));
    expect(failure.parse(refused.body).error.code).toBe("rate-limit-exceeded");
    expect((await v3("GET /core/webhooks")).status).toBe(200);
    pass(30_000);
    expect((await list()).headers.get("x-ratelimit-remaining")).toBe("49");
  });

  it("goes as fast as the sandbox lives", async () => {
    stopClock();
    const { v4 } = await bothVersions(10);
    const list = () => v4("GET /core/webhook-config");
    await Promise.all(Array.from({ length: 201 }, list));
    expect((await list()).status).toBe(429);
    pass(6_000);
    expect((await list()).headers.get("x-ratelimit-remaining")).toBe("99");
  });
});
