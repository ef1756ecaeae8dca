// A provider's quota as all gateways share it: turns that any of them may take, and the quiet that the vendor asked any of them for.
import type { RateLimit } from "./provider-port.ts";

/** What a caller wants of a turn. */
export interface TurnWish {
  /** A turn that comes later than this, in milliseconds from now, is of no use: it is not taken. */
  readonly withinMs: number;
  /**
   * How long the turn may be used once it has come, in milliseconds. The vendor's window is counted from the end of it, since nobody
   * knows when in between it was used.
   */
  readonly lastsMs: number;
}

export interface TurnAnswer {
  /** Whether the turn is the caller's. It cannot be given back. */
  readonly taken: boolean;
  /** Until it comes, in milliseconds; of one that was not taken, until it would have come. Later turns never come sooner. */
  readonly waitMs: number;
}

/**
 * The turns of one provider. Those that are used while they last are never more in any stretch of time than the vendor allows, whoever
 * took them, and they come in the order of asking. Time is the store's: gateways' clocks need not agree.
 *
 * Every method throws GatewayError `SERVICE_UNAVAILABLE` when the store does not answer; nothing may be sent then.
 */
export interface SharedQuota {
  take(wish: TurnWish): Promise<TurnAnswer>;
  /** How long nobody may send, in milliseconds; 0 when everybody may. To be asked again before a turn is used that was waited for. */
  pausedForMs(): Promise<number>;
  /** Nobody gets a turn for that long. A shorter pause does not end a longer one. */
  pause(ms: number): Promise<void>;
}

/**
 * Turns at vendors, shared by all gateways on the database; see `SharedQuota`, whose methods these are, for any provider.
 *
 * A limit that differs from the one before is heeded from its first turn on. While gateways go by different limits, never more turns are
 * taken than the largest of them allows.
 */
export interface QuotaStore {
  take(tenantId: string, providerKey: string, limit: RateLimit, wish: TurnWish): Promise<TurnAnswer>;
  pausedForMs(tenantId: string, providerKey: string): Promise<number>;
  pause(tenantId: string, providerKey: string, ms: number): Promise<void>;
}
