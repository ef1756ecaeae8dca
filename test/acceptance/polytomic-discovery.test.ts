// What Polytomic's connections can be read from and written to, as `LinkedAccount` tells it: the vendor's own answers, asked at that moment.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { listAccounts, type KnownAccount } from "../support/gateway-operations.ts";
import { meddleWith, type Meddler } from "../support/meddler.ts";
import { modelSyncClient, type Input, type ModelSyncClient } from "../support/model-sync-client.ts";
import { listOf, objectOf, type Json } from "../support/openapi-examples.ts";
import { orNull, time, vendorSays } from "../support/vendor-truth.ts";
import { entryOf, startVendor, type VendorServer } from "../support/vendors.ts";

let vendor: VendorServer;
let other: VendorServer;
let meddler: Meddler;
let gateway: TestGateway;
let client: ModelSyncClient;
let accounts: readonly KnownAccount[];

beforeAll(async () => {
  vendor = await startVendor("polytomic");
  other = await startVendor("stuut");
  meddler = await meddleWith(vendor);
  gateway = await startTestGateway({ providers: [meddler.entry, entryOf(other)] });
  client = modelSyncClient(gateway.url);
  accounts = await listAccounts(gateway.url, "polytomic");
});

afterAll(async () => {
  await gateway.close();
  await meddler.close();
  for (const one of [vendor, other]) await one.stop();
});

function account(integration: string): KnownAccount {
  const found = accounts.find((one) => one.integration === integration);
  if (found === undefined) throw new Error(`no connection of ${integration}`);
  return found;
}

/** The fields of one linked account, and the errors beside them. */
async function read(id: string, fields: string, variables: Input = {}, declared = "") {
  const { data, errors } = await client.send(`query ($id: ID!${declared}) { linkedAccount(id: $id) { ${fields} } }`, {
    id,
    ...variables,
  });
  return { account: objectOf(data["linkedAccount"]), errors };
}

const dataOf = async (path: string): Promise<unknown> => objectOf(await vendorSays(vendor, path))["data"];
const place = ({ remoteId }: KnownAccount, rest: string): string => `/api/connections/${remoteId}/modelsync/${rest}`;

const sourceField = (truth: Json) => ({
  remoteId: truth["id"],
  name: truth["name"],
  label: truth["label"],
  type: truth["type"],
  remoteType: truth["remote_type"],
  unique: truth["unique"],
  userAdded: truth["user_added"],
});
const SOURCE_FIELD = "remoteId name label type remoteType unique userAdded";

describe("what a connection can be read from", () => {
  test("source: its choices, and which of them must be made", async () => {
    const { account: seen, errors } = await read(
      account("snowflake").id,
      "source { configuration requiresOneOf choices { name hasItems items requiresOneOf } }",
    );
    expect(errors).toEqual([]);
    const truth = objectOf(await dataOf(place(account("snowflake"), "source")));
    const table = objectOf(objectOf(truth["items"])["table"]);
    expect(seen["source"]).toEqual({
      configuration: truth["configuration"],
      requiresOneOf: truth["requires_one_of"],
      choices: [{ name: "table", hasItems: true, items: table["items"], requiresOneOf: table["requires_one_of"] }],
    });
  });

  test.each([
    ["without parameters all of its fields", {}, ""],
    ["the fields of the table that a text chooses", { table: "ANALYTICS.USERS" }, "?params[table]=ANALYTICS.USERS"],
    ["the fields of the table that a list chooses", { table: ["ANALYTICS.ORDERS"] }, "?params[table]=ANALYTICS.ORDERS"],
  ])("sourceFields: %s", async (_name, parameters, query) => {
    const { account: seen, errors } = await read(
      account("snowflake").id,
      `sourceFields(parameters: $parameters) { ${SOURCE_FIELD} }`,
      { parameters },
      ", $parameters: JSONObject",
    );
    expect(errors).toEqual([]);
    const truth = listOf(await dataOf(`${place(account("snowflake"), "source/fields")}${query}`));
    expect(seen["sourceFields"]).toEqual(truth.map(sourceField));
    expect(truth.length).toBeGreaterThan(3);
  });

  test("models: those that read from this connection, with their fields", async () => {
    const { account: seen } = await read(
      account("postgresql").id,
      `models { remoteId name type fields { ${SOURCE_FIELD} } }`,
    );
    const truth = listOf(await dataOf("/api/models")).filter(
      (model) => model["connection_id"] === account("postgresql").remoteId,
    );
    expect(truth.length).toBeGreaterThan(1);
    expect(seen["models"]).toEqual(
      truth.map(({ id, name, type, fields }) => ({
        remoteId: id,
        name,
        type,
        fields: listOf(fields).map(sourceField),
      })),
    );
  });
});

