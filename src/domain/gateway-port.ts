// What the GraphQL layer asks of the gateway besides reading the store.
import type { ModelSync, ModelSyncTarget, Schedule, SyncDefinition, SyncJob } from "./definition.ts";
import type {
  JobScheduleDraft,
  ModelSyncDraft,
  ScheduleDraft,
  SyncJobDraft,
  SyncJobPatch,
} from "./definition-change.ts";
import type { CallOptions, Capabilities } from "./provider-port.ts";
import type { SchemaDiscovery } from "./schema-discovery.ts";
import type { ProviderError, UserProblem } from "./errors.ts";
import type { LedgerPlace } from "./ledger-place.ts";
import type { SyncFilter } from "./store-port.ts";
import type { ProviderState } from "./provider-state.ts";
import type { ErrorHandling, IfRunning, Sync, Transition, Trigger } from "./sync.ts";
import type { JsonObject } from "./json.ts";

/** One configured provider as clients see it. */
export interface ProviderInfo {
  /** What the store knows it by: the key it had first. Rows and ids are made with it. */
  readonly key: string;
  /** Its key in the configuration now, where that is another one since it was renamed. */
  readonly shownKey?: string;
  /** Since when no gateway has it configured; left out while one has. */
  readonly removedAt?: Date;
  /** Why the gateway does not work with it; left out when it does. */
  readonly refusal?: NonNullable<ProviderState["lastError"]>;
  readonly kind: string;
  readonly displayName: string;
  readonly capabilities: Capabilities;
  readonly sandbox: boolean;
}

/** Its key in the configuration, which clients know it by. */
export const shownKeyOf = ({ key, shownKey }: Pick<ProviderInfo, "key" | "shownKey">): string => shownKey ?? key;

export interface TriggerCommand {
  /** The gateway's id of the definition. */
  readonly definitionId: string;
  readonly idempotencyKey: string | null;
  readonly ifRunning: IfRunning;
  /** The gateway's id of the linked account, where the definition does not fix one. */
  readonly linkedAccountId?: string;
  readonly fullRefresh?: boolean;
  readonly models?: readonly string[];
  readonly args?: JsonObject;
  readonly onError?: ErrorHandling;
  readonly test?: boolean;
  readonly identities?: readonly string[];
}

export type RetryCommand = Pick<TriggerCommand, "idempotencyKey" | "ifRunning">;

export interface TriggerResult {
  readonly syncs: readonly Sync[];
  /** True when the runs were open already and nothing was started. */
  readonly attached: boolean;
  readonly trigger: Trigger | null;
  readonly problems: readonly UserProblem[];
}

export interface CancelResult {
  readonly sync: Sync | null;
  readonly problems: readonly UserProblem[];
}

export interface CancelAllResult {
  /** The runs that were asked to stop, as they stand. */
  readonly syncs: readonly Sync[];
  readonly problems: readonly UserProblem[];
}

export interface SyncOperations {
  /** Starts a run. Bad input comes back as `problems`; a vendor that fails throws `ProviderError`. */
  trigger(tenantId: string, command: TriggerCommand): Promise<TriggerResult>;
  /** Starts the definition of an ended run again, with the same options as far as they are known. */
  retry(tenantId: string, syncId: string, how: RetryCommand): Promise<TriggerResult>;
  /** Asks the vendor to stop a run. */
  cancel(tenantId: string, syncId: string): Promise<CancelResult>;
  /** Asks the vendor to stop every open run of a definition. */
  cancelAll(tenantId: string, definitionId: string): Promise<CancelAllResult>;
  /**
   * Reads the vendor if the run was last observed longer ago; throws `ProviderError` when that fails, or when the caller leaves. Null when
   * there is no such run.
   */
  refresh(tenantId: string, syncId: string, maxAgeMs: number, options?: CallOptions): Promise<Sync | null>;
}

export interface CatalogOperations {
  /**
   * Makes sure the catalog of these providers is fresh, each at most once at a time.
   *
   * @returns one error for each provider whose catalog could not be read, or was not when the caller left; its last known rows are still
   * in the store
   */
  ensureFresh(
    tenantId: string,
    providerKeys: readonly string[],
    options?: CallOptions,
  ): Promise<readonly ProviderError[]>;
  /** The providers among these that could not be reached when last tried, as errors. Makes no call. */
  outages(tenantId: string, providerKeys: readonly string[]): Promise<readonly ProviderError[]>;
}

/** Where a model sync shall push to; the linked account by the gateway's id. */
export type ModelSyncTargetCommand = Omit<ModelSyncTarget, "linkedAccountRemoteId"> & {
  readonly linkedAccountId: string;
};

