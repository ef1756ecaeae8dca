// What callers send: page arguments, filters, mutation inputs.
import { ArgsType, Field, ID, InputType, Int } from "type-graphql";
import type { LinkedAccountStatus } from "../../domain/definition.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { SyncOrigin, SyncOutcome, SyncStatus } from "../../domain/status.ts";
import type { SyncOrderField } from "../../domain/store-port.ts";
import type { ErrorHandling, IfRunning } from "../../domain/sync.ts";
import {
  ErrorHandlingEnum,
  IfRunningEnum,
  LinkedAccountStatusEnum,
  OrderDirectionEnum,
  SyncOrderFieldEnum,
  SyncOriginEnum,
  SyncOutcomeEnum,
  SyncStatusEnum,
  type OrderDirection,
} from "../enums.ts";
import { DateTime, JsonObjectScalar } from "./scalars.ts";

@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    description: "How many from the beginning, 1 to 100. Default 50 when `last` is not given.",
  })
  first?: number | null;

  @Field(() => String, { nullable: true, description: "Only what comes after this cursor." })
  after?: string | null;

  @Field(() => Int, { nullable: true, description: "How many from the end, 1 to 100." })
  last?: number | null;

  @Field(() => String, { nullable: true, description: "Only what comes before this cursor." })
  before?: string | null;
}

const anyOf = (what: string) => ({ nullable: true, description: `Any of these ${what}.` });

@InputType("LinkedAccountFilter", { description: "Any of the values within a field; all of the fields together." })
export class LinkedAccountFilterInput {
  @Field(() => [String], anyOf("provider keys"))
  providers?: string[] | null;

  @Field(() => [String], anyOf("vendors"))
  kinds?: string[] | null;

  @Field(() => [ID], anyOf("linked accounts"))
  linkedAccounts?: string[] | null;

  @Field(() => [LinkedAccountStatusEnum], anyOf("statuses"))
  statuses?: LinkedAccountStatus[] | null;

  @Field(() => [String], anyOf("products, in the vendors' words"))
  integrations?: string[] | null;

  @Field(() => [String], anyOf("customer ids of your own system"))
  customerIds?: string[] | null;
}

@InputType("SyncJobFilter", { description: "Any of the values within a field; all of the fields together." })
export class SyncJobFilterInput {
  @Field(() => [String], anyOf("provider keys"))
  providers?: string[] | null;

  @Field(() => [String], anyOf("vendors"))
  kinds?: string[] | null;

  @Field(() => [ID], anyOf("sync jobs"))
  syncJobs?: string[] | null;

  @Field(() => [ID], anyOf("linked accounts"))
  linkedAccounts?: string[] | null;

  @Field(() => [String], anyOf("products, in the vendors' words"))
  integrations?: string[] | null;

  @Field(() => Boolean, { nullable: true, description: "Only definitions that are, or are not, switched on." })
  active?: boolean | null;
}

@InputType("ModelSyncFilter", { description: "Any of the values within a field; all of the fields together." })
export class ModelSyncFilterInput {
  @Field(() => [String], anyOf("provider keys"))
  providers?: string[] | null;

  @Field(() => [String], anyOf("vendors"))
  kinds?: string[] | null;

  @Field(() => [ID], anyOf("model syncs"))
  modelSyncs?: string[] | null;

  @Field(() => [ID], anyOf("linked accounts pushed to"))
  linkedAccounts?: string[] | null;

  @Field(() => Boolean, { nullable: true, description: "Only definitions that are, or are not, switched on." })
  active?: boolean | null;
}

@InputType("SyncFilter", { description: "Any of the values within a field; all of the fields together." })
export class SyncFilterInput {
  @Field(() => [String], anyOf("provider keys"))
  providers?: string[] | null;

  @Field(() => [String], anyOf("vendors"))
  kinds?: string[] | null;

  @Field(() => [ID], anyOf("linked accounts"))
  linkedAccounts?: string[] | null;

