// Stuut's connections and models as linked accounts and sync jobs. Pure and total; runs are in `map.ts`.
import { DefinitionKind, LinkedAccountStatus } from "../../domain/definition.ts";
import type { LinkedAccountSnapshot, SyncJobResource, SyncJobSnapshot } from "../../domain/definition.ts";
import type { Redactor } from "../../wire/redact.ts";
import { plainWord } from "../../wire/vendor-words.ts";
import type { StuutConnection, StuutModel } from "./wire-types.ts";

/** The one word of `health.status_code` that is documented. */
const HEALTHY = "healthy";

/** A connection as a linked account. */
export function linkedAccountOf(connection: StuutConnection, redact: Redactor): LinkedAccountSnapshot {
  const status = linkStatusOf(connection);
  const completed = connection.models.map(({ last_sync: sync }) =>
    sync !== null && plainWord(sync.status) === "complete" ? sync.completed_at : null,
  );
  return {
    remoteId: connection.id,
    name: nameOf(connection),
    integration: null,
    category: null,
    status,
    rawStatus: connection.health?.status_code ?? null,
    statusMessage: status === LinkedAccountStatus.Healthy ? null : messageOf(connection, redact),
    resumesAt: null,
    lastSyncedAt: sorted(completed).at(-1) ?? null,
    customerId: null,
    environmentId: null,
    sandbox: null,
    createdAt: connection.created_at ?? null,
    updatedAt: connection.modified_at ?? null,
  };
}

/** A connection as a sync job: one start syncs all its models. */
export function syncJobOf(connection: StuutConnection): SyncJobSnapshot {
  const disabled = connection.is_sync_disabled;
  return {
    kind: DefinitionKind.SyncJob,
    remoteId: connection.id,
    name: nameOf(connection),
    active: typeof disabled === "boolean" ? !disabled : null,
    // Stuut tells when each model is next due, not by which rule.
    schedules: [],
    nextRunAt: sorted(connection.models.map((model) => model.next_sync_at))[0] ?? null,
    linkedAccountRemoteId: connection.id,
    createdAt: connection.created_at ?? null,
    updatedAt: connection.modified_at ?? null,
    detailed: true,
    integration: null,
    environmentId: null,
    resources: connection.models.map(resourceOf),
    argsSchema: null,
    argsValidation: null,
    runtimeVersion: null,
    mutexKey: null,
    stateKey: null,
  };
}

/** The name a model goes by in the gateway. */
export const modelNameOf = (model: StuutModel): string => model.name?.trim() || model.id;

/** No page shows a connection's name; it is used where an answer has one. */
const nameOf = (connection: StuutConnection): string =>
  connection.display_name?.trim() || connection.name?.trim() || connection.id;

/** What stops syncs comes before what only explains why. */
function linkStatusOf(connection: StuutConnection): LinkedAccountStatus {
  const { health } = connection;
  if (connection.is_sync_disabled) return LinkedAccountStatus.Disabled;
  if (connection.is_authentication_pending || health?.authentication_required)
    return LinkedAccountStatus.AuthenticationRequired;
  if (connection.is_running_setup) return LinkedAccountStatus.Pending;
  const healthy = health?.healthy ?? (plainWord(health?.status_code ?? "") === HEALTHY ? true : null);
  if (healthy === null) return LinkedAccountStatus.Unknown;
  return healthy ? LinkedAccountStatus.Healthy : LinkedAccountStatus.Unhealthy;
}

/** A healthy connection's message (`ok`) says nothing about why it is disabled or being set up. */
function messageOf({ health }: StuutConnection, redact: Redactor): string | null {
  if (!health || health.status_code === HEALTHY || health.healthy === true) return null;
  const sentences = [health.message, health.suggested_resolution]
    .map((text) => text?.trim() ?? "")
    .filter((text) => text !== "");
  return redact(sentences.join(" ")) || null;
}

function resourceOf(model: StuutModel): SyncJobResource {
  return {
    name: modelNameOf(model),
    remoteId: model.id,
    displayName: model.display_name ?? null,
    type: null,
    method: null,
    query: null,
    loopOn: null,
    dependsOn: [],
    persist: null,
    category: null,
    enabled: null,
    custom: model.is_custom_object ?? null,
    readEnabled: model.is_read_enabled ?? null,
    writeEnabled: model.is_write_enabled ?? null,
    readSupported: model.is_read_supported ?? null,
    writeSupported: model.is_write_supported ?? null,
    syncSupported: model.is_sync_supported ?? null,
    fileUploadEnabled: model.is_file_upload_enabled ?? null,
    sourceWebhooksEnabled: model.is_webhooks_setup ?? null,
    grantedOperations: null,
    syncFrom: null,
    customFields: [],
    nextRunAt: model.next_sync_at ?? null,
    createdAt: model.created_at ?? null,
    updatedAt: model.modified_at ?? null,
    config: null,
  };
}

/** The known ones, earliest first. */
function sorted(times: readonly (Date | null | undefined)[]): readonly Date[] {
  return times.filter((time) => time instanceof Date).toSorted((one, other) => one.getTime() - other.getTime());
}
