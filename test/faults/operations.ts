// Everything a vendor is asked for, as the fault matrix asks it: on what the vendor's own sandbox has.
import type { LinkedAccountSnapshot } from "../../src/domain/definition.ts";
import type { RunRef, StartRequest, SyncProvider } from "../../src/domain/provider-port.ts";
import { TRIGGER_KEY, kindOf } from "../support/conformance-questions.ts";
import { capabilitiesOf, type VendorConformance } from "../support/conformance.ts";
import type { ProxiedRequest } from "../support/fault-proxy.ts";
import { allOf } from "../support/provider-values.ts";
import { refOf, startIn } from "../support/sandbox-start.ts";

/** What was read of a sandbox before anything broke. */
export interface Learned {
  readonly start: StartRequest;
  readonly account: LinkedAccountSnapshot;
  readonly learnedAt: Date;
}

export interface Known extends Learned {
  /** A run that goes on. */
  readonly run: RunRef;
}

/** @template Needs what has to be known to ask */
export interface Operation<Needs extends Learned = Known> {
  readonly name: string;
  /** What the fault strikes; the others pass. */
  readonly strikes: (request: ProxiedRequest) => boolean;
  /** Whether what is struck may be sent again. */
  readonly repeat: "repeated" | "once";
  /** Whether anybody reads the answer's body. */
  readonly readsBody: boolean;
  /** Whether the same question has the same answer. */
  readonly steady: boolean;
  ask(provider: SyncProvider, known: Needs): Promise<unknown>;
}

/** Asks a sandbox that nothing stands before. */
export async function learn(provider: SyncProvider, vendor: VendorConformance): Promise<Learned> {
  const learnedAt = new Date(Date.now() - 1_000);
  const start = await startIn(provider, vendor);
  if (start.linkedAccount === null) throw new Error(`${vendor.key}: the start is for nobody`);
  return { start, account: start.linkedAccount, learnedAt };
}

/** Makes sure that a run goes on: the one that a start has begun, whatever became of its answer, or a new one. */
export async function runningIn(provider: SyncProvider, learned: Learned): Promise<Known> {
  const { start, learnedAt } = learned;
  const discovered = await allOf(provider.discover(learnedAt, [start.definition]));
  const open = discovered.find(({ status }) => status === "CREATED" || status === "RUNNING");
  const [run = open] = open === undefined ? await provider.start(start, crypto.randomUUID()) : [open];
  if (run === undefined) throw new Error("the sandbox began nothing");
  return { ...learned, run: refOf(run) };
}

const isWrite = ({ method }: ProxiedRequest): boolean => method !== "GET";

const read = (name: string, ask: Operation["ask"]): Operation => ({
  name,
  strikes: () => true,
  repeat: "repeated",
  readsBody: true,
  steady: true,
  ask,
});

const write = (name: string, ask: Operation["ask"], more: Partial<Operation> = {}): Operation => ({
  name,
  strikes: isWrite,
  repeat: "once",
  readsBody: true,
  steady: false,
  ask,
  ...more,
});

/** @param vendorName the row's: `rootfi v4` */
export function operationsOf(vendorName: string, vendor: VendorConformance): readonly Operation[] {
  const { lookupByTime, schemaDiscovery } = capabilitiesOf(vendor);
  const kind = kindOf(vendor);
  return [
    read("list linked accounts", (provider) => allOf(provider.listLinkedAccounts())),
    read("list definitions", (provider) => allOf(provider.listDefinitions())),
    read("get definition", (provider, { start }) => provider.getDefinition(start.definition.remoteId, kind)),
    read("observe", (provider, { run }) => provider.observe([run], { tasks: true })),
    read("discover", (provider, { start, learnedAt }) => allOf(provider.discover(learnedAt, [start.definition]))),
    ...(lookupByTime
      ? [read("find started", async (provider, { start, learnedAt }) => provider.findStarted?.(start, learnedAt))]
      : []),
    ...(schemaDiscovery
      ? [
          read("discover a schema", async (provider, { account }) =>
            provider.schemaDiscovery?.targetObjects(account.remoteId),
          ),
        ]
      : []),
    ...(PARTICULAR[vendorName] ?? []),
  ];
}

/** Asked before anything else: vendors refuse a second run beside one that goes on. */
export function startOperation(vendor: VendorConformance): Operation<Learned> {
  const ask: Operation<Learned>["ask"] = (provider, { start }) => provider.start(start, TRIGGER_KEY);
  return { ...write("start", ask), ask, repeat: capabilitiesOf(vendor).idempotentStart ? "repeated" : "once" };
}

const cancel = (more: Partial<Operation>): Operation =>
  write("cancel", async (provider, { run }) => provider.cancel?.(run), { readsBody: false, ...more });

const firstResource = ({ start }: Known): string => {
  const { definition } = start;
  const name = definition.kind === "SYNC_JOB" ? definition.resources[0]?.name : undefined;
  if (name === undefined) throw new Error("a sync job without resources");
  return name;
};

const onTop = { expectedUpdatedAt: null };

const edit = (ask: Operation["ask"], more: Partial<Operation> = {}): Operation => write("edit", ask, more);

const editResource = edit(async ({ editors }, known) => {
  const { definition } = known.start;
  if (definition.kind !== "SYNC_JOB") throw new Error("not a sync job");
  return editors?.syncJobs?.update(definition, { resources: [{ name: firstResource(known), syncFrom: null }] }, onTop);
});

/** What only some vendors can be asked for, by the rows' names. */
const PARTICULAR: Readonly<Record<string, readonly Operation[]>> = {
  // What it shows of the company is believed, and where it shows nothing what was sent is.
  rootfi: [{ ...editResource, readsBody: false }],
  "rootfi v4": [cancel({}), { ...editResource, readsBody: false }],
  polytomic: [
    // Asked twice, a run is cancelled once.
    cancel({ repeat: "repeated" }),
    edit(async ({ editors }, { start }) => editors?.modelSyncs?.setActive(start.definition.remoteId, true), {
      repeat: "repeated",
      readsBody: false,
    }),
    read("missed events", async (provider, { learnedAt }) => allOf(provider.missedEvents?.(learnedAt) ?? nothing())),
  ],
  stuut: [],
  truto: [
    cancel({}),
    edit(async ({ editors }, { start }) => {
      const { definition } = start;
      if (definition.kind !== "SYNC_JOB") throw new Error("not a sync job");
      return editors?.syncJobs?.update(definition, { name: "Renamed" }, onTop);
    }),
    {
      ...edit(async ({ editors }, { start, account }) => {
        const { definition } = start;
        if (definition.kind !== "SYNC_JOB") throw new Error("not a sync job");
        const draft = { remoteId: null, resource: null, cronExpression: "0 6 * * *" };
        return editors?.schedules?.put(definition, account, draft);
      }),
      name: "make a schedule",
    },
  ],
};

async function* nothing(): AsyncGenerator<readonly never[], void, undefined> {}
