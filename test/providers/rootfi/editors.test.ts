// Sync configs changed at RootFi: exactly what is read and sent in each version, what stands afterwards, and what a failure tells.
import { afterEach, describe, expect, it } from "vitest";
import type { DefinitionEditors } from "../../../src/domain/editor-port.ts";
import type { ApiVersion } from "../../../src/providers/rootfi/versions.ts";
import type { RecordedReply } from "../../support/adapter-at-fake-vendor.ts";
import { refusal, syncJob } from "../../support/provider-values.ts";
import { atRootfi } from "./rootfi-at-fake-vendor.ts";
import type { AtRootfi } from "./rootfi-at-fake-vendor.ts";
import { UPDATED_AT, companyV3, companyV4, configV3, configV4, linksV3, scheduleOfModel } from "./sync-config.ts";

let rootfi: AtRootfi | null = null;
afterEach(async () => {
  await rootfi?.close();
  rootfi = null;
});

const ON_TOP = { expectedUpdatedAt: null };
const JOB = syncJob({
  remoteId: "8422:NETSUITE",
  linkedAccountRemoteId: "8422",
  integration: "NETSUITE",
  resources: [{ name: "ACCOUNTS" }, { name: "BILLS" }, { name: "ITEMS" }],
  schedules: [scheduleOfModel("ACCOUNTS", "DAILY")],
});
const GET_COMPANY = "GET /core/companies/8422";
const PUT = "PUT /core/companies/8422";
const PATCH = "PATCH /core/companies/8422/sync-config";

async function connect(version: ApiVersion, ...replies: readonly RecordedReply[]) {
  rootfi = await atRootfi(replies, { version, tries: 3 });
  const { syncJobs, schedules }: DefinitionEditors = rootfi.provider.editors ?? {};
  if (syncJobs === undefined || schedules === undefined) throw new Error("RootFi's adapter has no editors");
  return { syncJobs, schedules, sent: rootfi.sent };
}

/** What is read before a change, in v3: the company's own config is for ACCOUNTS. */
const readV3 = (changes: object = {}): readonly RecordedReply[] => [
  linksV3([]),
  { to: GET_COMPANY, body: { data: companyV3(configV3("ACCOUNTS", { frequency: "WEEKLY", interval: 2 }), changes) } },
  {
    to: "GET /core/syncs/config?category=ACCOUNTING",
    body: { sync_config: ["ACCOUNTS", "BILLS", "ITEMS"].map((model) => configV3(model)) },
  },
];
const put = (company: object, status = 200): RecordedReply => ({ to: PUT, status, body: { data: [company] } });
const LATER = "2026-11-22T12:00:01.000Z";

