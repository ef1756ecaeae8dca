// What acceptance tests do with a gateway again and again: find a definition by its name, start it, check the path of a run.
import { expect } from "vitest";
import { z } from "zod";
import { GENEROUS_MS, eventually } from "./eventually.ts";
import { ask, type Answer, type Failure, type SeenTransition, type Watch } from "./gateway-client.ts";

const definitionShape = z.object({
  id: z.string(),
  name: z.string(),
  remoteId: z.string(),
  provider: z.object({ key: z.string() }),
});
export type KnownDefinition = z.output<typeof definitionShape>;

const nodesOf = <Shape extends z.ZodType>(shape: Shape) => z.object({ nodes: z.array(shape) });

/**
 * Asks for lists until they come without errors: a vendor that a busy machine kept from answering once is named with every list until it
 * has answered again.
 */
export async function withoutErrors<Data>(what: string, askOnce: () => Promise<Answer<Data>>): Promise<Data> {
  let last: readonly Failure[] = [];
  return eventually(
    () => `${what} without errors, got ${JSON.stringify(last)}`,
    async () => {
      const { data, errors } = await askOnce();
      last = errors;
      return errors.length > 0 ? null : { data };
    },
    3 * GENEROUS_MS,
  ).then(({ data }) => data);
}

/** All definitions the gateway lists, of both kinds. */
export async function listDefinitions(url: string): Promise<readonly KnownDefinition[]> {
  const fields = "nodes { id name remoteId provider { key } }";
  const shape = z.object({ syncJobs: nodesOf(definitionShape), modelSyncs: nodesOf(definitionShape) });
  const query = `{ syncJobs(first: 100) { ${fields} } modelSyncs(first: 100) { ${fields} } }`;
  const data = await withoutErrors("definitions", () => ask(url, shape, query));
  return [...data.syncJobs.nodes, ...data.modelSyncs.nodes];
}

export function definitionNamed(
  definitions: readonly KnownDefinition[],
  provider: string,
  name: string,
): KnownDefinition {
  const found = definitions.find((one) => one.provider.key === provider && one.name === name);
  if (found === undefined) throw new Error(`${provider} has no definition "${name}"`);
  return found;
}

const accountShape = z.object({
  id: z.string(),
  name: z.string(),
  remoteId: z.string(),
  integration: z.string().nullable(),
  status: z.string(),
  provider: z.object({ key: z.string() }),
});
export type KnownAccount = z.output<typeof accountShape>;

export async function listAccounts(url: string, provider: string): Promise<readonly KnownAccount[]> {
  const query = `query ($providers: [String!]) {
    linkedAccounts(first: 100, filter: { providers: $providers }) { nodes { id name remoteId integration status provider { key } } }
  }`;
  const { data } = await ask(url, z.object({ linkedAccounts: nodesOf(accountShape) }), query, {
    providers: [provider],
  });
  return data.linkedAccounts.nodes;
}

/** The healthy linked account of a product. */
export async function accountOf(url: string, provider: string, integration: string): Promise<KnownAccount> {
  const accounts = await listAccounts(url, provider);
  const found = accounts.find((one) => one.integration === integration && one.status === "HEALTHY");
  if (found === undefined) throw new Error(`${provider} has no healthy linked account of ${integration}`);
  return found;
}

const triggerShape = z.object({
  triggerSync: z
    .object({
      attached: z.boolean(),
      syncs: z.array(z.object({ id: z.string(), remoteId: z.string(), models: z.array(z.string()) })),
      trigger: z.object({ id: z.string(), state: z.string() }).nullable(),
      userErrors: z.array(z.object({ code: z.string(), message: z.string(), field: z.array(z.string()).nullable() })),
    })
    .nullable(),
});
export type TriggerAnswer = Answer<z.output<typeof triggerShape>>;

/** Sends `triggerSync` and answers with all it said. */
export function triggerSync(url: string, input: Readonly<Record<string, unknown>>): Promise<TriggerAnswer> {
  const mutation = `mutation ($input: TriggerSyncInput!) {
    triggerSync(input: $input) {
      attached
      syncs { id remoteId models }
      trigger { id state }
      userErrors { code message field }
    }
  }`;
  return ask(url, triggerShape, mutation, { input });
}

/** What starts a run at Truto, where any number of runs of one job may go on at once. */
export async function besideOthers(url: string): Promise<Readonly<Record<string, unknown>> & { definitionId: string }> {
  const { id: definitionId } = definitionNamed(await listDefinitions(url), "truto", "Zendesk tickets");
  const { id: linkedAccountId } = await accountOf(url, "truto", "zendesk");
  return { definitionId, linkedAccountId, args: { start_date: "2026-01-01" }, ifRunning: "START_ANOTHER" };
}

/** Starts runs and fails the test when the gateway did not. */
export async function startRuns(
  url: string,
  input: Readonly<Record<string, unknown>>,
): Promise<readonly { id: string; models: string[] }[]> {
  const { data, errors } = await triggerSync(url, { ifRunning: "START_ANOTHER", ...input });
  expect({ errors, userErrors: data.triggerSync?.userErrors }).toEqual({ errors: [], userErrors: [] });
  return data.triggerSync?.syncs ?? [];
}

/** The transitions of one run, in the order in which they came. */
export function pathOf(seen: readonly SeenTransition[], syncId: string): readonly SeenTransition[] {
  return seen.filter(({ sync }) => sync.id === syncId);
}

/** Waits until a run has ended and gives its statuses and its outcome: `CREATED RUNNING SUCCESS: COMPLETE`. */
export async function untilEnded(watch: Watch, syncId: string, withinMs = GENEROUS_MS): Promise<string> {
  const path = await watch.until(
    `the end of ${syncId}`,
    (seen) => (pathOf(seen, syncId).some(({ to }) => isEnd(to)) ? pathOf(seen, syncId) : null),
    withinMs,
  );
  return `${path.map(({ to }) => to).join(" ")}: ${path.at(-1)?.outcome ?? "no outcome"}`;
}

export const isEnd = (status: string): boolean => status === "SUCCESS" || status === "FAILED";

const LEGAL: ReadonlySet<string> = new Set([
  "CREATED",
  "CREATED RUNNING",
  "CREATED RUNNING SUCCESS",
  "CREATED RUNNING FAILED",
  "CREATED FAILED",
]);

/**
 * Every run whose first transition is among the given ones goes a legal path: each status once, each `from` the status before, an
 * outcome at the end and nowhere else.
 */
export function expectLegalPaths(seen: readonly SeenTransition[]): void {
  const whole = [...new Set(seen.filter(({ from }) => from === null).map(({ sync }) => sync.id))];
  const illegal = whole.filter((id) => {
    const path = pathOf(seen, id);
    const chained = path.every(
      ({ from, to, outcome }, index) => from === (path[index - 1]?.to ?? null) && isEnd(to) === (outcome !== null),
    );
    return !chained || !LEGAL.has(path.map(({ to }) => to).join(" "));
  });
  expect(whole.length).toBeGreaterThan(0);
  const told = illegal.map((id) => JSON.stringify(pathOf(seen, id)));
  expect(illegal, `illegal paths: ${told.join("\n")}`).toEqual([]);
}

/** Place in the ledger that a cursor stands for; cursors are opaque to clients, so only tests look inside. */
export function placeOf(cursor: string): number {
  const [, place = ""] = Buffer.from(cursor, "base64url").toString("utf8").split(".");
  if (!/^\d+$/u.test(place)) throw new Error(`not a cursor of the ledger: ${cursor}`);
  return Number(place);
}
