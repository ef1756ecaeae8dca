// The RootFi sandbox over HTTP: credentials, companies, pages, webhook registrations, and the vendor's document.
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  ACCOUNTING,
  closeAll,
  companyPage,
  contract,
  failure,
  listen,
  sandbox,
  startSync,
  syncPage,
} from "./sandbox-client.ts";

afterEach(closeAll);

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
    const server = await listen();
    expect(server.credentials).toEqual({ apiKey: "sandbox-rootfi-key" });
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v3$/u);
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
    const changed = await call("PUT /core/companies/{company_id}", {
      params,
      body: { name: "Quarry Road Vans", partner_id: "p-9" },
    });
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
    const links = z.object({
      data: z.array(z.looseObject({ invite_link_id: z.string() })),
      next: z.string().nullable(),
    });
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
    const { sync_config: configs } = z
      .object({ sync_config: z.array(z.looseObject({ enabled: z.boolean() })) })
      .parse(answer.body);
    expect(configs.map(({ enabled }) => enabled)).toEqual([true, true, true, true, true, false]);
  });
});

describe("webhook registrations", () => {
  const body = {
    name: "gateway",
    type: "SYNC_COMPLETED",
    url: "https://127.0.0.1:9/webhooks/rootfi",
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
  const NOT_SERVED = [
    "POST /core/invite_links",
    "PUT /core/invite_links/{invite_link_id}",
    "DELETE /core/invite_links/{invite_link_id}",
  ];

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
