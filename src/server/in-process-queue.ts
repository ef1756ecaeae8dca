// Due work within one process. What is due is in the store; losing this plan loses nothing but a moment.
import type { Clock } from "../domain/clock.ts";
import type { WorkItem, WorkQueue } from "../domain/runtime-ports.ts";

interface Planned {
  readonly item: WorkItem;
  readonly dueAt: Date;
  readonly cancelled: AbortController;
}

export function createInProcessQueue(clock: Clock, onError: (error: unknown, item: WorkItem) => void): WorkQueue {
  const planned = new Map<string, Planned>();
  const running = new Map<string, Promise<void>>();
  let handler: ((item: WorkItem) => Promise<void>) | null = null;
  let closed = false;

  const keyOf = ({ kind, tenantId, providerKey }: WorkItem): string => JSON.stringify([kind, tenantId, providerKey]);

  function wait(plan: Planned): void {
    const delayMs = Math.max(0, plan.dueAt.getTime() - clock.now().getTime());
    void clock.sleep(delayMs, plan.cancelled.signal).then(
      () => run(plan),
      // Cancelled: an earlier time took its place, or the queue is closed.
      () => undefined,
    );
  }

  function run(plan: Planned): void {
    const key = keyOf(plan.item);
    // While the item runs its next turn stays planned; it is taken up when this one ends.
    if (handler === null || closed || running.has(key) || planned.get(key) !== plan) return;
    planned.delete(key);
    const work = handler(plan.item)
      .catch((error: unknown) => onError(error, plan.item))
      .finally(() => {
        running.delete(key);
        const next = planned.get(key);
        if (next !== undefined) wait(next);
      });
    running.set(key, work);
  }

  async function close(): Promise<void> {
    closed = true;
    for (const plan of planned.values()) plan.cancelled.abort();
    planned.clear();
    await Promise.all(running.values());
  }

  function schedule(item: WorkItem, dueAt: Date): void {
    const key = keyOf(item);
    const before = planned.get(key);
    if (closed || (before !== undefined && before.dueAt <= dueAt)) return;
    before?.cancelled.abort();
    const plan: Planned = { item, dueAt, cancelled: new AbortController() };
    planned.set(key, plan);
    if (handler !== null && !running.has(key)) wait(plan);
  }

  return {
    schedule(item, dueAt) {
      schedule(item, dueAt);
      return Promise.resolve();
    },
    planAgain() {
      for (const { item } of [...planned.values()]) schedule(item, clock.now());
    },
    start(newHandler) {
      handler = newHandler;
      for (const plan of planned.values()) wait(plan);
    },
    // Nobody else would take up what is planned for later.
    stop: close,
    close,
  };
}
