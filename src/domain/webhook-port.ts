// What vendors report by themselves: how a delivery is proven genuine, and what it tells.
import type { JsonObject } from "./json.ts";
import type { Observation } from "./sync.ts";

/** Where a provider's webhooks come in, below the gateway's origin. */
export const webhookPath = (providerKey: string): string => `/webhooks/${providerKey}`;

/** A delivery as it came in. */
export interface WebhookRequest {
  /** Names in lower case; a repeated header's values are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes as received: signatures are over these and nothing else. */
  readonly body: Uint8Array;
  readonly receivedAt: Date;
}

export const WebhookRefusal = {
  /** No secret is configured, so nothing can be proven. */
  NotConfigured: "NOT_CONFIGURED",
  /** Missing, malformed, or made with another secret or over another body. */
  BadSignature: "BAD_SIGNATURE",
  /** Genuine, but older than the replay window allows, or from the future. */
  Stale: "STALE",
  /** Genuine, but not what the vendor documents. */
  Malformed: "MALFORMED",
} as const;
export type WebhookRefusal = (typeof WebhookRefusal)[keyof typeof WebhookRefusal];

/** A genuine delivery, reduced to what is needed of it: no records, no secrets, safe to store and to log. */
export interface WebhookEvent {
  /** The vendor's id of the event; where it has none, a hash of the body, with the time of receipt if one body may tell of several events. The same id means the same event. */
  readonly deliveryId: string;
  /** The vendor's word for what happened. */
  readonly name: string;
  /** Hash of the whole body, to tell a repetition from another event under the same id. */
  readonly fingerprint: string;
  readonly payload: JsonObject;
}

export type WebhookVerdict =
  | { readonly genuine: true; readonly event: WebhookEvent }
  | { readonly genuine: false; readonly refusal: WebhookRefusal };

/** What an event means for the gateway. A hint makes something due; only a signed event that carries the state is an observation. */
export type WebhookHint =
  | { readonly kind: "OBSERVATION"; readonly observation: Observation }
  | {
      readonly kind: "RUN";
      readonly remoteId: string;
      readonly definitionRemoteId: string | null;
      readonly linkedAccountRemoteId: string | null;
    }
  | { readonly kind: "RUNS" }
  | { readonly kind: "CATALOG" };
