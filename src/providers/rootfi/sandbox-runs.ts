// The RootFi sandbox's book of runs: history at the start, runs asked for, and runs that start by themselves when their time has come.
// Nothing ticks here: what a run is doing is worked out from its age whenever somebody asks.
import { createHash } from "node:crypto";
import type { CompanySeed, ConnectionSeed } from "./sandbox-data.ts";
import { COMPANIES, Fate, enabledModels } from "./sandbox-data.ts";
import { uuidOf } from "./sandbox-ids.ts";
import type { Plan } from "./sandbox-plan.ts";
import { RunStatus, planRun, runStatus, stoppedPlan } from "./sandbox-plan.ts";

export interface Run {
  /** The id in paths of v3. */
  readonly syncId: string;
  /** The same run's id in v4. */
  readonly uuid: string;
  /** `rootfi_id`; rises with time. Its jobs' ids are `firstJobId`, `firstJobId + 1` ... */
  readonly rowId: number;
  readonly firstJobId: number;
  readonly companyId: number;
  readonly integration: string;
  readonly models: readonly string[];
  readonly fullSync: boolean;
  readonly automatic: boolean;
  readonly createdAtMs: number;
  /** How much faster than life this run goes. */
  readonly pace: number;
  readonly plan: Plan;
}

type RunRequest = Pick<Run, "companyId" | "models" | "fullSync"> & { readonly connection: ConnectionSeed };

/** What a run reads that starts by itself at that place of the schedule, counted from 0; nothing when none is to start. */
type DueModels = (companyId: number, connection: ConnectionSeed, place: number) => readonly string[];

export class RunBook {
  /** In the order in which they were created. */
  readonly #runs: Run[] = [];
  readonly #schedules: Schedule[];
  readonly #speed: number;
  readonly #seed: number;
  readonly #startedAtMs: number;
  readonly #dueModels: DueModels;
  #nextJobId = 551_001;

  constructor(options: { readonly seed: number; readonly speed: number }, nowMs: number, dueModels: DueModels) {
    this.#dueModels = dueModels;
    this.#seed = options.seed;
    this.#startedAtMs = nowMs;
    this.#speed = options.speed;
    this.#schedules = schedulesFrom(nowMs, options.speed);
    for (const past of pastRuns()) {
      this.#add(past.request, nowMs - past.agoMs, { automatic: past.automatic, pace: 1, fate: past.fate, past: true });
    }
  }

  /** All runs so far, newest first. */
  all(nowMs: number): readonly Run[] {
    this.#startScheduled(nowMs);
    return this.#runs.toReversed();
  }

  start(request: RunRequest, nowMs: number, automatic = false): Run {
    this.#startScheduled(nowMs);
    return this.#add(request, nowMs, {
      automatic,
      pace: this.#speed,
      fate: request.connection.fate,
      past: false,
    });
  }

  /** Ends a run that has not ended. */
  stop(run: Run, nowMs: number): void {
    const place = this.#runs.indexOf(run);
    if (place !== -1) this.#runs[place] = { ...run, plan: stoppedPlan(run.plan, ageMs(run, nowMs)) };
  }

  /** Epoch milliseconds at which the next run may start by itself; infinity when none will. */
  nextStartMs(): number {
    return Math.min(...this.#schedules.map(nextAtMs));
  }

  /** The run of that company and integration that has not ended; undefined when there is none. */
  open(companyId: number, integration: string, nowMs: number): Run | undefined {
    return this.all(nowMs).find((run) => belongs(run, companyId, integration) && !hasEnded(run, nowMs));
  }

  /** When data was last read with success; null when it never was. */
  lastSuccessMs(companyId: number, integration: string, nowMs: number): number | null {
    const latest = this.all(nowMs).find(
      (run) => belongs(run, companyId, integration) && runStatus(run.plan, ageMs(run, nowMs)) === RunStatus.Success,
    );
    return latest === undefined ? null : momentMs(latest, latest.plan.endMs);
  }

  #startScheduled(nowMs: number): void {
    for (const schedule of this.#schedules) {
      // After a long silence only the last few missed runs are caught up with.
      const missed = Math.floor((nowMs - nextAtMs(schedule)) / schedule.everyMs) + 1;
      schedule.place += Math.max(0, missed - MOST_CAUGHT_UP);
      for (; nextAtMs(schedule) <= nowMs; schedule.place += 1) this.#startDue(schedule, nextAtMs(schedule));
    }
  }

  #startDue({ companyId, connection, place }: Schedule, atMs: number): void {
    const busy = this.#runs.some((run) => belongs(run, companyId, connection.integration) && !hasEnded(run, atMs));
    const models = this.#dueModels(companyId, connection, place);
    if (busy || models.length === 0) return;
    const request = { companyId, connection, models, fullSync: false };
    this.#add(request, atMs, { automatic: true, pace: this.#speed, fate: connection.fate, past: false });
  }

  #add(
    request: RunRequest,
    createdAtMs: number,
    how: { readonly automatic: boolean; readonly pace: number; readonly fate: Fate; readonly past: boolean },
  ): Run {
    const rowId = 190_001 + this.#runs.length;
    // A sandbox that starts again must not give a new run the id of one that an earlier sandbox ended.
    const label = how.past ? `${this.#seed}:sync:${rowId}` : `${this.#seed}:sync:${rowId}:${this.#startedAtMs}`;
    const digest = createHash("sha256").update(label).digest("base64");
    const plan = planRun(how.fate, request.models, (label, bound) => drawn(`${this.#seed}:${rowId}:${label}`, bound));
    const run: Run = {
      syncId: digest.replaceAll(/[^A-Za-z0-9]/gu, "").slice(0, 15),
      uuid: uuidOf(label),
      rowId,
      firstJobId: this.#nextJobId,
      companyId: request.companyId,
      integration: request.connection.integration,
      models: request.models,
      fullSync: request.fullSync,
      automatic: how.automatic,
      createdAtMs,
      pace: how.pace,
      plan,
    };
    this.#nextJobId += plan.jobs.length;
    this.#runs.push(run);
    return run;
  }
}

