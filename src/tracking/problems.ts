// What callers are told in the same words wherever it goes wrong: objects that are not there.
import type { SyncDefinition } from "../domain/definition.ts";
import { ErrorCode, type UserProblem } from "../domain/errors.ts";
import type { Store } from "../domain/store-port.ts";

/** @param what with the article left out: `sync job` */
export const unknownObject = (field: readonly string[], what: string): UserProblem => ({
  code: ErrorCode.NotFound,
  message: `There is no ${what} with this id. List them to find the id you mean.`,
  field,
});

export const notConfigured = ({ name, providerKey }: SyncDefinition, field: readonly string[]): UserProblem => ({
  code: ErrorCode.NotFound,
  message: `"${name}" belongs to the provider ${providerKey}, which is not configured any more.`,
  field,
});

/** For what can only be done at a provider that no gateway has any more, or this one has not. */
export async function providerGone(
  { accounts }: Pick<Store, "accounts">,
  tenantId: string,
  providerKey: string,
  field: readonly string[],
): Promise<UserProblem> {
  const known = (await accounts.all(tenantId)).find((account) => account.providerKey === providerKey);
  const message = `The provider ${known?.shownKey ?? providerKey} is not configured any more: its history can be read, and nothing can be done at it.`;
  return { code: ErrorCode.NotFound, message, field };
}

export const unknownSync: UserProblem = {
  code: ErrorCode.NotFound,
  message: "There is no sync with this id. List syncs to find the id you mean.",
  field: ["syncId"],
};
