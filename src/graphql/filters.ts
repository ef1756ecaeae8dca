// Filters in GraphQL's words to filters in the store's: global ids opened, vendors turned into provider keys.
import type { DefinitionFilter, LinkedAccountFilter, SyncFilter } from "../domain/store-port.ts";
import { requireProvider, type GatewayContext } from "./context.ts";
import { dropUndefined } from "./given.ts";
import { DEFINITIONS, NodeKind, innerId } from "./global-id.ts";
import type {
  LinkedAccountFilterInput,
  ModelSyncFilterInput,
  SyncFilterInput,
  SyncJobFilterInput,
} from "./types/inputs.ts";

export function syncFilter(context: GatewayContext, input: SyncFilterInput | null | undefined): SyncFilter {
  if (!input) return {};
  return dropUndefined({
    providerKeys: providerKeysOf(context, input),
    linkedAccountIds: idsOf(input.linkedAccounts, [NodeKind.LinkedAccount], "linkedAccounts"),
    definitionIds: idsOf(input.definitions, DEFINITIONS, "definitions"),
    syncIds: idsOf(input.syncs, [NodeKind.Sync], "syncs"),
    statuses: input.statuses ?? undefined,
    outcomes: input.outcomes ?? undefined,
    models: input.models ?? undefined,
    origins: input.origins ?? undefined,
    createdAfter: input.createdAfter ?? undefined,
    createdBefore: input.createdBefore ?? undefined,
    open: input.open ?? undefined,
  });
}

export function linkedAccountFilter(
  context: GatewayContext,
  input: LinkedAccountFilterInput | null | undefined,
): LinkedAccountFilter {
  if (!input) return {};
  return dropUndefined({
    providerKeys: providerKeysOf(context, input),
    ids: idsOf(input.linkedAccounts, [NodeKind.LinkedAccount], "linkedAccounts"),
    statuses: input.statuses ?? undefined,
    integrations: input.integrations ?? undefined,
    customerIds: input.customerIds ?? undefined,
  });
}

export function syncJobFilter(context: GatewayContext, input: SyncJobFilterInput | null | undefined): DefinitionFilter {
  if (!input) return {};
  return dropUndefined({
    providerKeys: providerKeysOf(context, input),
    ids: idsOf(input.syncJobs, [NodeKind.SyncJob], "syncJobs"),
    linkedAccountIds: idsOf(input.linkedAccounts, [NodeKind.LinkedAccount], "linkedAccounts"),
    integrations: input.integrations ?? undefined,
    active: input.active ?? undefined,
  });
}

export function modelSyncFilter(
  context: GatewayContext,
  input: ModelSyncFilterInput | null | undefined,
): DefinitionFilter {
  if (!input) return {};
  return dropUndefined({
    providerKeys: providerKeysOf(context, input),
    ids: idsOf(input.modelSyncs, [NodeKind.ModelSync], "modelSyncs"),
    linkedAccountIds: idsOf(input.linkedAccounts, [NodeKind.LinkedAccount], "linkedAccounts"),
    active: input.active ?? undefined,
  });
}

/** The keys of the providers a filter speaks of; undefined when it names none. A key that is not configured is an error. */
function providerKeysOf(
  context: GatewayContext,
  { providers, kinds }: { readonly providers?: string[] | null; readonly kinds?: string[] | null },
): readonly string[] | undefined {
  const named = providers?.map((key) => requireProvider(context, key)) ?? undefined;
  if (!named && !kinds) return undefined;
  const among = named ?? context.ports.providersOf(context.tenantId);
  return among.filter(({ kind }) => kinds?.includes(kind) ?? true).map(({ key }) => key);
}

function idsOf(
  ids: readonly string[] | null | undefined,
  kinds: readonly NodeKind[],
  field: string,
): readonly string[] | undefined {
  return ids?.map((id) => innerId(id, kinds, `filter.${field}`));
}
