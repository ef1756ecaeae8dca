// What a vendor folder must offer. The registry finds the folders; the conformance suite runs on whatever it found.
import type { Clock } from "./clock.ts";
import type { DefinitionKind, DefinitionSnapshot, LinkedAccountSnapshot } from "./definition.ts";
import type { DefinitionEditors } from "./editor-port.ts";
import type { ErrorCode, ProviderError, UserProblem } from "./errors.ts";
import type { Observation, StartOptions } from "./sync.ts";
import type { SyncStatus } from "./status.ts";
import type { JsonObject } from "./json.ts";
import type { SchemaDiscovery } from "./schema-discovery.ts";
import type { WebhookEvent, WebhookHint, WebhookRequest, WebhookVerdict } from "./webhook-port.ts";

/** What a vendor can do, as data. A capability that is false has no method behind it. */
export interface Capabilities {
  readonly syncJobs: boolean;
  readonly modelSyncs: boolean;
  /** Runs can be cancelled through the API; then `cancel` exists. */
  readonly cancel: boolean;
  /** Starting twice with one key starts once, by the vendor's own promise. */
  readonly idempotentStart: boolean;
  /** A start without an answer can be looked up afterwards; then `findStarted` exists. */
  readonly lookupByTime: boolean;
  /** One start begins a run for each model, in one batch; absent where it begins one run. */
  readonly startsEachModel?: true;
  /** Past runs can be listed, not only the latest. */
  readonly history: boolean;
  /** The vendor can report events; then `webhook.ts` exists. */
  readonly webhooks: boolean;
  /** Model syncs can be made, changed and deleted; then `editors.modelSyncs` exists. */
  readonly modelSyncCrud: boolean;
  /** Sync jobs can be made and deleted as well as changed; then `editors.syncJobs` has `create` and `delete`. */
  readonly syncJobCrud: boolean;
  /** Sync jobs can be changed; then `editors.syncJobs` exists. */
  readonly syncJobUpdate: boolean;
  /** Schedules of sync jobs can be made, changed and removed; then `editors.schedules` exists. */
  readonly schedules: boolean;
  /** The vendor tells what linked accounts can be read from and written to; then `schemaDiscovery` exists. */
  readonly schemaDiscovery: boolean;
  /** One call observes many runs. */
  readonly bulkStatus: boolean;
  /** Tasks, or why a run failed, cost calls of their own. */
  readonly separateTasks: boolean;
  /** Options of a start that the vendor understands; any other is refused before the vendor is called. */
  readonly startOptions: readonly (keyof StartOptions)[];
  /** Options a start cannot do without. */
  readonly requiredStartOptions: readonly (keyof StartOptions)[];
  readonly poll: PollIntervals;
  readonly rateLimit: RateLimit;
}

/** How often an open run is looked at. */
export interface PollIntervals {
  /** Right after the start. */
  readonly fastMs: number;
  /** Cap of the back-off. */
  readonly slowMs: number;
  /** How often runs started elsewhere are looked for. */
  readonly discoverMs: number;
}

/** What may be sent to the vendor with one credential. */
export interface RateLimit {
  readonly requests: number;
  readonly perMs: number;
}

/** What an adapter needs to find a run again. */
export interface RunRef {
  readonly remoteId: string;
  readonly definitionRemoteId: string | null;
  readonly linkedAccountRemoteId: string | null;
  readonly batchId: string | null;
  readonly models: readonly string[];
  readonly status: SyncStatus;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
}

export const MissingReason = {
  /** The vendor answers that there is no such run. */
  NotFound: "NOT_FOUND",
  /** A newer run took its place and the vendor keeps only the newest. */
  Replaced: "REPLACED",
} as const;
export type MissingReason = (typeof MissingReason)[keyof typeof MissingReason];

export interface MissingRun {
  readonly remoteId: string;
  readonly reason: MissingReason;
}

export interface ObserveResult {
  /** May hold runs that were not asked for, when the answer told about them anyway. */
  readonly observations: readonly Observation[];
  readonly missing: readonly MissingRun[];
}

export interface CallOptions {
  /** Ends the call: the caller went away or its deadline passed. */
  readonly signal?: AbortSignal;
}

export interface ObserveOptions extends CallOptions {
  /** Whether tasks are wanted too, where they cost calls of their own. */
  readonly tasks: boolean;
}

/** Pages that a look for runs may still read. Shared by all lists of a look. */
export interface PageAllowance {
  /** Takes one; false when there is none left. */
  take(): boolean;
}

