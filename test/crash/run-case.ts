// One case from its beginning to its judgement: gateways that die on one database before vendors that live, and one that comes after.
import { GENEROUS_MS, eventually, factsOf } from "../support/eventually.ts";
import { lastWords, type FailPoint } from "../support/fail-points.ts";
import { newestCursor, watchTransitions, type SeenTransition, type Watch } from "../support/gateway-client.ts";
import {
  accountOf,
  definitionNamed,
  isEnd,
  listDefinitions,
  triggerSync,
  type TriggerAnswer,
} from "../support/gateway-operations.ts";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { CASES, STARTED, type Plan } from "./cases.ts";
import { judge, startsAt, type AskedStart, type Judgement } from "./judge.ts";
import type { StoredFacts } from "./stored-facts.ts";
import { OLD_PROVIDER, makeWorld, type World } from "./world.ts";

export interface CaseReport extends Judgement {
  readonly point: FailPoint;
  readonly database: string;
  readonly seed: number;
  readonly nth: number;
  readonly after: FailPoint | null;
  readonly repeats: string;
  /** Processes that were killed at the points they were to die at. */
  readonly crashes: number;
  /** From the start of the last gateway until everything was decided and had ended. */
  readonly recoveredMs: number;
}

declare module "vitest" {
  interface TaskMeta {
    /** What a case found, for whoever runs many of them. */
    crash?: CaseReport;
  }
}

const DIES_WITHIN_MS = 120_000;
const LISTED_WITHIN_MS = 120_000;
const RESTS_WITHIN_MS = 120_000;
/** Characters of a log that a failure shows. */
const LOG_TOLD = 3_000;

/** @param program the failing gateway, built */
export async function runCase(program: string, plan: Plan): Promise<CaseReport> {
  const { point, database, seed, nth, after, repeats } = plan;
  await using world = await makeWorld(program, database, CASES[point]);
  const run = new Run(world, plan);
  try {
    const found = await run.all();
    return { point, database, seed, nth, after, repeats, ...found };
  } catch (error) {
    const facts = { point, database, seed, nth, after, repeats, crashes: run.crashes, recoveredMs: 0 };
    const starts = world.vendors.reduce((sum, vendor) => sum + startsAt(vendor), 0);
    return {
      ...facts,
      starts,
      duplicates: 0,
      uncertain: 0,
      lost: 0,
      violations: [...run.violations, `${factsOf(error)}\n${run.told()}`],
    };
  }
}

class Run {
  readonly #world: World;
  readonly #plan: Plan;
  readonly #seen: SeenTransition[] = [];
  readonly violations: string[] = [];
  crashes = 0;
  #gateway: GatewayProcess | null = null;
  #asked: readonly AskedStart[] = [];
  #after: string | null = null;

  constructor(world: World, plan: Plan) {
    this.#world = world;
    this.#plan = plan;
  }

  async all(): Promise<Omit<CaseReport, keyof Plan>> {
    const { point, nth, after, aheadMs } = this.#plan;
    if (after !== null) await this.#dieAtWork(after, this.#world.vendors.length);
    if (CASES[point].during === "start")
      await this.#dieAtStart(point, nth, after === null ? 0 : Math.max(aheadMs, 12_000));
    else await this.#dieAtWork(point, nth);
    return this.#comeBack();
  }

  /** What the last process wrote: the only trace of why something failed. */
  told(): string {
    return `${this.#gateway?.output().slice(-LOG_TOLD)}\n${this.#gateway?.errorOutput()}`;
  }

