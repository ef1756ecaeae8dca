// Counts and errors, as runs and tasks share them.
import { Field, Float, ObjectType } from "type-graphql";
import type { SyncErrorCode } from "../../domain/sync.ts";
import { SyncErrorCodeEnum } from "../enums.ts";

@ObjectType("TaskCounts", {
  description: "How a run's tasks stand, in whole numbers that may exceed 32 bits.",
  simpleResolvers: true,
})
export class TaskCountsType {
  @Field(() => Float, { description: "All tasks." })
  total!: number;

  @Field(() => Float, { description: "Tasks that ended well." })
  success!: number;

  @Field(() => Float, { description: "Tasks that failed." })
  failed!: number;

  @Field(() => Float, { description: "Tasks that are being done." })
  running!: number;

  @Field(() => Float, { description: "Tasks that have not begun." })
  pending!: number;
}

const countOf = (what: string) => ({
  nullable: true,
  description: `${what}, a whole number that may exceed 32 bits; null where the vendor does not count that.`,
});

@ObjectType("RecordCounts", {
  description: "How many records were moved, by what was done with them.",
  simpleResolvers: true,
})
export class RecordCountsType {
  @Field(() => Float, countOf("All records"))
  total!: number | null;

  @Field(() => Float, countOf("Records created at the target"))
  inserted!: number | null;

  @Field(() => Float, countOf("Records changed at the target"))
  updated!: number | null;

  @Field(() => Float, countOf("Records created or changed, where the target does not tell which"))
  upserted!: number | null;

  @Field(() => Float, countOf("Records removed at the target"))
  deleted!: number | null;

  @Field(() => Float, countOf("Records that failed"))
  failed!: number | null;

  @Field(() => Float, countOf("Warnings"))
  warnings!: number | null;

  @Field(() => Float, countOf("Records read from the source"))
  fetched!: number | null;

  @Field(() => Float, countOf("Records stored"))
  persisted!: number | null;
}

@ObjectType("SyncError", { description: "Why a run or a task failed.", simpleResolvers: true })
export class SyncErrorType {
  @Field(() => String, { description: "The vendor's words, with secrets taken out, at most a few hundred characters." })
  message!: string;

  @Field(() => SyncErrorCodeEnum, { description: "Kind of failure." })
  code!: SyncErrorCode;

  @Field(() => Boolean, { description: "Whether starting it again may help without anybody changing anything." })
  retryable!: boolean;

  @Field(() => String, {
    nullable: true,
    description: "What somebody can do about it; null when nothing is known to help.",
  })
  advice!: string | null;
}