  @Field(() => [ID], anyOf("sync definitions"))
  definitions?: string[] | null;

  @Field(() => [ID], anyOf("runs"))
  syncs?: string[] | null;

  @Field(() => [SyncStatusEnum], anyOf("statuses. In a subscription: the status a transition leads to"))
  statuses?: SyncStatus[] | null;

  @Field(() => [SyncOutcomeEnum], anyOf("outcomes"))
  outcomes?: SyncOutcome[] | null;

  @Field(() => [String], anyOf("models: runs that cover at least one"))
  models?: string[] | null;

  @Field(() => [SyncOriginEnum], anyOf("origins"))
  origins?: SyncOrigin[] | null;

  @Field(() => DateTime, { nullable: true, description: "Created then or later." })
  createdAfter?: Date | null;

  @Field(() => DateTime, { nullable: true, description: "Created before then." })
  createdBefore?: Date | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "True: only runs that have not ended; false: only those that have.",
  })
  open?: boolean | null;
}

@InputType("SyncOrder", { description: "How runs are ordered." })
export class SyncOrderInput {
  @Field(() => SyncOrderFieldEnum, { description: "By what." })
  field!: SyncOrderField;

  @Field(() => OrderDirectionEnum, { description: "Which end comes first." })
  direction!: OrderDirection;
}

@InputType("TriggerSyncInput", {
  description: "What to start. An option the provider does not have is refused with CAPABILITY_NOT_SUPPORTED.",
})
export class TriggerSyncInput {
  @Field(() => ID, { description: "The sync job or model sync to start." })
  definitionId!: string;

  @Field(() => String, {
    nullable: true,
    description:
      "1 to 255 characters. The same key with the same input gives the same answer and starts nothing twice, for at least 24 hours.",
  })
  idempotencyKey?: string | null;

  @Field(() => IfRunningEnum, { nullable: true, description: "What to do when a run is open already. Default ATTACH." })
  ifRunning?: IfRunning | null;

  @Field(() => ID, {
    nullable: true,
    description: "The linked account to run for, where the definition does not fix one.",
  })
  linkedAccountId?: string | null;

  @Field(() => Boolean, { nullable: true, description: "Read everything again, not only what changed." })
  fullRefresh?: boolean | null;

  @Field(() => [String], { nullable: true, description: "Only these models or resources of the definition." })
  models?: string[] | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: "Arguments of the run, checked against `SyncJob.argsSchema` first.",
  })
  args?: JsonObject | null;

  @Field(() => ErrorHandlingEnum, { nullable: true, description: "What the run does with a record that fails." })
  onError?: ErrorHandling | null;

  @Field(() => Boolean, { nullable: true, description: "Run as a test, where the vendor has that." })
  test?: boolean | null;

  @Field(() => [String], { nullable: true, description: "Only the records with these identity values." })
  identities?: string[] | null;
}

@InputType("TriggerSyncsInput", { description: "Several starts; each has its own result." })
export class TriggerSyncsInput {
  @Field(() => [TriggerSyncInput], { description: "1 to 100 starts." })
  triggers!: TriggerSyncInput[];
}

@InputType("RetrySyncInput", { description: "An ended run to start again." })
export class RetrySyncInput {
  @Field(() => ID, { description: "The run." })
  syncId!: string;

  @Field(() => String, { nullable: true, description: "As in `TriggerSyncInput`." })
  idempotencyKey?: string | null;

  @Field(() => IfRunningEnum, { nullable: true, description: "What to do when a run is open already. Default REJECT." })
  ifRunning?: IfRunning | null;
}

@InputType("CancelSyncInput", { description: "A run to stop." })
export class CancelSyncInput {
  @Field(() => ID, { description: "The run." })
  syncId!: string;
}

@InputType("CancelSyncsInput", { description: "A definition whose open runs are to stop." })
export class CancelSyncsInput {
  @Field(() => ID, { description: "The sync job or model sync." })
  definitionId!: string;
}
