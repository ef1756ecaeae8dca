// Which account each provider's key speaks to, and which gateways have it configured, on both databases.
import { expect, test } from "vitest";
import { identityOf } from "../../src/domain/identity.ts";
import { ProviderHealth } from "../../src/domain/provider-state.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { account, at, syncJob } from "../support/store-values.ts";
import { expectVerified } from "../support/verified.ts";

const T = "tenant";
const MINUTE_MS = 60_000;

describeOnEachDatabase("accounts of providers", (open) => {
  const keysOf = (accounts: readonly { readonly providerKey: string; readonly shownKey: string }[]) =>
    accounts.map(({ providerKey, shownKey }) => [providerKey, shownKey]);

  test("one that is there stays as it is, and another tenant's is not seen", async () => {
    const { store, url } = await open();
    await store.accounts.add(T, [account("acme")]);
    await store.accounts.add(T, [account("acme", { kind: "other" }), account("beta")]);
    await store.accounts.add("other", [account("gamma")]);
    expect(await store.accounts.all(T)).toEqual([account("acme"), account("beta")]);
    await expectVerified(url);
  });

  test("what a contact confirmed is written once: a gateway that read an older account does not write over it", async () => {
    const { store, url } = await open();
    await store.accounts.add(T, [account("acme")]);
    const facts = { ...account("acme"), remoteAccount: "org-1", credential: "salt.print", confirmedAt: at(1) };
    expect(await store.accounts.confirm(T, account("acme"), facts)).toBe(true);
    expect(await store.accounts.confirm(T, account("acme"), { ...facts, remoteAccount: "org-2" })).toBe(false);
    expect(await store.accounts.all(T)).toEqual([facts]);
    await expectVerified(url);
    expect(await store.accounts.adopt(T, "acme")).toBe(true);
    expect(await store.accounts.adopt(T, "acme")).toBe(true);
    expect(await store.accounts.adopt(T, "nobody")).toBe(false);
    const [adopted] = await store.accounts.all(T);
    expect(adopted).toMatchObject({ kind: null, address: null, remoteAccount: null, credential: null });
    await expectVerified(url);
  });

  test("it is removed when no gateway holds it, not while one does, and is back when one holds it again", async () => {
    const { store, url } = await open();
    await store.accounts.add(T, [account("acme")]);
    const removedAt = async () => (await store.accounts.all(T))[0]?.removedAt ?? null;
    await store.accounts.hold(T, ["acme"], "old", at(10));
    await store.accounts.hold(T, ["acme"], "older", at(5));
    await store.accounts.sweep(T, at(5));
    expect(await removedAt()).toBeNull();
    await store.accounts.letGo(T, "older");
    await store.accounts.sweep(T, at(9));
    expect(await removedAt()).toBeNull();
    await store.accounts.sweep(T, at(10));
    await store.accounts.sweep(T, at(20));
    expect(await removedAt()).toEqual(at(10));
    await store.accounts.hold(T, ["acme"], "new", at(40));
    expect(await removedAt()).toBeNull();
    await expectVerified(url);
    await store.accounts.letGo(T, "new");
    await store.accounts.sweep(T, at(30));
    expect(await removedAt()).toEqual(at(30));
  });

  test("a key that a gateway without accounts asks is taken in, and is not removed while it is asked", async () => {
    const { store } = await open();
    await store.providerStates.patch(T, "acme", { health: ProviderHealth.Up, lastSuccessAt: at(0) });
    await store.accounts.sweep(T, at(MINUTE_MS - 1));
    expect(await store.accounts.all(T)).toMatchObject([{ providerKey: "acme", kind: null, removedAt: null }]);
    await store.accounts.sweep(T, at(MINUTE_MS));
    expect(await store.accounts.all(T)).toMatchObject([{ providerKey: "acme", removedAt: at(MINUTE_MS) }]);
  });

  test("a new key leaves rows and ids as they are, and may be given twice", async () => {
    const { store, url } = await open();
    await store.accounts.add(T, [account("acme"), account("other")]);
    await store.catalog.putDefinitions(T, "acme", [syncJob("job")], at(0));
    await store.catalog.putDefinitions(T, "other", [syncJob("job")], at(0));
    expect(await store.accounts.rename(T, "acme", "other")).toBe("TAKEN");
    expect(await store.accounts.rename(T, "nobody", "new")).toBe("UNKNOWN");
    expect(await store.accounts.rename(T, "acme", "new")).toBe("RENAMED");
    expect(await store.accounts.rename(T, "acme", "new")).toBe("DONE_BEFORE");
    expect(keysOf(await store.accounts.all(T))).toEqual([
      ["acme", "new"],
      ["other", "other"],
    ]);
    const id = identityOf(T, "acme", "definition", "job");
    expect(await store.catalog.definitionsByIds(T, [id])).toMatchObject([{ id, providerKey: "acme" }]);
    await expectVerified(url);
  });

  test("a new key that a gateway was started with too early, and that has no history, makes way", async () => {
    const { store, url } = await open();
    await store.accounts.add(T, [account("acme"), account("new")]);
    await store.accounts.hold(T, ["new"], "node", at(10));
    await store.providerStates.patch(T, "new", { health: ProviderHealth.Down });
    expect(await store.accounts.rename(T, "acme", "new")).toBe("RENAMED");
    expect(keysOf(await store.accounts.all(T))).toEqual([["acme", "new"]]);
    await expectVerified(url);
  });
});
