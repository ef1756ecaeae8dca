// Model syncs made and changed at Polytomic through the gateway: what a caller did not name stays, and nobody's edit gets lost unseen.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { accountOf, definitionNamed, listDefinitions, type KnownAccount } from "../support/gateway-operations.ts";
import { meddleWith, type Meddler } from "../support/meddler.ts";
import { modelSyncClient, type Input, type ModelSyncClient, type SeenModelSync } from "../support/model-sync-client.ts";
import { objectOf, type Json } from "../support/openapi-examples.ts";
import {
  PASSPHRASE,
  changedParts,
  deleteAtVendor,
  editAtVendor,
  fullInput,
  fullTruth,
  smallInput,
  syncAtVendor,
  syncsAtVendor,
} from "../support/polytomic-syncs.ts";
import { time } from "../support/vendor-truth.ts";
import { startVendor, type VendorServer } from "../support/vendors.ts";

let vendor: VendorServer;
let meddler: Meddler;
let gateway: TestGateway;
let client: ModelSyncClient;
let account: KnownAccount;
let followed: { readonly id: string; readonly remoteId: string };

beforeAll(async () => {
  vendor = await startVendor("polytomic", 1);
  meddler = await meddleWith(vendor);
  gateway = await startTestGateway({ providers: [meddler.entry] });
  client = modelSyncClient(gateway.url);
  followed = definitionNamed(await listDefinitions(gateway.url), "polytomic", "Audience snapshot to spreadsheet");
  account = await accountOf(gateway.url, "polytomic", "salesforce");
});

afterAll(async () => {
  await gateway.close();
  await meddler.close();
  await vendor.stop();
});

const makeFull = (name: string): Promise<SeenModelSync> =>
  client.done("Create", fullInput(name, account.id, followed.id));

describe("modelSyncCreate", () => {
  test("with everything there is, is at the vendor as it was asked for, and in every list here", async () => {
    const made = await makeFull("Made in full");

    const truth = await syncAtVendor(vendor, made.remoteId);
    expect(truth).toMatchObject(fullTruth("Made in full", account.remoteId, followed.remoteId));
    expect(made).toMatchObject({
      name: "Made in full",
      mode: "updateOrCreate",
      active: true,
      updatedAt: time(truth["updated_at"]),
      goneAt: null,
      hasEncryptionPassphrase: true,
      target: { object: "Contact", linkedAccount: { id: account.id } },
      schedules: [{ frequency: "AFTER_RUN", runAfter: [{ id: followed.id }], runAfterSuccessOnly: true }],
      filters: [
        { label: "A", value: null },
        { label: "B", value: ["pro", "team"] },
      ],
      overrides: [{ value: "pro", override: { tier: 1 } }],
      identity: { function: "Equality", target: "Email" },
    });
    expect((await client.list()).find(({ id }) => id === made.id)).toEqual(made);
    expect(await client.node(made.id)).toEqual(made);
    expect(await client.list({ modelSyncs: [made.id], linkedAccounts: [account.id], active: true })).toEqual([made]);
  });

  test("five times at once with one idempotency key makes one, and another key makes another", async () => {
    const input = { ...smallInput("Made once", account.id), idempotencyKey: "one of a kind" };
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => client.done("Create", input)));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    const named = async () => (await syncsAtVendor(vendor)).filter(({ name }) => name === "Made once");
    expect(await named()).toHaveLength(1);

    await client.done("Create", { ...input, idempotencyKey: "another" });
    expect(await named()).toHaveLength(2);
  });

  test("under a key that was used before shows what was made under it as it stands now, not as it was made", async () => {
    const input = { ...smallInput("Made before it was changed", account.id), idempotencyKey: "made and changed" };
    const made = await client.done("Create", input);
    await client.done("Update", { modelSyncId: made.id, mode: "replace", active: false });

    const again = await client.done("Create", input);

    expect(again).toMatchObject({ id: made.id, mode: "replace", active: false });
    expect(await client.node(made.id)).toMatchObject({ mode: "replace", active: false });
  });

  test("under the key of one that is deleted makes none, and says so", async () => {
    const input = { ...smallInput("Made and deleted", account.id), idempotencyKey: "made and deleted" };
    const made = await client.done("Create", input);
    await client.edit("Delete", { modelSyncId: made.id });

    const { data, errors } = await client.edit("Create", input);

    expect(errors).toEqual([]);
    expect(data).toMatchObject({ modelSync: null, userErrors: [{ code: "NOT_FOUND", field: ["idempotencyKey"] }] });
    expect((await client.node(made.id))?.["goneAt"]).toEqual(expect.any(String));
  });

  test("of something else under a key that was used before is refused, and nothing is made", async () => {
    const input = { ...smallInput("First of its key", account.id), idempotencyKey: "one key for two" };
    await client.done("Create", input);

    const { data } = await client.edit("Create", { ...input, name: "Second of its key" });

    const refusal = { code: "IDEMPOTENCY_KEY_REUSED", field: ["idempotencyKey"], message: expect.any(String) };
    expect(data?.userErrors).toEqual([refusal]);
    const names = (await syncsAtVendor(vendor)).map(({ name }) => name);
    expect(names).toContain("First of its key");
    expect(names).not.toContain("Second of its key");
  });

  test("whose answer got lost is sent again under its key, and is made once", async () => {
    const lost = meddler.once("POST", /^\/api\/syncs$/u, { lose: "answer" });
    const made = await client.done("Create", smallInput("Made behind our back", account.id));
    await lost;
    const named = (await syncsAtVendor(vendor)).filter(({ name }) => name === "Made behind our back");
    expect(named.map(({ id }) => id)).toEqual([made.remoteId]);
  });
});

