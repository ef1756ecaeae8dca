// The interface over the two kinds of definition, and what makes them run by themselves.
import { Field, Float, ID, InterfaceType, ObjectType } from "type-graphql";
import { DefinitionKind, type Schedule, type ScheduleFrequency } from "../../domain/definition.ts";
import { ScheduleFrequencyEnum } from "../enums.ts";
import { NodeType } from "./node.ts";
import { DateTime } from "./scalars.ts";

const NULLABLE_TEXT = (description: string) => ({ nullable: true, description });

@ObjectType("Schedule", {
  description: "When a definition runs by itself. What a vendor does not have is null.",
  simpleResolvers: true,
})
export class ScheduleType {
  @Field(() => String, NULLABLE_TEXT("The vendor's id of the schedule, where it is an object of its own."))
  remoteId!: string | null;

  @Field(() => ScheduleFrequencyEnum, { description: "What makes it run." })
  frequency!: ScheduleFrequency;

  @Field(() => String, { description: "The vendor's own word." })
  rawFrequency!: string;

  @Field(() => Float, { nullable: true, description: "Every how many units of `frequency`." })
  interval!: number | null;

  @Field(() => String, NULLABLE_TEXT("Five fields, in UTC."))
  cronExpression!: string | null;

  @Field(() => String, NULLABLE_TEXT("Hour, as the vendor writes it."))
  hour!: string | null;

  @Field(() => String, NULLABLE_TEXT("Minute, as the vendor writes it."))
  minute!: string | null;

  @Field(() => String, NULLABLE_TEXT("Month, as the vendor writes it."))
  month!: string | null;

  @Field(() => String, NULLABLE_TEXT("Day of the week, as the vendor writes it."))
  dayOfWeek!: string | null;

  @Field(() => String, NULLABLE_TEXT("Day of the month, as the vendor writes it."))
  dayOfMonth!: string | null;

  @Field(() => String, NULLABLE_TEXT("The resource it is for, when it is not for the whole definition."))
  resource!: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Whether it is switched on; null when the vendor does not say.",
  })
  enabled!: boolean | null;

  @Field(() => Boolean, { nullable: true, description: "With AFTER_RUN: only when the run before it ended well." })
  runAfterSuccessOnly!: boolean | null;

  @Field(() => [String], { description: "With AFTER_RUN: the vendor's ids of the bulk syncs whose end starts it." })
  runAfterBulkRemoteIds!: readonly string[];

  @Field(() => ID, {
    nullable: true,
    description: "With EXTERNAL: the vendor's id of the connection to the other system.",
  })
  externalConnectionId!: string | null;

  @Field(() => ID, { nullable: true, description: "With EXTERNAL: the other system's id of the job." })
  externalJobId!: string | null;

  @Field(() => DateTime, { nullable: true, description: "When the schedule was made." })
  createdAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When the schedule was last changed." })
  updatedAt!: Date | null;

  providerKey!: string;
  linkedAccountRemoteId!: string | null;
  runAfterRemoteIds!: readonly string[];

  static from(schedule: Schedule, providerKey: string): ScheduleType {
    return Object.assign(new ScheduleType(), schedule, { providerKey });
  }
}

@InterfaceType("SyncDefinition", {
  implements: NodeType,
  description: "What can be run: a sync job that pulls, or a model sync that pushes.",
  resolveType: (value: { readonly kind?: unknown }) =>
    value.kind === DefinitionKind.ModelSync ? "ModelSync" : "SyncJob",
})
export abstract class SyncDefinitionType extends NodeType {
  @Field(() => String, { description: "The vendor's id." })
  remoteId!: string;

  @Field(() => String, { description: "The vendor's name for it." })
  name!: string;

  @Field(() => Boolean, {
    nullable: true,
    description: "Whether the vendor would run it; null when the vendor has no such switch.",
  })
  active!: boolean | null;

  @Field(() => [ScheduleType], { description: "When it runs by itself." })
  schedules!: readonly ScheduleType[];

  @Field(() => DateTime, { nullable: true, description: "When it was made at the vendor." })
  createdAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When it was last changed at the vendor." })
  updatedAt!: Date | null;

  @Field(() => DateTime, { description: "When the vendor last confirmed it." })
  observedAt!: Date;

  @Field(() => DateTime, {
    nullable: true,
    description: "Since when the vendor no longer lists it; null while it does.",
  })
  goneAt!: Date | null;

  providerKey!: string;
  definitionId!: string;
  linkedAccountRemoteId!: string | null;
  /** By the vendor's word; it may have passed. */
  nextRunAt!: Date | null;
}
