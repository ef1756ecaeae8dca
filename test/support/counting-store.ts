// A store that counts what is asked of it, so that a query's price in database calls can be written down.
import type { Store } from "../../src/domain/store-port.ts";

export interface CountingStore {
  readonly store: Store;
  /** Calls since the last reset, as `ledger.listSyncs`, by name. */
  calls(): Readonly<Record<string, number>>;
  reset(): void;
}

export function createCountingStore(store: Store): CountingStore {
  const counts = new Map<string, number>();
  const counted = <Part extends object>(name: string, part: Part): Part =>
    new Proxy(part, {
      get(target, property) {
        const member: unknown = Reflect.get(target, property);
        const path = name === "" ? String(property) : `${name}.${String(property)}`;
        if (typeof member === "object" && member !== null) return counted(path, member);
        if (typeof member !== "function") return member;
        return (...parameters: unknown[]): unknown => {
          counts.set(path, (counts.get(path) ?? 0) + 1);
          return Reflect.apply(member, target, parameters);
        };
      },
    });
  return {
    store: counted("", store),
    calls: () => Object.fromEntries([...counts].toSorted(([one], [other]) => one.localeCompare(other))),
    reset: () => counts.clear(),
  };
}