/** A schedule whose definitions to run after are named by the gateway's ids. */
export type ScheduleCommand = Omit<ScheduleDraft, "runAfterRemoteIds"> & {
  readonly runAfterDefinitionIds: readonly string[];
};

/** A model sync to be made, or the parts of one to be changed; the provider is the target's linked account's. */
export type ModelSyncCommand = Omit<ModelSyncDraft, "target" | "schedule"> & {
  readonly target: ModelSyncTargetCommand;
  readonly schedule: ScheduleCommand;
};

export interface JobScheduleCommand extends JobScheduleDraft {
  /** The gateway's id of the linked account its runs are for, where the definition does not fix one. */
  readonly linkedAccountId?: string;
}

export interface DefinitionResult<Definition extends SyncDefinition> {
  /** As it stands after the change, or as it stood when the change was refused; null when there is none. */
  readonly definition: Definition | null;
  readonly problems: readonly UserProblem[];
}

export interface JobScheduleResult extends DefinitionResult<SyncJob> {
  /** The schedule that was made or changed; null when nothing was. */
  readonly schedule: Schedule | null;
}

/**
 * Changes of definitions. Bad input, a definition that somebody else has changed meanwhile and what the provider cannot do come back as
 * `problems`; a vendor that fails throws `ProviderError`. What the vendor answers is in the catalog before the call returns.
 */
export interface DefinitionOperations {
  /** @param idempotencyKey passed on to vendors that have one: the same key makes one model sync */
  createModelSync(
    tenantId: string,
    command: ModelSyncCommand,
    idempotencyKey: string | null,
  ): Promise<DefinitionResult<ModelSync>>;
  updateModelSync(
    tenantId: string,
    definitionId: string,
    change: Partial<ModelSyncCommand>,
    expectedUpdatedAt: Date | null,
  ): Promise<DefinitionResult<ModelSync>>;
  setModelSyncActive(tenantId: string, definitionId: string, active: boolean): Promise<DefinitionResult<ModelSync>>;
  deleteModelSync(tenantId: string, definitionId: string): Promise<DefinitionResult<ModelSync>>;
  createSyncJob(tenantId: string, providerKey: string, draft: SyncJobDraft): Promise<DefinitionResult<SyncJob>>;
  updateSyncJob(
    tenantId: string,
    definitionId: string,
    patch: SyncJobPatch,
    expectedUpdatedAt: Date | null,
  ): Promise<DefinitionResult<SyncJob>>;
  deleteSyncJob(tenantId: string, definitionId: string): Promise<DefinitionResult<SyncJob>>;
  schedule(tenantId: string, definitionId: string, command: JobScheduleCommand): Promise<JobScheduleResult>;
  unschedule(
    tenantId: string,
    definitionId: string,
    which: Pick<JobScheduleDraft, "remoteId" | "resource">,
  ): Promise<DefinitionResult<SyncJob>>;
}

export interface SchemaOperations {
  /**
   * What the vendor tells about linked accounts, each method one live call that is noted in the provider's health. Null when the provider
   * is not configured any more or does not tell.
   */
  discovery(tenantId: string, providerKey: string): SchemaDiscovery | null;
}

export interface WebhookReport {
  /** A secret is configured to prove deliveries with. */
  readonly configured: boolean;
  /** Polls have been seeing changes for a while and no webhook tells of any. */
  readonly silent: boolean;
}

export interface WebhookOperations {
  /** How the provider's webhooks are doing. Makes no call. */
  report(tenantId: string, providerKey: string, state: Pick<ProviderState, "lastWebhookAt">): WebhookReport;
}

export interface TransitionFeed {
  /**
   * Every committed transition that matches, in ledger order, each once, until the iterator is returned.
   *
   * @param after place to go on from, or a number that is known to be of this ledger; null begins with the next one committed
   * @throws GatewayError `CURSOR_EXPIRED` (`CursorExpiredError`) from any `next()` when the transition that would follow has been removed,
   * or the ledger is another one than gave the place, from before a restore for example: never is one left out
   */
  follow(tenantId: string, filter: SyncFilter, after: LedgerPlace | number | null): AsyncIterableIterator<FeedEntry>;
  /** The ledger that is followed now: what cursors are made for. */
  ledgerId(): string;
}

export interface ProgressFeed {
  /**
   * A run as it stands, then again whenever its `version` has risen, until its end was given or the iterator is returned. A slow reader
   * skips what came in between, never the end.
   *
   * @throws GatewayError `NOT_FOUND` when there is no such run
   */
  follow(tenantId: string, syncId: string): AsyncIterableIterator<Sync>;
}

/** A transition and the run as it stands now. */
export interface FeedEntry {
  readonly transition: Transition;
  readonly sync: Sync;
}
