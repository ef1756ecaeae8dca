// What single questions to the provider come to, beyond what the fixtures show.
import { describe, expect, it } from "vitest";
import { DefinitionKind, LinkedAccountStatus } from "../../../src/domain/definition.ts";
import type { LinkedAccountSnapshot } from "../../../src/domain/definition.ts";
import { linkedAccount, pagesOf } from "../../support/provider-values.ts";
import { CONNECTION_ID, SYNC_ID, modelSync, polytomicAt, runRef } from "./polytomic-at-fake-vendor.ts";

const account = (status: LinkedAccountStatus, rawStatus: string): LinkedAccountSnapshot =>
  linkedAccount({ remoteId: CONNECTION_ID, name: "Salesforce prod", integration: "salesforce", status, rawStatus });

describe("what is wrong with a polytomic start", () => {
  const healthy = account(LinkedAccountStatus.Healthy, "healthy");
  const cases: readonly (readonly [string, Parameters<typeof request>[0], readonly string[]])[] = [
    ["nothing, for an active sync", {}, []],
    ["nothing, when the vendor does not say whether it is active", { active: null }, []],
    ["that the sync is inactive", { active: false }, ["DEFINITION_INACTIVE"]],
    [
      "nothing, for a connection that is merely unhealthy",
      { linked: account(LinkedAccountStatus.Unhealthy, "unhealthy") },
      [],
    ],
    ["nothing, for a connection in an unknown state", { linked: account(LinkedAccountStatus.Unknown, "odd") }, []],
    [
      "that the connection is cut",
      { linked: account(LinkedAccountStatus.Disabled, "disconnected") },
      ["LINKED_ACCOUNT_UNAVAILABLE"],
    ],
    [
      "that somebody must sign in",
      { linked: account(LinkedAccountStatus.AuthenticationRequired, "unauthorized") },
      ["LINKED_ACCOUNT_UNAVAILABLE"],
    ],
    ["that an empty list of identities names none", { identities: [] }, ["BAD_USER_INPUT"]],
    ["that an identity is blank", { identities: ["a@example.com", " "] }, ["BAD_USER_INPUT"]],
  ];
  function request(of: {
    readonly active?: boolean | null;
    readonly linked?: LinkedAccountSnapshot;
    readonly identities?: readonly string[];
  }) {
    const { active = true, linked = healthy, identities } = of;
    return {
      definition: modelSync({ active }),
      linkedAccount: linked,
      options: identities === undefined ? {} : { identities },
    };
  }

  it.each(cases)("is %s", async (_name, of, codes) => {
    await using at = await polytomicAt(() => undefined);
    expect(at.provider.checkStart(request(of)).map(({ code }) => code)).toEqual(codes);
  });
});

describe("whose key it is", () => {
  it.each([
    [{ id: "user-1", is_user: true, organization_id: "org-1" }, "org-1"],
    [{ id: "partner-1", is_partner: true }, null],
  ])("is the organization that the vendor names in %j", async (data, expected) => {
    await using at = await polytomicAt(({ path }) => (path === "/api/me" ? { json: { data } } : undefined));
    expect(await at.provider.remoteAccount?.()).toBe(expected);
  });
});

describe("polytomic pages", () => {
  it("of syncs miss none that is changed while they are read: it moves to the first, which was read before", async () => {
    let syncs = ["newest", "older", "oldest"];
    await using at = await polytomicAt(({ query }) => {
      const place = Number(query.get("page_token") ?? 0);
      const data = syncs.slice(place, place + 1).map((id) => ({ id }));
      const pagination = place + 1 < syncs.length ? { next_page_token: String(place + 1) } : {};
      // Somebody changes the oldest after the first page.
      syncs = ["oldest", "newest", "older"];
      return { json: { data, pagination } };
    });
    const pages = await pagesOf(at.provider.listDefinitions());
    expect(new Set(pages.flat().map(({ remoteId }) => remoteId))).toEqual(new Set(["newest", "older", "oldest"]));
  });

  it("of syncs are not read again when there is but one", async () => {
    await using at = await polytomicAt(() => ({ json: { data: [{ id: SYNC_ID }] } }));
    expect(await pagesOf(at.provider.listDefinitions())).toHaveLength(1);
    expect(at.vendor.requests).toHaveLength(1);
  });

  it("that name themselves as the next page end in an error, not in a loop", async () => {
    await using at = await polytomicAt(() => ({ json: { data: [], pagination: { next_page_token: "again" } } }));
    await expect(pagesOf(at.provider.listDefinitions())).rejects.toMatchObject({ code: "PROVIDER_BAD_RESPONSE" });
    expect(at.vendor.requests.length).toBeLessThan(5);
  });
});

describe("polytomic calls", () => {
  it("keep a strange id in its place in the path", async () => {
    await using at = await polytomicAt(() => ({ json: { data: { id: "x" } } }));
    await at.provider.getDefinition("a/../b?c=d", DefinitionKind.ModelSync);
    expect(at.vendor.requests.map(({ path }) => path)).toEqual(["/api/syncs/a%2F..%2Fb%3Fc%3Dd"]);
  });

  it("end when the caller goes away, also while only the next run is asked for", async () => {
    const caller = new AbortController();
    const sync = { id: SYNC_ID, schedule: { frequency: "hourly" } };
    await using at = await polytomicAt(({ path }) => {
      if (!path.endsWith("/status")) return { json: { data: sync } };
      // Never answered.
      return () => caller.abort(new Error("the caller went away"));
    });
    const reading = at.provider.getDefinition(SYNC_ID, DefinitionKind.ModelSync, { signal: caller.signal });
    await expect(reading).rejects.toMatchObject({ name: "ProviderError" });
    expect(at.vendor.requests).toHaveLength(2);
  });

  it("do not leave the house for an id that fits into no path", async () => {
    await using at = await polytomicAt(() => undefined);
    const reading = at.provider.getDefinition("..", DefinitionKind.ModelSync);
    await expect(reading).rejects.toMatchObject({ name: "ProviderError", code: "PROVIDER_NOT_FOUND", sent: false });
  });

  it("take a start of a sync whose answer names the linked account neither way", async () => {
    await using at = await polytomicAt(() => ({ json: { data: { id: "run", status: "queued" } } }));
    const definition = modelSync({ linkedAccountRemoteId: null });
    const linkedAccount = account(LinkedAccountStatus.Healthy, "healthy");
    const [observation] = await at.provider.start({ definition, linkedAccount, options: {} }, "trigger-key-1");
    expect(observation).toMatchObject({
      definitionRemoteId: SYNC_ID,
      linkedAccountRemoteId: CONNECTION_ID,
      status: "CREATED",
    });
    expect(observation?.facts.waitingReason).toBe("QUEUED");
  });

  it("ask to cancel with an empty body and without an idempotency key", async () => {
    await using at = await polytomicAt(() => ({ json: {} }));
    await at.provider.cancel?.(runRef());
    expect(at.vendor.requests[0]).toMatchObject({ method: "POST", body: "" });
  });
});
