// What must hold after gateways were killed, whatever chance did: judged by what the vendors got, the store holds and a subscriber saw.
import { verifyStore } from "../../src/store/verify.ts";
import { endedRuns } from "../acceptance/sandbox-runs.ts";
import { factsOf } from "../support/eventually.ts";
import { BLIND } from "../support/failing-parts.ts";
import { expectLegalPaths, isEnd, placeOf, type TriggerAnswer } from "../support/gateway-operations.ts";
import type { SeenTransition } from "../support/gateway-client.ts";
import type { Started } from "./cases.ts";
import type { StoredFacts, StoredTrigger } from "./stored-facts.ts";
import type { VendorSide, World } from "./world.ts";

/** A start that a client asked for, with everything it heard. */
export interface AskedStart {
  readonly vendor: VendorSide;
  readonly started: Started;
  readonly idempotencyKey: string;
  /** How it is asked for. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Answers that say what became of it, in order. */
  readonly answers: TriggerAnswer[];
}

export interface Judgement {
  /** Sentences, each a promise that was not kept. */
  readonly violations: readonly string[];
  readonly starts: number;
  readonly duplicates: number;
  readonly uncertain: number;
  readonly lost: number;
}

/** Requests at the vendor that may have begun a run, one for each key where the vendor has keys. */
export function startsAt({ kind, recorder }: VendorSide): number {
  const requests = recorder.starts();
  return kind === "polytomic"
    ? new Set(requests.map(({ headers }) => headers["idempotency-key"])).size
    : requests.length;
}

export async function judge(
  world: World,
  url: string,
  asked: readonly AskedStart[],
  stream: { readonly after: string; readonly seen: readonly SeenTransition[] },
): Promise<Judgement> {
  const taken = new Map(world.vendors.map(({ key }) => [key, world.relay.takenOf(key)]));
  const facts = await world.facts();
  const violations: string[] = [];
  let [uncertain, lost] = [0, 0];
  for (const one of asked) {
    const found = judgeStart(one, facts);
    violations.push(...found.map((what) => `${one.vendor.key}: ${what}`));
    const state = triggerOf(one, facts)?.state;
    if (state === "UNCERTAIN") uncertain += 1;
    if (one.answers.length > 0 && state !== "UNCERTAIN" && state !== "ACCEPTED") lost += 1;
  }
  for (const vendor of world.vendors) violations.push(...(await untrueEnds(vendor, url, facts)));
  violations.push(...judgeStream(stream.after, stream.seen), ...judgeWebhooks(world, taken, facts));
  violations.push(...(await judgeStore(world.databaseUrl)));
  const starts = world.vendors.map(startsAt);
  return {
    ...{ violations, uncertain, lost },
    starts: starts.reduce((sum, count) => sum + count, 0),
    duplicates: starts.reduce((sum, count) => sum + Math.max(0, count - 1), 0),
  };
}

const triggerOf = ({ idempotencyKey }: AskedStart, facts: StoredFacts): StoredTrigger | undefined =>
  facts.triggers.find((trigger) => trigger.idempotencyKey === idempotencyKey);

function judgeStart(asked: AskedStart, facts: StoredFacts): readonly string[] {
  const { vendor, started, answers } = asked;
  const sent = startsAt(vendor);
  const violations = sent > 1 ? [`started ${sent} times`] : [];
  const trigger = triggerOf(asked, facts);
  if (trigger === undefined) {
    if (answers.length > 0) violations.push("a start that was answered is not there");
    if (sent > 0) violations.push("the vendor has a run that nobody intended");
    return violations;
  }
  const runs = facts.runs.filter(({ triggerId }) => triggerId === trigger.id);
  switch (trigger.state) {
    case "ACCEPTED":
      if (sent !== 1) violations.push(`accepted, and the vendor was asked ${sent} times`);
      if (trigger.syncIds.length !== started.runs) violations.push(`accepted with ${trigger.syncIds.length} runs`);
      if (
        !isSame(
          trigger.syncIds,
          runs.map(({ id }) => id),
        )
      )
        violations.push("lists other runs than those that name it");
      violations.push(...runs.filter(({ status }) => !isEnd(status)).map(({ id }) => `run ${id} has not ended`));
      break;
    case "UNCERTAIN":
      if (runs.length > 0) violations.push("uncertain, though the ledger has its runs");
      if (vendor.kind === "polytomic") violations.push("uncertain, though the vendor has keys");
      if (sent > 0 && vendor.key !== BLIND) violations.push("uncertain, though the vendor tells of its run");
      break;
    default:
      violations.push(`left in ${trigger.state}`);
  }
  return [...violations, ...answers.flatMap((answer) => untrueAnswer(answer, trigger))];
}

