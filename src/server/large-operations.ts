// Operations with large answers are executed a few at a time, over all transports together. Each keeps the event loop busy and holds its
// answer; many at once would leave no time for others, health among them.
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
  begin(cost: OperationCost, signal: AbortSignal): Promise<() => void>;
}

/** Fields of an answer, from which on it is large. A page of 100 runs with 50 fields each has 5,000; the largest usual operation, 21,210. */
const LARGE_VALUES = 30_000;
/** One may be executed while another waits for the database or a vendor. */
const MOST_AT_ONCE = 2;

export function createLargeOperations(): LargeOperations {
  const turns = createTurns((running) => (running < MOST_AT_ONCE ? "free" : "full"));
  return {
    async begin({ values }, signal) {
      if (values < LARGE_VALUES) return () => undefined;
      const giveBack = await turns.begin(signal);
      if (giveBack !== null) return giveBack;
      const ended = endOf(signal);
      if (ended !== null) throw ended;
      // A mutation whose client has gone is done all the same.
      return () => undefined;
    },
  };
}
