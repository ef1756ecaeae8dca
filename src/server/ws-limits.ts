// What one WebSocket may make the gateway do and hold. docs/operating.md has the same table.
import type { BucketLimits } from "./token-bucket.ts";

export interface WsLimits {
  /** While more bytes than this wait to be taken by the client, nothing more is produced for it, and nothing more read from it. */
  readonly mostWaitingBytes: number;
  /** Bytes that wait for the client and are produced for it. An answer that would be more is not given. */
  readonly mostHeldBytes: number;
  /** Answers and events that are produced for it at once. */
  readonly mostTurns: number;
  /** A client that takes nothing for so long, while something waits for it, is closed with 1013 (try again later). */
  readonly stallMs: number;
  /** A client to which nothing waits is pinged this often, and cut when it did not answer the ping before. */
  readonly pingMs: number;
  /** A client that does not answer a close for so long is cut. */
  readonly closeMs: number;
  /** Operations that run at once, subscriptions among them. */
  readonly mostOperations: number;
  /** Characters of an operation's id. */
  readonly mostIdLength: number;
  /** Bytes of the running operations' own texts and variables. */
  readonly mostRequestBytes: number;
  readonly operations: BucketLimits;
  /** Pings and pongs, of the protocol and of WebSocket itself. Beyond it the socket is closed: no client needs as many. */
  readonly heartbeats: BucketLimits;
  /** Messages of any kind, also those that are answered with an error. Beyond it the socket is closed. */
  readonly messages: BucketLimits;
}

export const WS_LIMITS: WsLimits = {
  mostWaitingBytes: 256 * 1024,
  mostHeldBytes: 4 * 1024 * 1024,
  mostTurns: 10,
  stallMs: 15_000,
  pingMs: 12_000,
  closeMs: 2_000,
  mostOperations: 100,
  mostIdLength: 128,
  mostRequestBytes: 1024 * 1024,
  operations: { perSecond: 50, burst: 100 },
  heartbeats: { perSecond: 50, burst: 500 },
  messages: { perSecond: 1_000, burst: 10_000 },
};
