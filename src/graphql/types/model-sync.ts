// A definition that pushes. It has everything of the vendor's page but the encryption passphrase.
import { Field, ID, ObjectType } from "type-graphql";
import { DefinitionKind, type ModelSync, type ModelSyncTarget } from "../../domain/definition.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { NodeKind, globalIdOf } from "../global-id.ts";
import { connectionType } from "./connection.ts";
import { ScheduleType, SyncDefinitionType } from "./definition.ts";
import { NodeType } from "./node.ts";
import { Json, JsonObjectScalar } from "./scalars.ts";

@ObjectType("ModelFieldRef", { description: "A field of a model.", simpleResolvers: true })
export class ModelFieldRefType {
  @Field(() => ID, { nullable: true, description: "The vendor's id of the model." })
  modelId!: string | null;

  @Field(() => String, { nullable: true, description: "The field's name." })
  field!: string | null;
}

@ObjectType("ModelSyncField", {
  description: "A mapping of a model's field to a field of the target.",
  simpleResolvers: true,
})
export class ModelSyncFieldType {
  @Field(() => ModelFieldRefType, { nullable: true, description: "Where the value comes from." })
  source!: ModelFieldRefType | null;

  @Field(() => String, { description: "The target's field." })
  target!: string;

  @Field(() => Boolean, { nullable: true, description: "Whether the target's field is created." })
  new!: boolean | null;

  @Field(() => String, { nullable: true, description: "A fixed value sent in place of the source's." })
  overrideValue!: string | null;

  @Field(() => String, { nullable: true, description: "How this field is written, where it differs from the whole." })
  syncMode!: string | null;

  @Field(() => Boolean, { nullable: true, description: "Whether the value is encrypted before it is sent." })
  encryptionEnabled!: boolean | null;
}

@ObjectType("ModelSyncCondition", { description: "A condition on the records that are pushed.", simpleResolvers: true })
export class ModelSyncConditionType {
  @Field(() => String, { description: "The vendor's comparison, for example `Equality`." })
  function!: string;

  @Field(() => ModelFieldRefType, { nullable: true, description: "The model's field that is compared." })
  field!: ModelFieldRefType | null;

  @Field(() => ID, { nullable: true, description: "The vendor's id of the field that is compared." })
  fieldId!: string | null;

  @Field(() => String, { nullable: true, description: "Whether the field is the model's or the target's." })
  fieldType!: string | null;

  @Field(() => String, { nullable: true, description: "Its name in `filterLogic`." })
  label!: string | null;

  @Field(() => Json, { nullable: true, description: "What the field is compared with." })
  value!: JsonValue;
}

@ObjectType("ModelSyncIdentity", { description: "How a record is found again at the target.", simpleResolvers: true })
export class ModelSyncIdentityType {
  @Field(() => String, { description: "The vendor's comparison, for example `Equality`." })
  function!: string;

  @Field(() => ModelFieldRefType, { nullable: true, description: "The model's field." })
  source!: ModelFieldRefType | null;

  @Field(() => String, { description: "The target's field." })
  target!: string;

  @Field(() => Boolean, { nullable: true, description: "Whether the target's field is created." })
  newField!: boolean | null;

  @Field(() => ID, { nullable: true, description: "The target's id of the field's type." })
  remoteFieldTypeId!: string | null;
}

@ObjectType("ModelSyncOverride", { description: "A value that replaces another on the way.", simpleResolvers: true })
export class ModelSyncOverrideType {
  @Field(() => ModelFieldRefType, { nullable: true, description: "The model's field." })
  field!: ModelFieldRefType | null;

  @Field(() => ID, { nullable: true, description: "The vendor's id of the field." })
  fieldId!: string | null;

  @Field(() => String, { nullable: true, description: "The vendor's comparison." })
  function!: string | null;

  @Field(() => Json, { nullable: true, description: "What the field is compared with." })
  value!: JsonValue;

  @Field(() => Json, { nullable: true, description: "What is sent instead." })
  override!: JsonValue;
}

