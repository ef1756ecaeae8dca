// Runs of the RootFi sandbox as v4 tells them: how each company's end, starting, retrying, cancelling, and that v3 sees the same runs.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ACCOUNTING,
  type Caller,
  closeAll,
  companyPage as companyPageOfV3,
  failure,
  jobsOf as jobsOfV3,
  oneSync,
  startSync,
  syncPage as syncPageOfV3,
} from "./sandbox-client.ts";
import {
  ACCOUNTING_OF_V4,
  CANCEL,
  type Company,
  JOBS,
  RETRY,
  START,
  type Sync,
  bothVersions,
  companyOf,
  followOfV4,
  jobPage,
  pass,
  startOfV4,
  stopClock,
  started,
  syncOf,
  syncsOf,
} from "./sandbox-v4-client.ts";

beforeEach(stopClock);
afterEach(async () => {
  vi.useRealTimers();
  await closeAll();
});

describe("a run of v4", () => {
  it("is RUNNING from the start, without a start time while it waits, until it ends", async () => {
    const { v4 } = await bothVersions(1);
    const id = await startOfV4(v4, 440_101, ACCOUNTING_OF_V4);
    const waiting = await syncOf(v4, 440_101, id);
    expect(waiting).toMatchObject({
      companyId: 440_101,
      integrationType: "XERO",
      dataModels: ACCOUNTING_OF_V4,
      fullSync: false,
      syncType: "MANUAL",
      status: "RUNNING",
      jobCounts: { total: 5, pending: 5 },
      dataModelCounts: { total: 3, pending: 3 },
      startTime: null,
      endTime: null,
    });
    const seen = await followOfV4(v4, 440_101, id);
    for (const { jobCounts, dataModelCounts } of seen) {
      for (const { total, success, failed, running, pending } of [jobCounts, dataModelCounts]) {
        expect(success + failed + running + pending).toBe(total);
      }
    }
    expect(seen.some(({ dataModelCounts }) => dataModelCounts.running === 1)).toBe(true);
    expect(seen.at(-1)).toMatchObject({
      status: "SUCCESS",
      jobCounts: { success: 5 },
      dataModelCounts: { success: 3 },
    });
  });

  it.each([
    [440_101, ACCOUNTING_OF_V4, "SUCCESS", "SUCCESS", 0],
    [440_103, ACCOUNTING_OF_V4, "FAILED", "FAILED", 3],
    [440_104, ["ECOMMERCE_ORDER", "ECOMMERCE_PRODUCT"], "PARTIAL_SUCCESS", "SUCCESS", 1],
    [440_106, ACCOUNTING_OF_V4, "FAILED", "FAILED", 1],
  ])("of company %i over %j ends as %s, which v3 calls %s", async (companyId, models, word, wordOfV3, failed) => {
    const { v3, v4 } = await bothVersions(1);
    const end = (await followOfV4(v4, companyId, await startOfV4(v4, companyId, models))).at(-1);
    expect(end).toMatchObject({ status: word, dataModelCounts: { total: models.length, failed } });
    expect(await latestOfV3(v3, companyId)).toMatchObject({
      status: wordOfV3,
      failed_count: end?.jobCounts.failed,
      end_time: end?.endTime,
    });
  });

  it("takes the models that are enabled when none are named, and says a full sync and an automatic one", async () => {
    const { v4 } = await bothVersions(1);
    const params = { company_id: 440_111 };
    const answer = await v4(START, { params, body: { fullSync: true, isManualSync: false } });
    const { sync } = started.parse(answer.body).data;
    expect(sync.dataModelsSyncing).toEqual(["ACCOUNT", "CONTACT", "INVOICE", "BILL", "BANK_TRANSACTION"]);
    expect(await syncOf(v4, 440_111, sync.id)).toMatchObject({ fullSync: true, syncType: "AUTO_SYNC" });
  });

  it("needs no body", async () => {
    const { v4 } = await bothVersions(1);
    expect((await v4(START, { params: { company_id: 440_102 } })).status).toBe(201);
  });

  it("is refused while another of the company goes on, whichever version began it", async () => {
    const { v3, v4 } = await bothVersions(1);
    await startSync(v3, 440_101, "XERO", ACCOUNTING);
    const answer = await v4(START, { params: { company_id: 440_101 }, body: {} });
    expect(answer.status).toBe(409);
    expect(failure.parse(answer.body).error.code).toBe("operation-denied");
    await startOfV4(v4, 440_111);
    expect((await startSync(v3, 440_111, "MS_DYNAMICS_365", ACCOUNTING)).status).toBe(403);
  });

  it.each([440_107, 440_108, 440_110])(
    "is refused for company %i, which has no active connection",
    async (companyId) => {
      const { v4 } = await bothVersions(1);
      const answer = await v4(START, { params: { company_id: companyId }, body: {} });
      expect(answer.status).toBe(400);
      expect(failure.parse(answer.body).error.code).toBe("no-active-connection");
    },
  );
});

