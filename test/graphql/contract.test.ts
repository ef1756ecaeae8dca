// The public contract: names and exact types that clients are built on, held against the committed schema.
import { readFileSync } from "node:fs";
import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  type GraphQLNamedType,
} from "graphql";
import { describe, expect, it } from "vitest";
import { ENUMS } from "./enum-contract.ts";
import { MODEL_SYNC_CHANGES, SCHEMA_DISCOVERY, SYNC_JOB_CHANGES } from "./definition-contract.ts";

const COMMITTED = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));

const PAGE = "after: String, before: String, first: Int, last: Int";
const LIST = (filter: string) => `after: String, before: String, filter: ${filter}, first: Int, last: Int`;
const COUNTS = "failed: Int!, open: Int!, recordCounts: RecordSums!, succeeded: Int!, successRate: Float, total: Int!";
const numbers = (more: string) => `durationMsP50: Int, durationMsP95: Int, ${COUNTS}, ${more}`.split(", ").toSorted();

/** Every field of these types, with its arguments in alphabetical order. A field too many is as red as one too few. */
const WHOLE: Readonly<Record<string, readonly string[]>> = {
  Query: [
    "linkedAccount(id: ID!): LinkedAccount",
    `linkedAccounts(${LIST("LinkedAccountFilter")}): LinkedAccountConnection`,
    "modelSync(id: ID!): ModelSync",
    `modelSyncs(${LIST("ModelSyncFilter")}): ModelSyncConnection`,
    "node(id: ID!): Node",
    "nodes(ids: [ID!]!): [Node]!",
    "provider(key: String!): Provider",
    "providers: [Provider!]!",
    "sync(id: ID!, maxAgeSeconds: Int): Sync",
    "syncByRemoteId(provider: String!, remoteId: String!): Sync",
    "syncJob(id: ID!): SyncJob",
    `syncJobs(${LIST("SyncJobFilter")}): SyncJobConnection`,
    "syncStatistics(bucket: StatisticsBucket, filter: SyncFilter): SyncStatistics",
    `syncs(${LIST("SyncFilter")}, orderBy: SyncOrder): SyncConnection`,
    "viewer: Viewer!",
  ],
  Mutation: [
    "cancelSync(input: CancelSyncInput!): CancelSyncPayload",
    "cancelSyncs(input: CancelSyncsInput!): CancelSyncsPayload",
    "modelSyncCreate(input: ModelSyncCreateInput!): ModelSyncCreatePayload",
    "modelSyncDelete(input: ModelSyncDeleteInput!): ModelSyncDeletePayload",
    "modelSyncSetActive(input: ModelSyncSetActiveInput!): ModelSyncSetActivePayload",
    "modelSyncUpdate(input: ModelSyncUpdateInput!): ModelSyncUpdatePayload",
    "retrySync(input: RetrySyncInput!): TriggerSyncPayload",
    "syncJobCreate(input: SyncJobCreateInput!): SyncJobCreatePayload",
    "syncJobDelete(input: SyncJobDeleteInput!): SyncJobDeletePayload",
    "syncJobSchedule(input: SyncJobScheduleInput!): SyncJobSchedulePayload",
    "syncJobUnschedule(input: SyncJobUnscheduleInput!): SyncJobUnschedulePayload",
    "syncJobUpdate(input: SyncJobUpdateInput!): SyncJobUpdatePayload",
    "triggerSync(input: TriggerSyncInput!): TriggerSyncPayload",
    "triggerSyncs(input: TriggerSyncsInput!): TriggerSyncsPayload",
  ],
  Subscription: [
    "syncProgressed(id: ID!): Sync!",
    "syncStatusChanged(after: String, filter: SyncFilter): SyncTransition!",
  ],
  SyncStatistics: numbers(
    "buckets: [SyncStatisticsBucket!]!, failures: [SyncFailureCount!]!, outcomes: [SyncOutcomeCount!]!",
  ),
  SyncStatisticsBucket: numbers("end: DateTime!, start: DateTime!"),
  SyncOutcomeCount: ["count: Int!", "outcome: SyncOutcome!"],
  SyncFailureCount: ["code: SyncErrorCode!", "count: Int!"],
  SyncTransition: [
    "cursor: String!",
    "from: SyncStatus",
    "id: ID!",
    "inferred: Boolean!",
    "observedAt: DateTime!",
    "observedVia: ObservationSource!",
    "occurredAt: DateTime!",
    "outcome: SyncOutcome",
    "rawStatus: String",
    "sync: Sync!",
    "to: SyncStatus!",
  ],
  TriggerSyncInput: [
    "args: JSONObject",
    "definitionId: ID!",
    "fullRefresh: Boolean",
    "idempotencyKey: String",
    "identities: [String!]",
    "ifRunning: IfRunning",
    "linkedAccountId: ID",
    "models: [String!]",
    "onError: ErrorHandling",
    "test: Boolean",
  ],
  TriggerSyncPayload: ["attached: Boolean!", "syncs: [Sync!]!", "trigger: Trigger", "userErrors: [UserError!]!"],
  TriggerSyncsInput: ["triggers: [TriggerSyncInput!]!"],
  TriggerSyncsPayload: ["results: [TriggerSyncPayload]!", "userErrors: [UserError!]!"],
  RetrySyncInput: ["idempotencyKey: String", "ifRunning: IfRunning", "syncId: ID!"],
  CancelSyncInput: ["syncId: ID!"],
  CancelSyncPayload: ["sync: Sync", "userErrors: [UserError!]!"],
  CancelSyncsInput: ["definitionId: ID!"],
  CancelSyncsPayload: ["syncs: [Sync!]!", "userErrors: [UserError!]!"],
  UserError: ["code: ErrorCode!", "field: [String!]", "message: String!"],
  SyncFilter: [
    "createdAfter: DateTime",
    "createdBefore: DateTime",
    "definitions: [ID!]",
    "kinds: [String!]",
    "linkedAccounts: [ID!]",
    "models: [String!]",
    "open: Boolean",
    "origins: [SyncOrigin!]",
    "outcomes: [SyncOutcome!]",
    "providers: [String!]",
    "statuses: [SyncStatus!]",
    "syncs: [ID!]",
  ],
  SyncOrder: ["direction: OrderDirection!", "field: SyncOrderField!"],
  TaskCounts: ["failed: Float!", "pending: Float!", "running: Float!", "success: Float!", "total: Float!"],
  RecordCounts: [
    "deleted",
    "failed",
    "fetched",
    "inserted",
    "persisted",
    "total",
    "updated",
    "upserted",
    "warnings",
  ].map((name) => `${name}: Float`),
  SyncError: ["advice: String", "code: SyncErrorCode!", "message: String!", "retryable: Boolean!"],
  ...MODEL_SYNC_CHANGES,
  ...SYNC_JOB_CHANGES,
  ...SCHEMA_DISCOVERY,
};

