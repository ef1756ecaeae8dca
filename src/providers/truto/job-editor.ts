// Makes, changes and deletes sync jobs. What is wrong with a change is said in `check-job.ts`, the bodies are made in `job-body.ts`.
import type { SyncJobSnapshot } from "../../domain/definition.ts";
import type { SyncJobDraft, SyncJobPatch } from "../../domain/definition-change.ts";
import type { ChangeOptions, SyncJobEditor } from "../../domain/editor-port.ts";
import { ErrorCode } from "../../domain/errors.ts";
import type { ProviderError } from "../../domain/errors.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import type { CallOptions } from "../../domain/provider-port.ts";
import { isNotFound, providerFailure } from "../../wire/provider-failure.ts";
import { holdsHidden } from "../../wire/shareable-json.ts";
import { timeOf } from "../../wire/times.ts";
import type { FullJob, TrutoApi } from "./api.ts";
import { checkJob } from "./check-job.ts";
import { notYetSent, withoutTexts } from "./failures.ts";
import { jobBody, newJobBody } from "./job-body.ts";
import { areNodes, mergedResources } from "./job-resources.ts";
import { hiddenTexts, syncJobOf } from "./map-catalog.ts";
import { schedulesNow } from "./schedules.ts";
import { isJsonObject } from "./wire-types.ts";

export interface EditorTools {
  readonly api: TrutoApi;
  /** Key of the configured provider, for errors. */
  readonly provider: string;
}

export function jobEditor(tools: EditorTools): Required<SyncJobEditor> {
  return {
    check: checkJob,
    create: (draft, options) => create(tools, draft, options),
    update: (job, patch, options) => update(tools, job, patch, options),
    delete: (remoteId, options) => remove(tools, remoteId, options),
  };
}

async function create(
  { api, provider }: EditorTools,
  draft: SyncJobDraft,
  options: CallOptions = {},
): Promise<SyncJobSnapshot> {
  const body = newJobBody(draft);
  refuseHidden(provider, body);
  const job = await withoutTexts(api.createJob(body, options.signal), textsToHide(body));
  return syncJobOf(job, []);
}

/**
 * Sends what changes and nothing else. The list of resources can only be sent whole, so it is read first, and what nobody may see of it
 * goes back as it came.
 */
async function update(
  { api, provider }: EditorTools,
  job: SyncJobSnapshot,
  patch: SyncJobPatch,
  { expectedUpdatedAt, signal }: ChangeOptions,
): Promise<SyncJobSnapshot> {
  const changesList = (patch.resources ?? []).length > 0 || (patch.removeResources ?? []).length > 0;
  const current = changesList || expectedUpdatedAt !== null ? await notYetSent(api.job(job.remoteId, signal)) : null;
  if (current !== null && expectedUpdatedAt !== null) refuseOthersChange(provider, current, expectedUpdatedAt);
  const resources = current !== null && changesList ? wholeList(provider, current, patch) : null;
  refuseHidden(provider, jobBody(patch, null));
  const body = jobBody(patch, resources);
  const changed =
    Object.keys(body).length === 0
      ? (current ?? (await api.job(job.remoteId, signal))).job
      : await withoutTexts(api.updateJob(job.remoteId, body, signal), textsToHide(body));
  return syncJobOf(changed, (await schedulesNow(api, job.remoteId, signal)) ?? job.schedules);
}

/** A client that copies what it was shown must not overwrite a secret with the word that stands for it. */
function refuseHidden(provider: string, value: JsonValue): void {
  if (!holdsHidden(value)) return;
  const sentence = 'the change holds "[redacted]", which stands for a value that is not shown';
  const help = "send the value itself, or leave the field out to keep what the vendor has";
  throw providerFailure(`${sentence}; ${help}; nothing was changed`, { code: ErrorCode.BadUserInput, provider });
}

function refuseOthersChange(provider: string, { job }: FullJob, expected: Date): void {
  const updatedAt = timeOf(job.updated_at);
  if (updatedAt?.getTime() === expected.getTime()) return;
  const got = updatedAt === null ? "no time" : updatedAt.toISOString();
  throw conflict(provider, job.id, `expected it as of ${expected.toISOString()}, got one last changed at ${got}`);
}

/** The patch was checked against the job as it was last read; it must fit the one that stands there now as well. */
function wholeList(provider: string, { job, resources, shown }: FullJob, patch: SyncJobPatch): readonly JsonObject[] {
  const written: unknown = job.resources ?? [];
  if (!Array.isArray(written) || written.length !== resources.length) {
    const sentence = `update sync job "${job.id}": expected its resources to be a list of objects, got something else`;
    throw providerFailure(sentence, { code: ErrorCode.ProviderBadResponse, provider });
  }
  const snapshot = syncJobOf(job, []);
  const [problem] = checkJob(snapshot, patch);
  if (problem !== undefined)
    throw conflict(provider, job.id, `it is no longer as the gateway last read it: ${problem.message}`);
  const merged = mergedResources(resources, patch, areNodes(snapshot, patch), shown);
  if (!resources.some(holdsHidden)) refuseHidden(provider, merged);
  return merged;
}

function conflict(provider: string, jobId: string, reason: string): ProviderError {
  const sentence = `update sync job "${jobId}": ${reason}; nothing was changed`;
  return providerFailure(sentence, { code: ErrorCode.EditConflict, provider });
}

function textsToHide({ resources }: JsonObject): readonly string[] {
  return Array.isArray(resources) ? hiddenTexts(resources.filter(isJsonObject)) : [];
}

async function remove({ api }: EditorTools, remoteId: string, options: CallOptions = {}): Promise<void> {
  try {
    await api.deleteJob(remoteId, options.signal);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
