// What a caller can get wrong about model syncs: each mistake has its code, its field and a sentence that helps, and nothing is changed.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import {
  accountOf,
  definitionNamed,
  listAccounts,
  listDefinitions,
  type KnownDefinition,
} from "../support/gateway-operations.ts";
import { meddleWith, type Meddler } from "../support/meddler.ts";
import { modelSyncClient, type Input, type ModelSyncClient } from "../support/model-sync-client.ts";
import { smallInput, syncAtVendor } from "../support/polytomic-syncs.ts";
import { entryOf, startVendor, type VendorServer } from "../support/vendors.ts";

let vendor: VendorServer;
let other: VendorServer;
let meddler: Meddler;
let gateway: TestGateway;
let client: ModelSyncClient;
let definitions: readonly KnownDefinition[];
let account: string;
let foreignAccount: string;

beforeAll(async () => {
  vendor = await startVendor("polytomic", 1);
  other = await startVendor("rootfi", 1);
  meddler = await meddleWith(vendor);
  gateway = await startTestGateway({ providers: [meddler.entry, entryOf(other)] });
  client = modelSyncClient(gateway.url);
  definitions = await listDefinitions(gateway.url);
  account = (await accountOf(gateway.url, "polytomic", "salesforce")).id;
  foreignAccount = (await listAccounts(gateway.url, "rootfi"))[0]?.id ?? "";
});

afterAll(async () => {
  await gateway.close();
  await meddler.close();
  for (const one of [vendor, other]) await one.stop();
});

const globalId = (kind: string): string => Buffer.from(`${kind}:${randomUUID()}`).toString("base64url");
const audience = (): KnownDefinition => definitionNamed(definitions, "polytomic", "Audience snapshot to spreadsheet");
const xero = (): string => definitionNamed(definitions, "rootfi", "Harbour Lane Coffee Roasters / XERO").id;
const contact = (more: Input = {}): Input => ({ target: { linkedAccountId: account, object: "Contact", ...more } });
const schedule = (more: Input): Input => ({ schedule: { frequency: "MANUAL", ...more } });
const MODEL = "c1d2e3f4-a5b6-4c7d-8e9f-0a1b2c3d4e5f";
const email = { modelId: MODEL, field: "email" };

interface Mistake {
  readonly name: string;
  readonly input: () => Input;
  readonly code?: string;
  readonly field: readonly string[] | null;
  /** What the sentence names as a way out. */
  readonly says: RegExp;
}

