// The state of one Polytomic sandbox: definitions, their runs, the webhook, and runs that begin by themselves.
// Routes read and change it; it knows nothing of HTTP.
import type { ScheduleBody, StartBody, SyncBody } from "./sandbox-body.ts";
import { type Actor, type Organization, seedOrganization } from "./sandbox-data.ts";
import {
  type Execution,
  type Fate,
  cancelExecution,
  draw,
  endsAt,
  hasEnded,
  idFrom,
  planExecution,
  statusAt,
} from "./sandbox-executions.ts";

export interface SyncRecord {
  readonly id: string;
  readonly fate: Fate;
  body: SyncBody;
  active: boolean;
  readonly createdAt: number;
  updatedAt: number;
  readonly createdBy: Actor;
  /** Schedules have been looked at until then. */
  scheduledUntil: number;
}

export interface Webhook {
  readonly id: string;
  endpoint: string;
  secret: string;
  disabled: boolean;
  readonly createdAt: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
/** Runs kept per definition, and missed runs made up for after nobody asked for long. */
const KEPT_RUNS = 400;
const CAUGHT_UP_RUNS = 20;

export class World {
  readonly organization: Organization;
  readonly syncs = new Map<string, SyncRecord>();
  readonly executions = new Map<string, Execution>();
  readonly speed: number;
  readonly seed: number;
  webhook: Webhook | null = null;
  readonly #startedAt = Date.now();
  /** Runs whose end has not been looked at for definitions that run after them. */
  #unfollowed: Execution[] = [];
  #made = 0;

  constructor(seed: number, speed: number) {
    this.seed = seed;
    this.speed = speed;
    this.organization = seedOrganization(seed);
    for (const { id, fate, body, history } of this.organization.syncs) {
      const createdAt = this.#startedAt - 60 * DAY_MS + draw(id, DAY_MS);
      const updatedAt = this.#startedAt - 2 * DAY_MS - draw(`${id}/updated`, 10 * DAY_MS);
      const createdBy = this.organization.user;
      const active = body.active ?? true;
      const sync: SyncRecord = {
        id,
        fate,
        body,
        active,
        createdAt,
        updatedAt,
        createdBy,
        scheduledUntil: this.#startedAt,
      };
      this.syncs.set(id, sync);
      for (let index = 0; index < history; index += 1) this.#addPast(sync, index, history);
    }
  }

  /** Lets happen what is due: scheduled runs, and runs that follow others. Called before every request is answered. */
  catchUp(now: number): void {
    for (const sync of this.syncs.values()) this.#runSchedule(sync, now);
    const ended = this.#unfollowed.filter((execution) => hasEnded(execution, now));
    this.#unfollowed = this.#unfollowed.filter((execution) => !hasEnded(execution, now));
    for (const execution of ended) this.#startFollowers(execution);
  }

  /** Adds a definition; those that clients make always complete. */
  addSync(body: SyncBody, now: number): SyncRecord {
    const id = this.nextId("sync");
    const active = body.active ?? true;
    const createdBy = this.organization.user;
    const sync: SyncRecord = {
      id,
      fate: "complete",
      body,
      active,
      createdAt: now,
      updatedAt: now,
      createdBy,
      scheduledUntil: now,
    };
    this.syncs.set(id, sync);
    return sync;
  }

  /** Removes a definition; what runs of it is cancelled, and its runs can no longer be read. */
  removeSync(sync: SyncRecord, now: number): void {
    for (const execution of this.executionsOf(sync.id)) cancelExecution(execution, now, this.speed);
    this.syncs.delete(sync.id);
  }

  start(sync: SyncRecord, options: StartBody, now: number): Execution {
    return this.#add(sync, "manual", now, this.nextId("execution"), options);
  }

  /** Newest first. */
  executionsOf(syncId: string): readonly Execution[] {
    const own = [...this.executions.values()].filter((execution) => execution.syncId === syncId);
    return own.toSorted((one, other) => other.createdAt - one.createdAt || other.id.localeCompare(one.id));
  }

  openExecution(syncId: string, at: number): Execution | undefined {
    return this.executionsOf(syncId).find((execution) => execution.createdAt <= at && !hasEnded(execution, at));
  }