/** A list of runs that was left before its end, and where to go on. Both are the adapter's own words. */
export interface UnreadRest {
  readonly list: string;
  /** Null is its beginning. */
  readonly cursor: string | null;
  /** Whether it was left because what comes there could not be read. */
  readonly failed?: boolean;
}

export interface DiscoverOptions extends CallOptions {
  /** Runs created after then are of no interest; a vendor that can leave them out does. */
  readonly until?: Date;
  /** Reads these lists on instead of all from their beginnings. */
  readonly goOn?: readonly UnreadRest[];
  /** Asked before each page but the first of a list that is read from its beginning. Default: no bound but the adapter's own. */
  readonly pages?: PageAllowance;
  /**
   * Told of each list that is left before its end, because no page was left to take or one could not be read; before a look throws, also of
   * those that it did not come to.
   */
  readonly onLeft?: (rest: UnreadRest) => void;
  /** Told each time that the vendor answered with a page. */
  readonly onPage?: () => void;
  /** Told what could not be read of a list that is read on all the same. Default: the first such is thrown at the end. */
  readonly onUnreadable?: (failure: ProviderError) => void;
}

export interface StartRequest {
  readonly definition: DefinitionSnapshot;
  /** The linked account the run is for; null when neither the definition nor the caller names one. */
  readonly linkedAccount: LinkedAccountSnapshot | null;
  readonly options: StartOptions;
  /** The ended run that is to be run again; absent in any other start. Vendors with a retry of their own may use it. */
  readonly retryOf?: RunRef;
}

/** A run that a start may have begun. */
export interface FoundRun extends Observation {
  /** Whether the run does what the start asks for; absent where the vendor does not tell enough of it. */
  readonly asAsked?: boolean;
}

/** A time of ours by a vendor's clock, as closely as it is known. */
export interface VendorTime {
  readonly earliest: Date;
  readonly latest: Date;
  /** False where nothing has told of the vendor's clock: then the two are a guess. */
  readonly isKnown: boolean;
}

/**
 * One configured account at one vendor. Every method throws `ProviderError` and nothing else, and turns the vendor's JSON into
 * domain values: what it returns needs no further checking.
 */
export interface SyncProvider {
  readonly key: string;
  readonly kind: string;
  readonly capabilities: Capabilities;

  /**
   * The vendor's own id of the account that the credential belongs to, the same for every credential of it; null when the vendor does not
   * tell now. Exists where the vendor may tell one.
   */
  remoteAccount?(options?: CallOptions): Promise<string | null>;
  /** All linked accounts, a page at a time. */
  listLinkedAccounts(options?: CallOptions): AsyncIterable<readonly LinkedAccountSnapshot[]>;
  /** All definitions, a page at a time. Entries with `detailed: false` need `getDefinition`. */
  listDefinitions(options?: CallOptions): AsyncIterable<readonly DefinitionSnapshot[]>;
  /** One definition in full. Throws `PROVIDER_NOT_FOUND` when the vendor has none of that id. */
  getDefinition(remoteId: string, kind: DefinitionKind, options?: CallOptions): Promise<DefinitionSnapshot>;

