// What tracking and GraphQL ask of the database. One port, SQLite and PostgreSQL behind it, one suite for both.
// Every call takes the tenant; nothing of another tenant is ever returned, counted or changed.
import type { advance } from "./advance.ts";
import type {
  DefinitionKind,
  DefinitionSnapshot,
  LinkedAccount,
  LinkedAccountSnapshot,
  LinkedAccountStatus,
  SyncDefinition,
} from "./definition.ts";
import type { ErrorCode } from "./errors.ts";
import type { IdentityStore } from "./identity-port.ts";
import type { PollStore } from "./poll-port.ts";
import type { AccountStore } from "./provider-account.ts";
import type { ProviderStateStore } from "./provider-state.ts";
import type { RetentionStore } from "./retention-port.ts";
import type { HeldLease, Lease } from "./lease.ts";
import type { QuotaStore } from "./quota-port.ts";
import type { ExpectedDuration, RunsAlike, StatisticsBucket, SyncStatistics } from "./statistics.ts";
import type { SyncOrigin, SyncOutcome, SyncStatus } from "./status.ts";
import type { TimekeepingStore } from "./timekeeping-port.ts";
import type { WebhookEvent } from "./webhook-port.ts";
import type { ConflictDraft, Observation, Sync, SyncTask, Transition, Trigger, TriggerState } from "./sync.ts";

/** Place in a list: the sort key of the row a page ended on, and its id to break ties. Dates are epoch milliseconds. */
export interface Position {
  readonly value: string | number;
  readonly id: string;
}

/** A keyset page: rows strictly after (or, backwards, strictly before) a position. Pages are always in list order. */
export interface PageRequest {
  /** 1 to 100. */
  readonly limit: number;
  readonly direction: "forward" | "backward";
  /** Null starts at the list's beginning (forward) or end (backward). */
  readonly from: Position | null;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** "Any of" within a field, "and" between fields; undefined does not filter, an empty list matches nothing. */
export interface LinkedAccountFilter {
  readonly providerKeys?: readonly string[];
  readonly ids?: readonly string[];
  readonly statuses?: readonly LinkedAccountStatus[];
  readonly integrations?: readonly string[];
  readonly customerIds?: readonly string[];
}

export interface DefinitionFilter {
  readonly providerKeys?: readonly string[];
  readonly ids?: readonly string[];
  readonly linkedAccountIds?: readonly string[];
  readonly integrations?: readonly string[];
  readonly active?: boolean;
}

export interface SyncFilter {
  readonly providerKeys?: readonly string[];
  readonly linkedAccountIds?: readonly string[];
  readonly definitionIds?: readonly string[];
  readonly syncIds?: readonly string[];
  readonly statuses?: readonly SyncStatus[];
  readonly outcomes?: readonly SyncOutcome[];
  readonly models?: readonly string[];
  readonly origins?: readonly SyncOrigin[];
  /** Inclusive. */
  readonly createdAfter?: Date;
  /** Exclusive. */
  readonly createdBefore?: Date;
  /** True: not ended; false: ended. */
  readonly open?: boolean;
}

export interface LongReadOptions {
  /** Ends the reading with its reason when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}

export const SyncOrderField = { CreatedAt: "CREATED_AT", ObservedAt: "OBSERVED_AT" } as const;
export type SyncOrderField = (typeof SyncOrderField)[keyof typeof SyncOrderField];

export interface SyncOrder {
  readonly field: SyncOrderField;
  readonly descending: boolean;
}

/** Which details count as old. */
export interface OldDetails {
  readonly now: Date;
  /** Read before then. */
  readonly readBefore: Date;
  /** Read before then, where the next run they tell of has passed. */
  readonly passedReadBefore: Date;
}

/** The mirror of what vendors list. Ids are `identityOf` values. Lists are ordered by name, then id. Gone rows are kept, and left out of lists. */
export interface CatalogStore {
  /** Inserts or updates; a row that was gone comes back. */
  putLinkedAccounts(
    tenantId: string,
    providerKey: string,
    snapshots: readonly LinkedAccountSnapshot[],
    observedAt: Date,
  ): Promise<void>;
  /**
   * Inserts or updates. A snapshot with `detailed: false` whose `updatedAt` equals that of a stored detailed one only renews `observedAt`,
   * `name` and `active`; otherwise it replaces the row.
   *
   * @returns the vendor's ids whose row is not detailed now
   */
  putDefinitions(
    tenantId: string,
    providerKey: string,
    snapshots: readonly DefinitionSnapshot[],
    observedAt: Date,
  ): Promise<readonly string[]>;
  /** Definitions whose details are old, those longest unread first: what lists tell in brief may have changed without a word. */
  oldDetails(
    tenantId: string,
    providerKey: string,
    old: OldDetails,
    limit: number,
  ): Promise<readonly Pick<DefinitionSnapshot, "remoteId" | "kind">[]>;
  /** Marks as gone whatever of this provider was not observed since. */
  markGone(
    tenantId: string,
    providerKey: string,
    kind: "linkedAccount" | "definition",
    notObservedSince: Date,
    now: Date,
  ): Promise<void>;
  /** Marks one definition as gone, by the gateway's id. */
  markDefinitionGone(tenantId: string, id: string, now: Date): Promise<void>;

