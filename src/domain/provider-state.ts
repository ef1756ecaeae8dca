// What the gateway knows of its contact with a provider, and where the store keeps it.
import type { DiscoveryProgress } from "./discovery.ts";
import type { ErrorCode } from "./errors.ts";

export const ProviderHealth = { Unknown: "UNKNOWN", Up: "UP", Down: "DOWN", AuthFailed: "AUTH_FAILED" } as const;
export type ProviderHealth = (typeof ProviderHealth)[keyof typeof ProviderHealth];

/** Whether the last contact ended with a failure of the provider as a whole. */
export const isFailing = (health: ProviderHealth): boolean =>
  health === ProviderHealth.Down || health === ProviderHealth.AuthFailed;

/** What the gateway knows of its contact with a provider. */
export interface ProviderState {
  readonly health: ProviderHealth;
  readonly lastSuccessAt: Date | null;
  readonly lastFailureAt: Date | null;
  readonly lastError: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly retryable: boolean;
    readonly retryAfterMs: number | null;
    readonly httpStatus: number | null;
    /** When the first of the failures without an answer in between came, in epoch milliseconds. A gateway of the version before leaves it out. */
    readonly sinceMs?: number;
  } | null;
  /** When the catalog was last read whole. */
  readonly catalogAt: Date | null;
  /** Runs created before then have been discovered: everything up to then was read to its end. */
  readonly discoveredUntil: Date | null;
  /** Null before the first look, and where a version that knows nothing of it looked. */
  readonly discovery: DiscoveryProgress | null;
  /** Status words seen that are in no table, each with its count. */
  readonly unknownStatuses: Readonly<Record<string, number>>;
  /** When the last genuine webhook came; null when none ever did. */
  readonly lastWebhookAt: Date | null;
  /** Deliveries that were refused, by reason. */
  readonly webhookRefusals: Readonly<Record<string, number>>;
}

export interface ProviderStateStore {
  /** The stored state, or one that says nothing is known. */
  get(tenantId: string, providerKey: string): Promise<ProviderState>;
  /** Changes the named fields, creating the row when there is none. */
  patch(tenantId: string, providerKey: string, patch: Partial<ProviderState>): Promise<void>;
}
