// What linked accounts can be read from and written to: one call per read, the same read once, and never without bound.
import { parse, subscribe } from "graphql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ledgerCursor } from "../../src/graphql/cursors.ts";
import { ACCOUNT, PUSH, storedModelSync } from "../support/definition-changes.ts";
import { openGraphqlGateway, providerError, schema, valueAt, type GraphqlGateway } from "../support/graphql.ts";
import { ANSWERS, scriptedDiscovery, type DiscoveryCall } from "../support/schema-discovery.ts";
import { seedCatalog, seedRun } from "../support/seed-runs.ts";
import { at, linkedAccount } from "../support/store-values.ts";

let gateway: GraphqlGateway;
let calls: DiscoveryCall[];

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  await seedCatalog(gateway.store);
  calls = [];
  gateway.script.discovery = () => scriptedDiscovery(calls);
});

afterEach(async () => {
  await gateway.close();
});

const ofAccount = (fields: string, variables: object = {}, header = "$id: ID!") =>
  gateway.ask(`query (${header}) { linkedAccount(id: $id) { ${fields} } }`, { id: ACCOUNT, ...variables });

const SOURCE = "source { configuration choices { name hasItems items requiresOneOf } requiresOneOf }";
const SOURCE_FIELDS = "remoteId name label description type remoteType unique userAdded";
const MODES = "modes { mode label description requiresIdentity supportsFieldModes supportsTargetFilters }";
const DETAIL = `remoteId name properties refreshedAt ${MODES} fields {
  remoteId name description type sourceType required creatable updatable filterable encryptable association supportsIdentity identityFunctions
}`;
const PLAIN = ["source { requiresOneOf }", "sourceFields { name }", "models { name }", "targetObjects { canCreate }"];
const ALL = [
  ...PLAIN,
  'targetObject(object: "Contact") { name }',
  'targetCreationValues(property: "folder") { value }',
  "scheduleOptions { rawFrequency }",
];

describe("a linked account's descriptions", () => {
  it.each([
    [SOURCE, { source: ANSWERS.source }, ["source", "account-1", {}]],
    [`sourceFields { ${SOURCE_FIELDS} }`, { sourceFields: ANSWERS.sourceFields }, ["sourceFields", "account-1", {}]],
    [`models { remoteId name type fields { ${SOURCE_FIELDS} } }`, { models: ANSWERS.models }, ["models", "account-1"]],
    [
      `targetObjects { objects { remoteId name ${MODES} } canCreate creationProperties { remoteId title isEnum } }`,
      { targetObjects: ANSWERS.targetObjects },
      ["targetObjects", "account-1"],
    ],
    [
      `targetObject(object: "Contact", refresh: true) { ${DETAIL} }`,
      { targetObject: { ...ANSWERS.targetObject, refreshedAt: at(7).toISOString() } },
      ["targetObject", "account-1", "Contact", true],
    ],
    [
      'targetCreationValues(property: "folder") { value label }',
      { targetCreationValues: ANSWERS.creationValues },
      ["creationValues", "account-1", "folder"],
    ],
    [
      "scheduleOptions { frequency rawFrequency label description configuration }",
      { scheduleOptions: ANSWERS.scheduleOptions },
      ["scheduleOptions"],
    ],
  ])("%s are what one call to the vendor says", async (field, expected, call) => {
    const asked: unknown[] = [];
    gateway.script.discovery = (...given) => {
      asked.push(given);
      return scriptedDiscovery(calls);
    };
    const { data, errors } = await ofAccount(field);

    expect(errors).toEqual([]);
    expect(data).toEqual({ linkedAccount: expected });
    expect(calls).toEqual([call]);
    expect(asked).toEqual([["t1", "acme"]]);
  });

  it("do not have the target asked anew unless the caller says so", async () => {
    await ofAccount('one: targetObject(object: "A") { name } two: targetObject(object: "B", refresh: null) { name }');

    expect(calls).toEqual([
      ["targetObject", "account-1", "A", false],
      ["targetObject", "account-1", "B", false],
    ]);
  });

  it("are null without an error where the provider does not tell", async () => {
    gateway.script.discovery = () => null;
    const { data, errors } = await ofAccount(`name ${ALL.join(" ")}`);

    expect(errors).toEqual([]);
    expect(data).toEqual({
      linkedAccount: {
        name: "Account account-1",
        source: null,
        sourceFields: null,
        models: null,
        targetObjects: null,
        targetObject: null,
        targetCreationValues: null,
        scheduleOptions: null,
      },
    });
  });

  it("that fail cost an error at their place, and leave the others", async () => {
    gateway.script.discovery = () => scriptedDiscovery(calls, { models: () => Promise.reject(providerError("acme")) });
    const { data, errors } = await ofAccount("name models { name } targetObjects { canCreate }");

    expect(data).toEqual({
      linkedAccount: { name: "Account account-1", models: null, targetObjects: { canCreate: true } },
    });
    expect(errors).toMatchObject([
      {
        path: ["linkedAccount", "models"],
        extensions: { code: "PROVIDER_RATE_LIMITED", provider: "acme", retryAfterMs: 1_500 },
      },
    ]);
    expect(gateway.defects).toEqual([]);
  });
});

