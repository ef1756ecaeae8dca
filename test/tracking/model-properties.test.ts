// A gateway against a model of it: any sequence of starts, polls, webhooks, deaths and cuts. What the ledger holds, what the vendor has
// begun and what the subscriber has heard must be what a few lines of model say.
import fc from "fast-check";
import { expect, test } from "vitest";
import { SyncStatus, isTerminal, statusRank } from "../../src/domain/status.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { IfRunning, TriggerState } from "../../src/domain/sync.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { createLivingVendor, type LivingRun, type LivingVendor } from "../support/living-vendor.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { lasting, tried } from "../support/properties.ts";
import { TENANT, command, idOf } from "../support/tracking.ts";
import { beginLife, endLife, type Life } from "../support/tracking-lives.ts";
import { Death, dyingStore } from "../support/two-gateways.ts";
import { expectVerified } from "../support/verified.ts";

/** What should be so. Everything is told by names: keys, and the vendor's ids. */
interface Model {
  /** What the ledger knows of each run; runs that nobody has told of yet are not there. */
  readonly known: Map<string, SyncStatus>;
  /** Starts under each key: decided, or left behind by a gateway that died. */
  readonly keys: Map<string, "ACCEPTED" | "LEFT">;
  /** Deliveries that are stored and not worked off. */
  readonly waiting: { readonly run: string; readonly status: SyncStatus }[];
}

interface Real {
  readonly store: Store;
  readonly vendor: LivingVendor;
  readonly clock: ManualClock;
  life: Life;
  lives: number;
  deliveries: number;
  /** Places the subscriber has heard, in the order in which it did. */
  readonly heard: number[];
}
type Step = fc.AsyncCommand<Model, Real>;

/** Longer than any lease, pause or interval. */
const A_WHILE_MS = 300_000;

/** Any one of the vendor's runs; the choice is a whole number. */
const runAt = ({ vendor }: Real, choice: number): LivingRun | undefined => vendor.runs[choice % vendor.runs.length];

function tell(model: Model, run: string, status: SyncStatus): void {
  const before = model.known.get(run);
  if (before !== undefined && (isTerminal(before) || statusRank(status) <= statusRank(before))) return;
  model.known.set(run, status);
}

const step = (name: string, run: (model: Model, real: Real) => Promise<void>): Step => ({
  check: () => true,
  run,
  toString: () => name,
});

function start(key: string, lost: boolean): Step {
  return step(`start ${key}${lost ? ", its answer lost" : ""}`, async (model, real) => {
    const before = model.keys.get(key);
    const begun = real.vendor.runs.length;
    if (before === "LEFT") return;
    if (lost && before === undefined) real.vendor.loseNextAnswer();
    const asked = real.life.triggers.trigger(
      TENANT,
      command({ idempotencyKey: key, ifRunning: IfRunning.StartAnother }),
    );
    const { trigger, problems, syncs } = await real.life.finished(asked);
    expect([trigger?.state, problems, syncs.length]).toEqual([TriggerState.Accepted, [], 1]);
    expect(real.vendor.runs.length - begun).toBe(before === undefined ? 1 : 0);
    const run = real.vendor.runs.find((one) => one.key === trigger?.id);
    expect(syncs.map(({ remoteId }) => remoteId)).toEqual([run?.remoteId]);
    model.keys.set(key, "ACCEPTED");
    if (before === undefined && run !== undefined) tell(model, run.remoteId, run.status);
  });
}

function dieStarting(key: string, death: Death): Step {
  return step(`die ${death}, starting ${key}`, async (model, real) => {
    if (model.keys.has(key)) return;
    // Two starts that are sent in the same moment are not to be told apart by when their runs began.
    await real.clock.advance(1);
    const dying = beginLife(dyingStore(real.store, death), real.vendor, real.clock, `dying-${real.lives}`);
    const asked = dying.triggers.trigger(TENANT, command({ idempotencyKey: key, ifRunning: IfRunning.StartAnother }));
    await expect(dying.finished(asked)).rejects.toThrow("the gateway died");
    endLife(dying);
    model.keys.set(key, "LEFT");
    const run = real.vendor.runs.at(-1);
    if (death === Death.BeforeAnswering && run !== undefined) tell(model, run.remoteId, run.status);
  });
}

const recover = (): Step =>
  step("recover", async (model, real) => {
    await real.clock.advance(A_WHILE_MS);
    await real.life.recover();
    for (const key of model.keys.keys()) model.keys.set(key, "ACCEPTED");
    // Whoever looks for its own start may find it further than it was.
    for (const run of real.vendor.runs.filter(({ key }) => key !== null)) tell(model, run.remoteId, run.status);
  });

const progress = (choice: number, status: SyncStatus): Step =>
  step(`the vendor goes on: ${choice} ${status}`, (_model, real) => {
    const run = runAt(real, choice);
    if (run !== undefined) real.vendor.progress(run, status);
    return Promise.resolve();
  });

const poll = (): Step =>
  step("poll", async (model, real) => {
    await real.clock.advance(A_WHILE_MS);
    await real.life.poll();
    for (const { remoteId, status } of real.vendor.runs) if (model.known.has(remoteId)) tell(model, remoteId, status);
  });

