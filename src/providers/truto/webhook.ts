// Truto's webhooks: what proves a delivery genuine, what is kept of it, and what it tells. Makes no call; storing is the inbox's work.
import { createHash, createHmac } from "node:crypto";
import { z } from "zod";
import type { JsonObject } from "../../domain/json.ts";
import { ObservationSource } from "../../domain/status.ts";
import { WebhookRefusal } from "../../domain/webhook-port.ts";
import type { WebhookHint, WebhookRequest, WebhookVerdict } from "../../domain/webhook-port.ts";
import { looseText as text } from "../../wire/loose-fields.ts";
import { createForeignText } from "../../wire/foreign-text.ts";
import type { ForeignText } from "../../wire/foreign-text.ts";
import { filledText } from "../../wire/read-reply.ts";
import { deliveredJson, isAmong } from "../../wire/webhook-proof.ts";
import { capText } from "../../wire/redact.ts";
import { oneLine } from "../../wire/visible-text.ts";
import { timeOf } from "../../wire/times.ts";
import { observationOf, rawOf, resourceName, textIn } from "./map.ts";
import { isJsonObject, runIn } from "./wire-types.ts";
import type { TrutoRun } from "./wire-types.ts";

export type VerifyWebhook = (request: WebhookRequest) => WebhookVerdict;

/**
 * Makes the function that proves deliveries: signed with one of the secrets, over these very bytes, at most five minutes ago by the
 * time in the body. Total.
 *
 * @param secrets current first; empty ones prove nothing and are left out
 * @param texts for what is in a delivery
 */
export function webhookVerifier(
  secrets: readonly string[],
  texts: ForeignText = createForeignText(secrets),
): VerifyWebhook {
  const usable = secrets.filter((secret) => secret !== "");
  return (request) => {
    if (usable.length === 0) return refused(WebhookRefusal.NotConfigured);
    if (!isSigned(request, usable)) return refused(WebhookRefusal.BadSignature);
    const delivery = readDelivery(request.body, texts);
    const name = filledText(delivery?.event) ?? filledText(delivery?.event_type);
    const sentAt = timeOf(delivery?.created_at);
    if (delivery === null || name === null || sentAt === null) return refused(WebhookRefusal.Malformed);
    // Repetitions come within seconds, so nothing genuine is lost; without the window an old delivery could be sent again for ever.
    if (Math.abs(request.receivedAt.getTime() - sentAt.getTime()) > WINDOW_MS) return refused(WebhookRefusal.Stale);
    const fingerprint = createHash("sha256").update(request.body).digest("hex");
    const event = capText(oneLine(name), LONGEST_NAME);
    const deliveryId = filledText(delivery.id) ?? fingerprint;
    return { genuine: true, event: { deliveryId, name: event, fingerprint, payload: keptOf(event, delivery.payload) } };
  };
}

/**
 * What the payload of a verified event tells. Total: any JSON. A run's own state is told like a poll's; where the event carries none,
 * the run is to be read.
 */
export function interpretWebhook(payload: JsonObject, receivedAt: Date): readonly WebhookHint[] {
  const event = textIn(payload, "event") ?? "";
  if (event.startsWith(ACCOUNT_EVENTS)) return [{ kind: "CATALOG" }];
  // No run came into being; what the trigger did earlier may have gone unseen.
  if (event === "sync_job_cron_trigger:failed") return [{ kind: "RUNS" }];
  if (event === "sync_job_run:deleted") return [runHint(payload)];
  if (!STATE_EVENTS.has(event)) return [];
  const run = runIn(payload["run"]);
  if (run === null) return [runHint(payload)];
  const place = { definitionRemoteId: null, linkedAccountRemoteId: null };
  const observation = observationOf(run, { source: ObservationSource.Webhook, observedAt: receivedAt, ...place });
  return [{ kind: "OBSERVATION", observation }];
}

const WINDOW_MS = 5 * 60_000;
const LONGEST_NAME = 100;
const SIGNATURE = "x-truto-signature";
const ACCOUNT_EVENTS = "integrated_account:";

