// Exactly-once effects: what the vendors carried out is what the store says was started, once for each intent.
import type { Effect, StoredTrigger, StoredWorld } from "./ground-truth.ts";
import type { Breach } from "./history.ts";

export interface EffectsReport {
  readonly breaches: readonly Breach[];
  /** Starts the vendors carried out, repetitions under a vendor's own key not counted. */
  readonly starts: number;
  /** Second starts of one intent. */
  readonly duplicates: number;
  /** Runs that nobody was told of and no vendor shows any more. */
  readonly unseen: number;
  /** Starts in doubt that took a run for theirs which somebody else had begun: nothing at the vendor tells the two apart. */
  readonly adopted: number;
  /** Triggers whose callers were told that nobody knows. */
  readonly uncertain: number;
}

/**
 * A run that a start began names the trigger it belongs to; one that names none must be explained by a trigger of the same provider that
 * is UNCERTAIN, which is what the gateway says when it cannot tell.
 */
export function checkEffects(effects: readonly Effect[], stored: StoredWorld): EffectsReport {
  const runs = new Map(stored.runs.map((run) => [nameOf(run.provider, run.remoteId), run]));
  const begun = distinct(effects.filter(({ runs: made }) => made.length > 0));
  const breaches: Breach[] = [];
  const intents = new Map<string, number>();
  const orphans = new Map<string, number>();
  let unseen = 0;
  for (const effect of begun) {
    const known = effect.runs.flatMap((remoteId) => runs.get(nameOf(effect.provider, remoteId)) ?? []);
    const lost = effect.runs.length - known.length;
    if (lost > 0 && !effect.findable) unseen += lost;
    else if (lost > 0) breaches.push(breach(effect, `the ledger lacks ${lost} of the runs that this start began`));
    const triggers = new Set(known.flatMap(({ trigger }) => trigger ?? []));
    if (triggers.size > 1) breaches.push(breach(effect, "one start is counted for several triggers"));
    if (triggers.size === 0) count(orphans, effect.provider);
    for (const trigger of triggers) count(intents, trigger);
  }
  const doubled = [...intents].filter(([, starts]) => starts > 1);
  for (const [trigger, starts] of doubled) breaches.push(of(trigger, `the vendor started it ${starts} times`));
  const uncertain = stored.triggers.filter(({ state }) => state === "UNCERTAIN");
  let unexplained = 0;
  for (const [provider, starts] of orphans) {
    const explained = uncertain.filter((one) => one.provider === provider).length;
    if (starts <= explained) continue;
    unexplained += starts - explained;
    breaches.push(of(provider, `${starts} starts belong to no trigger, and ${explained} triggers are uncertain`));
  }
  const unbegun = withoutEffect(stored, intents);
  for (const { id, provider } of unbegun.filter(({ doubted }) => !doubted))
    breaches.push(of(`${provider} ${id}`, "accepted with runs that no start at the vendor began"));
  return {
    breaches,
    starts: begun.length,
    duplicates: doubled.reduce((sum, [, starts]) => sum + starts - 1, 0) + unexplained,
    uncertain: uncertain.length,
    unseen,
    adopted: unbegun.filter(({ doubted }) => doubted).length,
  };
}

/** What was accepted and began something must have begun it at the vendor. */
function withoutEffect(
  { triggers, runs }: StoredWorld,
  intents: ReadonlyMap<string, number>,
): readonly StoredTrigger[] {
  const own = new Set(runs.map(({ trigger }) => trigger));
  return triggers.filter(
    ({ id, state, attached }) => state === "ACCEPTED" && !attached && own.has(id) && !intents.has(id),
  );
}

/** A vendor that knows the key answers a repeated start with the run it has begun already. */
function distinct(effects: readonly Effect[]): readonly Effect[] {
  return [...new Map(effects.map((one) => [nameOf(one.provider, one.runs.toSorted().join(" ")), one])).values()];
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

const nameOf = (provider: string, remoteId: string): string => `${provider} ${remoteId}`;

const of = (subject: string, found: string): Breach => ({ check: "effects", subject, found });

const breach = ({ provider, runs }: Effect, found: string): Breach => of(`${provider} ${runs.join(" ")}`, found);
