// What changes of definitions answer.
import { Field, ID, ObjectType } from "type-graphql";
import type { ModelSync, SyncJob } from "../../domain/definition.ts";
import type { DefinitionResult, JobScheduleResult } from "../../domain/gateway-port.ts";
import { ScheduleType } from "./definition.ts";
import { ModelSyncType } from "./model-sync.ts";
import { UserErrorType } from "./payloads.ts";
import { SyncJobType } from "./sync-job.ts";

const USER_ERRORS = { description: "What stood in the way; empty when nothing did." } as const;
const AS_IT_STANDS =
  "as it stands after the change, or as it stood when the change was refused; null when there is none.";

@ObjectType({ description: "What a change of a model sync led to.", simpleResolvers: true })
export abstract class ModelSyncPayload {
  @Field(() => ModelSyncType, { nullable: true, description: `The model sync ${AS_IT_STANDS}` })
  modelSync!: ModelSyncType | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: readonly UserErrorType[];

  static from<Payload extends ModelSyncPayload>(
    this: new () => Payload,
    { definition, problems }: DefinitionResult<ModelSync>,
  ): Payload {
    return Object.assign(new this(), {
      modelSync: definition === null ? null : ModelSyncType.from(definition),
      userErrors: problems.map((problem) => UserErrorType.from(problem)),
    });
  }
}

@ObjectType("ModelSyncCreatePayload", { description: "What making a model sync led to.", simpleResolvers: true })
export class ModelSyncCreatePayload extends ModelSyncPayload {}

@ObjectType("ModelSyncUpdatePayload", { description: "What changing a model sync led to.", simpleResolvers: true })
export class ModelSyncUpdatePayload extends ModelSyncPayload {}

@ObjectType("ModelSyncSetActivePayload", {
  description: "What switching a model sync on or off led to.",
  simpleResolvers: true,
})
export class ModelSyncSetActivePayload extends ModelSyncPayload {}

@ObjectType("ModelSyncDeletePayload", { description: "What deleting a model sync led to.", simpleResolvers: true })
export class ModelSyncDeletePayload extends ModelSyncPayload {
  @Field(() => ID, { nullable: true, description: "The model sync that is gone; null when it was not deleted." })
  deletedModelSyncId!: string | null;
}

@ObjectType({ description: "What a change of a sync job led to.", simpleResolvers: true })
export abstract class SyncJobPayload {
  @Field(() => SyncJobType, { nullable: true, description: `The sync job ${AS_IT_STANDS}` })
  syncJob!: SyncJobType | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: readonly UserErrorType[];

  static from<Payload extends SyncJobPayload>(
    this: new () => Payload,
    { definition, problems }: DefinitionResult<SyncJob>,
  ): Payload {
    return Object.assign(new this(), {
      syncJob: definition === null ? null : SyncJobType.from(definition),
      userErrors: problems.map((problem) => UserErrorType.from(problem)),
    });
  }
}

@ObjectType("SyncJobCreatePayload", { description: "What making a sync job led to.", simpleResolvers: true })
export class SyncJobCreatePayload extends SyncJobPayload {}

@ObjectType("SyncJobUpdatePayload", { description: "What changing a sync job led to.", simpleResolvers: true })
export class SyncJobUpdatePayload extends SyncJobPayload {}

@ObjectType("SyncJobDeletePayload", { description: "What deleting a sync job led to.", simpleResolvers: true })
export class SyncJobDeletePayload extends SyncJobPayload {
  @Field(() => ID, { nullable: true, description: "The sync job that is gone; null when it was not deleted." })
  deletedSyncJobId!: string | null;
}

@ObjectType("SyncJobSchedulePayload", { description: "What scheduling a sync job led to.", simpleResolvers: true })
export class SyncJobSchedulePayload extends SyncJobPayload {
  @Field(() => ScheduleType, {
    nullable: true,
    description: "The schedule that was made, changed or activated; null when none was.",
  })
  schedule!: ScheduleType | null;

  static ofSchedule(result: JobScheduleResult): SyncJobSchedulePayload {
    const { definition, schedule } = result;
    const shown = definition === null || schedule === null ? null : ScheduleType.from(schedule, definition.providerKey);
    return Object.assign(SyncJobSchedulePayload.from(result), { schedule: shown });
  }
}

@ObjectType("SyncJobUnschedulePayload", {
  description: "What removing a schedule of a sync job led to.",
  simpleResolvers: true,
})
export class SyncJobUnschedulePayload extends SyncJobPayload {}