  linkedAccountsByIds(tenantId: string, ids: readonly string[]): Promise<readonly LinkedAccount[]>;
  listLinkedAccounts(tenantId: string, filter: LinkedAccountFilter, page: PageRequest): Promise<Page<LinkedAccount>>;
  /** @throws GatewayError `BAD_USER_INPUT` when it takes too long */
  countLinkedAccounts(tenantId: string, filter: LinkedAccountFilter, options?: LongReadOptions): Promise<number>;

  definitionsByIds(tenantId: string, ids: readonly string[]): Promise<readonly SyncDefinition[]>;
  /** @param kind null lists both kinds */
  listDefinitions(
    tenantId: string,
    kind: DefinitionKind | null,
    filter: DefinitionFilter,
    page: PageRequest,
  ): Promise<Page<SyncDefinition>>;
  /** @throws GatewayError `BAD_USER_INPUT` when it takes too long */
  countDefinitions(
    tenantId: string,
    kind: DefinitionKind | null,
    filter: DefinitionFilter,
    options?: LongReadOptions,
  ): Promise<number>;
  /** Everything of one provider that is not gone, for discovery. */
  definitionsOfProvider(tenantId: string, providerKey: string): Promise<readonly SyncDefinition[]>;
}

export interface RecordEntry {
  readonly providerKey: string;
  readonly observation: Observation;
  /** Set on a run's first observation when a trigger began it. Never replaces one that is set. */
  readonly triggerId?: string;
  readonly retryOfId?: string;
  /** Fence of the poll lease under which the observation was made. If the run's lease has moved on, the entry is dropped. */
  readonly fence?: number;
}

/** What is known of a run when it is asked when to look at it next. */
export interface PollNews {
  /** Whether anything but the look itself is new. */
  readonly changed: boolean;
  /** The ledger had no such run before. */
  readonly isNew: boolean;
  /** It had ended before, and is still to be read once more. */
  readonly isDue: boolean;
  /** An end that contradicts the committed one was reported, and nobody had reported it like that before. */
  readonly isDisputed: boolean;
}

export interface RecordRules {
  readonly advance: typeof advance;
  /**
   * When the run is due to be looked at next; null when there is nothing more to see. Asked with the state after the observation, of an
   * ended run only when it has ended just now, is disputed, or is due still: the latter stays due at its old time.
   */
  nextPollAt(sync: Omit<Sync, "id" | "version">, news: PollNews): Date | null;
}

export interface Recorded {
  readonly sync: Sync;
  readonly transitions: readonly Transition[];
  /** It contradicts the committed end, as nobody did before with the same word in the same way. */
  readonly conflict: boolean;
  /** False when the fence was old: nothing was written. */
  readonly accepted: boolean;
}

/**
 * Runs and the append-only ledger of their transitions.
 *
 * A tenant's transitions are numbered 1, 2, 3 ... without holes. The number is given while the tenant's ledger head is locked, and the lock
 * is held until commit: a reader that sees number n sees every number below it, on both databases and with any number of writers.
 */
export interface LedgerStore {
  /** One transaction for all entries: run rows, transitions, tasks, conflicts, due times. Returns one result per entry, in order. */
  record(tenantId: string, entries: readonly RecordEntry[], rules: RecordRules): Promise<readonly Recorded[]>;
  /** Number of the newest committed transition; 0 when there is none. */
  head(tenantId: string): Promise<number>;
  /** Committed transitions with a higher number, in order, at most `limit`. */
  transitionsAfter(tenantId: string, sequence: number, limit: number): Promise<readonly Transition[]>;
  /** Lowest number still kept; 1 while nothing has been pruned. */
  oldestSequence(tenantId: string): Promise<number>;
  transitionsByIds(tenantId: string, ids: readonly string[]): Promise<readonly Transition[]>;
  /** A run's transitions, oldest first; position values are sequence numbers. One result per id, in the ids' order. */
  transitionsBySync(
    tenantId: string,
    syncIds: readonly string[],
    page: PageRequest,
  ): Promise<readonly Page<Transition>[]>;

