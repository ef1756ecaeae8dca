// Inputs about sync jobs to what the domain is told: global ids opened, null told from left out.
import type {
  JobScheduleDraft,
  SyncJobDraft,
  SyncJobPatch,
  SyncJobResourceDraft,
} from "../domain/definition-change.ts";
import type { UserProblem } from "../domain/errors.ts";
import type { JobScheduleCommand } from "../domain/gateway-port.ts";
import { dropUndefined, isGiven, listGiven } from "./given.ts";
import { NodeKind, innerId } from "./global-id.ts";
import { InputError, badInput, nullProblems, refuse } from "./input-error.ts";
import type {
  SyncJobCreateInput,
  SyncJobOptionsInput,
  SyncJobResourceInput,
  SyncJobScheduleInput,
  SyncJobUnscheduleInput,
  SyncJobUpdateInput,
} from "./types/sync-job-inputs.ts";

/** What a sync job, a resource and a schedule always have, or cannot be rid of. */
const NEVER_NULL: ReadonlySet<string> = new Set(["name", "runtimeVersion", "resources"]);
const NEVER_NULL_IN_RESOURCE: ReadonlySet<string> = new Set(["type", "method", "persist", "enabled", "config"]);
const NEVER_NULL_IN_SCHEDULE: ReadonlySet<string> = new Set([
  "frequency",
  "interval",
  "cronExpression",
  "args",
  "onError",
]);

export function syncJobDraft(input: SyncJobCreateInput): SyncJobDraft {
  return { name: input.name, resources: input.resources.map(resourceDraft), ...optionsOf(input) };
}

/** @throws InputError also when it names nothing to change, or null for what cannot be cleared */
export function syncJobPatch(input: SyncJobUpdateInput): SyncJobPatch {
  const { name, resources, removeResources } = input;
  refuse([
    ...nullProblems(input, NEVER_NULL),
    ...(resources ?? []).flatMap((resource, index) =>
      nullProblems(resource, NEVER_NULL_IN_RESOURCE, ["resources", String(index)]),
    ),
  ]);
  const patch = {
    ...dropUndefined({ name: name ?? undefined }),
    // Lists of changes: an empty one changes nothing.
    ...(isGiven(resources) && resources.length > 0 ? { resources: resources.map(resourceDraft) } : {}),
    ...(isGiven(removeResources) && removeResources.length > 0 ? { removeResources } : {}),
    ...optionsOf(input),
  };
  if (Object.keys(patch).length === 0)
    throw new InputError(badInput(null, "The input names nothing to change. Name what shall be different."));
  return patch;
}

/** @throws InputError */
export function jobScheduleCommand(input: SyncJobScheduleInput): JobScheduleCommand {
  refuse([...emptyIdProblems(input), ...nullProblems(input, NEVER_NULL_IN_SCHEDULE)]);
  return {
    remoteId: input.scheduleId ?? null,
    resource: input.resource ?? null,
    ...dropUndefined({
      linkedAccountId: isGiven(input.linkedAccountId)
        ? innerId(input.linkedAccountId, [NodeKind.LinkedAccount], "linkedAccountId")
        : undefined,
      frequency: input.frequency ?? undefined,
      interval: input.interval ?? undefined,
      cronExpression: input.cronExpression ?? undefined,
      args: input.args ?? undefined,
      onError: input.onError ?? undefined,
    }),
  };
}

/** @throws InputError */
export function jobScheduleNamed(input: SyncJobUnscheduleInput): Pick<JobScheduleDraft, "remoteId" | "resource"> {
  refuse(emptyIdProblems(input));
  const { scheduleId, resource } = input;
  if (!isGiven(scheduleId) && !isGiven(resource)) {
    const message = "scheduleId: name the schedule to remove, by `scheduleId` or by `resource`.";
    throw new InputError(badInput(["scheduleId"], message));
  }
  return { remoteId: scheduleId ?? null, resource: resource ?? null };
}

function optionsOf(input: SyncJobOptionsInput) {
  return dropUndefined({
    integration: input.integration,
    argsSchema: input.argsSchema,
    argsValidation: input.argsValidation,
    runtimeVersion: input.runtimeVersion ?? undefined,
    mutexKey: input.mutexKey,
    stateKey: input.stateKey,
  });
}

function resourceDraft(input: SyncJobResourceInput): SyncJobResourceDraft {
  return {
    name: input.name,
    ...dropUndefined({
      remoteId: input.remoteId,
      type: input.type ?? undefined,
      method: input.method ?? undefined,
      query: input.query,
      loopOn: input.loopOn,
      dependsOn: listGiven(input.dependsOn, (name) => name),
      persist: input.persist ?? undefined,
      enabled: input.enabled ?? undefined,
      syncFrom: input.syncFrom,
      customFields: listGiven(input.customFields, (name) => name),
      config: input.config ?? undefined,
    }),
  };
}

/** An empty text is a schedule that is none, not one left out: a vendor's address would end before it. */
function emptyIdProblems(input: {
  readonly scheduleId?: string | null;
  readonly resource?: string | null;
}): readonly UserProblem[] {
  return (["scheduleId", "resource"] as const)
    .filter((name) => input[name] === "")
    .map((name) => badInput([name], `${name}: expected a name, and got an empty text.`));
}
