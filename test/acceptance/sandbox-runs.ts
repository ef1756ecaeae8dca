// Everything that can be started at each sandbox, with what becomes of it by the sandbox's own tables, so that no fate is left out.
import { z } from "zod";
import { seedSyncs } from "../../src/providers/polytomic/sandbox-definitions.ts";
import { COMPANIES, Fate as RootfiFate } from "../../src/providers/rootfi/sandbox-data.ts";
import { CONNECTIONS, Fate as StuutFate } from "../../src/providers/stuut/sandbox-data.ts";
import { seedJobs } from "../../src/providers/truto/sandbox-data.ts";
import { ask } from "../support/gateway-client.ts";
import { eventually } from "../support/eventually.ts";
import {
  definitionNamed,
  listAccounts,
  listDefinitions,
  triggerSync,
  withoutErrors,
} from "../support/gateway-operations.ts";
import type { Vendor } from "../support/vendors.ts";

export interface Start {
  readonly definition: string;
  /** The sandbox's words for what becomes of its runs. */
  readonly fates: readonly string[];
  /** Product of the linked account to run for, where the definition does not fix one. */
  readonly product?: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Names and fates are the same for every seed. */
const SEED = 7;

const truto = seedJobs(SEED).map(({ key, fate, body }): Start => ({
  definition: String(body.label),
  fates: [fate],
  product: key,
  ...(key === "zendesk" ? { options: { args: { start_date: "2026-01-01" } } } : {}),
}));

/** All that a customer of the vendor could start: what is switched off or cannot sync now is left out. */
export const STARTS: Readonly<Record<Vendor, readonly Start[]>> = {
  rootfi: COMPANIES.flatMap(({ name, connections }) =>
    connections
      .filter(({ status }) => status === "HEALTHY")
      .map(({ integration, fate }) => ({ definition: `${name} / ${integration}`, fates: [fate] })),
  ),
  stuut: CONNECTIONS.filter((one) => !one.syncDisabled && !one.authenticationPending && one.problem === null)
    .map(({ name, models }) => ({ name, synced: models.filter((model) => model.readEnabled && model.syncSupported) }))
    .filter(({ synced }) => synced.length > 0)
    .map(({ name, synced }) => ({
      definition: name,
      fates: synced.map(({ fate, replacedAfterMs }) => (replacedAfterMs === null ? fate : "REPLACED")),
    })),
  polytomic: seedSyncs(SEED)
    .filter(({ body }) => body.active !== false)
    .map(({ body, fate }) => ({ definition: body.name, fates: [fate] })),
  truto: [
    ...truto,
    // Records that fail end the run when it was asked to fail fast.
    {
      definition: "Salesforce opportunities",
      fates: ["partial"],
      product: "salesforce",
      options: { onError: "FAIL_FAST" },
    },
  ],
};

/** All fates that a sandbox knows. */
export const FATES: Readonly<Record<Vendor, readonly string[]>> = {
  rootfi: Object.values(RootfiFate),
  stuut: Object.values(StuutFate),
  polytomic: seedSyncs(SEED).map(({ fate }) => fate),
  truto: seedJobs(SEED).map(({ fate }) => fate),
};

/** Starts everything at a vendor, or attaches where the vendor itself did so a moment ago. @returns the runs' ids */
export async function startAll(url: string, vendor: Vendor): Promise<readonly string[]> {
  const definitions = await listDefinitions(url);
  const accounts = vendor === "truto" ? await listAccounts(url, vendor) : [];
  const started = await Promise.all(
    STARTS[vendor].map(({ definition, product, options = {} }) => {
      const account = accounts.find(({ integration, status }) => integration === product && status === "HEALTHY");
      return start(url, {
        // Stuut starts the models that rest beside the one whose sync goes on, and Truto runs one job twice; the others refuse a second run.
        ifRunning: vendor === "stuut" || vendor === "truto" ? "START_ANOTHER" : "ATTACH",
        definitionId: definitionNamed(definitions, vendor, definition).id,
        ...(account === undefined ? {} : { linkedAccountId: account.id }),
        ...(product === "intercom" ? { args: { integrated_account_id: account?.remoteId } } : {}),
        ...options,
      });
    }),
  );
  return started.flat();
}

/** A run of the vendor's own that is in the way may have ended by the time the gateway looks for it: then the start is asked for again. */
async function start(url: string, input: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const { data } = await eventually(`a start of ${JSON.stringify(input)}`, async () => {
    const answer = await triggerSync(url, input);
    const conflict = answer.errors.some(({ extensions }) => extensions?.["code"] === "PROVIDER_CONFLICT");
    if (!conflict && answer.errors.length > 0) throw new Error(JSON.stringify(answer.errors));
    return conflict ? null : answer;
  });
  const { syncs = [], userErrors } = data.triggerSync ?? {};
  if (syncs.length === 0) throw new Error(`nothing was started: ${JSON.stringify(userErrors)}`);
  return syncs.map(({ id }) => id);
}

const runShape = z.object({
  id: z.string(),
  remoteId: z.string(),
  status: z.string(),
  outcome: z.string().nullable(),
  origin: z.string(),
  createdAt: z.string(),
  models: z.array(z.string()),
  definition: z.object({ remoteId: z.string(), name: z.string() }).nullable(),
});
export type KnownRun = z.output<typeof runShape>;

const PAGE = `query ($filter: SyncFilter, $after: String) { syncs(first: 100, filter: $filter, after: $after) {
  nodes { id remoteId status outcome origin createdAt models definition { remoteId name } } pageInfo { hasNextPage endCursor }
} }`;
const pageShape = z.object({
  syncs: z.object({
    nodes: z.array(runShape),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});

/** All ended runs of a provider that the gateway knows, whoever started them. */
export async function endedRuns(url: string, provider: string): Promise<readonly KnownRun[]> {
  const runs: KnownRun[] = [];
  for (let after: string | null = null; ;) {
    const variables = { filter: { providers: [provider], open: false }, after };
    const data: z.output<typeof pageShape> = await withoutErrors(`ended runs of ${provider}`, () =>
      ask(url, pageShape, PAGE, variables),
    );
    const page = data.syncs;
    runs.push(...page.nodes);
    if (!page.pageInfo.hasNextPage) return runs;
    after = page.pageInfo.endCursor;
  }
}
