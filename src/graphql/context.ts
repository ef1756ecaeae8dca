// What a resolver may use: the request's tenant and loaders, and the gateway's ports. Made once per operation.
import type { GraphQLResolveInfo } from "graphql";
import type { Clock } from "../domain/clock.ts";
import { ErrorCode, GatewayError, type ProviderError } from "../domain/errors.ts";
import type {
  CatalogOperations,
  ProgressFeed,
  ProviderInfo,
  SyncOperations,
  TransitionFeed,
  WebhookOperations,
} from "../domain/gateway-port.ts";
import type { Store } from "../domain/store-port.ts";
import { createLoaders, type Loaders } from "./loaders.ts";

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
  readonly webhooks: WebhookOperations;
  readonly feed: TransitionFeed;
  readonly progress: ProgressFeed;
  readonly clock: Clock;
  providersOf(tenantId: string): readonly ProviderInfo[];
}

/** A provider that failed while a list was answered without it. */
export interface PartialFailure {
  readonly error: ProviderError;
  readonly info: GraphQLResolveInfo;
}

export interface GatewayContext {
  readonly viewer: ViewerIdentity;
  readonly tenantId: string;
  readonly ports: GatewayPorts;
  /** Batches and remembers for one operation; a subscription gets new ones with each event. */
  loaders: Loaders;
  /** Failures to put beside the data: the answer's `errors` get one entry each. */
  readonly partialFailures: PartialFailure[];
}

export function createContext(ports: GatewayPorts, viewer: ViewerIdentity): GatewayContext {
  const { tenantId } = viewer;
  return { viewer, tenantId, ports, loaders: createLoaders(ports.store, tenantId), partialFailures: [] };
}

/**
 * The tenant's provider of that key.
 *
 * @throws GatewayError `NOT_FOUND` which names the configured ones
 */
export function requireProvider(context: GatewayContext, key: string): ProviderInfo {
  const info = providerInfo(context, key);
  if (info !== undefined) return info;
  const configured = context.ports.providersOf(context.tenantId).map((one) => one.key);
  const message = `There is no provider "${key.slice(0, 100)}". Configured: ${configured.join(", ") || "none"}.`;
  throw new GatewayError(ErrorCode.NotFound, message);
}

/** The tenant's provider of that key, for places where one that is gone is no error. */
export function providerInfo(context: GatewayContext, key: string): ProviderInfo | undefined {
  return context.ports.providersOf(context.tenantId).find((info) => info.key === key);
}
