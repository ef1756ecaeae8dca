// What makes the RootFi sandbox tell events by itself. Runs are worked out when somebody asks; while somebody is registered for
// SYNC_COMPLETED, a timer asks at the next moment at which a run ends or starts. Sending is not here.
import type { Deliveries } from "./sandbox-deliveries.ts";
import { type Run, type RunBook, hasEnded, momentMs } from "./sandbox-runs.ts";
import { type Webhook, completionView } from "./sandbox-views.ts";

/** The one event this sandbox has: its connections do not change and it has no records. */
const EVENT = "SYNC_COMPLETED";

export class Driver {
  readonly #book: RunBook;
  readonly #webhooks: ReadonlyMap<string, Webhook>;
  readonly #deliveries: Deliveries;
  /** Ids of the ended runs that need no telling any more; null while nobody listens. */
  #settled: Set<string> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(book: RunBook, webhooks: ReadonlyMap<string, Webhook>, deliveries: Deliveries) {
    this.#book = book;
    this.#webhooks = webhooks;
    this.#deliveries = deliveries;
  }

  /** Tells what is new. Called before and after every request, and by the timer. */
  advance(): void {
    clearTimeout(this.#timer);
    const listeners = [...this.#webhooks.values()].filter(({ type }) => type === EVENT);
    if (this.#stopped || listeners.length === 0) {
      this.#settled = null;
      return;
    }
    const nowMs = Date.now();
    const runs = this.#book.all(nowMs);
    const ended = runs.filter((run) => hasEnded(run, nowMs));
    // What had ended before anybody listened is not told later.
    const settled = this.#settled ?? new Set(ended.map(({ syncId }) => syncId));
    const news = ended.filter(({ syncId }) => !settled.has(syncId));
    for (const run of news.toSorted((one, other) => endMs(one) - endMs(other))) {
      settled.add(run.syncId);
      this.#tell(run, listeners);
    }
    this.#settled = settled;
    const ends = runs.filter((run) => !hasEnded(run, nowMs)).map(endMs);
    this.#wakeAt(Math.min(...ends, this.#book.nextStartMs()), nowMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #tell(run: Run, listeners: readonly Webhook[]): void {
    // A registration may be changed or removed while an event is tried again.
    const recipients = listeners.map(({ id }) => () => {
      const webhook = this.#webhooks.get(id);
      return webhook?.type === EVENT && !this.#stopped ? webhook : undefined;
    });
    this.#deliveries.send(recipients, completionView(run, endMs(run)));
  }

  #wakeAt(moment: number, nowMs: number): void {
    if (moment === Number.POSITIVE_INFINITY) return;
    // Moments are fractions of milliseconds, the clock is not: a look too early would find nothing.
    this.#timer = setTimeout(() => this.advance(), Math.max(1, Math.ceil(moment - nowMs))).unref();
  }
}

const endMs = (run: Run): number => momentMs(run, run.plan.endMs);