/** Wrong in a new model sync and in a change alike. */
const MISTAKES: readonly Mistake[] = [
  { name: "a blank name", input: () => ({ name: "  " }), field: ["name"], says: /name to be given/ },
  { name: "a mode of nobody's", input: () => ({ mode: "enrich" }), field: ["mode"], says: /one of create, update/ },
  { name: "no object", input: () => contact({ object: null }), field: ["target"], says: /either object or create/ },
  {
    name: "two objects",
    input: () => contact({ create: { name: "x" } }),
    field: ["target"],
    says: /either .* got both/,
  },
  {
    name: "a property that is no text",
    input: () => contact({ object: null, create: { folder: 5 } }),
    field: ["target", "create", "folder"],
    says: /to be a text/,
  },
  {
    name: "an account of nobody",
    input: () => contact({ linkedAccountId: globalId("LinkedAccount") }),
    code: "NOT_FOUND",
    field: ["target", "linkedAccountId"],
    says: /List them to find/,
  },
  {
    name: "an account that is no id",
    input: () => contact({ linkedAccountId: "salesforce" }),
    field: ["target", "linkedAccountId"],
    says: /as a field `id`/,
  },
  {
    name: "an account that is a definition",
    input: () => contact({ linkedAccountId: audience().id }),
    field: ["target", "linkedAccountId"],
    says: /LinkedAccount/,
  },
  {
    name: "a mapping to nowhere",
    input: () => ({ fields: [{ source: email, target: "" }] }),
    field: ["fields", "0", "target"],
    says: /to be given/,
  },
  {
    name: "a mapping from half a field",
    input: () => ({ fields: [{ source: { field: "email" }, target: "Email" }] }),
    field: ["fields", "0", "source", "modelId"],
    says: /to be given/,
  },
  {
    name: "a filter with an unknown comparison",
    input: () => ({ filters: [{ function: "Equals", field: email, value: 1 }] }),
    field: ["filters", "0", "function"],
    says: /one of Equality/,
  },
  {
    name: "a filter of an unknown type",
    input: () => ({ filters: [{ function: "Equality", field: email, fieldType: "Source", value: 1 }] }),
    field: ["filters", "0", "fieldType"],
    says: /Model, Target/,
  },
  {
    name: "a filter on nothing",
    input: () => ({ filters: [{ function: "Equality", value: 1 }] }),
    field: ["filters", "0"],
    says: /a field or a fieldId/,
  },
  {
    name: "logic about a filter that is not there",
    input: () => ({ filters: [{ function: "IsNull", field: email, label: "A" }], filterLogic: "A and C" }),
    field: ["filterLogic"],
    says: /labels of filters, got "C"/,
  },
  {
    name: "an override with an unknown comparison",
    input: () => ({ overrides: [{ function: "Is", field: email, value: 1, override: 2 }] }),
    field: ["overrides", "0", "function"],
    says: /one of Equality/,
  },
  {
    name: "an identity from nowhere",
    input: () => ({ identity: { function: "Equality", target: "Email" } }),
    field: ["identity", "source"],
    says: /to be given/,
  },
  {
    name: "a schedule that the vendor has not",
    input: () => schedule({ frequency: "MONTHLY" }),
    field: ["schedule", "frequency"],
    says: /one of .*DAILY/,
  },
  {
    name: "a vendor's word for another schedule",
    input: () => schedule({ frequency: "DAILY", rawFrequency: "weekly" }),
    field: ["schedule", "rawFrequency"],
    says: /to be daily/,
  },
  {
    name: "an interval",
    input: () => schedule({ frequency: "HOURLY", interval: 2 }),
    field: ["schedule", "interval"],
    says: /leave interval out/,
  },
  {
    name: "a cron expression in one",
    input: () => schedule({ frequency: "CRON", cronExpression: "0 5 * * *" }),
    field: ["schedule", "cronExpression"],
    says: /give minute, hour/,
  },
  {
    name: "after nothing",
    input: () => schedule({ frequency: "AFTER_RUN" }),
    field: ["schedule", "runAfterDefinitionIds"],
    says: /at least one sync/,
  },
  {
    name: "after a definition of nobody",
    input: () => schedule({ frequency: "AFTER_RUN", runAfterDefinitionIds: [globalId("ModelSync")] }),
    code: "NOT_FOUND",
    field: ["schedule", "runAfterDefinitionIds"],
    says: /sync definition of polytomic/,
  },
  {
    name: "after another vendor's definition",
    input: () => schedule({ frequency: "AFTER_RUN", runAfterDefinitionIds: [xero()] }),
    code: "NOT_FOUND",
    field: ["schedule", "runAfterDefinitionIds"],
    says: /sync definition of polytomic/,
  },
  {
    name: "after what is no id",
    input: () => schedule({ frequency: "AFTER_RUN", runAfterDefinitionIds: [MODEL] }),
    field: ["schedule", "runAfterDefinitionIds"],
    says: /as a field `id`/,
  },
  {
    name: "after a job of no connection",
    input: () => schedule({ frequency: "EXTERNAL", externalJobId: "7" }),
    field: ["schedule", "externalConnectionId"],
    says: /dbt Cloud connection/,
  },
  {
    name: "an empty passphrase",
    input: () => ({ encryptionPassphrase: "" }),
    field: ["encryptionPassphrase"],
    says: /or null for none/,
  },
];

const ONLY_NEW: readonly Mistake[] = [
  {
    name: "an account of a vendor that makes no model syncs",
    input: () => contact({ linkedAccountId: foreignAccount }),
    code: "CAPABILITY_NOT_SUPPORTED",
    field: ["target", "linkedAccountId"],
    says: /cannot create model syncs/,
  },
  {
    name: "an empty key",
    input: () => ({ idempotencyKey: "" }),
    field: ["idempotencyKey"],
    says: /1 to 255 characters/,
  },
  {
    name: "a long key",
    input: () => ({ idempotencyKey: "k".repeat(256) }),
    field: ["idempotencyKey"],
    says: /1 to 255/,
  },
];

