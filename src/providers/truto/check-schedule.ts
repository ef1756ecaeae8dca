// What is wrong with a schedule to be made or changed, found without calling Truto.
import type { LinkedAccountSnapshot, Schedule, SyncJobSnapshot } from "../../domain/definition.ts";
import { ScheduleFrequency } from "../../domain/definition.ts";
import type { JobScheduleDraft } from "../../domain/definition-change.ts";
import type { UserProblem } from "../../domain/errors.ts";
import { ErrorCode } from "../../domain/errors.ts";
import { checkArguments } from "./args.ts";
import { checkErrorHandling, checkIntegration } from "./check-start.ts";
import { cronProblem } from "./cron.ts";

export function checkSchedule(
  job: SyncJobSnapshot,
  linkedAccount: LinkedAccountSnapshot | null,
  draft: JobScheduleDraft,
): readonly UserProblem[] {
  const cron = draft.cronExpression === undefined ? null : cronProblem(draft.cronExpression);
  return [
    ...checkKind(draft),
    ...(cron === null ? [] : [problem(ErrorCode.BadUserInput, "cronExpression", cron)]),
    ...checkErrorHandling(job, draft),
    ...(draft.remoteId === null
      ? checkNew(job, linkedAccount, draft)
      : checkChange(job, linkedAccount, draft, draft.remoteId)),
  ];
}

/** Truto has cron triggers of whole jobs and no other schedules. */
function checkKind({ frequency, interval, resource }: JobScheduleDraft): readonly UserProblem[] {
  const code = ErrorCode.CapabilityNotSupported;
  return [
    ...(frequency === undefined || frequency === ScheduleFrequency.Cron
      ? []
      : [problem(code, "frequency", `expected CRON, got ${frequency}: Truto schedules by cron expressions alone`)]),
    ...(interval === undefined
      ? []
      : [problem(code, "interval", "expected no interval, got one: Truto schedules by cron expressions alone")]),
    ...(resource === null
      ? []
      : [problem(code, "resource", "expected no resource, got one: Truto schedules whole sync jobs")]),
  ];
}

function checkNew(
  job: SyncJobSnapshot,
  account: LinkedAccountSnapshot | null,
  { cronExpression, args = {} }: JobScheduleDraft,
): readonly UserProblem[] {
  const code = ErrorCode.BadUserInput;
  const needed = "expected the linked account to run for, got nothing: a sync job belongs to none";
  // Whether the account is usable is asked of each run: by then its owner may have signed in again.
  return [
    ...(account === null ? [problem(code, "linkedAccountId", needed)] : checkIntegration(job, account)),
    ...(cronExpression === undefined
      ? [problem(code, "cronExpression", "expected a cron expression of five fields in UTC, got nothing")]
      : []),
    ...checkArguments(job.argsSchema, args),
  ];
}

/** PATCH takes neither arguments nor the account ("Update Sync Job Cron Trigger"). */
function checkChange(
  job: SyncJobSnapshot,
  account: LinkedAccountSnapshot | null,
  draft: JobScheduleDraft,
  remoteId: string,
): readonly UserProblem[] {
  const schedule = scheduleOfJob(job, remoteId);
  if (schedule === undefined) {
    const message = `expected a schedule of the sync job "${job.name}", got an id that none of its schedules has`;
    return [problem(ErrorCode.NotFound, "remoteId", message)];
  }
  const fixed = (what: string): string =>
    `expected no ${what}, got one: Truto cannot change it in a schedule; unschedule this one and schedule the job anew`;
  const isOther = account !== null && account.remoteId !== schedule.linkedAccountRemoteId;
  return [
    ...(draft.args === undefined ? [] : [problem(ErrorCode.BadUserInput, "args", fixed("new arguments"))]),
    ...(isOther ? [problem(ErrorCode.BadUserInput, "linkedAccountId", fixed("other linked account"))] : []),
  ];
}

/** The schedule of that id, if it is this job's. */
export function scheduleOfJob({ schedules }: SyncJobSnapshot, remoteId: string): Schedule | undefined {
  return schedules.find((schedule) => schedule.remoteId === remoteId);
}

function problem(code: ErrorCode, field: string, message: string): UserProblem {
  return { code, message, field: [field] };
}
