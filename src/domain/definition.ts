// What can be run and for whom: linked accounts and the two kinds of sync definition, as a vendor described them at one moment.
import type { JsonObject, JsonValue } from "./json.ts";

/** Whether an end customer's link works. */
export const LinkedAccountStatus = {
  Healthy: "HEALTHY",
  /** Not usable until somebody signs in again. */
  AuthenticationRequired: "AUTHENTICATION_REQUIRED",
  /** Being set up. */
  Pending: "PENDING",
  /** Switched off or cut by somebody. */
  Disabled: "DISABLED",
  /** The vendor reports a problem that needs no sign-in. */
  Unhealthy: "UNHEALTHY",
  Unknown: "UNKNOWN",
} as const;
export type LinkedAccountStatus = (typeof LinkedAccountStatus)[keyof typeof LinkedAccountStatus];

/** One end customer's link inside a provider, as the vendor described it. */
export interface LinkedAccountSnapshot {
  readonly remoteId: string;
  readonly name: string;
  /** The product behind the link, in the vendor's word (`ZOHO_BOOKS`, `zendesk`); null when the vendor does not say. */
  readonly integration: string | null;
  readonly category: string | null;
  readonly status: LinkedAccountStatus;
  /** The vendor's own word for the status; null when it has none. */
  readonly rawStatus: string | null;
  /** What the vendor says is wrong and what to do about it, redacted; null when nothing is. */
  readonly statusMessage: string | null;
  /** Set while the link waits for a platform's rate limit. */
  readonly resumesAt: Date | null;
  readonly lastSyncedAt: Date | null;
  /** The customer's id in the caller's own system, where the vendor keeps one (RootFi `partner_id`, Truto `tenant_id`). */
  readonly customerId: string | null;
  readonly environmentId: string | null;
  readonly sandbox: boolean | null;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
}

export const DefinitionKind = { SyncJob: "SYNC_JOB", ModelSync: "MODEL_SYNC" } as const;
export type DefinitionKind = (typeof DefinitionKind)[keyof typeof DefinitionKind];

export const ScheduleFrequency = {
  Manual: "MANUAL",
  Continuous: "CONTINUOUS",
  Hourly: "HOURLY",
  Daily: "DAILY",
  Weekly: "WEEKLY",
  Monthly: "MONTHLY",
  Yearly: "YEARLY",
  Cron: "CRON",
  AfterRun: "AFTER_RUN",
  External: "EXTERNAL",
  Unknown: "UNKNOWN",
} as const;
export type ScheduleFrequency = (typeof ScheduleFrequency)[keyof typeof ScheduleFrequency];

/** When a definition runs by itself. Fields a vendor does not have are null. */
export interface Schedule {
  /** The vendor's id of the schedule, where it is an object of its own (Truto cron triggers). */
  readonly remoteId: string | null;
  readonly frequency: ScheduleFrequency;
  /** The vendor's own word (`runafter`, `DAILY`). */
  readonly rawFrequency: string;
  /** Every how many units of `frequency`; RootFi `interval`. */
  readonly interval: number | null;
  /** Five fields, UTC. */
  readonly cronExpression: string | null;
  readonly hour: string | null;
  readonly minute: string | null;
  readonly month: string | null;
  readonly dayOfWeek: string | null;
  readonly dayOfMonth: string | null;
  /** Resource or data model the schedule is for, when it is not for the whole definition. */
  readonly resource: string | null;
  readonly linkedAccountRemoteId: string | null;
  readonly enabled: boolean | null;
  /** Vendor ids of the definitions whose end starts this one. */
  readonly runAfterRemoteIds: readonly string[];
  readonly runAfterBulkRemoteIds: readonly string[];
  readonly runAfterSuccessOnly: boolean | null;
  /** dbt Cloud connection and job whose end starts this one (Polytomic). */
  readonly externalConnectionId: string | null;
  readonly externalJobId: string | null;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
}

export interface Person {
  readonly remoteId: string | null;
  readonly name: string | null;
  readonly type: string | null;
}

interface DefinitionFacts {
  readonly remoteId: string;
  readonly name: string;
  /** Whether the vendor would run it; null when the vendor has no such switch. */
  readonly active: boolean | null;
  readonly schedules: readonly Schedule[];
  readonly nextRunAt: Date | null;
  /** The linked account it always runs for; null when each run names one (Truto). */
  readonly linkedAccountRemoteId: string | null;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
  /** False when the vendor's list gave fewer fields than its detail page; the catalog then reads the detail. */
  readonly detailed: boolean;
}