const ONLY_CHANGES: readonly Mistake[] = [
  { name: "nothing", input: () => ({}), field: null, says: /Name what shall be different/ },
  ...["name", "mode", "target", "fields", "schedule", "active", "onlyEnrichUpdates", "syncAllRecords"].map((name) => ({
    name: `${name}: null`,
    input: () => ({ [name]: null }),
    field: [name],
    says: /Leave it out to keep it/,
  })),
  {
    name: "an account of another vendor",
    input: () => contact({ linkedAccountId: foreignAccount }),
    code: "NOT_FOUND",
    field: ["target", "linkedAccountId"],
    says: /linked account of polytomic/,
  },
  {
    name: "a model sync of nobody",
    input: () => ({ modelSyncId: globalId("ModelSync"), name: "x" }),
    code: "NOT_FOUND",
    field: ["modelSyncId"],
    says: /List them to find/,
  },
  { name: "a sync job", input: () => ({ modelSyncId: xero(), name: "x" }), field: ["modelSyncId"], says: /ModelSync/ },
  {
    name: "the vendor's own id",
    input: () => ({ modelSyncId: audience().remoteId, name: "x" }),
    field: ["modelSyncId"],
    says: /as a field `id`/,
  },
];

async function expectRefusal(change: "Create" | "Update", mistake: Mistake, base: Input): Promise<void> {
  const before = meddler.writes().length;
  const { data, errors } = await client.edit(change, { ...base, ...mistake.input() });
  expect(errors).toEqual([]);
  const { code = "BAD_USER_INPUT", field, says } = mistake;
  expect(data?.userErrors).toEqual([{ code, field, message: expect.stringMatching(says) }]);
  expect(meddler.writes()).toHaveLength(before);
}

describe("modelSyncCreate refuses", () => {
  test.each([...MISTAKES, ...ONLY_NEW])("$name", async (mistake) => {
    await expectRefusal("Create", mistake, smallInput("Never made", account));
  });

  test("all mistakes at once, each in its place", async () => {
    const wrong = { name: "", mode: "enrich", ...schedule({ frequency: "DAILY", interval: 1 }) };
    const { data } = await client.edit("Create", { ...smallInput("Never made", account), ...wrong });
    expect(data?.modelSync).toBeNull();
    expect(data?.userErrors.map(({ field }) => field)).toEqual([["name"], ["mode"], ["schedule", "interval"]]);
  });
});

describe("modelSyncUpdate refuses, and shows what stands there,", () => {
  test.each([...MISTAKES, ...ONLY_CHANGES])("$name", async (mistake) => {
    const before = await syncAtVendor(vendor, audience().remoteId);
    await expectRefusal("Update", mistake, { modelSyncId: audience().id });
    expect(await syncAtVendor(vendor, audience().remoteId)).toEqual(before);
  });
});

describe("what only the vendor can refuse", () => {
  test.each([
    ["a target that is none", async () => (await accountOf(gateway.url, "polytomic", "postgresql")).id, email],
    ["a model that is no model", () => Promise.resolve(account), { modelId: "users", field: "email" }],
  ])("%s is an error with the vendor's words, and nothing is made", async (_name, linkedAccountId, source) => {
    const target = { linkedAccountId: await linkedAccountId(), object: "Contact" };
    const fields = [{ source, target: "Email" }];
    const { data, errors } = await client.edit("Create", { ...smallInput("Never made", account), target, fields });
    expect(data).toBeNull();
    expect(errors).toMatchObject([
      {
        path: ["modelSyncCreate"],
        extensions: { code: "PROVIDER_REJECTED", provider: "polytomic", retryable: false, httpStatus: 422 },
        message: expect.stringMatching(/connection_id|model_id/),
      },
    ]);
    expect((await client.list()).map(({ name }) => name)).not.toContain("Never made");
  });
});
