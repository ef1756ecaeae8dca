// Tracking over a real store, with a clock that stands still, fake providers, and a log that can be read.
import { setMaxListeners } from "node:events";
import { afterEach } from "vitest";
import type { DefinitionSnapshot, LinkedAccountSnapshot } from "../../src/domain/definition.ts";
import { identityOf } from "../../src/domain/identity.ts";
import type { IdentifiedKind } from "../../src/domain/identity.ts";
import type { RetryCommand, TriggerCommand } from "../../src/domain/gateway-port.ts";
import type { EventBus, WorkItem, WorkQueue } from "../../src/domain/runtime-ports.ts";
import { ObservationSource } from "../../src/domain/status.ts";
import type { Store } from "../../src/domain/store-port.ts";
import { IfRunning } from "../../src/domain/sync.ts";
import type { Observation, Sync, Transition } from "../../src/domain/sync.ts";
import { createInProcessBus } from "../../src/server/in-process-bus.ts";
import { createInProcessQueue } from "../../src/server/in-process-queue.ts";
import { openStore } from "../../src/store/open-store.ts";
import { createCatalog } from "../../src/tracking/catalog.ts";
import { createDefinitionDetails } from "../../src/tracking/definition-details.ts";
import { createDefinitionOperations } from "../../src/tracking/definitions.ts";
import { createDiscoverer } from "../../src/tracking/discoverer.ts";
import { createOperations } from "../../src/tracking/operations.ts";
import { createPollLoad } from "../../src/tracking/poll-load.ts";
import { createPoller } from "../../src/tracking/poller.ts";
import { createProviderContact } from "../../src/tracking/provider-contact.ts";
import { createProviderDirectory } from "../../src/tracking/provider-directory.ts";
import type { ConfiguredProvider } from "../../src/tracking/provider-directory.ts";
import { createRecorder } from "../../src/tracking/recorder.ts";
import { createSchemaOperations } from "../../src/tracking/schemas.ts";
import { createStarter } from "../../src/tracking/starter.ts";
import type { TrackingTools } from "../../src/tracking/tools.ts";
import { createTriggers } from "../../src/tracking/trigger.ts";
import { databaseMaker } from "./databases.ts";
import { createFakeProvider } from "./fake-provider.ts";
import type { FakeProvider } from "./fake-provider.ts";
import { createManualClock } from "./manual-clock.ts";
import type { ManualClock } from "./manual-clock.ts";
import { linkedAccount, syncJob } from "./store-values.ts";

export const TENANT = "t1";

export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly facts: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface TrackingSetting {
  readonly clock?: ManualClock;
  readonly bus?: EventBus;
  readonly random?: () => number;
  readonly owner?: string;
  /** Default: never. */
  readonly givenUp?: AbortSignal;
  readonly retentionMs?: number;
}

/** A provider and the calls it was asked for; a real one's are nobody's to count here. */
type AnyFake = Pick<FakeProvider, "provider"> & { readonly calls: readonly unknown[] };

/** Every part of tracking, wired as the product wires it, so that a suite can take the one it is about. */
export interface TestTracking<Fake extends AnyFake = FakeProvider> {
  readonly tools: TrackingTools;
  readonly clock: ManualClock;
  readonly store: Store;
  /** The first provider, and how it is configured. */
  readonly fake: Fake;
  readonly configured: ConfiguredProvider;
  readonly contact: ReturnType<typeof createProviderContact>;
  readonly load: ReturnType<typeof createPollLoad>;
  readonly recorder: ReturnType<typeof createRecorder>;
  readonly catalog: ReturnType<typeof createCatalog>;
  readonly poller: ReturnType<typeof createPoller>;
  readonly discoverer: ReturnType<typeof createDiscoverer>;
  readonly triggers: ReturnType<typeof createTriggers>;
  readonly operations: ReturnType<typeof createOperations>;
  readonly definitions: ReturnType<typeof createDefinitionOperations>;
  readonly schemas: ReturnType<typeof createSchemaOperations>;
  /** What was logged, oldest first. */
  readonly logged: readonly LogLine[];
  /** What was planned in the queue, oldest first. Nothing is handed out unless the test starts the queue. */
  readonly planned: readonly { readonly item: WorkItem; readonly dueAt: Date }[];
  /** Puts definitions and accounts of the first provider into the mirror, as a listing of this moment would. */
  stock(definitions?: readonly DefinitionSnapshot[], accounts?: readonly LinkedAccountSnapshot[]): Promise<void>;
  /** Records observations of the first provider's runs. */
  see(...observations: readonly Observation[]): Promise<readonly Sync[]>;
  /** The run as the store has it now. */
  syncOf(remoteId: string): Promise<Sync>;
  /** The tenant's ledger, oldest first. */
  ledger(): Promise<readonly Transition[]>;
}

/** As the gateway's own: every call to a vendor listens to it, and there may be hundreds. */
function neverGivenUp(): AbortSignal {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  return signal;
}

/** How a run is started again. */
export const again = (idempotencyKey: string | null = null, ifRunning: IfRunning = IfRunning.Reject): RetryCommand => ({
  idempotencyKey,
  ifRunning,
});

