// A report that contradicts the end a run has.
import { Field, ObjectType } from "type-graphql";
import type { ObservationSource, SyncOutcome, SyncStatus } from "../../domain/status.ts";
import type { ConflictDraft } from "../../domain/sync.ts";
import { ObservationSourceEnum, SyncOutcomeEnum, SyncStatusEnum } from "../enums.ts";
import { DateTime } from "./scalars.ts";

@ObjectType("SyncConflict", {
  description:
    "A report of another end than the one a run has, or that a run goes on that was taken for over (`LOST`, `UNKNOWN`). The run keeps its first end.",
})
export class SyncConflictType {
  @Field(() => SyncStatusEnum, { description: "The status the run has and keeps." })
  committedStatus!: SyncStatus;

  @Field(() => SyncOutcomeEnum, { nullable: true, description: "The outcome it had when the other end was reported." })
  committedOutcome!: SyncOutcome | null;

  @Field(() => SyncStatusEnum, { description: "The status that was reported." })
  observedStatus!: SyncStatus;

  @Field(() => String, { description: "The vendor's own word for it." })
  rawStatus!: string;

  @Field(() => DateTime, { description: "When it was first reported so." })
  observedAt!: Date;

  @Field(() => ObservationSourceEnum, { description: "Where the report came from." })
  observedVia!: ObservationSource;

  static from(conflict: ConflictDraft): SyncConflictType {
    return Object.assign(new SyncConflictType(), conflict);
  }
}
