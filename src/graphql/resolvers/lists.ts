// The root lists: linked accounts, sync jobs, model syncs and runs, over all providers.
import type { GraphQLResolveInfo } from "graphql";
import { Arg, Args, Ctx, Info, Query, Resolver } from "type-graphql";
import { DefinitionKind, type SyncDefinition } from "../../domain/definition.ts";
import {
  SyncOrderField,
  type DefinitionFilter,
  type Page,
  type PageRequest,
  type SyncOrder,
} from "../../domain/store-port.ts";
import type { Sync } from "../../domain/sync.ts";
import type { GatewayContext } from "../context.ts";
import { linkedAccountFilter, modelSyncFilter, syncFilter, syncJobFilter } from "../filters.ts";
import { pageRequest, toConnection } from "../paging.ts";
import type { ConnectionOf } from "../types/connection.ts";
import {
  LinkedAccountFilterInput,
  ModelSyncFilterInput,
  PageArgs,
  SyncFilterInput,
  SyncJobFilterInput,
  SyncOrderInput,
} from "../types/inputs.ts";
import { LinkedAccountConnection, LinkedAccountType } from "../types/linked-account.ts";
import { ModelSyncConnection, ModelSyncType } from "../types/model-sync.ts";
import { SyncConnection, SyncType } from "../types/sync.ts";
import { SyncJobConnection, SyncJobType } from "../types/sync-job.ts";
import type { ProviderFailureType } from "../types/provider.ts";
import { failuresAmong } from "./provider-failures.ts";

const FILTER = { nullable: true, description: "Which of them; all when left out." } as const;

@Resolver()
export class ListsResolver {
  @Query(() => LinkedAccountConnection, {
    nullable: true,
    description:
      "End customers' links, by name. A provider that cannot be read takes nothing from the others: `providerFailures` names it.",
  })
  async linkedAccounts(
    @Ctx() context: GatewayContext,
    @Info() info: GraphQLResolveInfo,
    @Args(() => PageArgs) page: PageArgs,
    @Arg("filter", () => LinkedAccountFilterInput, FILTER) input: LinkedAccountFilterInput | null,
  ): Promise<ConnectionOf<LinkedAccountType>> {
    const filter = linkedAccountFilter(context, input);
    const request = pageRequest("linkedAccounts", "text", page);
    const { store } = context.ports;
    const failures = await failuresAmong(context, info, filter.providerKeys, (keys) =>
      context.ports.catalog.ensureFresh(context.tenantId, keys, { signal: context.signal }),
    );
    return toConnection({
      list: "linkedAccounts",
      page: await store.catalog.listLinkedAccounts(context.tenantId, filter, request),
      node: (account) => LinkedAccountType.from(account),
      position: ({ name, id }) => ({ value: name, id }),
      count: () => store.catalog.countLinkedAccounts(context.tenantId, filter, { signal: context.signal }),
      failures: () => Promise.resolve(failures),
    });
  }

  @Query(() => SyncJobConnection, {
    nullable: true,
    description:
      "Definitions that pull, by name. A provider that cannot be read takes nothing from the others: `providerFailures` names it.",
  })
  async syncJobs(
    @Ctx() context: GatewayContext,
    @Info() info: GraphQLResolveInfo,
    @Args(() => PageArgs) page: PageArgs,
    @Arg("filter", () => SyncJobFilterInput, FILTER) input: SyncJobFilterInput | null,
  ): Promise<ConnectionOf<SyncJobType>> {
    const filter = syncJobFilter(context, input);
    const request = pageRequest("syncJobs", "text", page);
    const { read, failures } = await definitions(context, info, DefinitionKind.SyncJob, filter, request);
    return toConnection({
      list: "syncJobs",
      page: onlyKind(read, isSyncJob),
      node: (job) => SyncJobType.from(job),
      position: ({ name, id }) => ({ value: name, id }),
      count: () =>
        context.ports.store.catalog.countDefinitions(context.tenantId, DefinitionKind.SyncJob, filter, {
          signal: context.signal,
        }),
      failures: () => Promise.resolve(failures),
    });
  }

