// Runs work one at a time per key within this process; different keys do not wait for each other.
import pLimit, { type LimitFunction } from "p-limit";

export type KeyedMutex = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export function createKeyedMutex(): KeyedMutex {
  const gates = new Map<string, LimitFunction>();
  return async (key, work) => {
    const gate = gates.get(key) ?? pLimit(1);
    gates.set(key, gate);
    try {
      return await gate(work);
    } finally {
      if (gate.activeCount === 0 && gate.pendingCount === 0) gates.delete(key);
    }
  };
}
