// What makes the Polytomic sandbox tell events by itself. Runs are worked out when somebody asks; while the organization has an
// enabled webhook, a timer asks at the next moment at which something happens. Sending is not here.
import type { Deliveries } from "./sandbox-deliveries.ts";
import { eventView, happenings } from "./sandbox-events.ts";
import { hasEnded, nextStepAt } from "./sandbox-executions.ts";
import type { Webhook, World } from "./sandbox-world.ts";

export class Driver {
  readonly #world: World;
  readonly #deliveries: Deliveries;
  /** How many of a run's happenings are told, by the run's id; all of them once it has ended. */
  readonly #told = new Map<string, number>();
  #listener: Webhook | null = null;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(world: World, deliveries: Deliveries) {
    this.#world = world;
    this.#deliveries = deliveries;
  }

  /** Brings the sandbox up to now and tells what is new. Called before and after every request, and by the timer. */
  advance(): void {
    const now = Date.now();
    this.#world.catchUp(now);
    clearTimeout(this.#timer);
    const listener = this.#stopped || this.#world.webhook?.disabled === true ? null : this.#world.webhook;
    if (listener !== this.#listener) this.#told.clear();
    if (listener !== null) this.#tell(listener, now, listener === this.#listener);
    this.#listener = listener;
    if (listener !== null) this.#wakeAt(this.#nextMoment(now), now);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** @param isKnown false for a webhook that has just been made or enabled: what happened before is not sent later */
  #tell(listener: Webhook, now: number, isKnown: boolean): void {
    const { executions, syncs } = this.#world;
    const news = [...executions.values()].flatMap((execution) => {
      const sync = syncs.get(execution.syncId);
      const told = this.#told.get(execution.id) ?? 0;
      if (sync === undefined || told === Infinity) return [];
      const happened = happenings(execution, now);
      this.#told.set(execution.id, hasEnded(execution, now) ? Infinity : happened.length);
      return isKnown
        ? happened.slice(told).map((one) => ({ at: one.at, event: eventView(this.#world, sync, execution, one) }))
        : [];
    });
    for (const id of this.#told.keys()) if (!executions.has(id)) this.#told.delete(id);
    const recipient = (): Webhook | null => (this.#world.webhook === listener && !listener.disabled ? listener : null);
    for (const { event } of news.toSorted((one, other) => one.at - other.at)) this.#deliveries.send(recipient, event);
  }

  /** Epoch milliseconds of the next step of a run or the next run by schedule; null when there is none. */
  #nextMoment(now: number): number | null {
    const steps = [...this.#world.executions.values()].map((execution) => nextStepAt(execution, now));
    const runs = [...this.#world.syncs.values()].map((sync) => this.#world.nextRun(sync, now));
    const moments = [...steps, ...runs].filter((moment) => moment !== null);
    return moments.length === 0 ? null : moments.reduce((one, other) => Math.min(one, other));
  }

  #wakeAt(moment: number | null, now: number): void {
    if (moment === null) return;
    // A timer may fire a fraction early; then nothing is new yet and the next one is set.
    this.#timer = setTimeout(() => this.advance(), Math.max(1, moment - now)).unref();
  }
}
