// Single objects: by global id, by provider key, by the vendor's id.
import { Arg, Ctx, ID, Int, Query, Resolver } from "type-graphql";
import { DefinitionKind, type SyncDefinition } from "../../domain/definition.ts";
import { ErrorCode, GatewayError } from "../../domain/errors.ts";
import { identityOf } from "../../domain/identity.ts";
import { providerInfo, requireProvider, type GatewayContext } from "../context.ts";
import { NodeKind, innerId, parseGlobalId } from "../global-id.ts";
import { LinkedAccountType } from "../types/linked-account.ts";
import { ModelSyncType } from "../types/model-sync.ts";
import { NodeType } from "../types/node.ts";
import { ViewerType } from "../types/payloads.ts";
import { ProviderType } from "../types/provider.ts";
import { SyncTransitionType, SyncType, TriggerType } from "../types/sync.ts";
import { SyncJobType } from "../types/sync-job.ts";

const MOST_NODES = 100;
const ID_ARGUMENT = { description: "A global id, as a field `id` gives it." } as const;

@Resolver()
export class ObjectsResolver {
  @Query(() => NodeType, {
    nullable: true,
    description: "The object with this id; null with a NOT_FOUND error when there is none.",
  })
  node(@Ctx() context: GatewayContext, @Arg("id", () => ID, ID_ARGUMENT) id: string): Promise<NodeType> {
    return findNode(context, id, "id");
  }

  @Query(() => [NodeType], {
    nullable: "items",
    description: "The objects with these ids, in the ids' order; null with an error where there is none.",
  })
  nodes(
    @Ctx() context: GatewayContext,
    @Arg("ids", () => [ID], { description: "1 to 100 global ids." }) ids: string[],
  ): Promise<NodeType>[] {
    if (ids.length > MOST_NODES)
      throw new GatewayError(ErrorCode.BadUserInput, `ids: at most ${MOST_NODES} at once, got ${ids.length}.`);
    return ids.map((id) => findNode(context, id, "ids"));
  }

  @Query(() => ViewerType, { description: "Who asks, and what they may do." })
  viewer(@Ctx() { viewer, tenantId }: GatewayContext): ViewerType {
    return Object.assign(new ViewerType(), { name: viewer.name, tenant: tenantId, scopes: viewer.scopes });
  }

  @Query(() => [ProviderType], {
    description: "All providers: those that are configured, then those that were removed and whose history is kept.",
  })
  providers(@Ctx() { ports, tenantId }: GatewayContext): ProviderType[] {
    return ports.providersOf(tenantId).map((info) => ProviderType.from(info));
  }

  @Query(() => ProviderType, { nullable: true, description: "The provider of this key." })
  provider(
    @Ctx() context: GatewayContext,
    @Arg("key", () => String, { description: "Its key in the configuration." }) key: string,
  ): ProviderType {
    return ProviderType.from(requireProvider(context, key));
  }

  @Query(() => LinkedAccountType, { nullable: true, description: "One end customer's link." })
  async linkedAccount(
    @Ctx() context: GatewayContext,
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
  ): Promise<LinkedAccountType> {
    const account = await context.loaders.linkedAccountById.load(innerId(id, [NodeKind.LinkedAccount], "id"));
    return LinkedAccountType.from(account ?? missing(NodeKind.LinkedAccount));
  }

  @Query(() => SyncJobType, { nullable: true, description: "One definition that pulls." })
  async syncJob(@Ctx() context: GatewayContext, @Arg("id", () => ID, ID_ARGUMENT) id: string): Promise<SyncJobType> {
    const job = await context.loaders.definitionById.load(innerId(id, [NodeKind.SyncJob], "id"));
    return job?.kind === DefinitionKind.SyncJob ? SyncJobType.from(job) : missing(NodeKind.SyncJob);
  }

  @Query(() => ModelSyncType, { nullable: true, description: "One definition that pushes." })
  async modelSync(
    @Ctx() context: GatewayContext,
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
  ): Promise<ModelSyncType> {
    const modelSync = await context.loaders.definitionById.load(innerId(id, [NodeKind.ModelSync], "id"));
    return modelSync?.kind === DefinitionKind.ModelSync ? ModelSyncType.from(modelSync) : missing(NodeKind.ModelSync);
  }

  @Query(() => SyncType, {
    nullable: true,
    description: "One run. With `maxAgeSeconds` the vendor is read first if the run was last observed longer ago.",
  })
  async sync(
    @Ctx() context: GatewayContext,
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Arg("maxAgeSeconds", () => Int, {
      nullable: true,
      description: "0 asks for a live read; left out, the ledger answers.",
    })
    maxAgeSeconds: number | null,
  ): Promise<SyncType> {
    const syncId = innerId(id, [NodeKind.Sync], "id");
    if (maxAgeSeconds === null || maxAgeSeconds === undefined)
      return SyncType.from((await context.loaders.syncById.load(syncId)) ?? missing(NodeKind.Sync));
    if (maxAgeSeconds < 0) throw new GatewayError(ErrorCode.BadUserInput, "maxAgeSeconds must be 0 or more.");
    const { ports, tenantId, signal } = context;
    const sync = await ports.operations.refresh(tenantId, syncId, maxAgeSeconds * 1_000, { signal });
    return SyncType.from(sync ?? missing(NodeKind.Sync));
  }

  @Query(() => SyncType, {
    nullable: true,
    description: "The run with this id at the vendor, if the gateway knows it.",
  })
  async syncByRemoteId(
    @Ctx() context: GatewayContext,
    @Arg("provider", () => String, { description: "The provider's key." }) provider: string,
    @Arg("remoteId", () => String, { description: "The vendor's id of the run." }) remoteId: string,
  ): Promise<SyncType> {
    const { key } = requireProvider(context, provider);
    const sync = await context.loaders.syncById.load(identityOf(context.tenantId, key, "sync", remoteId));
    return SyncType.from(sync ?? missing(NodeKind.Sync));
  }
}

export function definitionNode(definition: SyncDefinition): SyncJobType | ModelSyncType {
  return definition.kind === DefinitionKind.SyncJob ? SyncJobType.from(definition) : ModelSyncType.from(definition);
}

async function findNode(context: GatewayContext, globalId: string, field: string): Promise<NodeType> {
  const { kind, id } = parseGlobalId(globalId, field);
  const { loaders } = context;
  switch (kind) {
    case NodeKind.Provider:
      return ProviderType.from(providerInfo(context, id) ?? missing(kind));
    case NodeKind.LinkedAccount:
      return LinkedAccountType.from((await loaders.linkedAccountById.load(id)) ?? missing(kind));
    case NodeKind.SyncJob:
    case NodeKind.ModelSync: {
      const node = definitionNode((await loaders.definitionById.load(id)) ?? missing(kind));
      return (node.kind === DefinitionKind.SyncJob) === (kind === NodeKind.SyncJob) ? node : missing(kind);
    }
    case NodeKind.Sync:
      return SyncType.from((await loaders.syncById.load(id)) ?? missing(kind));
    case NodeKind.SyncTransition:
      return SyncTransitionType.from((await loaders.transitionById.load(id)) ?? missing(kind));
    case NodeKind.Trigger:
      return TriggerType.from((await loaders.triggerById.load(id)) ?? missing(kind));
  }
}

/** The same words for what never was and for what is another tenant's. */
function missing(kind: NodeKind): never {
  throw new GatewayError(ErrorCode.NotFound, `There is no ${kind} with this id.`);
}
