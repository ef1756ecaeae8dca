// Edges that several types have: to a linked account, to a page of runs.
import { identityOf } from "../../domain/identity.ts";
import type { GatewayContext } from "../context.ts";
import { pageRequest, toConnection } from "../paging.ts";
import type { ConnectionOf } from "../types/connection.ts";
import type { SyncDefinitionType } from "../types/definition.ts";
import type { PageArgs } from "../types/inputs.ts";
import { LinkedAccountType } from "../types/linked-account.ts";
import { SyncType } from "../types/sync.ts";
import { failureOf } from "./provider-failures.ts";

/** GraphQL's Int has 32 bits; a longer duration in milliseconds is shown as this long rather than as an error. */
export const MOST_INT = 2_147_483_647;

export async function linkedAccountOf(
  { loaders, tenantId }: GatewayContext,
  providerKey: string,
  remoteId: string | null,
): Promise<LinkedAccountType | null> {
  if (remoteId === null) return null;
  const account = await loaders.linkedAccountById.load(identityOf(tenantId, providerKey, "linkedAccount", remoteId));
  return account === null ? null : LinkedAccountType.from(account);
}

export async function runsOf(
  context: GatewayContext,
  { definitionId, providerKey }: Pick<SyncDefinitionType, "definitionId" | "providerKey">,
  args: PageArgs,
): Promise<ConnectionOf<SyncType>> {
  const { loaders, tenantId, ports, signal } = context;
  return toConnection({
    list: "syncs of a definition",
    page: await loaders.syncsByDefinitionId(pageRequest("syncs of a definition", "number", args)).load(definitionId),
    node: (sync) => SyncType.from(sync),
    position: ({ createdAt, id }) => ({ value: createdAt.getTime(), id }),
    count: () => ports.store.ledger.countSyncs(tenantId, { definitionIds: [definitionId] }, { signal }),
    failures: () => failureOf(context, providerKey),
  });
}
