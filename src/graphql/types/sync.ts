// A run, its tasks, and the committed changes of its status.
import { Field, Float, ID, ObjectType } from "type-graphql";
import type { ErrorCode } from "../../domain/errors.ts";
import type {
  ObservationSource,
  SyncOperation,
  SyncOrigin,
  SyncOutcome,
  SyncStatus,
  WaitingReason,
} from "../../domain/status.ts";
import type { ErrorHandling, Sync, SyncTask, Transition, Trigger, TriggerState } from "../../domain/sync.ts";
import {
  ErrorCodeEnum,
  ErrorHandlingEnum,
  ObservationSourceEnum,
  SyncOperationEnum,
  SyncOriginEnum,
  SyncOutcomeEnum,
  SyncStatusEnum,
  TriggerStateEnum,
  WaitingReasonEnum,
} from "../enums.ts";
import { NodeKind, globalIdOf } from "../global-id.ts";
import { connectionType } from "./connection.ts";
import { RecordCountsType, SyncErrorType, TaskCountsType } from "./counts.ts";
import { NodeType } from "./node.ts";
import { DateTime } from "./scalars.ts";

@ObjectType("SyncTask", { description: "A run's share for one model or resource.", simpleResolvers: true })
export class SyncTaskType {
  @Field(() => String, { description: "The vendor's id of it, or its name where it has none; unique within the run." })
  key!: string;

  @Field(() => String, { description: "The model or resource." })
  name!: string;

  @Field(() => SyncStatusEnum, { nullable: true, description: "Where it is; null when the vendor does not say." })
  status!: SyncStatus | null;

  @Field(() => String, { nullable: true, description: "The vendor's own word for the status." })
  rawStatus!: string | null;

  @Field(() => Float, { nullable: true, description: "Attempts made so far." })
  attempt!: number | null;

  @Field(() => RecordCountsType, { nullable: true, description: "Records it moved." })
  recordCounts!: RecordCountsType | null;

  @Field(() => DateTime, { nullable: true, description: "When its work began." })
  startedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When it ended." })
  finishedAt!: Date | null;

  @Field(() => SyncErrorType, { nullable: true, description: "Why it failed." })
  error!: SyncErrorType | null;

  static from(task: SyncTask): SyncTaskType {
    return Object.assign(new SyncTaskType(), task);
  }
}

@ObjectType("Sync", {
  implements: NodeType,
  description: "One run of a sync definition, whoever started it.",
  simpleResolvers: true,
})
export class SyncType extends NodeType {
  @Field(() => String, { description: "The vendor's id." })
  remoteId!: string;

  @Field(() => String, { nullable: true, description: "A second id the vendor has for the run." })
  alternateRemoteId!: string | null;

  @Field(() => String, { nullable: true, description: "The vendor's type name of the object." })
  remoteType!: string | null;

  @Field(() => String, { nullable: true, description: "The product it reads from or writes to, in the vendor's word." })
  integration!: string | null;

  @Field(() => SyncStatusEnum, { description: "Where it is." })
  status!: SyncStatus;

  @Field(() => SyncOutcomeEnum, { nullable: true, description: "Which kind of end it had; null while it goes on." })
  outcome!: SyncOutcome | null;

  @Field(() => String, { description: "The vendor's own word for the status." })
  rawStatus!: string;

  @Field(() => WaitingReasonEnum, { nullable: true, description: "Why it makes no progress at the moment." })
  waitingReason!: WaitingReason | null;

  @Field(() => DateTime, { nullable: true, description: "When the wait ends, if that is known." })
  resumesAt!: Date | null;

  @Field(() => SyncOriginEnum, { description: "Who started it." })
  origin!: SyncOrigin;

  @Field(() => SyncOperationEnum, { nullable: true, description: "What it does to records." })
  operation!: SyncOperation | null;

  @Field(() => Boolean, { nullable: true, description: "Whether it reads everything again, not only what changed." })
  fullRefresh!: boolean | null;

  @Field(() => Boolean, { nullable: true, description: "Whether it is the first run of its kind." })
  initial!: boolean | null;

  @Field(() => Boolean, { nullable: true, description: "Whether it is outside of any schedule." })
  oneOff!: boolean | null;

  @Field(() => Float, { nullable: true, description: "Attempts made so far." })
  attempt!: number | null;

  @Field(() => String, { nullable: true, description: "Runs begun by one request share it." })
  batchId!: string | null;

  @Field(() => String, { nullable: true, description: "The vendor's id of the legal entity or record it is for." })
  entityId!: string | null;

  @Field(() => String, { nullable: true, description: "The vendor's id of the uploaded file it reads." })
  fileId!: string | null;

  @Field(() => [String], { description: "Models, data models or resources it covers, as far as the vendor says." })
  models!: readonly string[];

  @Field(() => ErrorHandlingEnum, { nullable: true, description: "What it does with a record that fails." })
  onError!: ErrorHandling | null;

