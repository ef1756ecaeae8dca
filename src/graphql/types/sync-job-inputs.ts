// What callers send to make, change, schedule and delete sync jobs.
import { Field, ID, InputType, Int } from "type-graphql";
import type { ScheduleFrequency } from "../../domain/definition.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import type { ErrorHandling } from "../../domain/sync.ts";
import { ErrorHandlingEnum, ScheduleFrequencyEnum } from "../enums.ts";
import { DateTime, Json, JsonObjectScalar } from "./scalars.ts";

const optional = (description: string) => ({ nullable: true, description });

@InputType("SyncJobResourceInput", {
  description: "One thing a sync job shall pull. What is left out is left to the vendor, or stays as it is.",
})
export class SyncJobResourceInput {
  @Field(() => String, { description: "Its name; in a change, that of the resource to add or to change." })
  name!: string;

  @Field(() => ID, optional("The vendor's id of it; for Truto the resource's own `id` argument. Null for none."))
  remoteId?: string | null;

  @Field(() => String, optional("Kind of node, where the job is a graph of nodes."))
  type?: string | null;

  @Field(() => String, optional("How it is read, for example `list` or `get`."))
  method?: string | null;

  @Field(() => Json, optional("The query it is read with: an object, or an expression. Null for none."))
  query?: JsonValue;

  @Field(() => Json, optional("What it is repeated for. Null for nothing."))
  loopOn?: JsonValue;

  @Field(() => [String], optional("All resources that must be read before it. Null for none."))
  dependsOn?: string[] | null;

  @Field(() => Boolean, optional("Whether its records are kept."))
  persist?: boolean | null;

  @Field(() => Boolean, optional("Whether it is switched on."))
  enabled?: boolean | null;

  @Field(() => DateTime, optional("Start of the data window. Null for the full history."))
  syncFrom?: Date | null;

  @Field(() => [String], optional("All custom fields that are read too. Null for none."))
  customFields?: string[] | null;

  @Field(() => JsonObjectScalar, optional("What else the vendor takes, in its own words."))
  config?: JsonObject | null;
}

/** What may be left out in both: by a new one to leave it to the vendor, by a change to leave it as it is. */
@InputType({ description: "What may be left out of a sync job." })
export abstract class SyncJobOptionsInput {
  @Field(() => String, optional("The product it pulls from, in the vendor's word. Null for several."))
  integration?: string | null;

  @Field(() => JsonObjectScalar, optional("The arguments a run takes, as the vendor describes them. Null for none."))
  argsSchema?: JsonObject | null;

  @Field(() => String, optional("The vendor's own check of the arguments, as an expression. Null for none."))
  argsValidation?: string | null;

  @Field(() => Int, optional("Version of the vendor's runtime to run it with."))
  runtimeVersion?: number | null;

  @Field(() => String, optional("Runs with the same resolved key wait for each other. Null for no key."))
  mutexKey?: string | null;

  @Field(() => String, optional("Key under which the vendor remembers how far it has read. Null for its usual one."))
  stateKey?: string | null;
}

@InputType("SyncJobCreateInput", {
  description: "A sync job to make. What is left out is left to the vendor.",
})
export class SyncJobCreateInput extends SyncJobOptionsInput {
  @Field(() => String, { description: "Key of the provider to make it at." })
  provider!: string;

  @Field(() => String, { description: "Its name." })
  name!: string;

  @Field(() => [SyncJobResourceInput], { description: "What it pulls." })
  resources!: SyncJobResourceInput[];
}

@InputType("SyncJobUpdateInput", {
  description: "A sync job and what shall be different about it. What is left out stays as it is.",
})
export class SyncJobUpdateInput extends SyncJobOptionsInput {
  @Field(() => ID, { description: "The sync job to change." })
  syncJobId!: string;

  @Field(
    () => DateTime,
    optional(
      "`SyncJob.updatedAt` as the caller knows it. When somebody else has changed it since, nothing is changed and the answer is EDIT_CONFLICT. Left out, the change goes on top of whatever stands there.",
    ),
  )
  expectedUpdatedAt?: Date | null;

  @Field(() => String, optional("Its name."))
  name?: string | null;

  @Field(() => [SyncJobResourceInput], optional("Resources to add or to change, by name. The others stay as they are."))
  resources?: SyncJobResourceInput[] | null;

  @Field(() => [String], optional("Names of resources to take out."))
  removeResources?: string[] | null;
}

@InputType("SyncJobDeleteInput", { description: "A sync job to delete at the vendor." })
export class SyncJobDeleteInput {
  @Field(() => ID, { description: "The sync job." })
  syncJobId!: string;
}

@InputType("SyncJobScheduleInput", {
  description:
    "A schedule of a sync job to make, or one and what shall be different about it. With nothing but ids it is only activated again.",
})
export class SyncJobScheduleInput {
  @Field(() => ID, { description: "The sync job." })
  syncJobId!: string;

  @Field(
    () => ID,
    optional(
      "`Schedule.remoteId` of the one to change or to activate. Left out, one is made, or the resource's is set.",
    ),
  )
  scheduleId?: string | null;

  @Field(() => ID, optional("The linked account its runs are for, where the sync job does not fix one."))
  linkedAccountId?: string | null;

  @Field(() => String, optional("Only for this resource of the job, where the vendor schedules resources apart."))
  resource?: string | null;

  @Field(() => ScheduleFrequencyEnum, optional("What makes it run."))
  frequency?: ScheduleFrequency | null;

  @Field(() => Int, optional("Every how many units of `frequency`."))
  interval?: number | null;

  @Field(() => String, optional("Five fields, in UTC."))
  cronExpression?: string | null;

  @Field(() => JsonObjectScalar, optional("Arguments of the runs it starts."))
  args?: JsonObject | null;

  @Field(() => ErrorHandlingEnum, optional("What the runs it starts do with a record that fails."))
  onError?: ErrorHandling | null;
}

@InputType("SyncJobUnscheduleInput", {
  description: "A schedule of a sync job to remove at the vendor: give `scheduleId` or `resource`.",
})
export class SyncJobUnscheduleInput {
  @Field(() => ID, { description: "The sync job." })
  syncJobId!: string;

  @Field(() => ID, optional("`Schedule.remoteId` of the one to remove."))
  scheduleId?: string | null;

  @Field(() => String, optional("The resource whose schedule to remove, where the vendor schedules resources apart."))
  resource?: string | null;
}
