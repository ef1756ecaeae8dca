// Webhooks of the provider in memory: signed over id, time and body by its own little scheme, and read back.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { JsonObject } from "../../src/domain/json.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { ObservationSource, SyncStatus } from "../../src/domain/status.ts";
import { WebhookRefusal } from "../../src/domain/webhook-port.ts";
import type { WebhookEvent, WebhookHint, WebhookRequest, WebhookVerdict } from "../../src/domain/webhook-port.ts";
import { createFakeProvider } from "./fake-provider.ts";
import type { FakeAnswers, FakeProvider } from "./fake-provider.ts";
import { observation } from "./store-values.ts";

export const SECRET = "whsec-current";
const WINDOW_MS = 300_000;

export interface WebhookAnswers {
  /** Accepted secrets; a test replaces them while it runs. */
  secrets: readonly string[];
  /** Events the vendor has kept; left out, it keeps none. */
  missed?: (since: Date) => readonly (readonly WebhookEvent[] | Error)[];
}

/** The fake provider with webhooks. What it says of runs is scripted as ever. */
export function createWebhookProvider(
  key: string,
  webhooks: WebhookAnswers = { secrets: [SECRET] },
  answers: Partial<FakeAnswers> = {},
  capabilities: Partial<Capabilities> = {},
): FakeProvider {
  const fake = createFakeProvider(key, { ...capabilities, webhooks: true }, answers);
  const { missed } = webhooks;
  const provider = {
    ...fake.provider,
    verifyWebhook: (request: WebhookRequest) => verify(request, webhooks.secrets),
    interpretWebhook: interpret,
    ...(missed === undefined ? {} : { missedEvents: (since: Date) => pagesOf(missed(since)) }),
  };
  return { ...fake, provider };
}

export interface Signing {
  readonly id?: string;
  /** Whole seconds since 1970, as text. */
  readonly timestamp?: string;
  readonly secret?: string;
}

/** Headers that prove a body. */
export function signed(
  body: string,
  now: Date,
  { id = "d1", timestamp = String(Math.floor(now.getTime() / 1_000)), secret = SECRET }: Signing = {},
) {
  const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}

export function signedRequest(payload: JsonObject, now: Date, signing: Signing = {}): WebhookRequest {
  const body = JSON.stringify(payload);
  return { headers: signed(body, now, signing), body: Buffer.from(body), receivedAt: now };
}

function verify({ headers, body, receivedAt }: WebhookRequest, secrets: readonly string[]): WebhookVerdict {
  if (secrets.length === 0) return refused(WebhookRefusal.NotConfigured);
  const id = headers["webhook-id"] ?? "";
  const timestamp = headers["webhook-timestamp"] ?? "";
  const given = (headers["webhook-signature"] ?? "")
    .split(" ")
    .flatMap((one) => (one.startsWith("v1,") ? one.slice(3) : []));
  const message = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const isProven = secrets.some((secret) => {
    const expected = createHmac("sha256", secret).update(message).digest();
    return given.some((one) => isSame(Buffer.from(one, "base64"), expected));
  });
  if (!isProven || !/^\d{1,12}$/.test(timestamp)) return refused(WebhookRefusal.BadSignature);
  if (Math.abs(Number(timestamp) * 1_000 - receivedAt.getTime()) > WINDOW_MS) return refused(WebhookRefusal.Stale);
  const payload = parse(body);
  if (payload === null) return refused(WebhookRefusal.Malformed);
  const fingerprint = createHash("sha256").update(body).digest("hex");
  return { genuine: true, event: { deliveryId: id, name: String(payload["type"]), fingerprint, payload } };
}

function interpret(payload: JsonObject, receivedAt: Date): readonly WebhookHint[] {
  const remoteId = String(payload["run"]);
  switch (payload["type"]) {
    case "run":
      return [{ kind: "RUN", remoteId, definitionRemoteId: "job-1", linkedAccountRemoteId: "account-1" }];
    case "state": {
      const status = Object.values(SyncStatus).find((one) => one === payload["status"]) ?? null;
      const told = {
        source: ObservationSource.Webhook,
        observedAt: receivedAt,
        status,
        rawStatus: String(payload["status"]).toLowerCase(),
        ...(payload["tasks"] === true ? { tasks: [] } : {}),
      };
      return [{ kind: "OBSERVATION", observation: observation(remoteId, told) }];
    }
    case "runs":
      return [{ kind: "RUNS" }];
    case "catalog":
      return [{ kind: "CATALOG" }];
    case "broken":
      throw new Error("a defect of the adapter");
    default:
      return [];
  }
}

const refused = (refusal: WebhookRefusal): WebhookVerdict => ({ genuine: false, refusal });

const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && timingSafeEqual(one, other);

function parse(body: Uint8Array): JsonObject | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    return isObject(value) && typeof value["type"] === "string" ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function* pagesOf<Item>(
  pages: readonly (readonly Item[] | Error)[],
): AsyncGenerator<readonly Item[], void, undefined> {
  for (const page of await Promise.resolve(pages)) {
    if (page instanceof Error) throw page;
    yield page;
  }
}