describe("a sync job changed at RootFi's v3", () => {
  it("sends each data model's whole config, in the order named, on top of what stands there", async () => {
    const { syncJobs, sent } = await connect(
      "v3",
      ...readV3(),
      put(companyV3(configV3("ACCOUNTS"))),
      put(companyV3(configV3("BILLS", { enabled: false, sync_from: null }), { rootfi_updated_at: LATER })),
    );
    const resources = [
      { name: "ACCOUNTS", customFields: ["memo"], syncFrom: new Date("2026-02-01T00:00:00Z") },
      { name: "BILLS", enabled: false, syncFrom: null },
    ];
    const after = await syncJobs.update(JOB, { resources }, ON_TOP);
    expect(sent().slice(3)).toEqual([
      {
        request: PUT,
        body: {
          sync_config: configV3("ACCOUNTS", {
            frequency: "WEEKLY",
            interval: 2,
            sync_from: "2026-02-01T00:00:00.000Z",
            custom_fields: ["memo"],
          }),
        },
      },
      { request: PUT, body: { sync_config: configV3("BILLS", { enabled: false, sync_from: null }) } },
    ]);
    expect(after).toMatchObject({ remoteId: "8422:NETSUITE", name: "Ada Ltd / NETSUITE", updatedAt: new Date(LATER) });
    // The vendor shows one config of a company; the one sent before it is not forgotten for that.
    expect(after.resources).toMatchObject([
      { name: "ACCOUNTS", customFields: ["memo"], syncFrom: new Date("2026-02-01T00:00:00Z") },
      { name: "BILLS", enabled: false, syncFrom: null },
      { name: "ITEMS", enabled: true },
    ]);
  });

  it("takes an answer that is no list, and believes what it shows", async () => {
    const shown = companyV3(configV3("ACCOUNTS", { enabled: false, interval: 3 }));
    const { syncJobs } = await connect("v3", ...readV3(), { to: PUT, body: { data: shown } });
    const after = await syncJobs.update(JOB, { resources: [{ name: "ACCOUNTS", enabled: false }] }, ON_TOP);
    expect(after.schedules[0]).toMatchObject({ resource: "ACCOUNTS", frequency: "DAILY", interval: 3, enabled: false });
  });

  it.each([
    ["cannot be understood and the company cannot be read", { status: 503, body: null }, UPDATED_AT],
    ["cannot be understood", { body: { data: companyV3(null, { rootfi_updated_at: LATER }) } }, LATER],
  ])("is made though its answer %s", async (_case, reading, updatedAt) => {
    const { syncJobs } = await connect("v3", ...readV3(), { to: PUT, body: { ok: true } }, ...asOftenAs(reading));
    const after = await syncJobs.update(JOB, { resources: [{ name: "BILLS", enabled: false }] }, ON_TOP);
    expect(after.resources[1]).toMatchObject({ name: "BILLS", enabled: false });
    expect(after.updatedAt).toEqual(new Date(updatedAt));
  });

  it("sends what the vendor's config says of itself and no more, where little is known", async () => {
    const { syncJobs, sent } = await connect(
      "v3",
      linksV3([]),
      {
        to: GET_COMPANY,
        body: { data: companyV3({ data_model: "BILLS", scope_access: { READ: true, odd: 1 }, secret: 1 }) },
      },
      { to: "GET /core/syncs/config?category=ACCOUNTING", status: 404, body: null },
      put(companyV3(null)),
      put(companyV3(null)),
    );
    const resources = ["BILLS", "ITEMS"].map((name) => ({ name, enabled: true }));
    await syncJobs.update(JOB, { resources }, ON_TOP);
    expect(
      sent()
        .slice(3)
        .map(({ body }) => body),
    ).toEqual([
      { sync_config: { data_model: "BILLS", enabled: true, scope_access: { READ: true } } },
      { sync_config: { data_model: "ITEMS", category: "ACCOUNTING", enabled: true } },
    ]);
  });

  it("says which data models were changed when one fails, and tries neither it nor the next again", async () => {
    const { syncJobs, sent } = await connect("v3", ...readV3(), put(companyV3(null)), {
      to: PUT,
      status: 503,
      body: { error: { message: "Try later", code: "busy" } },
    });
    const resources = ["BILLS", "ACCOUNTS", "ITEMS"].map((name) => ({ name, enabled: false }));
    const failure = await refusal(syncJobs.update(JOB, { resources }, ON_TOP));
    expect(failure).toMatchObject({ code: "PROVIDER_UNAVAILABLE", httpStatus: 503, sent: true });
    expect(failure.message).toContain("changed: BILLS; failed: ACCOUNTS; not tried: ITEMS");
    expect(sent().filter(({ request }) => request === PUT)).toHaveLength(2);
  });

  it("says that none was changed when the first fails, and nothing of it when there is but one", async () => {
    const refused = { to: PUT, status: 400, body: { error: { message: "No" } } };
    const { syncJobs } = await connect("v3", ...readV3(), refused, ...readV3(), refused);
    const both = ["BILLS", "ITEMS"].map((name) => ({ name, enabled: false }));
    const first = await refusal(syncJobs.update(JOB, { resources: both }, ON_TOP));
    expect(first).toMatchObject({ code: "PROVIDER_REJECTED" });
    expect(first.message).toContain("changed: none; failed: BILLS; not tried: ITEMS");
    const only = await refusal(syncJobs.update(JOB, { resources: both.slice(0, 1) }, ON_TOP));
    expect(only.message).not.toContain("changed:");
  });
});

