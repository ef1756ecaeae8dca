// Changing definitions and asking for sources and targets, in front of the vendor's sandbox: each request and each answer is checked
// against the vendor's OpenAPI document.
import { describe, expect, it } from "vitest";
import { DefinitionKind } from "../../../src/domain/definition.ts";
import type { DefinitionSnapshot, LinkedAccountSnapshot } from "../../../src/domain/definition.ts";
import type { ModelSyncDraft } from "../../../src/domain/definition-change.ts";
import { allOf, refusal, startRequest } from "../../support/provider-values.ts";
import { sandboxVendor } from "../../support/sandbox-vendor.ts";
import type { SandboxVendor } from "../../support/sandbox-vendor.ts";
import { conformance } from "./conformance.ts";
import { filter, schedule, target } from "./full-sync.ts";
import { discoveryOf, editorOf } from "./polytomic-at-fake-vendor.ts";
import { NOWHERE, contract, record, templateOf } from "./sandbox-client.ts";

const ANYTIME = { expectedUpdatedAt: null };
/** In the vendor's sheet, but not in its published subset. */
const UNPUBLISHED = "/api/models";

/** The sandbox, whose answers are checked on their way; closing fails when one does not fit. */
async function checkedSandbox(): Promise<SandboxVendor> {
  const at = await sandboxVendor("polytomic", conformance);
  at.rewrite((body, { method, path }) => {
    if (path !== UNPUBLISHED) contract?.checkAnswer({ method, path: templateOf(method, path), status: 200, body });
    return body;
  });
  return at;
}

/** Operations that were called; their bodies are checked. */
function operationsOf({ vendor }: SandboxVendor): readonly string[] {
  const called = vendor.requests.map((request) => {
    const { method } = request;
    const path = templateOf(method, request.path);
    expect(request.headers).toMatchObject({ "x-polytomic-version": "2025-09-18" });
    if (request.body !== "") contract?.checkRequestBody({ method, path, body: request.json() });
    return `${method} ${path}`;
  });
  return [...new Set(called)].toSorted();
}

async function accountNamed({ provider }: SandboxVendor, name: string): Promise<LinkedAccountSnapshot> {
  const account = (await allOf(provider.listLinkedAccounts())).find((each) => each.name === name);
  if (account === undefined) throw new Error(`expected a connection ${name}, got none`);
  return account;
}