export function createTestTracking(
  store: Store,
  fakes?: readonly FakeProvider[],
  setting?: TrackingSetting,
): TestTracking;
export function createTestTracking<Fake extends AnyFake>(
  store: Store,
  fakes: readonly Fake[],
  setting?: TrackingSetting,
): TestTracking<Fake>;
export function createTestTracking(
  store: Store,
  fakes: readonly AnyFake[] = [createFakeProvider("acme")],
  setting: TrackingSetting = {},
): TestTracking<AnyFake> {
  const clock = setting.clock ?? createManualClock();
  const configured = fakes.map(configure);
  const [fake] = fakes;
  const [first] = configured;
  if (fake === undefined || first === undefined) throw new Error("tracking needs a provider to be about");
  const logged: LogLine[] = [];
  const planned: { readonly item: WorkItem; readonly dueAt: Date }[] = [];
  const write = (level: LogLine["level"]) => (facts: LogLine["facts"], message: string) => {
    logged.push({ level, facts, message });
  };
  const tools: TrackingTools = {
    store,
    bus: setting.bus ?? createInProcessBus(),
    queue: noting(
      createInProcessQueue(clock, (error) => write("error")({ error }, "work failed")),
      planned,
    ),
    clock,
    directory: createProviderDirectory(new Map([[TENANT, configured]])),
    log: { info: write("info"), warn: write("warn"), error: write("error") },
    random: setting.random ?? seededRandom(20261122),
    owner: setting.owner ?? "node-1",
    givenUp: setting.givenUp ?? neverGivenUp(),
    retentionMs: setting.retentionMs ?? null,
    unknownRunsMs: 7 * 86_400_000,
  };
  const parts = partsOf(tools);
  return {
    ...{ tools, clock, store, fake, configured: first, ...parts, logged, planned },
    stock: async (definitions = [syncJob("job-1")], accounts = [linkedAccount("account-1")]) => {
      await store.catalog.putDefinitions(TENANT, first.info.key, definitions, clock.now());
      await store.catalog.putLinkedAccounts(TENANT, first.info.key, accounts, clock.now());
      await store.providerStates.patch(TENANT, first.info.key, { catalogAt: clock.now() });
    },
    see: (...observations) =>
      parts.recorder.record({ tenantId: TENANT, configured: first, source: ObservationSource.Poll, observations }),
    syncOf: async (remoteId) => {
      const [sync] = await store.ledger.syncsByIds(TENANT, [idOf("sync", remoteId)]);
      if (sync === undefined) throw new Error(`the ledger has no run ${remoteId}`);
      return sync;
    },
    ledger: () => store.ledger.transitionsAfter(TENANT, 0, 10_000),
  };
}

/** Opens stores on empty SQLite files, closed and removed after each test, for suites where the database makes no difference. */
export function storeMaker(): () => Promise<Store> {
  const make = databaseMaker("sqlite");
  const stores: Store[] = [];
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });
  return async () => {
    const store = await openStore(await make());
    stores.push(store);
    return store;
  };
}

/** The gateway's id of an object of provider `acme`. */
export const idOf = (kind: IdentifiedKind, remoteId: string): string => identityOf(TENANT, "acme", kind, remoteId);

/** A request to start `job-1` of `acme`. */
export function command(given: Partial<TriggerCommand> = {}): TriggerCommand {
  return { definitionId: idOf("definition", "job-1"), idempotencyKey: null, ifRunning: IfRunning.Attach, ...given };
}

export function configure(fake: AnyFake): ConfiguredProvider {
  const { provider, calls } = fake;
  const { key, kind, capabilities } = provider;
  const info = { key, kind, displayName: "Acme", capabilities, sandbox: false };
  return {
    info,
    provider,
    poll: capabilities.poll,
    rateLimit: capabilities.rateLimit,
    callsMade: () => calls.length,
    webhooksConfigured: capabilities.webhooks,
  };
}

/** Uniform in [0, 1), the same numbers in each run (Park and Miller's generator). */
export function seededRandom(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state - 1) / 2_147_483_646;
  };
}

/** Lets time pass for work that sleeps one of these pauses after the other, until the work is done. */
export async function passing<Value>(
  clock: ManualClock,
  pausesMs: readonly number[],
  work: Promise<Value>,
): Promise<Value> {
  let done = false;
  const ended = work.then(
    () => void (done = true),
    () => void (done = true),
  );
  for (const pauseMs of pausesMs) {
    await Promise.race([ended, clock.untilSleeping((remainingMs) => remainingMs === pauseMs)]);
    if (done) break;
    await clock.advance(pauseMs);
  }
  return work;
}

/**
 * Lets time pass on a clock, from one sleep to the next whatever is slept for, until the work is done.
 *
 * @param untilIdle where others work beside it: time stands still until they sleep too
 */
export async function waiting<Value>(
  clock: ManualClock,
  work: Promise<Value>,
  untilIdle: () => Promise<void> = () => Promise.resolve(),
): Promise<Value> {
  let done = false;
  const ended = work.then(
    () => void (done = true),
    () => void (done = true),
  );
  for (;;) {
    await Promise.race([ended, clock.untilSleeping()]);
    await untilIdle();
    if (done) return work;
    await clock.advance(clock.pending()[0] ?? 0);
  }
}

function partsOf(tools: TrackingTools) {
  const contact = createProviderContact(tools);
  const load = createPollLoad();
  const details = createDefinitionDetails(tools);
  const recorder = createRecorder(tools, load, details.noteEnds);
  const catalog = createCatalog(tools, contact, details);
  const poller = createPoller(tools, { contact, recorder, load });
  const discoverer = createDiscoverer(tools, contact, recorder);
  const starter = createStarter(tools, contact, recorder);
  const triggers = createTriggers(tools, { catalog, starter, discoverer, contact });
  const operations = createOperations(tools, contact, triggers, poller);
  const definitions = createDefinitionOperations(tools, { contact, catalog });
  const schemas = createSchemaOperations(tools, contact);
  return { contact, load, recorder, catalog, poller, discoverer, triggers, operations, definitions, schemas };
}

function noting(queue: WorkQueue, planned: { readonly item: WorkItem; readonly dueAt: Date }[]): WorkQueue {
  return {
    ...queue,
    schedule: (item, dueAt) => {
      planned.push({ item, dueAt });
      return queue.schedule(item, dueAt);
    },
  };
}