describe("modelSyncUpdate", () => {
  interface PartialChange {
    readonly what: string;
    readonly input: Input;
    readonly changed: Json;
  }
  const PARTIAL: readonly PartialChange[] = [
    { what: "only the name", input: { name: "Another name" }, changed: { name: "Another name" } },
    {
      what: "only the schedule",
      input: { schedule: { frequency: "WEEKLY", dayOfWeek: "monday", hour: "04", minute: "15" } },
      changed: {
        schedule: {
          frequency: "weekly",
          day_of_week: "monday",
          hour: "04",
          minute: "15",
          run_after: { sync_ids: [], bulk_sync_ids: [] },
        },
      },
    },
    {
      what: "filters and their logic cleared by null",
      input: { filters: null, filterLogic: null },
      changed: { filters: [], filter_logic: "" },
    },
    { what: "filters alone cleared by null", input: { filters: null }, changed: { filters: [] } },
    {
      what: "overrides, fixed values and policies cleared by null",
      input: { overrides: null, overrideFields: null, policies: null },
      changed: { overrides: [], override_fields: [], policies: [] },
    },
    { what: "only the switch", input: { active: false }, changed: { active: false } },
    { what: "only the passphrase, taken away", input: { encryptionPassphrase: null }, changed: {} },
    { what: "the identity taken away", input: { identity: null }, changed: {} },
  ];

  test.each(PARTIAL)("$what: the rest stays byte for byte, the passphrase too", async ({ what, input, changed }) => {
    const made = await makeFull(`To be changed: ${what}`);
    const before = await syncAtVendor(vendor, made.remoteId);

    const answered = await client.done("Update", { modelSyncId: made.id, ...input });

    const after = await syncAtVendor(vendor, made.remoteId);
    const removed = { encryptionPassphrase: "encryption_passphrase", identity: "identity" };
    const gone = Object.entries(removed).flatMap(([name, part]) => (name in input ? [part] : []));
    expect(changedParts(before, after)).toEqual([...Object.keys(changed), ...gone].toSorted());
    expect(after).toMatchObject(changed);
    for (const part of gone) expect(after).not.toHaveProperty(part);
    expect(after["encryption_passphrase"]).toBe("encryptionPassphrase" in input ? undefined : PASSPHRASE);
    expect(answered.updatedAt).toBe(time(after["updated_at"]));
    expect(await client.node(made.id)).toEqual(answered);
  });

  test("of a definition that was made at the vendor, with a passphrase nobody here has seen, sends all of it back as it was", async () => {
    const { id, remoteId } = definitionNamed(
      await listDefinitions(gateway.url),
      "polytomic",
      "Support tickets to Salesforce cases",
    );
    const before = await syncAtVendor(vendor, remoteId);
    expect(before["encryption_passphrase"]).toEqual(expect.stringContaining("passphrase"));

    await client.done("Update", { modelSyncId: id, mode: "update" });

    const sent = objectOf(JSON.parse(meddler.writes().findLast(({ method }) => method === "PUT")?.body ?? ""));
    const decidedByVendor = ["created_at", "created_by", "id", "mode", "model_ids"];
    expect(changedParts(before, sent)).toEqual(decidedByVendor);
    const after = await syncAtVendor(vendor, remoteId);
    expect(after).toEqual({ ...before, mode: "update", updated_at: after["updated_at"] });
  });

  test("with what the caller has read hands back what it was given without changing a byte of it", async () => {
    const made = await makeFull("Read and sent back");
    const before = await syncAtVendor(vendor, made.remoteId);
    const { name, mode, filterLogic, filters, overrides, identity, policies } = made;

    await client.done("Update", {
      modelSyncId: made.id,
      name,
      mode,
      filterLogic,
      filters,
      overrides,
      identity,
      policies,
    });

    expect(changedParts(before, await syncAtVendor(vendor, made.remoteId))).toEqual([]);
  });

  test("six at once of different fields through the gateway all survive", async () => {
    const made = await makeFull("Changed by many");
    const before = await syncAtVendor(vendor, made.remoteId);
    const inputs: readonly Input[] = [
      { name: "Renamed" },
      { schedule: { frequency: "DAILY", hour: "05", minute: "30" } },
      { filterLogic: "A or B" },
      { policies: [] },
      { active: false },
      { onlyEnrichUpdates: false },
    ];

    await Promise.all(inputs.map((input) => client.done("Update", { modelSyncId: made.id, ...input })));

    const after = await syncAtVendor(vendor, made.remoteId);
    const parts = ["active", "filter_logic", "name", "only_enrich_updates", "policies", "schedule"];
    expect(changedParts(before, after)).toEqual(parts);
    expect(after).toMatchObject({
      name: "Renamed",
      schedule: { frequency: "daily" },
      filter_logic: "A or B",
      policies: [],
      active: false,
      only_enrich_updates: false,
    });
    expect(await client.node(made.id)).toMatchObject({ name: "Renamed", active: false, filterLogic: "A or B" });
  });
});

