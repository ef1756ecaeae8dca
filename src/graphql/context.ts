// What a resolver may use: the request's tenant and loaders, and the gateway's ports. Made once per operation.
import type { ResponsePath } from "graphql";
import type { Clock } from "../domain/clock.ts";
import { ErrorCode, GatewayError } from "../domain/errors.ts";
import {
  shownKeyOf,
  type CatalogOperations,
  type DefinitionOperations,
  type ProgressFeed,
  type ProviderInfo,
  type SchemaOperations,
  type SyncOperations,
  type TransitionFeed,
  type WebhookOperations,
} from "../domain/gateway-port.ts";
import type { Store } from "../domain/store-port.ts";
import { createReads } from "./ending-reads.ts";
import { createAnswerBudget, type AnswerBudget } from "./limits/answer-budget.ts";
import { createLiveReads, type LiveReads } from "./live-reads.ts";
import { createLoaders, type Loaders } from "./loaders.ts";
import type { ProviderFailureType } from "./types/provider.ts";

/** Who asks. The tenant comes from the credential and from nowhere else. */
export interface ViewerIdentity {
  readonly tenantId: string;
  readonly name: string;
  readonly scopes: readonly string[];
}

/** The ports behind the schema, the same for every request. */
export interface GatewayPorts {
  readonly store: Store;
  readonly operations: SyncOperations;
  readonly catalog: CatalogOperations;
  readonly definitions: DefinitionOperations;
  readonly schemas: SchemaOperations;
  readonly webhooks: WebhookOperations;
  readonly feed: TransitionFeed;
  readonly progress: ProgressFeed;
  readonly clock: Clock;
  providersOf(tenantId: string): readonly ProviderInfo[];
}

/** A provider that a list was answered without, and where in the answer that list is. */
export interface NotedFailure {
  readonly failure: ProviderFailureType;
  readonly path: ResponsePath;
}

export interface GatewayContext {
  readonly viewer: ViewerIdentity;
  readonly tenantId: string;
  /** What only reads ends with the operation: after that nothing more is asked of them. */
  readonly ports: GatewayPorts;
  /**
   * Aborts when nobody waits for the answer any longer, or it has taken too long (`DeadlineError`). What only reads ends with it; what
   * changes something at a vendor does not.
   */
  readonly signal: AbortSignal;
  /** Batches and remembers for one operation; a subscription gets new ones with each event. */
  loaders: Loaders;
  /** What vendors are asked while the operation is answered, and how often; a subscription may ask anew with each event. */
  liveReads: LiveReads;
  /** How large the answer may become; a subscription gets a new one with each event. */
  answer: AnswerBudget;
  /** What the answer's `extensions` tell of providers that fail. */
  readonly providerFailures: NotedFailure[];
}

/** @param signal left out, the answer is waited for however long it takes */
export function createContext(
  ports: GatewayPorts,
  viewer: ViewerIdentity,
  signal: AbortSignal = new AbortController().signal,
): GatewayContext {
  const { tenantId } = viewer;
  const reads = createReads(signal);
  const { store, catalog, operations, schemas } = ports;
  const ended: GatewayPorts = {
    ...ports,
    store: reads.ending(store),
    catalog: reads.notBegun(catalog),
    operations: reads.notBegun(operations, ["refresh"]),
  };
  return {
    ...{ viewer, tenantId, signal, providerFailures: [], answer: createAnswerBudget() },
    ports: ended,
    loaders: createLoaders(ended.store, tenantId),
    liveReads: createLiveReads(schemas, tenantId, signal),
  };
}

/** With a change: what the operation read before must not be taken for what stands there afterwards. */
export function forgetRead(context: GatewayContext): void {
  context.loaders = createLoaders(context.ports.store, context.tenantId);
  context.liveReads.forget();
}

/** A subscription's operation lives through many events: each is answered like an operation of its own. */
export function beginEvent(context: GatewayContext): void {
  context.answer = createAnswerBudget();
  context.loaders = createLoaders(context.ports.store, context.tenantId);
  context.liveReads = createLiveReads(context.ports.schemas, context.tenantId, context.signal);
}

/**
 * The tenant's provider of that key.
 *
 * @throws GatewayError `NOT_FOUND` which names the configured ones
 */
export function requireProvider(context: GatewayContext, key: string): ProviderInfo {
  const info = shownProvider(context, key);
  if (info !== undefined) return info;
  throw new GatewayError(ErrorCode.NotFound, noProvider(context, key));
}

/** The sentence about a key that no provider has. */
export function noProvider(context: GatewayContext, key: string): string {
  const providers = context.ports.providersOf(context.tenantId);
  const configured = providers.filter(({ removedAt }) => removedAt === undefined).map(shownKeyOf);
  return `There is no provider "${key.slice(0, 100)}". Configured: ${configured.join(", ") || "none"}.`;
}

/** The tenant's provider of that key in the configuration, removed ones too. */
export function shownProvider(context: GatewayContext, key: string): ProviderInfo | undefined {
  return context.ports.providersOf(context.tenantId).find((info) => shownKeyOf(info) === key);
}

/** The tenant's provider that the store knows by this key, for places where one that is gone is no error. */
export function providerInfo(context: GatewayContext, key: string): ProviderInfo | undefined {
  return context.ports.providersOf(context.tenantId).find((info) => info.key === key);
}
