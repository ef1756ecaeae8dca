// The sync config of the RootFi sandbox: what either version changes, both show, and runs that start by themselves obey.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { ConfigBook } from "../../../src/providers/rootfi/sandbox-configs.ts";
import { type Caller, closeAll, failure } from "./sandbox-client.ts";
import {
  PATCH,
  type Sync,
  type Versions,
  bothVersions,
  companyOf,
  pass,
  startOfV4,
  stopClock,
  syncOf,
  syncsOf,
} from "./sandbox-v4-client.ts";

beforeEach(stopClock);
afterEach(async () => {
  vi.useRealTimers();
  await closeAll();
});

const line = z.looseObject({
  enabled: z.boolean(),
  interval: z.number(),
  frequency: z.string(),
  data_model: z.string(),
  sync_from: z.string().nullable(),
  custom_fields: z.array(z.string()).nullable(),
});
const company = z.looseObject({
  rootfi_updated_at: z.iso.datetime(),
  invite_link: z.looseObject({ invite_link_id: z.string() }),
  connections: z.array(z.looseObject({ sync_config: line })),
});
const UPDATE = "PUT /core/companies/{company_id}";

/** One line as v3 takes it. */
const lineOfV3 = (model: string, change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  enabled: true,
  interval: 1,
  frequency: "DAILY",
  data_model: model,
  category: "ACCOUNTING",
  scope_access: { READ: true },
  ...change,
});

describe("a sync config set through v3", () => {
  it("is shown under the company, in its list, in its invite link and in v4", async () => {
    const { v3, v4 } = await bothVersions(1);
    const change = { enabled: false, interval: 2, frequency: "WEEKLY", sync_from: "2026-01-01T00:00:00.000Z" };
    await setInV3(v3, 440_111, lineOfV3("INVOICES", change));
    const shown = { data_model: "INVOICES", ...change };
    expect((await companyInV3(v3, 440_111)).connections[0]?.sync_config).toMatchObject(shown);
    const list = z.object({ data: z.array(z.looseObject({ rootfi_id: z.number() })) });
    const { data } = list.parse((await v3("GET /core/companies")).body);
    expect(data.find((one) => one.rootfi_id === 440_111)).toMatchObject({ connections: [{ sync_config: shown }] });
    const lines = await linesInV3(v3, 440_111);
    expect(lines.filter((one) => one.data_model === "INVOICES")).toMatchObject([shown]);
    expect(lines.find((one) => one.data_model === "BILLS")).toMatchObject({ enabled: true, frequency: "DAILY" });
    expect(await lineInV4(v4, 440_111, "INVOICE")).toMatchObject({
      enabled: false,
      interval: 2,
      frequency: "WEEKLY",
      syncFrom: "2026-01-01T00:00:00.000Z",
    });
  });

  it("is one company's alone", async () => {
    const { v3, v4 } = await bothVersions(1);
    await setInV3(v3, 440_111, lineOfV3("INVOICES", { enabled: false }));
    expect((await lineInV4(v4, 440_101, "INVOICE"))?.enabled).toBe(true);
    const config = await v3("GET /core/syncs/config", { query: { category: "ACCOUNTING" } });
    const { sync_config: lines } = z.object({ sync_config: z.array(line) }).parse(config.body);
    expect(lines.find((one) => one.data_model === "INVOICES")?.enabled).toBe(true);
  });

  it("is a connection's of the model's category", async () => {
    const { v3 } = await bothVersions(1);
    await setInV3(v3, 440_101, lineOfV3("PAYMENT_ORDERS", { category: "PAYMENTS" }));
    const models = (await companyInV3(v3, 440_101)).connections.map(({ sync_config: one }) => one.data_model);
    expect(models).toEqual(["ACCOUNTS", "PAYMENT_ORDERS"]);
  });

  it("is taken whole: without sync_from it is the full history; v3 shows the line that was set last", async () => {
    const { v3 } = await bothVersions(1);
    await setInV3(v3, 440_111, lineOfV3("BILLS"));
    await setInV3(v3, 440_111, lineOfV3("ACCOUNTS", { custom_fields: ["vendor_code"] }));
    const shown = (await companyInV3(v3, 440_111)).connections[0]?.sync_config;
    expect(shown).toMatchObject({ data_model: "ACCOUNTS", sync_from: null, custom_fields: ["vendor_code"] });
  });

  it("leaves name and models alone when only the other is given, and moves the company's time", async () => {
    const { v3, v4 } = await bothVersions(1);
    const before = await companyInV3(v3, 440_111);
    pass(1);
    await setInV3(v3, 440_111, lineOfV3("BILLS", { enabled: false }));
    await v3(UPDATE, { params: { company_id: 440_111 }, body: { name: "Larkspur Homes" } });
    const after = await companyInV3(v3, 440_111);
    expect(after.connections[0]?.sync_config).toMatchObject({ data_model: "BILLS", enabled: false });
    expect(Date.parse(after.rootfi_updated_at)).toBeGreaterThan(Date.parse(before.rootfi_updated_at));
    expect((await companyOf(v4, 440_111)).name).toBe("Larkspur Homes");
  });

  it.each([
    ["a word that only v4 has", lineOfV3("BILLS", { frequency: "NEVER" }), "sync_config.frequency"],
    ["a model of v4", lineOfV3("BILL"), "sync_config.data_model"],
    ["a model of another category", lineOfV3("CRM_DEALS"), "sync_config.category"],
    ["a model that the company cannot have", lineOfV3("CRM_DEALS", { category: "CRM" }), "data_model"],
    ["no interval", lineOfV3("BILLS", { interval: 0 }), "sync_config.interval"],
  ])("is refused with %s, and nothing changes", async (_name, config, field) => {
    const { v3 } = await bothVersions(1);
    const before = await companyInV3(v3, 440_111);
    const params = { company_id: 440_111 };
    const answer = await v3(UPDATE, { params, body: { name: "Other", sync_config: config } });
    expect(answer.status).toBe(400);
    expect(failure.parse(answer.body).error.field).toBe(field);
    expect(await companyInV3(v3, 440_111)).toEqual(before);
  });
});

