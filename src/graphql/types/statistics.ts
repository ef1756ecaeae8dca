// Numbers over runs: the whole, and the same for each stretch of time.
import { Field, Float, Int, InterfaceType, ObjectType } from "type-graphql";
import type { SyncOutcome } from "../../domain/status.ts";
import type { RecordCounts, SyncErrorCode } from "../../domain/sync.ts";
import { SyncErrorCodeEnum, SyncOutcomeEnum } from "../enums.ts";
import { DateTime } from "./scalars.ts";

const sumOf = (what: string) => ({
  nullable: true,
  description: `${what}; a whole number that may exceed 32 bits, null where nobody counts that.`,
});

/** Not `RecordCounts`: sums outgrow GraphQL's Int. */
@ObjectType("RecordSums", { description: "How many records runs moved together.", simpleResolvers: true })
export class RecordSumsType implements RecordCounts {
  @Field(() => Float, sumOf("All records"))
  total!: number | null;

  @Field(() => Float, sumOf("Records created at the target"))
  inserted!: number | null;

  @Field(() => Float, sumOf("Records changed at the target"))
  updated!: number | null;

  @Field(() => Float, sumOf("Records created or changed, where the target does not tell which"))
  upserted!: number | null;

  @Field(() => Float, sumOf("Records removed at the target"))
  deleted!: number | null;

  @Field(() => Float, sumOf("Records that failed"))
  failed!: number | null;

  @Field(() => Float, sumOf("Warnings"))
  warnings!: number | null;

  @Field(() => Float, sumOf("Records read from the source"))
  fetched!: number | null;

  @Field(() => Float, sumOf("Records stored"))
  persisted!: number | null;
}

const percentile = (share: string) => ({
  nullable: true,
  description: `${share} of the ended runs with a start and an end took at most this long, in milliseconds; at most 2147483647, null when there is no such run.`,
});

@InterfaceType("SyncNumbers", { description: "What some runs add up to." })
export abstract class SyncNumbersType {
  @Field(() => Int, { description: "All of them." })
  total!: number;

  @Field(() => Int, { description: "Those that have not ended." })
  open!: number;

  @Field(() => Int, { description: "Those that ended in SUCCESS." })
  succeeded!: number;

  @Field(() => Int, { description: "Those that ended in FAILED." })
  failed!: number;

  @Field(() => Float, {
    nullable: true,
    description: "Succeeded ones among the ended, 0 to 1; null when none has ended.",
  })
  successRate!: number | null;

  @Field(() => Int, percentile("Half"))
  durationMsP50!: number | null;

  @Field(() => Int, percentile("95 %"))
  durationMsP95!: number | null;

  @Field(() => RecordSumsType, { description: "Records they moved together." })
  recordCounts!: RecordSumsType;
}

@ObjectType("SyncOutcomeCount", { description: "How many runs had an outcome.", simpleResolvers: true })
export class SyncOutcomeCountType {
  @Field(() => SyncOutcomeEnum, { description: "Which kind of end." })
  outcome!: SyncOutcome;

  @Field(() => Int, { description: "How many runs." })
  count!: number;
}

@ObjectType("SyncFailureCount", { description: "How many runs failed in a way.", simpleResolvers: true })
export class SyncFailureCountType {
  @Field(() => SyncErrorCodeEnum, { description: "Kind of failure; UNKNOWN also where the vendor gave no error." })
  code!: SyncErrorCode;

  @Field(() => Int, { description: "How many runs." })
  count!: number;
}

@ObjectType("SyncStatisticsBucket", {
  implements: SyncNumbersType,
  description: "The same numbers over the runs created in one stretch of time.",
  simpleResolvers: true,
})
export class SyncStatisticsBucketType extends SyncNumbersType {
  @Field(() => DateTime, { description: "When it begins." })
  start!: Date;

  @Field(() => DateTime, { description: "When the next one begins." })
  end!: Date;
}

@ObjectType("SyncStatistics", {
  implements: SyncNumbersType,
  description: "What the runs that match a filter add up to, all of it as of one moment.",
  simpleResolvers: true,
})
export class SyncStatisticsType extends SyncNumbersType {
  @Field(() => [SyncOutcomeCountType], {
    description: "Ended runs by outcome, most frequent first; those that did not occur are left out.",
  })
  outcomes!: readonly SyncOutcomeCountType[];

  @Field(() => [SyncFailureCountType], {
    description:
      "Failed runs by kind of failure, most frequent first; those that did not occur are left out, and so are runs that somebody cancelled.",
  })
  failures!: readonly SyncFailureCountType[];

  @Field(() => [SyncStatisticsBucketType], {
    description:
      "By creation, oldest first; stretches in which no run was created are left out. Empty unless `bucket` was given.",
  })
  buckets!: readonly SyncStatisticsBucketType[];
}
