// Polytomic's webhooks: what proves a delivery genuine, what is kept of it, and what it tells. Makes no call; its log is read elsewhere.
import { createHash, createHmac } from "node:crypto";
import type { JsonObject } from "../../domain/json.ts";
import { ObservationSource, SyncOutcome } from "../../domain/status.ts";
import type { Observation } from "../../domain/sync.ts";
import { WebhookRefusal } from "../../domain/webhook-port.ts";
import type { WebhookEvent, WebhookHint, WebhookRequest, WebhookVerdict } from "../../domain/webhook-port.ts";
import { capText } from "../../wire/redact.ts";
import { oneLine } from "../../wire/visible-text.ts";
import type { Redactor } from "../../wire/redact.ts";
import { vendorWords } from "../../wire/vendor-words.ts";
import { observationOf } from "./map-execution.ts";
import { createForeignText } from "../../wire/foreign-text.ts";
import type { ForeignText } from "../../wire/foreign-text.ts";
import { deliveredJson, isAmong } from "../../wire/webhook-proof.ts";
import { eventIn } from "./wire-types.ts";
import type { WireCounts, WireEvent } from "./wire-types.ts";

/** The vendor's pages name neither, so both are settings. */
export const WEBHOOK_HASHES = ["sha256", "sha1", "sha512"] as const;
export const WEBHOOK_ENCODINGS = ["hex", "base64"] as const;

/** How deliveries are signed. */
export interface WebhookSigning {
  readonly hash: (typeof WEBHOOK_HASHES)[number];
  readonly encoding: (typeof WEBHOOK_ENCODINGS)[number];
}

export type VerifyWebhook = (request: WebhookRequest) => WebhookVerdict;

/**
 * Makes the function that proves deliveries: signed with one of the secrets over these very bytes and, where the body says when it
 * was made, within five minutes of that. Total.
 *
 * @param secrets current first; empty ones prove nothing and are left out
 * @param texts for what is in a delivery
 */
export function webhookVerifier(
  secrets: readonly string[],
  signing: WebhookSigning,
  redact: Redactor,
  texts: ForeignText = createForeignText(secrets),
): VerifyWebhook {
  const usable = secrets.filter((secret) => secret !== "");
  return (request) => {
    if (usable.length === 0) return refused(WebhookRefusal.NotConfigured);
    if (!isSigned(request, usable, signing)) return refused(WebhookRefusal.BadSignature);
    const wire = eventIn(deliveredJson(request.body, texts));
    if (wire === null || wire.created_at === "unreadable") return refused(WebhookRefusal.Malformed);
    const ageMs = wire.created_at === null ? 0 : request.receivedAt.getTime() - wire.created_at.getTime();
    if (Math.abs(ageMs) > WINDOW_MS) return refused(WebhookRefusal.Stale);
    return { genuine: true, event: webhookEventOf(wire, redact) };
  };
}

/**
 * An event as the gateway keeps it, whether it was delivered or read from the log.
 *
 * The fingerprint is of what is kept, not of the bytes: the log writes the same event anew, with other signed links in it.
 */
export function webhookEventOf(wire: WireEvent, redact: Redactor): WebhookEvent {
  const payload = keptOf(wire, redact);
  const fingerprint = sha256(JSON.stringify(payload));
  const { execution_id: executionId = null } = wire.event ?? {};
  const ofExecution = executionId === null ? fingerprint : sha256(JSON.stringify([executionId, wire.type]));
  return { deliveryId: wire.id || ofExecution, name: capText(oneLine(wire.type), LONGEST_NAME), fingerprint, payload };
}

/** What the payload of a verified event tells. Total: any JSON. Bulk syncs are not offered, so their events tell nothing. */
export function interpretWebhook(payload: JsonObject, receivedAt: Date, redact: Redactor): readonly WebhookHint[] {
  const wire = eventIn(payload);
  const meaning = MEANING.of(wire?.type);
  if (wire === null || meaning === null) return [];
  if (meaning.status === VAGUE && wire.event?.execution_id) return [runHint(wire.event.execution_id, wire.event)];
  const observation = observedIn(wire, meaning, receivedAt, redact);
  return [observation === null ? { kind: "RUNS" } : { kind: "OBSERVATION", observation }];
}

