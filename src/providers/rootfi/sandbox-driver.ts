// What makes the RootFi sandbox tell events by itself. Runs are worked out when somebody asks; while somebody listens, a timer asks at
// the next moment at which a run begins, ends or is due. What an event says to whom, and the sending, are not here.
import type { Deliveries, Letter } from "./sandbox-deliveries.ts";
import { type Run, type RunBook, momentMs } from "./sandbox-runs.ts";

/** The two events this sandbox has: its connections do not change and it has no records. */
export type EventKind = "SYNC_STARTED" | "SYNC_COMPLETED";

/** One registration for one kind of event. */
export interface Listener {
  readonly kind: EventKind;
  /** Only runs of this integration; null for all. */
  readonly integration: string | null;
  /** What it is told of a run in which the event happened at that moment. */
  letter(run: Run, atMs: number): Letter;
}

interface Happening {
  readonly key: string;
  readonly kind: EventKind;
  readonly run: Run;
  readonly atMs: number;
}

export class Driver {
  readonly #book: RunBook;
  readonly #listeners: () => readonly Listener[];
  readonly #deliveries: Deliveries;
  /** Keys of what has happened and needs no telling any more; null while nobody listens. */
  #settled: Set<string> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(book: RunBook, listeners: () => readonly Listener[], deliveries: Deliveries) {
    this.#book = book;
    this.#listeners = listeners;
    this.#deliveries = deliveries;
  }

  /** Tells what is new. Called before and after every request, and by the timer. */
  advance(): void {
    clearTimeout(this.#timer);
    const listeners = this.#listeners();
    if (this.#stopped || listeners.length === 0) {
      this.#settled = null;
      return;
    }
    const nowMs = Date.now();
    const all = this.#book.all(nowMs).flatMap(happenings);
    const past = all.filter(({ atMs }) => atMs <= nowMs);
    // What had happened before anybody listened is not told later.
    const settled = this.#settled ?? new Set(past.map(({ key }) => key));
    const news = past.filter(({ key }) => !settled.has(key));
    for (const happening of news.toSorted((one, other) => one.atMs - other.atMs)) {
      settled.add(happening.key);
      this.#tell(happening, listeners);
    }
    this.#settled = settled;
    const ahead = all.filter(({ atMs }) => atMs > nowMs).map(({ atMs }) => atMs);
    this.#wakeAt(Math.min(...ahead, this.#book.nextStartMs()), nowMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #tell({ kind, run, atMs }: Happening, listeners: readonly Listener[]): void {
    const concerned = listeners.filter(
      (listener) =>
        listener.kind === kind && (listener.integration === null || listener.integration === run.integration),
    );
    if (concerned.length > 0) this.#deliveries.send(concerned.map((listener) => listener.letter(run, atMs)));
  }

  #wakeAt(moment: number, nowMs: number): void {
    if (moment === Number.POSITIVE_INFINITY) return;
    // Moments are fractions of milliseconds, the clock is not: a look too early would find nothing.
    this.#timer = setTimeout(() => this.advance(), Math.max(1, Math.ceil(moment - nowMs))).unref();
  }
}

/** The beginning of a run that was stopped before it never comes: its moment is infinity. */
function happenings(run: Run): readonly Happening[] {
  const happening = (kind: EventKind, lifeMs: number): Happening => ({
    key: `${run.syncId}:${kind}`,
    kind,
    run,
    atMs: momentMs(run, lifeMs),
  });
  return [happening("SYNC_STARTED", run.plan.startMs), happening("SYNC_COMPLETED", run.plan.endMs)];
}