describe("a sync config set through v4", () => {
  it("changes several models at once, and of each only what is given", async () => {
    const { v3, v4 } = await bothVersions(1);
    const answer = await patch(v4, 440_111, [
      { data_model: "ACCOUNT", frequency: "MONTHLY" },
      { data_model: "JOURNAL_ENTRY", enabled: true, sync_from: "2026-02-01T00:00:00.000Z" },
    ]);
    expect(Object.keys(Object(answer.body))).toEqual(["request_id"]);
    expect(await lineInV4(v4, 440_111, "ACCOUNT")).toMatchObject({
      enabled: true,
      interval: 1,
      frequency: "MONTHLY",
      syncFrom: "2023-01-01T00:00:00.000Z",
    });
    const lines = await linesInV3(v3, 440_111);
    expect(lines.find((one) => one.data_model === "ACCOUNTS")).toMatchObject({ frequency: "MONTHLY" });
    expect(lines.find((one) => one.data_model === "JOURNAL_ENTRIES")).toMatchObject({
      enabled: true,
      sync_from: "2026-02-01T00:00:00.000Z",
    });
  });

  it("can ask for the full history with null and add a model that nobody had", async () => {
    const { v4 } = await bothVersions(1);
    await patch(v4, 440_111, [
      { data_model: "BILL", sync_from: null },
      { data_model: "TAX_RATE", enabled: true },
    ]);
    expect((await lineInV4(v4, 440_111, "BILL"))?.syncFrom).toBeNull();
    expect(await lineInV4(v4, 440_111, "TAX_RATE")).toMatchObject({ enabled: true, frequency: "DAILY" });
  });

  it("is shown by v3 in the words that v3 has", async () => {
    const { v3, v4 } = await bothVersions(1);
    await patch(v4, 440_111, [
      { data_model: "BILL", frequency: "NEVER" },
      { data_model: "INVOICE", frequency: "HOURLY" },
    ]);
    expect((await lineInV4(v4, 440_111, "BILL"))?.frequency).toBe("NEVER");
    const lines = await linesInV3(v3, 440_111);
    expect(lines.find((one) => one.data_model === "BILLS")).toMatchObject({ enabled: false, frequency: "DAILY" });
    expect(lines.find((one) => one.data_model === "INVOICES")).toMatchObject({ enabled: true, frequency: "DAILY" });
  });

  it("decides what a start reads that names no models", async () => {
    const { v4 } = await bothVersions(1);
    const rest = ["ACCOUNT", "CONTACT", "BANK_TRANSACTION"].map((model) => ({ data_model: model, enabled: false }));
    await patch(v4, 440_111, rest);
    const id = await startOfV4(v4, 440_111);
    expect((await syncOf(v4, 440_111, id)).dataModels).toEqual(["INVOICE", "BILL"]);
  });

  it("leaves a start without models nothing when none is enabled", async () => {
    const { v4 } = await bothVersions(1);
    await patch(
      v4,
      440_111,
      ALL.map((model) => ({ data_model: model, enabled: false })),
    );
    const answer = await v4("POST /core/companies/{company_id}/syncs", { params: { company_id: 440_111 }, body: {} });
    expect(answer.status).toBe(400);
    expect(failure.parse(answer.body).error.field).toBe("dataModelsToSync");
  });
});