/** Events whose payload is the run as it is after the event. */
const STATE_EVENTS: ReadonlySet<string> = new Set(
  ["created", "started", "updated", "rate_limited", "completed", "failed"].map((word) => `sync_job_run:${word}`),
);

/** `event` in deliveries, `event_type` in one guide. */
const deliveryShape = z.object({
  id: text,
  event: text,
  event_type: text,
  payload: z.unknown().optional(),
  created_at: text,
});

const refused = (refusal: WebhookRefusal): WebhookVerdict => ({ genuine: false, refusal });

function isSigned({ headers, body }: WebhookRequest, secrets: readonly string[]): boolean {
  const given = signaturesIn(headers[SIGNATURE] ?? "");
  if (given.length === 0) return false;
  const expected = secrets.map((secret) => createHmac("sha256", secret).update(body).digest("hex"));
  return isAmong(given, expected);
}

/**
 * The signatures of the known format in `format=sha256,v=<hex>`. A header may hold several such pairs; a name that comes again begins
 * the next one.
 */
function signaturesIn(header: string): readonly string[] {
  const pairs: Map<string, string>[] = [];
  for (const part of header.split(",")) {
    const [, name, value] = /^\s*(\w+)=(\S+)\s*$/.exec(part) ?? [];
    if (name === undefined || value === undefined) continue;
    const current = pairs.at(-1);
    if (current === undefined || current.has(name)) pairs.push(new Map([[name, value]]));
    else current.set(name, value);
  }
  const known = pairs.filter((pair) => pair.get("format") === "sha256").map((pair) => pair.get("v") ?? "");
  return known.filter((signature) => /^[0-9a-f]{64}$/.test(signature));
}

function readDelivery(body: Uint8Array, texts: ForeignText): z.infer<typeof deliveryShape> | null {
  const parsed = deliveryShape.safeParse(deliveredJson(body, texts));
  return parsed.success ? parsed.data : null;
}

/** What of an event is kept: a run without what may be secret, of everything else ids alone. Records and credentials end here. */
function keptOf(event: string, payload: unknown): JsonObject {
  const run = STATE_EVENTS.has(event) ? runIn(payload) : null;
  return run === null ? { event, ...idsOf(payload) } : { event, run: keptRun(run) };
}

/** Of resources only names and types: arguments may have been put into their queries. */
function keptRun(run: TrutoRun): JsonObject {
  const { resource_stats: stats = null, ...raw } = rawOf(run);
  const byName = isJsonObject(run.resources) ? Object.keys(run.resources).map((name) => ({ name })) : [];
  const listed = (Array.isArray(run.resources) ? run.resources.filter(isJsonObject) : []).map((resource) =>
    filled({ name: resourceName(resource), type: textIn(resource, "type") }),
  );
  // Without counters the event tells of no tasks, which is not the same as that there are none.
  return {
    ...raw,
    resources: [...listed, ...byName],
    ...(isJsonObject(run.resource_stats) ? { resource_stats: stats } : {}),
  };
}

/** Where a record event names its run is not documented; its `meta` is the likeliest place. */
function idsOf(payload: unknown): JsonObject {
  if (!isJsonObject(payload)) return {};
  const meta = payload["meta"];
  return { ...(isJsonObject(meta) ? idsAmong(meta) : {}), ...idsAmong(payload) };
}

const ID_NAMES = ["id", "sync_job_id", "sync_job_run_id", "integrated_account_id"] as const;

function idsAmong(value: JsonObject): JsonObject {
  const ids = ID_NAMES.map((name) => [name, textIn(value, name)] as const);
  return filled(Object.fromEntries(ids.filter(([, id]) => /^[\w-]{1,64}$/.test(id ?? ""))));
}

function filled(texts: Readonly<Record<string, string | null>>): JsonObject {
  return Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== null));
}

function runHint(payload: JsonObject): WebhookHint {
  const remoteId = textIn(payload, "id");
  if (remoteId === null) return { kind: "RUNS" };
  const linkedAccountRemoteId = textIn(payload, "integrated_account_id");
  return { kind: "RUN", remoteId, definitionRemoteId: textIn(payload, "sync_job_id"), linkedAccountRemoteId };
}