/** What the vendor itself says of a definition, the passphrase included. */
async function rawSync({ vendor, credentials }: SandboxVendor, id: string): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${credentials["apiKey"] ?? ""}`, "x-polytomic-version": "2025-09-18" };
  const answer = await fetch(`${vendor.url}/api/syncs/${id}`, { headers });
  return record(record(await answer.json())["data"]);
}

/** A draft made of what the discovery tells. */
async function draftIn(at: SandboxVendor): Promise<ModelSyncDraft> {
  const [warehouse, sheets] = [
    await accountNamed(at, "Snowflake warehouse"),
    await accountNamed(at, "Finance spreadsheets"),
  ];
  const [model] = await discoveryOf(at).models(warehouse.remoteId);
  const [field] = model?.fields ?? [];
  const [object] = (await discoveryOf(at).targetObjects(sheets.remoteId)).objects;
  const source = { modelId: model?.remoteId ?? null, field: field?.name ?? null };
  const mapped = { source, target: "A", new: null, overrideValue: null, syncMode: null, encryptionEnabled: null };
  return {
    name: "Made through the gateway",
    mode: "append",
    target: target({ linkedAccountRemoteId: sheets.remoteId, object: object?.remoteId ?? null }),
    fields: [mapped],
    filters: [filter({ field: source })],
    filterLogic: "A",
    schedule: schedule({ frequency: "DAILY", hour: "05", minute: "30" }),
    encryptionPassphrase: "sandbox passphrase, planted",
  };
}

// What is called is told by the document's own names of paths.
describe.skipIf(contract === null)("in front of polytomic's sandbox", () => {
  it("sources and targets are told", async () => {
    await using at = await checkedSandbox();
    const discovery = discoveryOf(at);
    const { remoteId: warehouse } = await accountNamed(at, "Snowflake warehouse");
    const { remoteId: sheets } = await accountNamed(at, "Finance spreadsheets");
    const { choices } = await discovery.source(warehouse, {});
    expect(choices).toMatchObject([{ name: "table", hasItems: true }]);
    const table = choices[0]?.items.filter((item) => typeof item === "string") ?? [];
    const fields = await discovery.sourceFields(warehouse, { table: table.slice(0, 1) });
    expect(fields.map(({ name }) => name)).toContain("churn_score");
    expect((await discovery.models(warehouse)).map(({ name }) => name)).toEqual(["Users", "Orders", "Subscriptions"]);
    const { objects, canCreate, creationProperties } = await discovery.targetObjects(sheets);
    expect([canCreate, creationProperties.map(({ remoteId }) => remoteId)]).toEqual([true, ["folder", "name"]]);
    const detail = await discovery.targetObject(sheets, objects[0]?.remoteId ?? "", true);
    expect(detail.fields.length).toBeGreaterThan(1);
    expect(await discovery.creationValues(sheets, "folder")).toContainEqual({ value: "finance", label: "Finance" });
    const frequencies = (await discovery.scheduleOptions()).map(({ frequency }) => frequency);
    expect(frequencies).toEqual(expect.arrayContaining(["MANUAL", "DAILY", "AFTER_RUN", "EXTERNAL"]));
    const wrong = discovery.sourceFields(warehouse, { table: ["no such table"] });
    expect(await refusal(wrong)).toMatchObject({ code: "PROVIDER_REJECTED" });
    expect(operationsOf(at)).toEqual([
      "GET /api/connections",
      "GET /api/connections/{id}/modelsync/source",
      "GET /api/connections/{id}/modelsync/source/fields",
      "GET /api/connections/{id}/modelsync/target/fields",
      "GET /api/connections/{id}/modelsync/targetobjects",
      "GET /api/connections/{id}/modelsync/targetobjects/properties/{property}",
      "GET /api/models",
      "GET /api/syncs/schedules",
    ]);
  });

  it("a definition is made, changed, switched, stopped and deleted", async () => {
    await using at = await checkedSandbox();
    const editor = editorOf(at);
    const draft = await draftIn(at);
    expect(editor.check(draft)).toEqual([]);
    const key = crypto.randomUUID();
    const made = await editor.create(draft, key);
    expect(made).toMatchObject({ name: draft.name, active: true, hasEncryptionPassphrase: true });
    expect(made.nextRunAt).toBeInstanceOf(Date);
    expect((await editor.create(draft, key)).remoteId).toBe(made.remoteId);

    const { remoteId, updatedAt } = made;
    const renamed = await editor.update(remoteId, { name: "Renamed" }, { expectedUpdatedAt: updatedAt });
    const { nextRunAt: _next, updatedAt: _updated, ...rest } = made;
    expect(renamed).toMatchObject({ ...rest, name: "Renamed" });
    const stale = editor.update(remoteId, { name: "Late" }, { expectedUpdatedAt: new Date(0) });
    expect(await refusal(stale)).toMatchObject({ code: "EDIT_CONFLICT", sent: false });
    const plain = { encryptionPassphrase: null, filters: [], filterLogic: null, schedule: schedule() };
    expect(await editor.update(remoteId, plain, ANYTIME)).toMatchObject({
      name: "Renamed",
      hasEncryptionPassphrase: false,
      filters: [],
      schedules: [{ frequency: "MANUAL", hour: null }],
      nextRunAt: null,
    });

    expect(await editor.setActive(remoteId, false)).toMatchObject({ active: false, name: "Renamed" });
    expect(await editor.update(remoteId, { active: true }, ANYTIME)).toMatchObject({ active: true });
    const request = startRequest(renamed);
    await at.provider.start(request, crypto.randomUUID());
    await at.provider.cancelAll?.(remoteId);
    const [run] = await allOf(at.provider.discover(new Date(0), [renamed]));
    expect(["canceling", "canceled"]).toContain(run?.rawStatus);

    await editor.delete(remoteId);
    await editor.delete(remoteId);
    const reading = at.provider.getDefinition(remoteId, DefinitionKind.ModelSync);
    expect(await refusal(reading)).toMatchObject({ code: "PROVIDER_NOT_FOUND" });
    expect(operationsOf(at)).toEqual([
      "DELETE /api/syncs/{id}",
      "GET /api/connections",
      "GET /api/connections/{id}/modelsync/targetobjects",
      "GET /api/models",
      "GET /api/syncs/{id}",
      "GET /api/syncs/{id}/executions",
      "GET /api/syncs/{id}/status",
      "POST /api/syncs",
      "POST /api/syncs/{id}/activate",
      "POST /api/syncs/{id}/cancel",
      "POST /api/syncs/{id}/executions",
      "PUT /api/syncs/{id}",
    ]);
  });

  it("a change leaves the rest of every definition as it stood, the passphrase too", async () => {
    await using at = await checkedSandbox();
    const all: readonly DefinitionSnapshot[] = await allOf(at.provider.listDefinitions());
    expect(all.length).toBeGreaterThan(10);
    let passphrases = 0;
    for (const { remoteId, name } of all) {
      const { updated_at: _before, ...before } = await rawSync(at, remoteId);
      await editorOf(at).update(remoteId, { name: `${name}, renamed` }, ANYTIME);
      const { updated_at: _after, ...after } = await rawSync(at, remoteId);
      expect(after).toEqual({ ...before, name: `${name}, renamed` });
      passphrases += "encryption_passphrase" in after ? 1 : 0;
    }
    expect(passphrases).toBeGreaterThan(0);
    expect(operationsOf(at)).toContain("PUT /api/syncs/{id}");
  });

  it("what the vendor refuses is refused with its reason", async () => {
    await using at = await checkedSandbox();
    const draft = await draftIn(at);
    const nowhere = {
      ...draft,
      target: { ...draft.target, linkedAccountRemoteId: NOWHERE },
      encryptionPassphrase: null,
    };
    expect(await refusal(editorOf(at).create(nowhere, crypto.randomUUID()))).toMatchObject({
      code: "PROVIDER_REJECTED",
      message: expect.stringContaining("target.connection_id: connection not found") as string,
    });
    const unknown = editorOf(at).update(NOWHERE, { name: "Nobody's" }, ANYTIME);
    expect(await refusal(unknown)).toMatchObject({ code: "PROVIDER_NOT_FOUND", sent: false });
  });
});