  syncsByIds(tenantId: string, ids: readonly string[]): Promise<readonly Sync[]>;
  /** @throws GatewayError `BAD_USER_INPUT` when it takes too long to find so many that match */
  listSyncs(
    tenantId: string,
    filter: SyncFilter,
    order: SyncOrder,
    page: PageRequest,
    options?: LongReadOptions,
  ): Promise<Page<Sync>>;
  /** @throws GatewayError `BAD_USER_INPUT` when it takes too long; of open runs, which are few, it does not */
  countSyncs(tenantId: string, filter: SyncFilter, options?: LongReadOptions): Promise<number>;
  /** The newest run by `createdAt` of each definition that has one. */
  latestSyncs(tenantId: string, definitionIds: readonly string[]): Promise<readonly Sync[]>;
  /** The newest run of each (definition, model) pair, for definitions that run their models apart. */
  latestSyncsByModel(
    tenantId: string,
    pairs: readonly { readonly definitionId: string; readonly model: string }[],
  ): Promise<readonly Sync[]>;
  /** One page per definition, newest run first, in one statement. In the ids' order. */
  syncsByDefinition(
    tenantId: string,
    definitionIds: readonly string[],
    page: PageRequest,
  ): Promise<readonly Page<Sync>[]>;
  /** Runs of a definition that have not ended, newest first. */
  openSyncs(tenantId: string, definitionId: string): Promise<readonly Sync[]>;
  /** Runs of its definition that were recorded as a trigger's. */
  syncsOfTrigger(tenantId: string, trigger: Pick<Trigger, "id" | "definitionId">): Promise<readonly Sync[]>;
  /** Reports that contradict a run's end, each once, oldest first, at most 100. One result per id, in the ids' order. */
  conflictsBySync(tenantId: string, syncIds: readonly string[]): Promise<readonly (readonly ConflictDraft[])[]>;
  /** A run's tasks by name; position values are names, ids are task keys. One result per id, in the ids' order. */
  tasksBySync(tenantId: string, syncIds: readonly string[], page: PageRequest): Promise<readonly Page<SyncTask>[]>;

