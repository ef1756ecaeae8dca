// Which linked account a definition is run or scheduled for.
import type { LinkedAccount, SyncDefinition } from "../domain/definition.ts";
import type { UserProblem } from "../domain/errors.ts";
import { identityOf } from "../domain/identity.ts";
import type { Store } from "../domain/store-port.ts";
import { unknownObject } from "./problems.ts";

export type AccountChoice = { readonly linkedAccount: LinkedAccount | null } | { readonly problem: UserProblem };

/**
 * The account that the caller names, by the gateway's id, or else the one the definition is for. Null when neither names one, or when the
 * definition's own has never been listed.
 */
export async function accountFor(
  store: Store,
  { tenantId, providerKey, linkedAccountRemoteId }: SyncDefinition,
  linkedAccountId: string | undefined,
): Promise<AccountChoice> {
  const own =
    linkedAccountRemoteId === null ? null : identityOf(tenantId, providerKey, "linkedAccount", linkedAccountRemoteId);
  const id = linkedAccountId ?? own;
  if (id === null) return { linkedAccount: null };
  const [linkedAccount] = await store.catalog.linkedAccountsByIds(tenantId, [id]);
  if (linkedAccountId !== undefined && linkedAccount?.providerKey !== providerKey) {
    return { problem: unknownObject(["linkedAccountId"], `linked account of ${providerKey}`) };
  }
  return { linkedAccount: linkedAccount ?? null };
}
