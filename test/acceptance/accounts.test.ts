// What becomes of a store's providers when the configuration changes: another account under a key, sandboxes on a real store, a provider
// that is taken out, one that is renamed. On both databases.
import { expect, test } from "vitest";
import { z } from "zod";
import { adoptProvider, renameProvider } from "../../src/server/providers-command.ts";
import { databases, describeOnEachDatabase } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type ProviderEntry, type TestGateway } from "../support/gateway.ts";
import { ask } from "../support/gateway-client.ts";
import { startWithOtherCredential } from "../support/other-credential.ts";
import { entryOf, startVendor } from "../support/vendors.ts";
import { expectVerified } from "../support/verified.ts";

const LIVELY = 20;
/** So slow that a run that goes on does so for as long as the test looks. */
const STANDSTILL = 0.01;

const providerShape = z.object({
  id: z.string(),
  key: z.string(),
  kind: z.string(),
  health: z.string(),
  removedAt: z.string().nullable(),
  lastError: z.object({ code: z.string(), message: z.string() }).nullable(),
});

async function providersOf({ url }: TestGateway) {
  const shape = z.object({ providers: z.array(providerShape) });
  const query = "{ providers { id key kind health removedAt lastError { code message } } }";
  return (await ask(url, shape, query)).data.providers;
}

