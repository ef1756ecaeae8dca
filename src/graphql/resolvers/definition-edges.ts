// The edges of definitions, their schedules, resources and targets, and of linked accounts.
import { Args, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { identityOf } from "../../domain/identity.ts";
import type { GatewayContext } from "../context.ts";
import type { ConnectionOf } from "../types/connection.ts";
import { ScheduleType, SyncDefinitionType } from "../types/definition.ts";
import { PageArgs } from "../types/inputs.ts";
import { LinkedAccountType } from "../types/linked-account.ts";
import { ModelSyncTargetType } from "../types/model-sync.ts";
import { ProviderType } from "../types/provider.ts";
import { DateTime } from "../types/scalars.ts";
import { SyncConnection, SyncType } from "../types/sync.ts";
import { SyncJobResourceType } from "../types/sync-job.ts";
import { definitionNode } from "./objects.ts";
import { providerOf } from "./provider-of.ts";
import { linkedAccountOf, runsOf } from "./shared-edges.ts";

@Resolver(() => SyncDefinitionType)
export class SyncDefinitionEdges {
  @FieldResolver(() => ProviderType, { description: "Whose definition it is." })
  provider(@Ctx() context: GatewayContext, @Root() { providerKey }: SyncDefinitionType): ProviderType {
    return providerOf(context, providerKey);
  }

  @FieldResolver(() => LinkedAccountType, {
    nullable: true,
    description: "The linked account it always runs for; null when each run names one.",
  })
  linkedAccount(
    @Ctx() context: GatewayContext,
    @Root() { providerKey, linkedAccountRemoteId }: SyncDefinitionType,
  ): Promise<LinkedAccountType | null> {
    return linkedAccountOf(context, providerKey, linkedAccountRemoteId);
  }

  @FieldResolver(() => DateTime, {
    nullable: true,
    description: "When it runs next, by the vendor's word; null when nothing is planned, or the time told has passed.",
  })
  nextRunAt(@Ctx() context: GatewayContext, @Root() { nextRunAt }: SyncDefinitionType): Date | null {
    return stillToCome(context, nextRunAt);
  }

  @FieldResolver(() => SyncType, { nullable: true, description: "Its newest run the gateway knows." })
  async latestSync(
    @Ctx() { loaders }: GatewayContext,
    @Root() { definitionId }: SyncDefinitionType,
  ): Promise<SyncType | null> {
    const sync = await loaders.latestSyncByDefinitionId.load(definitionId);
    return sync === null ? null : SyncType.from(sync);
  }

  @FieldResolver(() => SyncConnection, { description: "Its runs, newest first." })
  syncs(
    @Ctx() context: GatewayContext,
    @Root() definition: SyncDefinitionType,
    @Args(() => PageArgs) args: PageArgs,
  ): Promise<ConnectionOf<SyncType>> {
    return runsOf(context, definition, args);
  }
}

@Resolver(() => ScheduleType)
export class ScheduleEdges {
  @FieldResolver(() => LinkedAccountType, {
    nullable: true,
    description: "The linked account it is for, when the definition does not fix one.",
  })
  linkedAccount(
    @Ctx() context: GatewayContext,
    @Root() { providerKey, linkedAccountRemoteId }: ScheduleType,
  ): Promise<LinkedAccountType | null> {
    return linkedAccountOf(context, providerKey, linkedAccountRemoteId);
  }

  @FieldResolver(() => [SyncDefinitionType], { description: "With AFTER_RUN: the definitions whose end starts it." })
  async runAfter(
    @Ctx() { loaders, tenantId }: GatewayContext,
    @Root() { providerKey, runAfterRemoteIds }: ScheduleType,
  ): Promise<readonly SyncDefinitionType[]> {
    const ids = runAfterRemoteIds.map((remoteId) => identityOf(tenantId, providerKey, "definition", remoteId));
    const definitions = await Promise.all(ids.map((id) => loaders.definitionById.load(id)));
    return definitions.filter((definition) => definition !== null).map(definitionNode);
  }
}

@Resolver(() => SyncJobResourceType)
export class SyncJobResourceEdges {
  @FieldResolver(() => DateTime, {
    nullable: true,
    description:
      "When it runs next, where resources run apart; null when nothing is planned, or the time told has passed.",
  })
  nextRunAt(@Ctx() context: GatewayContext, @Root() { nextRunAt }: SyncJobResourceType): Date | null {
    return stillToCome(context, nextRunAt);
  }

  @FieldResolver(() => SyncType, { nullable: true, description: "The newest run the gateway knows that covers it." })
  async latestSync(
    @Ctx() { loaders }: GatewayContext,
    @Root() { definitionId, name }: SyncJobResourceType,
  ): Promise<SyncType | null> {
    const sync = await loaders.latestSyncByModel.load({ definitionId, model: name });
    return sync === null ? null : SyncType.from(sync);
  }
}

@Resolver(() => ModelSyncTargetType)
export class ModelSyncTargetEdges {
  @FieldResolver(() => LinkedAccountType, { nullable: true, description: "The linked account it pushes to." })
  linkedAccount(
    @Ctx() context: GatewayContext,
    @Root() { providerKey, linkedAccountRemoteId }: ModelSyncTargetType,
  ): Promise<LinkedAccountType | null> {
    return linkedAccountOf(context, providerKey, linkedAccountRemoteId);
  }
}

@Resolver(() => LinkedAccountType)
export class LinkedAccountEdges {
  @FieldResolver(() => ProviderType, { description: "Whose link it is." })
  provider(@Ctx() context: GatewayContext, @Root() { providerKey }: LinkedAccountType): ProviderType {
    return providerOf(context, providerKey);
  }
}

/** The vendor is asked again once the time has passed; until it says more, nobody knows. */
const stillToCome = ({ ports }: GatewayContext, nextRunAt: Date | null): Date | null =>
  nextRunAt !== null && nextRunAt > ports.clock.now() ? nextRunAt : null;
