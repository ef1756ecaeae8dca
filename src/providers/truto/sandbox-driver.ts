// What makes the Truto sandbox tell events by itself, and runs wait for the answer to their `started`. Runs are worked out when
// somebody asks; while there is an active webhook, a timer asks at the next moment at which something happens. Sending is not here.
import { nextLook } from "./sandbox-cron.ts";
import type { Deliveries, Outcome } from "./sandbox-deliveries.ts";
import { type Happening, STARTED, TEST, happenings } from "./sandbox-happenings.ts";
import { type Run, goOn, hasEnded, holdAtStart, idFrom, iso, nextStepAt, putInto, runView } from "./sandbox-runs.ts";
import type { Webhook, World } from "./sandbox-world.ts";

export class Driver {
  readonly #world: World;
  readonly #deliveries: Deliveries;
  /** How many of a run's happenings are told. */
  readonly #told = new Map<Run, number>();
  /** Runs whose `started` is under way. */
  readonly #asking = new Set<Run>();
  #isListening = false;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(world: World, deliveries: Deliveries) {
    this.#world = world;
    this.#deliveries = deliveries;
  }

  /** Brings the sandbox up to now and tells what is new. Called before and after every request, and by the timer. */
  advance(): void {
    if (this.#stopped) return;
    const now = Date.now();
    clearTimeout(this.#timer);
    // Before the queue moves: a run that stands still keeps its turn.
    this.#holdStarting(now);
    this.#world.catchUp(now);
    this.#holdStarting(now);
    const isListening = this.#activeWebhooks().length > 0;
    if (isListening) this.#tell(now);
    else this.#told.clear();
    this.#isListening = isListening;
    if (isListening) this.#wake(now);
  }

  /** Sends `test`, or what the caller wants to see simulated, whatever the webhook listens to. */
  test(webhook: Webhook, event: string | undefined): void {
    const now = Date.now();
    const id = this.#world.nextId("test delivery");
    void this.#send(webhook, event ?? TEST, { foo: "bar" }, now, id);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #activeWebhooks(event?: string): readonly Webhook[] {
    const active = [...this.#world.webhooks.values()].filter(({ isActive }) => isActive);
    return event === undefined ? active : active.filter(({ eventTypes }) => listensTo(eventTypes, event));
  }

  /** Lets no run go on behind its start before whoever listens has been asked; lets all go when nobody listens. */
  #holdStarting(now: number): void {
    const isAsked = this.#activeWebhooks(STARTED).length > 0;
    for (const run of this.#world.runs.values()) {
      if (this.#asking.has(run) || hasEnded(run, now)) continue;
      if (!isAsked) goOn(run, now);
      else if (!this.#isPast(run, now)) holdAtStart(run);
    }
  }

  /** Whether the start of a run is told already, or was before anybody listened. */
  #isPast(run: Run, now: number): boolean {
    const told = this.#told.get(run);
    const known = told ?? (this.#isListening ? 0 : Infinity);
    return happenings(run, now)
      .slice(0, known)
      .some(({ event }) => event === STARTED);
  }

  #tell(now: number): void {
    const { runs } = this.#world;
    // Removed runs are among those told of; they are told of once more and forgotten.
    const news = [...new Set([...this.#told.keys(), ...runs.values()])].flatMap((run) => {
      const happened = happenings(run, now);
      const told = this.#told.get(run) ?? (this.#isListening ? 0 : happened.length);
      if (runs.has(run.id)) this.#told.set(run, happened.length);
      else this.#told.delete(run);
      return happened.slice(told).map((happening) => ({ run, happening }));
    });
    for (const { run, happening } of news.toSorted((one, other) => one.happening.at - other.happening.at)) {
      this.#tellOne(run, happening);
    }
  }

  #tellOne(run: Run, { event, at }: Happening): void {
    const payload = runView(run, at);
    const outcomes = this.#activeWebhooks(event).map((webhook) =>
      this.#send(webhook, event, payload, at, idFrom(run.id, event, at, webhook.id)),
    );
    if (event !== STARTED || run.heldSince === null) return;
    this.#asking.add(run);
    void Promise.all(outcomes).then((answers) => this.#letGo(run, answers));
  }

  #letGo(run: Run, answers: readonly Outcome[]): void {
    const now = Date.now();
    this.#asking.delete(run);
    // A receiver that never answered well has had its tries: the run goes on without it.
    if (answers.includes("vetoed") && !hasEnded(run, now)) putInto(run, "stopped", now);
    else goOn(run, now);
    this.advance();
  }

  #send(webhook: Webhook, event: string, payload: unknown, at: number, id: string): Promise<Outcome> {
    const { webhooks, environmentId } = this.#world;
    const body = { id, event, payload, environment_id: environmentId, webhook_id: webhook.id, created_at: iso(at) };
    const isWanted = (): boolean => webhooks.get(webhook.id) === webhook;
    return this.#deliveries.send({ webhook, isWanted, body, canVeto: event === STARTED });
  }

  #wake(now: number): void {
    const steps = [...this.#world.runs.values()].map((run) => nextStepAt(run, now));
    const triggers = [...this.#world.triggers.values()].filter(({ scheduled }) => scheduled);
    const looks = triggers.map(({ body }) => nextLook(body.cron_expression, now, this.#world.speed));
    const moments = [...steps, ...looks].filter((moment) => moment !== null);
    if (moments.length === 0) return;
    const next = moments.reduce((one, other) => Math.min(one, other));
    // A timer may fire a fraction early; then nothing is new yet and the next one is set.
    this.#timer = setTimeout(() => this.advance(), Math.max(1, next - now)).unref();
  }
}

/** A webhook without a list listens to everything. */
const listensTo = (eventTypes: readonly string[] | null, event: string): boolean =>
  eventTypes === null || eventTypes.length === 0 || eventTypes.includes(event);
