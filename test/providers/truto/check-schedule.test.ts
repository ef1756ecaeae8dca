// What is refused of a schedule before Truto is called: table of drafts and the problems they have.
import { describe, expect, it } from "vitest";
import type { JobScheduleDraft } from "../../../src/domain/definition-change.ts";
import { checkSchedule } from "../../../src/providers/truto/check-schedule.ts";
import { TRIGGER_ID, accountSnapshot, jobSnapshot, nodeJobSnapshot, scheduledJob } from "./sync-job.ts";

const fresh = (given: Partial<JobScheduleDraft> = {}): JobScheduleDraft => ({
  remoteId: null,
  resource: null,
  cronExpression: "0 1 * * *",
  ...given,
});
const existing = (given: Partial<JobScheduleDraft> = {}): JobScheduleDraft => ({
  remoteId: TRIGGER_ID,
  resource: null,
  ...given,
});
const found = (problems: ReturnType<typeof checkSchedule>) =>
  problems.map(({ code, field }) => [code, field?.join(".")]);

describe("checking a new schedule", () => {
  it("finds nothing wrong with a good one, whatever the account's state is by now", () => {
    const draft = fresh({ frequency: "CRON", onError: "BATCH", args: { start_date: "2026-01-01" } });
    for (const status of ["active", "needs_reauth"])
      expect(checkSchedule(jobSnapshot(), accountSnapshot({ status }), draft)).toEqual([]);
  });

  it.each<readonly [string, Partial<JobScheduleDraft>, readonly (readonly string[])[]]>([
    ["another frequency", { frequency: "DAILY" }, [["CAPABILITY_NOT_SUPPORTED", "frequency"]]],
    ["an interval", { interval: 2 }, [["CAPABILITY_NOT_SUPPORTED", "interval"]]],
    ["a single resource", { resource: "ticketing/users" }, [["CAPABILITY_NOT_SUPPORTED", "resource"]]],
    ["a broken expression", { cronExpression: "every day" }, [["BAD_USER_INPUT", "cronExpression"]]],
    ["an argument of another type", { args: { start_date: 7 } }, [["BAD_USER_INPUT", "args.start_date"]]],
    [
      "several at once",
      { interval: 1, cronExpression: "" },
      [
        ["CAPABILITY_NOT_SUPPORTED", "interval"],
        ["BAD_USER_INPUT", "cronExpression"],
      ],
    ],
  ])("refuses %s", (_what, given, problems) => {
    expect(found(checkSchedule(jobSnapshot(), accountSnapshot(), fresh(given)))).toEqual(problems);
  });

  it("needs an account, of the job's integration, and an expression", () => {
    const { cronExpression: _expression, ...draft } = fresh();
    expect(found(checkSchedule(jobSnapshot(), null, draft))).toEqual([
      ["BAD_USER_INPUT", "linkedAccountId"],
      ["BAD_USER_INPUT", "cronExpression"],
    ]);
    const foreign = accountSnapshot({ integration: { name: "hubspot" } });
    expect(found(checkSchedule(jobSnapshot(), foreign, fresh()))).toEqual([["BAD_USER_INPUT", "linkedAccountId"]]);
  });

  it.each([
    [
      "a JSON Schema",
      jobSnapshot({ args_schema: { type: "object", properties: { since: { type: "string", required: true } } } }),
      "args.since",
    ],
    ["a flat map", nodeJobSnapshot(), "args.updated_after"],
  ])("checks the arguments against %s, also when none are given", (_what, job, place) => {
    expect(found(checkSchedule(job, accountSnapshot(), fresh()))).toEqual([["BAD_USER_INPUT", place]]);
  });

  it("knows which runtimes handle errors in batches", () => {
    const job = jobSnapshot({ default_runtime_version: 1 });
    expect(found(checkSchedule(job, accountSnapshot(), fresh({ onError: "BATCH" })))).toEqual([
      ["BAD_USER_INPUT", "onError"],
    ]);
  });
});

describe("checking a change of a schedule", () => {
  it("finds nothing wrong with a new expression, with nothing, and with the account it has", () => {
    for (const draft of [existing({ cronExpression: "0 2 * * *", onError: "IGNORE" }), existing()])
      for (const account of [null, accountSnapshot()])
        expect(checkSchedule(scheduledJob(), account, draft)).toEqual([]);
  });

  it.each<readonly [string, Partial<JobScheduleDraft>, readonly string[]]>([
    ["an id of another job's schedule", { remoteId: "another" }, ["NOT_FOUND", "remoteId"]],
    ["arguments", { args: {} }, ["BAD_USER_INPUT", "args"]],
    ["a broken expression", { cronExpression: "61 * * * *" }, ["BAD_USER_INPUT", "cronExpression"]],
  ])("refuses %s", (_what, given, problem) => {
    expect(found(checkSchedule(scheduledJob(), null, existing(given)))).toEqual([problem]);
  });

  it("says what to do where Truto cannot change a schedule", () => {
    const other = accountSnapshot({ id: "another" });
    const problems = checkSchedule(scheduledJob(), other, existing({ args: { start_date: "2026-01-01" } }));
    expect(problems.map(({ field }) => field)).toEqual([["args"], ["linkedAccountId"]]);
    for (const { message } of problems) expect(message).toContain("unschedule this one and schedule the job anew");
  });
});
