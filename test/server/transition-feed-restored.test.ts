// Cursors of another store, and of this one before it was restored: never taken for the ledger's own.
import { expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { placeAfter, type LedgerPlace } from "../../src/domain/ledger-place.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { within } from "../support/eventually.ts";
import { createTestFeed, ended, leave, take, transitionsOf } from "../support/feed.ts";
import { restoreTo, takeUnnamed } from "../support/restore.ts";

const T = "t1";
const EXPIRED = { code: ErrorCode.CursorExpired, oldestPlace: 0 };

async function placesOf(store: Store): Promise<readonly LedgerPlace[]> {
  const { ledgerId } = await store.identity.look();
  const transitions = await store.ledger.transitionsAfter(T, 0, 100);
  return [{ sequence: 0, ledgerId, mark: null }, ...transitions.map((one) => placeAfter(ledgerId, one))];
}

describeOnEachDatabase("a place in a ledger", (open) => {
  test("is gone on from, however much came since", async () => {
    const { store } = await open();
    const { feed, commit, ledger } = createTestFeed(store);
    await commit(T, ["a", ended], ["b", ended]);
    const all = await ledger(T);
    for (const place of await placesOf(store)) {
      const following = feed.follow(T, {}, place);
      const rest = await take(following, all.length - place.sequence);
      expect(transitionsOf(rest)).toEqual(all.slice(place.sequence));
      await leave(following);
    }
    feed.close();
  });

  test("of another store is expired, in whichever of its numbers both have come to, and the oldest one that goes on is told", async () => {
    const [{ store: one }, { store: other }] = [await open(), await open()];
    const [first, second] = [createTestFeed(one), createTestFeed(other)];
    await first.commit(T, ["a", ended], ["b", ended]);
    await second.commit(T, ["a", ended], ["b", ended]);
    const { ledgerId } = await other.identity.look();
    for (const place of await placesOf(one))
      await expect(second.feed.follow(T, {}, place).next()).rejects.toMatchObject({ ...EXPIRED, ledgerId });
    first.feed.close();
    second.feed.close();
  });

  test("from before a restore that nobody noticed is expired, unless it is of what was restored", async () => {
    const { store, url } = await open();
    const before = createTestFeed(store);
    await before.commit(T, ["a", ended], ["b", ended]);
    const places = await placesOf(store);
    before.feed.close();
    await restoreTo(url, T, 3);
    const { feed, commit } = createTestFeed(store);
    // The ledger has not come as far as some of them yet, then it has, with others under the same numbers.
    await expect(feed.follow(T, {}, places[5] ?? null).next()).rejects.toMatchObject(EXPIRED);
    await commit(T, ["c", ended], ["d", ended]);
    for (const place of places.slice(4)) await expect(feed.follow(T, {}, place).next()).rejects.toMatchObject(EXPIRED);
    const following = feed.follow(T, {}, places[3] ?? null);
    expect(transitionsOf(await take(following, 6)).map(({ sequence }) => sequence)).toEqual([4, 5, 6, 7, 8, 9]);
    await leave(following);
    feed.close();
  });

  test("from before the ledger was given a new id is expired, and whoever follows it hears so at once", async () => {
    const { store } = await open();
    const { feed, commit } = createTestFeed(store);
    await commit(T, ["a", ended]);
    const places = await placesOf(store);
    const following = feed.follow(T, {}, places[1] ?? null);
    await take(following, 2);
    const waiting = following.next();
    const { ledgerId } = await store.identity.renewLedger(store.identity.known().ledgerId);
    feed.beginAnew();
    await expect(within("the end", waiting)).rejects.toMatchObject({ ...EXPIRED, ledgerId });
    for (const place of places) await expect(feed.follow(T, {}, place).next()).rejects.toMatchObject(EXPIRED);
    const again = feed.follow(T, {}, (await placesOf(store))[2] ?? null);
    expect(transitionsOf(await take(again, 1))[0]?.sequence).toBe(3);
    await leave(again);
    feed.close();
  });

  test("that names no ledger is taken where versions before gave such, and nowhere else but at the very beginning", async () => {
    const { store, url } = await open();
    const { feed, commit } = createTestFeed(store);
    await commit(T, ["a", ended]);
    const unnamed = (sequence: number): LedgerPlace => ({ sequence, ledgerId: null, mark: null });
    await expect(feed.follow(T, {}, unnamed(2)).next()).rejects.toMatchObject(EXPIRED);
    const beginning = feed.follow(T, {}, unnamed(0));
    expect(await take(beginning, 3)).toHaveLength(3);
    await leave(beginning);

    await takeUnnamed(url);
    await store.identity.look();
    const upgraded = feed.follow(T, {}, unnamed(2));
    expect(transitionsOf(await take(upgraded, 1))[0]?.sequence).toBe(3);
    await leave(upgraded);
    await expect(feed.follow(T, {}, unnamed(4)).next()).rejects.toMatchObject(EXPIRED);
    await store.identity.renewLedger(store.identity.known().ledgerId);
    await expect(feed.follow(T, {}, unnamed(2)).next()).rejects.toMatchObject(EXPIRED);
    feed.close();
  });
});
