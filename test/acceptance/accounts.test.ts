// What becomes of a store's providers when a key speaks to another account than before, on both databases.
import { expect, test } from "vitest";
import { adoptProvider } from "../../src/server/providers-command.ts";
import { STANDSTILL, isRefused, isUp, makeStoreOn, runsOf, withRuns } from "../support/changing-providers.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { startWithOtherCredential } from "../support/other-credential.ts";
import { entryOf, startVendor } from "../support/vendors.ts";
import { expectVerified } from "../support/verified.ts";

describeOnEachDatabase("accounts", ({ database }) => {
  test("sandboxes do not start on the store of real providers, and the sentence says what is missing", async () => {
    await using store = await makeStoreOn(database);
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

  test("nor on one that a version before left, which knows nothing of accounts", async () => {
    await using store = await makeStoreOn(database);
    const vendor = await startVendor("truto", STANDSTILL);
    try {
      const gateway = await store.start([entryOf(vendor)]);
      await withRuns(gateway, "truto");
      await gateway.close();
      // Then its row says as much as that of a key from the version before.
      expect(await adoptProvider({ DATABASE_URL: store.url }, "truto")).toBe(0);
      await expect(store.start(undefined)).rejects.toThrow(/real providers \(truto\)/u);
      const again = await store.start([entryOf(vendor)]);
      await isUp(again, "truto");
      await again.close();
    } finally {
      await vendor.stop();
    }
  });

  test("a key of another kind is a problem of the configuration, told with the others, until it is adopted", async () => {
    await using store = await makeStoreOn(database);
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
      await using store = await makeStoreOn(database);
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
      await using store = await makeStoreOn(database);
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
    await using store = await makeStoreOn(database);
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
});