const discover = (elsewhere: boolean): Step =>
  step(`discover${elsewhere ? " a run begun elsewhere" : ""}`, async (model, real) => {
    // While a start is in doubt nobody could tell such a run from the one that it began.
    if (elsewhere && ![...model.keys.values()].includes("LEFT")) {
      real.vendor.beginElsewhere();
      await real.clock.advance(1);
    }
    await real.life.discover();
    for (const { remoteId, status } of real.vendor.runs) tell(model, remoteId, status);
  });

/** @param status what it says; the vendor may have said it long ago, or twice */
const webhook = (choice: number, status: SyncStatus): Step =>
  step(`webhook: ${choice} ${status}`, async (model, real) => {
    const run = runAt(real, choice);
    if (run === undefined || statusRank(status) > statusRank(run.status)) return;
    if (isTerminal(status) && status !== run.status) return;
    real.deliveries += 1;
    const id = `delivery ${run.remoteId} ${status} ${real.deliveries % 2}`;
    await real.life.receive(real.vendor.delivery(run, status), id);
    model.waiting.push({ run: run.remoteId, status });
  });

const processInbox = (): Step =>
  step("work off the inbox", async (model, real) => {
    await real.life.processInbox();
    for (const { run, status } of model.waiting.splice(0)) tell(model, run, status);
  });

const die = (): Step =>
  step("die", (_model, real) => {
    endLife(real.life);
    real.lives += 1;
    real.life = beginLife(real.store, real.vendor, real.clock, `node-${real.lives}`);
    return Promise.resolve();
  });

/** The subscriber comes back where it was, hears so much, and is cut again. */
const listen = (most: number): Step =>
  step(`listen to ${most}`, async (_model, real) => {
    const place = real.heard.at(-1) ?? 0;
    const there = Math.min(most, (await real.store.ledger.head(TENANT)) - place);
    const following = real.life.feed.follow(TENANT, {}, place);
    for (let heard = 0; heard < there; heard += 1) {
      const { value } = await following.next();
      if (value !== undefined) real.heard.push(value.transition.sequence);
    }
    await following.return?.();
  });

const choice = fc.nat({ max: 11 });
const status = fc.constantFrom(...Object.values(SyncStatus));
const key = fc.constantFrom("a", "b", "c", "d");
const steps = [
  fc.tuple(key, fc.boolean()).map((given) => start(...given)),
  fc.tuple(key, fc.constantFrom(...Object.values(Death))).map((given) => dieStarting(...given)),
  fc.constant(recover()),
  fc.tuple(choice, status).map((given) => progress(...given)),
  fc.tuple(choice, status).map((given) => progress(...given)),
  fc.constant(poll()),
  fc.boolean().map(discover),
  fc.tuple(choice, status).map((given) => webhook(...given)),
  fc.constant(processInbox()),
  fc.constant(die()),
  fc.nat({ max: 6 }).map(listen),
];

/** Everything is worked off and told; then all four must tell one story. */
async function settle(model: Model, real: Real): Promise<void> {
  for (const last of [recover(), processInbox(), discover(false), poll(), listen(Number.POSITIVE_INFINITY)])
    await last.run(model, real);
  const { store, vendor, heard, life } = real;
  const transitions = await life.ledger();
  expect(heard).toEqual(transitions.map(({ sequence }) => sequence));
  const ids = vendor.runs.map(({ remoteId }) => idOf("sync", remoteId));
  const stored = new Map((await store.ledger.syncsByIds(TENANT, ids)).map((sync) => [sync.remoteId, sync]));
  expect(new Map([...stored].map(([remoteId, sync]) => [remoteId, sync.status]))).toEqual(model.known);
  expect(new Map(vendor.runs.map((run) => [run.remoteId, run.status]))).toEqual(model.known);
  for (const run of vendor.runs) expect(stored.get(run.remoteId)?.triggerId ?? null).toBe(run.key);
  const starts = vendor.runs.flatMap((run) => run.key ?? []);
  expect(new Set(starts).size).toBe(starts.length);
  expect(starts).toHaveLength(model.keys.size);
}

describeOnEachDatabase("a gateway and its model", (open) => {
  test(
    "tell one story after any sequence of starts, polls, webhooks, deaths and cuts",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.commands(steps, { maxCommands: 25 }), async (commands) => {
          const { store, url, close } = await open();
          const clock = createManualClock();
          const vendor = createLivingVendor(() => clock.now());
          const life = beginLife(store, vendor, clock, "node-0");
          await life.stock();
          const model: Model = { known: new Map(), keys: new Map(), waiting: [] };
          const real: Real = { store, vendor, clock, life, lives: 0, deliveries: 0, heard: [] };
          await fc.asyncModelRun(() => ({ model, real }), commands);
          await settle(model, real);
          endLife(real.life);
          await real.life.inbox.close();
          await close();
          await expectVerified(url);
        }),
        tried(open.database === "sqlite" ? 40 : 8),
      );
    },
    lasting(120_000),
  );
});
