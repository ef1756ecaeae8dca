// The state of one Truto sandbox: accounts, jobs, runs, cron triggers, webhooks and states, and runs that begin by themselves.
// Routes read and change it; it knows nothing of HTTP.
import type { JobBody, RunBody, TriggerBody } from "./sandbox-bodies.ts";
import { dueTimes } from "./sandbox-cron.ts";
import { type Account, seedAccounts, seedJobs, usualAccount } from "./sandbox-data.ts";
import { type Fate, type Run, draw, endsAt, hasEnded, idFrom, release } from "./sandbox-runs.ts";

export interface Job {
  readonly id: string;
  readonly fate: Fate;
  body: JobBody;
  readonly createdAt: number;
  updatedAt: number;
}

export interface Trigger {
  readonly id: string;
  body: TriggerBody;
  /** Triggers do nothing until they are scheduled, and again after their expression changed. */
  scheduled: boolean;
  /** Looked at until then, in epoch milliseconds. */
  checkedUntil: number;
  readonly createdAt: number;
  updatedAt: number;
}

export interface Webhook {
  readonly id: string;
  targetUrl: string;
  isActive: boolean;
  eventTypes: readonly string[] | null;
  readonly secret: string;
  /** Deliveries given up since one was last taken. */
  droppedInARow: number;
  readonly createdAt: number;
  updatedAt: number;
}

export interface RunState {
  readonly key: string;
  value: unknown;
  readonly createdAt: number;
  updatedAt: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const KEPT_RUNS = 2000;
/** What the vendor stamps on a job that names no runtime. */
const LEGACY_RUNTIME = 3;

export class World {
  readonly environmentId: string;
  readonly accounts: readonly Account[];
  readonly jobs = new Map<string, Job>();
  readonly runs = new Map<string, Run>();
  readonly triggers = new Map<string, Trigger>();
  readonly webhooks = new Map<string, Webhook>();
  /** By state key, then by the key of the value. */
  readonly states = new Map<string, Map<string, RunState>>();
  readonly seed: number;
  readonly speed: number;
  readonly startedAt = Date.now();
  #waiting: Run[] = [];
  #made = 0;

  constructor(seed: number, speed: number) {
    this.seed = seed;
    this.speed = speed;
    this.environmentId = idFrom(seed, "environment");
    this.accounts = seedAccounts(seed);
    for (const { id, key, fate, body, history } of seedJobs(seed)) {
      const createdAt = this.startedAt - 30 * DAY_MS - draw(id, 10 * DAY_MS);
      const job: Job = { id, fate, body, createdAt, updatedAt: createdAt + DAY_MS };
      this.jobs.set(id, job);
      for (let index = 0; index < history; index += 1) this.#addPast(job, key, index, history);
    }
    this.#addHubspotTrigger();
  }

