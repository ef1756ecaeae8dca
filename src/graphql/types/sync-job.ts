// A definition that pulls.
import { Field, Float, ID, ObjectType } from "type-graphql";
import { DefinitionKind, type SyncJob, type SyncJobResource } from "../../domain/definition.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { NodeKind, globalIdOf } from "../global-id.ts";
import { connectionType } from "./connection.ts";
import { ScheduleType, SyncDefinitionType } from "./definition.ts";
import { NodeType } from "./node.ts";
import { DateTime, Json, JsonObjectScalar } from "./scalars.ts";

const flag = (description: string) => ({
  nullable: true,
  description: `${description}; null when the vendor does not say.`,
});

@ObjectType("SyncJobResource", {
  description: "One thing a sync job pulls: a data model (RootFi), a model (Stuut), a resource or node (Truto).",
  simpleResolvers: true,
})
export class SyncJobResourceType {
  @Field(() => String, { description: "Its name, as `TriggerSyncInput.models` takes it." })
  name!: string;

  @Field(() => ID, {
    nullable: true,
    description: "The vendor's id of it; for Truto the resource's own `id` argument.",
  })
  remoteId!: string | null;

  @Field(() => String, { nullable: true, description: "Its name as the vendor shows it to people." })
  displayName!: string | null;

  @Field(() => String, { nullable: true, description: "Kind of node, where the job is a graph of nodes." })
  type!: string | null;

  @Field(() => String, { nullable: true, description: "How it is read, for example `list` or `get`." })
  method!: string | null;

  @Field(() => Json, { nullable: true, description: "The query it is read with: an object, or an expression." })
  query!: JsonValue;

  @Field(() => Json, { nullable: true, description: "What it is repeated for." })
  loopOn!: JsonValue;

  @Field(() => [String], { description: "Resources that must be read before it." })
  dependsOn!: readonly string[];

  @Field(() => Boolean, flag("Whether its records are kept"))
  persist!: boolean | null;

  @Field(() => String, { nullable: true, description: "Kind of data, in the vendor's word." })
  category!: string | null;

  @Field(() => Boolean, flag("Whether it is switched on"))
  enabled!: boolean | null;

  @Field(() => Boolean, flag("Whether it is an object of the customer's own making"))
  custom!: boolean | null;

  @Field(() => Boolean, flag("Whether reading is switched on"))
  readEnabled!: boolean | null;

  @Field(() => Boolean, flag("Whether writing is switched on"))
  writeEnabled!: boolean | null;

  @Field(() => Boolean, flag("Whether it can be read"))
  readSupported!: boolean | null;

  @Field(() => Boolean, flag("Whether it can be written"))
  writeSupported!: boolean | null;

  @Field(() => Boolean, flag("Whether it can be synced"))
  syncSupported!: boolean | null;

  @Field(() => Boolean, flag("Whether it can be filled from an uploaded file"))
  fileUploadEnabled!: boolean | null;

  @Field(() => Boolean, flag("Whether the source system tells the vendor of changes"))
  sourceWebhooksEnabled!: boolean | null;

  @Field(() => [String], { nullable: true, description: "What the customer allows: READ, CREATE, UPDATE, DELETE." })
  grantedOperations!: readonly string[] | null;

  @Field(() => DateTime, { nullable: true, description: "Start of the data window; null for the full history." })
  syncFrom!: Date | null;

  @Field(() => [String], { description: "Custom fields that are read too." })
  customFields!: readonly string[];

  @Field(() => DateTime, { nullable: true, description: "When it was made at the vendor." })
  createdAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When it was last changed at the vendor." })
  updatedAt!: Date | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: "What else the vendor says of it, secrets left out." })
  config!: JsonObject | null;

  definitionId!: string;
  /** By the vendor's word; it may have passed. */
  nextRunAt!: Date | null;

  static from(resource: SyncJobResource, definitionId: string): SyncJobResourceType {
    return Object.assign(new SyncJobResourceType(), resource, { definitionId });
  }
}

@ObjectType("SyncJob", {
  implements: [NodeType, SyncDefinitionType],
  description: "A definition that pulls: which resources of which integration, with which arguments and schedule.",
  simpleResolvers: true,
})
export class SyncJobType extends SyncDefinitionType {
  readonly kind = DefinitionKind.SyncJob;

  @Field(() => String, {
    nullable: true,
    description: "The product it pulls from, in the vendor's word; null for several.",
  })
  integration!: string | null;

  @Field(() => String, { nullable: true, description: "The vendor's id of the environment it lives in." })
  environmentId!: string | null;

  @Field(() => [SyncJobResourceType], { description: "What it pulls." })
  resources!: readonly SyncJobResourceType[];

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "The vendor's description of the arguments a run takes; `TriggerSyncInput.args` is checked against it.",
  })
  argsSchema!: JsonObject | null;

  @Field(() => String, { nullable: true, description: "The vendor's own check of the arguments, as an expression." })
  argsValidation!: string | null;

  @Field(() => Float, { nullable: true, description: "Version of the vendor's runtime it is run with." })
  runtimeVersion!: number | null;

  @Field(() => String, { nullable: true, description: "Runs with the same resolved key wait for each other." })
  mutexKey!: string | null;

  @Field(() => String, { nullable: true, description: "Key under which the vendor remembers how far it has read." })
  stateKey!: string | null;

  static from(job: SyncJob): SyncJobType {
    return Object.assign(new SyncJobType(), job, {
      id: globalIdOf(NodeKind.SyncJob, job.id),
      definitionId: job.id,
      schedules: job.schedules.map((schedule) => ScheduleType.from(schedule, job.providerKey)),
      resources: job.resources.map((resource) => SyncJobResourceType.from(resource, job.id)),
    });
  }
}

export const SyncJobConnection = connectionType("SyncJob", SyncJobType, "the sync jobs", true);
