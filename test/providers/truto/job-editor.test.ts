// Making, changing and deleting sync jobs at a fake Truto: the exact requests, what survives a change, conflicts, answers that are lost.
import { describe, expect, it } from "vitest";
import type { SyncJobPatch } from "../../../src/domain/definition-change.ts";
import { createForeignText } from "../../../src/wire/foreign-text.ts";
import { repliesInOrder } from "../../support/fake-vendor.ts";
import type { FakeReply, RawReply } from "../../support/fake-vendor.ts";
import { JOB_ID, jobSnapshot, nodeJobSnapshot, scheduledJob, wireJob, wireNodeJob, wireTrigger } from "./sync-job.ts";
import { asSent, connectTruto, editorsOf, lost, refusal } from "./truto-at-fake-vendor.ts";

const JOB = `/sync-job/${JOB_ID}`;
const READ = new Date("2026-04-01T10:00:00.000Z");
const NO_MATTER = { expectedUpdatedAt: null };
const triggers = (...result: readonly object[]) => ({ json: { result } });

/** The editors in front of a vendor that gives these replies in order. */
async function editors(...replies: readonly (FakeReply | RawReply)[]) {
  const connected = await connectTruto(repliesInOrder(...replies));
  const lines = () => connected.vendor.requests.map(({ method, path }) => `${method} ${path}`);
  const bodies = () => connected.vendor.requests.flatMap((request) => (request.body === "" ? [] : [request.json()]));
  const sent = () => connected.vendor.requests.map(asSent);
  const { jobs } = editorsOf(connected.provider);
  return { jobs, lines, bodies, sent, [Symbol.asyncDispose]: () => connected[Symbol.asyncDispose]() };
}

describe("making a sync job", () => {
  it("sends entries of the legacy runtimes, and leaves out what the draft leaves out", async () => {
    await using at = await editors({ json: wireJob });
    const made = await at.jobs.create({
      name: "Zendesk tickets",
      resources: [{ name: "ticketing/tickets", method: "list", query: { a: 1 }, dependsOn: [] }],
    });
    expect(at.sent()).toEqual([
      {
        method: "POST",
        path: "/sync-job",
        query: {},
        body: {
          label: "Zendesk tickets",
          resources: [{ resource: "ticketing/tickets", method: "list", query: { a: 1 } }],
        },
      },
    ]);
    expect(made).toEqual(jobSnapshot());
  });

  it("sends nodes under runtime 4, whether the draft names it or not, and every other field in the vendor's words", async () => {
    await using at = await editors({ json: wireNodeJob }, { json: wireNodeJob });
    const draft = {
      name: "All",
      integration: null,
      argsSchema: { since: "string" },
      argsValidation: "null",
      mutexKey: "{{args.integrated_account_id}}",
      stateKey: null,
      resources: [{ name: "a", type: "request", method: "list", config: { resource: "users", body: { key: "x" } } }],
    };
    await at.jobs.create(draft);
    await at.jobs.create({ ...draft, argsSchema: null, runtimeVersion: 4 });
    const body = {
      label: "All",
      integration_name: "",
      default_runtime_version: 4,
      args_schema: { since: "string" },
      args_validation: "null",
      mutex_key: "{{args.integrated_account_id}}",
      state_key: null,
      resources: [{ name: "a", type: "request", method: "list", resource: "users", body: { key: "x" } }],
    };
    expect(at.bodies()).toEqual([body, { ...body, args_schema: {} }]);
  });

  it.each<readonly [string, FakeReply | RawReply, object]>([
    ["is lost", lost, { code: "PROVIDER_UNAVAILABLE", sent: true }],
    ["is a failure", refusal(503, "try later"), { code: "PROVIDER_UNAVAILABLE", sent: true }],
    ["asks to wait", refusal(429, "slow down"), { code: "PROVIDER_RATE_LIMITED" }],
    ["cannot be understood", { json: { label: "no id" } }, { code: "PROVIDER_BAD_RESPONSE", sent: true }],
  ])("asks once when the answer %s", async (_what, reply, facts) => {
    await using at = await editors(reply);
    await expect(at.jobs.create({ name: "New", resources: [] })).rejects.toMatchObject(facts);
    expect(at.lines()).toEqual(["POST /sync-job"]);
  });

  it("does not repeat a header that the vendor's refusal repeats", async () => {
    await using at = await editors(refusal(400, "list of planted-header is not allowed"));
    const config = { config: { id: "hook", headers: { authorization: "planted-header" } } };
    const making = at.jobs.create({ name: "New", resources: [{ name: "list", type: "destination", config }] });
    await expect(making).rejects.toThrow(/list of \[redacted\] is not allowed/);
  });
});

