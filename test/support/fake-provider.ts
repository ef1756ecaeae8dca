// A provider in memory that answers as a test tells it and writes down every call. It has no life of its own: no runs advance in it.
import type { DefinitionKind, DefinitionSnapshot, LinkedAccountSnapshot } from "../../src/domain/definition.ts";
import { ProviderError } from "../../src/domain/errors.ts";
import type { ErrorCode, ProviderFailureFacts, UserProblem } from "../../src/domain/errors.ts";
import type {
  Capabilities,
  FoundRun,
  ObserveResult,
  RunRef,
  StartRequest,
  SyncProvider,
  VendorTime,
} from "../../src/domain/provider-port.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import type { Observation, StartOptions } from "../../src/domain/sync.ts";
import { defaultEditorAnswers, editorsOf, schemaDiscoveryOf } from "./fake-editors.ts";
import type { FakeEditorAnswers, FakeEditorCall, Later } from "./fake-editors.ts";
import { linkedAccount, modelSync, observation, syncJob } from "./store-values.ts";

/** Pages of a list; an error stands for the page that could not be read. */
export type Pages<Item> = readonly (readonly Item[] | Error)[];

/** What the vendor says. A test replaces what it is about, also while it runs; a fault is thrown. A signal ends the call. */
export interface FakeAnswers extends FakeEditorAnswers {
  linkedAccounts: (signal?: AbortSignal) => Later<Pages<LinkedAccountSnapshot>>;
  definitions: (signal?: AbortSignal) => Later<Pages<DefinitionSnapshot>>;
  definition: (remoteId: string, kind: DefinitionKind, signal?: AbortSignal) => Later<DefinitionSnapshot>;
  checkStart: (request: StartRequest) => readonly UserProblem[];
  start: (request: StartRequest, triggerKey: string) => Later<readonly Observation[]>;
  findStarted: (request: StartRequest, sentAt: Date) => Later<readonly FoundRun[]>;
  /** By default its runs tell no arguments. */
  startedWith: () => Later<Pick<StartOptions, "args">>;
  /** By default its clock is ours. */
  theirTimes: (ours: Date) => VendorTime;
  observe: (refs: readonly RunRef[], tasks: boolean, signal?: AbortSignal) => Later<ObserveResult>;
  discover: (since: Date, definitions: readonly DefinitionSnapshot[]) => Later<Pages<Observation>>;
  cancel: (ref: RunRef) => Later<void>;
  /** Given when the provider is made: it can stop all runs of a definition in one call. */
  cancelAll?: (definitionRemoteId: string) => Later<void>;
}

/** One call, with what it was called with. */
export type FakeCall =
  | { readonly method: "listLinkedAccounts" | "listDefinitions" | "close" }
  | { readonly method: "getDefinition"; readonly remoteId: string; readonly kind: DefinitionKind }
  | { readonly method: "start"; readonly request: StartRequest; readonly triggerKey: string }
  | { readonly method: "findStarted"; readonly request: StartRequest; readonly sentAt: Date }
  | { readonly method: "observe"; readonly refs: readonly RunRef[]; readonly tasks: boolean }
  | { readonly method: "discover"; readonly since: Date; readonly definitions: readonly DefinitionSnapshot[] }
  | { readonly method: "cancel"; readonly ref: RunRef }
  | { readonly method: "cancelAll"; readonly definitionRemoteId: string }
  | FakeEditorCall;
type CallOf<Method extends FakeCall["method"]> = Extract<FakeCall, { readonly method: Method }>;

export interface FakeProvider {
  readonly provider: SyncProvider;
  readonly answers: FakeAnswers;
  /** In the order in which they were made. */
  readonly calls: readonly FakeCall[];
  callsOf<Method extends FakeCall["method"]>(method: Method): readonly CallOf<Method>[];
}

const CAPABILITIES: Capabilities = {
  syncJobs: true,
  modelSyncs: false,
  cancel: true,
  idempotentStart: false,
  lookupByTime: false,
  history: true,
  webhooks: false,
  modelSyncCrud: false,
  syncJobCrud: false,
  syncJobUpdate: false,
  schedules: false,
  schemaDiscovery: false,
  bulkStatus: true,
  separateTasks: false,
  startOptions: ["fullRefresh", "models", "args", "linkedAccountRemoteId"],
  requiredStartOptions: [],
  poll: { fastMs: 1_000, slowMs: 30_000, discoverMs: 20_000 },
  rateLimit: { requests: 1_000, perMs: 1_000 },
};

/** By default: one account, one job of it, each start begins one running run, every run is observed as it is known, changes are carried out. */
export function createFakeProvider(
  key: string,
  capabilities: Partial<Capabilities> = {},
  answers: Partial<FakeAnswers> = {},
): FakeProvider {
  const able: Capabilities = { ...CAPABILITIES, ...capabilities };
  const said: FakeAnswers = { ...defaultAnswers(), ...answers };
  const calls: FakeCall[] = [];
  const provider = providerOf(key, able, said, (call) => calls.push(call));
  const callsOf = <Method extends FakeCall["method"]>(method: Method) =>
    calls.filter((call): call is CallOf<Method> => call.method === method);
  return { provider, answers: said, calls, callsOf };
}

