// v4's answers as they are read: which of several names wins, and what is said of those that cannot be understood.
import { describe, expect, it } from "vitest";
import {
  parseCompanyAnswerV4,
  parseCompanyV4,
  parsePageV4,
  parseStartedV4,
  parseSyncConfigV4,
  parseSyncConfigsV4,
  parseSyncV4,
} from "../../../src/providers/rootfi/wire-types-v4.ts";

const SOURCE = { provider: "rootfi-eu", request: "GET /core/companies", httpStatus: 200 };

describe("a company of RootFi's v4", () => {
  const ids: readonly [object][] = [
    [{ id: 496 }],
    [{ id: "496" }],
    [{ rootfiId: 496, id: "c-1" }],
    [{ rootfi_id: 496, id: "c-1" }],
    [{ companyId: 496 }],
  ];
  it.each(ids)("with %j is company 496", (body) => {
    expect(parseCompanyV4(body, SOURCE).rootfi_id).toBe("496");
  });

  const connections: readonly [object, readonly string[] | null][] = [
    [{ connection: { id: "496_NETSUITE" } }, ["NETSUITE"]],
    [{ connection: { id: "496_ZOHO_BOOKS", integrationType: "XERO" } }, ["XERO"]],
    [{ connection: {}, integrationType: "XERO" }, ["XERO"]],
    [{ integrationType: "XERO" }, ["XERO"]],
    [{ connection: null, integrationType: "XERO" }, []],
    [{ connection: null }, []],
    [{ connection: { id: 7 } }, null],
    [{ connection: { id: "NETSUITE" } }, null],
    [{}, null],
  ];
  it.each(connections)("with %j is connected to %j", (body, integrations) => {
    const company = parseCompanyV4({ id: 496, ...body }, SOURCE);
    expect(company.connections?.map((one) => one.integration_type) ?? null).toEqual(integrations);
  });

  it("says of its connection what the connection does not say itself", () => {
    const connection = { id: "496_XERO", status: "EXPIRED", lastSynced: "2026-11-21T00:00:00Z" };
    const body = { id: 496, connectionStatus: "HEALTHY", syncStatus: "SLEEPING", lastSynced: "2026-11-20T00:00:00Z" };
    expect(parseCompanyV4({ ...body, connection }, SOURCE).connections).toMatchObject([
      { connection_status: "EXPIRED", sync_status: "SLEEPING", last_synced: new Date("2026-11-21T00:00:00Z") },
    ]);
  });

  it.each([{ data: { company: { id: 496 } } }, { data: { id: 496 } }])("is read alone from %j", (body) => {
    expect(parseCompanyAnswerV4(body, SOURCE).rootfi_id).toBe("496");
  });
});

describe("a sync config of RootFi's v4", () => {
  it("is read in camel case and in snake case, its scopes as they are", () => {
    const camel = { dataModel: "ACCOUNT", syncFrom: "2026-01-01T00:00:00Z", scopeAccess: { READ: true } };
    const snake = { data_model: "ACCOUNT", sync_from: "2026-01-01T00:00:00Z", scope_access: { READ: true } };
    const { items, place } = parseSyncConfigsV4({ data: { syncConfig: [camel, snake] } }, SOURCE);
    const [one, other] = items.map((item) => parseSyncConfigV4(item, SOURCE));
    expect(place).toBe("data.syncConfig");
    expect(one).toEqual(other);
    expect(one).toMatchObject({ scope_access: { READ: true }, sync_from: new Date("2026-01-01T00:00:00Z") });
  });
});

describe("a page of RootFi's v4", () => {
  it.each([
    [{ data: { syncs: [1], next: "a" } }, { items: [1], place: "data.syncs", next: "a" }],
    [{ data: { syncs: [1], next: 7 } }, { items: [1], place: "data.syncs", next: "7" }],
    [{ data: { syncs: [], next: "" } }, { items: [], place: "data.syncs", next: null }],
    [{ data: { syncs: [] } }, { items: [], place: "data.syncs", next: null }],
    [
      { data: [1], next: "a" },
      { items: [1], place: "data", next: "a" },
    ],
  ])("%j is read as %j", (body, page) => {
    expect(parsePageV4(body, "syncs", SOURCE)).toEqual(page);
  });
});

describe("the answer to a start at RootFi's v4", () => {
  it.each([
    [{ data: { sync: { id: "a", dataModelsSyncing: ["ACCOUNT"] } } }, ["ACCOUNT"]],
    // Then what was asked for is the better knowledge.
    [{ data: { sync: { id: "a", dataModelsSyncing: [] } } }, null],
    [{ data: { id: "a" } }, undefined],
  ])("%j tells the models %j and no status", (body, models) => {
    expect(parseStartedV4(body, SOURCE)).toMatchObject({
      sync_id: "a",
      status: "CREATED",
      sync_data_models: models,
    });
  });
});

describe("an answer of RootFi's v4 that cannot be understood", () => {
  const answers: readonly [string, () => unknown, string][] = [
    ["null", () => parsePageV4(null, "syncs", SOURCE), 'expected "body" to be an object, got null'],
    ["another list", () => parsePageV4({ data: { jobs: [] } }, "syncs", SOURCE), 'expected "data.syncs" to be a list'],
    ["no id", () => parseSyncV4({ status: "RUNNING" }, SOURCE), 'expected "id" to be an id, got nothing'],
    ["no status", () => parseSyncV4({ id: "a" }, SOURCE), 'expected "status" to be a string, got nothing'],
    ["a company without an id", () => parseCompanyV4({}, SOURCE), 'expected "id" to be an id, got nothing'],
    [
      "a start without an id",
      () => parseStartedV4({ data: { sync: {} } }, SOURCE),
      'expected "data.sync.id" to be an id, got nothing',
    ],
  ];
  it.each(answers)("(%s) names provider, request, field, what was expected and what came", (_case, parse, words) => {
    expect(parse).toThrow(`rootfi-eu: GET /core/companies: ${words}`);
  });
});