  /**
   * The next id of something made while serving. It holds the moment the sandbox began: a client that remembers runs over a
   * restart must not meet a new run under an old one's id. What is there at the start has ids made from the seed alone.
   */
  nextId(kind: string): string {
    this.#made += 1;
    return idFrom(this.seed, kind, this.#startedAt, this.#made);
  }

  /** Epoch milliseconds of the next run by schedule after that moment; null when nothing is planned. */
  nextRun(sync: SyncRecord, after: number): number | null {
    return sync.active ? nextOf(sync.body.schedule, after, sync.createdAt, this.speed) : null;
  }

  #runSchedule(sync: SyncRecord, now: number): void {
    const due: number[] = [];
    let next = this.nextRun(sync, sync.scheduledUntil);
    while (next !== null && next <= now) {
      due.push(next);
      next = this.nextRun(sync, next);
    }
    sync.scheduledUntil = now;
    for (const at of due.slice(-CAUGHT_UP_RUNS)) {
      if (this.openExecution(sync.id, at) === undefined) this.#add(sync, "scheduled", at, this.nextId("execution"), {});
    }
  }

  #startFollowers(execution: Execution): void {
    const at = endsAt(execution);
    for (const sync of this.syncs.values()) {
      const { frequency, run_after, run_after_success_only } = sync.body.schedule;
      const follows = frequency === "runafter" && run_after?.sync_ids?.includes(execution.syncId) === true;
      if (!sync.active || !follows || sync.createdAt > at) continue;
      if (run_after_success_only === true && statusAt(execution, at) !== "completed") continue;
      if (this.openExecution(sync.id, at) === undefined) this.#add(sync, "scheduled", at, this.nextId("execution"), {});
    }
  }

  #addPast(sync: SyncRecord, index: number, history: number): void {
    const { frequency } = sync.body.schedule;
    const everyMs = frequency === "hourly" ? HOUR_MS : Math.floor((22 * HOUR_MS) / Math.max(1, history));
    const at = this.#startedAt - 10 * MINUTE_MS - index * everyMs - draw(`${sync.id}/${index}`, 20 * MINUTE_MS);
    const type = frequency === "manual" ? "manual" : "scheduled";
    // The paused definition last ran long ago: before somebody paused it.
    const createdAt = sync.active ? at : at - 20 * HOUR_MS;
    this.#add(sync, type, createdAt, idFrom(this.seed, "past execution", sync.id, index), {}, false);
  }

  #add(
    sync: SyncRecord,
    type: Execution["type"],
    createdAt: number,
    id: string,
    options: StartBody,
    followed = true,
  ): Execution {
    const { fate } = sync;
    const plan = { id, syncId: sync.id, fate, mode: sync.body.mode, type, createdAt, speed: this.speed, options };
    const execution = planExecution(plan);
    this.executions.set(id, execution);
    if (followed) this.#unfollowed.push(execution);
    const tooOld = this.executionsOf(sync.id).slice(KEPT_RUNS);
    for (const old of tooOld) this.executions.delete(old.id);
    return execution;
  }
}

/** Schedules follow the real calendar in UTC, apart from `continuous`, which is every minute of the sandbox's own time. */
function nextOf(schedule: ScheduleBody, after: number, anchor: number, speed: number): number | null {
  const minute = Number(schedule.minute ?? 0);
  const hour = Number(schedule.hour ?? 0);
  const step = (first: number, everyMs: number): number =>
    first + (Math.floor((after - first) / everyMs) + 1) * everyMs;
  switch (schedule.frequency) {
    case "continuous":
      return step(anchor, Math.max(1, Math.round(MINUTE_MS / speed)));
    case "hourly":
      return step(minute * MINUTE_MS, HOUR_MS);
    case "daily":
      return step(hour * HOUR_MS + minute * MINUTE_MS, DAY_MS);
    case "weekly": {
      // Day 0 of the epoch was a Thursday.
      const day = (WEEKDAYS.indexOf(schedule.day_of_week ?? "sunday") + 3) % 7;
      return step(day * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS, 7 * DAY_MS);
    }
    default:
      return null;
  }
}
