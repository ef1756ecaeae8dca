// What a linked account can be read from and written to, as its vendor describes it at the moment of asking.
import { Field, ID, ObjectType } from "type-graphql";
import type { ScheduleFrequency } from "../../domain/definition.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { ScheduleFrequencyEnum } from "../enums.ts";
import { DateTime, Json, JsonObjectScalar } from "./scalars.ts";

const orNull = (description: string) => ({
  nullable: true,
  description: `${description}; null when the vendor does not say.`,
});

@ObjectType("SourceChoice", { description: "A choice that narrows a source down.", simpleResolvers: true })
export class SourceChoiceType {
  @Field(() => String, { description: "Its name, as `parameters` takes it." })
  name!: string;

  @Field(() => Boolean, orNull("Whether the source lists what can be chosen"))
  hasItems!: boolean | null;

  @Field(() => [Json], { nullable: "items", description: "What can be chosen, where the source lists it." })
  items!: readonly JsonValue[];

  @Field(() => [String], { description: "Names of choices of which one must be made before this one." })
  requiresOneOf!: readonly string[];
}

@ObjectType("SyncSource", {
  description: "What has to be chosen before a linked account can be read.",
  simpleResolvers: true,
})
export class SyncSourceType {
  @Field(() => JsonObjectScalar, { description: "Settings by name, in the vendor's words, secrets left out." })
  configuration!: JsonObject;

  @Field(() => [SourceChoiceType], { description: "The choices, given those of `parameters`." })
  choices!: readonly SourceChoiceType[];

  @Field(() => [String], { description: "Names of choices of which one must be made." })
  requiresOneOf!: readonly string[];
}

@ObjectType("SourceField", { description: "A field that model syncs can read.", simpleResolvers: true })
export class SourceFieldType {
  @Field(() => ID, { nullable: true, description: "The vendor's id of the field." })
  remoteId!: string | null;

  @Field(() => String, { description: "Its name, as `ModelFieldRefInput.field` takes it." })
  name!: string;

  @Field(() => String, { nullable: true, description: "Its name as the vendor shows it to people." })
  label!: string | null;

  @Field(() => String, { nullable: true, description: "What it holds, in somebody's words." })
  description!: string | null;

  @Field(() => String, orNull("The vendor's word for its type"))
  type!: string | null;

  @Field(() => String, orNull("The source system's own word for its type"))
  remoteType!: string | null;

  @Field(() => Boolean, orNull("Whether no two records have the same value"))
  unique!: boolean | null;

  @Field(() => Boolean, orNull("Whether somebody added it at the vendor, on top of what the source has"))
  userAdded!: boolean | null;
}

@ObjectType("SourceModel", { description: "A saved query or table that model syncs read.", simpleResolvers: true })
export class SourceModelType {
  @Field(() => ID, { description: "The vendor's id, as `ModelFieldRefInput.modelId` takes it." })
  remoteId!: string;

  @Field(() => String, { description: "The vendor's name for it." })
  name!: string;

  @Field(() => String, orNull("The vendor's word for the kind of source it reads"))
  type!: string | null;

  @Field(() => [SourceFieldType], { description: "Its fields." })
  fields!: readonly SourceFieldType[];
}

@ObjectType("TargetMode", {
  description: "A way of writing records that a target object knows.",
  simpleResolvers: true,
})
export class TargetModeType {
  @Field(() => String, { description: "The vendor's word, as `ModelSyncCreateInput.mode` takes it." })
  mode!: string;

  @Field(() => String, { nullable: true, description: "Its name as the vendor shows it to people." })
  label!: string | null;

  @Field(() => String, { nullable: true, description: "What it does, in the vendor's words." })
  description!: string | null;

  @Field(() => Boolean, orNull("Whether the model sync must say how records are found again"))
  requiresIdentity!: boolean | null;

  @Field(() => Boolean, orNull("Whether fields may be written in ways of their own"))
  supportsFieldModes!: boolean | null;

  @Field(() => Boolean, orNull("Whether conditions on the target's records are possible"))
  supportsTargetFilters!: boolean | null;
}

@ObjectType("TargetObject", { description: "Something a model sync can push to.", simpleResolvers: true })
export class TargetObjectType {
  @Field(() => ID, { description: "The vendor's id, as `ModelSyncTargetInput.object` takes it." })
  remoteId!: string;

  @Field(() => String, { nullable: true, description: "Its name as the vendor shows it to people." })
  name!: string | null;

  @Field(() => [TargetModeType], { description: "The ways of writing it knows." })
  modes!: readonly TargetModeType[];
}

