// Changes of a model sync: the vendor replaces it as a whole, so what a change does not name must go back as it stood.
import { describe, expect, it } from "vitest";
import type { ModelSyncPatch } from "../../../src/domain/definition-change.ts";
import { DefinitionKind } from "../../../src/domain/definition.ts";
import type { ModelSyncSnapshot } from "../../../src/domain/definition.ts";
import { refusal } from "../../support/provider-values.ts";
import { conformance } from "./conformance.ts";
import { RAW_SYNC, UPDATED_AT, WRITABLE, field, filter, keeping, schedule, target } from "./full-sync.ts";
import { SYNC_ID, editorOf, linesOf, polytomicAt } from "./polytomic-at-fake-vendor.ts";
import { contract } from "./sandbox-client.ts";

const SYNC = `/api/syncs/${SYNC_ID}`;
const ANYTIME = { expectedUpdatedAt: null };
const NOTHING_NAMED = {};

/** What a change of the sync is sent as, and what it gives. */
async function sentFor(patch: ModelSyncPatch, sync: object = RAW_SYNC) {
  await using at = await polytomicAt(keeping(sync));
  const answer = await editorOf(at).update(SYNC_ID, patch, ANYTIME);
  const [, put] = at.vendor.requests;
  if (put?.method !== "PUT") throw new Error("expected a replacement as the second request");
  return { body: put.json() as Readonly<Record<string, unknown>>, answer };
}

