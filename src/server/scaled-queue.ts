// Due work of one of several gateways: planned in Redis for all of them while Redis is there, in this process while it is not.
//
// What is due is in the store, so the plan can always be made again: each gateway remembers which items there are, and plans them all
// anew when Redis comes, goes, or has forgotten. Leases in the store keep two gateways that plan alone from doing double work.
import type { Clock } from "../domain/clock.ts";
import type { WorkItem, WorkQueue } from "../domain/runtime-ports.ts";
import { createKeyedMutex } from "../tracking/keyed-mutex.ts";
import { createInProcessQueue } from "./in-process-queue.ts";
import { RedisNews, type RedisLink } from "./redis-connection.ts";
import { createSharedPlan, nameOf } from "./shared-plan.ts";

/** A gateway that died may have taken a plan with it, and one that is alone hears of no run that another has started. */
const MENDED_EVERY_MS = 30_000;

export function createScaledQueue(
  link: RedisLink,
  clock: Clock,
  onError: (error: unknown, item: WorkItem) => void,
): WorkQueue {
  const shared = createSharedPlan(link, clock);
  const known = new Map<string, WorkItem>();
  const oneAtATime = createKeyedMutex();
  const closing = new AbortController();
  let closed = false;
  const left: Promise<void>[] = [];
  let own = createInProcessQueue(clock, onError);
  let handle: ((item: WorkItem) => Promise<void>) | null = null;

  async function schedule(item: WorkItem, dueAt: Date, plan = shared.plan): Promise<void> {
    if (closed) return;
    known.set(nameOf(item), item);
    if (link.isUp()) {
      const isPlanned = await plan(item, dueAt).then(
        () => true,
        () => false,
      );
      if (isPlanned) return;
    }
    // Whatever Redis did with it, if anything: a turn too many is harmless, and one too few is not.
    await own.schedule(item, dueAt);
  }

  function planAll(): void {
    for (const item of known.values()) void schedule(item, clock.now(), shared.planAnew);
  }

  function startOwn(): void {
    own = createInProcessQueue(clock, onError);
    if (handle !== null) own.start(handle);
  }

  const unlisten = link.listen((news) => {
    if (news === RedisNews.Up) {
      // What runs is waited for at the end; what is planned is planned in Redis now.
      left.push(own.close());
      startOwn();
    }
    planAll();
  });

  async function mend(): Promise<void> {
    const now = clock.now();
    if (link.isUp()) return shared.mend([...known.values()], now);
    // Polls alone are not planned while there is nothing to poll; another gateway's run may need one.
    for (const item of known.values()) if (item.kind === "POLL") await own.schedule(item, now);
  }

  async function stop(): Promise<void> {
    closing.abort();
    unlisten();
    // What ends now still plans its next turn in Redis, for another gateway.
    await Promise.all([own.close(), shared.stop(), ...left]);
  }

  return {
    schedule: (item, dueAt) => schedule(item, dueAt),
    planAgain() {
      planAll();
      own.planAgain();
    },
    start(handler) {
      // Both plans may hand out one item while Redis comes or goes.
      handle = (item) => oneAtATime(nameOf(item), () => handler(item)).catch((error: unknown) => onError(error, item));
      own.start(handle);
      shared.start(handle);
      void (async () => {
        while (!closing.signal.aborted) {
          await clock.sleep(MENDED_EVERY_MS, closing.signal).catch(() => undefined);
          // What fails now is mended next time.
          if (!closing.signal.aborted) await mend().catch(() => undefined);
        }
      })();
    },
    stop,
    async close() {
      await stop();
      closed = true;
      await shared.close();
    },
  };
}