  @Field(() => Float, { nullable: true, description: "Version of the vendor's runtime it ran with." })
  runtimeVersion!: number | null;

  @Field(() => TaskCountsType, { nullable: true, description: "How its tasks stand." })
  taskCounts!: TaskCountsType | null;

  @Field(() => RecordCountsType, { nullable: true, description: "Records it moved." })
  recordCounts!: RecordCountsType | null;

  @Field(() => DateTime, { nullable: true, description: "Start of the window of data it covers." })
  timeRangeStart!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "End of the window of data it covers." })
  timeRangeEnd!: Date | null;

  @Field(() => DateTime, { description: "When it was created: the vendor's time, or when the gateway first saw it." })
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: "When work began, by the vendor's word." })
  startedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When it ended, by the vendor's word." })
  finishedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When the vendor last changed it." })
  updatedAt!: Date | null;

  @Field(() => DateTime, { description: "When the vendor last confirmed it." })
  observedAt!: Date;

  @Field(() => ObservationSourceEnum, { description: "How it was last confirmed." })
  observedVia!: ObservationSource;

  @Field(() => SyncErrorType, { nullable: true, description: "Why it failed, or why its last attempt did." })
  error!: SyncErrorType | null;

  source!: Sync;

  static from(sync: Sync): SyncType {
    return Object.assign(new SyncType(), sync, { id: globalIdOf(NodeKind.Sync, sync.id), source: sync });
  }
}

@ObjectType("SyncTransition", {
  implements: NodeType,
  description:
    "One committed change of a run's status. Transitions are never changed or removed before their retention ends.",
  simpleResolvers: true,
})
export class SyncTransitionType extends NodeType {
  @Field(() => SyncStatusEnum, { nullable: true, description: "The status before; null for a run's first transition." })
  from!: SyncStatus | null;

  @Field(() => SyncStatusEnum, { description: "The status after." })
  to!: SyncStatus;

  @Field(() => SyncOutcomeEnum, { nullable: true, description: "Which kind of end it is; null unless it is one." })
  outcome!: SyncOutcome | null;

  @Field(() => String, { nullable: true, description: "The vendor's own word; null when nobody saw this status." })
  rawStatus!: string | null;

  @Field(() => DateTime, { description: "When it happened: the vendor's time, or when it was observed." })
  occurredAt!: Date;

  @Field(() => DateTime, { description: "When the gateway learned of it." })
  observedAt!: Date;

  @Field(() => ObservationSourceEnum, { description: "How the gateway learned of it." })
  observedVia!: ObservationSource;

  @Field(() => Boolean, {
    description: "True when nobody saw this status and it is put in because the one after it was seen.",
  })
  inferred!: boolean;

  syncId!: string;
  transition!: Transition;

  /** The run as it was read together with the transition; undefined when only the transition was read. */
  run: Sync | undefined;

  static from(transition: Transition, sync?: Sync): SyncTransitionType {
    return Object.assign(new SyncTransitionType(), transition, {
      id: globalIdOf(NodeKind.SyncTransition, transition.id),
      transition,
      run: sync,
    });
  }
}

@ObjectType("TriggerError", {
  description: "Why a trigger started nothing, or nobody can tell whether it did.",
  simpleResolvers: true,
})
export class TriggerErrorType {
  @Field(() => ErrorCodeEnum, { description: "What kind of failure." })
  code!: ErrorCode;

  @Field(() => String, { description: "What happened." })
  message!: string;
}

@ObjectType("Trigger", {
  implements: NodeType,
  description: "The recorded intention to start a definition. It is committed before the vendor is called.",
  simpleResolvers: true,
})
export class TriggerType extends NodeType {
  @Field(() => TriggerStateEnum, { description: "Where it is." })
  state!: TriggerState;

  @Field(() => ID, {
    nullable: true,
    description: "The caller's key; the same key with the same input starts nothing twice.",
  })
  idempotencyKey!: string | null;

  @Field(() => Boolean, { description: "Whether it was answered with runs that were open already." })
  attached!: boolean;

  @Field(() => TriggerErrorType, { nullable: true, description: "Why it did not end as ACCEPTED." })
  error!: TriggerErrorType | null;

  @Field(() => DateTime, { description: "When it was recorded." })
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: "When the vendor was called." })
  sentAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When it ended." })
  resolvedAt!: Date | null;

  providerKey!: string;
  definitionId!: string;
  syncIds!: readonly string[];
  candidateIds!: readonly string[] | null;

  static from(trigger: Trigger): TriggerType {
    return Object.assign(new TriggerType(), trigger, { id: globalIdOf(NodeKind.Trigger, trigger.id) });
  }
}

export const SyncConnection = connectionType("Sync", SyncType, "the runs", true);
export const SyncTaskConnection = connectionType("SyncTask", SyncTaskType, "a run's tasks");
export const SyncTransitionConnection = connectionType("SyncTransition", SyncTransitionType, "a run's transitions");
