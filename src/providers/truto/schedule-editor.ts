// Makes, changes, activates and removes schedules of sync jobs: Truto's cron triggers. What is wrong with one is said in `check-schedule.ts`.
import type { LinkedAccountSnapshot, Schedule, SyncJobSnapshot } from "../../domain/definition.ts";
import type { JobScheduleDraft } from "../../domain/definition-change.ts";
import type { ScheduleEditor, ScheduledJob } from "../../domain/editor-port.ts";
import { ErrorCode, ProviderError } from "../../domain/errors.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { CallOptions } from "../../domain/provider-port.ts";
import { failureWith, isNotFound, notFound, providerFailure } from "../../wire/provider-failure.ts";
import { checkSchedule, scheduleOfJob } from "./check-schedule.ts";
import { withoutTexts } from "./failures.ts";
import type { EditorTools } from "./job-editor.ts";
import { scheduleOf, syncJobOf } from "./map-catalog.ts";
import { argumentTexts, errorHandlingWord } from "./map.ts";
import { schedulesNow } from "./schedules.ts";
import { targetFields } from "./target.ts";
import type { TrutoTarget } from "./target.ts";

interface ScheduleTools extends EditorTools {
  readonly target: TrutoTarget;
}

export function scheduleEditor(tools: ScheduleTools): ScheduleEditor {
  return {
    check: checkSchedule,
    put: (job, linkedAccount, draft, options = {}) =>
      draft.remoteId === null
        ? make(tools, job, linkedAccount, draft, options)
        : change(tools, job, draft, draft.remoteId, options),
    remove: (job, which, options = {}) => remove(tools, job, which.remoteId, options),
  };
}

async function make(
  tools: ScheduleTools,
  job: SyncJobSnapshot,
  linkedAccount: LinkedAccountSnapshot | null,
  draft: JobScheduleDraft,
  { signal }: CallOptions,
): Promise<ScheduledJob> {
  const { api, provider, target } = tools;
  const { args, cronExpression, onError } = draft;
  if (linkedAccount === null || cronExpression === undefined) {
    const sentence = "create sync job cron trigger: expected a linked account and a cron expression, got less";
    throw providerFailure(sentence, { code: ErrorCode.ProviderRejected, provider });
  }
  const body = {
    sync_job_id: job.remoteId,
    integrated_account_id: linkedAccount.remoteId,
    cron_expression: cronExpression.trim(),
    ...targetFields(target),
    ...(onError === undefined ? {} : { error_handling: errorHandlingWord(onError) }),
    ...(args === undefined ? {} : { args }),
  };
  const trigger = await withoutTexts(api.createTrigger(body, signal), argumentTexts(args));
  try {
    await api.activateTrigger(trigger.id, signal);
  } catch (error) {
    // To be called again it would be made a second time, so nobody may take the failure for one that passes.
    throw notActivated(error, { provider, id: trigger.id, jobId: job.remoteId, was: "was made", retryable: false });
  }
  return scheduled(tools, job, scheduleOf(trigger), signal);
}

async function change(
  tools: ScheduleTools,
  job: SyncJobSnapshot,
  { cronExpression, onError }: JobScheduleDraft,
  id: string,
  { signal }: CallOptions,
): Promise<ScheduledJob> {
  const { api, provider } = tools;
  const known = scheduleOfJob(job, id);
  if (known === undefined) throw noSchedule(tools, job, id);
  const body: JsonObject = {
    ...(cronExpression === undefined ? {} : { cron_expression: cronExpression.trim() }),
    ...(onError === undefined ? {} : { error_handling: errorHandlingWord(onError) }),
  };
  const isChanged = Object.keys(body).length > 0;
  const schedule = isChanged ? scheduleOf(await api.updateTrigger(id, body, signal)) : null;
  // A changed expression takes effect only when the trigger is activated again ("truto-skills").
  if (cronExpression !== undefined || !isChanged) {
    try {
      await api.activateTrigger(id, signal);
    } catch (error) {
      throw isChanged ? notActivated(error, { provider, id, jobId: job.remoteId, was: "was changed" }) : error;
    }
  }
  return scheduled(tools, job, schedule ?? known, signal);
}

interface HalfDone {
  readonly provider: string;
  readonly id: string;
  readonly jobId: string;
  /** What has happened to it all the same. */
  readonly was: string;
  readonly retryable?: false;
}

/** The trigger stays: who reads this can activate it, and a deletion might fail like the activation. */
function notActivated(error: unknown, { provider, id, jobId, was, retryable }: HalfDone): unknown {
  if (!(error instanceof ProviderError)) return error;
  const reason = error.message.replace(`${provider}: `, "");
  const message = `${provider}: schedule "${id}" of sync job "${jobId}" ${was} but is not activated: ${reason}. To activate it, call syncJobSchedule with this schedule's id.`;
  return failureWith(error, { message, sent: true, ...(retryable === undefined ? {} : { retryable }) });
}

/** The job as it stands now. The change is made: what cannot be read again is as it was before. */
async function scheduled(
  tools: ScheduleTools,
  job: SyncJobSnapshot,
  schedule: Schedule,
  signal: AbortSignal | undefined,
): Promise<ScheduledJob> {
  const { job: current, schedules } = await readAgain(tools, job, signal);
  const isIt = ({ remoteId }: Schedule): boolean => remoteId === schedule.remoteId;
  const read = schedules?.find(isIt) ?? schedule;
  const all = schedules ?? job.schedules;
  const listed = all.some(isIt) ? all.map((one) => (isIt(one) ? read : one)) : [...all, read];
  return { job: { ...current, schedules: listed }, schedule: read };
}

async function remove(
  tools: ScheduleTools,
  job: SyncJobSnapshot,
  id: string | null,
  { signal }: CallOptions,
): Promise<SyncJobSnapshot> {
  if (id === null) {
    const sentence =
      "delete sync job cron trigger: expected a schedule's id, got none: Truto schedules no single resources";
    throw providerFailure(sentence, { code: ErrorCode.CapabilityNotSupported, provider: tools.provider });
  }
  if (scheduleOfJob(job, id) === undefined) throw noSchedule(tools, job, id);
  try {
    await tools.api.deleteTrigger(id, signal);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const { job: current, schedules } = await readAgain(tools, job, signal);
  return { ...current, schedules: (schedules ?? job.schedules).filter((schedule) => schedule.remoteId !== id) };
}

/** A trigger of another job must not be changed or deleted in this one's name. */
const noSchedule = ({ provider }: ScheduleTools, job: SyncJobSnapshot, id: string): ProviderError =>
  notFound(provider, `schedule "${id}" of sync job "${job.remoteId}"`, false);

async function readAgain(
  { api }: ScheduleTools,
  job: SyncJobSnapshot,
  signal: AbortSignal | undefined,
): Promise<{ readonly job: SyncJobSnapshot; readonly schedules: readonly Schedule[] | null }> {
  const schedules = await schedulesNow(api, job.remoteId, signal);
  try {
    return { job: syncJobOf((await api.job(job.remoteId, signal)).job, []), schedules };
  } catch (error) {
    if (error instanceof ProviderError) return { job, schedules };
    throw error;
  }
}
