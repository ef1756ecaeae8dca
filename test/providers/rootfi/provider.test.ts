// How RootFi's adapter spends its calls, and what it does when some of them fail.
import { afterEach, describe, expect, it } from "vitest";
import { DefinitionKind } from "../../../src/domain/definition.ts";
import type { RecordedReply } from "../../support/adapter-at-fake-vendor.ts";
import { allOf, refusal, runRef, startRequest, syncJob } from "../../support/provider-values.ts";
import { atRootfi } from "./rootfi-at-fake-vendor.ts";
import type { AtRootfi } from "./rootfi-at-fake-vendor.ts";
import { linksV3 } from "./sync-config.ts";

let rootfi: AtRootfi | null = null;
afterEach(async () => {
  await rootfi?.close();
  rootfi = null;
});

async function connect(...replies: readonly RecordedReply[]): Promise<AtRootfi> {
  rootfi = await atRootfi(replies);
  return rootfi;
}

const sync = (id: string): object => ({
  sync_id: id,
  status: "RUNNING",
  rootfi_company_id: 8422,
  integration_type: "XERO",
});
const ref = (remoteId: string, linkedAccountRemoteId: string | null = "8422") =>
  runRef({ remoteId, linkedAccountRemoteId });
const LIST = "GET /core/syncs?rootfi_company_id=8422&limit=100";

describe("observing runs at RootFi", () => {
  it("asks nothing about no runs", async () => {
    const { provider } = await connect();
    expect(await provider.observe([], { tasks: true })).toEqual({ observations: [], missing: [] });
  });

  it("takes one call for any number of runs of one company", async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `sync${index}`);
    const { provider, sent } = await connect({ to: LIST, body: { data: ids.map(sync) } });
    const { observations } = await provider.observe(
      ids.map((id) => ref(id)),
      { tasks: false },
    );
    expect(observations.map(({ remoteId }) => remoteId)).toEqual(ids);
    expect(sent()).toHaveLength(1);
  });

  it("finds the company in the definition's id where the run does not name it", async () => {
    const { provider } = await connect({ to: LIST, body: { data: [sync("a"), sync("b")] } });
    const refs = ["a", "b"].map((remoteId) => runRef({ remoteId, definitionRemoteId: "8422:XERO" }));
    expect((await provider.observe(refs, { tasks: false })).observations).toHaveLength(2);
  });

  it("reads runs of unknown companies one by one", async () => {
    const { provider } = await connect(
      { to: "GET /core/syncs/a", body: { data: sync("a") } },
      { to: "GET /core/syncs/b", body: { data: sync("b") } },
    );
    expect((await provider.observe([ref("a", null), ref("b", null)], { tasks: false })).observations).toHaveLength(2);
  });

  it("leaves a run that failed to be read out of both lists", async () => {
    const { provider } = await connect(
      { to: "GET /core/syncs/a", body: { data: sync("a") } },
      { to: "GET /core/syncs/b", status: 500, body: null },
    );
    const result = await provider.observe([ref("a", "1"), ref("b", "2")], { tasks: false });
    expect(result.observations.map(({ remoteId }) => remoteId)).toEqual(["a"]);
    expect(result.missing).toEqual([]);
  });

  it("fails when nothing could be read", async () => {
    const { provider } = await connect({
      to: "GET /core/syncs/a",
      status: 401,
      body: { error: { message: "Bad key", code: "auth" } },
    });
    expect(await refusal(provider.observe([ref("a")], { tasks: false }))).toMatchObject({
      code: "PROVIDER_AUTH_FAILED",
    });
  });

  it("asks for runs one by one when the company's list is gone", async () => {
    const { provider } = await connect(
      { to: LIST, status: 404, body: null },
      { to: "GET /core/syncs/a", status: 404, body: null },
      { to: "GET /core/syncs/b", body: { data: sync("b") } },
    );
    const result = await provider.observe([ref("a"), ref("b")], { tasks: false });
    expect(result.missing).toEqual([{ remoteId: "a", reason: "NOT_FOUND" }]);
    expect(result.observations.map(({ remoteId }) => remoteId)).toEqual(["b"]);
  });

  it("tells a run's status even when neither its jobs nor its company can be read", async () => {
    const { provider } = await connect(
      { to: "GET /core/syncs/a", body: { data: sync("a") } },
      { to: "GET /core/syncs/a/jobs", status: 404, body: null },
      { to: "GET /core/companies/8422", status: 500, body: null },
    );
    const { observations } = await provider.observe([ref("a")], { tasks: true });
    expect(observations).toMatchObject([{ remoteId: "a", status: "RUNNING" }]);
    expect(observations[0]).not.toHaveProperty("tasks");
  });

  it("never asks for an id that would leave its path", async () => {
    const { provider } = await connect();
    expect(await provider.observe([ref("..", null)], { tasks: false })).toMatchObject({
      missing: [{ remoteId: ".." }],
    });
  });
});

