// The real schema over a real SQLite store, with a vendor side that tests script. Queries go in, answers as clients see them come out.
import "reflect-metadata";
import { randomUUID } from "node:crypto";
import { execute, parse, validate, type ExecutionResult, type GraphQLFormattedError } from "graphql";
import type {
  ProviderInfo,
  SyncOperations,
  CatalogOperations,
  DefinitionOperations,
  SchemaOperations,
  WebhookOperations,
} from "../../src/domain/gateway-port.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { BusNews, type EventBus } from "../../src/domain/runtime-ports.ts";
import { ErrorCode, ProviderError, type ProviderFailureFacts } from "../../src/domain/errors.ts";
import type { Store } from "../../src/domain/store-port.ts";
import {
  createContext,
  type GatewayContext,
  type GatewayPorts,
  type ViewerIdentity,
} from "../../src/graphql/context.ts";
import { formatError } from "../../src/graphql/errors.ts";
import { withNotedFailures } from "../../src/graphql/noted-failures.ts";
import { buildGatewaySchema } from "../../src/graphql/schema.ts";
import { createInProcessBus } from "../../src/server/in-process-bus.ts";
import { createProgressFeed } from "../../src/server/progress-feed.ts";
import { createTransitionFeed } from "../../src/server/transition-feed.ts";
import { openStore } from "../../src/store/open-store.ts";
import { createCountingStore, type CountingStore } from "./counting-store.ts";
import { databases } from "./databases.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { at } from "./store-values.ts";

export const TENANT = "t1";
export const schema = buildGatewaySchema();

/** What the vendors' side answers; a test replaces what it is about. Everything not replaced fails the test that reaches it. */
export type Script = SyncOperations & CatalogOperations & DefinitionOperations & SchemaOperations & WebhookOperations;

export interface Answer {
  readonly data: unknown;
  readonly errors: readonly GraphQLFormattedError[];
  /** Absent when there are none. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export interface GraphqlGateway {
  readonly ports: GatewayPorts;
  readonly store: Store;
  readonly counting: CountingStore;
  readonly clock: ManualClock;
  /** Replaced by assignment: `gateway.script.trigger = ...`. */
  readonly script: { -readonly [Name in keyof Script]: Script[Name] };
  /** Errors that were masked. */
  readonly defects: unknown[];
  /** Calls that reached the vendors' side, by name. */
  readonly vendorCalls: string[];
  ring(): void;
  /** How many listen to the bell now. */
  listeners(): number;
  context(viewer?: Partial<ViewerIdentity>, signal?: AbortSignal): GatewayContext;
  ask(query: string, variables?: Readonly<Record<string, unknown>>, viewer?: Partial<ViewerIdentity>): Promise<Answer>;
  close(): Promise<void>;
}

export async function openGraphqlGateway(providers: readonly ProviderInfo[] = PROVIDERS): Promise<GraphqlGateway> {
  const { url, drop } = await databases.sqlite.create();
  const counting = createCountingStore(await openStore(url));
  const { store } = counting;
  const clock = createManualClock(at(0));
  const { bus, listeners } = countedBus();
  const feed = createTransitionFeed({ store, bus, clock });
  const progress = createProgressFeed({ store, bus, clock });
  const vendorCalls: string[] = [];
  const defects: unknown[] = [];
  const script = { ...QUIET };
  const seen = <Name extends keyof Script>(name: Name) => vendorCalls.push(name);
  const ports: GatewayPorts = {
    store,
    clock,
    feed,
    progress,
    operations: {
      trigger: (...given) => (seen("trigger"), script.trigger(...given)),
      retry: (...given) => (seen("retry"), script.retry(...given)),
      cancel: (...given) => (seen("cancel"), script.cancel(...given)),
      cancelAll: (...given) => (seen("cancelAll"), script.cancelAll(...given)),
      refresh: (...given) => (seen("refresh"), script.refresh(...given)),
    },
    definitions: scriptedDefinitions(script, seen),
    // What it gives makes the calls; the test that gives it sees them.
    schemas: { discovery: (...given) => script.discovery(...given) },
    // The mirror is asked whether it is fresh, and what is down is known: neither is a call to a vendor by itself.
    catalog: {
      ensureFresh: (...given) => script.ensureFresh(...given),
      outages: (...given) => script.outages(...given),
    },
    webhooks: { report: (...given) => script.report(...given) },
    providersOf: (tenantId) => (tenantId === TENANT ? providers : []),
  };
  const context = (viewer: Partial<ViewerIdentity> = {}, signal?: AbortSignal) =>
    createContext(ports, { tenantId: TENANT, name: "tester", scopes: [], ...viewer }, signal);
  return {
    ports,
    store,
    counting,
    clock,
    script,
    defects,
    vendorCalls,
    ring: () => bus.ring(TENANT, BusNews.Transitions),
    listeners,
    context,
    ask: (query, variables = {}, viewer = {}) => ask(query, variables, context(viewer), (error) => defects.push(error)),
    close: async () => {
      feed.close();
      progress.close();
      await bus.close();
      await store.close();
      await drop();
    },
  };
}

/** What is at a dotted path of an answer: `valueAt(data, "syncs.nodes.0.id")`. */
export function valueAt(value: unknown, path: string): unknown {
  let found = value;
  for (const name of path.split(".")) {
    if (typeof found !== "object" || found === null || !(name in found))
      throw new Error(`nothing at ${path} in ${JSON.stringify(value)}`);
    found = Reflect.get(found, name);
  }
  return found;
}

