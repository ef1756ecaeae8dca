// Who a store is: the same by every address and for as long as it lives, and another one than every other.
import { copyFile, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { namespaceOf } from "../../src/server/redis-connection.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { databaseMaker, describeOnEachDatabase, type DatabaseName } from "../support/databases.ts";

/** Another address of the same database. */
const ALIASES: Readonly<Record<DatabaseName, (url: string) => Promise<string>>> = {
  sqlite: async (url) => {
    const file = url.slice("sqlite:".length);
    const link = join(dirname(dirname(file)), "link.sqlite");
    await symlink(file, link);
    return `sqlite:${link}`;
  },
  postgres: (url) => {
    const alias = new URL(url);
    alias.hostname = alias.hostname === "localhost" ? "127.0.0.1" : "localhost";
    alias.searchParams.set("application_name", "another");
    return Promise.resolve(alias.href);
  },
};

const namespace = async ({ identity }: Store): Promise<string> =>
  namespaceOf(identity.known().installationId, await identity.place());

describeOnEachDatabase("a store", (open) => {
  test("has one place in Redis by whatever address, before and after a restore, and shares it with no other", async () => {
    const { store, url } = await open();
    const here = await namespace(store);
    const { store: byAnother } = await open(await ALIASES[open.database](url));
    expect(await namespace(byAnother)).toBe(here);
    await store.identity.renewLedger(store.identity.known().ledgerId);
    expect(await namespace(store)).toBe(here);
    const { store: other } = await open();
    expect(await namespace(other)).not.toBe(here);
    expect(other.identity.known()).not.toMatchObject({ ledgerId: store.identity.known().ledgerId });
  });
});

describeOnEachDatabase("a new store", (open) => {
  test("takes no cursor that names no ledger, and its ids are not its address", async () => {
    const { store, url } = await open();
    const { installationId, ledgerId, takesUnnamed } = store.identity.known();
    expect(takesUnnamed).toBe(false);
    expect([installationId, ledgerId]).toEqual([
      expect.stringMatching(/^[0-9a-f]{32}$/u),
      expect.stringMatching(/^[0-9a-f]{16}$/u),
    ]);
    expect(url).not.toContain(ledgerId);
  });
});

const make = databaseMaker("sqlite");

test("a file that was copied is another store in Redis, and has the original's ledger until somebody says otherwise", async () => {
  const url = await make();
  const store = await openStore(url);
  const [here, identity] = [await namespace(store), store.identity.known()];
  await store.close();
  await copyFile(url.slice("sqlite:".length), `${url.slice("sqlite:".length)}.copy`);
  const copied = await openStore(`${url}.copy`);
  expect(copied.identity.known()).toEqual(identity);
  expect(await namespace(copied)).not.toBe(here);
  await copied.close();
});
