// What a provider offers for changing definitions. Each part exists exactly when the capability named at it says so.
import type {
  DefinitionKind,
  LinkedAccountSnapshot,
  ModelSyncSnapshot,
  Schedule,
  SyncJobSnapshot,
} from "./definition.ts";
import type {
  JobScheduleDraft,
  ModelSyncDraft,
  ModelSyncPatch,
  SyncJobDraft,
  SyncJobPatch,
} from "./definition-change.ts";
import type { UserProblem } from "./errors.ts";
import type { CallOptions } from "./provider-port.ts";

/** How a change is made. */
export interface ChangeOptions extends CallOptions {
  /**
   * The definition's `updatedAt` as the caller knows it. When the vendor's is another, nothing is changed and the call throws
   * `EDIT_CONFLICT`. Null: the change goes on top of whatever stands there.
   */
  readonly expectedUpdatedAt: Date | null;
}

/**
 * Model syncs made, changed and deleted. Exists when `capabilities.modelSyncCrud`. Every method throws `ProviderError` and nothing else;
 * none repeats a request by itself that might act twice.
 */
export interface ModelSyncEditor {
  /** What is wrong with a draft or a change, found without calling the vendor; fields are paths in it. */
  check(change: ModelSyncDraft | ModelSyncPatch): readonly UserProblem[];
  /** @param idempotencyKey for vendors that have one; at most 36 characters of `[A-Za-z0-9-]` */
  create(draft: ModelSyncDraft, idempotencyKey: string, options?: CallOptions): Promise<ModelSyncSnapshot>;
  /** Changes what the patch names and leaves the rest as it stands at the vendor at this moment, secrets included. */
  update(remoteId: string, patch: ModelSyncPatch, options: ChangeOptions): Promise<ModelSyncSnapshot>;
  setActive(remoteId: string, active: boolean, options?: CallOptions): Promise<ModelSyncSnapshot>;
  /** Deleting what is gone already succeeds. */
  delete(remoteId: string, options?: CallOptions): Promise<void>;
}

/** Sync jobs changed. Exists when `capabilities.syncJobUpdate`; `create` and `delete` when `capabilities.syncJobCrud`. */
export interface SyncJobEditor {
  /** @param job the definition to change; null for a new one */
  check(job: SyncJobSnapshot | null, change: SyncJobDraft | SyncJobPatch): readonly UserProblem[];
  update(job: SyncJobSnapshot, patch: SyncJobPatch, options: ChangeOptions): Promise<SyncJobSnapshot>;
  create?(draft: SyncJobDraft, options?: CallOptions): Promise<SyncJobSnapshot>;
  /** Deleting what is gone already succeeds. */
  delete?(remoteId: string, options?: CallOptions): Promise<void>;
}

export interface ScheduledJob {
  /** The job with its schedules as they stand after the change. */
  readonly job: SyncJobSnapshot;
  /** The one that was made or changed. */
  readonly schedule: Schedule;
}

/** Schedules of sync jobs made, changed, activated and removed. Exists when `capabilities.schedules`. */
export interface ScheduleEditor {
  /** What is wrong, found without calling the vendor. */
  check(
    job: SyncJobSnapshot,
    linkedAccount: LinkedAccountSnapshot | null,
    draft: JobScheduleDraft,
  ): readonly UserProblem[];
  /** Makes a schedule or changes the one named, and activates it. With nothing to change it is only activated. */
  put(
    job: SyncJobSnapshot,
    linkedAccount: LinkedAccountSnapshot | null,
    draft: JobScheduleDraft,
    options?: CallOptions,
  ): Promise<ScheduledJob>;
  /** Removes a schedule by its id or, where resources are scheduled apart, by its resource. */
  remove(
    job: SyncJobSnapshot,
    which: Pick<JobScheduleDraft, "remoteId" | "resource">,
    options?: CallOptions,
  ): Promise<SyncJobSnapshot>;
}

/** The kinds of definition, by the editor that changes them. */
export interface DefinitionEditors {
  readonly modelSyncs?: ModelSyncEditor;
  readonly syncJobs?: SyncJobEditor;
  readonly schedules?: ScheduleEditor;
}

/** For messages: what a definition of this kind is called. */
export const nameOfKind = (kind: DefinitionKind): string => (kind === "SYNC_JOB" ? "sync job" : "model sync");