describe("choices made so far", () => {
  const withParameters = (field: string, parameters: unknown) =>
    ofAccount(`${field}(parameters: $parameters) { __typename }`, { parameters }, "$id: ID!, $parameters: JSONObject");

  it.each([
    ["source", { table: ["public.users"], schema: ["a", "b"] }, { table: ["public.users"], schema: ["a", "b"] }],
    ["sourceFields", { table: "public.users" }, { table: ["public.users"] }],
    ["source", { table: [] }, { table: [] }],
    ["source", {}, {}],
    ["sourceFields", null, {}],
  ])("reach %s: %j", async (field, parameters, asked) => {
    const { errors } = await withParameters(field, parameters);

    expect(errors).toEqual([]);
    expect(calls).toEqual([[field, "account-1", asked]]);
  });

  it.each([
    ["source", { table: 7 }, "a number"],
    ["sourceFields", { table: true }, "a boolean"],
    ["source", { table: null }, "null"],
    ["source", { schema: ["a"], table: { name: "users" } }, "an object"],
    ["sourceFields", { table: ["users", 7] }, "a list with something else in it"],
  ])("are refused by %s when they are %j", async (field, parameters, got) => {
    const { data, errors } = await withParameters(field, parameters);

    expect(data).toEqual({ linkedAccount: { [field]: null } });
    expect(errors).toEqual([
      {
        message: `parameters.table: expected a text or a list of texts, and got ${got}.`,
        path: ["linkedAccount", field],
        locations: expect.any(Array),
        extensions: { code: "BAD_USER_INPUT" },
      },
    ]);
    expect(calls).toEqual([]);
  });
});