/** A read is tried three times while it fails. */
function asOftenAs(reading: { readonly status?: number; readonly body: unknown }): readonly RecordedReply[] {
  return Array.from({ length: reading.status === 503 ? 3 : 1 }, () => ({ to: GET_COMPANY, ...reading }));
}

describe("a change that expects the company as it was", () => {
  const resources = [{ name: "BILLS", enabled: false }];

  it("is made when nobody has changed it", async () => {
    const { syncJobs, sent } = await connect("v3", ...readV3(), put(companyV3(null)));
    await syncJobs.update(JOB, { resources }, { expectedUpdatedAt: new Date(UPDATED_AT) });
    expect(sent().at(-1)?.request).toBe(PUT);
  });

  it.each([
    ["somebody has changed it", { rootfi_updated_at: LATER }, "EDIT_CONFLICT", /nothing was changed/],
    ["nobody can tell", { rootfi_updated_at: null }, "CAPABILITY_NOT_SUPPORTED", /cannot be checked/],
  ])("changes nothing when %s", async (_case, changes, code, words) => {
    const { syncJobs, sent } = await connect("v3", ...readV3(changes));
    const failure = await refusal(syncJobs.update(JOB, { resources }, { expectedUpdatedAt: new Date(UPDATED_AT) }));
    expect(failure).toMatchObject({ code, sent: false });
    expect(failure.message).toMatch(words);
    expect(sent().map(({ request }) => request)).not.toContain(PUT);
  });

  it("compares what the catalog shows of the job", async () => {
    rootfi = await atRootfi(readV3());
    const { updatedAt } = await rootfi.provider.getDefinition(JOB.remoteId, "SYNC_JOB");
    expect(updatedAt).toEqual(new Date(UPDATED_AT));
  });
});

describe("a sync job changed at RootFi's v4", () => {
  const JOB_V4 = { ...JOB, resources: JOB.resources.map((one) => ({ ...one, name: one.name.slice(0, -1) })) };
  const CONFIGS = "GET /core/organizations/sync-config?integration_type=NETSUITE";
  const read = (own: readonly object[], changes: object = {}): readonly RecordedReply[] => [
    { to: GET_COMPANY, body: { data: companyV4(own, changes) } },
    { to: CONFIGS, body: { data: { syncConfig: [configV4("ACCOUNT"), configV4("BILL")] } } },
  ];
  const [reread] = read([configV4("BILL", { enabled: false })], { updatedAt: LATER });
  const sentBill = {
    data_model: "BILL",
    interval: 1,
    scope_access: { READ: true, CREATE: false },
    sync_from: "2026-01-01T00:00:00.000Z",
    custom_fields: null,
  };

  it("sends all configs in one request, in snake case", async () => {
    const { syncJobs, sent } = await connect(
      "v4",
      ...read([configV4("ACCOUNT", { frequency: "HOURLY", interval: 6 })]),
      { to: PATCH, body: { request_id: "r" } },
      ...(reread === undefined ? [] : [reread]),
    );
    const resources = [
      { name: "ACCOUNT", syncFrom: null },
      { name: "BILL", enabled: false },
    ];
    const after = await syncJobs.update(JOB_V4, { resources }, ON_TOP);
    expect(sent()[2]).toEqual({
      request: PATCH,
      body: {
        configs: [
          { ...sentBill, data_model: "ACCOUNT", enabled: true, frequency: "HOURLY", interval: 6, sync_from: null },
          { ...sentBill, enabled: false, frequency: "DAILY" },
        ],
      },
    });
    expect(after).toMatchObject({ updatedAt: new Date(LATER), resources: [{ syncFrom: null }, { enabled: false }] });
  });

  it("is sent once when it fails", async () => {
    const { syncJobs, sent } = await connect("v4", ...read([]), { to: PATCH, status: 503, body: null });
    const change = syncJobs.update(JOB_V4, { resources: [{ name: "BILL", enabled: false }] }, ON_TOP);
    expect(await refusal(change)).toMatchObject({ code: "PROVIDER_UNAVAILABLE", sent: true });
    expect(sent().filter(({ request }) => request === PATCH)).toHaveLength(1);
  });

  it("is taken off its schedule by the word for never, and enabled as it was", async () => {
    const { schedules, sent } = await connect(
      "v4",
      ...read([]),
      { to: PATCH, body: { request_id: "r" } },
      { to: GET_COMPANY, body: { data: companyV4([]) } },
    );
    const after = await schedules.remove(JOB_V4, { remoteId: null, resource: "BILL" });
    expect(sent()[2]?.body).toEqual({ configs: [{ ...sentBill, enabled: true, frequency: "NEVER" }] });
    expect(after.schedules).toMatchObject([{ resource: "ACCOUNT", frequency: "DAILY" }, { frequency: "MANUAL" }]);
  });
});

