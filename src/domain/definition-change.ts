// What callers may change about definitions: new ones, and changes of those that exist. Ids in it are the vendor's own.
import type {
  ModelSyncField,
  ModelSyncFilter,
  ModelSyncIdentity,
  ModelSyncOverride,
  ModelSyncTarget,
  Schedule,
} from "./definition.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { ErrorHandling } from "./sync.ts";

/** When a definition shall run by itself; always given whole. */
export interface ScheduleDraft extends Pick<
  Schedule,
  | "frequency"
  | "interval"
  | "cronExpression"
  | "hour"
  | "minute"
  | "month"
  | "dayOfWeek"
  | "dayOfMonth"
  | "runAfterRemoteIds"
  | "runAfterBulkRemoteIds"
  | "runAfterSuccessOnly"
  | "externalConnectionId"
  | "externalJobId"
> {
  /** The vendor's own word, where several mean the same frequency; null takes its usual one. */
  readonly rawFrequency: string | null;
}

/** A model sync to be made. What is left out is left to the vendor; null says that there is none. */
export interface ModelSyncDraft {
  readonly name: string;
  /** How records are written, in the vendor's word. */
  readonly mode: string;
  readonly target: ModelSyncTarget;
  readonly fields: readonly ModelSyncField[];
  readonly schedule: ScheduleDraft;
  readonly active?: boolean;
  readonly identity?: ModelSyncIdentity | null;
  readonly filters?: readonly ModelSyncFilter[];
  readonly filterLogic?: string | null;
  readonly overrides?: readonly ModelSyncOverride[];
  readonly overrideFields?: readonly ModelSyncField[];
  readonly policies?: readonly string[];
  readonly onlyEnrichUpdates?: boolean;
  readonly skipInitialBackfill?: boolean;
  readonly syncAllRecords?: boolean;
  /** Goes to the vendor and nowhere else: it is neither stored, nor logged, nor ever given out again. */
  readonly encryptionPassphrase?: string | null;
}

/** What shall be different; what is left out stays as it is at the vendor. */
export type ModelSyncPatch = Partial<ModelSyncDraft>;

/** One thing a sync job shall pull. What is left out is left to the vendor, or stays as it is. */
export interface SyncJobResourceDraft {
  readonly name: string;
  readonly remoteId?: string | null;
  readonly type?: string;
  readonly method?: string;
  readonly query?: JsonValue;
  readonly loopOn?: JsonValue;
  readonly dependsOn?: readonly string[];
  readonly persist?: boolean;
  readonly enabled?: boolean;
  /** Null asks for the full history. */
  readonly syncFrom?: Date | null;
  readonly customFields?: readonly string[];
  /** What else the vendor takes, in its own words (fields of a Truto runtime 4 node). */
  readonly config?: JsonObject;
}

export interface SyncJobDraft {
  readonly name: string;
  readonly integration?: string | null;
  readonly resources: readonly SyncJobResourceDraft[];
  readonly argsSchema?: JsonObject | null;
  readonly argsValidation?: string | null;
  readonly runtimeVersion?: number;
  readonly mutexKey?: string | null;
  readonly stateKey?: string | null;
}

/** What shall be different; what is left out stays as it is at the vendor. */
export interface SyncJobPatch extends Partial<SyncJobDraft> {
  /** Resources to add or to change, by name. The others stay as they are. */
  readonly resources?: readonly SyncJobResourceDraft[];
  /** Names of resources to take out. */
  readonly removeResources?: readonly string[];
}

/** A schedule of a sync job to be made, or changes of one. What is left out stays as it is. */
export interface JobScheduleDraft {
  /** The vendor's id of the schedule to change; null makes one, or sets the resource's. */
  readonly remoteId: string | null;
  /** Only for this resource of the job, where the vendor schedules resources apart. */
  readonly resource: string | null;
  readonly frequency?: Schedule["frequency"];
  /** Every how many units of `frequency`. */
  readonly interval?: number;
  /** Five fields, UTC. */
  readonly cronExpression?: string;
  /** Arguments of the runs it starts. */
  readonly args?: JsonObject;
  readonly onError?: ErrorHandling;
}
