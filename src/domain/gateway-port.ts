// What the GraphQL layer asks of the gateway besides reading the store.
import type { Capabilities } from "./provider-port.ts";
import type { ProviderError, UserProblem } from "./errors.ts";
import type { ProviderState, SyncFilter } from "./store-port.ts";
import type { ErrorHandling, IfRunning, Sync, Transition, Trigger } from "./sync.ts";
import type { JsonObject } from "./json.ts";

/** One configured provider as clients see it. */
export interface ProviderInfo {
  readonly key: string;
  readonly kind: string;
  readonly displayName: string;
  readonly capabilities: Capabilities;
  readonly sandbox: boolean;
}

export interface TriggerCommand {
  /** The gateway's id of the definition. */
  readonly definitionId: string;
  readonly idempotencyKey: string | null;
  readonly ifRunning: IfRunning;
  /** The gateway's id of the linked account, where the definition does not fix one. */
  readonly linkedAccountId?: string;
  readonly fullRefresh?: boolean;
  readonly models?: readonly string[];
  readonly args?: JsonObject;
  readonly onError?: ErrorHandling;
  readonly test?: boolean;
  readonly identities?: readonly string[];
}

export interface TriggerResult {
  readonly syncs: readonly Sync[];
  /** True when the runs were open already and nothing was started. */
  readonly attached: boolean;
  readonly trigger: Trigger | null;
  readonly problems: readonly UserProblem[];
}

export interface CancelResult {
  readonly sync: Sync | null;
  readonly problems: readonly UserProblem[];
}

export interface SyncOperations {
  /** Starts a run. Bad input comes back as `problems`; a vendor that fails throws `ProviderError`. */
  trigger(tenantId: string, command: TriggerCommand): Promise<TriggerResult>;
  /** Starts the definition of an ended run again, with the same options as far as they are known. */
  retry(tenantId: string, syncId: string, idempotencyKey: string | null): Promise<TriggerResult>;
  /** Asks the vendor to stop a run. */
  cancel(tenantId: string, syncId: string): Promise<CancelResult>;
  /** Reads the vendor if the run was last observed longer ago; throws `ProviderError` when that fails. Null when there is no such run. */
  refresh(tenantId: string, syncId: string, maxAgeMs: number): Promise<Sync | null>;
}

export interface CatalogOperations {
  /**
   * Makes sure the catalog of these providers is fresh, each at most once at a time.
   *
   * @returns one error for each provider whose catalog could not be read; its last known rows are still in the store
   */
  ensureFresh(tenantId: string, providerKeys: readonly string[]): Promise<readonly ProviderError[]>;
  /** The providers among these that could not be reached when last tried, as errors. Makes no call. */
  outages(tenantId: string, providerKeys: readonly string[]): Promise<readonly ProviderError[]>;
}

export interface WebhookReport {
  /** A secret is configured to prove deliveries with. */
  readonly configured: boolean;
  /** Polls have been seeing changes for a while and no webhook tells of any. */
  readonly silent: boolean;
}

export interface WebhookOperations {
  /** How the provider's webhooks are doing. Makes no call. */
  report(tenantId: string, providerKey: string, state: Pick<ProviderState, "lastWebhookAt">): WebhookReport;
}

export interface TransitionFeed {
  /**
   * Every committed transition that matches, in ledger order, each once, until the iterator is returned.
   *
   * @param after sequence number to go on from; null begins with the next one committed
   * @throws GatewayError from the first `next()`: `CURSOR_EXPIRED` when transitions after that number have been pruned,
   * `CURSOR_INVALID` when the ledger has not come that far
   */
  follow(tenantId: string, filter: SyncFilter, after: number | null): AsyncIterableIterator<FeedEntry>;
}

export interface ProgressFeed {
  /**
   * A run as it stands, then again whenever its `version` has risen, until its end was given or the iterator is returned. A slow reader
   * skips what came in between, never the end.
   *
   * @throws GatewayError `NOT_FOUND` when there is no such run
   */
  follow(tenantId: string, syncId: string): AsyncIterableIterator<Sync>;
}

/** A transition and the run as it stands now. */
export interface FeedEntry {
  readonly transition: Transition;
  readonly sync: Sync;
}
