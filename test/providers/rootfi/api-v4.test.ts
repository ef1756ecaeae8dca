// How RootFi's adapter spends its calls on v4, where runs are in their company's list alone and a company's own page may not exist.
import { afterEach, describe, expect, it } from "vitest";
import type { RecordedReply } from "../../support/adapter-at-fake-vendor.ts";
import { refusal, runRef, startRequest } from "../../support/provider-values.ts";
import { atRootfi } from "./rootfi-at-fake-vendor.ts";
import type { AtRootfi } from "./rootfi-at-fake-vendor.ts";
import { companyV4 } from "./sync-config.ts";

let rootfi: AtRootfi | null = null;
afterEach(async () => {
  await rootfi?.close();
  rootfi = null;
});

async function connect(...replies: readonly RecordedReply[]): Promise<AtRootfi> {
  rootfi = await atRootfi(replies, { version: "v4", tries: 3 });
  return rootfi;
}

const LIST = "GET /core/companies/8422/syncs?limit=100&jobType=PULL";
const COMPANIES = { to: "GET /core/companies?limit=100", body: { data: { companies: [companyV4([])], next: null } } };
const NO_PAGE = { to: "GET /core/companies/8422", status: 404, body: { error: { message: "Cannot GET" } } };
const NO_CONFIGS = { to: "GET /core/organizations/sync-config?integration_type=NETSUITE", status: 404, body: null };

const sync = (id: string, createdAt: string, status = "RUNNING"): object => ({
  id,
  status,
  companyId: 8422,
  integrationType: "NETSUITE",
  createdAt,
});
const page = (syncs: readonly object[], next: string | null = null): object => ({ data: { syncs, next } });
const ref = (remoteId: string, linkedAccountRemoteId: string | null = "8422") =>
  runRef({ remoteId, linkedAccountRemoteId, createdAt: new Date("2026-11-22T11:50:00.000Z") });
const JOB = {
  remoteId: "8422:NETSUITE",
  linkedAccountRemoteId: "8422",
  integration: "NETSUITE",
  resources: [{ name: "ACCOUNT" }],
};

describe("observing runs at RootFi's v4", () => {
  it("takes one call for any number of runs of one company", async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `sync${index}`);
    const syncs = ids.map((id) => sync(id, "2026-11-22T11:50:00.000Z"));
    const { provider, sent } = await connect({ to: LIST, body: page(syncs, "more") });
    const { observations } = await provider.observe(
      ids.map((id) => ref(id)),
      { tasks: false },
    );
    expect(observations.map(({ remoteId }) => remoteId)).toEqual(ids);
    expect(sent()).toHaveLength(1);
  });

  it("reads on while a run might still come, clocks that differ allowed for, and misses it only then", async () => {
    const { provider } = await connect(
      { to: LIST, body: page([sync("b", "2026-11-22T11:00:00.000Z")], "b") },
      { to: `${LIST}&cursor=b`, body: page([], "c") },
      { to: `${LIST}&cursor=c`, body: page([sync("d", "2026-11-22T10:49:59.000Z")], "d") },
    );
    expect(await provider.observe([ref("a")], { tasks: false })).toEqual({
      observations: [],
      missing: [{ remoteId: "a", reason: "NOT_FOUND" }],
    });
  });

  it("says nothing of a run whose company nobody knows: it is in no list that can be asked for", async () => {
    const { provider } = await connect({ to: LIST, body: page([sync("b", "2026-11-22T11:50:00.000Z")]) });
    const { observations, missing } = await provider.observe([ref("a", null), ref("b")], { tasks: false });
    expect(observations.map(({ remoteId }) => remoteId)).toEqual(["b"]);
    expect(missing).toEqual([]);
  });
});

describe("the end of a run at RootFi's v4", () => {
  const job = (id: string, status: string, facts: object): object => ({ id, status, ...facts });
  async function endOf(status: string, jobs: readonly object[]) {
    const { provider } = await connect(
      { to: LIST, body: page([sync("a", "2026-11-22T11:50:00.000Z", status)]) },
      { to: "GET /core/syncs/a/jobs?limit=100", body: { data: { jobs } } },
    );
    return (await provider.observe([ref("a")], { tasks: true })).observations[0];
  }

  it.each([
    ["every job that failed was cancelled", ["cancelled", "sync-cancelled"], "CANCELLED"],
    ["a job failed for another reason", ["cancelled", "rate-limit"], null],
    ["no job says why", [null], null],
    ["no job failed", [], null],
  ])("names cancelling only when it was that: %s", async (_case, codes, outcome) => {
    const failed = codes.map((errorCode, index) => job(`${index}`, "FAILED", { errorCode }));
    const end = await endOf("FAILED", [job("good", "SUCCESS", { errorCode: "cancelled" }), ...failed]);
    expect(end).toMatchObject({ status: "FAILED", outcome });
  });

  it.each([
    ["some", [3, null, 4], 7],
    ["none, which all jobs say", [0, 0], 0],
    ["none, which only some jobs say", [0, null], undefined],
    ["what no job says", [null], undefined],
    ["of no jobs", [], undefined],
  ])("counts the records its jobs moved: %s", async (_case, counts, expected) => {
    const end = await endOf(
      "SUCCESS",
      counts.map((recordsSynced, index) => job(`${index}`, "SUCCESS", { recordsSynced })),
    );
    const { facts = {} } = end ?? {};
    expect([facts.recordCounts?.total, "recordCounts" in facts]).toEqual([expected, expected !== undefined]);
  });
});