  @Query(() => ModelSyncConnection, {
    nullable: true,
    description:
      "Definitions that push, by name. A provider that cannot be read takes nothing from the others: `providerFailures` names it.",
  })
  async modelSyncs(
    @Ctx() context: GatewayContext,
    @Info() info: GraphQLResolveInfo,
    @Args(() => PageArgs) page: PageArgs,
    @Arg("filter", () => ModelSyncFilterInput, FILTER) input: ModelSyncFilterInput | null,
  ): Promise<ConnectionOf<ModelSyncType>> {
    const filter = modelSyncFilter(context, input);
    const request = pageRequest("modelSyncs", "text", page);
    const { read, failures } = await definitions(context, info, DefinitionKind.ModelSync, filter, request);
    return toConnection({
      list: "modelSyncs",
      page: onlyKind(read, isModelSync),
      node: (modelSync) => ModelSyncType.from(modelSync),
      position: ({ name, id }) => ({ value: name, id }),
      count: () =>
        context.ports.store.catalog.countDefinitions(context.tenantId, DefinitionKind.ModelSync, filter, {
          signal: context.signal,
        }),
      failures: () => Promise.resolve(failures),
    });
  }

  @Query(() => SyncConnection, {
    nullable: true,
    description:
      "Runs over all providers, newest first unless ordered otherwise. Read from the ledger; `providerFailures` names the providers that do not answer at the moment.",
  })
  async syncs(
    @Ctx() context: GatewayContext,
    @Info() info: GraphQLResolveInfo,
    @Args(() => PageArgs) page: PageArgs,
    @Arg("filter", () => SyncFilterInput, FILTER) input: SyncFilterInput | null,
    @Arg("orderBy", () => SyncOrderInput, { nullable: true, description: "Default: CREATED_AT, DESC." })
    orderBy: SyncOrderInput | null,
  ): Promise<ConnectionOf<SyncType>> {
    const filter = syncFilter(context, input);
    const order: SyncOrder = {
      field: orderBy?.field ?? SyncOrderField.CreatedAt,
      descending: orderBy?.direction !== "ASC",
    };
    const list = `syncs ${order.field} ${order.descending ? "DESC" : "ASC"}`;
    const request = pageRequest(list, "number", page);
    const { ledger } = context.ports.store;
    const failures = await failuresAmong(context, info, filter.providerKeys, (keys) =>
      context.ports.catalog.outages(context.tenantId, keys),
    );
    return toConnection({
      list,
      page: await ledger.listSyncs(context.tenantId, filter, order, request, { signal: context.signal }),
      node: (sync) => SyncType.from(sync),
      position: (sync) => ({ value: sortValue(sync, order), id: sync.id }),
      count: () => ledger.countSyncs(context.tenantId, filter, { signal: context.signal }),
      failures: () => Promise.resolve(failures),
    });
  }
}

async function definitions(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  kind: DefinitionKind,
  filter: DefinitionFilter,
  request: PageRequest,
): Promise<{ readonly read: Page<SyncDefinition>; readonly failures: readonly ProviderFailureType[] }> {
  const { store, catalog } = context.ports;
  const offering = new Set(
    context.ports
      .providersOf(context.tenantId)
      .filter(({ capabilities }) => (kind === DefinitionKind.SyncJob ? capabilities.syncJobs : capabilities.modelSyncs))
      .map(({ key }) => key),
  );
  const failures = await failuresAmong(context, info, filter.providerKeys ?? [...offering], (keys) =>
    catalog.ensureFresh(
      context.tenantId,
      keys.filter((key) => offering.has(key)),
      { signal: context.signal },
    ),
  );
  return { read: await store.catalog.listDefinitions(context.tenantId, kind, filter, request), failures };
}

function onlyKind<T extends SyncDefinition>(
  page: Page<SyncDefinition>,
  is: (one: SyncDefinition) => one is T,
): Page<T> {
  return { ...page, items: page.items.filter(is) };
}

const isSyncJob = (one: SyncDefinition) => one.kind === DefinitionKind.SyncJob;
const isModelSync = (one: SyncDefinition) => one.kind === DefinitionKind.ModelSync;

const sortValue = (sync: Sync, { field }: SyncOrder): number =>
  (field === SyncOrderField.CreatedAt ? sync.createdAt : sync.observedAt).getTime();
