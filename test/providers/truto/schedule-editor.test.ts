// Schedules at a fake Truto: the exact requests, activation and its failure, answers that are lost, and what the job looks like afterwards.
import { describe, expect, it } from "vitest";
import type { JobScheduleDraft } from "../../../src/domain/definition-change.ts";
import { repliesInOrder } from "../../support/fake-vendor.ts";
import type { FakeReply, RawReply } from "../../support/fake-vendor.ts";
import { refusal as refused } from "../../support/provider-values.ts";
import {
  ACCOUNT_ID,
  JOB_ID,
  TRIGGER_ID,
  accountSnapshot,
  jobSnapshot,
  scheduledJob,
  wireJob,
  wireTrigger,
} from "./sync-job.ts";
import { asSent, connectTruto, editorsOf, lost, refusal } from "./truto-at-fake-vendor.ts";

const TRIGGERS = "/sync-job-cron-trigger";
const TRIGGER = `${TRIGGERS}/${TRIGGER_ID}`;
const ACTIVATED = { json: { success: true } };
const fresh: JobScheduleDraft = { remoteId: null, resource: null, cronExpression: " 0 */6 * * * " };
const existing: JobScheduleDraft = { remoteId: TRIGGER_ID, resource: null };
const READ_AGAIN = [`GET ${TRIGGERS}`, `GET /sync-job/${JOB_ID}`];
/** The vendor's answers to reading the job again. */
const again = (...triggers: readonly object[]) => [{ json: { result: triggers } }, { json: wireJob }];

async function editors(replies: readonly (FakeReply | RawReply)[], options: Readonly<Record<string, string>> = {}) {
  const connected = await connectTruto(repliesInOrder(...replies), options);
  const { requests } = connected.vendor;
  const { schedules } = editorsOf(connected.provider);
  return {
    schedules,
    lines: () => requests.map(({ method, path }) => `${method} ${path}`),
    first: () => requests.slice(0, 1).map(asSent)[0],
    [Symbol.asyncDispose]: () => connected[Symbol.asyncDispose](),
  };
}