describe("a company of RootFi's v4", () => {
  it("is asked for alone until that proves impossible, and then found in the list", async () => {
    const { provider, sent } = await connect(NO_PAGE, COMPANIES, NO_CONFIGS, COMPANIES, NO_CONFIGS);
    const first = await provider.getDefinition("8422:NETSUITE", "SYNC_JOB");
    expect(await provider.getDefinition("8422:NETSUITE", "SYNC_JOB")).toEqual(first);
    expect(sent().filter(({ request }) => request === NO_PAGE.to)).toHaveLength(1);
  });

  it("that is in no list either is missing, and others are asked for alone all the same", async () => {
    const { provider } = await connect(
      { ...NO_PAGE, to: "GET /core/companies/1" },
      COMPANIES,
      { to: NO_PAGE.to, body: { data: companyV4([]) } },
      NO_CONFIGS,
    );
    expect(await refusal(provider.getDefinition("1:NETSUITE", "SYNC_JOB"))).toMatchObject({
      code: "PROVIDER_NOT_FOUND",
    });
    expect(await provider.getDefinition("8422:NETSUITE", "SYNC_JOB")).toMatchObject({ remoteId: "8422:NETSUITE" });
  });

  it("that cannot be read for another reason is not looked for in the list", async () => {
    const { provider } = await connect({ ...NO_PAGE, status: 401 });
    expect(await refusal(provider.getDefinition("8422:NETSUITE", "SYNC_JOB"))).toMatchObject({
      code: "PROVIDER_AUTH_FAILED",
    });
  });

  it("is not asked for when the path would lead elsewhere", async () => {
    const { provider, sent } = await connect();
    expect(await refusal(provider.getDefinition("..:NETSUITE", "SYNC_JOB"))).toMatchObject({ sent: false });
    expect(sent()).toEqual([]);
  });
});

describe("starting at RootFi's v4", () => {
  const retry = { ...startRequest(JOB, { models: ["ACCOUNT"], fullRefresh: true }), retryOf: ref("old") };
  const RETRY = "POST /core/syncs/old/retry";

  it("uses RootFi's own retry for a run that is to be run again", async () => {
    const { provider, sent } = await connect({
      to: RETRY,
      status: 201,
      body: { data: { sync: { id: "new", dataModelsSyncing: ["ACCOUNT", "BILL"] } } },
    });
    expect(await provider.start(retry, "key")).toMatchObject([
      {
        remoteId: "new",
        definitionRemoteId: "8422:NETSUITE",
        status: "CREATED",
        facts: { models: ["ACCOUNT", "BILL"], fullRefresh: true, operation: "READ" },
      },
    ]);
    expect(sent()).toEqual([{ request: RETRY, body: null }]);
  });

  it("tells of a retry only what is known of it", async () => {
    const { provider } = await connect({ to: RETRY, status: 201, body: { data: { sync: { id: "new" } } } });
    const [run] = await provider.start({ ...startRequest(JOB), retryOf: ref("old") }, "key");
    expect(Object.keys(run?.facts ?? {})).not.toContain("models");
    expect(Object.keys(run?.facts ?? {})).not.toContain("fullRefresh");
  });

  it.each([
    ["a start", startRequest(JOB), "POST /core/companies/8422/syncs"],
    ["a retry", retry, RETRY],
  ])("sends %s once, even when the vendor fails", async (_case, request, line) => {
    const { provider, sent } = await connect({ to: line, status: 503, body: null });
    expect(await refusal(provider.start(request, "key"))).toMatchObject({ code: "PROVIDER_UNAVAILABLE", sent: true });
    expect(sent()).toHaveLength(1);
  });

  it("finds a start whose models were left to RootFi, whatever they became", async () => {
    const at = "2026-11-22T11:59:00.000Z";
    const ours = { ...sync("a", at), dataModels: ["BILL"], fullSync: false };
    const { provider } = await connect({ to: LIST, body: page([ours]) });
    const found = await provider.findStarted?.(startRequest({ ...JOB, resources: [] }), new Date(at));
    expect(found?.map(({ remoteId }) => remoteId)).toEqual(["a"]);
  });

  it("needs no models where the job's are not known, but some where all are switched off", async () => {
    const { provider } = await connect();
    expect(provider.checkStart(startRequest({ ...JOB, resources: [] }))).toEqual([]);
    const off = { ...JOB, resources: [{ name: "ACCOUNT", enabled: false }] };
    expect(provider.checkStart(startRequest(off))).toMatchObject([{ code: "BAD_USER_INPUT", field: ["models"] }]);
  });
});

describe("cancelling at RootFi's v4", () => {
  it("is sent once, even when the vendor fails", async () => {
    const line = "POST /core/syncs/a/cancel";
    const { provider, sent } = await connect({ to: line, status: 503, body: null });
    const cancelled = provider.cancel?.(ref("a")) ?? Promise.resolve();
    expect(await refusal(cancelled)).toMatchObject({ code: "PROVIDER_UNAVAILABLE" });
    expect(sent()).toEqual([{ request: line, body: null }]);
  });
});
