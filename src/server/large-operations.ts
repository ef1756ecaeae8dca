// Operations with large answers are executed a few at a time, over all transports together. Each keeps the event loop busy and holds its
// answer; many at once would leave no time for others, health among them.
import { getHeapStatistics } from "node:v8";
import type { OperationCost } from "../graphql/limits/cost.ts";
import { endOf } from "../graphql/ending-reads.ts";
import { createTurns } from "./turns.ts";

export interface LargeOperations {
  /**
   * Waits until the operation may be executed. Most may at once.
   *
   * @param signal the operation's; nobody waits any more when it aborts
   * @returns what must be called when the answer was made
   * @throws GatewayError `SERVICE_UNAVAILABLE` when the operation ended before it was begun
   */
  begin(cost: Pick<OperationCost, "values">, signal: AbortSignal): Promise<() => void>;
}

/** Fields of an answer, from which on it is large. A page of 100 runs with 50 fields each has 5,000; the largest usual operation, 21,210. */
const LARGE_VALUES = 30_000;
/** One may be executed while another waits for the database or a vendor. */
const MOST_AT_ONCE = 2;
/** With less memory smaller answers are large, and in a small one there is room for one of them. */
const ROOMY_HEAP_BYTES = 1024 ** 3;
const SMALL_HEAP_BYTES = 128 * 1024 ** 2;

/** @param heapBytes what the process may have of memory for values. Default: what Node was given */
export function createLargeOperations(heapBytes = getHeapStatistics().heap_size_limit): LargeOperations {
  const largeValues = LARGE_VALUES * Math.min(1, heapBytes / ROOMY_HEAP_BYTES);
  const mostAtOnce = heapBytes < SMALL_HEAP_BYTES ? 1 : MOST_AT_ONCE;
  const turns = createTurns((running) => (running < mostAtOnce ? "free" : "full"));
  return {
    async begin({ values }, signal) {
      if (values < largeValues) return () => undefined;
      const giveBack = await turns.begin(signal);
      if (giveBack !== null) return giveBack;
      const ended = endOf(signal);
      if (ended !== null) throw ended;
      // A mutation whose client has gone is done all the same.
      return () => undefined;
    },
  };
}
