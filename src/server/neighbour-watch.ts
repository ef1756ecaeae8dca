// Says once when another gateway works on the same database and neither shares its work through Redis. It goes right, and is slower.
import type { Clock } from "../domain/clock.ts";
import type { Store } from "../domain/store-port.ts";
import type { TrackingLog } from "../tracking/tools.ts";

/** Longer than a gateway that is replaced goes on beside its successor. */
export const LOOK_EVERY_MS = 60_000;
/** Looks in a row that must find one. */
const LOOKS_IN_A_ROW = 2;

export const ALONE_NO_LONGER =
  "another gateway uses this database, and REDIS_URL is not set: news reach subscribers up to a second later, and each gateway asks the vendors for catalogs and new runs by itself; quotas are shared through the database. Set REDIS_URL to the same Redis for all";

/** @returns the call that ends it */
export function watchNeighbours(
  store: Pick<Store, "otherGateways">,
  { clock, log }: { readonly clock: Clock; readonly log: TrackingLog },
): () => Promise<void> {
  const closed = new AbortController();
  const watching = (async () => {
    for (let found = 0; found < LOOKS_IN_A_ROW;) {
      await clock.sleep(LOOK_EVERY_MS, closed.signal);
      // A database that does not answer says so elsewhere.
      const others = await store.otherGateways().catch(() => 0);
      found = others > 0 ? found + 1 : 0;
    }
    log.warn({}, ALONE_NO_LONGER);
  })().catch(() => undefined);
  return async () => {
    closed.abort();
    await watching;
  };
}