  /**
   * What the runs that match add up to, all of it as of one moment.
   *
   * @param bucket also sort the runs into stretches of time by `createdAt`; null does not
   * @throws GatewayError `BAD_USER_INPUT` when they fall into more than `MOST_BUCKETS` stretches, or when it takes too long
   */
  statistics(
    tenantId: string,
    filter: SyncFilter,
    bucket: StatisticsBucket | null,
    options?: LongReadOptions,
  ): Promise<SyncStatistics>;
  /**
   * How long such runs usually take: the median, in milliseconds, over the newest 20 by `createdAt` with the same definition and models that
   * ended in SUCCESS and have both times, among the definition's newest 500. Where there are fewer than 3 of them, nothing is said. One
   * statement, in no order; the models of an answer are those asked for.
   */
  expectedDurations(tenantId: string, alike: readonly RunsAlike[]): Promise<readonly ExpectedDuration[]>;
}

export interface TriggerPatch {
  readonly state?: TriggerState;
  readonly options?: null;
  readonly attached?: boolean;
  readonly syncIds?: readonly string[];
  readonly error?: { readonly code: ErrorCode; readonly message: string } | null;
  readonly sentAt?: Date;
  /** When its start was found to have no answer. */
  readonly doubtedAt?: Date;
  readonly answeredAt?: Date;
  readonly candidateIds?: readonly string[];
  readonly resolvedAt?: Date;
}

/** An unresolved trigger in the hands of one process. */
export interface HeldTrigger {
  readonly trigger: Trigger;
  /** Rises when somebody takes the trigger over; what is written under an older number is refused. */
  readonly fence: number;
}

/** So many starts that may have begun one run are looked at: beside so many, nobody can tell anyway. */
export const MOST_RIVALS = 100;

/** A start that may have begun the same run as another one. */
export interface RivalStart {
  readonly trigger: Trigger;
  /** Whoever sent it still waits for its answer. */
  readonly isAnswering: boolean;
}

/** How an intention is committed. */
export interface Intent {
  readonly lease: Lease;
  /** Whom the definition is started for, by the gateway's id, where it does not fix that itself; else null. */
  readonly linkedAccountId: string | null;
  /** Set for a start that must not run beside another one: when it was asked for. Null commits whatever else goes on. */
  readonly aloneSince: Date | null;
  /** Open runs, by the gateway's id, that it may run beside all the same; default none. */
  readonly besideSyncIds?: readonly string[];
}

export type Intended =
  | { readonly outcome: "CREATED"; readonly held: HeldTrigger }
  /** The trigger that had the tenant's idempotency key before it. */
  | { readonly outcome: "KNOWN"; readonly trigger: Trigger }
  /** Another start for the same definition and account that has not ended, or became UNCERTAIN after this one was asked for. */
  | { readonly outcome: "RIVAL"; readonly trigger: Trigger }
  /** A run of the definition, for this account, has not ended. */
  | { readonly outcome: "OPEN" };

export interface TriggerStore {
  /**
   * Commits a trigger that nobody holds.
   *
   * @returns the stored trigger: the one given, or the one that had the tenant's idempotency key before it
   */
  create(trigger: Trigger): Promise<Trigger>;
  /**
   * Commits an intention, held by whom the lease names. Of any number of intentions for one definition and account that must be alone,
   * by any number of gateways, one is committed: the others are told of it, or of its run.
   */
  intend(trigger: Trigger, intent: Intent): Promise<Intended>;
  /**
   * @param expected the write happens only while the trigger is in this state and, where a fence is given, was not taken over since
   * @returns whether it happened
   */
  update(
    tenantId: string,
    id: string,
    expected: TriggerState | { readonly state: TriggerState; readonly fence: number },
    patch: TriggerPatch,
  ): Promise<boolean>;
  byIds(tenantId: string, ids: readonly string[]): Promise<readonly Trigger[]>;
  /** Triggers in PENDING or SENT created before then, oldest first. */
  unresolved(tenantId: string, createdBefore: Date): Promise<readonly Trigger[]>;
  /** Keeps triggers that were not taken over for longer, and never shorter; says nothing of the others. */
  renew(tenantId: string, held: readonly HeldLease[], until: Date): Promise<void>;
  /** Ends the lease of a trigger that is unresolved and was not taken over, so that others need not wait for its end. */
  giveBack(tenantId: string, held: HeldLease, now: Date): Promise<void>;
  /** Takes unresolved triggers of a provider whose lease has ended, those that ended first before the others. */
  takeOver(
    tenantId: string,
    providerKey: string,
    now: Date,
    limit: number,
    lease: Lease,
  ): Promise<readonly HeldTrigger[]>;
  /** When the next lease of an unresolved trigger of a provider ends; null when there is none. */
  nextLeaseEndAt(tenantId: string, providerKey: string): Promise<Date | null>;
  /**
   * Other starts for the same definition and account, or for one that is not known, that have no run and may have begun one a trigger's start
   * may have begun too: SENT, or UNCERTAIN, and sent at most ten minutes before or after it. The newest `MOST_RIVALS`.
   */
  rivalsOf(tenantId: string, id: string, now: Date): Promise<readonly RivalStart[]>;
}

export const DeliveryState = {
  /** Stored; nothing has been done about it. */
  Received: "RECEIVED",
  /** About something the gateway cannot find yet; looked at again. */
  Parked: "PARKED",
  Processed: "PROCESSED",
  /** Given up: what it is about was never found. */
  Dropped: "DROPPED",
} as const;
export type DeliveryState = (typeof DeliveryState)[keyof typeof DeliveryState];

/** A genuine webhook delivery, kept until its retention ends so that repetitions are known. */
export interface StoredDelivery {
  readonly tenantId: string;
  readonly providerKey: string;
  readonly event: WebhookEvent;
  readonly receivedAt: Date;
  readonly state: DeliveryState;
  /** When it is due to be looked at; null when it is done with. */
  readonly dueAt: Date | null;
}

export interface DeliverySettlement extends Pick<StoredDelivery, "state" | "dueAt"> {
  readonly deliveryId: string;
}

/** The inbox of webhooks: a vendor gets its 2xx only after the row is committed. */
export interface InboxStore {
  /** @returns STORED when it is new, REPEATED when the same delivery is there, CONFLICTING when its id is there with another body */
  put(delivery: StoredDelivery): Promise<"STORED" | "REPEATED" | "CONFLICTING">;
  /** Deliveries that are due, oldest first. */
  due(tenantId: string, providerKey: string, now: Date, limit: number): Promise<readonly StoredDelivery[]>;
  /** Says what became of deliveries. */
  settle(tenantId: string, providerKey: string, settlements: readonly DeliverySettlement[]): Promise<void>;
  /** When the next delivery is due; null when none is. */
  nextDueAt(tenantId: string, providerKey: string): Promise<Date | null>;
  /** Removes what was received before then and is done with. @returns how many */
  prune(tenantId: string, receivedBefore: Date): Promise<number>;
}

export interface Store {
  readonly catalog: CatalogStore;
  readonly ledger: LedgerStore;
  readonly polling: PollStore;
  readonly triggers: TriggerStore;
  readonly inbox: InboxStore;
  readonly providerStates: ProviderStateStore;
  readonly accounts: AccountStore;
  readonly retention: RetentionStore;
  readonly quotas: QuotaStore;
  readonly identity: IdentityStore;
  readonly timekeeping: TimekeepingStore;
  /** Rejects with `SERVICE_UNAVAILABLE` when the database does not answer. */
  ping(): Promise<void>;
  /** The time by the database's clock, which all gateways on it share; null when that is this machine's. */
  now(): Promise<Date | null>;
  /** How many other gateways have asked this database something within the last 10 seconds; 0 where it has room for one only. */
  otherGateways(): Promise<number>;
  close(): Promise<void>;
}
