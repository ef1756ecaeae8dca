// What a wire client is made from, and what it reports.
import type { Clock } from "../domain/clock.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { Endpoint, ErrorReading, RateLimit } from "../domain/provider-port.ts";
import type { SharedQuota } from "../domain/quota-port.ts";
import type { ResolveAddresses } from "./address-guard.ts";
import type { HttpRequest } from "./http-client.ts";
import type { WireLimits } from "./limits.ts";

/** One try, for logs and metrics. Holds no query, no body and no secret. */
export interface CallReport {
  readonly provider: string;
  readonly operation: string;
  readonly method: HttpRequest["method"];
  /** Redacted. */
  readonly path: string;
  /** 1 for the first try of a request. */
  readonly tryNumber: number;
  /** Null when no answer came. */
  readonly httpStatus: number | null;
  /** Null when the try succeeded. */
  readonly code: ErrorCode | null;
  /** Whether this try went over the network. False when the circuit was open or the turn would have come too late. */
  readonly attempted: boolean;
  /** From asking for a turn to the end of the answer's body. */
  readonly durationMs: number;
}

export interface HttpClientOptions {
  /** Key of the configured provider. */
  readonly provider: string;
  readonly endpoint: Endpoint;
  /** Secrets of the provider beside those of its endpoint: its webhooks'. */
  readonly secrets?: readonly string[];
  /** What an error body says; the provider module's `readError`. */
  readonly readError: (httpStatus: number, body: unknown) => ErrorReading;
  readonly rateLimit: RateLimit;
  /** The quota as other gateways have it too: each try takes a turn of it. Default: nobody else has it. */
  readonly sharedQuota?: SharedQuota | null;
  /** Whether the base URL may be, or resolve to, an address of a private network. */
  readonly allowPrivateAddress: boolean;
  /** An http or https address of a proxy, perhaps with its user and password; default none, whatever the environment says. */
  readonly outboundProxy?: string | null;
  readonly clock: Clock;
  /** From 0 to below 1; default `Math.random`. */
  readonly random?: () => number;
  /** Called after each try. What it throws is ignored. */
  readonly onCall?: (call: CallReport) => void;
  readonly limits?: Partial<WireLimits>;
  /** How names become addresses; default the system's resolver. */
  readonly resolve?: ResolveAddresses;
}
