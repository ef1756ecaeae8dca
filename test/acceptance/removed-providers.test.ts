// A provider that is taken out of the configuration, comes back, or gets a new key, on both databases.
import { expect, test } from "vitest";
import { z } from "zod";
import { renameProvider } from "../../src/server/providers-command.ts";
import {
  STANDSTILL,
  isRefused,
  isUp,
  makeStoreOn,
  providerOf,
  providerThat,
  providersOf,
  runsOf,
  withRuns,
} from "../support/changing-providers.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import type { TestGateway } from "../support/gateway.ts";
import { ask, newestCursor, watchTransitions } from "../support/gateway-client.ts";
import { entryOf, startVendor } from "../support/vendors.ts";
import { expectVerified } from "../support/verified.ts";

const LIVELY = 20;

describeOnEachDatabase("configured providers", ({ database }) => {
  test("a provider that was taken out is shown as removed with its history, and goes on when it comes back", async () => {
    await using store = await makeStoreOn(database);
    const vendor = await startVendor("rootfi", STANDSTILL);
    const other = await startVendor("stuut", STANDSTILL);
    try {
      const first = await store.start([entryOf(vendor), entryOf(other)]);
      const cursor = await newestCursor(first.url);
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
      // Whoever follows it hears of what was, and goes on listening.
      await using watch = watchTransitions(without.url, { filter: { providers: ["rootfi"] }, after: cursor });
      await watch.until("what was committed before it was taken out", (seen) => seen[0]);
      expect(watch.seen.map(({ sync }) => sync.provider.key)).not.toContain("stuut");
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
    await using store = await makeStoreOn(database);
    const vendor = await startVendor("rootfi", LIVELY);
    try {
      const first = await store.start([entryOf(vendor)]);
      const [run] = await withRuns(first, "rootfi");
      const definitionId = run?.definition?.id ?? "";
      const cursor = await newestCursor(first.url);
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
      await using watch = watchTransitions(gateway.url, { filter: { providers: ["books"] }, after: cursor });
      await watch.until("the start from before the rename", (seen) =>
        seen.find(({ sync }) => started.syncs.some(({ id }) => id === sync.id)),
      );
      const delivered = (key: string) =>
        fetch(new URL(`/webhooks/${key}`, gateway.url), {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: "{}",
        }).then(({ status }) => status);
      expect([await delivered("books"), await delivered("rootfi"), await delivered("nobody")]).toEqual([401, 401, 404]);
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
