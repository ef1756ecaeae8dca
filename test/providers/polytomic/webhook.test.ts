// Polytomic's webhooks: which deliveries count as genuine, what is kept of them, and what each event means.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { WebhookEvent } from "../../../src/domain/webhook-port.ts";
import { interpretWebhook, webhookVerifier } from "../../../src/providers/polytomic/webhook.ts";
import type { WebhookSigning } from "../../../src/providers/polytomic/webhook.ts";
import { freeTextRedactor } from "../../../src/wire/free-text.ts";
import { bytesOf, delivery, hmac, judgement, withBitFlipped } from "../webhook-delivery.ts";
import { CONNECTION_ID, SYNC_ID } from "./polytomic-at-fake-vendor.ts";

const SECRET = "planted-webhook-secret";
const OLD_SECRET = "planted-older-secret";
const NOW = new Date("2026-03-02T12:00:06.000Z");
const AT = new Date("2026-03-02T12:00:05.000Z");
const EXECUTION_ID = "7f3e9c2a-4b8d-4f1e-a9c3-6d5e2f8b1a7c";
const SETTINGS = { seed: 20261122, numRuns: 300 };
const HEX: WebhookSigning = { hash: "sha256", encoding: "hex" };
const redact = freeTextRedactor([SECRET]);

const envelope = (type: string, event: object = {}, outer: object = {}) => ({
  id: "a0b1c2d3-e4f5-4607-8819-2a3b4c5d6e7f",
  organization_id: "0f1d2c3b-4a59-4687-9a0b-1c2d3e4f5a6b",
  type,
  created_at: AT.toISOString(),
  event: {
    execution_id: EXECUTION_ID,
    sync_id: SYNC_ID,
    sync_name: "Users",
    target_connection_id: CONNECTION_ID,
    ...event,
  },
  ...outer,
});
const BODY = bytesOf(envelope("sync.running"));
const signed = (body: Uint8Array, secret = SECRET): string => hmac("sha256", secret, body).toString("hex");
const RIGHT = signed(BODY);

function verdictOn(body: Uint8Array, header: string | null, secrets: readonly string[] = [SECRET], signing = HEX) {
  const headers = header === null ? {} : { "polytomic-signature": header };
  return webhookVerifier(secrets, signing, redact)(delivery(body, headers, NOW));
}
const judged = (...given: Parameters<typeof verdictOn>): string => judgement(verdictOn(...given));

function keptOf(content: object): WebhookEvent {
  const body = bytesOf(content);
  const verdict = verdictOn(body, signed(body));
  if (!verdict.genuine) throw new Error(verdict.refusal);
  return verdict.event;
}
const hintsOf = (content: object) => interpretWebhook(keptOf(content).payload, NOW, redact);

describe("the signature of a Polytomic delivery", () => {
  it.each([
    ["sha256", "hex", "46c8fd9eb04a889735dd57d07df299d601d10e9e2e2268e4d207ab63912eb794"],
    ["sha256", "base64", "Rsj9nrBKiJc13VfQffKZ1gHRDp4uImjk0gerY5Eut5Q="],
    ["sha1", "hex", "7aec18f72583dae8412d4a69f4ec0866a827b7e0"],
    ["sha512", "base64", "GgNRgJnbayHpG31Sgm5mQ3vDYZliBO/pd5UdjMBpzXg7TaLk6865Hm/QqqtVoTDo96VdDT1B4xoK/VSyYQn8IA=="],
  ] as const)("in %s and %s is checked against a vector that a third program computed", (hash, encoding, signature) => {
    const body = bytesOf('{"type":"sync.running","event":{"execution_id":"1"}}');
    const signing = { hash, encoding };
    expect(judged(body, signature, [SECRET], signing)).toBe("GENUINE");
    expect(judged(body, `${hash}=${signature}`, [SECRET], signing)).toBe("GENUINE");
    expect(judged(body, signature, [OLD_SECRET], signing)).toBe("BAD_SIGNATURE");
    expect(judged(body, signature, [SECRET], hash === "sha1" ? HEX : { hash: "sha1", encoding })).toBe("BAD_SIGNATURE");
  });

  it.each([
    ["right", RIGHT, "GENUINE"],
    ["right behind the hash's name", `sha256=${RIGHT}`, "GENUINE"],
    ["right behind a wrong one", `${"0".repeat(64)}, ${RIGHT}`, "GENUINE"],
    ["missing", null, "BAD_SIGNATURE"],
    ["empty", "", "BAD_SIGNATURE"],
    ["only the hash's name", "sha256=", "BAD_SIGNATURE"],
    ["behind the name of another hash", `sha512=${RIGHT}`, "BAD_SIGNATURE"],
    ["cut short", RIGHT.slice(1), "BAD_SIGNATURE"],
    ["too long", `${RIGHT}0`, "BAD_SIGNATURE"],
    ["the secret itself", SECRET, "BAD_SIGNATURE"],
    ["of another secret", signed(BODY, "other"), "BAD_SIGNATURE"],
    ["of another body", signed(bytesOf(envelope("sync.completed"))), "BAD_SIGNATURE"],
  ])("is judged when it is %s", (_case, header, expected) => {
    expect(judged(BODY, header)).toBe(expected);
  });

  it("does not fit a body that was written anew", () => {
    expect(judged(bytesOf(JSON.stringify(envelope("sync.running"), null, 1)), RIGHT)).toBe("BAD_SIGNATURE");
    expect(judged(bytesOf(`${BODY.toString("utf8")}\n`), RIGHT)).toBe("BAD_SIGNATURE");
  });

  it("fits no body and no signature of which one bit was changed", () => {
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (bit, inBody) => {
        const header = inBody ? RIGHT : withBitFlipped(Buffer.from(RIGHT), bit).toString("latin1");
        expect(judged(inBody ? withBitFlipped(BODY, bit) : BODY, header)).toBe("BAD_SIGNATURE");
      }),
      SETTINGS,
    );
  });

  it("may be of either secret during a rotation, and of the old one no longer afterwards", () => {
    expect(judged(BODY, RIGHT, [SECRET, OLD_SECRET])).toBe("GENUINE");
    expect(judged(BODY, signed(BODY, OLD_SECRET), [SECRET, OLD_SECRET])).toBe("GENUINE");
    expect(judged(BODY, signed(BODY, OLD_SECRET))).toBe("BAD_SIGNATURE");
  });

  it("proves nothing without a secret, or with an empty one", () => {
    expect(judged(BODY, RIGHT, [])).toBe("NOT_CONFIGURED");
    expect(judged(BODY, signed(BODY, ""), [""])).toBe("NOT_CONFIGURED");
    expect(judged(BODY, signed(BODY, ""), ["", SECRET])).toBe("BAD_SIGNATURE");
  });
});