@ObjectType("TargetCreationProperty", {
  description: "Something that has to be said to create a target object.",
  simpleResolvers: true,
})
export class TargetCreationPropertyType {
  @Field(() => ID, { description: "Its key in `ModelSyncTargetInput.create`." })
  remoteId!: string;

  @Field(() => String, { nullable: true, description: "Its name as the vendor shows it to people." })
  title!: string | null;

  @Field(() => Boolean, orNull("Whether only the values in `LinkedAccount.targetCreationValues` are allowed"))
  isEnum!: boolean | null;
}

@ObjectType("TargetObjects", { description: "What a linked account can be written to.", simpleResolvers: true })
export class TargetObjectsType {
  @Field(() => [TargetObjectType], { description: "The objects there are." })
  objects!: readonly TargetObjectType[];

  @Field(() => Boolean, { description: "Whether a model sync can create one." })
  canCreate!: boolean;

  @Field(() => [TargetCreationPropertyType], { description: "What has to be said to create one." })
  creationProperties!: readonly TargetCreationPropertyType[];
}

@ObjectType("TargetField", { description: "A field of a target object.", simpleResolvers: true })
export class TargetFieldType {
  @Field(() => ID, { description: "The vendor's id, as `ModelSyncFieldInput.target` takes it." })
  remoteId!: string;

  @Field(() => String, { nullable: true, description: "Its name as the vendor shows it to people." })
  name!: string | null;

  @Field(() => String, { nullable: true, description: "What it holds, in somebody's words." })
  description!: string | null;

  @Field(() => String, orNull("The vendor's word for its type"))
  type!: string | null;

  @Field(() => String, orNull("The target system's own word for its type"))
  sourceType!: string | null;

  @Field(() => Boolean, orNull("Whether every record must have it"))
  required!: boolean | null;

  @Field(() => Boolean, orNull("Whether it can be set in a new record"))
  creatable!: boolean | null;

  @Field(() => Boolean, orNull("Whether it can be changed later"))
  updatable!: boolean | null;

  @Field(() => Boolean, orNull("Whether conditions on it are possible"))
  filterable!: boolean | null;

  @Field(() => Boolean, orNull("Whether its values can be encrypted"))
  encryptable!: boolean | null;

  @Field(() => Boolean, orNull("Whether it points to another record"))
  association!: boolean | null;

  @Field(() => Boolean, orNull("Whether records can be found again by it"))
  supportsIdentity!: boolean | null;

  @Field(() => [String], { description: "The comparisons by which a record can be found again with it." })
  identityFunctions!: readonly string[];
}

@ObjectType("TargetObjectDetail", { description: "A target object with its fields.", simpleResolvers: true })
export class TargetObjectDetailType {
  @Field(() => ID, { nullable: true, description: "The vendor's id." })
  remoteId!: string | null;

  @Field(() => String, { nullable: true, description: "Its name as the vendor shows it to people." })
  name!: string | null;

  @Field(() => [TargetFieldType], { description: "Its fields." })
  fields!: readonly TargetFieldType[];

  @Field(() => [TargetModeType], { description: "The ways of writing it knows." })
  modes!: readonly TargetModeType[];

  @Field(() => JsonObjectScalar, { description: "What else it can and cannot do, by the vendor's own names." })
  properties!: JsonObject;

  @Field(() => DateTime, orNull("When the vendor last asked the target system"))
  refreshedAt!: Date | null;
}

@ObjectType("TargetPropertyValue", {
  description: "A value that a property of a target object to be created may have.",
  simpleResolvers: true,
})
export class TargetPropertyValueType {
  @Field(() => String, { description: "The value, as `ModelSyncTargetInput.create` takes it." })
  value!: string;

  @Field(() => String, { nullable: true, description: "Its name as the vendor shows it to people." })
  label!: string | null;
}

@ObjectType("ScheduleOption", { description: "A kind of schedule the vendor offers.", simpleResolvers: true })
export class ScheduleOptionType {
  @Field(() => ScheduleFrequencyEnum, { description: "What makes a definition run, as `ScheduleInput` takes it." })
  frequency!: ScheduleFrequency;

  @Field(() => String, { description: "The vendor's own word, as `ScheduleInput.rawFrequency` takes it." })
  rawFrequency!: string;

  @Field(() => String, { nullable: true, description: "Its name as the vendor shows it to people." })
  label!: string | null;

  @Field(() => String, { nullable: true, description: "What it does, in the vendor's words." })
  description!: string | null;

  @Field(() => JsonObjectScalar, { description: "A JSON schema of the settings it takes." })
  configuration!: JsonObject;
}