describe("an edit at the vendor meanwhile", () => {
  const conflict = { code: "EDIT_CONFLICT", field: ["expectedUpdatedAt"], message: expect.any(String) };

  test("before the change: with expectedUpdatedAt nothing is changed, and the answer shows what stands there now", async () => {
    const made = await makeFull("Edited elsewhere");
    await editAtVendor(vendor, made.remoteId, { name: "Edited by a colleague", mode: "update" });
    const theirs = await syncAtVendor(vendor, made.remoteId);

    const change = { modelSyncId: made.id, filterLogic: "A or B", expectedUpdatedAt: made.updatedAt };
    const refused = await client.edit("Update", change);

    expect(refused.errors).toEqual([]);
    expect(refused.data?.userErrors).toEqual([conflict]);
    expect(refused.data?.modelSync).toMatchObject({
      name: "Edited by a colleague",
      mode: "update",
      filterLogic: "A and B",
      updatedAt: time(theirs["updated_at"]),
    });
    expect(await syncAtVendor(vendor, made.remoteId)).toEqual(theirs);
    // The answer has all that it takes to try once more.
    const again = { ...change, expectedUpdatedAt: refused.data?.modelSync?.updatedAt };
    expect(await client.done("Update", again)).toMatchObject({ filterLogic: "A or B", name: "Edited by a colleague" });
  });

  test("before the change: without expectedUpdatedAt the change goes on top of what they did", async () => {
    const made = await makeFull("Edited elsewhere, and we do not mind");
    await editAtVendor(vendor, made.remoteId, { name: "Theirs", encryption_passphrase: "their own secret" });

    expect(await client.done("Update", { modelSyncId: made.id, mode: "create" })).toMatchObject({ name: "Theirs" });

    expect(await syncAtVendor(vendor, made.remoteId)).toMatchObject({
      name: "Theirs",
      mode: "create",
      encryption_passphrase: "their own secret",
    });
  });

  test("of two changes of one version one is made, and the other is a conflict", async () => {
    const made = await makeFull("One version, two changes");
    const change = (input: Input) =>
      client.edit("Update", { modelSyncId: made.id, expectedUpdatedAt: made.updatedAt, ...input });

    const answers = await Promise.all([change({ name: "The one" }), change({ mode: "create" })]);

    expect(answers.flatMap(({ data }) => data?.userErrors ?? [])).toEqual([conflict]);
    const shown = answers.map(({ data }) => data?.modelSync?.updatedAt);
    expect(shown[0]).toBe(shown[1]);
    expect(shown[0]).toBe(time((await syncAtVendor(vendor, made.remoteId))["updated_at"]));
  });

  test.each([
    ["Update", { name: "Too late" }],
    ["SetActive", { active: false }],
  ] as const)("deleted meanwhile: modelSync%s does not find it, and the list forgets it", async (kind, input) => {
    const made = await makeFull(`Deleted before ${kind}`);
    await deleteAtVendor(vendor, made.remoteId);

    const { data, errors } = await client.edit(kind, { modelSyncId: made.id, ...input });

    expect(errors).toEqual([]);
    const message = `"Deleted before ${kind}" no longer exists at polytomic.`;
    expect(data).toMatchObject({
      modelSync: null,
      userErrors: [{ code: "NOT_FOUND", field: ["modelSyncId"], message }],
    });
    expect((await client.list()).map(({ id }) => id)).not.toContain(made.id);
  });
});
