// What can be run and for whom: Truto's integrated accounts, sync jobs and cron triggers as domain snapshots. Pure and total.
import type { LinkedAccountSnapshot, Schedule, SyncJobResource, SyncJobSnapshot } from "../../domain/definition.ts";
import { DefinitionKind, LinkedAccountStatus, ScheduleFrequency } from "../../domain/definition.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import type { Redactor } from "../../wire/redact.ts";
import { timeOf } from "../../wire/times.ts";
import { vendorWords } from "../../wire/vendor-words.ts";
import { oneLine } from "../../wire/visible-text.ts";
import { argumentTexts, fetchesRecords, resourceName, textIn } from "./map.ts";
import type { TrutoAccount, TrutoCronTrigger, TrutoJob } from "./wire-types.ts";
import { isJsonObject, jsonOf } from "./wire-types.ts";

const ACCOUNT_STATUS = vendorWords<LinkedAccountStatus>([
  ["active", LinkedAccountStatus.Healthy],
  ["connecting", LinkedAccountStatus.Pending],
  ["needs_reauth", LinkedAccountStatus.AuthenticationRequired],
  ["post_install_error", LinkedAccountStatus.Unhealthy],
  ["validation_error", LinkedAccountStatus.Unhealthy],
]);

/** @param redact for the vendor's free texts */
export function linkedAccountOf(account: TrutoAccount, redact: Redactor): LinkedAccountSnapshot {
  const integration = account.integration?.name || null;
  const tenant = account.tenant_id || null;
  const problem = account.last_error || null;
  return {
    remoteId: account.id,
    // An integrated account has no name of its own.
    name: tenant === null ? (integration ?? account.id) : integration === null ? tenant : `${tenant} (${integration})`,
    integration,
    category: account.integration?.category || null,
    status: ACCOUNT_STATUS.of(account.status) ?? LinkedAccountStatus.Unknown,
    rawStatus: account.status ?? null,
    statusMessage: problem === null ? null : redact(problem),
    resumesAt: null,
    lastSyncedAt: null,
    customerId: tenant,
    environmentId: account.environment_id || null,
    sandbox: account.is_sandbox ?? null,
    createdAt: timeOf(account.created_at),
    updatedAt: timeOf(account.updated_at),
  };
}

export function syncJobOf(job: TrutoJob, schedules: readonly Schedule[]): SyncJobSnapshot {
  // A job of runtime 4 may serve many integrations and then names none.
  const integration = job.integration_name || null;
  const argsSchema = jsonOf(job.args_schema);
  return {
    kind: DefinitionKind.SyncJob,
    remoteId: job.id,
    name: job.label || `${integration ?? "sync job"} ${job.id.slice(0, 8)}`,
    active: null,
    schedules,
    nextRunAt: null,
    linkedAccountRemoteId: null,
    createdAt: timeOf(job.created_at),
    updatedAt: timeOf(job.updated_at),
    detailed: true,
    integration,
    environmentId: job.environment_id || null,
    resources: (Array.isArray(job.resources) ? job.resources : [])
      .map(resourceOf)
      .filter((resource) => resource !== null),
    argsSchema: isJsonObject(argsSchema) ? argsSchema : null,
    argsValidation: job.args_validation || null,
    runtimeVersion: job.default_runtime_version ?? null,
    mutexKey: job.mutex_key || null,
    stateKey: job.state_key || null,
  };
}

/** A cron trigger without its arguments, which may hold tokens. */
export function scheduleOf(trigger: TrutoCronTrigger): Schedule {
  return {
    remoteId: trigger.id,
    frequency: ScheduleFrequency.Cron,
    rawFrequency: "cron",
    interval: null,
    cronExpression: trigger.cron_expression || null,
    hour: null,
    minute: null,
    month: null,
    dayOfWeek: null,
    dayOfMonth: null,
    resource: null,
    linkedAccountRemoteId: trigger.integrated_account_id || null,
    // The vendor's documents contradict each other on whether a trigger runs before it is activated, and no field tells.
    enabled: null,
    runAfterRemoteIds: [],
    runAfterBulkRemoteIds: [],
    runAfterSuccessOnly: null,
    externalConnectionId: null,
    externalJobId: null,
    createdAt: timeOf(trigger.created_at),
    updatedAt: timeOf(trigger.updated_at),
  };
}

/**
 * The part of a job's resources, as the vendor wrote them, that fetches these models: they, what they depend on, and in runtime 4 the
 * nodes that carry their records on.
 */