describe("the world of both versions", () => {
  it("is one: a run that v3 began is in v4's list under an id of its own", async () => {
    const { v3, v4 } = await bothVersions(1);
    const created = oneSync.parse((await startSync(v3, 440_101, "XERO", ACCOUNTING)).body).data;
    const [latest] = await syncsOf(v4, 440_101);
    expect(latest).toMatchObject({ createdAt: created.rootfi_created_at, dataModels: ACCOUNTING_OF_V4 });
    expect((await v4(JOBS, { params: { sync_id: created.sync_id } })).status).toBe(404);
    expect((await v3("GET /core/syncs/{sync_id}", { params: { sync_id: latest?.id ?? "" } })).status).toBe(404);
  });

  it("keeps a company's second connection to v3", async () => {
    const { v3, v4 } = await bothVersions(1);
    await startSync(v3, 440_101, "STRIPE", ["PAYMENT_PAYMENTS"]);
    expect(new Set((await syncsOf(v4, 440_101)).map(({ integrationType }) => integrationType))).toEqual(
      new Set(["XERO"]),
    );
    expect((await companyOf(v4, 440_101)).hasActiveSync).toBe(false);
  });

  it("has the same jobs in both", async () => {
    const { v3, v4 } = await bothVersions(1);
    const id = await startOfV4(v4, 440_103, ACCOUNTING_OF_V4);
    await followOfV4(v4, 440_103, id);
    const jobs = await jobsOf(v4, id);
    const jobsInV3 = await jobsOfV3(v3, (await latestOfV3(v3, 440_103))?.sync_id ?? "");
    expect(jobs.map((job) => [job.id, job.status, job.parentJobId])).toEqual(
      jobsInV3.map((job) => [String(job.rootfi_id), job.status, job.parent_job_id ?? null]),
    );
    expect(jobs.at(-1)).toMatchObject({ dataModel: "INVOICE", errorCode: "platform-auth-failed", recordsSynced: null });
    expect(jobs[1]).toMatchObject({ dataModel: "ACCOUNT", errorCode: null, errorMessage: null, errorResponse: null });
    expect(jobs[1]?.recordsSynced).toBeGreaterThan(0);
  });

  it("shows a connection asleep in both while its run stays RUNNING, and awake before the run ends", async () => {
    const { v3, v4 } = await bothVersions(1);
    const id = await startOfV4(v4, 440_105, ACCOUNTING_OF_V4);
    const asleep = await when(v4, 440_105, ({ syncStatus }) => syncStatus === "SLEEPING");
    const sleepers = companyPageOfV3.parse((await v3("GET /core/companies", { query: { status: "SLEEPING" } })).body);
    expect(sleepers.data[0]?.connections[0]).toMatchObject({
      sync_status: "SLEEPING",
      sync_resume_at: asleep.syncResumeAt,
    });
    expect(asleep).toMatchObject({ hasActiveSync: true, connectionStatus: "HEALTHY" });
    const run = await syncOf(v4, 440_105, id);
    expect(run.status).toBe("RUNNING");
    expect(Date.parse(asleep.syncResumeAt ?? "")).toBeGreaterThan(Date.parse(run.startTime ?? ""));
    const awake = await when(v4, 440_105, ({ syncStatus }) => syncStatus !== "SLEEPING");
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(asleep.syncResumeAt ?? ""));
    expect(awake).toMatchObject({ hasActiveSync: true, syncResumeAt: null });
    const end = (await followOfV4(v4, 440_105, id)).at(-1);
    expect(end?.status).toBe("SUCCESS");
    expect(Date.parse(end?.endTime ?? "")).toBeGreaterThan(Date.parse(asleep.syncResumeAt ?? ""));
    expect(await companyOf(v4, 440_105)).toMatchObject({ syncStatus: "IDLE", lastSynced: end?.endTime });
  });
});

