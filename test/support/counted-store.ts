// How many calls to a store are under way. A clock that a test moves meanwhile would run faster than any database, and end leases and
// waits that no gateway would see the end of.
import { setImmediate as turn } from "node:timers/promises";
import type { Store } from "../../src/domain/store-port.ts";

export interface CountedStore {
  readonly store: Store;
  /** Resolves when no call is under way, and what was waiting for one has gone on. */
  untilIdle(): Promise<void>;
}

export function countCalls(store: Store): CountedStore {
  let underWay = 0;

  function count(result: unknown): unknown {
    if (!(result instanceof Promise)) return result;
    underWay += 1;
    const ended = (): void => {
      underWay -= 1;
    };
    result.then(ended, ended);
    return result;
  }

  const counted = <Part extends object>(part: Part): Part =>
    new Proxy(part, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member === "function") return (...given: unknown[]) => count(Reflect.apply(member, target, given));
        return typeof member === "object" && member !== null ? counted(member) : member;
      },
    });

  return {
    store: counted(store),
    untilIdle: async () => {
      do await turn();
      while (underWay > 0);
    },
  };
}
