// RootFi's adapter at RootFi's sandbox, in both versions: what only one vendor has, and what the conformance suite therefore does not ask.
import { describe, expect, it } from "vitest";
import type { SyncJobSnapshot } from "../../../src/domain/definition.ts";
import type { SyncProvider } from "../../../src/domain/provider-port.ts";
import { isTerminal } from "../../../src/domain/status.ts";
import type { Observation } from "../../../src/domain/sync.ts";
import { eventually } from "../../support/eventually.ts";
import { allOf, refusal, runRef } from "../../support/provider-values.ts";
import { sandboxVendor } from "../../support/sandbox-vendor.ts";
import { conformance, v4 } from "./conformance.ts";

const VERSIONS = [
  { version: "v3", vendor: conformance, account: "ACCOUNTS", bill: "BILLS" },
  { version: "v4", vendor: v4, account: "ACCOUNT", bill: "BILL" },
] as const;
const SLEEPER = "Blue Heron Logistics / NETSUITE";
const COFFEE = "Harbour Lane Coffee Roasters / XERO";

async function jobNamed(provider: SyncProvider, name: string): Promise<SyncJobSnapshot> {
  const job = (await allOf(provider.listDefinitions())).find((one) => one.name === name);
  if (job?.kind !== "SYNC_JOB") throw new Error(`the sandbox has no sync job "${name}"`);
  return job;
}

function editorsOf({ editors }: SyncProvider) {
  if (editors?.syncJobs === undefined || editors.schedules === undefined) throw new Error("RootFi has no editors");
  return { syncJobs: editors.syncJobs, schedules: editors.schedules };
}

const resourceOf = (job: SyncJobSnapshot, name: string) => job.resources.find((resource) => resource.name === name);
const scheduleOf = (job: SyncJobSnapshot, name: string) => job.schedules.find(({ resource }) => resource === name);

/** Starts the job and follows its run to the end; every sight of it. */
async function followed(provider: SyncProvider, definition: SyncJobSnapshot): Promise<readonly Observation[]> {
  const [started] = await provider.start({ definition, linkedAccount: null, options: {} }, "key");
  if (started === undefined) throw new Error("nothing was started");
  const { remoteId, definitionRemoteId, linkedAccountRemoteId } = started;
  const ref = runRef({ remoteId, definitionRemoteId, linkedAccountRemoteId, createdAt: new Date() });
  const seen: Observation[] = [started];
  return eventually("the run's end", async () => {
    seen.push(...(await provider.observe([ref], { tasks: true })).observations);
    const { status } = seen.at(-1) ?? started;
    return status !== null && isTerminal(status) ? seen : null;
  });
}