/** A vendor's failure. By default one that reached the vendor and may pass. */
export function fault(code: ErrorCode, facts: Partial<ProviderFailureFacts> = {}): ProviderError {
  const defaults = { provider: "acme", httpStatus: null, retryable: true, retryAfterMs: null, sent: true };
  return new ProviderError(`acme: ${code.toLowerCase()}`, { ...defaults, ...facts, code });
}

/** What the vendor says of a run that it is asked for. */
export function observed({ remoteId, ...ref }: RunRef, given: Partial<Observation> = {}): Observation {
  const { definitionRemoteId, linkedAccountRemoteId, status } = ref;
  return observation(remoteId, {
    definitionRemoteId,
    linkedAccountRemoteId,
    status,
    rawStatus: status.toLowerCase(),
    ...given,
  });
}

function defaultAnswers(): FakeAnswers {
  let runs = 0;
  return {
    linkedAccounts: () => [[linkedAccount("account-1")]],
    definitions: () => [[syncJob("job-1")]],
    definition: (remoteId, kind) => (kind === "SYNC_JOB" ? syncJob(remoteId) : modelSync(remoteId)),
    checkStart: () => [],
    start: ({ definition }) => {
      runs += 1;
      const ids = { definitionRemoteId: definition.remoteId, linkedAccountRemoteId: definition.linkedAccountRemoteId };
      return [observation(`run-${runs}`, { ...ids, status: SyncStatus.Running })];
    },
    findStarted: () => [],
    startedWith: () => ({}),
    theirTimes: (ours) => ({ earliest: ours, latest: ours, isKnown: true }),
    observe: (refs) => ({ observations: refs.map((ref) => observed(ref)), missing: [] }),
    discover: () => [],
    cancel: () => undefined,
    ...defaultEditorAnswers(),
  };
}

function providerOf(
  key: string,
  capabilities: Capabilities,
  answers: FakeAnswers,
  write: (call: FakeCall) => void,
): SyncProvider {
  return {
    key,
    kind: "fake",
    capabilities,
    listLinkedAccounts: (options) => {
      write({ method: "listLinkedAccounts" });
      return pages(() => answers.linkedAccounts(options?.signal));
    },
    listDefinitions: (options) => {
      write({ method: "listDefinitions" });
      return pages(() => answers.definitions(options?.signal));
    },
    getDefinition: async (remoteId, kind, options) => {
      write({ method: "getDefinition", remoteId, kind });
      return answers.definition(remoteId, kind, options?.signal);
    },
    checkStart: (request) => answers.checkStart(request),
    start: async (request, triggerKey) => {
      write({ method: "start", request, triggerKey });
      return answers.start(request, triggerKey);
    },
    startedWith: async () => answers.startedWith(),
    theirTimes: (ours) => answers.theirTimes(ours),
    observe: async (refs, { tasks, signal }) => {
      write({ method: "observe", refs, tasks });
      return answers.observe(refs, tasks, signal);
    },
    discover: (since, definitions) => {
      write({ method: "discover", since, definitions });
      return pages(() => answers.discover(since, definitions));
    },
    close: () => {
      write({ method: "close" });
      return Promise.resolve();
    },
    ...(capabilities.lookupByTime ? lookup(answers, write) : {}),
    ...(capabilities.cancel ? cancelling(answers, write) : {}),
    ...(answers.cancelAll === undefined ? {} : cancellingAll(answers, write)),
    ...editorsOf(capabilities, answers, write),
    ...(capabilities.schemaDiscovery ? { schemaDiscovery: schemaDiscoveryOf(answers, write) } : {}),
  };
}

function lookup(answers: FakeAnswers, write: (call: FakeCall) => void): Required<Pick<SyncProvider, "findStarted">> {
  return {
    findStarted: async (request, sentAt) => {
      write({ method: "findStarted", request, sentAt });
      const found = await answers.findStarted(request, sentAt);
      // A run whose times a test says nothing of began as soon as it was asked for.
      return found.map((run) => ({ ...run, facts: { createdAt: sentAt, ...run.facts } }));
    },
  };
}

function cancelling(answers: FakeAnswers, write: (call: FakeCall) => void): Required<Pick<SyncProvider, "cancel">> {
  return {
    cancel: async (ref) => {
      write({ method: "cancel", ref });
      await answers.cancel(ref);
    },
  };
}

function cancellingAll(
  answers: FakeAnswers,
  write: (call: FakeCall) => void,
): Required<Pick<SyncProvider, "cancelAll">> {
  return {
    cancelAll: async (definitionRemoteId) => {
      write({ method: "cancelAll", definitionRemoteId });
      await answers.cancelAll?.(definitionRemoteId);
    },
  };
}

async function* pages<Item>(read: () => Later<Pages<Item>>): AsyncGenerator<readonly Item[], void, undefined> {
  for (const page of await read()) {
    if (page instanceof Error) throw page;
    yield page;
  }
}
