// A connection of its own that looks at the ledger all the time: when each transition was first there, and whether one was told too early.
import { setTimeout as pause } from "node:timers/promises";
import { openStore } from "../../../src/store/open-store.ts";
import type { Breach } from "../history/history.ts";

export interface LedgerWatch {
  /** When each place was first seen in the database, in milliseconds since 1970. */
  readonly sightings: ReadonlyMap<number, number>;
  /** Transitions that a subscriber was told of before they were committed. */
  readonly breaches: readonly Breach[];
  /** A subscriber was told of this place: it must be in the database by now. */
  told(place: number): void;
  head(): number;
  close(): Promise<void>;
}

/** The tenant of a gateway without tenants configured. */
const TENANT = "local";
const LOOK_EVERY_MS = 10;

export async function watchLedger(databaseUrl: string): Promise<LedgerWatch> {
  const store = await openStore(databaseUrl);
  const sightings = new Map<number, number>();
  const breaches: Breach[] = [];
  const asked = new Set<number>();
  const questions = new Set<Promise<void>>();
  const closing = new AbortController();
  let newest = await store.ledger.head(TENANT);

  function sight(head: number): void {
    const now = Date.now();
    for (; newest < head; newest += 1) sightings.set(newest + 1, now);
  }

  async function live(): Promise<void> {
    while (!closing.signal.aborted) {
      sight(await store.ledger.head(TENANT));
      await pause(LOOK_EVERY_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  async function confirm(place: number): Promise<void> {
    const head = await store.ledger.head(TENANT);
    sight(head);
    if (head >= place) return;
    breaches.push({ check: "visibility", subject: String(place), found: `told, and the ledger ends at ${head}` });
  }

  const lived = live();
  const close = async (): Promise<void> => {
    closing.abort();
    await lived;
    await Promise.all(questions);
    await store.close();
  };
  let closed: Promise<void> | null = null;
  return {
    ...{ sightings, breaches },
    told: (place) => {
      if (place <= newest || asked.has(place)) return;
      asked.add(place);
      const question = confirm(place).finally(() => questions.delete(question));
      questions.add(question);
    },
    head: () => newest,
    close: () => (closed ??= close()),
  };
}