describe("what a connection can be written to", () => {
  test("targetObjects: the objects with their modes, and what it takes to create one", async () => {
    const { account: seen } = await read(
      account("gsheets").id,
      "targetObjects { canCreate creationProperties { remoteId title isEnum } objects { remoteId name modes { mode requiresIdentity supportsFieldModes } } }",
    );
    const truth = objectOf(await vendorSays(vendor, place(account("gsheets"), "targetobjects")));
    expect(seen["targetObjects"]).toEqual({
      canCreate: true,
      creationProperties: listOf(objectOf(truth["target_creation"])["properties"]).map((property) => ({
        remoteId: property["id"],
        title: property["title"],
        isEnum: property["enum"],
      })),
      objects: listOf(truth["data"]).map(({ id, name, modes }) => ({
        remoteId: id,
        name,
        modes: listOf(modes).map((mode) => ({
          mode: mode["id"],
          requiresIdentity: mode["requires_identity"],
          supportsFieldModes: mode["supports_per_field_mode"],
        })),
      })),
    });
  });

  test("targetObject: one object with its fields; refreshed only when that is asked for", async () => {
    const detail = `remoteId name properties refreshedAt modes { mode label requiresIdentity supportsFieldModes }
      fields { remoteId name type sourceType required creatable updatable filterable encryptable association supportsIdentity identityFunctions }`;
    const { account: seen, errors } = await read(
      account("salesforce").id,
      `known: targetObject(object: "Contact") { ${detail} } fresh: targetObject(object: "Contact", refresh: true) { refreshedAt }`,
    );
    expect(errors).toEqual([]);
    const truth = objectOf(await dataOf(place(account("salesforce"), "target/fields?target=Contact")));
    const known = objectOf(seen["known"]);
    expect(known).toMatchObject({
      remoteId: truth["id"],
      name: truth["name"],
      properties: truth["properties"],
      fields: listOf(truth["fields"]).map((field) => ({
        remoteId: field["id"],
        name: field["name"],
        type: field["type"],
        sourceType: field["source_type"],
        required: field["required"],
        creatable: field["createable"],
        updatable: field["updateable"],
        filterable: field["filterable"],
        encryptable: field["encryptable"],
        association: field["association"],
        supportsIdentity: field["supports_identity"],
        identityFunctions: listOf(field["identity_functions"]).map(({ id }) => id),
      })),
      modes: listOf(truth["modes"]).map((mode) => ({
        mode: mode["mode"],
        label: mode["label"],
        requiresIdentity: mode["requires_identity"],
        supportsFieldModes: orNull(mode["supports_field_sync_mode"]),
      })),
    });
    const dayMs = 86_400_000;
    const refreshedAt = (value: unknown) => Date.parse(time(value) ?? "");
    expect(refreshedAt(objectOf(seen["fresh"])["refreshedAt"]) - refreshedAt(known["refreshedAt"])).toBeGreaterThan(
      dayMs / 2,
    );
  });

  test("targetCreationValues and scheduleOptions: what may be chosen", async () => {
    const { account: seen, errors } = await read(
      account("gsheets").id,
      `targetCreationValues(property: "folder") { value label }
       scheduleOptions { frequency rawFrequency label description configuration }`,
    );
    expect(errors).toEqual([]);
    expect(seen["targetCreationValues"]).toEqual(
      objectOf(await dataOf(place(account("gsheets"), "targetobjects/properties/folder")))["values"],
    );
    const truth = listOf(objectOf(await dataOf("/api/syncs/schedules"))["schedule_options"]);
    const options = listOf(seen["scheduleOptions"]);
    expect(options.map(({ frequency: _, rawFrequency, ...rest }) => ({ frequency: rawFrequency, ...rest }))).toEqual(
      truth,
    );
    const frequencies = ["MANUAL", "CONTINUOUS", "HOURLY", "DAILY", "WEEKLY", "AFTER_RUN", "EXTERNAL"];
    expect(options.map(({ frequency }) => frequency)).toEqual(frequencies);
  });

  test("what it tells is what a model sync takes: one made of nothing else is accepted", async () => {
    const sheets = account("gsheets");
    const { account: seen } = await read(
      account("snowflake").id,
      "models { remoteId fields { name } } scheduleOptions { frequency rawFrequency }",
    );
    const { account: told } = await read(
      sheets.id,
      'targetObjects { objects { remoteId modes { mode requiresIdentity } } } targetObject(object: "Leads") { fields { remoteId } }',
    );
    const [model] = listOf(seen["models"]);
    const object =
      listOf(objectOf(told["targetObjects"])["objects"]).find(({ remoteId }) => remoteId === "Leads") ?? {};
    const mode = listOf(object["modes"]).find(({ requiresIdentity }) => requiresIdentity === false)?.["mode"];
    const [option] = listOf(seen["scheduleOptions"]);
    await client.done("Create", {
      name: "Made of what was told",
      mode,
      target: { linkedAccountId: sheets.id, object: object["remoteId"] },
      fields: [
        {
          source: { modelId: model?.["remoteId"], field: listOf(model?.["fields"])[0]?.["name"] },
          target: listOf(objectOf(told["targetObject"])["fields"])[0]?.["remoteId"],
        },
      ],
      schedule: { frequency: option?.["frequency"], rawFrequency: option?.["rawFrequency"] },
    });
  });
});