describe("changing a sync job", () => {
  it("sends what changes alone, and keeps the schedules in what it gives", async () => {
    await using at = await editors({ json: { ...wireJob, label: "Other" } }, triggers(wireTrigger()));
    const patch = { name: "Other", integration: null, argsSchema: null, mutexKey: null };
    const changed = await at.jobs.update(jobSnapshot(), patch, NO_MATTER);
    expect(at.sent()[0]).toEqual({
      method: "PATCH",
      path: JOB,
      query: {},
      body: { label: "Other", integration_name: "", args_schema: {}, mutex_key: null },
    });
    expect(at.lines().slice(1)).toEqual(["GET /sync-job-cron-trigger"]);
    expect(changed).toEqual(scheduledJob({ label: "Other" }));
  });

  it("is done although the schedules cannot be read; they stay as they were known", async () => {
    await using at = await editors({ json: { ...wireJob, label: "Other" } }, refusal(403, "no triggers"));
    const changed = await at.jobs.update(scheduledJob(), { name: "Other" }, NO_MATTER);
    expect(changed).toEqual(scheduledJob({ label: "Other" }));
  });

  it("sends the whole list as the vendor has it, with what no snapshot shows, when one resource changes", async () => {
    await using at = await editors({ json: wireNodeJob }, { json: wireNodeJob }, triggers());
    const patch = {
      resources: [
        { name: "shape", config: { run_if: "$" } },
        { name: "log", type: "event" },
      ],
    };
    await at.jobs.update(nodeJobSnapshot(), patch, { expectedUpdatedAt: READ });
    expect(at.lines()).toEqual([`GET ${JOB}`, `PATCH ${JOB}`, "GET /sync-job-cron-trigger"]);
    const [tickets, shape, out] = wireNodeJob.resources;
    expect(at.bodies()).toEqual([
      { resources: [tickets, { ...shape, run_if: "$" }, out, { name: "log", type: "event" }] },
    ]);
  });

  it("sends back what the vendor wrote, character by character, however it had to be shown", async () => {
    const [tickets, ...others] = wireNodeJob.resources;
    const odd = {
      ...wireNodeJob,
      resources: [{ ...tickets, name: "tick\u0007ets", query: "since\n\t\u2028now", run_if: "\u001B" }, ...others],
    };
    await using at = await editors({ json: odd }, { json: odd }, triggers());
    const shown = nodeJobSnapshot(Object(createForeignText([]).value(odd)));
    expect(shown.resources[0]).toMatchObject({ name: "tick\u2407ets", query: "since\n\t\uFFFDnow" });
    // The query comes back as it was shown, and the method is another one.
    const patch = { resources: [{ name: "tick\u2407ets", query: "since\n\t\uFFFDnow", method: "get" }] };
    await at.jobs.update(shown, patch, NO_MATTER);
    expect(at.bodies()).toEqual([{ resources: [{ ...odd.resources[0], method: "get" }, ...others] }]);
  });

  it("refuses the word for what is hidden, and sends nothing", async () => {
    await using at = await editors({ json: wireNodeJob });
    const patch = { resources: [{ name: "tickets", query: { token: "[redacted]" } }] };
    const changing = at.jobs.update(nodeJobSnapshot(), patch, NO_MATTER);
    await expect(changing).rejects.toMatchObject({ code: "BAD_USER_INPUT", sent: false });
    expect(at.lines()).toEqual([`GET ${JOB}`]);
    await expect(at.jobs.create({ name: "[redacted]", resources: [] })).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
    });
  });

  it("takes a resource out of the list", async () => {
    await using at = await editors({ json: wireJob }, { json: wireJob }, triggers());
    await at.jobs.update(jobSnapshot(), { removeResources: ["ticketing/comments"] }, NO_MATTER);
    expect(at.bodies()).toEqual([{ resources: wireJob.resources.filter((_entry, index) => index !== 1) }]);
  });

  it.each<readonly [string, SyncJobPatch, object]>([
    ["has a newer time", { resources: [{ name: "tickets", query: "$" }] }, { updated_at: "2026-04-01 10:00:01" }],
    ["has no time", { name: "Other" }, { updated_at: null }],
    ["has an older time", { name: "Other" }, { updated_at: "2026-03-01T10:00:00Z" }],
  ])("changes nothing when the job %s", async (_what, patch, given) => {
    await using at = await editors({ json: { ...wireNodeJob, ...given } });
    const changing = at.jobs.update(nodeJobSnapshot(), patch, { expectedUpdatedAt: READ });
    await expect(changing).rejects.toMatchObject({ code: "EDIT_CONFLICT", retryable: false, sent: false });
    expect(at.lines()).toEqual([`GET ${JOB}`]);
  });

  it("names both times of a conflict", async () => {
    await using at = await editors({ json: { ...wireNodeJob, updated_at: "2026-04-02 00:00:00" } });
    await expect(at.jobs.update(nodeJobSnapshot(), {}, { expectedUpdatedAt: READ })).rejects.toThrow(
      /expected it as of 2026-04-01T10:00:00\.000Z, got one last changed at 2026-04-02T00:00:00\.000Z; nothing was changed/,
    );
  });

  it.each<readonly [string, SyncJobPatch]>([
    ["what it takes out is gone", { removeResources: ["ticketing/users"] }],
    ["what it depends on is gone", { resources: [{ name: "new", method: "list", dependsOn: ["ticketing/users"] }] }],
    ["what it changes has a twin now", { resources: [{ name: "ticketing/tickets", persist: true }] }],
  ])("does not fit a job that has changed meanwhile: %s", async (_what, patch) => {
    const [tickets, comments] = wireJob.resources;
    const resources = [tickets, comments, { ...tickets, method: "get" }];
    await using at = await editors({ json: { ...wireJob, resources } });
    await expect(at.jobs.update(jobSnapshot(), patch, NO_MATTER)).rejects.toMatchObject({ code: "EDIT_CONFLICT" });
    expect(at.lines()).toEqual([`GET ${JOB}`]);
  });

  it.each([
    ["no list", { a: 1 }],
    ["a list with something else in it", [...wireJob.resources, "text"]],
  ])("leaves %s alone, of which it could not send back everything", async (_what, resources) => {
    await using at = await editors({ json: { ...wireJob, resources } });
    const changing = at.jobs.update(jobSnapshot(), { resources: [{ name: "ticketing/users" }] }, NO_MATTER);
    await expect(changing).rejects.toMatchObject({ code: "PROVIDER_BAD_RESPONSE", sent: false });
    expect(at.lines()).toEqual([`GET ${JOB}`]);
  });

  it("has changed nothing when the job cannot be read first", async () => {
    await using at = await editors(refusal(403, "forbidden"));
    await expect(at.jobs.update(jobSnapshot(), { name: "x" }, { expectedUpdatedAt: READ })).rejects.toMatchObject({
      code: "PROVIDER_AUTH_FAILED",
      sent: false,
    });
  });

  it.each<readonly [string, FakeReply | RawReply, object]>([
    ["is lost", lost, { code: "PROVIDER_UNAVAILABLE", sent: true }],
    ["is a failure", refusal(502, "bad gateway"), { code: "PROVIDER_UNAVAILABLE", sent: true }],
    ["is another job's", { json: { ...wireJob, id: "other" } }, { code: "PROVIDER_BAD_RESPONSE", sent: true }],
  ])("is sent once when the answer %s", async (_what, reply, facts) => {
    await using at = await editors(reply);
    await expect(at.jobs.update(jobSnapshot(), { name: "Other" }, NO_MATTER)).rejects.toMatchObject(facts);
    expect(at.lines()).toEqual([`PATCH ${JOB}`]);
  });

  it("does not repeat a hidden setting of the vendor's list that a refusal repeats", async () => {
    await using at = await editors({ json: wireNodeJob }, refusal(400, "out: planted-header, planted-body"));
    const changing = at.jobs.update(nodeJobSnapshot(), { resources: [{ name: "tickets", query: "$" }] }, NO_MATTER);
    await expect(changing).rejects.toThrow(/out: \[redacted\], \[redacted\]$/);
  });

  it("sends nothing when nothing changes", async () => {
    await using at = await editors({ json: wireJob }, triggers());
    expect(await at.jobs.update(jobSnapshot(), { resources: [] }, NO_MATTER)).toEqual(jobSnapshot());
    expect(at.lines()).toEqual([`GET ${JOB}`, "GET /sync-job-cron-trigger"]);
  });
});

describe("deleting a sync job", () => {
  it.each<readonly [string, readonly (FakeReply | RawReply)[]]>([
    ["the vendor deletes it", [{ json: { id: JOB_ID } }]],
    ["the vendor says so without a word", [{ status: 204 }]],
    ["the vendor has none any more", [refusal(404, "Sync job not found")]],
    ["the first answer was lost", [lost, refusal(404, "Sync job not found")]],
  ])("is done when %s", async (_what, replies) => {
    await using at = await editors(...replies);
    await at.jobs.delete(JOB_ID);
    expect(at.lines()).toEqual(replies.map(() => `DELETE ${JOB}`));
  });

  it("fails when the vendor refuses", async () => {
    await using at = await editors(refusal(403, "forbidden"));
    await expect(at.jobs.delete(JOB_ID)).rejects.toMatchObject({ code: "PROVIDER_AUTH_FAILED" });
  });
});