describe("walking lists of RootFi", () => {
  it("gives up on a cursor that comes again", async () => {
    const { provider } = await connect(
      { to: LIST, body: { data: [], next: "x" } },
      { to: `${LIST}&next=x`, body: { data: [], next: "x" } },
    );
    const job = syncJob({ remoteId: "8422:XERO", linkedAccountRemoteId: "8422" });
    expect(await refusal(allOf(provider.discover(new Date(0), [job])))).toMatchObject({
      code: "PROVIDER_BAD_RESPONSE",
    });
  });

  it("does not look for definitions of other kinds or with other ids", async () => {
    const { provider } = await connect();
    for (const [remoteId, kind] of [
      ["8422:XERO", DefinitionKind.ModelSync],
      ["8422", DefinitionKind.SyncJob],
      ["../8422:XERO", DefinitionKind.SyncJob],
    ] as const) {
      expect(await refusal(provider.getDefinition(remoteId, kind))).toMatchObject({
        code: "PROVIDER_NOT_FOUND",
        sent: false,
      });
    }
  });
});

describe("starting at RootFi", () => {
  it("sends a start once, even when the vendor fails", async () => {
    rootfi = await atRootfi([{ to: "POST /core/syncs", status: 503, body: null }], { tries: 3 });
    const { provider, sent } = rootfi;
    const start = provider.start(startRequest({ remoteId: "8422:XERO", resources: [{ name: "ACCOUNTS" }] }), "key");
    expect(await refusal(start)).toMatchObject({ code: "PROVIDER_UNAVAILABLE", sent: true });
    expect(sent()).toHaveLength(1);
  });

  it("runs a run again by a start like any other: v3 has no retry", async () => {
    const { provider, sent } = await connect({ to: "POST /core/syncs", body: { data: { id: "new" } } });
    const request = startRequest({ remoteId: "8422:XERO" }, { models: ["ACCOUNTS"], fullRefresh: true });
    expect(await provider.start({ ...request, retryOf: ref("old") }, "key")).toMatchObject([
      { remoteId: "new", facts: { models: ["ACCOUNTS"], fullRefresh: true } },
    ]);
    expect(sent()[0]?.body).toMatchObject({ full_sync: true, data_models_to_sync: ["ACCOUNTS"] });
  });

  it("does not call the vendor for a definition that is not RootFi's", async () => {
    const { provider } = await connect();
    const start = provider.start(startRequest({ remoteId: "elsewhere" }, { models: ["ACCOUNTS"] }), "key");
    expect(await refusal(start)).toMatchObject({ code: "PROVIDER_NOT_FOUND", sent: false });
  });
});

describe("the definitions of a company at RootFi", () => {
  it("have the configs of their own category: a company with two connections has one config for both", async () => {
    const config = (data_model: string, category: string) => ({ data_model, category, enabled: true });
    const own = config("ACCOUNTS", "ACCOUNTING");
    const connections = [
      { integration_type: "XERO", category: "ACCOUNTING", sync_config: own },
      { integration_type: "STRIPE", category: "PAYMENTS", sync_config: own },
    ];
    const { provider } = await connect(
      linksV3([]),
      { to: "GET /core/companies?limit=100&expand=connections", body: { data: [{ rootfi_id: 8422, connections }] } },
      { to: "GET /core/syncs/config?category=ACCOUNTING", body: { sync_config: [] } },
      {
        to: "GET /core/syncs/config?category=PAYMENTS",
        body: { sync_config: [config("PAYMENT_PAYOUTS", "PAYMENTS")] },
      },
    );
    const jobs = await allOf(provider.listDefinitions());
    expect(jobs.map((job) => (job.kind === "SYNC_JOB" ? job.resources.map(({ name }) => name) : null))).toEqual([
      ["ACCOUNTS"],
      ["PAYMENT_PAYOUTS"],
    ]);
  });
});
