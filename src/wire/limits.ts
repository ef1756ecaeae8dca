// Every number the wire client works by, in one place.
import type { JsonLimits } from "./scan-json.ts";

/** Bounds of one client. All of them have defaults that fit a vendor's public API. */
export interface WireLimits {
  /** Deadline of a `safe` request that names none. */
  readonly safeTimeoutMs: number;
  /** Deadline of a `once` request that names none; longer, because giving up on it leaves an open question. */
  readonly onceTimeoutMs: number;
  /** Until TCP and TLS are up. */
  readonly connectTimeoutMs: number;
  /** From the last byte sent to the answer's headers. */
  readonly headersTimeoutMs: number;
  /** Between two pieces of the answer's body. */
  readonly bodyIdleTimeoutMs: number;
  /** Size of an answer's body, as it comes and after decompression. */
  readonly responseBytes: number;
  /** Size of an answer's headers together. */
  readonly headerBytes: number;
  /** What an answer may consist of. */
  readonly json: JsonLimits;
  /** Sockets open at the same time. */
  readonly connections: number;
  /** How often one request is sent at most. */
  readonly tries: number;
  /** Upper bound of the first wait; it doubles with each try. */
  readonly firstBackoffMs: number;
  readonly longestBackoffMs: number;
  /** Share of recent requests that may be sent again. */
  readonly retryShare: number;
  /** Repetitions that are always allowed, however little traffic there was. */
  readonly retryFloor: number;
  /** What "recent" means; traffic of one to two such periods is remembered. */
  readonly retryPeriodMs: number;
  /** Failures in a row that open the circuit. */
  readonly breakerFailures: number;
  /** How long the circuit stays open before one request may try. */
  readonly breakerOpenMs: number;
  /** The longest time that one 429 can silence the client. */
  readonly longestPauseMs: number;
  /** The longest wait that is passed on to callers. */
  readonly longestRetryAfterMs: number;
}

/**
 * What is too much of JSON to be any vendor's page. A page of 9 MB that a vendor means has 18 to 30 bytes for each of its values: half a
 * million of them. Zeros have two bytes each, and a value takes 20 to 120 bytes of memory. An object is one thing, and the names of
 * thousands make it slow; an entry of a list is made and read in one step.
 */
export const JSON_LIMITS: JsonLimits = { depth: 100, values: 1_000_000, names: 10_000, entryValues: 100_000 };

export const DEFAULT_LIMITS: WireLimits = {
  safeTimeoutMs: 15_000,
  onceTimeoutMs: 30_000,
  connectTimeoutMs: 5_000,
  headersTimeoutMs: 30_000,
  bodyIdleTimeoutMs: 15_000,
  responseBytes: 10 * 1024 * 1024,
  headerBytes: 32 * 1024,
  json: JSON_LIMITS,
  connections: 16,
  tries: 3,
  firstBackoffMs: 250,
  longestBackoffMs: 5_000,
  retryShare: 0.2,
  retryFloor: 5,
  retryPeriodMs: 30_000,
  breakerFailures: 5,
  breakerOpenMs: 10_000,
  longestPauseMs: 5 * 60_000,
  longestRetryAfterMs: 60 * 60_000,
};