async function providerOf(gateway: TestGateway, key: string) {
  const found = (await providersOf(gateway)).find((one) => one.key === key);
  return found ?? expect.fail(`there is no provider ${key}`);
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

async function runsOf({ url }: TestGateway, provider: string): Promise<readonly Run[]> {
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
async function providerThat(gateway: TestGateway, key: string, is: (provider: Shown) => boolean): Promise<Shown> {
  let last: Shown | undefined;
  return eventually(
    () => `${key} in another state, found ${JSON.stringify(last)}`,
    async () => {
      last = (await providersOf(gateway)).find((one) => one.key === key);
      return last !== undefined && is(last) ? last : null;
    },
  );
}

const isUp = (gateway: TestGateway, key: string) => providerThat(gateway, key, ({ health }) => health === "UP");
const isRefused = (gateway: TestGateway, key: string) =>
  providerThat(gateway, key, ({ health }) => health === "REFUSED");

const withRuns = (gateway: TestGateway, key: string) =>
  eventually(`runs of ${key}`, async () => {
    const runs = await runsOf(gateway, key);
    return runs.length > 0 ? runs : null;
  });

describeOnEachDatabase("accounts", ({ database }) => {
  async function makeDatabase() {
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

  test("sandboxes do not start on the store of real providers, and the sentence says what is missing", async () => {
    await using store = await makeDatabase();
    const vendor = await startVendor("rootfi", STANDSTILL);
    try {
      const gateway = await store.start([entryOf(vendor)]);
      await withRuns(gateway, "rootfi");
      const before = await runsOf(gateway, "rootfi");
      await gateway.close();
      await expect(store.start(undefined)).rejects.toThrow(
        /real providers \(rootfi\).*Set SYNCGRAPH_CONFIG.*set DATABASE_URL to another database/su,
      );
      await expect(store.start(undefined, { SYNCGRAPH_SANDBOX: "on" })).rejects.toThrow(/real providers \(rootfi\)/u);
      const again = await store.start([entryOf(vendor)]);
      await isUp(again, "rootfi");
      const kept = new Map((await runsOf(again, "rootfi")).map((run) => [run.id, run.outcome]));
      for (const { id, outcome } of before)
        expect(kept.get(id)).toSatisfy((one) => outcome === "LOST" || one !== "LOST");
      await again.close();
    } finally {
      await vendor.stop();
    }
  });

  test("a key of another kind is a problem of the configuration, told with the others, until it is adopted", async () => {
    await using store = await makeDatabase();
    const vendors = [await startVendor("stuut", STANDSTILL), await startVendor("rootfi", STANDSTILL)] as const;
    try {
      const [stuut, rootfi] = vendors;
      const first = await store.start([{ ...entryOf(stuut), key: "books" }]);
      await isUp(first, "books");
      await first.close();
      const other = { ...entryOf(rootfi), key: "books" };
      await expect(store.start([other])).rejects.toThrow(
        /providers\.books\.kind: the store knows this key as a provider of kind stuut.*syncgraph providers adopt books/su,
      );
      await expect(store.start([other, { ...entryOf(stuut), key: "bad", credentials: {} }])).rejects.toThrow(
        /2 problems:[^]*providers\.bad\.credentials[^]*providers\.books\.kind/u,
      );
      expect(await adoptProvider({ DATABASE_URL: store.url }, "books")).toBe(0);
      const adopted = await store.start([other]);
      await isUp(adopted, "books");
      await adopted.close();
    } finally {
      for (const vendor of vendors) await vendor.stop();
    }
  });

  test.each(["polytomic", "truto", "rootfi", "stuut"] as const)(
    "another organisation's credential of %s is refused, the others run, and adopting goes on without a restart",
    async (kind) => {
      await using store = await makeDatabase();
      const vendor = await startVendor(kind, STANDSTILL);
      const beside = await startVendor(kind === "truto" ? "rootfi" : "truto", STANDSTILL);
      try {
        const first = await store.start([entryOf(vendor), entryOf(beside)]);
        await isUp(first, kind);
        const before = await withRuns(first, kind);
        await first.close();
        // At the same address somebody else answers, to another credential.
        const { port } = new URL(vendor.url);
        await vendor.stop();
        await using stranger = await startWithOtherCredential(kind, Number(port), "another organisation");
        const changed = { ...entryOf(vendor), credentials: stranger.credentials };
        const gateway = await store.start([changed, entryOf(beside)]);
        await isUp(gateway, beside.vendor);
        const refused = await isRefused(gateway, kind);
        expect(refused.lastError).toMatchObject({
          code: "PROVIDER_ACCOUNT_CHANGED",
          message: expect.stringMatching(/another account.*providers adopt.*providers rename/su),
        });
        const now = await runsOf(gateway, kind);
        const kept = new Map(now.map(({ id, outcome }) => [id, outcome]));
        for (const { id, outcome } of before)
          expect(kept.get(id)).toSatisfy((one) => outcome === "LOST" || one !== "LOST");
        for (const run of now.filter(({ status }) => status === "CREATED" || status === "RUNNING"))
          expect(run).toMatchObject({ isStale: true, staleReason: "PROVIDER_REFUSED" });
        expect(await adoptProvider({ DATABASE_URL: store.url }, kind)).toBe(0);
        await isUp(gateway, kind);
        await gateway.close();
        await expectVerified(store.url);
      } finally {
        await vendor.stop();
        await beside.stop();
      }
    },
  );

  test.each(["polytomic", "truto", "rootfi", "stuut"] as const)(
    "a key of %s that was rotated goes on: it is the same organisation's",
    async (kind) => {
      await using store = await makeDatabase();
      const vendor = await startVendor(kind, STANDSTILL);
      try {
        const first = await store.start([entryOf(vendor)]);
        await withRuns(first, kind);
        await first.close();
        const { port } = new URL(vendor.url);
        await vendor.stop();
        await using rotated = await startWithOtherCredential(kind, Number(port), "the same organisation");
        const gateway = await store.start([{ ...entryOf(vendor), credentials: rotated.credentials }]);
        await isUp(gateway, kind);
        expect(gateway.log()).not.toContain("is refused");
        await gateway.close();
        await expectVerified(store.url);
      } finally {
        await vendor.stop();
      }
    },
  );

  test("one account under two keys is refused: the one that is known goes on", async () => {
    await using store = await makeDatabase();
    const vendor = await startVendor("polytomic", STANDSTILL);
    try {
      const first = await store.start([entryOf(vendor)]);
      await isUp(first, "polytomic");
      await first.close();
      const gateway = await store.start([{ ...entryOf(vendor), key: "twin" }, entryOf(vendor)]);
      expect((await isRefused(gateway, "twin")).lastError?.message).toMatch(
        /the account that the store knows as polytomic.*take twin or polytomic out/su,
      );
      await isUp(gateway, "polytomic");
      await gateway.close();
    } finally {
      await vendor.stop();
    }
  });

  test("a provider that was taken out is shown as removed with its history, and goes on when it comes back", async () => {
    await using store = await makeDatabase();
    const vendor = await startVendor("rootfi", STANDSTILL);
    const other = await startVendor("stuut", STANDSTILL);
    try {
      const first = await store.start([entryOf(vendor), entryOf(other)]);
      const before = await withRuns(first, "rootfi");
      const { id } = await providerOf(first, "rootfi");
      await first.close();
      const without = await store.start([entryOf(other)]);
      const removed = await providerThat(without, "rootfi", ({ removedAt }) => removedAt !== null);
      expect(removed).toMatchObject({ id, kind: "rootfi", health: "REMOVED" });
      expect((await providersOf(without)).map(({ key }) => key)).toEqual(["stuut", "rootfi"]);
      const runs = await runsOf(without, "rootfi");
      expect(runs.map((run) => run.id)).toEqual(expect.arrayContaining(before.map((run) => run.id)));
      const open = runs.filter(({ status }) => status === "CREATED" || status === "RUNNING");
      for (const run of open) expect(run).toMatchObject({ isStale: true, staleReason: "PROVIDER_REMOVED" });
      const counted = z.object({ syncStatistics: z.object({ total: z.number() }) });
      const statistics = await ask(without.url, counted, '{ syncStatistics(filter: { kinds: ["rootfi"] }) { total } }');
      expect(statistics.data.syncStatistics.total).toBe(runs.length);
      const refused = z.object({
        done: z.object({ userErrors: z.array(z.object({ code: z.string(), message: z.string() })) }),
      });
      const said = { code: "NOT_FOUND", message: expect.stringMatching(/rootfi is not configured any more/u) };
      const cancelled = await ask(
        without.url,
        refused,
        `mutation { done: cancelSync(input: { syncId: "${runs[0]?.id ?? ""}" }) { userErrors { code message } } }`,
      );
      expect(cancelled.data.done.userErrors).toEqual([said]);
      const triggered = await ask(
        without.url,
        refused,
        `mutation { done: triggerSync(input: { definitionId: "${runs.find(({ definition }) => definition !== null)?.definition?.id ?? ""}" }) { userErrors { code message } } }`,
      );
      expect(triggered.data.done.userErrors).toEqual([said]);
      await without.close();
      const back = await store.start([entryOf(vendor), entryOf(other)]);
      await isUp(back, "rootfi");
      expect(await providerOf(back, "rootfi")).toMatchObject({ id, removedAt: null });
      await back.close();
    } finally {
      await vendor.stop();
      await other.stop();
    }
  });

  test("a renamed provider keeps its ids, its history and what idempotency keys answer", async () => {
    await using store = await makeDatabase();
    const vendor = await startVendor("rootfi", LIVELY);
    try {
      const first = await store.start([entryOf(vendor)]);
      const [run] = await withRuns(first, "rootfi");
      const definitionId = run?.definition?.id ?? expect.fail("the run has no definition");
      const started = await startWithKey(first, definitionId);
      const { id: providerId } = await providerOf(first, "rootfi");
      await first.close();
      const renamed = { ...entryOf(vendor), key: "books" };
      // Before the command the new key is refused, and nothing is written under it.
      const early = await store.start([renamed]);
      expect((await isRefused(early, "books")).lastError?.message).toMatch(
        /the account that the store knows as rootfi.*providers rename rootfi books/su,
      );
      expect(await runsOf(early, "books")).toEqual([]);
      await early.close();
      const environment = { DATABASE_URL: store.url };
      expect(await renameProvider(environment, "rootfi", "books")).toBe(0);
      expect(await renameProvider(environment, "rootfi", "books")).toBe(0);
      const gateway = await store.start([renamed]);
      await isUp(gateway, "books");
      expect((await providersOf(gateway)).map(({ id, key }) => [id, key])).toEqual([[providerId, "books"]]);
      const nodes = z.object({ nodes: z.array(z.object({ id: z.string() }).nullable()) });
      const ids = [run?.id, definitionId, providerId, ...started.syncs.map(({ id }) => id)];
      const found = await ask(gateway.url, nodes, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", { ids });
      expect(found.errors).toEqual([]);
      expect(found.data.nodes.map((node) => node?.id)).toEqual(ids);
      expect((await runsOf(gateway, "books")).find(({ id }) => id === run?.id)?.provider).toEqual({
        id: providerId,
        key: "books",
      });
      expect(await startWithKey(gateway, definitionId)).toEqual(started);
      await gateway.close();
      await expectVerified(store.url);
    } finally {
      await vendor.stop();
    }
  });

  async function startWithKey({ url }: TestGateway, definitionId: string) {
    const payload = z.object({
      syncs: z.array(z.object({ id: z.string() })),
      trigger: z.object({ id: z.string() }).nullable(),
      userErrors: z.array(z.object({ message: z.string() })),
    });
    const { data } = await ask(
      url,
      z.object({ triggerSync: payload }),
      `mutation ($id: ID!) { triggerSync(input: { definitionId: $id, idempotencyKey: "once" }) { syncs { id } trigger { id } userErrors { message } } }`,
      { id: definitionId },
    );
    expect(data.triggerSync.userErrors).toEqual([]);
    return data.triggerSync;
  }
});