@ObjectType("ModelSyncTarget", { description: "Where a model sync pushes to.", simpleResolvers: true })
export class ModelSyncTargetType {
  @Field(() => String, { nullable: true, description: "The target object; null when it is created." })
  object!: string | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: "Properties of a target object that is created." })
  create!: JsonObject | null;

  @Field(() => String, { nullable: true, description: "Name of a target object that is created." })
  newName!: string | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: "The target's settings." })
  configuration!: JsonObject | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: "Values the target object was chosen by." })
  searchValues!: JsonObject | null;

  @Field(() => String, { nullable: true, description: "How the target's filters are combined." })
  filterLogic!: string | null;

  providerKey!: string;
  linkedAccountRemoteId!: string;

  static from(target: ModelSyncTarget, providerKey: string): ModelSyncTargetType {
    return Object.assign(new ModelSyncTargetType(), target, { providerKey });
  }
}

@ObjectType("Person", { description: "Who made or changed something at the vendor.", simpleResolvers: true })
export class PersonType {
  @Field(() => ID, { nullable: true, description: "The vendor's id." })
  remoteId!: string | null;

  @Field(() => String, { nullable: true, description: "Name." })
  name!: string | null;

  @Field(() => String, { nullable: true, description: "The vendor's word for the kind of account." })
  type!: string | null;
}

@ObjectType("ModelSync", {
  implements: [NodeType, SyncDefinitionType],
  description: "A definition that pushes models to a target object, with field mappings.",
  simpleResolvers: true,
})
export class ModelSyncType extends SyncDefinitionType {
  readonly kind = DefinitionKind.ModelSync;

  @Field(() => ID, { nullable: true, description: "The vendor's id of the organization." })
  organizationId!: string | null;

  @Field(() => String, { nullable: true, description: "How records are written, for example `updateOrCreate`." })
  mode!: string | null;

  @Field(() => [String], { description: "The vendor's ids of the models it reads." })
  modelIds!: readonly string[];

  @Field(() => [ModelSyncFieldType], { description: "Field mappings." })
  fields!: readonly ModelSyncFieldType[];

  @Field(() => [ModelSyncFieldType], { description: "Field mappings with fixed values." })
  overrideFields!: readonly ModelSyncFieldType[];

  @Field(() => [ModelSyncConditionType], { description: "Conditions on the records that are pushed." })
  filters!: readonly ModelSyncConditionType[];

  @Field(() => String, { nullable: true, description: "How the filters are combined, by their labels." })
  filterLogic!: string | null;

  @Field(() => ModelSyncIdentityType, { nullable: true, description: "How a record is found again at the target." })
  identity!: ModelSyncIdentityType | null;

  @Field(() => [ModelSyncOverrideType], { description: "Values that replace others on the way." })
  overrides!: readonly ModelSyncOverrideType[];

  @Field(() => [String], { description: "The vendor's ids of the access policies it is under." })
  policies!: readonly string[];

  @Field(() => ModelSyncTargetType, { nullable: true, description: "Where it pushes to." })
  target!: ModelSyncTargetType | null;

  @Field(() => Boolean, { nullable: true, description: "Whether existing values at the target are left alone." })
  onlyEnrichUpdates!: boolean | null;

  @Field(() => Boolean, { nullable: true, description: "Whether records that exist at its first run are left out." })
  skipInitialBackfill!: boolean | null;

  @Field(() => Boolean, { nullable: true, description: "Whether every run sends all records, changed or not." })
  syncAllRecords!: boolean | null;

  @Field(() => Boolean, {
    description: "Whether values are encrypted with a passphrase. The passphrase itself is never shown.",
  })
  hasEncryptionPassphrase!: boolean;

  @Field(() => PersonType, { nullable: true, description: "Who made it." })
  createdBy!: PersonType | null;

  @Field(() => PersonType, { nullable: true, description: "Who last changed it." })
  updatedBy!: PersonType | null;

  static from(modelSync: ModelSync): ModelSyncType {
    const { target, providerKey } = modelSync;
    return Object.assign(new ModelSyncType(), modelSync, {
      id: globalIdOf(NodeKind.ModelSync, modelSync.id),
      definitionId: modelSync.id,
      schedules: modelSync.schedules.map((schedule) => ScheduleType.from(schedule, providerKey)),
      target: target === null ? null : ModelSyncTargetType.from(target, providerKey),
    });
  }
}

export const ModelSyncConnection = connectionType("ModelSync", ModelSyncType, "the model syncs", true);
