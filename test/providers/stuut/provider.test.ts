// How Stuut's adapter spends its calls, what it refuses, and how it tells runs apart that the vendor does not.
import { afterEach, describe, expect, it } from "vitest";
import { DefinitionKind, LinkedAccountStatus } from "../../../src/domain/definition.ts";
import type { RecordedReply } from "../../support/adapter-at-fake-vendor.ts";
import { allOf, linkedAccount, refusal, runRef, startRequest } from "../../support/provider-values.ts";
import { atStuut } from "./stuut-at-fake-vendor.ts";
import type { AtStuut } from "./stuut-at-fake-vendor.ts";

let stuut: AtStuut | null = null;
afterEach(async () => {
  await stuut?.close();
  stuut = null;
});

async function connect(...replies: readonly RecordedReply[]): Promise<AtStuut> {
  stuut = await atStuut(replies, 3);
  return stuut;
}

const LIST = "GET /v2/integrations/connections";
const sync = (id: string, createdAt = "2026-11-22T11:55:00Z"): object => ({
  id,
  status: "running",
  created_at: createdAt,
});
const model = (name: string, lastSync: object | null): object => ({ id: `model_${name}`, name, last_sync: lastSync });
const ref = (remoteId: string, models: readonly string[], definitionRemoteId = "c") =>
  runRef({ remoteId, models, definitionRemoteId, createdAt: new Date("2026-11-22T11:55:00Z") });

describe("observing runs at Stuut", () => {
  it("asks nothing about no runs", async () => {
    const { provider } = await connect();
    expect(await provider.observe([], { tasks: true })).toEqual({ observations: [], missing: [] });
  });

  it("takes one call for all runs of all connections", async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `s${index}`);
    const connections = ids.map((id) => ({ id: `c-${id}`, models: [model("invoice", sync(id))] }));
    const { provider, sent } = await connect({ to: LIST, body: connections });
    const result = await provider.observe(
      ids.map((id) => ref(id, ["invoice"], `c-${id}`)),
      { tasks: true },
    );
    expect(result.observations.map(({ remoteId }) => remoteId)).toEqual(ids);
    expect(sent()).toHaveLength(1);
  });

  it("never takes the newer run's status for the older run", async () => {
    const newer = { ...sync("newer", "2026-11-22T11:58:00Z"), status: "complete" };
    const { provider } = await connect({ to: LIST, body: [{ id: "c", models: [model("invoice", newer)] }] });
    const result = await provider.observe([ref("old", ["invoice"])], { tasks: false });
    expect(result.missing).toEqual([{ remoteId: "old", reason: "REPLACED" }]);
    expect(result.observations).toMatchObject([{ remoteId: "newer", status: "SUCCESS" }]);
  });

  it("tells a newer run once, however many runs it replaced or is asked for", async () => {
    const body = [{ id: "c", models: [model("invoice", sync("newer", "2026-11-22T11:58:00Z"))] }];
    const { provider } = await connect({ to: LIST, body });
    const refs = [ref("one", ["invoice"]), ref("two", ["model_invoice"]), ref("newer", ["invoice"])];
    const result = await provider.observe(refs, { tasks: false });
    expect(result.observations.map(({ remoteId }) => remoteId)).toEqual(["newer"]);
    expect(result.missing).toHaveLength(2);
  });

  it.each([
    ["whose model never synced", [model("invoice", null)]],
    ["whose model shows an older sync", [model("invoice", sync("older", "2026-11-22T11:54:59Z"))]],
    ["whose model is gone", [model("customer", sync("newer", "2026-11-22T11:58:00Z"))]],
  ])("does not call a run %s replaced", async (_case, models) => {
    const { provider } = await connect({ to: LIST, body: [{ id: "c", models }] });
    const result = await provider.observe([ref("old", ["invoice"])], { tasks: false });
    expect(result).toEqual({ observations: [], missing: [{ remoteId: "old", reason: "NOT_FOUND" }] });
  });
});

describe("finding a start that had no answer at Stuut", () => {
  it("gives what the vendor's clock, of which nothing is told here, may have made since, and nothing older", async () => {
    const created = (id: string, at: string): object => model(id, { ...sync(id, at), is_one_off: true });
    const models = [created("in", "2026-11-22T11:54:00.001Z"), created("out", "2026-11-22T11:53:59.999Z")];
    const { provider } = await connect({ to: LIST, body: [{ id: "c", models }] });
    const found = await provider.findStarted?.(startRequest({ remoteId: "c" }), new Date("2026-11-22T11:55:00Z"));
    expect(found?.map(({ remoteId }) => remoteId)).toEqual(["in"]);
  });
});

