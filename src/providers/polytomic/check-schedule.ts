// What is wrong with a schedule of a model sync, as far as the vendor's documents say it.
import { ScheduleFrequency } from "../../domain/definition.ts";
import type { ScheduleDraft } from "../../domain/definition-change.ts";
import { ErrorCode } from "../../domain/errors.ts";
import type { UserProblem } from "../../domain/errors.ts";
import { FREQUENCIES, wordsFor } from "./schedule-words.ts";

export function checkSchedule(schedule: ScheduleDraft): readonly UserProblem[] {
  const { interval, cronExpression } = schedule;
  return [
    ...wordProblems(schedule),
    ...(interval === null
      ? []
      : [problem("interval", "Polytomic has no intervals; leave interval out and choose a frequency.")]),
    ...(cronExpression === null
      ? []
      : [
          problem(
            "cronExpression",
            "Polytomic takes a cron schedule in parts; give minute, hour, dayOfMonth, month and dayOfWeek instead.",
          ),
        ]),
    ...followingProblems(schedule),
    ...externalProblems(schedule),
  ];
}

const problem = (name: keyof ScheduleDraft, message: string): UserProblem => ({
  code: ErrorCode.BadUserInput,
  message,
  field: ["schedule", name],
});

function wordProblems({ frequency, rawFrequency }: ScheduleDraft): readonly UserProblem[] {
  const words = wordsFor(frequency);
  if (words.length === 0) {
    return [
      problem("frequency", `Expected schedule.frequency to be one of ${FREQUENCIES.join(", ")}, got ${frequency}.`),
    ];
  }
  if (rawFrequency === null || words.includes(rawFrequency)) return [];
  const expected = `Expected schedule.rawFrequency for ${frequency} to be ${words.join(" or ")}`;
  return [problem("rawFrequency", `${expected}, got "${rawFrequency.slice(0, 40)}".`)];
}

function followingProblems({ frequency, ...schedule }: ScheduleDraft): readonly UserProblem[] {
  const followed = schedule.runAfterRemoteIds.length + schedule.runAfterBulkRemoteIds.length;
  if (frequency !== ScheduleFrequency.AfterRun || followed > 0) return [];
  return [problem("runAfterRemoteIds", "Expected AFTER_RUN to name at least one sync to run after, got none.")];
}

/** The end of a dbt Cloud job, whose id is a number. */
function externalProblems({ frequency, externalConnectionId, externalJobId }: ScheduleDraft): readonly UserProblem[] {
  const needed = frequency === ScheduleFrequency.External;
  const isNumber = /^\d{1,15}$/.test(externalJobId ?? "");
  return [
    ...(needed && (externalConnectionId ?? "").trim() === ""
      ? [problem("externalConnectionId", "Expected EXTERNAL to name a dbt Cloud connection, got none.")]
      : []),
    ...((needed || externalJobId !== null) && !isNumber
      ? [problem("externalJobId", "Expected schedule.externalJobId to be the number of a dbt Cloud job.")]
      : []),
  ];
}
