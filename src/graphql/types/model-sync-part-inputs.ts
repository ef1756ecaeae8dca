// The parts of a model sync as callers send them: mappings, conditions, target, schedule. Each mirrors its type in the answers.
import { Field, ID, InputType, Int } from "type-graphql";
import type { ScheduleFrequency } from "../../domain/definition.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { ScheduleFrequencyEnum } from "../enums.ts";
import { Json, JsonObjectScalar } from "./scalars.ts";

const optional = (description: string) => ({ nullable: true, description });

@InputType("ModelFieldRefInput", { description: "A field of a model." })
export class ModelFieldRefInput {
  @Field(() => ID, optional("The vendor's id of the model."))
  modelId?: string | null;

  @Field(() => String, optional("The field's name."))
  field?: string | null;
}

@InputType("ModelSyncFieldInput", { description: "A mapping of a model's field to a field of the target." })
export class ModelSyncFieldInput {
  @Field(() => ModelFieldRefInput, optional("Where the value comes from."))
  source?: ModelFieldRefInput | null;

  @Field(() => String, { description: "The target's field." })
  target!: string;

  @Field(() => Boolean, optional("Whether the target's field is to be created."))
  new?: boolean | null;

  @Field(() => String, optional("A fixed value to send in place of the source's."))
  overrideValue?: string | null;

  @Field(() => String, optional("How this field is written, where it differs from the whole."))
  syncMode?: string | null;

  @Field(() => Boolean, optional("Whether the value is to be encrypted before it is sent."))
  encryptionEnabled?: boolean | null;
}

@InputType("ModelSyncConditionInput", { description: "A condition on the records that are pushed." })
export class ModelSyncConditionInput {
  @Field(() => String, { description: "The vendor's comparison, for example `Equality`." })
  function!: string;

  @Field(() => ModelFieldRefInput, optional("The model's field that is compared."))
  field?: ModelFieldRefInput | null;

  @Field(() => ID, optional("The vendor's id of the field that is compared."))
  fieldId?: string | null;

  @Field(() => String, optional("Whether the field is the model's or the target's, in the vendor's word."))
  fieldType?: string | null;

  @Field(() => String, optional("Its name in `filterLogic`."))
  label?: string | null;

  @Field(() => Json, optional("What the field is compared with."))
  value?: JsonValue;
}

@InputType("ModelSyncIdentityInput", { description: "How a record is found again at the target." })
export class ModelSyncIdentityInput {
  @Field(() => String, { description: "The vendor's comparison, for example `Equality`." })
  function!: string;

  @Field(() => ModelFieldRefInput, optional("The model's field."))
  source?: ModelFieldRefInput | null;

  @Field(() => String, { description: "The target's field." })
  target!: string;

  @Field(() => Boolean, optional("Whether the target's field is to be created."))
  newField?: boolean | null;

  @Field(() => ID, optional("The target's id of the field's type."))
  remoteFieldTypeId?: string | null;
}

@InputType("ModelSyncOverrideInput", { description: "A value that replaces another on the way." })
export class ModelSyncOverrideInput {
  @Field(() => ModelFieldRefInput, optional("The model's field."))
  field?: ModelFieldRefInput | null;

  @Field(() => ID, optional("The vendor's id of the field."))
  fieldId?: string | null;

  @Field(() => String, optional("The vendor's comparison."))
  function?: string | null;

  @Field(() => Json, optional("What the field is compared with."))
  value?: JsonValue;

  @Field(() => Json, optional("What is sent instead."))
  override?: JsonValue;
}

@InputType("ModelSyncTargetInput", {
  description: "Where a model sync pushes to: an object that exists, or one to create.",
})
export class ModelSyncTargetInput {
  @Field(() => ID, { description: "The linked account to push to. Its provider is the model sync's." })
  linkedAccountId!: string;

  @Field(() => String, optional("The target object, as `TargetObject.remoteId` gives it; left out when it is created."))
  object?: string | null;

  @Field(() => JsonObjectScalar, optional("Properties of a target object to create, by their `remoteId`."))
  create?: JsonObject | null;

  @Field(() => String, optional("Name of a target object to create."))
  newName?: string | null;

  @Field(() => JsonObjectScalar, optional("The target's settings."))
  configuration?: JsonObject | null;

  @Field(() => JsonObjectScalar, optional("Values the target object was chosen by."))
  searchValues?: JsonObject | null;

  @Field(() => String, optional("How the target's filters are combined."))
  filterLogic?: string | null;
}

@InputType("ScheduleInput", {
  description:
    "When a model sync runs by itself, given whole. `LinkedAccount.scheduleOptions` has what a vendor offers.",
})
export class ScheduleInput {
  @Field(() => ScheduleFrequencyEnum, { description: "What makes it run." })
  frequency!: ScheduleFrequency;

  @Field(() => String, optional("The vendor's own word, where several mean the same frequency. Default its usual one."))
  rawFrequency?: string | null;

  @Field(() => Int, optional("Every how many units of `frequency`."))
  interval?: number | null;

  @Field(() => String, optional("Five fields, in UTC."))
  cronExpression?: string | null;

  @Field(() => String, optional("Hour, as the vendor writes it."))
  hour?: string | null;

  @Field(() => String, optional("Minute, as the vendor writes it."))
  minute?: string | null;

  @Field(() => String, optional("Month, as the vendor writes it."))
  month?: string | null;

  @Field(() => String, optional("Day of the week, as the vendor writes it."))
  dayOfWeek?: string | null;

  @Field(() => String, optional("Day of the month, as the vendor writes it."))
  dayOfMonth?: string | null;

  @Field(() => [ID], optional("With AFTER_RUN: the definitions whose end starts it, of the same provider."))
  runAfterDefinitionIds?: string[] | null;

  @Field(() => [String], optional("With AFTER_RUN: the vendor's ids of the bulk syncs whose end starts it."))
  runAfterBulkRemoteIds?: string[] | null;

  @Field(() => Boolean, optional("With AFTER_RUN: only when the run before it ended well."))
  runAfterSuccessOnly?: boolean | null;

  @Field(() => ID, optional("With EXTERNAL: the vendor's id of the connection to the other system."))
  externalConnectionId?: string | null;

  @Field(() => ID, optional("With EXTERNAL: the other system's id of the job."))
  externalJobId?: string | null;
}