/** How old a run is, in its own life's milliseconds. */
export function ageMs(run: Run, nowMs: number): number {
  return (nowMs - run.createdAtMs) * run.pace;
}

/** The moment at which the run reaches that age. */
export function momentMs(run: Run, lifeMs: number): number {
  return run.createdAtMs + lifeMs / run.pace;
}

interface Schedule {
  readonly companyId: number;
  readonly connection: ConnectionSeed;
  readonly everyMs: number;
  readonly firstAtMs: number;
  /** How many starts have come before the next. */
  place: number;
}

const nextAtMs = ({ firstAtMs, place, everyMs }: Schedule): number => firstAtMs + place * everyMs;

const MOST_CAUGHT_UP = 20;

function schedulesFrom(nowMs: number, speed: number): Schedule[] {
  return COMPANIES.flatMap((company) =>
    company.connections.flatMap((connection) => {
      if (connection.automaticEveryMs === null) return [];
      const everyMs = connection.automaticEveryMs / speed;
      // The first comes after a third of the time, so that a short look already sees one.
      return [{ companyId: company.id, connection, everyMs, firstAtMs: nowMs + everyMs / 3, place: 0 }];
    }),
  );
}

interface PastRun {
  readonly request: RunRequest;
  readonly agoMs: number;
  readonly automatic: boolean;
  readonly fate: Fate;
}

const MINUTE_MS = 60_000;

/** Four runs for every connection that once worked, oldest first. The latest met its connection's fate, those before went well. */
function pastRuns(): readonly PastRun[] {
  return COMPANIES.flatMap((company) =>
    company.connections.flatMap((connection) => pastRunsOf(company, connection)),
  ).toSorted((left, right) => right.agoMs - left.agoMs);
}

function pastRunsOf(company: CompanySeed, connection: ConnectionSeed): readonly PastRun[] {
  if (connection.status === "PENDING") return [];
  const request = { companyId: company.id, connection, models: enabledModels(connection.category), fullSync: false };
  // Company ids spread the runs, so that no two share a moment.
  const shiftMs = (company.id % 100) * 1.3 * MINUTE_MS;
  return [20, 190, 540, 1_200].map((minutesAgo, place) => ({
    request: { ...request, fullSync: place === 3 },
    agoMs: minutesAgo * MINUTE_MS + shiftMs,
    automatic: place % 2 === 1,
    fate: place === 0 ? connection.fate : Fate.Complete,
  }));
}

function belongs(run: Run, companyId: number, integration: string): boolean {
  return run.companyId === companyId && run.integration === integration;
}

/** Whether nothing more happens in the run. */
export function hasEnded(run: Run, nowMs: number): boolean {
  return ageMs(run, nowMs) >= run.plan.endMs;
}

function drawn(label: string, bound: number): number {
  return createHash("sha256").update(label).digest().readUInt32BE(0) % bound;
}
