// The gateway's schema, built from the type-graphql classes. `schema.graphql` at the top level is its printed form.
import "reflect-metadata";
import { specifiedDirectives, type GraphQLSchema } from "graphql";
import { buildSchemaSync, type PubSub } from "type-graphql";
import { chargeJson } from "./charged-json.ts";
import { boundMutations } from "./mutation-deadline.ts";
import {
  LinkedAccountEdges,
  ModelSyncTargetEdges,
  ScheduleEdges,
  SyncDefinitionEdges,
  SyncJobResourceEdges,
} from "./resolvers/definition-edges.ts";
import { ListsResolver } from "./resolvers/lists.ts";
import { ModelSyncMutationsResolver } from "./resolvers/model-sync-mutations.ts";
import { MutationsResolver } from "./resolvers/mutations.ts";
import { ObjectsResolver } from "./resolvers/objects.ts";
import { ProviderEdges, ViewerEdges } from "./resolvers/provider-edges.ts";
import { SchemaDiscoveryEdges } from "./resolvers/schema-discovery.ts";
import { StatisticsResolver } from "./resolvers/statistics.ts";
import { SubscriptionsResolver } from "./resolvers/subscriptions.ts";
import { SyncEdges, SyncTransitionEdges, TriggerEdges } from "./resolvers/sync-edges.ts";
import { SyncJobMutationsResolver } from "./resolvers/sync-job-mutations.ts";

export function buildGatewaySchema(): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: [
      ObjectsResolver,
      ListsResolver,
      StatisticsResolver,
      MutationsResolver,
      ModelSyncMutationsResolver,
      SyncJobMutationsResolver,
      SubscriptionsResolver,
      SyncEdges,
      SyncTransitionEdges,
      TriggerEdges,
      SyncDefinitionEdges,
      ScheduleEdges,
      SyncJobResourceEdges,
      ModelSyncTargetEdges,
      LinkedAccountEdges,
      SchemaDiscoveryEdges,
      ProviderEdges,
      ViewerEdges,
    ],
    // Inputs are checked by the domain, which knows what they mean.
    validate: false,
    directives: [...specifiedDirectives],
    pubSub: UNUSED_PUBSUB,
  });
  return chargeJson(boundMutations(schema));
}

/** type-graphql insists on one; our subscriptions read the ledger through `TransitionFeed` and never use it. */
const UNUSED_PUBSUB: PubSub = {
  publish() {
    throw new Error("transitions are published by committing them to the ledger");
  },
  subscribe() {
    throw new Error("transitions are followed through the transition feed");
  },
};