describe("the time of a Polytomic delivery", () => {
  it.each([
    ["absent", undefined, "GENUINE"],
    ["null", null, "GENUINE"],
    ["five minutes ago", new Date(NOW.getTime() - 300_000), "GENUINE"],
    ["a moment more ago", new Date(NOW.getTime() - 300_001), "STALE"],
    ["in five minutes", new Date(NOW.getTime() + 300_000), "GENUINE"],
    ["in a moment more", new Date(NOW.getTime() + 300_001), "STALE"],
    ["no time", "soon", "MALFORMED"],
    ["a number", 1e18, "MALFORMED"],
  ])("is judged when it is %s", (_case, createdAt, expected) => {
    const body = bytesOf(envelope("sync.running", {}, { created_at: createdAt }));
    expect(judged(body, signed(body))).toBe(expected);
  });
});

describe("a genuine Polytomic delivery", () => {
  it("is known by its id, or by execution and type when it has none", () => {
    expect(keptOf(envelope("sync.running"))).toMatchObject({ deliveryId: envelope("").id, name: "sync.running" });
    const ids = ["sync.running", "sync.failed", "sync.running"].map(
      (type) => keptOf(envelope(type, {}, { id: undefined })).deliveryId,
    );
    expect(ids[0]).toBe(ids[2]);
    expect(ids[0]).not.toBe(ids[1]);
    expect(ids[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  it("has the fingerprint that the same event has in the log, where its links are signed anew", () => {
    const one = keptOf(
      envelope("sync.completed", { record_count: 1, total_records: ["https://logs.example/1?signature=a"] }),
    );
    const other = keptOf({
      ...envelope("sync.completed", { total_records: null, record_count: 1 }),
      created_at: "2026-03-02T12:00:05Z",
    });
    expect(other).toEqual(one);
    expect(keptOf(envelope("sync.completed", { record_count: 2 })).fingerprint).not.toBe(one.fingerprint);
  });

  it.each([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["without a type", '{"event":{}}'],
    ["nested beyond use", `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`],
  ])("is useless when it is %s", (_case, text) => {
    expect(judged(bytesOf(text), signed(bytesOf(text)))).toBe("MALFORMED");
  });

  it("is kept without links to records and without names and secrets in its reason", () => {
    const link = ["https://logs.polytomic.example/1/records/1.json?signature=planted"];
    const links = {
      total_records: link,
      inserted_records: link,
      updated_records: link,
      deleted_records: link,
      errored_records: link,
      warnings: link,
    };
    const error = `see ${link[0]} or ask planted@example.com about ${SECRET}`;
    const { payload } = keptOf(envelope("sync.completed", { ...links, error, record_count: 2 }));
    expect(JSON.stringify(payload)).not.toContain("planted");
    expect(payload).toMatchObject({ type: "sync.completed", event: { execution_id: EXECUTION_ID, record_count: 2 } });
    expect(keptOf(envelope("bulk_sync.completed", { error: "planted" })).payload).toEqual({
      id: envelope("").id,
      type: "bulk_sync.completed",
      created_at: AT.toISOString(),
    });
  });
});

describe("what a Polytomic event means", () => {
  const place = {
    remoteId: EXECUTION_ID,
    definitionRemoteId: SYNC_ID,
    linkedAccountRemoteId: CONNECTION_ID,
    source: "WEBHOOK",
    observedAt: NOW,
  };
  const observed = (more: object) => [{ kind: "OBSERVATION", observation: { ...place, outcome: null, ...more } }];
  const counts = {
    total: null,
    inserted: null,
    updated: null,
    upserted: null,
    deleted: null,
    failed: null,
    warnings: null,
    fetched: null,
    persisted: null,
  };
  const reason = expect.objectContaining({ message: "the target was unavailable", code: "TRANSIENT" });

  it("sync.running: the run goes on since the event's time, and nothing is said of counts", () => {
    const facts = { waitingReason: null, startedAt: AT };
    expect(hintsOf(envelope("sync.running"))).toEqual(observed({ status: "RUNNING", rawStatus: "running", facts }));
  });

  it("sync.running without a time tells no start", () => {
    const [hint] = hintsOf(envelope("sync.running", {}, { created_at: undefined }));
    expect(hint).toMatchObject({ observation: { facts: { waitingReason: null } } });
    expect(JSON.stringify(hint)).not.toContain("startedAt");
  });

  it("sync.completed: success with what the event counts and who started it", () => {
    const told = {
      trigger: "scheduled",
      record_count: 40,
      inserted_count: 18,
      updated_count: 20,
      upserted_count: 0,
      error_count: 2,
      warning_count: 1,
    };
    const recordCounts = { ...counts, total: 40, inserted: 18, updated: 20, upserted: 0, failed: 2, warnings: 1 };
    const facts = { waitingReason: null, error: null, origin: "SCHEDULED", finishedAt: AT, recordCounts };
    expect(hintsOf(envelope("sync.completed", told))).toEqual(
      observed({ status: "SUCCESS", rawStatus: "completed", facts }),
    );
  });

  it("sync.completed_with_errors: success in part, with its reason", () => {
    const told = { error: "the target was unavailable", number_of_errors: 5, number_of_warnings: 2 };
    const facts = {
      waitingReason: null,
      error: reason,
      finishedAt: AT,
      recordCounts: { ...counts, failed: 5, warnings: 2 },
    };
    const expected = observed({ status: "SUCCESS", outcome: "PARTIAL", rawStatus: "completed_with_errors", facts });
    expect(hintsOf(envelope("sync.completed_with_errors", told))).toEqual(expected);
  });

  it("sync.failed: a look at the execution, which alone says whether it failed or was interrupted", () => {
    const [hint] = hintsOf(envelope("sync.failed", { error: "the target was unavailable" }));
    const {
      execution_id: remoteId,
      sync_id: definitionRemoteId,
      target_connection_id: linkedAccountRemoteId,
    } = envelope("sync.failed").event;
    expect(hint).toEqual({ kind: "RUN", remoteId, definitionRemoteId, linkedAccountRemoteId });
  });

  it("sync.canceled: cancelled, for no reason", () => {
    const facts = { waitingReason: null, error: null, finishedAt: AT };
    const expected = observed({ status: "FAILED", outcome: "CANCELLED", rawStatus: "canceled", facts });
    expect(hintsOf(envelope("sync.canceled", { status: "canceled" }))).toEqual(expected);
  });

  it.each([
    "bulk_sync.running",
    "bulk_sync.completed",
    "bulk_sync.completed_with_error",
    "bulk_sync.failed",
    "sync.of_tomorrow",
    "test",
  ])("%s: nothing", (type) => {
    expect(hintsOf(envelope(type))).toEqual([]);
  });

  it.each([{ execution_id: null }, { execution_id: "" }, { execution_id: 7 }])(
    "an execution that is not named is looked for: %j",
    (event) => {
      expect(hintsOf(envelope("sync.failed", event))).toEqual([{ kind: "RUNS" }]);
      expect(hintsOf({ ...envelope("sync.failed"), event: null })).toEqual([{ kind: "RUNS" }]);
    },
  );

  it("is something for any stored JSON, and a success for no other type than the two", () => {
    const types = fc.constantFrom(
      "sync.running",
      "sync.completed",
      "sync.completed_with_errors",
      "sync.failed",
      "x",
      "__proto__",
    );
    const event = fc.oneof(
      fc.jsonValue(),
      fc.record({ execution_id: fc.string(), error: fc.jsonValue(), record_count: fc.jsonValue() }),
    );
    fc.assert(
      fc.property(types, event, fc.dictionary(fc.string(), fc.jsonValue()), (type, inner, other) => {
        const payload = JSON.parse(JSON.stringify({ ...other, type, event: inner })) as JsonObject;
        interpretWebhook({ ...payload, type: null }, NOW, redact);
        for (const hint of interpretWebhook(payload, NOW, redact)) {
          const status = hint.kind === "OBSERVATION" ? hint.observation.status : null;
          expect(status === "SUCCESS" && !type.startsWith("sync.completed")).toBe(false);
        }
      }),
      SETTINGS,
    );
  });
});