describe("what cannot be told", () => {
  interface Refusal {
    readonly name: string;
    readonly integration: string;
    readonly field: string;
    readonly code: string;
  }
  const REFUSALS: readonly Refusal[] = [
    {
      name: "a source of a destination",
      integration: "zendesk_support",
      field: "source { requiresOneOf }",
      code: "PROVIDER_REJECTED",
    },
    {
      name: "a table that is not there",
      integration: "snowflake",
      field: 'source(parameters: { table: "none" }) { requiresOneOf }',
      code: "PROVIDER_REJECTED",
    },
    {
      name: "an object that is not there",
      integration: "salesforce",
      field: 'targetObject(object: "none") { name }',
      code: "PROVIDER_NOT_FOUND",
    },
    {
      name: "values of a target that cannot be created",
      integration: "hubspot",
      field: 'targetCreationValues(property: "folder") { value }',
      code: "PROVIDER_NOT_FOUND",
    },
    {
      name: "a choice that is no text",
      integration: "snowflake",
      field: "sourceFields(parameters: { table: 5 }) { name }",
      code: "BAD_USER_INPUT",
    },
  ];

  test.each(REFUSALS)("$name is an error in its place, beside what can be", async ({ integration, field, code }) => {
    const { account: seen, errors } = await read(account(integration).id, `name ${field}`);
    const name = /^\w+/u.exec(field)?.[0] ?? "";
    expect(errors).toMatchObject([{ path: ["linkedAccount", name], extensions: { code } }]);
    expect(errors[0]?.message.length).toBeGreaterThan(20);
    expect(seen).toEqual({ name: account(integration).name, [name]: null });
  });

  test("at a provider without these descriptions they are null, without an error", async () => {
    const [stuut] = await listAccounts(gateway.url, "stuut");
    const fields = "source { requiresOneOf } models { name } targetObjects { canCreate } scheduleOptions { label }";
    const nothing = { source: null, models: null, targetObjects: null, scheduleOptions: null };
    expect(await read(stuut?.id ?? "", fields)).toEqual({ account: nothing, errors: [] });
  });
});

describe("an operation asks the vendor at most ten times", () => {
  const asked = (): number => meddler.requests.filter(({ path }) => path.includes("/modelsync/")).length;
  const twelve = (field: (index: number) => string): string =>
    Array.from({ length: 12 }, (_, index) => `f${index}: ${field(index)}`).join(" ");

  test("of twelve different questions ten are answered, and two are errors in their places", async () => {
    const before = asked();
    const { account: seen, errors } = await read(
      account("snowflake").id,
      twelve((index) => `sourceFields(parameters: { table: ["ANALYTICS.USERS", "${index}"] }) { name }`),
    );
    const missing = Object.entries(seen).flatMap(([name, value]) => (value === null ? [name] : []));
    expect(missing).toHaveLength(2);
    expect(errors).toMatchObject(
      missing.map((name) => ({ path: ["linkedAccount", name], extensions: { code: "BAD_USER_INPUT" } })),
    );
    expect(errors[0]?.message).toContain("at most 10");
    expect(asked() - before).toBe(10);
  });

  test("the same question twelve times is asked once", async () => {
    const before = asked();
    const { errors } = await read(
      account("salesforce").id,
      twelve(() => "targetObjects { canCreate }"),
    );
    expect(errors).toEqual([]);
    expect(asked() - before).toBe(1);
  });
});
