// Filters: what each field lets through, alone and with others, and what is answered to a name nobody knows.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildSchema, isInputObjectType } from "graphql";
import { readFileSync } from "node:fs";
import { LinkedAccountStatus } from "../../src/domain/definition.ts";
import { ErrorCode } from "../../src/domain/errors.ts";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { listAt, openGraphqlGateway, valueAt, type GraphqlGateway } from "../support/graphql.ts";
import { idOf, seedRun } from "../support/seed-runs.ts";
import { at, linkedAccount, modelSync, syncJob } from "../support/store-values.ts";

let gateway: GraphqlGateway;

beforeAll(async () => {
  gateway = await openGraphqlGateway();
  const { catalog } = gateway.store;
  const disabled = { status: LinkedAccountStatus.Disabled, integration: "slack", customerId: "customer-2" };
  await catalog.putLinkedAccounts(
    "t1",
    "acme",
    [linkedAccount("a", { name: "a" }), linkedAccount("b", { name: "b", ...disabled })],
    at(0),
  );
  await catalog.putLinkedAccounts("t1", "globex", [linkedAccount("g", { name: "g" })], at(0));
  const off = { active: false, integration: "slack", linkedAccountRemoteId: "b" };
  await catalog.putDefinitions(
    "t1",
    "acme",
    [syncJob("j1", { name: "j1", linkedAccountRemoteId: "a" }), syncJob("j2", { name: "j2", ...off })],
    at(0),
  );
  await catalog.putDefinitions("t1", "acme-eu", [syncJob("j3", { name: "j3", linkedAccountRemoteId: null })], at(0));
  await catalog.putDefinitions(
    "t1",
    "globex",
    [modelSync("m1", { name: "m1", active: true, linkedAccountRemoteId: "g" })],
    at(0),
  );
  await catalog.putDefinitions("t1", "acme", [modelSync("m2", { name: "m2", linkedAccountRemoteId: "a" })], at(0));
  const run = (name: string, job: string, account: string, seconds: number) => ({
    given: {
      definitionRemoteId: job,
      linkedAccountRemoteId: account,
      facts: { createdAt: at(seconds * 1_000), models: [name], origin: "MANUAL" as const },
    },
  });
  await seedRun(gateway.store, "r1", run("tickets", "j1", "a", 1).given);
  await seedRun(gateway.store, "r2", {
    ...run("users", "j2", "b", 2).given,
    status: "SUCCESS",
    outcome: "PARTIAL",
    rawStatus: "done",
  });
  await seedRun(
    gateway.store,
    "r3",
    { ...run("users", "m1", "g", 3).given, status: "FAILED", outcome: "CANCELLED" },
    { providerKey: "globex" },
  );
  await seedRun(gateway.store, "r4", {
    ...run("teams", "j1", "a", 4).given,
    status: "CREATED",
    facts: { createdAt: at(4_000), origin: "SCHEDULED", models: ["teams", "users"] },
  });
});

afterAll(async () => {
  await gateway.close();
});

const account = (remoteId: string, provider = "acme") =>
  globalIdOf(NodeKind.LinkedAccount, idOf("linkedAccount", remoteId, provider));
const job = (remoteId: string, provider = "acme") =>
  globalIdOf(NodeKind.SyncJob, idOf("definition", remoteId, provider));
const pushed = (remoteId: string, provider = "acme") =>
  globalIdOf(NodeKind.ModelSync, idOf("definition", remoteId, provider));
const sync = (remoteId: string, provider = "acme") => globalIdOf(NodeKind.Sync, idOf("sync", remoteId, provider));

type Row = readonly [field: string, filter: Readonly<Record<string, unknown>>, expected: readonly string[]];