/** What these types must have; they may have more. */
const AT_LEAST: Readonly<Record<string, readonly string[]>> = {
  Sync: [
    "id: ID!",
    "remoteId: String!",
    "provider: Provider!",
    "linkedAccount: LinkedAccount",
    "definition: SyncDefinition",
    "status: SyncStatus!",
    "outcome: SyncOutcome",
    "rawStatus: String!",
    "waitingReason: WaitingReason",
    "resumesAt: DateTime",
    "origin: SyncOrigin!",
    "operation: SyncOperation",
    "fullRefresh: Boolean",
    "initial: Boolean",
    "oneOff: Boolean",
    "attempt: Float",
    "batchId: String",
    "models: [String!]!",
    "taskCounts: TaskCounts",
    "recordCounts: RecordCounts",
    "timeRangeStart: DateTime",
    "timeRangeEnd: DateTime",
    "createdAt: DateTime!",
    "startedAt: DateTime",
    "finishedAt: DateTime",
    "durationMs: Int",
    "expectedDurationMs: Int",
    "isSlow: Boolean!",
    "observedAt: DateTime!",
    "observedVia: ObservationSource!",
    "isStale: Boolean!",
    "error: SyncError",
    `tasks(${PAGE}): SyncTaskConnection`,
    `transitions(${PAGE}): SyncTransitionConnection!`,
    "conflicts: [SyncConflict!]!",
    "retryOf: Sync",
    "trigger: Trigger",
    "raw: JSONObject",
  ],
  SyncConflict: [
    "committedStatus: SyncStatus!",
    "committedOutcome: SyncOutcome",
    "observedStatus: SyncStatus!",
    "rawStatus: String!",
    "observedAt: DateTime!",
    "observedVia: ObservationSource!",
  ],
  SyncDefinition: [
    "id: ID!",
    "remoteId: String!",
    "name: String!",
    "provider: Provider!",
    "active: Boolean",
    "schedules: [Schedule!]!",
    "nextRunAt: DateTime",
    "latestSync: Sync",
    `syncs(${PAGE}): SyncConnection!`,
  ],
  LinkedAccount: [
    "models: [SourceModel!]",
    "scheduleOptions: [ScheduleOption!]",
    "source(parameters: JSONObject): SyncSource",
    "sourceFields(parameters: JSONObject): [SourceField!]",
    "targetCreationValues(property: String!): [TargetPropertyValue!]",
    "targetObject(object: String!, refresh: Boolean): TargetObjectDetail",
    "targetObjects: TargetObjects",
  ],
};

