// RootFi's companies, connections and sync configs as linked accounts and sync jobs. Pure and total; runs are in `map.ts`.
import { DefinitionKind, LinkedAccountStatus, ScheduleFrequency } from "../../domain/definition.ts";
import type { LinkedAccountSnapshot, Schedule, SyncJobResource, SyncJobSnapshot } from "../../domain/definition.ts";
import { vendorWords } from "../../wire/vendor-words.ts";
import type { RootfiCompany, RootfiConnection, RootfiSyncConfig } from "./wire-types.ts";

/** SLEEPING waits for the platform's quota and goes on by itself; DELETED is a word of the companies' filter only. */
const LINK_STATUSES = vendorWords<LinkedAccountStatus>([
  ["HEALTHY", LinkedAccountStatus.Healthy],
  ["SLEEPING", LinkedAccountStatus.Healthy],
  ["PENDING", LinkedAccountStatus.Pending],
  ["EXPIRED", LinkedAccountStatus.AuthenticationRequired],
  ["DISCONNECTED", LinkedAccountStatus.Disabled],
  ["DELETED", LinkedAccountStatus.Disabled],
]);

/** The higher, the worse; a company is as well as its worst connection. */
const SEVERITY: Readonly<Record<LinkedAccountStatus, number>> = {
  HEALTHY: 0,
  UNKNOWN: 1,
  PENDING: 2,
  UNHEALTHY: 3,
  AUTHENTICATION_REQUIRED: 4,
  DISABLED: 5,
};

const FREQUENCIES = vendorWords<ScheduleFrequency>([
  ["HOURLY", ScheduleFrequency.Hourly],
  ["DAILY", ScheduleFrequency.Daily],
  ["WEEKLY", ScheduleFrequency.Weekly],
  ["MONTHLY", ScheduleFrequency.Monthly],
  ["YEARLY", ScheduleFrequency.Yearly],
  ["NEVER", ScheduleFrequency.Manual],
]);

/** The gateway's name of a company's integration: `8422:ZOHO_BOOKS`. */
export const definitionRemoteIdOf = (companyId: string, integration: string): string => `${companyId}:${integration}`;

/** The parts of such a name; null when it is none. */
export function definitionPartsOf(
  remoteId: string,
): { readonly companyId: string; readonly integration: string } | null {
  const [, companyId, integration] = /^(\d{1,15}):(.+)$/s.exec(remoteId) ?? [];
  return companyId === undefined || integration === undefined ? null : { companyId, integration };
}

/**
 * A company as a linked account. With several connections, status and integration are those of the worst one: that is the one somebody
 * must look at.
 */
export function linkedAccountOf(company: RootfiCompany): LinkedAccountSnapshot {
  const connections = company.connections ?? [];
  const worst = connections.toSorted((one, other) => severityOf(other) - severityOf(one))[0] ?? null;
  const integrations = new Set(connections.map((connection) => connection.integration_type));
  return {
    remoteId: company.rootfi_id,
    name: company.name?.trim() || company.rootfi_id,
    integration: worst?.integration_type ?? null,
    category: worst?.category ?? null,
    status: worst === null ? statusWithoutConnection(company) : linkStatusOf(worst),
    rawStatus: worst === null ? null : wordOf(worst),
    statusMessage: worst === null ? null : messageOf(worst, integrations.size > 1),
    resumesAt: resumesAtOf(connections),
    lastSyncedAt: latestOf(connections.map((connection) => connection.last_synced)),
    customerId: company.partner_id ?? null,
    environmentId: null,
    sandbox:
      connections.length === 0 ? null : [...integrations].every((integration) => /(?:^|_)SANDBOX$/.test(integration)),
    createdAt: company.rootfi_created_at ?? null,
    updatedAt: company.rootfi_updated_at ?? null,
  };
}

/** A company's connections with one for each integration: of several the one that works best. */
export function connectionsToSync(company: Pick<RootfiCompany, "connections">): readonly RootfiConnection[] {
  const best = new Map<string, RootfiConnection>();
  for (const connection of company.connections ?? []) {
    const other = best.get(connection.integration_type);
    if (other === undefined || severityOf(connection) < severityOf(other))
      best.set(connection.integration_type, connection);
  }
  return [...best.values()];
}

/**
 * A company's integration as a sync job. The company's own sync configs win over the organisation's.
 *
 * @param organisationConfigs those of the connection's category
 */
export function syncJobOf(
  company: RootfiCompany,
  connection: RootfiConnection,
  organisationConfigs: readonly RootfiSyncConfig[],
): SyncJobSnapshot {
  const configs = configsInForce(connection, organisationConfigs);
  return {
    kind: DefinitionKind.SyncJob,
    remoteId: definitionRemoteIdOf(company.rootfi_id, connection.integration_type),
    name: `${company.name?.trim() || company.rootfi_id} / ${connection.integration_type}`,
    active: ACTIVE[linkStatusOf(connection)],
    schedules: configs.map(scheduleOf).filter((schedule) => schedule !== null),
    nextRunAt: null,
    linkedAccountRemoteId: company.rootfi_id,
    createdAt: connection.rootfi_created_at ?? null,
    // Its configs are changed by changing the company and have no time of their own.
    updatedAt: company.rootfi_updated_at ?? connection.rootfi_updated_at ?? null,
    detailed: true,
    integration: connection.integration_type,
    environmentId: null,
    resources: configs.map(resourceOf),
    argsSchema: null,
    argsValidation: null,
    runtimeVersion: null,
    mutexKey: null,
    stateKey: null,
  };
}