export function resourcesFor(resources: readonly JsonObject[], models: readonly string[]): readonly JsonObject[] {
  const kept = new Set(models);
  grow(kept, resources, (_, name) =>
    resources.some((other) => keeps(kept, other) && dependenciesOf(other).includes(name)),
  );
  grow(
    kept,
    resources,
    (resource) => !fetchesRecords(resource["type"]) && dependenciesOf(resource).every((name) => kept.has(name)),
  );
  return resources.filter((resource) => keeps(kept, resource)).flatMap((resource) => deliveringOnly(resource, kept));
}

function grow(
  kept: Set<string>,
  resources: readonly JsonObject[],
  belongs: (resource: JsonObject, name: string) => boolean,
): void {
  for (let before = -1; before !== kept.size;) {
    before = kept.size;
    for (const resource of resources) {
      const name = resourceName(resource);
      if (name !== null && belongs(resource, name)) kept.add(name);
    }
  }
}

function keeps(kept: ReadonlySet<string>, resource: JsonObject): boolean {
  const name = resourceName(resource);
  return name !== null && kept.has(name);
}

/** A destination must not name nodes that are left out; one that would deliver nothing is left out too. */
function deliveringOnly(resource: JsonObject, kept: ReadonlySet<string>): readonly JsonObject[] {
  const delivered = resource["resources_to_persist"];
  if (!Array.isArray(delivered) || delivered.length === 0) return [resource];
  const rest: readonly JsonValue[] = delivered.filter((name) => typeof name === "string" && kept.has(oneLine(name)));
  return rest.length === 0 ? [] : [{ ...resource, resources_to_persist: rest }];
}

function dependenciesOf(resource: JsonObject): readonly string[] {
  const written = resource["depends_on"];
  const names: readonly unknown[] = Array.isArray(written) ? written : [written];
  return names.filter((name): name is string => typeof name === "string" && name !== "").map(oneLine);
}

/** What an entry of a job's `resources` is called in its snapshot; null for one that is left out there. */
export const entryName = (entry: JsonObject): string | null => resourceName(entry) ?? textIn(entry, "type");

function resourceOf(written: unknown): SyncJobResource | null {
  const resource = jsonOf(written);
  if (!isJsonObject(resource)) return null;
  const type = textIn(resource, "type");
  const name = entryName(resource);
  if (name === null) return null;
  const persist = resource["persist"];
  return {
    name,
    remoteId: textIn(resource, "id"),
    displayName: null,
    type,
    method: textIn(resource, "method"),
    query: resource["query"] ?? null,
    loopOn: resource["loop_on"] ?? null,
    dependsOn: dependenciesOf(resource),
    persist: typeof persist === "boolean" ? persist : null,
    category: null,
    enabled: null,
    custom: null,
    readEnabled: null,
    writeEnabled: null,
    readSupported: null,
    writeSupported: null,
    syncSupported: null,
    fileUploadEnabled: null,
    sourceWebhooksEnabled: null,
    grantedOperations: null,
    syncFrom: null,
    customFields: [],
    nextRunAt: null,
    createdAt: null,
    updatedAt: null,
    config: type === null ? null : nodeConfig(resource),
  };
}

/** Fields that entries of `resources` have in their snapshots under names of the gateway's own. */
export const RESOURCE_FIELDS: ReadonlySet<string> = new Set([
  "name",
  "type",
  "id",
  "method",
  "query",
  "loop_on",
  "depends_on",
  "persist",
]);

/** The texts in a job's `resources` that no snapshot shows: they may be secrets. */
export function hiddenTexts(resources: readonly JsonObject[]): readonly string[] {
  return resources.flatMap((resource) => argumentTexts(Object.entries(resource).flatMap(hiddenIn)));
}

function hiddenIn([name, value]: readonly [string, JsonValue]): readonly JsonValue[] {
  if (name === "config" && isJsonObject(value)) {
    return Object.entries(value).flatMap(([setting, inner]) => (setting === "id" ? [] : [inner]));
  }
  return RESOURCE_FIELDS.has(name) || NODE_FIELDS.includes(name) ? [] : [value];
}

/** Fields of a runtime 4 node that can hold no secret; a request's `body` and a destination's headers can, and are not among them. */
const NODE_FIELDS = [
  "resource",
  "integrated_account_id",
  "run_if",
  "debug",
  "recurse",
  "delete_tracking",
  "destination_type",
  "resources_to_persist",
];

function nodeConfig(node: JsonObject): JsonObject | null {
  const shown = NODE_FIELDS.flatMap((name): [string, JsonValue][] => {
    const value = node[name];
    return value === undefined ? [] : [[name, value]];
  });
  const target = isJsonObject(node["config"]) ? node["config"]["id"] : undefined;
  if (typeof target === "string") shown.push(["config", { id: target }]);
  return shown.length === 0 ? null : Object.fromEntries(shown);
}
