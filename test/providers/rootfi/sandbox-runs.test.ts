// Runs and jobs of the RootFi sandbox: which statuses they pass, and what becomes of each company's.
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  ACCOUNTING,
  WATCHABLE,
  closeAll,
  companyPage,
  creation,
  eventually,
  failure,
  follow,
  job,
  jobPage,
  jobsOf,
  oneSync,
  readSync,
  sandbox,
  startSync,
  syncPage,
  words,
} from "./sandbox-client.ts";

afterEach(closeAll);

describe("runs", () => {
  it("walks a run from CREATED over RUNNING to SUCCESS while its jobs are counted through", async () => {
    const call = await sandbox(WATCHABLE);
    const created = oneSync.parse((await startSync(call, 440101, "XERO", ACCOUNTING)).body).data;
    expect(created).toMatchObject({
      status: "CREATED",
      total_count: 5,
      pending_count: 5,
      start_time: null,
      end_time: null,
    });
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
    const short = z
      .strictObject({ data: z.strictObject({ id: z.string(), status: z.literal("created") }) })
      .parse(answer.body);
    expect(words(await follow(call, short.data.id))).toEqual(["CREATED", "RUNNING", "SUCCESS"]);
  });

  it("fails one company's runs, with the platform's error on each failed job", async () => {
    const call = await sandbox(WATCHABLE);
    const created = oneSync.parse((await startSync(call, 440103, "ZOHO_BOOKS", ACCOUNTING)).body).data;
    expect(words(await follow(call, created.sync_id))).toEqual(["CREATED", "RUNNING", "FAILED"]);
    const jobs = await jobsOf(call, created.sync_id);
    expect(jobs.filter(({ status }) => status === "SUCCESS")).toHaveLength(1);
    for (const failed of jobs.filter(({ status }) => status === "FAILED"))
      expect(failed.error).toHaveProperty("message");
  });

  it("shows a partial end as SUCCESS with failed jobs", async () => {
    const call = await sandbox();
    const created = oneSync.parse(
      (await startSync(call, 440104, "SHOPIFY", ["ECOMMERCE_ORDERS", "ECOMMERCE_PRODUCTS"])).body,
    ).data;
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
    expect(sleeping).toMatchObject({
      integration_type: "NETSUITE",
      connection_status: "HEALTHY",
      sync_status: "SLEEPING",
    });
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
