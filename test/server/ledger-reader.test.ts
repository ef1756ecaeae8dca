// Readers of the ledger: each entry once, in order, and no page held for one that rests.
import { expect, it } from "vitest";
import { createLedgerReaders } from "../../src/server/ledger-reader.ts";
import { openGraphqlGateway, TENANT } from "../support/graphql.ts";
import { seedRuns } from "../support/seed-runs.ts";
import { createTestFeed, leave, take } from "../support/feed.ts";

it("lets go of a reader's page when it has rested, reads it again, and goes on where it was", async () => {
  const gateway = await openGraphqlGateway();
  await seedRuns(gateway.store, 4);
  let reads = 0;
  const transitionsAfter: typeof gateway.store.ledger.transitionsAfter = (...asked) => {
    const [, sequence] = asked;
    // What the feed reads for itself begins at the ledger's end.
    if (sequence < 4) reads += 1;
    return gateway.store.ledger.transitionsAfter(...asked);
  };
  const { feed, clock } = createTestFeed(gateway.store, { transitionsAfter });
  const following = feed.follow(TENANT, {}, 0);
  const numbers = async (count: number): Promise<readonly number[]> =>
    (await take(following, count)).map(({ transition }) => transition.sequence);
  expect(await numbers(1)).toEqual([1]);
  // While nobody rests one page is enough.
  const before = reads;
  expect(await numbers(1)).toEqual([2]);
  expect(reads).toBe(before);
  await clock.advance(5_000);
  const rested = reads;
  expect(await numbers(2)).toEqual([3, 4]);
  expect(reads).toBe(rested + 1);
  await leave(following);
  await gateway.close();
});

it("sweeps nothing of one that has left, and keeps the page of one that comes back in time", async () => {
  let reads = 0;
  const readers = createLedgerReaders(() => {
    reads += 1;
    return Promise.resolve([]);
  });
  const [left, busy] = [readers.open(0), readers.open(0)];
  left.leave();
  for (let sweep = 0; sweep < 10; sweep += 1) {
    readers.sweep();
    expect(await busy.next()).toBeNull();
  }
  expect(reads).toBe(10);
});
