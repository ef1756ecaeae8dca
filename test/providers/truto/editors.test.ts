// The editors against the sandbox over real HTTP: each request they send and each answer they get is checked against the vendor's document.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LinkedAccountSnapshot, SyncJobSnapshot } from "../../../src/domain/definition.ts";
import { DefinitionKind } from "../../../src/domain/definition.ts";
import { eventually } from "../../support/eventually.ts";
import { allOf, refusal } from "../../support/provider-values.ts";
import type { SandboxVendor } from "../../support/sandbox-vendor.ts";
import { sandboxVendor } from "../../support/sandbox-vendor.ts";
import { conformance } from "./conformance.ts";
import { WEBHOOK_ID, asGuidesSay, contract, record, templateOf } from "./sandbox-client.ts";
import { editorsOf } from "./truto-at-fake-vendor.ts";

let at: SandboxVendor;
let asked = 0;
/** What the vendor last said of a job, raw. */
let lastJob: Record<string, unknown> = {};

beforeAll(async () => {
  at = await sandboxVendor("truto", conformance, { options: { webhookId: WEBHOOK_ID } });
  at.rewrite((answer, { method, path, body, json }) => {
    const template = templateOf(method, path);
    contract?.checkAnswer({ method, path: template, status: 200, body: asGuidesSay(record(answer)) });
    if (body !== "") contract?.checkRequestBody({ method, path: template, body: json() });
    if (template === "/sync-job/{id}" && method !== "DELETE") lastJob = record(answer);
    return answer;
  });
});
beforeEach(() => {
  asked = at.vendor.requests.length;
});
afterAll(() => at[Symbol.asyncDispose]());

const lines = () => at.vendor.requests.slice(asked).map(({ method, path }) => `${method} ${templateOf(method, path)}`);
const accountCalled = async (name: string): Promise<LinkedAccountSnapshot> => {
  const found = (await allOf(at.provider.listLinkedAccounts())).find((account) => account.name === name);
  if (found === undefined) throw new Error(`the sandbox has no account called ${name}`);
  return found;
};
const makeEntries = (): Promise<SyncJobSnapshot> =>
  editorsOf(at.provider).jobs.create({
    name: "Tickets and comments",
    integration: "zendesk",
    argsSchema: { type: "object", properties: { start_date: { type: "string", required: true } } },
    resources: [
      { name: "ticketing/tickets", method: "list", query: { updated_at: { gt: "{{args.start_date}}" } } },
      { name: "ticketing/comments", method: "list", dependsOn: ["ticketing/tickets"] },
      { name: "users", method: "list", persist: true, loopOn: { "{ args.user_ids }": null } },
    ],
  });

describe("a sync job of the sandbox", () => {
  it("is made of entries, changed by one of them, and deleted", async () => {
    const { jobs } = editorsOf(at.provider);
    const made = await makeEntries();
    expect(made).toMatchObject({
      name: "Tickets and comments",
      integration: "zendesk",
      runtimeVersion: 3,
      schedules: [],
    });
    expect(await at.provider.getDefinition(made.remoteId, DefinitionKind.SyncJob)).toEqual(made);

    const patch = {
      name: "Tickets",
      resources: [
        { name: "users", method: "get", remoteId: "7" },
        { name: "groups", method: "list" },
      ],
      removeResources: ["ticketing/comments"],
    };
    expect(jobs.check(made, patch)).toEqual([]);
    const changed = await jobs.update(made, patch, { expectedUpdatedAt: made.updatedAt });
    expect(changed.name).toBe("Tickets");
    expect(changed.resources.map(({ name, method }) => [name, method])).toEqual([
      ["ticketing/tickets", "list"],
      ["users", "get"],
      ["groups", "list"],
    ]);
    expect(changed.resources[1]).toMatchObject({ remoteId: "7", persist: true, loopOn: { "{ args.user_ids }": null } });

    await jobs.delete(made.remoteId);
    await jobs.delete(made.remoteId);
    expect(await refusal(at.provider.getDefinition(made.remoteId, DefinitionKind.SyncJob))).toMatchObject({
      code: "PROVIDER_NOT_FOUND",
    });
  });

  it("is made of nodes under runtime 4, and keeps of them what nobody sees", async () => {
    const { jobs } = editorsOf(at.provider);
    const draft = {
      name: "Everything",
      integration: null,
      argsSchema: { integrated_account_id: { type: "string", format: "integrated_account_id", required: true } },
      argsValidation: "null",
      mutexKey: "{{args.integrated_account_id}}",
      stateKey: "{{args.integrated_account_id}}",
      resources: [
        {
          name: "tickets",
          type: "request",
          method: "list",
          query: "$",
          config: { resource: "ticketing/tickets", body: { key: "planted" } },
        },
        {
          name: "out",
          type: "destination",
          dependsOn: ["tickets"],
          config: {
            destination_type: "webhook",
            config: { id: WEBHOOK_ID, headers: { key: "planted" } },
            resources_to_persist: ["tickets"],
          },
        },
      ],
    };
    expect(jobs.check(null, draft)).toEqual([]);
    const made = await jobs.create(draft);
    expect(made).toMatchObject({
      runtimeVersion: 4,
      integration: null,
      argsSchema: draft.argsSchema,
      mutexKey: draft.mutexKey,
    });
    expect(JSON.stringify(made)).not.toContain("planted");
    const changed = await jobs.update(
      made,
      { resources: [{ name: "tickets", query: { page: 1 } }] },
      { expectedUpdatedAt: null },
    );
    expect(changed.resources[0]).toMatchObject({ query: { page: 1 }, config: { resource: "ticketing/tickets" } });
    expect(lastJob["resources"]).toMatchObject([
      { body: { key: "planted" } },
      { config: { id: WEBHOOK_ID, headers: { key: "planted" } } },
    ]);
    await jobs.delete(made.remoteId);
  });

  it("is left as it is when somebody else has changed it", async () => {
    const { jobs } = editorsOf(at.provider);
    const made = await makeEntries();
    const before = new Date((made.updatedAt?.getTime() ?? 0) - 1000);
    const failure = await refusal(jobs.update(made, { name: "Mine" }, { expectedUpdatedAt: before }));
    expect(failure).toMatchObject({ code: "EDIT_CONFLICT", sent: false });
    expect(await at.provider.getDefinition(made.remoteId, DefinitionKind.SyncJob)).toEqual(made);
    await jobs.delete(made.remoteId);
  });

  it("runs once it is made", async () => {
    const { jobs } = editorsOf(at.provider);
    const definition = await makeEntries();
    const linkedAccount = await accountCalled("acme-inc (zendesk)");
    const request = { definition, linkedAccount, options: { args: { start_date: "2026-01-01" } } };
    expect(at.provider.checkStart(request)).toEqual([]);
    const [run] = await at.provider.start(request, "key");
    expect(run).toMatchObject({ definitionRemoteId: definition.remoteId, status: "CREATED" });
    await jobs.delete(definition.remoteId);
  });
});