describe.each(VERSIONS)("RootFi's $version at its sandbox", ({ version, vendor, account, bill }) => {
  it("changes several data models, and shows what it then shows", async () => {
    await using at = await sandboxVendor("rootfi", vendor);
    const { syncJobs } = editorsOf(at.provider);
    const job = await jobNamed(at.provider, COFFEE);
    const syncFrom = new Date("2026-03-01T00:00:00.000Z");
    const patch = {
      resources: [
        { name: bill, enabled: false },
        { name: account, syncFrom },
      ],
    };
    const after = await syncJobs.update(job, patch, { expectedUpdatedAt: job.updatedAt });
    expect(resourceOf(after, bill)).toMatchObject({ enabled: false });
    expect(resourceOf(after, account)).toMatchObject({ enabled: true, syncFrom });
    expect(await at.provider.getDefinition(job.remoteId, "SYNC_JOB")).toEqual(after);
    expect(await jobNamed(at.provider, COFFEE)).toEqual(after);
    expect(after.updatedAt).not.toEqual(job.updatedAt);
    const late = syncJobs.update(job, patch, { expectedUpdatedAt: job.updatedAt });
    expect(await refusal(late)).toMatchObject({ code: "EDIT_CONFLICT" });
  });

  it("keeps a data model off while another is changed, and starts without it when nobody names models", async () => {
    await using at = await sandboxVendor("rootfi", vendor);
    const { syncJobs, schedules } = editorsOf(at.provider);
    const job = await jobNamed(at.provider, COFFEE);
    const off = { resources: [{ name: bill, enabled: false }] };
    await syncJobs.update(job, off, { expectedUpdatedAt: null });
    await schedules.put(job, null, { remoteId: null, resource: account, frequency: "WEEKLY" });
    // On top of what stands there: that the model is off is not sent back as it was.
    const syncFrom = new Date("2026-03-01T00:00:00.000Z");
    await syncJobs.update(job, { resources: [{ name: bill, syncFrom }] }, { expectedUpdatedAt: null });
    const read = await jobNamed(at.provider, COFFEE);
    expect(resourceOf(read, bill)).toMatchObject({ enabled: false, syncFrom });
    expect(scheduleOf(read, account)).toMatchObject({ frequency: "WEEKLY" });

    const [run] = await at.provider.start({ definition: read, linkedAccount: null, options: {} }, "key");
    expect(run?.facts.models).toContain(account);
    expect(run?.facts.models).not.toContain(bill);
    const started = at.vendor.requests.findLast(({ method }) => method === "POST");
    expect(started?.body).not.toContain(`"${bill}"`);
  });

  it("puts a schedule, and takes it away where that can be said", async () => {
    await using at = await sandboxVendor("rootfi", vendor);
    const { schedules } = editorsOf(at.provider);
    const job = await jobNamed(at.provider, COFFEE);
    const which = { remoteId: null, resource: account };
    const { schedule } = await schedules.put(job, null, { ...which, frequency: "WEEKLY", interval: 2 });
    expect(schedule).toMatchObject({ resource: account, frequency: "WEEKLY", interval: 2, enabled: true });
    const read = await jobNamed(at.provider, COFFEE);
    expect(scheduleOf(read, account)).toEqual(schedule);
    if (version === "v3") return;
    await schedules.remove(read, which);
    expect(scheduleOf(await jobNamed(at.provider, COFFEE), account)).toMatchObject({ frequency: "MANUAL" });
  });

  it("shows a run that waits for the platform as waiting, and its good end", async () => {
    await using at = await sandboxVendor("rootfi", vendor);
    const seen = await followed(at.provider, await jobNamed(at.provider, SLEEPER));
    const waiting = seen.filter(({ facts }) => facts.waitingReason === "RATE_LIMITED");
    expect(waiting.length).toBeGreaterThan(0);
    for (const { status, facts } of waiting) {
      expect(status).toBe("RUNNING");
      expect(facts.resumesAt).toBeInstanceOf(Date);
    }
    expect(seen.at(-1)).toMatchObject({ status: "SUCCESS" });
  });

  it("refuses a second run of a company that is syncing as a conflict", async () => {
    await using at = await sandboxVendor("rootfi", vendor);
    const definition = await jobNamed(at.provider, SLEEPER);
    await at.provider.start({ definition, linkedAccount: null, options: {} }, "key");
    const second = at.provider.start({ definition, linkedAccount: null, options: {} }, "key");
    expect(await refusal(second)).toMatchObject({ code: "PROVIDER_CONFLICT", retryable: false });
  });
});

describe("RootFi's v4 at its sandbox", () => {
  it("tells a partial end by its word, and runs it again by the vendor's own retry", async () => {
    await using at = await sandboxVendor("rootfi", v4);
    const definition = await jobNamed(at.provider, "Castor & Vale Outfitters / SHOPIFY");
    const end = (await followed(at.provider, definition)).at(-1);
    expect(end).toMatchObject({ status: "SUCCESS", outcome: "PARTIAL", rawStatus: "PARTIAL_SUCCESS" });
    expect(end?.facts.recordCounts?.total).toBeGreaterThan(0);
    expect(end?.tasks?.filter(({ status }) => status === "FAILED").length).toBeGreaterThan(0);
    const retryOf = runRef({ remoteId: end?.remoteId ?? "" });
    const [again] = await at.provider.start({ definition, linkedAccount: null, options: {}, retryOf }, "key");
    expect(again?.remoteId).not.toBe(end?.remoteId);
    const found = await allOf(at.provider.discover(new Date(0), [definition]));
    expect(found.map(({ remoteId }) => remoteId)).toContain(again?.remoteId);
  });
});