describe("making a schedule", () => {
  it("makes a cron trigger, activates it and reads the job again", async () => {
    const other = wireTrigger({ id: "other", cron_expression: "1 1 * * *" });
    await using at = await editors([{ json: wireTrigger() }, ACTIVATED, ...again(other, wireTrigger())]);
    const { job, schedule } = await at.schedules.put(jobSnapshot(), accountSnapshot(), fresh);
    expect(at.lines()).toEqual([`POST ${TRIGGERS}`, `POST ${TRIGGER}/schedule`, ...READ_AGAIN]);
    expect(at.first()).toMatchObject({
      query: {},
      body: { sync_job_id: JOB_ID, integrated_account_id: ACCOUNT_ID, cron_expression: "0 */6 * * *" },
    });
    expect(schedule).toMatchObject({ remoteId: TRIGGER_ID, frequency: "CRON", linkedAccountRemoteId: ACCOUNT_ID });
    expect(job.schedules.map(({ remoteId }) => remoteId)).toEqual(["other", TRIGGER_ID]);
  });

  it.each([
    ["webhook", { webhookId: "hook-1" }, { webhook_id: "hook-1" }],
    ["daemon group", { daemonGroupKey: "daemons" }, { daemon_group_key: "daemons" }],
  ])("names the configured %s, and every option in the vendor's words", async (_what, options, target) => {
    await using at = await editors([{ json: wireTrigger() }, ACTIVATED, ...again(wireTrigger())], options);
    const draft: JobScheduleDraft = { ...fresh, onError: "FAIL_FAST", args: { start_date: "2026-01-01" } };
    await at.schedules.put(jobSnapshot(), accountSnapshot(), draft);
    expect(at.first()).toMatchObject({
      body: {
        sync_job_id: JOB_ID,
        integrated_account_id: ACCOUNT_ID,
        cron_expression: "0 */6 * * *",
        ...target,
        error_handling: "fail_fast",
        args: { start_date: "2026-01-01" },
      },
    });
  });

  it.each<readonly [string, FakeReply | RawReply]>([
    ["is lost", lost],
    ["is a failure", refusal(503, "try later")],
    ["cannot be understood", { json: { success: true } }],
  ])("asks once when the answer %s", async (_what, reply) => {
    await using at = await editors([reply]);
    expect(await refused(at.schedules.put(jobSnapshot(), accountSnapshot(), fresh))).toMatchObject({ sent: true });
    expect(at.lines()).toEqual([`POST ${TRIGGERS}`]);
  });

  it.each<readonly [string, FakeReply | RawReply, string]>([
    ["fails", refusal(503, "try later"), "PROVIDER_UNAVAILABLE"],
    ["is refused", refusal(400, "not now"), "PROVIDER_REJECTED"],
    ["is lost", lost, "PROVIDER_UNAVAILABLE"],
    ["does not succeed", { json: { success: false } }, "PROVIDER_BAD_RESPONSE"],
  ])("says how to go on when the activation %s, and leaves what it made", async (_what, reply, code) => {
    await using at = await editors([{ json: wireTrigger() }, reply]);
    const failure = await refused(at.schedules.put(jobSnapshot(), accountSnapshot(), fresh));
    // Made again it would be there twice.
    expect(failure).toMatchObject({ code, sent: true, retryable: false });
    expect(failure.message).toMatch(
      /^truto-eu: schedule "6f5e4d3c-[^"]+" of sync job "[^"]+" was made but is not activated: /,
    );
    expect(failure.message).toMatch(/: POST .*\. To activate it, call syncJobSchedule with this schedule's id\.$/);
    expect(at.lines()).toEqual([`POST ${TRIGGERS}`, `POST ${TRIGGER}/schedule`]);
  });

  it("is made also when the activation could not even be asked for", async () => {
    await using at = await editors([{ json: wireTrigger({ id: ".." }) }]);
    expect(await refused(at.schedules.put(jobSnapshot(), accountSnapshot(), fresh))).toMatchObject({
      code: "PROVIDER_NOT_FOUND",
      sent: true,
    });
  });

  it("is done although the job cannot be read again; what is known of it is given", async () => {
    await using at = await editors([
      { json: wireTrigger({ id: "new" }) },
      ACTIVATED,
      refusal(403, "no"),
      refusal(403, "no"),
    ]);
    const { job, schedule } = await at.schedules.put(scheduledJob(), accountSnapshot(), fresh);
    expect(job).toEqual({ ...scheduledJob(), schedules: [...scheduledJob().schedules, schedule] });
    expect(schedule.remoteId).toBe("new");
  });

  it("does not repeat an argument that the vendor's refusal repeats", async () => {
    await using at = await editors([refusal(400, "args: planted-argument is no date")]);
    const draft = { ...fresh, args: { start_date: "planted-argument" } };
    const failure = await refused(at.schedules.put(jobSnapshot(), accountSnapshot(), draft));
    expect(failure.message).toMatch(/args: \[redacted\] is no date$/);
  });

  it("is not sent without an account or an expression", async () => {
    await using at = await editors([]);
    const { cronExpression: _expression, ...timeless } = fresh;
    for (const making of [
      at.schedules.put(jobSnapshot(), null, fresh),
      at.schedules.put(jobSnapshot(), accountSnapshot(), timeless),
    ])
      expect(await refused(making)).toMatchObject({ code: "PROVIDER_REJECTED", sent: false });
  });
});

describe("changing a schedule", () => {
  const later = wireTrigger({ cron_expression: "0 9 * * 1" });

  it("sends what changes and activates the trigger again when its expression is among it", async () => {
    await using at = await editors([{ json: later }, ACTIVATED, ...again(later)]);
    const draft: JobScheduleDraft = { ...existing, cronExpression: "0 9 * * 1", onError: "IGNORE" };
    const { job, schedule } = await at.schedules.put(scheduledJob(), null, draft);
    expect(at.lines()).toEqual([`PATCH ${TRIGGER}`, `POST ${TRIGGER}/schedule`, ...READ_AGAIN]);
    expect(at.first()).toMatchObject({ body: { cron_expression: "0 9 * * 1", error_handling: "ignore" } });
    expect([schedule.cronExpression, job.schedules]).toEqual(["0 9 * * 1", [schedule]]);
  });

  it("does not activate it for anything else", async () => {
    await using at = await editors([{ json: wireTrigger() }, ...again(wireTrigger())]);
    await at.schedules.put(scheduledJob(), null, { ...existing, onError: "BATCH" });
    expect(at.lines()).toEqual([`PATCH ${TRIGGER}`, ...READ_AGAIN]);
    expect(at.first()).toMatchObject({ body: { error_handling: "batch" } });
  });

  it("only activates it when nothing changes", async () => {
    await using at = await editors([{ status: 204 }, ...again(wireTrigger())]);
    const { schedule } = await at.schedules.put(scheduledJob(), null, existing);
    expect(at.lines()).toEqual([`POST ${TRIGGER}/schedule`, ...READ_AGAIN]);
    expect(schedule).toEqual(scheduledJob().schedules[0]);
  });

  it("says that it was changed when only the activation fails", async () => {
    await using at = await editors([{ json: later }, refusal(503, "try later")]);
    const failure = await refused(at.schedules.put(scheduledJob(), null, { ...existing, cronExpression: "0 9 * * 1" }));
    // To be changed to the same again does no harm.
    expect(failure).toMatchObject({ code: "PROVIDER_UNAVAILABLE", sent: true, retryable: true });
    expect(failure.message).toContain("was changed but is not activated");
  });

  it("gives the new expression although the triggers cannot be read again", async () => {
    await using at = await editors([{ json: later }, ACTIVATED, refusal(403, "no"), { json: wireJob }]);
    const { job } = await at.schedules.put(scheduledJob(), null, { ...existing, cronExpression: "0 9 * * 1" });
    expect(job.schedules.map(({ cronExpression }) => cronExpression)).toEqual(["0 9 * * 1"]);
  });

  it("is sent once when the answer is lost", async () => {
    await using at = await editors([lost]);
    const changing = at.schedules.put(scheduledJob(), null, { ...existing, cronExpression: "0 9 * * 1" });
    expect(await refused(changing)).toMatchObject({ sent: true });
    expect(at.lines()).toEqual([`PATCH ${TRIGGER}`]);
  });

  it("leaves another job's trigger alone", async () => {
    await using at = await editors([]);
    const changing = at.schedules.put(scheduledJob(), null, { ...existing, remoteId: "another" });
    expect(await refused(changing)).toMatchObject({ code: "PROVIDER_NOT_FOUND", sent: false });
  });
});

describe("removing a schedule", () => {
  it.each<readonly [string, readonly (FakeReply | RawReply)[]]>([
    ["the vendor deletes it", [{ json: { id: TRIGGER_ID } }]],
    ["the vendor has none any more", [refusal(404, "not found")]],
    ["the first answer was lost", [lost, refusal(404, "not found")]],
  ])("is done when %s", async (_what, replies) => {
    await using at = await editors([...replies, ...again(wireTrigger({ id: "other" }))]);
    const job = await at.schedules.remove(scheduledJob(), { remoteId: TRIGGER_ID, resource: null });
    expect(at.lines()).toEqual([...replies.map(() => `DELETE ${TRIGGER}`), ...READ_AGAIN]);
    expect(job.schedules.map(({ remoteId }) => remoteId)).toEqual(["other"]);
  });

  it("is done although the job cannot be read again, or still shows it", async () => {
    for (const rest of [[refusal(403, "no"), refusal(403, "no")], again(wireTrigger())]) {
      await using at = await editors([{ json: { id: TRIGGER_ID } }, ...rest]);
      const job = await at.schedules.remove(scheduledJob(), { remoteId: TRIGGER_ID, resource: null });
      expect(job.schedules).toEqual([]);
    }
  });

  it.each([
    ["a schedule of another job", { remoteId: "another", resource: null }, "PROVIDER_NOT_FOUND"],
    ["a resource's schedule", { remoteId: null, resource: "ticketing/users" }, "CAPABILITY_NOT_SUPPORTED"],
  ])("asks nobody for %s", async (_what, which, code) => {
    await using at = await editors([]);
    expect(await refused(at.schedules.remove(scheduledJob(), which))).toMatchObject({ code, sent: false });
  });

  it("fails when the vendor refuses", async () => {
    await using at = await editors([refusal(403, "forbidden")]);
    const removing = at.schedules.remove(scheduledJob(), { remoteId: TRIGGER_ID, resource: null });
    expect(await refused(removing)).toMatchObject({ code: "PROVIDER_AUTH_FAILED" });
  });
});