/** One config for each data model: the connection's own, else the organisation's. What is for another category is another connection's. */
export function configsInForce(
  { category, sync_config: own }: RootfiConnection,
  organisationConfigs: readonly RootfiSyncConfig[],
): readonly RootfiSyncConfig[] {
  const fitting = own.filter((config) => !config.category || !category || config.category === category);
  return [...new Map([...organisationConfigs, ...fitting].map((config) => [config.data_model, config])).values()];
}

/** Whether a run would be taken; null where only the vendor knows. */
const ACTIVE: Readonly<Record<LinkedAccountStatus, boolean | null>> = {
  HEALTHY: true,
  UNKNOWN: null,
  PENDING: null,
  UNHEALTHY: null,
  AUTHENTICATION_REQUIRED: false,
  DISABLED: false,
};

const wordOf = (connection: RootfiConnection): string | null =>
  connection.connection_status ?? connection.status ?? null;

const linkStatusOf = (connection: RootfiConnection): LinkedAccountStatus =>
  LINK_STATUSES.of(wordOf(connection)) ?? LinkedAccountStatus.Unknown;

const severityOf = (connection: RootfiConnection): number => SEVERITY[linkStatusOf(connection)];

/** Waiting for the platform's quota. */
export const isSleeping = (connection: RootfiConnection): boolean =>
  [connection.sync_status, wordOf(connection)].some((word) => SLEEPING.of(word) === true);

const SLEEPING = vendorWords([["SLEEPING", true]]);

/** When the last of those that sleep goes on. */
export const resumesAtOf = (connections: readonly RootfiConnection[]): Date | null =>
  latestOf(connections.filter(isSleeping).map((connection) => connection.sync_resume_at));

/** A company that has no connection has an invite link nobody has followed yet; one of which nothing is told may have any. */
function statusWithoutConnection(company: RootfiCompany): LinkedAccountStatus {
  return company.connections === null ? LinkedAccountStatus.Unknown : LinkedAccountStatus.Pending;
}

/** RootFi says what is wrong in one word; this says it in a sentence, with the integration where there are several. */
function messageOf(connection: RootfiConnection, several: boolean): string | null {
  const sentence = MESSAGES[linkStatusOf(connection)];
  if (sentence === null) return null;
  return several ? `${connection.integration_type}: ${sentence}` : sentence;
}

const MESSAGES: Readonly<Record<LinkedAccountStatus, string | null>> = {
  HEALTHY: null,
  UNKNOWN: null,
  PENDING: "The customer has not finished connecting.",
  UNHEALTHY: null,
  AUTHENTICATION_REQUIRED: "The connection has expired; the customer must connect again through an invite link.",
  DISABLED: "The connection has been cut; the customer must connect again through an invite link.",
};

export function scheduleOf(config: RootfiSyncConfig): Schedule | null {
  const { frequency } = config;
  if (typeof frequency !== "string") return null;
  return {
    remoteId: null,
    frequency: FREQUENCIES.of(frequency) ?? ScheduleFrequency.Unknown,
    rawFrequency: frequency,
    interval: config.interval ?? null,
    cronExpression: null,
    hour: null,
    minute: null,
    month: null,
    dayOfWeek: null,
    dayOfMonth: null,
    resource: config.data_model,
    linkedAccountRemoteId: null,
    enabled: config.enabled ?? null,
    runAfterRemoteIds: [],
    runAfterBulkRemoteIds: [],
    runAfterSuccessOnly: null,
    externalConnectionId: null,
    externalJobId: null,
    createdAt: null,
    updatedAt: null,
  };
}

function resourceOf(config: RootfiSyncConfig): SyncJobResource {
  const access = config.scope_access ?? null;
  const granted = access === null ? null : Object.keys(access).filter((operation) => access[operation] === true);
  return {
    name: config.data_model,
    remoteId: null,
    displayName: null,
    type: null,
    method: null,
    query: null,
    loopOn: null,
    dependsOn: [],
    persist: null,
    category: config.category ?? null,
    enabled: config.enabled ?? null,
    custom: null,
    readEnabled: granted?.includes("READ") ?? null,
    writeEnabled: granted?.some((operation) => operation !== "READ") ?? null,
    readSupported: null,
    writeSupported: null,
    syncSupported: null,
    fileUploadEnabled: null,
    sourceWebhooksEnabled: null,
    grantedOperations: granted,
    syncFrom: config.sync_from ?? null,
    customFields: config.custom_fields ?? [],
    nextRunAt: null,
    createdAt: null,
    updatedAt: null,
    config: null,
  };
}

function latestOf(times: readonly (Date | null | undefined)[]): Date | null {
  const known = times.filter((time) => time instanceof Date);
  return known.toSorted((one, other) => other.getTime() - one.getTime())[0] ?? null;
}
