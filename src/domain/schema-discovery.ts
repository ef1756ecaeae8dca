// What a linked account can be read from and written to, as its vendor describes it at the moment of asking. Nothing of it is kept.
import type { ScheduleFrequency } from "./definition.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { CallOptions } from "./provider-port.ts";

/** Choices made so far, each with its values, for example `{ table: ["public.users"] }`. */
export type SourceParameters = Readonly<Record<string, readonly string[]>>;

/** A choice that narrows a source down. */
export interface SourceChoice {
  readonly name: string;
  /** Whether the source lists what can be chosen. */
  readonly hasItems: boolean | null;
  readonly items: readonly JsonValue[];
  /** Names of choices of which one must be made. */
  readonly requiresOneOf: readonly string[];
}

/** What a source needs before it can be read. */
export interface SyncSource {
  /** Settings by name, in the vendor's words, secrets left out. */
  readonly configuration: JsonObject;
  readonly choices: readonly SourceChoice[];
  readonly requiresOneOf: readonly string[];
}

export interface SourceField {
  readonly remoteId: string | null;
  readonly name: string;
  readonly label: string | null;
  readonly description: string | null;
  /** The vendor's word for the type. */
  readonly type: string | null;
  /** The source system's own word for the type. */
  readonly remoteType: string | null;
  readonly unique: boolean | null;
  /** Whether somebody added it at the vendor, on top of what the source has. */
  readonly userAdded: boolean | null;
}

/** A saved query or table that model syncs read. */
export interface SourceModel {
  readonly remoteId: string;
  readonly name: string;
  readonly type: string | null;
  readonly fields: readonly SourceField[];
}

/** A way of writing records that a target object knows. */
export interface TargetMode {
  /** As `ModelSync.mode` has it. */
  readonly mode: string;
  readonly label: string | null;
  readonly description: string | null;
  readonly requiresIdentity: boolean | null;
  readonly supportsFieldModes: boolean | null;
  readonly supportsTargetFilters: boolean | null;
}

export interface TargetObject {
  readonly remoteId: string;
  readonly name: string | null;
  readonly modes: readonly TargetMode[];
}

/** Something that has to be said to create a target object. */
export interface TargetCreationProperty {
  readonly remoteId: string;
  readonly title: string | null;
  /** Whether only listed values are allowed; `creationValues` has them. */
  readonly isEnum: boolean | null;
}

export interface TargetObjects {
  readonly objects: readonly TargetObject[];
  readonly canCreate: boolean;
  readonly creationProperties: readonly TargetCreationProperty[];
}

export interface TargetField {
  readonly remoteId: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly type: string | null;
  readonly sourceType: string | null;
  readonly required: boolean | null;
  readonly creatable: boolean | null;
  readonly updatable: boolean | null;
  readonly filterable: boolean | null;
  readonly encryptable: boolean | null;
  readonly association: boolean | null;
  readonly supportsIdentity: boolean | null;
  /** Comparisons by which a record may be found again with this field. */
  readonly identityFunctions: readonly string[];
}

/** A target object with its fields. */
export interface TargetObjectDetail {
  readonly remoteId: string | null;
  readonly name: string | null;
  readonly fields: readonly TargetField[];
  readonly modes: readonly TargetMode[];
  /** What the target does or does not do, by the vendor's own names, for example `supports_field_creation`. */
  readonly properties: JsonObject;
  /** When the vendor last asked the target. */
  readonly refreshedAt: Date | null;
}

export interface PropertyValue {
  readonly value: string;
  readonly label: string | null;
}

/** A kind of schedule the vendor offers. */
export interface ScheduleOption {
  readonly frequency: ScheduleFrequency;
  readonly rawFrequency: string;
  readonly label: string | null;
  readonly description: string | null;
  /** A JSON schema of the settings it takes. */
  readonly configuration: JsonObject;
}

/** Exists when `capabilities.schemaDiscovery`. Every method is one vendor call and throws `ProviderError` and nothing else. */
export interface SchemaDiscovery {
  source(linkedAccountRemoteId: string, parameters: SourceParameters, options?: CallOptions): Promise<SyncSource>;
  sourceFields(
    linkedAccountRemoteId: string,
    parameters: SourceParameters,
    options?: CallOptions,
  ): Promise<readonly SourceField[]>;
  /** The models that read from this account. */
  models(linkedAccountRemoteId: string, options?: CallOptions): Promise<readonly SourceModel[]>;
  targetObjects(linkedAccountRemoteId: string, options?: CallOptions): Promise<TargetObjects>;
  /** @param refresh has the vendor ask the target anew; slow */
  targetObject(
    linkedAccountRemoteId: string,
    object: string,
    refresh: boolean,
    options?: CallOptions,
  ): Promise<TargetObjectDetail>;
  /** Legal values of a property of a target object to be created. */
  creationValues(
    linkedAccountRemoteId: string,
    property: string,
    options?: CallOptions,
  ): Promise<readonly PropertyValue[]>;
  /** The same for all linked accounts of a provider. */
  scheduleOptions(options?: CallOptions): Promise<readonly ScheduleOption[]>;
}