const TABLES: Readonly<Record<string, { readonly type: string; readonly key: string; readonly rows: readonly Row[] }>> =
  {
    linkedAccounts: {
      type: "LinkedAccountFilter",
      key: "name",
      rows: [
        ["nothing", {}, ["a", "b", "g"]],
        ["providers", { providers: ["globex"] }, ["g"]],
        ["providers", { providers: ["acme", "globex"] }, ["a", "b", "g"]],
        ["providers", { providers: [] }, []],
        ["kinds", { kinds: ["acme"] }, ["a", "b"]],
        ["kinds", { kinds: ["unknown"] }, []],
        ["linkedAccounts", { linkedAccounts: [account("b"), account("g", "globex")] }, ["b", "g"]],
        ["statuses", { statuses: ["DISABLED"] }, ["b"]],
        ["integrations", { integrations: ["zendesk"] }, ["a", "g"]],
        ["customerIds", { customerIds: ["customer-2", "nobody"] }, ["b"]],
        ["two fields", { providers: ["acme"], statuses: ["HEALTHY"] }, ["a"]],
      ],
    },
    syncJobs: {
      type: "SyncJobFilter",
      key: "name",
      rows: [
        ["nothing", {}, ["j1", "j2", "j3"]],
        ["providers", { providers: ["acme-eu"] }, ["j3"]],
        ["kinds", { kinds: ["acme"] }, ["j1", "j2", "j3"]],
        ["kinds", { kinds: ["acme"], providers: ["acme-eu"] }, ["j3"]],
        ["syncJobs", { syncJobs: [job("j2"), job("j3", "acme-eu")] }, ["j2", "j3"]],
        ["linkedAccounts", { linkedAccounts: [account("a")] }, ["j1"]],
        ["integrations", { integrations: ["slack"] }, ["j2"]],
        ["active", { active: true }, ["j1", "j3"]],
        ["active", { active: false }, ["j2"]],
        ["null", { active: null, providers: null }, ["j1", "j2", "j3"]],
      ],
    },
    modelSyncs: {
      type: "ModelSyncFilter",
      key: "name",
      rows: [
        ["nothing", {}, ["m1", "m2"]],
        ["providers", { providers: ["globex"] }, ["m1"]],
        ["kinds", { kinds: ["acme"] }, ["m2"]],
        ["modelSyncs", { modelSyncs: [pushed("m1", "globex")] }, ["m1"]],
        ["linkedAccounts", { linkedAccounts: [account("a")] }, ["m2"]],
        ["active", { active: true }, ["m1"]],
      ],
    },
    syncs: {
      type: "SyncFilter",
      key: "remoteId",
      rows: [
        ["nothing", {}, ["r4", "r3", "r2", "r1"]],
        ["providers", { providers: ["globex"] }, ["r3"]],
        ["kinds", { kinds: ["acme", "globex"] }, ["r4", "r3", "r2", "r1"]],
        ["kinds", { kinds: ["globex"], providers: ["acme"] }, []],
        ["linkedAccounts", { linkedAccounts: [account("a"), account("g", "globex")] }, ["r4", "r3", "r1"]],
        ["definitions", { definitions: [job("j1"), pushed("m1", "globex")] }, ["r4", "r3", "r1"]],
        ["syncs", { syncs: [sync("r1"), sync("r3", "globex")] }, ["r3", "r1"]],
        ["statuses", { statuses: ["CREATED", "FAILED"] }, ["r4", "r3"]],
        ["outcomes", { outcomes: ["PARTIAL", "CANCELLED"] }, ["r3", "r2"]],
        ["models", { models: ["users"] }, ["r4", "r3", "r2"]],
        ["models", { models: ["tickets", "teams"] }, ["r4", "r1"]],
        ["origins", { origins: ["SCHEDULED"] }, ["r4"]],
        ["createdAfter", { createdAfter: at(3_000).toISOString() }, ["r4", "r3"]],
        ["createdBefore", { createdBefore: at(3_000).toISOString() }, ["r2", "r1"]],
        ["open", { open: true }, ["r4", "r1"]],
        ["open", { open: false }, ["r3", "r2"]],
        ["three fields", { open: false, models: ["users"], providers: ["acme"] }, ["r2"]],
      ],
    },
  };

describe.each(Object.entries(TABLES))("the filter of %s", (list, { type, key, rows }) => {
  const ask = (filter: unknown) =>
    gateway.ask(`query ($filter: ${type}) { ${list}(filter: $filter) { nodes { ${key} } totalCount } }`, { filter });

  it.each(rows)("by %s: %j", async (_field, filter, expected) => {
    const { data, errors } = await ask(filter);

    expect(errors).toEqual([]);
    expect(listAt(data, `${list}.nodes`).map((node) => valueAt(node, key))).toEqual(expected);
    expect(valueAt(data, `${list}.totalCount`)).toBe(expected.length);
  });

  it("has a row for every field it has", () => {
    const found = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8")).getType(type);
    const fields = isInputObjectType(found) ? Object.keys(found.getFields()) : [];
    expect(fields.length).toBeGreaterThan(4);
    expect(fields.filter((field) => !rows.some(([name]) => name === field))).toEqual([]);
  });

  it.each([{ providers: ["nobody"] }, { providers: ["acme", "nobody"], kinds: ["acme"] }])(
    "names the configured providers when %j names one that is not",
    async (filter) => {
      const { data, errors } = await ask(filter);

      expect(data).toEqual({ [list]: null });
      expect(errors).toMatchObject([
        {
          message: 'There is no provider "nobody". Configured: acme, globex, acme-eu.',
          path: [list],
          extensions: { code: ErrorCode.NotFound },
        },
      ]);
    },
  );

  it("refuses ids of other types and says in which field", async () => {
    const field = rows.map(([name]) => name).find((name) => name === "linkedAccounts" || name === "syncs") ?? "";
    const { errors } = await ask({ [field]: [globalIdOf(NodeKind.Provider, "acme")] });

    expect(errors).toMatchObject([{ path: [list], extensions: { code: ErrorCode.BadUserInput } }]);
    expect(errors[0]?.message).toMatch(
      new RegExp(`^filter\\.${field}: expected an id of a .* got an id of a Provider`),
    );
  });
});

describe("which providers a list asks", () => {
  it.each([
    ["linkedAccounts", "", ["acme", "globex", "acme-eu"]],
    ["linkedAccounts", '(filter: { kinds: ["acme"] })', ["acme", "acme-eu"]],
    // globex has no sync jobs, acme-eu no model syncs.
    ["syncJobs", "", ["acme", "acme-eu"]],
    ["syncJobs", '(filter: { providers: ["globex", "acme"] })', ["acme"]],
    ["modelSyncs", "", ["acme", "globex"]],
  ])("%s%s: only those that have such objects and that the filter names", async (list, filter, expected) => {
    const asked: unknown[] = [];
    gateway.script.ensureFresh = (tenantId, keys) => {
      asked.push([tenantId, keys]);
      return Promise.resolve([]);
    };
    await gateway.ask(`{ ${list}${filter} { nodes { id } } }`);
    expect(asked).toEqual([["t1", expected]]);
  });
});
