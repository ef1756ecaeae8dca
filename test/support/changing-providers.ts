// A store whose gateways come and go with other configurations, and what they say of their providers and runs.
import { expect } from "vitest";
import { z } from "zod";
import { databases, type DatabaseName } from "./databases.ts";
import { eventually } from "./eventually.ts";
import { startTestGateway, type ProviderEntry, type TestGateway } from "./gateway.ts";
import { ask } from "./gateway-client.ts";

/** So slow that a run that goes on does so for as long as the test looks. */
export const STANDSTILL = 0.01;

const providerShape = z.object({
  id: z.string(),
  key: z.string(),
  kind: z.string(),
  health: z.string(),
  removedAt: z.string().nullable(),
  lastError: z.object({ code: z.string(), message: z.string() }).nullable(),
});

export async function providersOf({ url }: TestGateway) {
  const shape = z.object({ providers: z.array(providerShape) });
  const query = "{ providers { id key kind health removedAt lastError { code message } } }";
  return (await ask(url, shape, query)).data.providers;
}

export async function providerOf(gateway: TestGateway, key: string) {
  const found = (await providersOf(gateway)).find((one) => one.key === key);
  if (found === undefined) throw new Error(`there is no provider ${key}`);
  return found;
}

const runShape = z.object({
  id: z.string(),
  status: z.string(),
  outcome: z.string().nullable(),
  isStale: z.boolean(),
  staleReason: z.string().nullable(),
  provider: z.object({ id: z.string(), key: z.string() }),
  definition: z.object({ id: z.string() }).nullable(),
});
type Run = z.output<typeof runShape>;

export async function runsOf({ url }: TestGateway, provider: string): Promise<readonly Run[]> {
  const shape = z.object({ syncs: z.object({ nodes: z.array(runShape) }) });
  const { data, errors } = await ask(
    url,
    shape,
    `{ syncs(first: 100, filter: { providers: ["${provider}"] }) { nodes { id status outcome isStale staleReason provider { id key } definition { id } } } }`,
  );
  // That a provider is refused may stand beside its runs; nothing else may.
  for (const { extensions } of errors) expect(extensions).toMatchObject({ code: "PROVIDER_ACCOUNT_CHANGED" });
  return data.syncs.nodes;
}

type Shown = z.output<typeof providerShape>;

/** The provider once it is as wanted. */
export async function providerThat(
  gateway: TestGateway,
  key: string,
  is: (provider: Shown) => boolean,
): Promise<Shown> {
  let last: Shown | undefined;
  return eventually(
    () => `${key} in another state, found ${JSON.stringify(last)}`,
    async () => {
      last = (await providersOf(gateway)).find((one) => one.key === key);
      return last !== undefined && is(last) ? last : null;
    },
  );
}

export const isUp = (gateway: TestGateway, key: string) => providerThat(gateway, key, ({ health }) => health === "UP");
export const isRefused = (gateway: TestGateway, key: string) =>
  providerThat(gateway, key, ({ health }) => health === "REFUSED");

export const withRuns = (gateway: TestGateway, key: string) =>
  eventually(`runs of ${key}`, async () => {
    const runs = await runsOf(gateway, key);
    return runs.length > 0 ? runs : null;
  });

/** A database that gateways may be started on, one after the other or side by side. */
export async function makeStoreOn(database: DatabaseName) {
  const made = await databases[database].create();
  return {
    url: made.url,
    start: (providers: readonly ProviderEntry[] | undefined, environment: Readonly<Record<string, string>> = {}) =>
      startTestGateway({
        databaseUrl: made.url,
        sandboxSpeed: STANDSTILL,
        environment,
        ...(providers === undefined ? {} : { providers }),
      }),
    [Symbol.asyncDispose]: () => made.drop(),
  };
}
