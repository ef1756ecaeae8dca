// Looks at runs whose gateway dies, freezes or is slow, on each database: one that lives keeps them, one that is gone loses them within seconds.
import { expect, test } from "vitest";
import { SyncStatus } from "../../src/domain/status.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { observed } from "../support/fake-provider.ts";
import type { FakeProvider } from "../support/fake-provider.ts";
import { createGate } from "../support/gate.ts";
import { at, observation } from "../support/store-values.ts";
import { TENANT, type TestTracking } from "../support/tracking.ts";
import { openTwoGateways } from "../support/two-gateways.ts";

const DUE_MS = 1_500;
const LEASE_MS = 10_000;
const RENEWED_EVERY_MS = 3_000;

/** The vendor takes its time over the next look; later ones are answered at once. */
function holdNextLook({ answers }: FakeProvider) {
  const held = { called: createGate(), answer: createGate() };
  const before = answers.observe;
  answers.observe = async (...asked) => {
    answers.observe = before;
    held.called.open();
    await held.answer.opened;
    return before(...asked);
  };
  return held;
}

const poll = ({ poller, configured }: TestTracking): Promise<void> => poller.poll(TENANT, configured);
const advance = async (ms: number, ...gateways: readonly TestTracking[]): Promise<void> => {
  for (const { clock } of gateways) await clock.advance(ms);
};

describeOnEachDatabase("a look at open runs", (open) => {
  test("that takes long keeps to the gateway that lives, however often and however far ahead another looks", async () => {
    const poll60 = { fastMs: 60_000, slowMs: 60_000, discoverMs: 60_000 };
    const { first, second, fake } = await openTwoGateways(open, { poll: poll60 });
    await first.see(observation("a"), observation("b"));
    await advance(70_000, first, second);
    const held = holdNextLook(fake);
    const looked = poll(first);
    await held.called.opened;
    for (let round = 0; round < 8; round += 1) {
      // It sleeps for a renewal's time again only when the one before is through.
      await first.clock.untilSleeping((remainingMs) => remainingMs === RENEWED_EVERY_MS);
      await advance(RENEWED_EVERY_MS, first, second);
      await poll(second);
    }
    expect(fake.callsOf("observe")).toHaveLength(1);
    held.answer.open();
    await looked;
    expect(first.clock.pending()).toEqual([]);
    expect(fake.callsOf("observe")).toHaveLength(1);
  });

  test("that a gateway froze in is made by another when the lease is over, and what the frozen one saw is refused", async () => {
    const { first, second, fake } = await openTwoGateways(open);
    await first.see(observation("a"));
    await advance(DUE_MS, first, second);
    fake.answers.observe = (refs) => ({
      observations: refs.map((ref) => observed(ref, { status: SyncStatus.Failed, observedAt: at(DUE_MS) })),
      missing: [],
    });
    const held = holdNextLook(fake);
    const looked = poll(first);
    await held.called.opened;
    await advance(LEASE_MS - 1, second);
    await poll(second);
    expect(fake.callsOf("observe")).toHaveLength(1);
    await advance(1, second);
    fake.answers.observe = (refs) => ({
      observations: refs.map((ref) => observed(ref, { status: SyncStatus.Success, observedAt: second.clock.now() })),
      missing: [],
    });
    await poll(second);
    held.answer.open();
    await looked;
    expect(await second.syncOf("a")).toMatchObject({ status: SyncStatus.Success });
    expect((await second.ledger()).map(({ to }) => to)).toEqual(["CREATED", "RUNNING", "SUCCESS"]);
  });
});
