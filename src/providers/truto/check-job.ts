// What is wrong with a sync job to be made or changed, found without calling Truto. Its resources are checked in `check-resources.ts`.
import type { SyncJobSnapshot } from "../../domain/definition.ts";
import type { SyncJobDraft, SyncJobPatch } from "../../domain/definition-change.ts";
import type { UserProblem } from "../../domain/errors.ts";
import { ErrorCode } from "../../domain/errors.ts";
import { checkArgsSchema } from "./args-schema.ts";
import { checkResources } from "./check-resources.ts";

const RUNTIMES = [1, 2, 3, 4];

/** @param job the job to change, as it stands; null for a new one */
export function checkJob(job: SyncJobSnapshot | null, change: SyncJobDraft | SyncJobPatch): readonly UserProblem[] {
  return [
    ...checkName(change),
    ...checkRuntime(change),
    ...checkArgsSchema(change.argsSchema ?? {}),
    ...checkResources(job, change),
  ];
}

function checkName({ name }: SyncJobPatch): readonly UserProblem[] {
  if (name === undefined || name.trim() !== "") return [];
  return [{ code: ErrorCode.BadUserInput, field: ["name"], message: "expected a name, got an empty one" }];
}

function checkRuntime({ runtimeVersion }: SyncJobPatch): readonly UserProblem[] {
  if (runtimeVersion === undefined || RUNTIMES.includes(runtimeVersion)) return [];
  const message = `expected a runtime of ${RUNTIMES.join(", ")}, got ${runtimeVersion}`;
  return [{ code: ErrorCode.BadUserInput, field: ["runtimeVersion"], message }];
}
