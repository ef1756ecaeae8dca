// Due work of all gateways on one database, in Redis: BullMQ hands each item to one of them when it is due.
//
// BullMQ keeps one job per item, by its id. Two things it does not do, a sorted set beside it does: of several plans for one item the
// earliest counts whoever makes them (ZADD LT), and what is planned while the item runs is not lost.
import { Queue, WaitingError, Worker, type Job } from "bullmq";
import { z } from "zod";
import type { Clock } from "../domain/clock.ts";
import type { WorkItem } from "../domain/runtime-ports.ts";
import { REDIS_PREFIX, type RedisLink } from "./redis-connection.ts";

export interface SharedPlan {
  /** Rejects when Redis did not take it. */
  readonly plan: (item: WorkItem, dueAt: Date) => Promise<void>;
  /** Does not trust that a plan Redis has already will be woken up: it may have taken it and never answered. Rejects like `plan`. */
  readonly planAnew: (item: WorkItem, dueAt: Date) => Promise<void>;
  /** Plans those of the items that are neither planned nor running, and wakes those that are late or whose job is gone. Rejects like `plan`. */
  mend(items: readonly WorkItem[], dueAt: Date): Promise<void>;
  start(handler: (item: WorkItem) => Promise<void>): void;
  /** Takes no more items up and waits for those that run. Plans are still taken. */
  stop(): Promise<void>;
  /** Stops, and takes no more plans. */
  close(): Promise<void>;
}

/** Work waits for vendors most of its time. */
const AT_ONCE = 100;
/**
 * A gateway that is gone gives its items up after this long, and two checks. Renewed every half of it while work goes on, so its length
 * has nothing to do with how long work takes, nor with the leases of polls, which the store keeps.
 */
const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 2_000;
const RETRY_FETCH_MS = 1_000;
/** After this long what is not closed is left to the end of the process. */
const CLOSE_WITHIN_MS = 3_000;
/** Nobody reads BullMQ's own events. */
const EVENTS_KEPT = 100;
/** An item is late when it is overdue by this long. BullMQ wakes jobs by the machines' clocks, and that of a gateway which is gone may have been ahead. */
const LATE_MS = 10_000;
/** A job that is gone, or that is not waiting for its time: it runs, or is about to. See BullMQ's `ErrorCode`. */
const NOT_DELAYED: readonly unknown[] = [-1, -3];

const itemSchema = z.object({
  kind: z.enum(["POLL", "DISCOVER", "CATALOG", "TRIGGERS", "INBOX"]),
  tenantId: z.string(),
  providerKey: z.string(),
}) satisfies z.ZodType<WorkItem>;

/** BullMQ's ids must not hold a colon. */
export const nameOf = ({ kind, tenantId, providerKey }: WorkItem): string =>
  [kind, tenantId, providerKey].map(encodeURIComponent).join("/");