describe("the GraphQL contract", () => {
  it.each(Object.entries(WHOLE))("%s has exactly its fields, with their arguments and types", (name, fields) => {
    expect(fieldsOf(typeOf(name))).toEqual(fields);
  });

  it.each(Object.entries(AT_LEAST))("%s has every promised field with its arguments and type", (name, fields) => {
    expect(fieldsOf(typeOf(name))).toEqual(expect.arrayContaining([...fields]));
  });

  it.each(Object.entries(ENUMS))("the enum %s has exactly its values", (name, values) => {
    const type = typeOf(name);
    expect(isEnumType(type) ? type.getValues().map((one) => one.name) : null).toEqual(values);
  });

  it("knows every enum of the schema but the kind of a definition, so that a new one is a decision", () => {
    const all = Object.values(COMMITTED.getTypeMap()).filter((type) => isEnumType(type) && !type.name.startsWith("__"));
    expect(all.map(({ name }) => name).toSorted()).toEqual(Object.keys(ENUMS).toSorted());
  });

  it("keeps vendors out of the types: a new vendor changes nothing", () => {
    const names = Object.values(COMMITTED.getTypeMap()).flatMap((type) => [type.name, ...fieldsOf(type)]);
    expect(names.length).toBeGreaterThan(300);
    expect(names.filter((name) => /rootfi|stuut|polytomic|truto/i.test(name))).toEqual([]);
  });

  it.each([
    ["Sync", ["Node"]],
    ["SyncTransition", ["Node"]],
    ["Trigger", ["Node"]],
    ["Provider", ["Node"]],
    ["LinkedAccount", ["Node"]],
    ["SyncDefinition", ["Node"]],
    ["SyncJob", ["Node", "SyncDefinition"]],
    ["ModelSync", ["Node", "SyncDefinition"]],
  ])("%s implements %j", (name, interfaces) => {
    const type = typeOf(name);
    expect(
      isObjectType(type) || isInterfaceType(type)
        ? type
            .getInterfaces()
            .map((one) => one.name)
            .toSorted()
        : null,
    ).toEqual(interfaces);
  });
});

function typeOf(name: string): GraphQLNamedType {
  const type = COMMITTED.getType(name);
  if (type === undefined) throw new Error(`the schema has no type ${name}`);
  return type;
}

/** `name(argument: Type, ...): Type`, sorted. */
function fieldsOf(type: GraphQLNamedType): readonly string[] {
  if (isInputObjectType(type))
    return Object.values(type.getFields())
      .map((field) => `${field.name}: ${String(field.type)}`)
      .toSorted();
  if (!isObjectType(type) && !isInterfaceType(type)) {
    if (isUnionType(type)) throw new Error(`${type.name}: unions have no fields of their own`);
    return [];
  }
  return Object.values(type.getFields())
    .map(({ name, args, type: of }) => {
      const given = args.map((one) => `${one.name}: ${String(one.type)}`).toSorted();
      return `${name}${given.length === 0 ? "" : `(${given.join(", ")})`}: ${String(of)}`;
    })
    .toSorted();
}