describe("one operation", () => {
  const objects = (count: number) =>
    Array.from({ length: count }, (_, index) => `n${index}: targetObject(object: "${index}") { name }`).join(" ");
  const TOO_MANY = /at most 10 descriptions .* one more/;

  it("may ask vendors ten times, and the eleventh field fails", async () => {
    const { data, errors } = await ofAccount(`name ${objects(11)}`);

    expect(calls).toHaveLength(10);
    expect(valueAt(data, "linkedAccount.n9")).toEqual({ name: "Contact" });
    expect(valueAt(data, "linkedAccount.n10")).toBeNull();
    expect(errors).toMatchObject([
      {
        message: expect.stringMatching(TOO_MANY),
        path: ["linkedAccount", "n10"],
        extensions: { code: "BAD_USER_INPUT" },
      },
    ]);
  });

  it("counts the calls over all linked accounts of a list", async () => {
    const accounts = Array.from({ length: 12 }, (_, index) => linkedAccount(`more-${index}`));
    await gateway.store.catalog.putLinkedAccounts("t1", "acme", accounts, at(0));

    const { errors } = await gateway.ask("{ linkedAccounts { nodes { id models { name } } } }");

    expect(calls).toHaveLength(10);
    expect(errors).toHaveLength(4);
    for (const { message } of errors) expect(message).toMatch(TOO_MANY);
  });

  it("asks the same once, wherever it is asked for", async () => {
    const twice = ALL.map((field, index) => `a${index}: ${field} b${index}: ${field}`).join(" ");
    const { errors } = await ofAccount(`${twice} ${ALL.join(" ")}`);

    expect(errors).toEqual([]);
    expect(calls.map(([name]) => name).toSorted()).toEqual(Object.keys(ANSWERS).toSorted());
  });

  it("asks for the schedules on offer once for all linked accounts of a provider", async () => {
    const { errors } = await gateway.ask("{ linkedAccounts { nodes { scheduleOptions { rawFrequency } } } }");

    expect(errors).toEqual([]);
    expect(calls).toEqual([["scheduleOptions"]]);
  });

  it("tells accounts, arguments and providers apart", async () => {
    await seedCatalog(gateway.store, 1, "globex");
    const { errors } = await gateway.ask("{ linkedAccounts { nodes { models { name } } } }");

    expect(errors).toEqual([]);
    expect(calls).toHaveLength(4);
  });

  it("has a budget of its own: the next one may ask again", async () => {
    await ofAccount(objects(10));
    const { errors } = await ofAccount(objects(10));

    expect(errors).toEqual([]);
    expect(calls).toHaveLength(20);
  });

  it("does not keep a failure for whoever asks later", async () => {
    const { liveReads } = gateway.context();
    const account = { providerKey: "acme", remoteId: "account-1" };
    gateway.script.discovery = () => scriptedDiscovery(calls, { models: () => Promise.reject(providerError("acme")) });
    await expect(liveReads.models(account)).rejects.toThrow("too many requests");

    gateway.script.discovery = () => scriptedDiscovery(calls);
    await expect(liveReads.models(account)).resolves.toEqual(ANSWERS.models);
  });

  it("counts nothing where no vendor is asked", async () => {
    gateway.script.discovery = () => null;
    expect((await ofAccount(objects(15))).errors).toEqual([]);
  });

  it("reads anew after a change it made, and still counts", async () => {
    await gateway.store.catalog.putLinkedAccounts("t1", "acme", [linkedAccount("account-2")], at(0));
    const stored = await storedModelSync(gateway);
    gateway.script.setModelSyncActive = () => Promise.resolve({ definition: stored, problems: [] });
    const change = (name: string) =>
      `${name}: modelSyncSetActive(input: { modelSyncId: "${PUSH}", active: true }) { modelSync { linkedAccount { models { name } } } }`;
    const names = Array.from({ length: 11 }, (_, index) => `change${index}`);

    const { errors } = await gateway.ask(`mutation { ${names.map(change).join(" ")} }`);

    expect(calls).toHaveLength(10);
    expect(errors).toMatchObject([{ path: ["change10", "modelSync", "linkedAccount", "models"] }]);
  });
});

describe("a subscription", () => {
  it("may ask anew with each event", async () => {
    await seedRun(gateway.store, "run-1");
    await seedRun(gateway.store, "run-2");
    const fields = Array.from({ length: 10 }, (_, index) => `n${index}: targetObject(object: "${index}") { name }`);
    const document = parse(
      `subscription { syncStatusChanged(after: "${ledgerCursor("t1", 0)}") { sync { linkedAccount { ${fields.join(" ")} } } } }`,
    );
    const stream = await subscribe({ schema, document, contextValue: gateway.context() });
    if (!(Symbol.asyncIterator in stream)) throw new Error(`no stream: ${JSON.stringify(stream)}`);
    try {
      for (const asked of [10, 20]) {
        const { value } = await stream.next();
        expect(value).toMatchObject({
          data: { syncStatusChanged: { sync: { linkedAccount: { n9: { name: "Contact" } } } } },
        });
        expect(value).not.toHaveProperty("errors");
        expect(calls).toHaveLength(asked);
      }
    } finally {
      await stream.return(undefined);
    }
  });
});