describe("runs that start by themselves", () => {
  it.each<[string, (versions: Versions) => Promise<unknown>]>([
    ["v3 has switched off", ({ v3 }) => setInV3(v3, 440_109, lineOfV3("INVOICES", { enabled: false }))],
    ["v4 has switched off", ({ v4 }) => patch(v4, 440_109, [{ data_model: "INVOICE", enabled: false }])],
    ["v4 has set to NEVER", ({ v4 }) => patch(v4, 440_109, [{ data_model: "INVOICE", frequency: "NEVER" }])],
  ])("leave out a model that %s", async (_name, change) => {
    const versions = await bothVersions(1);
    await change(versions);
    const run = await nextAutomatic(versions.v4, 440_109);
    expect(run?.dataModels).toEqual(["ACCOUNT", "CONTACT", "BILL", "BANK_TRANSACTION"]);
  });

  it("stay away while every model is set to NEVER, and come back when one is not", async () => {
    const { v3, v4 } = await bothVersions(1);
    await patch(
      v4,
      440_109,
      ALL.map((model) => ({ data_model: model, frequency: "NEVER" })),
    );
    const before = await syncsOf(v4, 440_109);
    pass(5 * DAY_MS);
    expect(await syncsOf(v4, 440_109)).toEqual(before);
    await setInV3(v3, 440_109, lineOfV3("BILLS"));
    expect((await nextAutomatic(v4, 440_109))?.dataModels).toEqual(["BILL"]);
  });

  it("go by what was set when their time came, although nobody looked before the change", async () => {
    const { v4 } = await bothVersions(1);
    // The first start comes after a third of a day.
    pass(25_000);
    await patch(v4, 440_109, [{ data_model: "INVOICE", enabled: false }]);
    const [latest] = await syncsOf(v4, 440_109);
    expect(latest).toMatchObject({ syncType: "AUTO_SYNC", status: "RUNNING" });
    expect(latest?.dataModels).toContain("INVOICE");
  });

  it("stay away from a company that was deleted", async () => {
    const { v3 } = await bothVersions(1);
    await v3("DELETE /core/companies/{company_id}", { params: { company_id: 440_109 } });
    const count = async (): Promise<number> => {
      const answer = await v3("GET /core/syncs", { query: { rootfi_company_id: "440109" } });
      return z.object({ data: z.array(z.unknown()) }).parse(answer.body).data.length;
    };
    const before = await count();
    pass(5 * DAY_MS);
    expect(await count()).toBe(before);
  });
});

describe("the book of sync configs", () => {
  it.each([
    ["DAILY", 1, [0, 1, 2, 3, 4, 5, 6, 7]],
    ["HOURLY", 1, [0, 1, 2, 3, 4, 5, 6, 7]],
    ["DAILY", 3, [0, 3, 6]],
    ["WEEKLY", 1, [0, 7]],
    ["MONTHLY", 1, [0]],
    ["NEVER", 1, []],
  ] as const)("has a model due %s, every %i, on its days alone", (frequency, interval, days) => {
    const configs = new ConfigBook();
    const others = ["CONTACTS", "INVOICES", "BILLS", "BANK_TRANSACTIONS"];
    configs.change(1, [
      { model: "ACCOUNTS", frequency, interval },
      ...others.map((model) => ({ model, enabled: false })),
    ]);
    const due = [0, 1, 2, 3, 4, 5, 6, 7].filter((day) => configs.dueModels(1, "ACCOUNTING", day).length > 0);
    expect(due).toEqual(days);
  });
});

/** Between two starts of the sandbox's schedule at speed 1. */
const DAY_MS = 60_000;
const ALL = ["ACCOUNT", "CONTACT", "INVOICE", "BILL", "BANK_TRANSACTION"];

async function setInV3(v3: Caller, companyId: number, config: Record<string, unknown>): Promise<void> {
  const answer = await v3(UPDATE, { params: { company_id: companyId }, body: { sync_config: config } });
  expect(answer.status).toBe(200);
}

async function companyInV3(v3: Caller, companyId: number): Promise<z.output<typeof company>> {
  const answer = await v3("GET /core/companies/{company_id}", { params: { company_id: companyId } });
  return z.object({ data: company }).parse(answer.body).data;
}

/** All lines of the company's first connection, which v3 shows in the invite link. */
async function linesInV3(v3: Caller, companyId: number): Promise<readonly z.output<typeof line>[]> {
  const { invite_link: link } = await companyInV3(v3, companyId);
  const answer = await v3("GET /core/invite_links/{invite_link_id}", {
    params: { invite_link_id: link.invite_link_id },
  });
  const shape = z.object({ data: z.object({ connections: z.array(z.object({ sync_config: z.array(line) })) }) });
  return shape.parse(answer.body).data.connections[0]?.sync_config ?? [];
}

async function lineInV4(v4: Caller, companyId: number, model: string) {
  return (await companyOf(v4, companyId)).dataModelConfigs.find(({ dataModel }) => dataModel === model);
}

async function patch(v4: Caller, companyId: number, configs: readonly unknown[]): ReturnType<Caller> {
  const answer = await v4(PATCH, { params: { company_id: companyId }, body: { configs } });
  expect(answer.status).toBe(200);
  return answer;
}

/** The next run that nobody asked for. */
async function nextAutomatic(v4: Caller, companyId: number): Promise<Sync | undefined> {
  const known = new Set((await syncsOf(v4, companyId)).map(({ id }) => id));
  pass(DAY_MS);
  const found = (await syncsOf(v4, companyId)).filter(({ id }) => !known.has(id));
  expect(found.map(({ syncType }) => syncType)).toEqual(["AUTO_SYNC"]);
  return found[0];
}