describe("a schedule at RootFi", () => {
  it("is put on top of the data model's config, which it enables", async () => {
    const { schedules, sent } = await connect("v3", ...readV3(), put(companyV3(null)));
    const draft = { remoteId: null, resource: "BILLS", frequency: "MONTHLY", interval: 2 } as const;
    const { job, schedule } = await schedules.put(JOB, null, draft);
    expect(sent().at(-1)?.body).toEqual({
      sync_config: configV3("BILLS", { frequency: "MONTHLY", interval: 2, enabled: true }),
    });
    expect(schedule).toMatchObject({ resource: "BILLS", frequency: "MONTHLY", interval: 2, enabled: true });
    expect(job.schedules).toContainEqual(schedule);
  });

  it("with nothing to change is only activated", async () => {
    const off = configV3("ACCOUNTS", { enabled: false, frequency: "WEEKLY", interval: 2 });
    const { schedules, sent } = await connect(
      "v3",
      linksV3([]),
      { to: GET_COMPANY, body: { data: companyV3(off) } },
      { to: "GET /core/syncs/config?category=ACCOUNTING", body: { sync_config: [] } },
      put(companyV3(null)),
    );
    await schedules.put(JOB, null, { remoteId: null, resource: "ACCOUNTS" });
    expect(sent().at(-1)?.body).toEqual({ sync_config: configV3("ACCOUNTS", { frequency: "WEEKLY", interval: 2 }) });
  });

  it("cannot be removed in v3, which is said without asking anybody", async () => {
    const { schedules, sent } = await connect("v3");
    const failure = await refusal(schedules.remove(JOB, { remoteId: null, resource: "ACCOUNTS" }));
    expect(failure).toMatchObject({ code: "CAPABILITY_NOT_SUPPORTED", sent: false });
    expect(failure.message).toMatch(/syncJobUpdate with `enabled: false`/);
    expect(sent()).toEqual([]);
  });
});

describe("a change that should have been checked", () => {
  const ACCOUNTS = { remoteId: null, resource: "ACCOUNTS" } as const;

  it("is refused without asking anybody", async () => {
    const { syncJobs, schedules, sent } = await connect("v4");
    const failures = await Promise.all([
      refusal(syncJobs.update(JOB, { name: "x" }, ON_TOP)),
      refusal(schedules.put(JOB, null, { ...ACCOUNTS, cronExpression: "* * * * *" })),
      refusal(schedules.remove(JOB, { ...ACCOUNTS, resource: null })),
    ]);
    const refused = "CAPABILITY_NOT_SUPPORTED";
    expect(failures.map(({ code }) => code)).toEqual([refused, refused, "BAD_USER_INPUT"]);
    expect(sent()).toEqual([]);
  });

  it("of a job that is not RootFi's, or whose connection is gone, finds nothing to change", async () => {
    const { schedules } = await connect("v3", linksV3([]), {
      to: GET_COMPANY,
      body: { data: companyV3(null, { connections: [] }) },
    });
    const elsewhere = { ...JOB, remoteId: "elsewhere" };
    const failures = [
      await refusal(schedules.put(elsewhere, null, ACCOUNTS)),
      await refusal(schedules.put(JOB, null, ACCOUNTS)),
    ];
    expect(failures.map(({ code, sent }) => [code, sent])).toEqual([
      ["PROVIDER_NOT_FOUND", false],
      ["PROVIDER_NOT_FOUND", true],
    ]);
  });
});
