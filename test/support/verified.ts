// The end of whatever wrote to a store: everything that holds in a store that is well holds in this one.
import { expect } from "vitest";
import { verifyStore } from "../../src/store/verify.ts";

/** Fails with each violation when something is wrong with the store, and when it cannot be checked. Gateways may be writing to it. */
export async function expectVerified(databaseUrl: string): Promise<void> {
  const { violations } = await verifyStore(databaseUrl);
  expect(violations, "the store's self-check").toEqual([]);
}
