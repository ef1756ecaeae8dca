// The wire's contract with the provider folders: what a request is, what an answer is. `create-http-client.ts` makes one.
import type { JsonValue } from "../domain/json.ts";
import type { VendorTime } from "../domain/provider-port.ts";
import type { ForeignText } from "./foreign-text.ts";

export interface HttpRequest {
  /** What is being done, in words, for errors and logs: `list syncs`. */
  readonly operation: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Starts with a slash and is made with `pathFor`, which encodes what is put in. */
  readonly path: string;
  /** Undefined values are left out; a list repeats the name. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** Sent as JSON. */
  readonly body?: JsonValue;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * `safe` requests are sent again after a failure that may pass; `once` requests never after they may have reached the vendor.
   * Default: `safe` for GET, `once` for everything else. A POST with a vendor's idempotency key may say `safe`.
   */
  readonly repeat?: "safe" | "once";
  /** Deadline for the whole request with its repetitions. Default 15,000 for `safe` and 30,000 for `once`. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON body, every text and name in it fit to be shown; null when the body was empty. Not validated. */
  readonly body: unknown;
  readonly written: Written;
}

/** The body as the vendor wrote it, for sending parts of it back unchanged. Nothing of it may be shown, stored or logged. */
export interface Written {
  readonly body: unknown;
  /** Gives the form in which its texts were shown. */
  readonly texts: ForeignText;
}

/** A client bound to one provider's origin and credential. Throws `ProviderError` and nothing else; a 2xx is the only answer it returns. */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>;
  /** A time of ours as the vendor's clock shows it, by what its answers have told so far: ask after the answer it is compared with. */
  theirTime(ours: Date): Date;
  /** Between which times the vendor's clock stood at a time of ours, by what its answers have told so far. */
  theirTimes(ours: Date): VendorTime;
  close(): Promise<void>;
}