describe("changing a polytomic sync", () => {
  it("reads it, sends it back with the change, and leaves everything else as it stands", async () => {
    await using at = await polytomicAt(keeping());
    const answer = await editorOf(at).update(SYNC_ID, { name: "Renamed" }, ANYTIME);
    expect(answer).toMatchObject({ remoteId: SYNC_ID, name: "Renamed", updatedAt: new Date("2026-03-02T12:00:00Z") });
    expect(linesOf(at.vendor.requests)).toEqual([`GET ${SYNC}`, `PUT ${SYNC}`, `GET ${SYNC}/status`]);
    const body = at.vendor.requests[1]?.json();
    expect(body).toEqual({ ...WRITABLE, name: "Renamed" });
    contract?.checkRequestBody({ method: "PUT", path: "/api/syncs/{id}", body });
    for (const { headers } of at.vendor.requests) expect(headers).toMatchObject(conformance.headers);
    expect(at.vendor.requests[1]?.headers).not.toHaveProperty("idempotency-key");
  });

  it("that gives back what was read of it changes nothing, also of what cannot be read", async () => {
    await using at = await polytomicAt(keeping());
    const read = await at.provider.getDefinition(SYNC_ID, DefinitionKind.ModelSync);
    await editorOf(at).update(SYNC_ID, patchOf(read as ModelSyncSnapshot), ANYTIME);
    const put = at.vendor.requests.find(({ method }) => method === "PUT");
    expect(put?.json()).toEqual(WRITABLE);
  });

  const cleared = [
    ["identity", { identity: null }],
    ["filter_logic", { filterLogic: null }],
    ["encryption_passphrase", { encryptionPassphrase: null }],
  ] as const;
  it.each(cleared)("takes away what shall be no more: %s", async (name, patch) => {
    const { [name]: _gone, ...rest } = WRITABLE;
    expect((await sentFor(patch)).body).toEqual(rest);
  });

  it("sets another passphrase, which nobody is told", async () => {
    const { body, answer } = await sentFor({ encryptionPassphrase: "another planted one" });
    expect(body).toEqual({ ...WRITABLE, encryption_passphrase: "another planted one" });
    expect(JSON.stringify(answer)).not.toContain("planted");
  });

  it("keeps what the gateway does not know of those entries of a list that stay", async () => {
    const added = filter({ function: "IsNull", label: "C" });
    const { body } = await sentFor({ filters: [filter(), filter({ label: "B" }), added], filterLogic: "A or C" });
    expect(body).toEqual({
      ...WRITABLE,
      filters: [
        WRITABLE.filters[0],
        { function: "IsNotNull", field: WRITABLE.filters[0]?.field, label: "B", value: null },
        { function: "IsNull", field: WRITABLE.filters[0]?.field, label: "C", value: null },
      ],
      filter_logic: "A or C",
    });
  });

  it("takes two entries that look the same for the two that they are", async () => {
    const [standing] = WRITABLE.filters;
    const twins = [1, 2].map((lookup) => ({ ...standing, lookup }));
    const { body } = await sentFor({ filters: [filter(), filter(), filter()] }, { ...RAW_SYNC, filters: twins });
    const added = { function: "IsNotNull", field: standing?.field, label: "A", value: null };
    expect(body["filters"]).toEqual([...twins, added]);
  });

  it("takes out of a list what the caller leaves out, and takes false for another value than none", async () => {
    const fields = [field({ new: false, syncMode: "create", encryptionEnabled: true })];
    const { body } = await sentFor({ fields, filters: [filter({ value: false })] });
    expect(body).toMatchObject({ fields: [{ target: "Email", new: false }], filters: [{ label: "A", value: false }] });
    expect([body["fields"], body["filters"]].map((list) => Array.isArray(list) && list.length)).toEqual([1, 1]);
  });

  it("keeps a target's withheld settings while its connection stays", async () => {
    const configuration = { batch_size: 500, login: { user: "other" }, hosts: [{ name: "one" }] };
    const { body } = await sentFor({
      target: target({ object: "Lead", configuration, searchValues: { region: "eu" } }),
    });
    expect(body).toHaveProperty(["target"], {
      connection_id: WRITABLE.target.connection_id,
      object: "Lead",
      configuration: {
        api_token: "planted-token",
        batch_size: 500,
        login: { password: "planted-word", user: "other" },
        hosts: [{ name: "one", token: "planted-host" }],
      },
      search_values: { region: "eu" },
      shard: 3,
    });
  });

  it("keeps what is withheld in those entries of a target's lists that stay", async () => {
    const configuration = { batch_size: 200, hosts: [{ name: "two" }, { name: "one" }] };
    const { body } = await sentFor({ target: target({ configuration }) });
    expect(body).toHaveProperty(
      ["target", "configuration", "hosts"],
      [{ name: "two" }, { name: "one", token: "planted-host" }],
    );
  });

  it("keeps the vendor's secrets where a caller gives back the word that was shown for them", async () => {
    const shown = (await sentFor({ name: "Renamed" })).answer.target?.configuration ?? {};
    expect(JSON.stringify(shown)).toContain('"[redacted]"');
    const { body } = await sentFor({ target: target({ configuration: { ...shown, batch_size: 500 } }) });
    expect(body).toHaveProperty(["target", "configuration"], { ...WRITABLE.target.configuration, batch_size: 500 });
    expect(JSON.stringify(body)).not.toContain("[redacted]");
  });

  it.each<readonly [string, ModelSyncPatch]>([
    ["in a place where the vendor has nothing", { target: target({ configuration: { other_token: "[redacted]" } }) }],
    ["as a passphrase", { encryptionPassphrase: "[redacted]" }],
    ["within another text", { fields: [field({ overrideValue: "Bearer [redacted]" })] }],
    [
      "along to another connection",
      {
        target: target({
          linkedAccountRemoteId: "11111111-1111-4111-8111-111111111111",
          configuration: { api_token: "[redacted]" },
        }),
      },
    ],
  ])("refuses the word for what is hidden %s, and sends nothing", async (_where, patch) => {
    await using at = await polytomicAt(keeping());
    const changing = editorOf(at).update(SYNC_ID, patch, ANYTIME);
    await expect(changing).rejects.toMatchObject({ code: "BAD_USER_INPUT", sent: false });
    await expect(changing).rejects.toThrow(
      /holds "\[redacted\]".*send the value itself, or leave it out.*nothing was changed/,
    );
    expect(linesOf(at.vendor.requests)).toEqual([`GET ${SYNC}`]);
  });

  it("sends back what the vendor wrote, character by character, however it had to be shown", async () => {
    const odd = {
      ...RAW_SYNC,
      name: "Odd\u0007 name\nof two lines",
      filters: [{ function: "Equality", field_id: "f", label: "A", value: "a\u0000b\u2028\n\tc", hint: "\u202E" }],
      target: { ...RAW_SYNC.target, configuration: { "k\u0001ey": "v\u001B", plain: 1 } },
    };
    const renamed = await sentFor({ active: false, mode: "append" }, odd);
    expect(renamed.body).toMatchObject({ name: odd.name, filters: odd.filters, target: odd.target });
    const { answer } = renamed;
    expect(answer.name).toBe("Odd\u2407 name\u240Aof two lines");
    expect(answer.filters[0]?.value).toBe("a\u2400b\uFFFD\n\tc");
    // A caller that gives back what was shown changes nothing by it.
    const { body } = await sentFor(
      {
        name: answer.name,
        filters: answer.filters,
        target: target({ configuration: { ...answer.target?.configuration, plain: 2 } }),
      },
      odd,
    );
    expect(body).toMatchObject({ name: odd.name, filters: odd.filters });
    expect(body).toHaveProperty(["target", "configuration"], { "k\u0001ey": "v\u001B", plain: 2 });
  });

  it("takes nothing of a target along to another connection", async () => {
    const moved = target({
      linkedAccountRemoteId: "11111111-1111-4111-8111-111111111111",
      configuration: { batch_size: 1 },
    });
    expect((await sentFor({ target: moved })).body).toHaveProperty(["target"], {
      connection_id: "11111111-1111-4111-8111-111111111111",
      object: "Contact",
      configuration: { batch_size: 1 },
    });
  });

  it("replaces a schedule as a whole", async () => {
    const { body } = await sentFor({ schedule: schedule({ frequency: "HOURLY", minute: "10" }) });
    expect(body).toEqual({ ...WRITABLE, schedule: { frequency: "hourly", minute: "10" } });
  });

  it("sends no nulls that the vendor has told, and always a list of fields", async () => {
    const { fields: _fields, ...sync } = { ...RAW_SYNC, identity: null, filter_logic: null, policies: null };
    const { identity: _identity, filter_logic: _logic, policies: _policies, ...rest } = WRITABLE;
    expect((await sentFor({ name: "Renamed" }, { ...sync, fields: null })).body).toEqual({
      ...rest,
      fields: [],
      name: "Renamed",
    });
  });
});

