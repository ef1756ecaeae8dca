// A soak from its beginning to its report: load and faults for a while, then healing, then everything is held against everything.
import { setTimeout as pause } from "node:timers/promises";
import { openReadOnly } from "../../../src/store/checks/snapshot.ts";
import { sql } from "../../../src/store/sql.ts";
import { newestCursor } from "../gateway-client.ts";
import { placeOf } from "../gateway-operations.ts";
import type { Stretch } from "../history/check-lag.ts";
import { createHistory, operationsNamed, operationsOf } from "../history/history.ts";
import { subscribeResuming, type ResumingSubscriber } from "../resuming-subscriber.ts";
import { seededRandom } from "../tracking.ts";
import { VENDORS } from "../vendors.ts";
import { watchLedger, type LedgerWatch } from "./ledger-watch.ts";
import { startLoad, type Load } from "./load.ts";
import { rage, type Struck } from "./nemeses.ts";
import { judge, type SoakReport, type Soaked } from "./report.ts";
import type { SoakSettings } from "./settings.ts";
import { makeSoakWorld, type SoakWorld } from "./soak-world.ts";

/** What a subscriber asked for, and what it got. */
export interface Subscription {
  readonly name: string;
  readonly after: number;
  readonly provider: string | null;
  readonly subscriber: ResumingSubscriber;
}

const LOOK_AGAIN_MS = 500;
/** A start that a gateway died on is taken over, and looked for, within half a minute; a busy machine takes longer. */
const DECIDED_WITHIN_MS = 90_000;
/** Time for what is committed to come to every subscriber. */
const DELIVERED_WITHIN_MS = 30_000;

/** @param tell is told in a sentence how far it is */
export async function runSoak(settings: SoakSettings, tell: (what: string) => void): Promise<SoakReport> {
  const random = seededRandom(settings.seed);
  const world = await makeSoakWorld(settings);
  const left: (() => Promise<unknown>)[] = [() => world.close()];
  try {
    const watch = await watchLedger(world.databaseUrl);
    left.push(() => watch.close());
    const subscriptions = await subscribe(world, settings, watch, random);
    left.push(() => Promise.all(subscriptions.map(({ subscriber }) => subscriber.close())));
    const history = createHistory();
    const { clients, operationsPerSecond } = settings;
    const startedAt = Date.now();
    const load = await startLoad({ clients, operationsPerSecond, urls: world.urls, history, random });
    left.push(() => load.stop());
    tell(
      `${settings.nodes} on ${settings.database}, ${settings.subscribers} subscribers, ${clients} clients: seed ${settings.seed}`,
    );
    const victims = { world, random, subscribers: subscriptions.map(({ subscriber }) => subscriber) };
    const struck = await rage(victims, settings, startedAt + settings.minutes * 60_000);
    tell(`${struck.length} faults struck; everything is up, and settles`);
    await load.stop();
    const loadedUntil = Date.now();
    const undecided = await settle(world, load, history.events, settings.settleMs);
    const stopped = await stopAll(world, watch, subscriptions);
    tell("stopped; everything is checked");
    return await judge({
      ...{ settings, world, history, load, subscriptions, watch, struck, undecided, ...stopped },
      ...{ startedAt, loadedUntil, calm: calmBetween(struck, startedAt, loadedUntil) },
    });
  } finally {
    for (const end of left.toReversed()) await end();
  }
}

async function subscribe(
  { urls }: SoakWorld,
  { subscribers, seed }: SoakSettings,
  watch: LedgerWatch,
  random: () => number,
): Promise<readonly Subscription[]> {
  const after = await newestCursor(urls()[0] ?? "");
  return Array.from({ length: subscribers }, (_, index) => {
    // Every fifth follows one vendor's runs alone.
    const provider = index % 5 === 4 ? (VENDORS[Math.floor(random() * VENDORS.length)] ?? null) : null;
    const onFrame = ({ place }: { readonly place: number }) => watch.told(place);
    const chooses = seededRandom(seed + index + 1);
    const subscriber = subscribeResuming({ urls, after, provider, random: chooses, onFrame });
    return { name: `subscriber ${index + 1}`, after: placeOf(after), provider, subscriber };
  });
}

/**
 * Asks for every start again that nobody knows the fate of, until it is told, and waits for the runs to end.
 *
 * @returns keys of starts that were never decided
 */
async function settle(
  world: SoakWorld,
  load: Load,
  events: Parameters<typeof operationsOf>[0],
  withinMs: number,
): Promise<readonly string[]> {
  const deadline = Date.now() + withinMs;
  const decided = new Set(
    operationsNamed(operationsOf(events), "trigger")
      .filter(({ type }) => type !== "info")
      .map(({ value }) => value.key),
  );
  for (;;) {
    for (const start of load.starts.filter(({ key }) => !decided.has(key)))
      if ((await load.start("the last client", start)) !== "info") decided.add(start.key);
    const uncertain = await uncertainKeys(world.databaseUrl);
    const left = load.starts.map(({ key }) => key).filter((key) => !decided.has(key) && !uncertain.has(key));
    const isLate = Date.now() >= deadline;
    if (left.length === 0 && (isLate || (await openRuns(world.databaseUrl)) === 0)) return left;
    if (Date.now() >= deadline + DECIDED_WITHIN_MS) return left;
    await pause(LOOK_AGAIN_MS);
  }
}

async function uncertainKeys(databaseUrl: string): Promise<ReadonlySet<string>> {
  const rows = await asked(
    databaseUrl,
    sql`select idempotency_key as found from sync_trigger where state = ${"UNCERTAIN"}`,
  );
  return new Set(rows.map(({ found }) => String(found)));
}

/** Runs that a start began and that go on; others start by themselves all the time. */
async function openRuns(databaseUrl: string): Promise<number> {
  const open = sql`select count(*) as found from sync where trigger_id is not null and status in (${"CREATED"}, ${"RUNNING"})`;
  return Number((await asked(databaseUrl, open))[0]?.["found"]);
}

async function asked(databaseUrl: string, question: ReturnType<typeof sql>) {
  const store = await openReadOnly(databaseUrl);
  try {
    return await store.at(({ query }) => query(question));
  } finally {
    await store.close();
  }
}

/** Gives the subscribers time to come to the newest transition, then ends them and stops the gateways as an operator does. */
async function stopAll(
  { nodes }: SoakWorld,
  watch: LedgerWatch,
  subscriptions: readonly Subscription[],
): Promise<Pick<Soaked, "head" | "stoppedAt" | "endings">> {
  const head = watch.head();
  const deadline = Date.now() + DELIVERED_WITHIN_MS;
  const isBehind = ({ provider, subscriber }: Subscription): boolean =>
    provider === null && (subscriber.frames.at(-1)?.place ?? 0) < head;
  while (subscriptions.some(isBehind) && Date.now() < deadline) await pause(LOOK_AGAIN_MS);
  const endings: { node: string; code: number | null }[] = [];
  for (const { subscriber } of subscriptions) await subscriber.close();
  for (const node of nodes) endings.push({ node: node.name, code: (await node.stop()).code });
  await watch.close();
  return { head, stoppedAt: Date.now(), endings };
}

/** What lies between the faults. */
function calmBetween(struck: readonly Struck[], from: number, to: number): readonly Stretch[] {
  const ends = [from, ...struck.map(({ stretch }) => stretch.to)];
  const begins = [...struck.map(({ stretch }) => stretch.from), to];
  return ends
    .map((end, index): Stretch => ({ from: end, to: begins[index] ?? to }))
    .filter((stretch) => stretch.to > stretch.from);
}
