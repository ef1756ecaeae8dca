// What makes the tail read: news about transitions, the sweep, and nothing else.
import { expect, test } from "vitest";
import { BusNews } from "../../src/domain/runtime-ports.ts";
import { createInProcessBus } from "../../src/server/in-process-bus.ts";
import { createTail } from "../../src/server/ledger-tail.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { entry, rules } from "../support/store-values.ts";
import { storeMaker } from "../support/tracking.ts";

const openStore = storeMaker();

test("runs that only make progress cost the followers of transitions no read", async () => {
  const store = await openStore();
  const [bus, clock] = [createInProcessBus(), createManualClock()];
  let reads = 0;
  const transitionsAfter: typeof store.ledger.transitionsAfter = (...asked) => {
    reads += 1;
    return store.ledger.transitionsAfter(...asked);
  };
  const tail = createTail({ store: { ...store, ledger: { ...store.ledger, transitionsAfter } }, bus, clock }, "t1");
  await tail.catchUp();
  const before = reads;
  bus.ring("t1", BusNews.Progress);
  expect(reads).toBe(before);
  const grown = tail.grownBeyond(0, new AbortController().signal);
  await store.ledger.record("t1", [entry("a")], rules);
  bus.ring("t1", BusNews.Transitions);
  await grown;
  expect(reads).toBeGreaterThan(before);
  tail.close();
});
