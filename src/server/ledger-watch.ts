// Sees to it that a ledger which was restored is told from what it was: it looks every second whether the ledger has gone back, or was given
// a new id by somebody else, and writes down how far it has come.
import type { Clock } from "../domain/clock.ts";
import { reasonOf } from "../domain/reason.ts";
import type { Store } from "../domain/store-port.ts";
import { fallenBehind, type LedgerMark, type LedgerMarks } from "../store/ledger-marks.ts";
import type { TrackingLog } from "../tracking/tools.ts";

interface WatchTools {
  readonly store: Pick<Store, "identity" | "ledger">;
  readonly clock: Clock;
  readonly log: TrackingLog;
  readonly tenantIds: readonly string[];
  /** What was written down by this process and those before it. */
  readonly marks: LedgerMarks;
  /** To be called when the ledger is another one than before. */
  readonly changed: () => void;
}

export interface LedgerWatch {
  /** Looks at once, then every second. */
  start(): Promise<void>;
  /** Writes down how far the ledger has come. */
  close(): Promise<void>;
}

const EVERY_MS = 1_000;

export function createLedgerWatch({ store, clock, log, tenantIds, marks, changed }: WatchTools): LedgerWatch {
  const closed = new AbortController();
  const { identity, ledger } = store;
  let rounds: Promise<void> = Promise.resolve();
  /** What earlier processes wrote down; undefined until it was read. */
  let earlier: LedgerMark | null | undefined;
  let seen: LedgerMark | null = null;
  let written = "";

  /** The marks are read first: whatever they say had been committed before the heads are read. */
  async function look(): Promise<void> {
    const followed = identity.known().ledgerId;
    if (earlier === undefined) earlier = await marks.read().catch(() => undefined);
    const { ledgerId } = await identity.look();
    const heads = await Promise.all(
      tenantIds.map(async (id): Promise<[string, number]> => [id, await ledger.head(id)]),
    );
    let now: LedgerMark = { ledgerId, heads: Object.fromEntries(heads) };
    const fallen = new Set([...fallenBehind(earlier ?? null, now), ...fallenBehind(seen, now)]);
    if (fallen.size > 0) {
      now = { ...now, ledgerId: (await identity.renewLedger(ledgerId)).ledgerId };
      log.error(
        { tenants: [...fallen], before: { ...earlier?.heads, ...seen?.heads }, heads: now.heads },
        "the ledger has gone back, as after a restore: it has a new id, and cursors from before are answered with CURSOR_EXPIRED",
      );
    }
    if (now.ledgerId !== followed) changed();
    seen = now;
    await note(now);
  }

  async function note(mark: LedgerMark): Promise<void> {
    const text = JSON.stringify(mark);
    if (text === written) return;
    await marks.write(mark);
    written = text;
  }

  /** Told once, until it works again. */
  let failing = false;
  const lookSafely = async (): Promise<void> => {
    try {
      await look();
      failing = false;
    } catch (error) {
      if (!failing)
        log.warn({ error: reasonOf(error) }, "how far the ledger has come cannot be looked at or noted now");
      failing = true;
    }
  };

  async function goOn(): Promise<void> {
    while (!closed.signal.aborted) {
      await clock.sleep(EVERY_MS, closed.signal);
      await lookSafely();
    }
  }

  return {
    async start() {
      await lookSafely();
      rounds = goOn().catch(() => undefined);
    },
    async close() {
      closed.abort();
      await rounds;
      await look().catch(() => undefined);
    },
  };
}