describe("a retry", () => {
  it("runs an ended sync again as a new one with the same models", async () => {
    const { v4 } = await bothVersions(1);
    const past = (await syncsOf(v4, 440_103)).at(-1);
    const answer = await v4(RETRY, { params: { sync_id: past?.id ?? "" } });
    expect(answer.status).toBe(201);
    const { sync } = started.parse(answer.body).data;
    expect(sync.dataModelsSyncing).toEqual(past?.dataModels);
    const [latest] = await syncsOf(v4, 440_103);
    expect(latest).toMatchObject({ id: sync.id, status: "RUNNING", fullSync: past?.fullSync, syncType: "MANUAL" });
    expect(past?.fullSync).toBe(true);
  });

  it("is refused while the sync, or another of the company, goes on", async () => {
    const { v4 } = await bothVersions(1);
    const [past] = await syncsOf(v4, 440_101);
    const open = await startOfV4(v4, 440_101);
    for (const [id, field] of [
      [open, "sync_id"],
      [past?.id ?? "", "company_id"],
    ] as const) {
      const answer = await v4(RETRY, { params: { sync_id: id } });
      expect(answer.status).toBe(409);
      expect(failure.parse(answer.body).error).toMatchObject({ code: "operation-denied", field });
    }
  });
});

describe("a cancel", () => {
  it("ends a running sync as FAILED in both versions and keeps what was done", async () => {
    const { v3, v4 } = await bothVersions(1);
    const id = await startOfV4(v4, 440_101, ACCOUNTING_OF_V4);
    // Behind the queue and the first half of a model, before the last.
    pass(4_500);
    expect((await syncOf(v4, 440_101, id)).jobCounts.success).toBeGreaterThan(0);
    const answer = await v4(CANCEL, { params: { sync_id: id } });
    expect(answer.status).toBe(200);
    expect(Object.keys(Object(answer.body))).toEqual(["request_id"]);
    const end = await syncOf(v4, 440_101, id);
    expect(end).toMatchObject({ status: "FAILED", jobCounts: { running: 0, pending: 0 } });
    expect(Date.parse(end.endTime ?? "")).toBeGreaterThan(Date.parse(end.startTime ?? ""));
    expect(await latestOfV3(v3, 440_101)).toMatchObject({ status: "FAILED", end_time: end.endTime });
    const codes = (await jobsOf(v4, id)).map(({ errorCode }) => errorCode);
    expect(codes).toContain(null);
    expect(codes.at(-1)).toBe("sync-cancelled");
    expect((await companyOf(v4, 440_101)).hasActiveSync).toBe(false);
    expect(await startOfV4(v4, 440_101)).not.toBe(id);
  });

  it("ends a sync that has not begun, which then never had a start", async () => {
    const { v3, v4 } = await bothVersions(1);
    const id = await startOfV4(v4, 440_101, ACCOUNTING_OF_V4);
    await v4(CANCEL, { params: { sync_id: id } });
    pass(10_000);
    const end: Sync = await syncOf(v4, 440_101, id);
    expect(end).toMatchObject({ status: "FAILED", startTime: null, jobCounts: { total: 5, failed: 5 } });
    expect(end.endTime).not.toBeNull();
    expect(await latestOfV3(v3, 440_101)).toMatchObject({ status: "FAILED", start_time: null, failed_count: 5 });
  });

  it("is refused for a sync that has ended", async () => {
    const { v4 } = await bothVersions(1);
    const [past] = await syncsOf(v4, 440_103);
    const answer = await v4(CANCEL, { params: { sync_id: past?.id ?? "" } });
    expect(answer.status).toBe(409);
    expect(failure.parse(answer.body).error).toMatchObject({ code: "operation-denied", field: "sync_id" });
    expect((await syncsOf(v4, 440_103))[0]).toEqual(past);
  });
});

async function jobsOf(v4: Caller, id: string) {
  return jobPage.parse((await v4(JOBS, { params: { sync_id: id } })).body).data.jobs;
}

async function latestOfV3(v3: Caller, companyId: number) {
  const query = { rootfi_company_id: String(companyId) };
  return syncPageOfV3.parse((await v3("GET /core/syncs", { query })).body).data[0];
}

/** The company at the first look, four a second, at which it is so. */
async function when(v4: Caller, id: number, isSo: (company: Company) => boolean): Promise<Company> {
  for (let look = 0; look < 80; look += 1) {
    const company = await companyOf(v4, id);
    if (isSo(company)) return company;
    pass(250);
  }
  throw new Error(`company ${id} did not come to it in 20 seconds`);
}
