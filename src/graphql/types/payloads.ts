// What mutations answer, and who the caller is.
import { Field, ObjectType } from "type-graphql";
import type { ErrorCode, UserProblem } from "../../domain/errors.ts";
import type { CancelAllResult, CancelResult, TriggerResult } from "../../domain/gateway-port.ts";
import { ErrorCodeEnum } from "../enums.ts";
import { SyncType, TriggerType } from "./sync.ts";

@ObjectType("UserError", {
  description: "One thing that is wrong with the input, or stands in the way of what it asks for.",
  simpleResolvers: true,
})
export class UserErrorType {
  @Field(() => ErrorCodeEnum, { description: "What kind of problem; clients switch on it." })
  code!: ErrorCode;

  @Field(() => String, { description: "What is wrong and what to do about it." })
  message!: string;

  @Field(() => [String], {
    nullable: true,
    description: "Path of the offending field in the input; null when it is the request as a whole.",
  })
  field!: readonly string[] | null;

  static from(problem: UserProblem): UserErrorType {
    return Object.assign(new UserErrorType(), problem);
  }
}

@ObjectType("TriggerSyncPayload", { description: "What a start led to.", simpleResolvers: true })
export class TriggerSyncPayload {
  @Field(() => [SyncType], { description: "The runs: begun, or attached to. One start may begin several." })
  syncs!: readonly SyncType[];

  @Field(() => Boolean, { description: "True when the runs were open already and nothing was started." })
  attached!: boolean;

  @Field(() => TriggerType, { nullable: true, description: "The recorded intention; null when the input was refused." })
  trigger!: TriggerType | null;

  @Field(() => [UserErrorType], { description: "What stood in the way; empty when nothing did." })
  userErrors!: readonly UserErrorType[];

  static from({ syncs, attached, trigger, problems }: TriggerResult): TriggerSyncPayload {
    return Object.assign(new TriggerSyncPayload(), {
      syncs: syncs.map((sync) => SyncType.from(sync)),
      attached,
      trigger: trigger === null ? null : TriggerType.from(trigger),
      userErrors: problems.map((problem) => UserErrorType.from(problem)),
    });
  }
}

@ObjectType("TriggerSyncsPayload", { description: "What several starts led to.", simpleResolvers: true })
export class TriggerSyncsPayload {
  @Field(() => [TriggerSyncPayload], {
    nullable: "items",
    description:
      "One result per start, in the input's order; null where the provider failed, with an error at that place.",
  })
  results!: readonly (TriggerSyncPayload | Error)[];

  @Field(() => [UserErrorType], { description: "What was wrong with the request as a whole." })
  userErrors!: readonly UserErrorType[];
}

@ObjectType("CancelSyncPayload", {
  description: "What a cancellation led to. It is a request: the run's end is observed later.",
  simpleResolvers: true,
})
export class CancelSyncPayload {
  @Field(() => SyncType, { nullable: true, description: "The run as it stands." })
  sync!: SyncType | null;

  @Field(() => [UserErrorType], { description: "What stood in the way; empty when nothing did." })
  userErrors!: readonly UserErrorType[];

  static from({ sync, problems }: CancelResult): CancelSyncPayload {
    return Object.assign(new CancelSyncPayload(), {
      sync: sync === null ? null : SyncType.from(sync),
      userErrors: problems.map((problem) => UserErrorType.from(problem)),
    });
  }
}

@ObjectType("CancelSyncsPayload", {
  description: "What a cancellation of several runs led to. It is a request: the runs' ends are observed later.",
  simpleResolvers: true,
})
export class CancelSyncsPayload {
  @Field(() => [SyncType], { description: "The runs that were asked to stop, as they stand." })
  syncs!: readonly SyncType[];

  @Field(() => [UserErrorType], { description: "What stood in the way; empty when nothing did." })
  userErrors!: readonly UserErrorType[];

  static from({ syncs, problems }: CancelAllResult): CancelSyncsPayload {
    return Object.assign(new CancelSyncsPayload(), {
      syncs: syncs.map((sync) => SyncType.from(sync)),
      userErrors: problems.map((problem) => UserErrorType.from(problem)),
    });
  }
}

@ObjectType("Viewer", { description: "Who asks, and what they may do.", simpleResolvers: true })
export class ViewerType {
  @Field(() => String, { description: "Name of the caller." })
  name!: string;

  @Field(() => String, { description: "The tenant whose data the caller sees." })
  tenant!: string;

  @Field(() => [String], { description: "What the caller may do." })
  scopes!: readonly string[];
}
