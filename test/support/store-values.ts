// Domain values for store suites, complete and plain; each maker takes what the test is about.
import type { ProviderAccount } from "../../src/domain/provider-account.ts";
import { advance } from "../../src/domain/advance.ts";
import { DefinitionKind, LinkedAccountStatus, ScheduleFrequency } from "../../src/domain/definition.ts";
import type {
  LinkedAccountSnapshot,
  ModelSyncSnapshot,
  Schedule,
  SyncJobSnapshot,
} from "../../src/domain/definition.ts";
import { ObservationSource, SyncStatus, isTerminal } from "../../src/domain/status.ts";
import { DeliveryState } from "../../src/domain/store-port.ts";
import type { RecordEntry, RecordRules, StoredDelivery } from "../../src/domain/store-port.ts";
import { TriggerState } from "../../src/domain/sync.ts";
import type { WebhookEvent } from "../../src/domain/webhook-port.ts";
import type { Observation, SyncTask, Trigger } from "../../src/domain/sync.ts";

/** Milliseconds after a fixed moment, so that no test depends on the day it runs. */
export const at = (ms: number): Date => new Date(Date.UTC(2026, 0, 1) + ms);

/** Open runs are due one second after they were observed. */
export const rules: RecordRules = {
  advance,
  nextPollAt: (sync) => (isTerminal(sync.status) ? null : new Date(sync.observedAt.getTime() + 1_000)),
};

export const account = (shownKey: string, given: Partial<ProviderAccount> = {}): ProviderAccount => ({
  providerKey: shownKey,
  shownKey,
  kind: "fake",
  address: "https://api.fake.example",
  sandbox: false,
  remoteAccount: null,
  credential: null,
  confirmedAt: null,
  removedAt: null,
  ...given,
});

export function observation(remoteId: string, given: Partial<Observation> = {}): Observation {
  return {
    remoteId,
    definitionRemoteId: "job-1",
    linkedAccountRemoteId: "account-1",
    source: ObservationSource.Poll,
    observedAt: at(0),
    status: SyncStatus.Running,
    outcome: null,
    rawStatus: "running",
    facts: {},
    ...given,
  };
}

export function entry(
  remoteId: string,
  given: Partial<Observation> = {},
  rest: Partial<RecordEntry> = {},
): RecordEntry {
  return { providerKey: "acme", observation: observation(remoteId, given), ...rest };
}

export function task(key: string, given: Partial<SyncTask> = {}): SyncTask {
  return {
    key,
    name: key,
    status: SyncStatus.Running,
    rawStatus: "running",
    attempt: 1,
    recordCounts: null,
    startedAt: at(1),
    finishedAt: null,
    error: null,
    ...given,
  };
}

export function linkedAccount(remoteId: string, given: Partial<LinkedAccountSnapshot> = {}): LinkedAccountSnapshot {
  return {
    remoteId,
    name: `Account ${remoteId}`,
    integration: "zendesk",
    category: "ticketing",
    status: LinkedAccountStatus.Healthy,
    rawStatus: "active",
    statusMessage: null,
    resumesAt: null,
    lastSyncedAt: at(5),
    customerId: "customer-1",
    environmentId: null,
    sandbox: true,
    createdAt: at(1),
    updatedAt: at(2),
    ...given,
  };
}

export function syncJob(remoteId: string, given: Partial<SyncJobSnapshot> = {}): SyncJobSnapshot {
  return {
    kind: DefinitionKind.SyncJob,
    remoteId,
    name: `Job ${remoteId}`,
    active: true,
    schedules: [],
    nextRunAt: at(9),
    linkedAccountRemoteId: "account-1",
    createdAt: at(1),
    updatedAt: at(2),
    detailed: true,
    integration: "zendesk",
    environmentId: "production",
    resources: [],
    argsSchema: { type: "object", properties: { since: { format: "date-time", default: "2026-01-01T00:00:00.000Z" } } },
    argsValidation: null,
    runtimeVersion: 4,
    mutexKey: null,
    stateKey: null,
    ...given,
  };
}

/** A daily cron of a sync job. */
export function jobSchedule(remoteId: string, given: Partial<Schedule> = {}): Schedule {
  return {
    remoteId,
    frequency: ScheduleFrequency.Cron,
    rawFrequency: "cron",
    interval: null,
    cronExpression: "0 3 * * *",
    hour: null,
    minute: null,
    month: null,
    dayOfWeek: null,
    dayOfMonth: null,
    resource: null,
    linkedAccountRemoteId: "account-1",
    enabled: true,
    runAfterRemoteIds: [],
    runAfterBulkRemoteIds: [],
    runAfterSuccessOnly: null,
    externalConnectionId: null,
    externalJobId: null,
    createdAt: at(11),
    updatedAt: null,
    ...given,
  };
}

export function modelSync(remoteId: string, given: Partial<ModelSyncSnapshot> = {}): ModelSyncSnapshot {
  return {
    kind: DefinitionKind.ModelSync,
    remoteId,
    name: `Sync ${remoteId}`,
    active: false,
    schedules: [],
    nextRunAt: null,
    linkedAccountRemoteId: "account-2",
    createdAt: null,
    updatedAt: at(3),
    detailed: true,
    organizationId: "org",
    mode: "updateOrCreate",
    modelIds: ["model-1"],
    fields: [
      {
        source: { modelId: "model-1", field: "email" },
        target: "Email",
        new: false,
        overrideValue: null,
        syncMode: null,
        encryptionEnabled: null,
      },
    ],
    overrideFields: [],
    filters: [],
    filterLogic: null,
    identity: null,
    overrides: [],
    policies: [],
    target: null,
    onlyEnrichUpdates: null,
    skipInitialBackfill: null,
    syncAllRecords: true,
    hasEncryptionPassphrase: false,
    createdBy: { remoteId: "u1", name: "Ada", type: "user" },
    updatedBy: null,
    ...given,
  };
}

export function trigger(id: string, given: Partial<Trigger> = {}): Trigger {
  return {
    id,
    tenantId: "t1",
    providerKey: "acme",
    definitionId: "definition-1",
    idempotencyKey: null,
    fingerprint: "hash",
    state: TriggerState.Pending,
    options: { fullRefresh: true, models: ["tickets"], args: { since: "2026-01-01" } },
    attached: false,
    syncIds: [],
    retryOfId: null,
    error: null,
    createdAt: at(0),
    sentAt: null,
    answeredAt: null,
    resolvedAt: null,
    candidateIds: null,
    ...given,
  };
}

export function webhookEvent(deliveryId: string, given: Partial<WebhookEvent> = {}): WebhookEvent {
  return { deliveryId, name: "run.changed", fingerprint: `hash of ${deliveryId}`, payload: { run: "r1" }, ...given };
}

/** A delivery that is due from when it was received. */
export function delivery(deliveryId: string, given: Partial<StoredDelivery> = {}): StoredDelivery {
  const receivedAt = given.receivedAt ?? at(0);
  const event = webhookEvent(deliveryId);
  return {
    tenantId: "t1",
    providerKey: "acme",
    event,
    receivedAt,
    state: DeliveryState.Received,
    dueAt: receivedAt,
    ...given,
  };
}