describe("a start at Stuut", () => {
  const START = "POST /v2/integrations/connections/c/sync";

  it("that is answered with an empty list, and with syncs that may be its own, is in doubt", async () => {
    const young = { ...sync("s1"), is_one_off: true, created_at: new Date(Date.UTC(2026, 10, 22, 12)).toISOString() };
    const { provider } = await connect(
      { to: START, body: [] },
      { to: LIST, body: [{ id: "c", models: [model("m", young)] }] },
    );
    expect(await refusal(provider.start(startRequest({ remoteId: "c" }), "key"))).toMatchObject({
      code: "PROVIDER_CONFLICT",
      retryable: true,
      sent: true,
    });
  });

  it("that is answered with a sync of another connection's model is in doubt", async () => {
    const theirs = { ...sync("s1"), model_id: "model_theirs" };
    const connections = [
      { id: "c", models: [model("ours", null)] },
      { id: "d", models: [model("theirs", null)] },
    ];
    const { provider } = await connect({ to: START, body: [theirs] }, { to: LIST, body: connections });
    expect(await refusal(provider.start(startRequest({ remoteId: "c" }), "key"))).toMatchObject({
      code: "PROVIDER_BAD_RESPONSE",
      sent: true,
    });
  });

  it("is sent once, without a body, even when the vendor fails", async () => {
    const target = "POST /v2/integrations/connections/a%2Fb%3F/sync";
    const { provider, sent } = await connect({ to: target, status: 503, body: null });
    expect(await refusal(provider.start(startRequest({ remoteId: "a/b?" }), "key"))).toMatchObject({
      code: "PROVIDER_UNAVAILABLE",
      sent: true,
    });
    expect(sent()).toEqual([{ request: target, body: null }]);
  });

  it("does not go out for an id that would leave its path", async () => {
    const { provider } = await connect();
    expect(await refusal(provider.start(startRequest({ remoteId: ".." }), "key"))).toMatchObject({
      code: "PROVIDER_NOT_FOUND",
      sent: false,
    });
  });

  const links: readonly [LinkedAccountStatus, boolean | undefined, string | null][] = [
    [LinkedAccountStatus.Healthy, true, null],
    [LinkedAccountStatus.Unhealthy, true, null],
    [LinkedAccountStatus.Pending, undefined, null],
    [LinkedAccountStatus.AuthenticationRequired, true, "LINKED_ACCOUNT_UNAVAILABLE"],
    [LinkedAccountStatus.Disabled, false, "DEFINITION_INACTIVE"],
    [LinkedAccountStatus.Disabled, undefined, "DEFINITION_INACTIVE"],
    [LinkedAccountStatus.Healthy, false, "DEFINITION_INACTIVE"],
  ];
  it.each(links)("on a connection that is %s with active %s has the problem %s", async (status, active, code) => {
    const { provider } = await connect();
    const job = active === undefined ? { remoteId: "c" } : { remoteId: "c", active };
    const problems = provider.checkStart(startRequest(job, {}, linkedAccount({ status })));
    expect(problems.map((problem) => problem.code)).toEqual(code === null ? [] : [code]);
  });

  it("is refused in the vendor's words where it has some", async () => {
    const { provider } = await connect();
    const account = linkedAccount({
      status: LinkedAccountStatus.AuthenticationRequired,
      statusMessage: "Sign in again.",
    });
    expect(provider.checkStart(startRequest({ remoteId: "c" }, {}, account))).toMatchObject([
      { message: "Sign in again." },
    ]);
  });

  it("is not refused because nobody knows the linked account", async () => {
    const { provider } = await connect();
    expect(provider.checkStart(startRequest({ remoteId: "c" }))).toEqual([]);
  });
});

describe("the catalog of Stuut", () => {
  it("has no model syncs, and asks nobody for one", async () => {
    const { provider } = await connect();
    expect(await refusal(provider.getDefinition("c", DefinitionKind.ModelSync))).toMatchObject({
      code: "PROVIDER_NOT_FOUND",
      sent: false,
    });
  });

  it("shows no link's message that names a secret", async () => {
    const health = {
      healthy: false,
      message: "login failed for Bearer abcdefgh12345678",
      suggested_resolution: "Sign in",
    };
    const { provider } = await connect({ to: LIST, body: [{ id: "c", health }] });
    const [account] = await allOf(provider.listLinkedAccounts());
    expect(account?.statusMessage).toBe("login failed for Bearer [redacted] Sign in");
  });
});
