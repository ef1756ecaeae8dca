// A run that waits for its connection's platform: when RootFi is asked about it, what is told, and that the reason goes when it is over.
import { afterEach, describe, expect, it } from "vitest";
import { advance } from "../../../src/domain/advance.ts";
import type { Observation } from "../../../src/domain/sync.ts";
import type { RecordedReply } from "../../support/adapter-at-fake-vendor.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { runRef } from "../../support/provider-values.ts";
import { conformance } from "./conformance.ts";
import { atRootfi } from "./rootfi-at-fake-vendor.ts";
import type { AtRootfi, AtRootfiOptions } from "./rootfi-at-fake-vendor.ts";
import { companyV4 } from "./sync-config.ts";

let rootfi: AtRootfi | null = null;
afterEach(async () => {
  await rootfi?.close();
  rootfi = null;
});

async function connect(replies: readonly RecordedReply[], options: AtRootfiOptions = {}) {
  rootfi = await atRootfi(replies, options);
  const { provider, sent } = rootfi;
  const observe = async (ids: readonly string[], tasks: boolean): Promise<readonly Observation[]> => {
    const refs = ids.map((remoteId) => runRef({ remoteId, linkedAccountRemoteId: "8422" }));
    return (await provider.observe(refs, { tasks })).observations;
  };
  return { observe, asked: (line: string) => sent().filter(({ request }) => request === line).length };
}

const { now: NOW } = conformance;
const RESUMES_AT = new Date(NOW.getTime() + 60_000);
const COMPANY = "GET /core/companies/8422";
const SLEEPING = { waitingReason: "RATE_LIMITED", resumesAt: RESUMES_AT };
const AWAKE = { waitingReason: null, resumesAt: null };

const sync = (id: string, status = "RUNNING", integration = "XERO"): object => ({
  sync_id: id,
  status,
  rootfi_company_id: 8422,
  integration_type: integration,
});
const one = (id: string, status?: string): RecordedReply => ({
  to: `GET /core/syncs/${id}`,
  body: { data: sync(id, status) },
});
const noJobs = (id: string): RecordedReply => ({ to: `GET /core/syncs/${id}/jobs`, body: { data: [] } });
const list = (...syncs: readonly object[]): RecordedReply => ({
  to: "GET /core/syncs?rootfi_company_id=8422&limit=100",
  body: { data: syncs },
});
const connection = (integration_type: string, sync_status: string, connection_status = "HEALTHY"): object => ({
  integration_type,
  connection_status,
  sync_status,
  sync_resume_at: RESUMES_AT.toISOString(),
});
const company = (...connections: readonly object[]): RecordedReply => ({
  to: COMPANY,
  body: { data: { rootfi_id: 8422, connections } },
});

describe("a run at RootFi whose connection sleeps", () => {
  it("waits until the connection goes on", async () => {
    const { observe } = await connect([one("a"), noJobs("a"), company(connection("XERO", "SLEEPING"))]);
    expect(await observe(["a"], true)).toMatchObject([{ status: "RUNNING", facts: SLEEPING }]);
  });

  it("waits too when the connection's own status says so", async () => {
    const { observe } = await connect([one("a"), noJobs("a"), company(connection("XERO", "IDLE", "sleeping"))]);
    expect((await observe(["a"], true))[0]?.facts).toMatchObject(SLEEPING);
  });

  it("costs one call for all runs of the company, and each run is told of its own connection", async () => {
    const { observe, asked } = await connect([
      list(
        sync("a"),
        sync("b", "RUNNING", "HUBSPOT"),
        sync("c", "CREATED"),
        sync("d", "SUCCESS"),
        sync("e", "RUNNING", "WAVE"),
      ),
      ...["a", "b", "c", "d", "e"].map(noJobs),
      company(connection("XERO", "SLEEPING"), connection("HUBSPOT", "FETCHING")),
    ]);
    const [waiting, awake, ...others] = await observe(["a", "b", "c", "d", "e"], true);
    expect(waiting?.facts).toMatchObject(SLEEPING);
    expect(awake?.facts).toMatchObject(AWAKE);
    // Not begun, ended, or on a connection of which nothing is told.
    for (const { facts } of others) expect(Object.keys(facts)).not.toContain("waitingReason");
    expect(asked(COMPANY)).toBe(1);
  });

  it("costs nothing without tasks, or when nothing runs", async () => {
    const { observe, asked } = await connect([one("a"), one("b", "SUCCESS"), noJobs("b")]);
    expect(Object.keys((await observe(["a"], false))[0]?.facts ?? {})).not.toContain("waitingReason");
    await observe(["b"], true);
    expect(asked(COMPANY)).toBe(0);
  });

  it.each([
    ["cannot be read", { to: COMPANY, status: 500, body: null }],
    ["leaves its connections out", { to: COMPANY, body: { data: { rootfi_id: 8422 } } }],
  ])("is told as it is when the company %s", async (_case, reply) => {
    const { observe } = await connect([one("a"), noJobs("a"), reply]);
    const [run] = await observe(["a"], true);
    expect(run).toMatchObject({ status: "RUNNING", tasks: [] });
    expect(Object.keys(run?.facts ?? {})).not.toContain("waitingReason");
  });

  it("is asked about again as soon as it should be awake, and then its reason goes", async () => {
    const clock = createManualClock(NOW);
    const { observe, asked } = await connect(
      [
        ...[one("a"), noJobs("a"), company(connection("XERO", "SLEEPING"))],
        ...[one("a"), one("a"), company(connection("XERO", "PARSING")), one("a")],
      ],
      { clock },
    );
    const [slept] = await observe(["a"], true);
    const [unasked] = await observe(["a"], false);
    expect(asked(COMPANY)).toBe(1);
    await clock.advance(60_000);
    const [woken] = await observe(["a"], false);
    expect(asked(COMPANY)).toBe(2);
    await observe(["a"], false);
    expect(asked(COMPANY)).toBe(2);

    const told = [slept, unasked, woken].filter((run) => run !== undefined);
    const states = told.reduce<readonly ReturnType<typeof advance>["state"][]>(
      (before, run) => [...before, advance(before.at(-1) ?? null, run).state],
      [],
    );
    // What is left out stays, so the reason lasts until it is taken back.
    expect(states).toMatchObject([SLEEPING, SLEEPING, AWAKE]);
  });

  it("waits in v4 too, where the company has one connection", async () => {
    const { observe } = await connect(
      [
        {
          to: "GET /core/companies/8422/syncs?limit=100&jobType=PULL",
          body: { data: { syncs: [{ id: "a", status: "RUNNING", integrationType: "NETSUITE" }], next: null } },
        },
        { to: "GET /core/syncs/a/jobs?limit=100", body: { data: { jobs: [], next: null } } },
        {
          to: COMPANY,
          body: { data: companyV4([], { syncStatus: "SLEEPING", syncResumeAt: RESUMES_AT.toISOString() }) },
        },
      ],
      { version: "v4" },
    );
    expect((await observe(["a"], true))[0]?.facts).toMatchObject(SLEEPING);
  });
});