export function createSharedPlan(link: RedisLink, clock: Clock): SharedPlan {
  const options = { connection: link.commands, prefix: REDIS_PREFIX };
  const queue = new Queue<WorkItem>(link.namespace, { ...options, streams: { events: { maxLen: EVENTS_KEPT } } });
  // What goes wrong with Redis is the link's to tell, once; BullMQ tells it for every command.
  queue.on("error", () => undefined);
  const dueKey = `${REDIS_PREFIX}:${link.namespace}:due`;
  const pending = new Set<Promise<void>>();
  let worker: Worker<WorkItem> | null = null;
  let isStopping = false;

  /** For what nobody waits for but `close`. What fails is mended later. */
  function track(work: Promise<unknown>): void {
    const tracked: Promise<void> = work
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => pending.delete(tracked));
    pending.add(tracked);
  }

  async function dueAtOf(item: WorkItem): Promise<number | null> {
    const score = await link.answer(link.commands.zscore(dueKey, nameOf(item)));
    return score === null ? null : Number(score);
  }

  /** Makes the item's job wake when it is due. Another process may plan meanwhile: who wrote last looks once more. */
  async function wake(item: WorkItem): Promise<void> {
    for (let dueAt = await dueAtOf(item), set: number | null = null; dueAt !== null && dueAt !== set;) {
      set = dueAt;
      const delay = Math.max(0, dueAt - clock.now().getTime());
      // Attempts stay at one, and nothing is kept: tracking plans what failed again by itself.
      const job = await link.answer(
        queue.add(item.kind, item, { jobId: nameOf(item), delay, removeOnComplete: true, removeOnFail: true }),
      );
      await link.answer(delayBy(job, delay));
      dueAt = await dueAtOf(item);
    }
  }

  async function work(
    job: Job<WorkItem>,
    token: string | undefined,
    handler: (item: WorkItem) => Promise<void>,
  ): Promise<void> {
    // From here on a plan is for the next turn. Should Redis fail here, the item has one turn too many.
    await link.answer(link.commands.zrem(dueKey, job.id ?? "")).catch(() => undefined);
    if (isStopping) return handBack(job, token);
    const item = itemSchema.safeParse(job.data);
    // What a newer gateway planned that this one cannot do: dropped here, and mended by the one that knows it.
    if (item.success) await handler(item.data);
  }

  /** BullMQ fetches ahead, and hands out what it has even when it is stopped: that is another gateway's to do, now. What Redis does not take is mended. */
  async function handBack(job: Job<WorkItem>, token: string | undefined): Promise<never> {
    await note(job.data, clock.now());
    await link.answer(job.moveToWait(token));
    throw new WaitingError();
  }

  /** @returns whether the plan is new, or earlier than the one there was */
  async function note(item: WorkItem, dueAt: Date): Promise<boolean> {
    const changed = await link.answer(link.commands.zadd(dueKey, "LT", "CH", dueAt.getTime(), nameOf(item)));
    return Number(changed) > 0;
  }

  async function plan(item: WorkItem, dueAt: Date): Promise<void> {
    if (await note(item, dueAt)) await wake(item);
  }

  async function planAnew(item: WorkItem, dueAt: Date): Promise<void> {
    await note(item, dueAt);
    await wake(item);
  }

  async function stop(): Promise<void> {
    isStopping = true;
    const stopping = worker?.close(!link.isUp()) ?? Promise.resolve();
    while (pending.size > 0) await Promise.all(pending);
    const stopped = new AbortController();
    await Promise.race([stopping, clock.sleep(CLOSE_WITHIN_MS, stopped.signal)]).catch(() => undefined);
    stopped.abort();
    while (pending.size > 0) await Promise.all(pending);
  }

  return {
    plan,
    planAnew,
    async mend(items, dueAt) {
      for (const item of items) {
        const [planned, job] = [await dueAtOf(item), await link.answer(queue.getJob(nameOf(item)))];
        const isLate = planned !== null && planned < clock.now().getTime() - LATE_MS;
        if (job !== undefined && !isLate) continue;
        if (planned === null) await plan(item, dueAt);
        else await wake(item);
      }
    },
    start(handler) {
      worker = new Worker<WorkItem>(
        link.namespace,
        (job, token) => {
          const run = work(job, token, handler);
          track(run);
          return run;
        },
        {
          ...options,
          concurrency: AT_ONCE,
          lockDuration: LOCK_MS,
          stalledInterval: STALLED_CHECK_MS,
          // An item outlives any number of gateways that died with it.
          maxStalledCount: Number.MAX_SAFE_INTEGER,
          runRetryDelay: RETRY_FETCH_MS,
        },
      );
      worker.on("error", () => undefined);
      // Its job is gone only now: what was planned while it ran needs a new one.
      worker.on("completed", (job) => track(wake(job.data)));
    },
    stop,
    async close() {
      await stop();
      await queue.close();
    },
  };
}

/** A job that runs already, or is gone, is not there to be delayed. */
async function delayBy(job: Job, delayMs: number): Promise<void> {
  try {
    await job.changeDelay(delayMs);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && NOT_DELAYED.includes(error.code))) throw error;
  }
}
