// RootFi's webhooks: what proves a delivery genuine, what is kept of it, and what it tells. No payload of a sync's event is documented
// and v3 signs nothing, so an event is only ever a reason to look. Makes no call.
import { createHash, createHmac } from "node:crypto";
import type { JsonObject } from "../../domain/json.ts";
import { WebhookRefusal } from "../../domain/webhook-port.ts";
import type { WebhookHint, WebhookRequest, WebhookVerdict } from "../../domain/webhook-port.ts";
import { createForeignText } from "../../wire/foreign-text.ts";
import type { ForeignText } from "../../wire/foreign-text.ts";
import { filledText, isRecord } from "../../wire/read-reply.ts";
import { deliveredJson, isAmong } from "../../wire/webhook-proof.ts";

/** How a delivery is proven: by a header's value that only the two sides know (v3), or by a header that signs the body (v4). */
export interface WebhookProof {
  readonly by: "VALUE" | "SIGNATURE";
  /** The header's name in lower case. */
  readonly header: string;
}

export type VerifyWebhook = (request: WebhookRequest) => WebhookVerdict;

/**
 * Makes the function that proves deliveries. Total. Nothing that is proven carries a time, so old deliveries pass: all that one can do
 * is to cause a read.
 *
 * @param secrets values of the header, or keys of its signature; current first, empty ones prove nothing and are left out
 * @param texts for what is in a delivery
 */
export function webhookVerifier(
  secrets: readonly string[],
  proof: WebhookProof,
  texts: ForeignText = createForeignText(secrets),
): VerifyWebhook {
  const usable = secrets.filter((secret) => secret !== "");
  return (request) => {
    if (usable.length === 0) return refused(WebhookRefusal.NotConfigured);
    if (!isProven(request, usable, proof)) return refused(WebhookRefusal.BadSignature);
    const payload = keptOf(deliveredJson(request.body, texts));
    if (payload === null) return refused(WebhookRefusal.Malformed);
    const fingerprint = createHash("sha256").update(request.body).digest("hex");
    const deliveryId = payload.sync_id === undefined ? `${fingerprint} ${secondOf(request)}` : fingerprint;
    return {
      genuine: true,
      event: { deliveryId, name: payload.event, fingerprint, payload: { ...payload } },
    };
  };
}

/** What the payload of a verified event tells. Total: any JSON. Changes of records are nothing the gateway follows. */
export function interpretWebhook(payload: JsonObject): readonly WebhookHint[] {
  const { event, sync_id: remoteId } = payload;
  if (event === "CONNECTION_CHANGED") return [{ kind: "CATALOG" }];
  if (typeof event !== "string" || !SYNC_EVENTS.has(event)) return [];
  if (typeof remoteId !== "string" || remoteId === "") return [{ kind: "RUNS" }];
  const linkedAccountRemoteId = filledText(payload["company_id"]);
  return [{ kind: "RUN", remoteId, definitionRemoteId: null, linkedAccountRemoteId }];
}

/** A body without a word for what happened, but with a sync's id: v3 registers one kind of event for an address, so it may say nothing. */
const UNNAMED = "UNNAMED";
const SYNC_EVENTS: ReadonlySet<string> = new Set(["SYNC_COMPLETED", "SYNC_STARTED", UNNAMED]);
/** Words of record events, which name the change and not the kind of event. */
const RECORD_CHANGES: ReadonlySet<string> = new Set(["CREATE", "UPDATE", "DELETE"]);

/**
 * No id of a delivery is documented. A sync begins and ends once, so what names one is its own id. A connection may change again, and is
 * told of in the very same words: a retry that is taken for a change costs a look, a change that is taken for a retry would be lost.
 */
const secondOf = ({ receivedAt }: WebhookRequest): number => Math.floor(receivedAt.getTime() / 1_000);

const refused = (refusal: WebhookRefusal): WebhookVerdict => ({ genuine: false, refusal });

function isProven(
  { headers, body }: WebhookRequest,
  secrets: readonly string[],
  { by, header }: WebhookProof,
): boolean {
  const value = Object.hasOwn(headers, header) ? (headers[header] ?? "") : "";
  if (value === "") return false;
  if (by === "VALUE") return isAmong([value], secrets);
  // The header may hold several signatures, each perhaps with the hash's name in front.
  const given = value.split(",").map((part) => part.trim().replace(/^sha256=/, ""));
  const expected = secrets.map((secret) => createHmac("sha256", secret).update(body).digest("hex"));
  return isAmong(
    given.filter((signature) => /^[0-9a-f]{64}$/.test(signature)),
    expected,
  );
}

/** A sync's ids and the event's word; null when the body tells neither. Records end here. */
function keptOf(
  body: unknown,
): { readonly event: string; readonly sync_id?: string; readonly company_id?: string } | null {
  if (!isRecord(body)) return null;
  const word = filledText(body["event"]) ?? filledText(body["event_type"]) ?? filledText(body["type"]);
  const event = word === null ? UNNAMED : eventOf(word);
  // What happened to a record has an id too, and it is the record's.
  if (!SYNC_EVENTS.has(event)) return { event };
  const places = [body, body["data"]].filter(isRecord);
  const syncId = firstId(places, ["sync_id", "syncId"]) ?? (event === UNNAMED ? null : firstId(places, ["id"]));
  if (event === UNNAMED && syncId === null) return null;
  const companyId = firstId(places, ["company_id", "rootfi_company_id", "companyId"]);
  return {
    event,
    ...(syncId === null ? {} : { sync_id: syncId }),
    ...(companyId === null ? {} : { company_id: companyId }),
  };
}

/** One spelling for `SYNC_COMPLETED` and v4's `sync.completed`; a record event keeps none of its own. */
function eventOf(word: string): string {
  const event = word.toUpperCase().replaceAll(/[\s.:-]+/g, "_");
  if (RECORD_CHANGES.has(event)) return "DATA_MODEL_CHANGES";
  return /^\w{1,100}$/.test(event) ? event : "OTHER";
}

/** Numbers and texts are the same id here. */
function firstId(places: readonly Readonly<Record<string, unknown>>[], names: readonly string[]): string | null {
  const values = places.flatMap((place) => names.map((name) => (Object.hasOwn(place, name) ? place[name] : null)));
  const ids = values.map((value) => (Number.isSafeInteger(value) ? String(value) : value));
  return ids.find((value): value is string => typeof value === "string" && /^[\w.:-]{1,100}$/.test(value)) ?? null;
}
