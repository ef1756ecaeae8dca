// Sync jobs made, changed and deleted, and their schedules: the provider's editors are asked, each for what its vendor can do.
import type { SyncJob, SyncJobSnapshot } from "../domain/definition.ts";
import type { JobScheduleDraft, SyncJobDraft, SyncJobPatch } from "../domain/definition-change.ts";
import { ErrorCode, type UserProblem } from "../domain/errors.ts";
import type {
  DefinitionOperations,
  DefinitionResult,
  JobScheduleCommand,
  JobScheduleResult,
} from "../domain/gateway-port.ts";
import { cannot } from "./abilities.ts";
import { SYNC_JOBS, createDefinitionChanges } from "./definition-changes.ts";
import type { ChangeParts, Target } from "./definition-changes.ts";
import { accountFor } from "./linked-account.ts";
import type { TrackingTools } from "./tools.ts";

type Result = DefinitionResult<SyncJob>;
type SyncJobOperations = Pick<
  DefinitionOperations,
  "createSyncJob" | "updateSyncJob" | "deleteSyncJob" | "schedule" | "unschedule"
>;

const FIELD = [SYNC_JOBS.field];

export function createSyncJobOperations(tools: TrackingTools, parts: ChangeParts): SyncJobOperations {
  const { store, directory } = tools;
  const changes = createDefinitionChanges(tools, parts, SYNC_JOBS);

  async function createSyncJob(tenantId: string, providerKey: string, draft: SyncJobDraft): Promise<Result> {
    const configured = directory.find(tenantId, providerKey);
    if (configured === undefined) return refused(null, [unknownProvider(providerKey)]);
    const editor = configured.provider.editors?.syncJobs;
    const create = editor?.create?.bind(editor);
    if (editor === undefined || create === undefined)
      return refused(null, [cannot(configured, "create sync jobs", ["provider"])]);
    const problems = editor.check(null, draft);
    return problems.length > 0 ? refused(null, problems) : changes.create(tenantId, configured, () => create(draft));
  }

  async function updateSyncJob(
    tenantId: string,
    definitionId: string,
    patch: SyncJobPatch,
    expectedUpdatedAt: Date | null,
  ): Promise<Result> {
    return alone(tenantId, definitionId, async (found) => {
      const editor = found.configured.provider.editors?.syncJobs;
      if (editor === undefined) return refused(found.definition, [cannot(found.configured, "change sync jobs", FIELD)]);
      const target = await changes.inFull(found);
      const job = snapshotOf(target.definition);
      const problems = editor.check(job, patch);
      if (problems.length > 0) return refused(target.definition, problems);
      const update = () => editor.update(job, patch, { expectedUpdatedAt });
      return (await changes.change(target, update, (snapshot) => snapshot)).result;
    });
  }

  async function deleteSyncJob(tenantId: string, definitionId: string): Promise<Result> {
    return alone(tenantId, definitionId, async (target) => {
      const { configured, definition } = target;
      const editor = configured.provider.editors?.syncJobs;
      const remove = editor?.delete?.bind(editor);
      if (remove === undefined) return refused(definition, [cannot(configured, "delete sync jobs", FIELD)]);
      return changes.remove(target, () => remove(definition.remoteId));
    });
  }

  async function schedule(
    tenantId: string,
    definitionId: string,
    { linkedAccountId, ...draft }: JobScheduleCommand,
  ): Promise<JobScheduleResult> {
    const done = await changes.alone(tenantId, definitionId, async (found): Promise<JobScheduleResult> => {
      const editor = found.configured.provider.editors?.schedules;
      if (editor === undefined) return unscheduled(found.definition, [cannotSchedule(found)]);
      const target = await changes.inFull(found);
      const choice = await accountFor(store, target.definition, linkedAccountId);
      if ("problem" in choice) return unscheduled(target.definition, [choice.problem]);
      const job = snapshotOf(target.definition);
      const problems = editor.check(job, choice.linkedAccount, draft);
      if (problems.length > 0) return unscheduled(target.definition, problems);
      const put = () => editor.put(job, choice.linkedAccount, draft);
      const { result, answer } = await changes.change(target, put, (scheduled) => scheduled.job);
      return { ...result, schedule: answer?.schedule ?? null };
    });
    return "code" in done ? unscheduled(null, [done]) : done;
  }

  async function unschedule(
    tenantId: string,
    definitionId: string,
    which: Pick<JobScheduleDraft, "remoteId" | "resource">,
  ): Promise<Result> {
    return alone(tenantId, definitionId, async (found) => {
      const editor = found.configured.provider.editors?.schedules;
      if (editor === undefined) return refused(found.definition, [cannotSchedule(found)]);
      if (which.remoteId === null && which.resource === null) return refused(found.definition, [noSchedule]);
      const target = await changes.inFull(found);
      const remove = () => editor.remove(snapshotOf(target.definition), which);
      return (await changes.change(target, remove, (snapshot) => snapshot)).result;
    });
  }

  async function alone(
    tenantId: string,
    definitionId: string,
    work: (target: Target<SyncJob>) => Promise<Result>,
  ): Promise<Result> {
    const done = await changes.alone(tenantId, definitionId, work);
    return "code" in done ? refused(null, [done]) : done;
  }

  return { createSyncJob, updateSyncJob, deleteSyncJob, schedule, unschedule };
}

/** What the vendor said of it, without what the gateway knows besides: an editor may answer with this and its own changes on top. */
function snapshotOf(job: SyncJob): SyncJobSnapshot {
  const {
    id: _id,
    tenantId: _tenantId,
    providerKey: _key,
    observedAt: _observedAt,
    goneAt: _goneAt,
    ...snapshot
  } = job;
  return snapshot;
}

const refused = (definition: SyncJob | null, problems: readonly UserProblem[]): Result => ({ definition, problems });

const unscheduled = (definition: SyncJob | null, problems: readonly UserProblem[]): JobScheduleResult => ({
  definition,
  problems,
  schedule: null,
});

const cannotSchedule = ({ configured }: Target<SyncJob>): UserProblem =>
  cannot(configured, "schedule or unschedule sync jobs", FIELD);

const unknownProvider = (key: string): UserProblem => ({
  code: ErrorCode.NotFound,
  message: `There is no provider "${key.slice(0, 100)}". List the providers to find the key you mean.`,
  field: ["provider"],
});

const noSchedule: UserProblem = {
  code: ErrorCode.BadUserInput,
  message: "Name the schedule to remove by its id, or by its resource where resources are scheduled apart.",
  field: ["scheduleId"],
};