  async #dieAtStart(point: FailPoint, nth: number, aheadMs: number): Promise<void> {
    this.#gateway = this.#world.start(`${point}:${nth}`, { aheadMs });
    await this.#expectDeath(this.#gateway, point);
    if (point.startsWith("F14")) this.violations.push(...(await this.#shownTooEarly()));
  }

  async #dieAtWork(point: FailPoint, nth: number): Promise<void> {
    const gateway = this.#world.start(`${point}:${nth}`, { waits: true });
    this.#gateway = gateway;
    const url = await gateway.url();
    this.#world.relay.pointTo(url);
    this.#asked = await this.#prepare(url);
    this.#after = await newestCursor(url);
    const watch = watchTransitions(url, { after: this.#after });
    gateway.signal("SIGUSR2");
    await eventually("the gateway is armed", () => (gateway.errorOutput().includes("armed") ? true : null));
    const heard = Promise.all(this.#asked.map((one) => this.#insist(url, one, gateway)));
    if (CASES[point].during === "stop") {
      if (this.#plan.random() < 0.5) await heard;
      else
        await eventually("a start at a vendor", () =>
          this.#world.vendors.some((one) => startsAt(one) > 0) ? true : null,
        );
      gateway.signal("SIGTERM");
    }
    await this.#expectDeath(gateway, point);
    await heard;
    await this.#keep(watch);
  }

  async #comeBack(): Promise<Omit<CaseReport, keyof Plan>> {
    const { repeats, aheadMs, random, point } = this.#plan;
    const startedAt = Date.now();
    const gateway = this.#world.start(null, { aheadMs });
    this.#gateway = gateway;
    const url = await gateway.url();
    this.#world.relay.pointTo(url);
    const cursor = this.#seen.at(-1)?.cursor ?? this.#after ?? (await newestCursor(url));
    const after = this.#after ?? cursor;
    const watch = watchTransitions(url, { after: cursor });
    // Who was never answered, and who had nothing to ask when the process died.
    if (this.#asked.length === 0) this.#asked = await this.#prepare(url);
    const unheard = this.#asked.filter(({ answers }) => answers.length === 0);
    const repeating =
      this.#after === null || repeats === "at once" || repeats === "in the end"
        ? unheard
        : unheard.filter(() => repeats === "some" && random() < 0.5);
    if (repeats !== "in the end") await Promise.all(repeating.map((one) => this.#decide(url, one)));
    await this.#untilRest();
    const recoveredMs = Date.now() - startedAt;
    await Promise.all(
      this.#asked
        .filter((one) => repeating.includes(one) || one.answers.length > 0)
        .map((one) => this.#decide(url, one)),
    );
    await this.#untilRest();
    await this.#untilTold(watch);
    if (point.startsWith("F14")) await this.#untilListed();
    if (CASES[point].history === true) await this.#untilForgotten();
    await this.#keep(watch);
    const judgement = await judge(this.#world, url, this.#asked, { after, seen: this.#seen });
    const { code } = await gateway.stop("SIGTERM", GENEROUS_MS);
    const stopped = code === 0 ? [] : [`stopped with ${code}`];
    const violations = [...this.violations, ...judgement.violations, ...stopped];
    return {
      ...judgement,
      violations: violations.map((one) => (one === violations[0] ? `${one}\n${this.told()}` : one)),
      crashes: this.crashes,
      recoveredMs,
    };
  }

  async #expectDeath(gateway: GatewayProcess, point: FailPoint): Promise<void> {
    const { signal } = await gateway.ended(DIES_WITHIN_MS);
    if (signal !== "SIGKILL" || !gateway.errorOutput().includes(lastWords(point)))
      throw new Error(`the gateway did not die at ${point}, but of ${signal}`);
    this.crashes += 1;
  }

  /** One start at each vendor, as soon as the catalogs are there. */
  async #prepare(url: string): Promise<readonly AskedStart[]> {
    const { random, point, database, seed, ifRunning } = this.#plan;
    const chosen = this.#world.vendors.map((vendor) => {
      const known = STARTED[vendor.kind];
      const started = known[Math.floor(random() * known.length)];
      if (started === undefined) throw new Error(`nothing can be started at ${vendor.key}`);
      return { vendor, started, idempotencyKey: `${vendor.key} ${point} ${database} ${seed}` };
    });
    const prepare = async ({ vendor, started, idempotencyKey }: (typeof chosen)[number]): Promise<AskedStart> => {
      const { definition, product, args } = started;
      const { id } = definitionNamed(await listDefinitions(url), vendor.key, definition);
      const linkedAccountId = product === undefined ? undefined : (await accountOf(url, vendor.key, product)).id;
      const input = { definitionId: id, linkedAccountId, args, ifRunning, idempotencyKey };
      return { vendor, started, idempotencyKey, input, answers: [] };
    };
    // What is not listed yet, or only with errors on a busy machine, is listed later.
    const all = () => Promise.all(chosen.map(prepare)).catch(() => null);
    return eventually("everything that is to be started is listed", all, LISTED_WITHIN_MS);
  }

  /** Asks once; a connection that breaks is no answer, and one that tells of no end is none that counts. */
  async #ask(url: string, { input, answers }: AskedStart): Promise<boolean> {
    const answer = await triggerSync(url, input).catch(() => null);
    if (answer === null || isUndecided(answer)) return false;
    answers.push(answer);
    return true;
  }

  /** Asks until it is answered or the process is gone, as a client does whose request a busy machine breaks. */
  async #insist(url: string, asked: AskedStart, gateway: GatewayProcess): Promise<void> {
    let isGone = false;
    const gone = gateway.ended(DIES_WITHIN_MS).finally(() => (isGone = true));
    await eventually(
      `an answer of ${asked.vendor.key}, or the end of the process`,
      async () => ((await this.#ask(url, asked)) || isGone ? true : null),
      DIES_WITHIN_MS,
    ).catch(() => gone);
  }

  async #decide(url: string, asked: AskedStart): Promise<void> {
    await eventually(
      `the answer of ${asked.vendor.key}`,
      async () => ((await this.#ask(url, asked)) ? true : null),
      RESTS_WITHIN_MS,
    );
  }

  /** Every start is decided, every run that was started has ended, every webhook is worked off. */
  async #untilRest(): Promise<void> {
    await this.#world.untilFacts("everything is decided, ended and worked off", ({ triggers, runs, deliveries }) => {
      const open = triggers.some(({ state }) => state === "PENDING" || state === "SENT");
      const going = runs.some(({ triggerId, status }) => triggerId !== null && !isEnd(status));
      const waiting = deliveries.some((one) => / (?:RECEIVED|PARKED)$/u.test(one));
      return open || going || waiting ? null : true;
    });
  }

  /** The subscriber has seen the end of every run that was started. */
  async #untilTold(watch: Watch): Promise<void> {
    const { runs } = await this.#world.facts();
    const ours = runs.filter(({ triggerId }) => triggerId !== null).map(({ id }) => id);
    const ended = new Set(this.#seen.filter(({ to }) => isEnd(to)).map(({ sync }) => sync.id));
    await watch.until("the ends of all runs", (later) => {
      const told = new Set(later.filter(({ to }) => isEnd(to)).map(({ sync }) => sync.id));
      return ours.every((id) => told.has(id) || ended.has(id)) ? true : null;
    });
  }

  /** A part of a list must not pass for the whole: what was read to its end has everything. */
  async #shownTooEarly(): Promise<readonly string[]> {
    const [{ whole, catalog, runs }, listed] = [await this.#world.facts(), await this.#world.listed()];
    const known = new Set(runs.map(({ providerKey, remoteId }) => `${providerKey} ${remoteId}`));
    const of = (key: string, names: readonly string[]) => names.filter((name) => name.startsWith(`${key} `));
    return [
      ...whole.catalogs
        .filter((key) => of(key, listed.catalog).some((name) => !catalog.includes(name)))
        .map((key) => `${key}: a part of its catalog passes for the whole`),
      ...whole.discoveries
        .filter((key) => key !== "stuut" && of(key, listed.runs).filter((name) => known.has(name)).length === 0)
        .map((key) => `${key}: none of its runs pass for all`),
    ];
  }

  /** The gateway has what the vendors list, no more and no less, and every run that they tell of. */
  async #untilListed(): Promise<void> {
    let missing: readonly string[] = [];
    const look = async ({ catalog, runs }: StoredFacts): Promise<true | null> => {
      const listed = await this.#world.listed();
      const known = new Set(runs.map(({ providerKey, remoteId }) => `${providerKey} ${remoteId}`));
      missing = [
        ...listed.catalog.filter((name) => !catalog.includes(name)),
        ...catalog.filter((name) => !listed.catalog.includes(name)).map((name) => `not ${name}`),
        ...listed.runs.filter((name) => !known.has(name)),
      ];
      return missing.length === 0 ? true : null;
    };
    await this.#world.untilFacts("the whole catalog and all runs", look).catch((error: unknown) => {
      throw new Error(`missing ${missing.slice(0, 5).join(", ")}`, { cause: error });
    });
  }

  /** What is older than what is kept is gone, all of it. */
  async #untilForgotten(): Promise<void> {
    await this.#world.untilFacts("the old history is gone", ({ runs }) =>
      runs.some(({ providerKey }) => providerKey === OLD_PROVIDER) ? null : true,
    );
  }

  async #keep(watch: Watch): Promise<void> {
    await watch.close();
    this.#seen.push(...watch.seen);
  }
}

/** Nobody knows yet what became of it, or it was not even written down: a client asks again. */
function isUndecided({ data }: TriggerAnswer): boolean {
  const { trigger = null, userErrors = [] } = data.triggerSync ?? {};
  const codes = userErrors.map(({ code }) => code);
  return codes.includes("IDEMPOTENCY_IN_PROGRESS") || (trigger === null && !codes.includes("TRIGGER_UNCERTAIN"));
}
