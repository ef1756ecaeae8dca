// What callers are told in the same words wherever it goes wrong: objects that are not there.
import type { SyncDefinition } from "../domain/definition.ts";
import { ErrorCode, type UserProblem } from "../domain/errors.ts";

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

export const unknownSync: UserProblem = {
  code: ErrorCode.NotFound,
  message: "There is no sync with this id. List syncs to find the id you mean.",
  field: ["syncId"],
};
