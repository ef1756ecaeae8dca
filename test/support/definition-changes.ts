// A scriptable gateway over a seeded catalog for mutations that change definitions, and what they all answer.
import type { ModelSync, SyncJob } from "../../src/domain/definition.ts";
import type { UserProblem } from "../../src/domain/errors.ts";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import type { Answer, GraphqlGateway } from "./graphql.ts";
import { idOf } from "./seed-runs.ts";

/** Inner ids of what `seedCatalog` puts there, and the ids clients have of it. */
export const JOB_ID = idOf("definition", "job-1");
export const PUSH_ID = idOf("definition", "model-sync-1");
export const OTHER_PUSH_ID = idOf("definition", "model-sync-2");
export const ACCOUNT_ID = idOf("linkedAccount", "account-1");
export const JOB = globalIdOf(NodeKind.SyncJob, JOB_ID);
export const PUSH = globalIdOf(NodeKind.ModelSync, PUSH_ID);
export const OTHER_PUSH = globalIdOf(NodeKind.ModelSync, OTHER_PUSH_ID);
export const ACCOUNT = globalIdOf(NodeKind.LinkedAccount, ACCOUNT_ID);

/** Sends a mutation of one input and asks for its user errors, and for what is selected. */
export function mutate(gateway: GraphqlGateway, name: string, input: object, selection: string): Promise<Answer> {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const payload = `{ ${selection} userErrors { code message field } }`;
  return gateway.ask(`mutation ($input: ${type}!) { ${name}(input: $input) ${payload} }`, { input });
}

export async function storedModelSync(gateway: GraphqlGateway): Promise<ModelSync> {
  const [stored] = await gateway.store.catalog.definitionsByIds("t1", [PUSH_ID]);
  if (stored?.kind !== "MODEL_SYNC") throw new Error("the model sync was not seeded");
  return stored;
}

export async function storedSyncJob(gateway: GraphqlGateway): Promise<SyncJob> {
  const [stored] = await gateway.store.catalog.definitionsByIds("t1", [JOB_ID]);
  if (stored?.kind !== "SYNC_JOB") throw new Error("the sync job was not seeded");
  return stored;
}

/** A port's method that notes what it is called with and gives the same answer every time. */
export function answering<Given extends readonly unknown[], Result>(
  calls: unknown[],
  result: Result,
): (...given: Given) => Promise<Result> {
  return (...given) => {
    calls.push(given);
    return Promise.resolve(result);
  };
}

export const problem = (given: Partial<UserProblem> = {}): UserProblem => ({
  code: "BAD_USER_INPUT",
  message: "no",
  field: null,
  ...given,
});