function untrueAnswer({ data, errors }: TriggerAnswer, { state, syncIds }: StoredTrigger): readonly string[] {
  const codes = data.triggerSync?.userErrors.map(({ code }) => code) ?? [];
  const told = JSON.stringify({ errors, ...data.triggerSync });
  if (state === "UNCERTAIN") return codes.includes("TRIGGER_UNCERTAIN") ? [] : [`uncertain, and answered ${told}`];
  const runs = data.triggerSync?.syncs.map(({ id }) => id) ?? [];
  return errors.length === 0 && codes.length === 0 && isSame(runs, syncIds) ? [] : [`${state}, and answered ${told}`];
}

/** Runs of ours that did not end as the vendor says. */
async function untrueEnds({ key, truth }: VendorSide, url: string, facts: StoredFacts): Promise<readonly string[]> {
  const ours = new Set(facts.runs.filter(({ triggerId }) => triggerId !== null).map(({ id }) => id));
  const runs = (await endedRuns(url, key)).filter(({ id }) => ours.has(id));
  const untrue: string[] = [];
  for (const run of runs) {
    const said = await truth.endsOf(run);
    const end = `${run.status}: ${run.outcome ?? "no outcome"}`;
    if (!said.includes(end)) untrue.push(`${key}: run ${run.remoteId} ended as ${end}, the vendor says ${said.join()}`);
  }
  return untrue;
}

/** A subscriber that resumed saw every number once, in order, and every run go a legal path. */
function judgeStream(after: string, seen: readonly SeenTransition[]): readonly string[] {
  const first = placeOf(after) + 1;
  const misplaced = seen.findIndex(({ cursor }, index) => placeOf(cursor) !== first + index);
  const violations =
    misplaced === -1
      ? []
      : [`transition ${misplaced} of the stream has number ${placeOf(seen[misplaced]?.cursor ?? "")}`];
  if (seen.length === 0) return violations;
  try {
    if (seen.some(({ from }) => from === null)) expectLegalPaths(seen);
  } catch (error) {
    violations.push(factsOf(error));
  }
  return violations;
}

/** What got its 2xx is in the inbox once, and nothing waits. Polytomic's gateway also reads the events that no webhook told it of. */
function judgeWebhooks(
  { vendors, relay }: World,
  taken: ReadonlyMap<string, number>,
  { deliveries, conflicts }: StoredFacts,
): readonly string[] {
  const violations = conflicts > 0 ? [`${conflicts} reports contradict an end`] : [];
  for (const { key, kind } of vendors) {
    const stored = deliveries.filter((one) => one.startsWith(`${key} `)).length;
    // The vendors go on sending meanwhile.
    const [least, most] = [taken.get(key) ?? 0, kind === "polytomic" ? stored : relay.countOf(key)];
    if (stored < least || stored > most) violations.push(`${key}: ${least} to ${most} webhooks, and ${stored} stored`);
    if (deliveries.includes(`${key} DROPPED`)) violations.push(`${key}: a webhook was given up`);
  }
  return violations;
}

async function judgeStore(databaseUrl: string): Promise<readonly string[]> {
  const { violations } = await verifyStore(databaseUrl);
  return violations.map((one) => `self-check: ${JSON.stringify(one)}`);
}

const isSame = (some: readonly string[], others: readonly string[]): boolean =>
  JSON.stringify(some.toSorted()) === JSON.stringify(others.toSorted());