/** One thing a sync job pulls: a resource (Truto), a model (Stuut), a data model with its sync config (RootFi). */
export interface SyncJobResource {
  readonly name: string;
  /** The vendor's id of it; for Truto the resource's `id` argument. */
  readonly remoteId: string | null;
  readonly displayName: string | null;
  /** Truto runtime 4: the node's type (`request`, `destination` ...). */
  readonly type: string | null;
  readonly method: string | null;
  readonly query: JsonValue;
  readonly loopOn: JsonValue;
  readonly dependsOn: readonly string[];
  readonly persist: boolean | null;
  readonly category: string | null;
  readonly enabled: boolean | null;
  readonly custom: boolean | null;
  readonly readEnabled: boolean | null;
  readonly writeEnabled: boolean | null;
  readonly readSupported: boolean | null;
  readonly writeSupported: boolean | null;
  readonly syncSupported: boolean | null;
  readonly fileUploadEnabled: boolean | null;
  /** Whether the source system notifies the vendor of changes (Stuut `is_webhooks_setup`). */
  readonly sourceWebhooksEnabled: boolean | null;
  /** Operations the customer granted (RootFi `scope_access`), for example `["READ"]`; null when the vendor does not say. */
  readonly grantedOperations: readonly string[] | null;
  /** Start of the data window; null = full history or not said. */
  readonly syncFrom: Date | null;
  readonly customFields: readonly string[];
  readonly nextRunAt: Date | null;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
  /** What else the vendor says of it (Truto runtime 4 nodes), secrets left out; null when nothing. */
  readonly config: JsonObject | null;
}

/** A definition that pulls. */
export interface SyncJobSnapshot extends DefinitionFacts {
  readonly kind: typeof DefinitionKind.SyncJob;
  readonly integration: string | null;
  readonly environmentId: string | null;
  readonly resources: readonly SyncJobResource[];
  /** The vendor's own description of the arguments a run takes. */
  readonly argsSchema: JsonObject | null;
  readonly argsValidation: string | null;
  readonly runtimeVersion: number | null;
  readonly mutexKey: string | null;
  readonly stateKey: string | null;
}

export interface ModelFieldRef {
  readonly modelId: string | null;
  readonly field: string | null;
}

export interface ModelSyncField {
  readonly source: ModelFieldRef | null;
  readonly target: string;
  readonly new: boolean | null;
  readonly overrideValue: string | null;
  readonly syncMode: string | null;
  readonly encryptionEnabled: boolean | null;
}

export interface ModelSyncFilter {
  readonly function: string;
  readonly field: ModelFieldRef | null;
  readonly fieldId: string | null;
  readonly fieldType: string | null;
  readonly label: string | null;
  readonly value: JsonValue;
}

export interface ModelSyncIdentity {
  readonly function: string;
  readonly source: ModelFieldRef | null;
  readonly target: string;
  readonly newField: boolean | null;
  readonly remoteFieldTypeId: string | null;
}

export interface ModelSyncOverride {
  readonly field: ModelFieldRef | null;
  readonly fieldId: string | null;
  readonly function: string | null;
  readonly value: JsonValue;
  readonly override: JsonValue;
}

export interface ModelSyncTarget {
  readonly linkedAccountRemoteId: string;
  readonly object: string | null;
  readonly create: JsonObject | null;
  readonly newName: string | null;
  readonly configuration: JsonObject | null;
  readonly searchValues: JsonObject | null;
  readonly filterLogic: string | null;
}

/** A definition that pushes models to a target object. */
export interface ModelSyncSnapshot extends DefinitionFacts {
  readonly kind: typeof DefinitionKind.ModelSync;
  readonly organizationId: string | null;
  readonly mode: string | null;
  readonly modelIds: readonly string[];
  readonly fields: readonly ModelSyncField[];
  readonly overrideFields: readonly ModelSyncField[];
  readonly filters: readonly ModelSyncFilter[];
  readonly filterLogic: string | null;
  readonly identity: ModelSyncIdentity | null;
  readonly overrides: readonly ModelSyncOverride[];
  readonly policies: readonly string[];
  readonly target: ModelSyncTarget | null;
  readonly onlyEnrichUpdates: boolean | null;
  readonly skipInitialBackfill: boolean | null;
  readonly syncAllRecords: boolean | null;
  /** Only whether there is one: the passphrase itself never enters the domain. */
  readonly hasEncryptionPassphrase: boolean;
  readonly createdBy: Person | null;
  readonly updatedBy: Person | null;
}

export type DefinitionSnapshot = SyncJobSnapshot | ModelSyncSnapshot;

interface CatalogIdentity {
  /** The gateway's id, a UUID; stable for as long as the vendor's id is. */
  readonly id: string;
  readonly tenantId: string;
  readonly providerKey: string;
  /** When the vendor last confirmed it. */
  readonly observedAt: Date;
  /** When the vendor stopped listing it; null while it does. */
  readonly goneAt: Date | null;
}

export type LinkedAccount = CatalogIdentity & LinkedAccountSnapshot;
export type SyncJob = CatalogIdentity & SyncJobSnapshot;
export type ModelSync = CatalogIdentity & ModelSyncSnapshot;
export type SyncDefinition = SyncJob | ModelSync;