describe("a change of a polytomic sync that names", () => {
  it("nothing only reads it", async () => {
    await using at = await polytomicAt(keeping());
    expect(await editorOf(at).update(SYNC_ID, NOTHING_NAMED, ANYTIME)).toMatchObject({ remoteId: SYNC_ID });
    expect(linesOf(at.vendor.requests)).toEqual([`GET ${SYNC}`, `GET ${SYNC}/status`]);
  });

  it("the switch alone uses the switch, and replaces nothing", async () => {
    await using at = await polytomicAt(keeping({ ...RAW_SYNC, active: false }));
    expect(await editorOf(at).update(SYNC_ID, { active: false }, ANYTIME)).toMatchObject({ active: false });
    expect(linesOf(at.vendor.requests)).toEqual([`POST ${SYNC}/activate`, `GET ${SYNC}`]);
    expect(at.vendor.requests[0]?.json()).toEqual({ active: false });
  });

  it("the switch alone is held against the expected time first", async () => {
    await using at = await polytomicAt(keeping({ ...RAW_SYNC, active: false }));
    await editorOf(at).update(SYNC_ID, { active: false }, { expectedUpdatedAt: UPDATED_AT });
    expect(linesOf(at.vendor.requests)).toEqual([`GET ${SYNC}`, `POST ${SYNC}/activate`, `GET ${SYNC}`]);
    const late = editorOf(at).update(SYNC_ID, { active: false }, { expectedUpdatedAt: new Date(0) });
    expect(await refusal(late)).toMatchObject({ code: "EDIT_CONFLICT" });
  });

  it("the switch beside something else is one replacement", async () => {
    const { body } = await sentFor({ active: false, name: "Renamed" });
    expect(body).toEqual({ ...WRITABLE, active: false, name: "Renamed" });
  });
});

/** Everything a caller can give back of what it has read. */
function patchOf(read: ModelSyncSnapshot): ModelSyncPatch {
  const { name, mode, fields, overrideFields, filters, filterLogic, identity, overrides, policies } = read;
  const [first] = read.schedules;
  if (mode === null || read.target === null || first === undefined) throw new Error("expected a whole sync");
  const parts = { fields, overrideFields, filters, filterLogic, identity, overrides, policies };
  return { name, mode, target: read.target, schedule: first, ...parts };
}