describe("a schedule of the sandbox", () => {
  it("is made and activated, changed, activated again, and removed", async () => {
    const { jobs, schedules } = editorsOf(at.provider);
    const job = await makeEntries();
    const account = await accountCalled("acme-inc (zendesk)");
    asked = at.vendor.requests.length;
    const draft = {
      remoteId: null,
      resource: null,
      cronExpression: "0 */6 * * *",
      args: { start_date: "2026-01-01" },
      onError: "IGNORE",
    } as const;
    expect(schedules.check(job, account, draft)).toEqual([]);
    const made = await schedules.put(job, account, draft);
    const trigger = "/sync-job-cron-trigger";
    const readAgain = [`GET ${trigger}`, "GET /sync-job/{id}"];
    expect(lines()).toEqual([`POST ${trigger}`, `POST ${trigger}/{id}/schedule`, ...readAgain]);
    expect(made.schedule).toMatchObject({ cronExpression: "0 */6 * * *", linkedAccountRemoteId: account.remoteId });
    expect(made.job).toEqual({ ...job, schedules: [made.schedule] });
    expect(await at.provider.getDefinition(job.remoteId, DefinitionKind.SyncJob)).toEqual(made.job);

    const existing = { remoteId: made.schedule.remoteId, resource: null };
    asked = at.vendor.requests.length;
    const changed = await schedules.put(made.job, null, {
      ...existing,
      cronExpression: "30 1 * * 1-5",
      onError: "FAIL_FAST",
    });
    expect(lines()).toEqual([`PATCH ${trigger}/{id}`, `POST ${trigger}/{id}/schedule`, ...readAgain]);
    expect(changed.job.schedules).toMatchObject([{ remoteId: existing.remoteId, cronExpression: "30 1 * * 1-5" }]);
    asked = at.vendor.requests.length;
    expect(await schedules.put(changed.job, null, existing)).toEqual(changed);
    expect(lines()).toEqual([`POST ${trigger}/{id}/schedule`, ...readAgain]);

    expect((await schedules.remove(changed.job, existing)).schedules).toEqual([]);
    // Gone already, as far as the vendor is concerned.
    expect((await schedules.remove(changed.job, existing)).schedules).toEqual([]);
    await jobs.delete(job.remoteId);
  });

  it("starts runs by itself once it is made", async () => {
    const { jobs, schedules } = editorsOf(at.provider);
    const job = await makeEntries();
    const account = await accountCalled("acme-inc (zendesk)");
    const since = new Date();
    const args = { start_date: "2026-01-01" };
    const draft = { remoteId: null, resource: null, cronExpression: "* * * * *", args };
    const made = await schedules.put(job, account, draft);
    await eventually("a run that the schedule started", async () => {
      const runs = await allOf(at.provider.discover(since, []));
      return runs.find((run) => run.definitionRemoteId === job.remoteId) ?? null;
    });
    await schedules.remove(made.job, { remoteId: made.schedule.remoteId, resource: null });
    await jobs.delete(job.remoteId);
  });

  it("is refused by the vendor for an account that is none, and the refusal is told", async () => {
    const { jobs, schedules } = editorsOf(at.provider);
    const job = await makeEntries();
    const stranger = { ...(await accountCalled("acme-inc (zendesk)")), remoteId: conformance.sandbox.unknown.run };
    const making = schedules.put(job, stranger, { remoteId: null, resource: null, cronExpression: "0 1 * * *" });
    const failure = await refusal(making);
    expect(failure).toMatchObject({ code: "PROVIDER_REJECTED", httpStatus: 400 });
    expect(failure.message).toContain("integrated_account_id does not exist");
    await jobs.delete(job.remoteId);
  });
});
