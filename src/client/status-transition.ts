// What is selected of a transition when the caller does not say, and its shape.
import { FollowErrorCode } from "./failures.ts";

export type SyncStatus = "CREATED" | "RUNNING" | "SUCCESS" | "FAILED";

export interface StatusTransition {
  readonly id: string;
  /** Null when it is the run's first. */
  readonly from: SyncStatus | null;
  readonly to: SyncStatus;
  /** How it ended (`COMPLETE`, `PARTIAL`, `ERROR`, ...); null while it has not. */
  readonly outcome: string | null;
  /** The vendor's own word. */
  readonly rawStatus: string | null;
  /** ISO 8601. */
  readonly occurredAt: string;
  /** True when nobody saw this status and it is put in because the one after it was seen. */
  readonly inferred: boolean;
  readonly sync: {
    readonly id: string;
    readonly remoteId: string;
    readonly models: readonly string[];
    readonly provider: { readonly key: string };
    readonly linkedAccount: { readonly id: string; readonly name: string } | null;
    readonly definition: { readonly id: string; readonly name: string } | null;
  };
}

export const STATUS_TRANSITION_FIELDS = `
  id from to outcome rawStatus occurredAt inferred
  sync { id remoteId models provider { key } linkedAccount { id name } definition { id name } }`;

/** What came for a transition, as it came. */
export type TransitionData = Readonly<Record<string, unknown>>;

/** @throws TypeError when a field is missing or of another type */
export function readStatusTransition(data: TransitionData): StatusTransition {
  const sync = objectAt(data, "sync");
  return {
    id: textAt(data, "id"),
    from: data["from"] === null ? null : statusAt(data, "from"),
    to: statusAt(data, "to"),
    outcome: optionalTextAt(data, "outcome"),
    rawStatus: optionalTextAt(data, "rawStatus"),
    occurredAt: textAt(data, "occurredAt"),
    inferred: data["inferred"] === true,
    sync: {
      id: textAt(sync, "id"),
      remoteId: textAt(sync, "remoteId"),
      models: Array.isArray(sync["models"]) ? sync["models"].map(String) : [],
      provider: { key: textAt(objectAt(sync, "provider"), "key") },
      linkedAccount: namedAt(sync, "linkedAccount"),
      definition: namedAt(sync, "definition"),
    },
  };
}

const STATUSES: Readonly<Record<string, SyncStatus>> = {
  CREATED: "CREATED",
  RUNNING: "RUNNING",
  SUCCESS: "SUCCESS",
  FAILED: "FAILED",
};

function statusAt(data: TransitionData, field: string): SyncStatus {
  return STATUSES[textAt(data, field)] ?? refuse(field, "a status", data[field]);
}

function textAt(data: TransitionData, field: string): string {
  const value = data[field];
  return typeof value === "string" ? value : refuse(field, "a text", value);
}

function optionalTextAt(data: TransitionData, field: string): string | null {
  return data[field] === null ? null : textAt(data, field);
}

function objectAt(data: TransitionData, field: string): TransitionData {
  const value = data[field];
  return isObject(value) ? value : refuse(field, "an object", value);
}

/** A linked account or definition is null too where it could not be read; the event's `errors` say so. */
function namedAt(data: TransitionData, field: string): { readonly id: string; readonly name: string } | null {
  if (data[field] === null) return null;
  const value = objectAt(data, field);
  return { id: textAt(value, "id"), name: textAt(value, "name") };
}

export function isObject(value: unknown): value is TransitionData {
  return typeof value === "object" && value !== null;
}

function refuse(field: string, expected: string, got: unknown): never {
  throw new TypeError(
    `${FollowErrorCode.BadResponse}: expected ${field} to be ${expected}, got ${JSON.stringify(got)}`,
  );
}
