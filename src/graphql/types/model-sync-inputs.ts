// What callers send to make, change, switch and delete model syncs.
import { Field, ID, InputType } from "type-graphql";
import {
  ModelSyncConditionInput,
  ModelSyncFieldInput,
  ModelSyncIdentityInput,
  ModelSyncOverrideInput,
  ModelSyncTargetInput,
  ScheduleInput,
} from "./model-sync-part-inputs.ts";
import { DateTime } from "./scalars.ts";

const optional = (description: string) => ({ nullable: true, description });

/** What may be left out in both: by a new one to leave it to the vendor, by a change to leave it as it is. */
@InputType({ description: "What may be left out of a model sync." })
export abstract class ModelSyncOptionsInput {
  @Field(() => Boolean, optional("Whether the vendor runs it."))
  active?: boolean | null;

  @Field(
    () => ModelSyncIdentityInput,
    optional("How a record is found again at the target, given whole; null for none."),
  )
  identity?: ModelSyncIdentityInput | null;

  @Field(() => [ModelSyncConditionInput], optional("All conditions on the records that are pushed; null for none."))
  filters?: ModelSyncConditionInput[] | null;

  @Field(() => String, optional("How the filters are combined, by their labels; null for the vendor's usual way."))
  filterLogic?: string | null;

  @Field(() => [ModelSyncOverrideInput], optional("All values that replace others on the way; null for none."))
  overrides?: ModelSyncOverrideInput[] | null;

  @Field(() => [ModelSyncFieldInput], optional("All field mappings with fixed values; null for none."))
  overrideFields?: ModelSyncFieldInput[] | null;

  @Field(() => [String], optional("The vendor's ids of all access policies it is under; null for none."))
  policies?: string[] | null;

  @Field(() => Boolean, optional("Whether existing values at the target are left alone."))
  onlyEnrichUpdates?: boolean | null;

  @Field(() => Boolean, optional("Whether records that exist at its first run are left out."))
  skipInitialBackfill?: boolean | null;

  @Field(() => Boolean, optional("Whether every run sends all records, changed or not."))
  syncAllRecords?: boolean | null;

  @Field(
    () => String,
    optional(
      "Write-only: it goes to the vendor, is kept nowhere here and never given out; `hasEncryptionPassphrase` tells whether there is one. Null takes it away. Send it as a variable, not in the text of an operation.",
    ),
  )
  encryptionPassphrase?: string | null;
}

@InputType("ModelSyncCreateInput", {
  description:
    "A model sync to make. What is left out is left to the vendor. `LinkedAccount` has what there is to choose from.",
})
export class ModelSyncCreateInput extends ModelSyncOptionsInput {
  @Field(
    () => String,
    optional(
      "1 to 255 characters. Where the vendor has such keys, the same key with the same input makes one model sync, however often it is sent.",
    ),
  )
  idempotencyKey?: string | null;

  @Field(() => String, { description: "Its name." })
  name!: string;

  @Field(() => String, { description: "How records are written, in the vendor's word: `TargetMode.mode`." })
  mode!: string;

  @Field(() => ModelSyncTargetInput, { description: "Where it pushes to." })
  target!: ModelSyncTargetInput;

  @Field(() => [ModelSyncFieldInput], { description: "Field mappings." })
  fields!: ModelSyncFieldInput[];

  @Field(() => ScheduleInput, { description: "When it runs by itself." })
  schedule!: ScheduleInput;
}

@InputType("ModelSyncUpdateInput", {
  description: "A model sync and what shall be different about it. What is left out stays as it is.",
})
export class ModelSyncUpdateInput extends ModelSyncOptionsInput {
  @Field(() => ID, { description: "The model sync to change." })
  modelSyncId!: string;

  @Field(
    () => DateTime,
    optional(
      "`ModelSync.updatedAt` as the caller knows it. When somebody else has changed it since, nothing is changed and the answer is EDIT_CONFLICT. Left out, the change goes on top of whatever stands there.",
    ),
  )
  expectedUpdatedAt?: Date | null;

  @Field(() => String, optional("Its name."))
  name?: string | null;

  @Field(() => String, optional("How records are written, in the vendor's word: `TargetMode.mode`."))
  mode?: string | null;

  @Field(() => ModelSyncTargetInput, optional("Where it pushes to, given whole; an account of the same provider."))
  target?: ModelSyncTargetInput | null;

  @Field(() => [ModelSyncFieldInput], optional("All field mappings."))
  fields?: ModelSyncFieldInput[] | null;

  @Field(() => ScheduleInput, optional("When it runs by itself, given whole."))
  schedule?: ScheduleInput | null;
}

@InputType("ModelSyncDeleteInput", { description: "A model sync to delete at the vendor." })
export class ModelSyncDeleteInput {
  @Field(() => ID, { description: "The model sync." })
  modelSyncId!: string;
}

@InputType("ModelSyncSetActiveInput", { description: "A model sync to switch on or off." })
export class ModelSyncSetActiveInput {
  @Field(() => ID, { description: "The model sync." })
  modelSyncId!: string;

  @Field(() => Boolean, { description: "True to have the vendor run it, false to stop that." })
  active!: boolean;
}