const WINDOW_MS = 5 * 60_000;
const LONGEST_NAME = 100;
const SIGNATURE = "polytomic-signature";

/** What an event's type says in the words of an execution. */
interface EventMeaning {
  readonly status: string;
  readonly rawStatus: string;
  readonly outcome: SyncOutcome | null;
}

/** Only this event tells partial success; an execution has no such status. */
const PARTIAL: EventMeaning = {
  status: "completed",
  rawStatus: "completed_with_errors",
  outcome: SyncOutcome.Partial,
};

const MEANING = vendorWords<EventMeaning>([
  ...["running", "completed", "failed", "canceled"].map(
    (status) => [`sync.${status}`, { status, rawStatus: status, outcome: null }] as const,
  ),
  ["sync.completed_with_errors", PARTIAL],
]);

/** An event of this word is told of interrupted executions too; which it was, only the execution itself says. */
const VAGUE = "failed";

const runHint = (remoteId: string, event: NonNullable<WireEvent["event"]>): WebhookHint => ({
  kind: "RUN",
  remoteId,
  definitionRemoteId: event.sync_id,
  linkedAccountRemoteId: event.target_connection_id,
});

const refused = (refusal: WebhookRefusal): WebhookVerdict => ({ genuine: false, refusal });

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The header may hold several signatures, each perhaps with the hash's name in front. */
function isSigned(
  { headers, body }: WebhookRequest,
  secrets: readonly string[],
  { hash, encoding }: WebhookSigning,
): boolean {
  const given = (headers[SIGNATURE] ?? "").split(",").map((part) => withoutPrefix(part.trim(), `${hash}=`));
  if (given.every((signature) => signature === "")) return false;
  const expected = secrets.map((secret) => createHmac(hash, secret).update(body).digest(encoding));
  const likely = given.filter((signature) => signature.length === expected[0]?.length);
  return isAmong(likely, expected);
}

const withoutPrefix = (text: string, prefix: string): string =>
  text.startsWith(prefix) ? text.slice(prefix.length) : text;

/** What of an event is kept: ids, counts and its reason. Links to logs of records, which anybody may follow, end here. */
function keptOf({ id, type, created_at: at, event }: WireEvent, redact: Redactor): JsonObject {
  const outer = { id, type, created_at: at instanceof Date ? at.toISOString() : null };
  if (event === null || MEANING.of(type) === null) return filled(outer);
  const inner = filled({ ...event, error: event.error === null ? null : redact(event.error) });
  return { ...filled(outer), event: inner };
}

function filled(values: Readonly<Record<string, string | number | null>>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

/** The state an event carries, through the same map as an execution's; null when it does not name its execution. */
function observedIn(
  { event, created_at: time }: WireEvent,
  meaning: EventMeaning,
  receivedAt: Date,
  redact: Redactor,
): Observation | null {
  if (!event?.execution_id) return null;
  const at = time instanceof Date ? time : null;
  const begins = meaning.status === "running";
  const execution = {
    id: event.execution_id,
    status: meaning.status,
    type: event.trigger,
    created_at: null,
    // The event's own time is the nearest thing to that of the change it tells.
    started_at: begins ? at : null,
    completed_at: begins ? null : at,
    counts: countsOf(event),
    errors: event.error === null ? [] : [event.error],
  };
  const observation = observationOf(execution, {
    definitionRemoteId: event.sync_id,
    linkedAccountRemoteId: event.target_connection_id,
    source: ObservationSource.Webhook,
    observedAt: receivedAt,
    redact,
  });
  // An event that counts nothing must not wipe out what polls counted, and is not the vendor's answer about the execution.
  const { raw: _raw, recordCounts, ...facts } = observation.facts;
  const counted = recordCounts ? { recordCounts } : {};
  const { outcome, rawStatus } = meaning;
  return { ...observation, rawStatus, outcome: outcome ?? observation.outcome, facts: { ...facts, ...counted } };
}

function countsOf(event: NonNullable<WireEvent["event"]>): WireCounts {
  return {
    total: event.record_count,
    insert: event.inserted_count,
    update: event.updated_count,
    upserts: event.upserted_count,
    // An event says which records were deleted, not how many.
    delete: null,
    error: event.error_count ?? event.number_of_errors,
    warnings: event.warning_count ?? event.number_of_warnings,
  };
}