  /**
   * What is wrong with a start, found without calling the vendor: arguments against the job's schema, an inactive definition, a
   * disabled link, a model the definition does not have. Empty when nothing is.
   */
  checkStart(request: StartRequest): readonly UserProblem[];
  /**
   * Starts a run. One start may give several runs (Stuut: one per model) or none.
   *
   * @param triggerKey the vendor's idempotency key where it has one; at most 36 characters of `[A-Za-z0-9-]`
   * @throws ProviderError whose `sent` says whether the vendor may have acted
   */
  start(request: StartRequest, triggerKey: string, options?: CallOptions): Promise<readonly Observation[]>;
  /**
   * Runs of the definition and account that were made since a start was sent at `sentAt`, by our clock and not the vendor's: as far back as the
   * vendor's clock may be off, and whoever began them. What the vendor tells of their options is in `asAsked`; which of them the start
   * began is judged in tracking. Exists when `capabilities.lookupByTime`.
   */
  findStarted?(request: StartRequest, sentAt: Date, options?: CallOptions): Promise<readonly FoundRun[]>;
  /** Between which times the vendor's clock stood at a time of ours. Absent where nobody knows. */
  theirTimes?(ours: Date): VendorTime;
  /**
   * What an ended run was started with, of what the ledger does not keep; exists where runs tell it.
   *
   * @throws ProviderError `PROVIDER_BAD_RESPONSE` when the run does not tell it in a form that may be sent again
   */
  startedWith?(ref: RunRef, options?: CallOptions): Promise<Pick<StartOptions, "args">>;
  /** What the vendor says of these runs now, in as few calls as it allows. A run that failed to be read is in neither list. */
  observe(refs: readonly RunRef[], options: ObserveOptions): Promise<ObserveResult>;
  /**
   * Runs created or changed since then, by our clock and not the vendor's, whoever started them, a page at a time. May repeat known runs.
   *
   * @param definitions what the catalog holds, for vendors that list runs only per definition
   */
  discover(
    since: Date,
    definitions: readonly DefinitionSnapshot[],
    options?: DiscoverOptions,
  ): AsyncIterable<readonly Observation[]>;
  /** Whether `discover` asks only for what was created before `until`. Default: it does not. */
  readonly discoversUntil?: boolean;
  /** Asks the vendor to stop a run; the run's end is observed later. Exists when `capabilities.cancel`. */
  cancel?(ref: RunRef, options?: CallOptions): Promise<void>;
  /** Asks the vendor to stop every run of a definition in one call, where it can. */
  cancelAll?(definitionRemoteId: string, options?: CallOptions): Promise<void>;
  /** What changes definitions; each part exists exactly when its capability says so. */
  readonly editors?: DefinitionEditors;
  /** Exists when `capabilities.schemaDiscovery`. */
  readonly schemaDiscovery?: SchemaDiscovery;
  /** Proves a delivery genuine, against every configured secret. Makes no call. Exists when `capabilities.webhooks`. */
  verifyWebhook?(request: WebhookRequest): WebhookVerdict;
  /** What a genuine event's payload tells; total, makes no call. Exists when `capabilities.webhooks`. */
  interpretWebhook?(payload: JsonObject, receivedAt: Date): readonly WebhookHint[];
  /** Events since then that may have been missed, oldest first, a page at a time, where the vendor keeps them. */
  missedEvents?(since: Date, options?: CallOptions): AsyncIterable<readonly WebhookEvent[]>;
  /** Frees connections. */
  close(): Promise<void>;
}

/** What the configuration says about a provider; the module checks its own part of it. */
export interface ProviderSettings {
  readonly key: string;
  /** Null means the vendor's public address. */
  readonly baseUrl: string | null;
  readonly credentials: Readonly<Record<string, string>>;
  /** Current secret first; two during a rotation. */
  readonly webhookSecrets: readonly string[];
  /** Vendor specific settings, such as `apiVersion`. */
  readonly options: Readonly<Record<string, string>>;
  readonly allowPrivateAddress: boolean;
  readonly poll: Partial<PollIntervals>;
  /** What the account may send, where it differs from the vendor's usual quota; null when it does not. */
  readonly rateLimit: RateLimit | null;
}

/** A problem in a provider's settings: which value, and what is expected there. */
export interface SettingsProblem {
  readonly path: readonly string[];
  readonly message: string;
}

export type ParsedSettings<Config> =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly SettingsProblem[] };

/** How a vendor's API is reached; what the wire client needs to know. */
export interface Endpoint {
  /** No trailing slash. */
  readonly baseUrl: string;
  /** Sent with every request and never anywhere else. */
  readonly headers: Readonly<Record<string, string>>;
  /** Header values and other strings that must not appear in any log, error or answer. */
  readonly secrets: readonly string[];
}

/** What a vendor's error body says, in our facts. */
export interface ErrorReading {
  /** The vendor's sentence, unredacted and uncut; null when the body has none. */
  readonly message: string | null;
  /** Set where the body tells more than the HTTP status; undefined leaves the code to the status. */
  readonly code?: ErrorCode;
}

/** Default export of `providers/<vendor>/index.ts`. `Http` is the wire's client; the domain does not know it. */
export interface ProviderModule<Config, Http> {
  /** The folder's name. */
  readonly kind: string;
  /** The vendor's name as people write it. */
  readonly displayName: string;
  readonly capabilities: Capabilities;
  /** Checks settings and says exactly what is missing. */
  parseConfig(settings: ProviderSettings): ParsedSettings<Config>;
  endpoint(config: Config): Endpoint;
  /** Reads the body of an answer that is not 2xx. Total: any JSON value, text or null. */
  readError(httpStatus: number, body: unknown): ErrorReading;
  create(
    settings: ProviderSettings,
    config: Config,
    tools: { readonly http: Http; readonly clock: Clock },
  ): SyncProvider;
}