/** The same, where a text is expected. */
export function textAt(value: unknown, path: string): string {
  const found = valueAt(value, path);
  if (typeof found !== "string") throw new Error(`no text at ${path}, but ${JSON.stringify(found)}`);
  return found;
}

/** The same, where a list is expected. */
export function listAt(value: unknown, path: string): readonly unknown[] {
  const found = valueAt(value, path);
  if (!Array.isArray(found)) throw new Error(`no list at ${path}, but ${JSON.stringify(found)}`);
  return found;
}

export function providerError(provider: string, given: Partial<ProviderFailureFacts> = {}): ProviderError {
  const facts = {
    code: ErrorCode.ProviderRateLimited,
    provider,
    httpStatus: 429,
    retryable: true,
    retryAfterMs: 1_500,
    sent: true,
    ...given,
  };
  return new ProviderError(`${provider}: list syncs: too many requests`, facts);
}

export function providerInfo(
  key: string,
  given: Partial<Omit<ProviderInfo, "capabilities">> = {},
  can: Partial<Capabilities> = {},
): ProviderInfo {
  return { key, kind: key, displayName: key, sandbox: false, ...given, capabilities: { ...CAPABILITIES, ...can } };
}

export const newId = (): string => randomUUID();

async function ask(
  query: string,
  variables: Readonly<Record<string, unknown>>,
  contextValue: GatewayContext,
  reportDefect: (error: unknown) => void,
): Promise<Answer> {
  const document = parse(query);
  const problems = validate(schema, document);
  if (problems.length > 0) throw new Error(`the test's own query is not valid: ${problems.join("; ")}`);
  const result: ExecutionResult = await execute({ schema, document, contextValue, variableValues: variables });
  const thrown = (result.errors ?? []).map((error) => formatError(error.toJSON(), error, reportDefect));
  // A round trip through JSON: what a client gets, without the executor's prototype-less objects.
  const data: unknown = result.data === undefined ? undefined : JSON.parse(JSON.stringify(result.data));
  const { extensions } = withNotedFailures(contextValue, {});
  return { data, errors: thrown, ...(extensions === undefined ? {} : { extensions }) };
}

function countedBus(): { readonly bus: EventBus; readonly listeners: () => number } {
  const inner = createInProcessBus();
  let listeners = 0;
  const listen: EventBus["listen"] = (...given) => {
    listeners += 1;
    const end = inner.listen(...given);
    return () => {
      listeners -= 1;
      end();
    };
  };
  return { bus: { ...inner, listen }, listeners: () => listeners };
}

function scriptedDefinitions(
  script: DefinitionOperations,
  seen: (name: keyof DefinitionOperations) => void,
): DefinitionOperations {
  return {
    createModelSync: (...given) => (seen("createModelSync"), script.createModelSync(...given)),
    updateModelSync: (...given) => (seen("updateModelSync"), script.updateModelSync(...given)),
    setModelSyncActive: (...given) => (seen("setModelSyncActive"), script.setModelSyncActive(...given)),
    deleteModelSync: (...given) => (seen("deleteModelSync"), script.deleteModelSync(...given)),
    createSyncJob: (...given) => (seen("createSyncJob"), script.createSyncJob(...given)),
    updateSyncJob: (...given) => (seen("updateSyncJob"), script.updateSyncJob(...given)),
    deleteSyncJob: (...given) => (seen("deleteSyncJob"), script.deleteSyncJob(...given)),
    schedule: (...given) => (seen("schedule"), script.schedule(...given)),
    unschedule: (...given) => (seen("unschedule"), script.unschedule(...given)),
  };
}

const CAPABILITIES: Capabilities = {
  syncJobs: true,
  modelSyncs: true,
  cancel: true,
  idempotentStart: false,
  lookupByTime: true,
  history: true,
  webhooks: false,
  modelSyncCrud: false,
  syncJobCrud: false,
  syncJobUpdate: false,
  schedules: false,
  schemaDiscovery: false,
  bulkStatus: true,
  separateTasks: false,
  startOptions: ["fullRefresh", "linkedAccountRemoteId"],
  requiredStartOptions: [],
  poll: { fastMs: 1_000, slowMs: 10_000, discoverMs: 30_000 },
  rateLimit: { requests: 10, perMs: 1_000 },
};

const PROVIDERS = [
  providerInfo("acme"),
  providerInfo("globex", {}, { syncJobs: false }),
  providerInfo("acme-eu", { kind: "acme" }, { modelSyncs: false }),
];

const unscripted = (name: string) => () => Promise.reject(new Error(`the test did not expect a call of ${name}`));

const QUIET: Script = {
  trigger: unscripted("trigger"),
  retry: unscripted("retry"),
  cancel: unscripted("cancel"),
  cancelAll: unscripted("cancelAll"),
  refresh: unscripted("refresh"),
  ensureFresh: () => Promise.resolve([]),
  outages: () => Promise.resolve([]),
  report: () => ({ configured: false, silent: false }),
  createModelSync: unscripted("createModelSync"),
  updateModelSync: unscripted("updateModelSync"),
  setModelSyncActive: unscripted("setModelSyncActive"),
  deleteModelSync: unscripted("deleteModelSync"),
  createSyncJob: unscripted("createSyncJob"),
  updateSyncJob: unscripted("updateSyncJob"),
  deleteSyncJob: unscripted("deleteSyncJob"),
  schedule: unscripted("schedule"),
  unschedule: unscripted("unschedule"),
  discovery: () => {
    throw new Error("the test did not expect a call of discovery");
  },
};
