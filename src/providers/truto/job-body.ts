// A sync job as its draft says it, in the vendor's words: the bodies of POST and PATCH /sync-job. Pure.
import type { SyncJobDraft, SyncJobPatch } from "../../domain/definition-change.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { areNodes, mergedResources } from "./job-resources.ts";

/** Sent with nodes also when the draft names no runtime: the vendor would stamp one that does not know them. */
const NODE_RUNTIME = 4;

/** The body that makes a job. */
export function newJobBody(draft: SyncJobDraft): JsonObject {
  const { resources } = draft;
  const nodes = areNodes(null, draft);
  const body = jobBody(draft, mergedResources([], { resources }, nodes));
  return nodes ? { ...body, default_runtime_version: NODE_RUNTIME } : body;
}

/**
 * What a job, or a change of one, says in the vendor's words; fields that are left out are not in it.
 *
 * @param resources the whole list; null when it stays as it is
 */
export function jobBody(
  change: Omit<SyncJobPatch, "resources" | "removeResources">,
  resources: readonly JsonObject[] | null,
): JsonObject {
  const fields: readonly (readonly [string, JsonValue | undefined])[] = [
    ["label", change.name],
    // A job for any integration says so by an empty name, and one without arguments by an empty schema.
    ["integration_name", change.integration === null ? "" : change.integration],
    ["default_runtime_version", change.runtimeVersion],
    ["args_schema", change.argsSchema === null ? {} : change.argsSchema],
    ["args_validation", change.argsValidation],
    ["mutex_key", change.mutexKey],
    ["state_key", change.stateKey],
    ["resources", resources ?? undefined],
  ];
  return Object.fromEntries(fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
