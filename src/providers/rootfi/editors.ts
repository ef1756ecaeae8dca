// Sync jobs and schedules changed: both are fields of RootFi's sync config, one config for each data model.
import type { SyncJobSnapshot } from "../../domain/definition.ts";
import { ScheduleFrequency } from "../../domain/definition.ts";
import type { JobScheduleDraft, SyncJobResourceDraft } from "../../domain/definition-change.ts";
import type { DefinitionEditors, ScheduleEditor, SyncJobEditor } from "../../domain/editor-port.ts";
import { ErrorCode } from "../../domain/errors.ts";
import type { UserProblem } from "../../domain/errors.ts";
import type { CallOptions } from "../../domain/provider-port.ts";
import { notFound, providerFailure } from "../../wire/provider-failure.ts";
import { changeConfigs } from "./change-configs.ts";
import type { ChangeTools, ConfigChange } from "./change-configs.ts";
import { checkJobChange, checkSchedule, targetProblem } from "./check-change.ts";
import type { VersionFacts } from "./versions.ts";

export interface EditorTools extends ChangeTools {
  readonly frequencies: VersionFacts["frequencies"];
}

export function definitionEditors(
  tools: EditorTools,
): DefinitionEditors & { readonly syncJobs: SyncJobEditor; readonly schedules: ScheduleEditor } {
  return {
    syncJobs: {
      check: checkJobChange,
      update: async (job, patch, options) => {
        refuse(tools.key, checkJobChange(job, patch));
        return changeConfigs(tools, job, (patch.resources ?? []).map(changeOf), options);
      },
    },
    schedules: scheduleEditor(tools),
  };
}

function scheduleEditor(tools: EditorTools): ScheduleEditor {
  const { frequencies, key } = tools;
  const change = (job: SyncJobSnapshot, only: ConfigChange, options: CallOptions | undefined) =>
    changeConfigs(tools, job, [only], { ...options, expectedUpdatedAt: null });

  return {
    check: (job, linkedAccount, draft) => checkSchedule(frequencies, job, linkedAccount, draft),

    async put(job, linkedAccount, draft, options) {
      refuse(key, checkSchedule(frequencies, job, linkedAccount, draft));
      const after = await change(job, scheduleChangeOf(draft, frequencies), options);
      const schedule = after.schedules.find(({ resource }) => resource === draft.resource);
      if (schedule === undefined) throw notFound(key, "schedule of that data model", true);
      return { job: after, schedule };
    },

    async remove(job, which, options) {
      const never = frequencies.get(ScheduleFrequency.Manual);
      if (never === undefined) {
        const sentence =
          "RootFi's v3 has no schedule that never runs; disable the data model instead (syncJobUpdate with `enabled: false`)";
        throw providerFailure(sentence, { code: ErrorCode.CapabilityNotSupported, provider: key });
      }
      const problem = targetProblem(job, which);
      refuse(key, problem === null ? [] : [problem]);
      return change(job, { dataModel: which.resource ?? "", frequency: never }, options);
    },
  };
}

function changeOf({ name, enabled, syncFrom, customFields }: SyncJobResourceDraft): ConfigChange {
  return {
    dataModel: name,
    ...(enabled === undefined ? {} : { enabled }),
    ...(syncFrom === undefined ? {} : { syncFrom }),
    ...(customFields === undefined ? {} : { customFields }),
  };
}

/** A schedule that is put is active, which at RootFi means that its data model is enabled. */
function scheduleChangeOf(
  { resource, frequency, interval }: JobScheduleDraft,
  frequencies: VersionFacts["frequencies"],
): ConfigChange {
  const word = frequency === undefined ? undefined : frequencies.get(frequency);
  return {
    dataModel: resource ?? "",
    enabled: true,
    ...(word === undefined ? {} : { frequency: word }),
    ...(interval === undefined ? {} : { interval }),
  };
}

/** Whoever asks without having checked is refused in the same words. */
function refuse(provider: string, [problem]: readonly UserProblem[]): void {
  if (problem !== undefined) throw providerFailure(problem.message, { code: problem.code, provider });
}