  /** Lets happen what is due: triggered runs, and runs whose turn has come. Called before every request is answered. */
  catchUp(now: number): void {
    for (const trigger of this.triggers.values()) this.#runTrigger(trigger, now);
    for (const run of this.#waiting) this.#letGo(run, now);
    this.#waiting = this.#waiting.filter((run) => run.steps.length === 0);
  }

  /** Begins a run; the arguments have been checked. */
  start(job: Job, body: Omit<RunBody, "sync_job_id">, now: number): Run {
    return this.#add(job, body, now, this.nextId("run"));
  }

  /** Newest first. */
  runsNewestFirst(): readonly Run[] {
    return [...this.runs.values()].toSorted(
      (one, other) => other.createdAt - one.createdAt || other.id.localeCompare(one.id),
    );
  }

  account(id: string): Account | undefined {
    return this.accounts.find((account) => account.id === id.toLowerCase());
  }

  /**
   * The next id of something made while serving. It holds the moment the sandbox began: a client that remembers runs over a
   * restart must not meet a new run under an old one's id. What is there at the start has ids made from the seed alone.
   */
  nextId(kind: string): string {
    this.#made += 1;
    return idFrom(this.seed, kind, this.startedAt, this.#made);
  }

  #add(job: Job, body: Omit<RunBody, "sync_job_id">, createdAt: number, id: string): Run {
    const { integrated_account_id: accountId, ...rest } = body;
    const run: Run = {
      id,
      jobId: job.id,
      accountId,
      body: rest,
      resources: body.resources ?? job.body.resources ?? [],
      version: job.body.default_runtime_version ?? LEGACY_RUNTIME,
      fate: job.fate,
      createdAt,
      mutex: mutexOf(job, body),
      steps: [],
      workMs: 0,
      heldSince: null,
      heldMs: 0,
      deletedAt: null,
    };
    this.runs.set(id, run);
    const [oldest] = this.runs.keys();
    if (this.runs.size > KEPT_RUNS && oldest !== undefined) this.runs.delete(oldest);
    this.#waiting.push(run);
    this.#letGo(run, createdAt);
    return run;
  }

  /** Lets a run begin when all earlier runs of its mutex have ended, at the moment the last of them did. */
  #letGo(run: Run, now: number): void {
    if (run.steps.length > 0) return;
    const all = [...this.runs.values()];
    const before =
      run.mutex === null ? [] : all.slice(0, all.indexOf(run)).filter((other) => other.mutex === run.mutex);
    if (before.some((other) => !hasEnded(other, now))) return;
    release(run, Math.max(run.createdAt, ...before.map((other) => endsAt(other) ?? 0)), this.speed);
  }

  #runTrigger(trigger: Trigger, now: number): void {
    const { checkedUntil, body } = trigger;
    trigger.checkedUntil = now;
    const job = this.jobs.get(body.sync_job_id);
    const accountId = body.integrated_account_id;
    if (!trigger.scheduled || job === undefined || accountId === undefined) return;
    if (this.account(accountId)?.status !== "active") return;
    for (const at of dueTimes(body.cron_expression, checkedUntil, now, this.speed)) {
      const open = [...this.runs.values()].some(
        (run) => run.jobId === job.id && run.accountId === accountId && !hasEnded(run, at),
      );
      // The next one would only wait for its turn, and a faster sandbox would pile them up.
      if (!open) this.#add(job, { integrated_account_id: accountId, args: body.args ?? {} }, at, this.nextId("run"));
    }
  }

  #addPast(job: Job, key: string, index: number, history: number): void {
    const everyMs = Math.floor((22 * HOUR_MS) / history);
    const createdAt =
      this.startedAt - 8 * MINUTE_MS - (history - 1 - index) * everyMs - draw(`${job.id}/${index}`, 30 * MINUTE_MS);
    const accountId = usualAccount(this.seed, key);
    const args = key === "zendesk" ? { start_date: "2026-01-01" } : {};
    this.#add(job, { integrated_account_id: accountId, args }, createdAt, idFrom(this.seed, "past run", job.id, index));
  }

  #addHubspotTrigger(): void {
    const id = idFrom(this.seed, "cron trigger", "hubspot");
    const createdAt = this.startedAt - 20 * DAY_MS;
    const body: TriggerBody = {
      sync_job_id: idFrom(this.seed, "sync job", "hubspot"),
      integrated_account_id: usualAccount(this.seed, "hubspot"),
      cron_expression: "* * * * *",
      args: {},
      error_handling: "ignore",
    };
    this.triggers.set(id, { id, body, scheduled: true, checkedUntil: this.startedAt, createdAt, updatedAt: createdAt });
  }
}

/** Runs of the same job that resolve to the same key take turns. */
function mutexOf(job: Job, body: Omit<RunBody, "sync_job_id">): string | null {
  const key = body.mutex_key ?? job.body.mutex_key ?? null;
  if (key === null || body.force === true) return null;
  const resolved = key.replaceAll(/\{\{\s*args\.(\w+)\s*\}\}/g, (_match, name: string) => {
    const value = body.args?.[name];
    return typeof value === "string" ? value : body.integrated_account_id;
  });
  return `${job.id}/${resolved}`;
}
