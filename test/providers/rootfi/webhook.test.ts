// RootFi's webhooks: which deliveries count as genuine, what is kept of them, and that none of them says what a run's state is.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { WebhookEvent } from "../../../src/domain/webhook-port.ts";
import { interpretWebhook, webhookVerifier } from "../../../src/providers/rootfi/webhook.ts";
import type { WebhookProof } from "../../../src/providers/rootfi/webhook.ts";
import { bytesOf, delivery, hmac, judgement, withBitFlipped } from "../webhook-delivery.ts";

const SECRET = "Bearer shared-by-two";
const OLD_SECRET = "Bearer shared-before";
const NOW = new Date("2026-11-22T12:00:00.000Z");
const SETTINGS = { seed: 20261122, numRuns: 300 };
const BY_VALUE: WebhookProof = { by: "VALUE", header: "authorization" };
const BY_SIGNATURE: WebhookProof = { by: "SIGNATURE", header: "x-rootfi-signature" };
const BODY = bytesOf({ event: "SYNC_COMPLETED", sync_id: "sync-1", company_id: 12, status: "SUCCESS" });
const signed = (body: Uint8Array, secret = SECRET): string => hmac("sha256", secret, body).toString("hex");

function verdictOn(
  proof: WebhookProof,
  body: Uint8Array,
  header: string | null,
  secrets: readonly string[] = [SECRET],
) {
  return webhookVerifier(secrets, proof)(delivery(body, header === null ? {} : { [proof.header]: header }, NOW));
}
const judged = (...given: Parameters<typeof verdictOn>): string => judgement(verdictOn(...given));

function kept(content: unknown, receivedAt = NOW): WebhookEvent {
  const request = delivery(bytesOf(content), { [BY_VALUE.header]: SECRET }, receivedAt);
  const verdict = webhookVerifier([SECRET], BY_VALUE)(request);
  if (!verdict.genuine) throw new Error(verdict.refusal);
  return verdict.event;
}
const hintsOf = (content: unknown) => interpretWebhook(kept(content).payload);

describe("the static header of a RootFi delivery", () => {
  it.each([
    ["right", SECRET, "GENUINE"],
    ["missing", null, "BAD_SIGNATURE"],
    ["empty", "", "BAD_SIGNATURE"],
    ["longer", `${SECRET} `, "BAD_SIGNATURE"],
    ["shorter", SECRET.slice(0, -1), "BAD_SIGNATURE"],
    ["in other letters", SECRET.toLowerCase(), "BAD_SIGNATURE"],
    ["sent twice", `${SECRET}, ${SECRET}`, "BAD_SIGNATURE"],
    ["another secret", OLD_SECRET, "BAD_SIGNATURE"],
  ])("is judged when it is %s", (_case, header, expected) => {
    expect(judged(BY_VALUE, BODY, header)).toBe(expected);
  });

  it("is nothing else than the configured header", () => {
    const request = delivery(BODY, { authorization: SECRET }, NOW);
    for (const header of ["x-shared", "__proto__", "constructor"]) {
      expect(judgement(webhookVerifier([SECRET], { by: "VALUE", header })(request))).toBe("BAD_SIGNATURE");
    }
    expect(judged({ by: "VALUE", header: "x-shared" }, BODY, SECRET)).toBe("GENUINE");
  });

  it("is refused with one bit changed", () => {
    fc.assert(
      fc.property(fc.nat(), (bit) => {
        expect(judged(BY_VALUE, BODY, withBitFlipped(Buffer.from(SECRET), bit).toString("latin1"))).toBe(
          "BAD_SIGNATURE",
        );
      }),
      SETTINGS,
    );
  });
});

describe("the signature of a RootFi delivery", () => {
  it("is checked against a vector that a third program computed", () => {
    const body = bytesOf('{"event":"connection.changed","company_id":496}');
    expect(judged(BY_SIGNATURE, body, "14cefa937ae122dfde01667a02f0c4cb54bdf91b7fc3b20d28817f637621f51b")).toBe(
      "GENUINE",
    );
  });

  it.each([
    ["right", signed(BODY), "GENUINE"],
    ["right behind the hash's name", `sha256=${signed(BODY)}`, "GENUINE"],
    ["right behind a wrong one", `${"0".repeat(64)},${signed(BODY)}`, "GENUINE"],
    ["missing", null, "BAD_SIGNATURE"],
    ["garbage", ",sha256=,", "BAD_SIGNATURE"],
    ["cut short", signed(BODY).slice(1), "BAD_SIGNATURE"],
    ["the key itself", SECRET, "BAD_SIGNATURE"],
    ["of another key", signed(BODY, "other"), "BAD_SIGNATURE"],
    ["of another body", signed(bytesOf({ event: "SYNC_COMPLETED" })), "BAD_SIGNATURE"],
    [
      "of the body written anew",
      signed(bytesOf(JSON.stringify(JSON.parse(BODY.toString()), null, 1))),
      "BAD_SIGNATURE",
    ],
  ])("is judged when it is %s", (_case, header, expected) => {
    expect(judged(BY_SIGNATURE, BODY, header)).toBe(expected);
  });

  it("fits no body and no signature of which one bit was changed", () => {
    const header = signed(BODY);
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (bit, inBody) => {
        const given = inBody ? header : withBitFlipped(Buffer.from(header), bit).toString("latin1");
        expect(judged(BY_SIGNATURE, inBody ? withBitFlipped(BODY, bit) : BODY, given)).toBe("BAD_SIGNATURE");
      }),
      SETTINGS,
    );
  });
});

describe.each([
  ["header", BY_VALUE, (secret: string) => secret],
  ["signature", BY_SIGNATURE, (secret: string) => signed(BODY, secret)],
])("the secrets behind a RootFi %s", (_case, proof, headerFor) => {
  it("both hold during a rotation, and the old one no longer afterwards", () => {
    expect(judged(proof, BODY, headerFor(SECRET), [SECRET, OLD_SECRET])).toBe("GENUINE");
    expect(judged(proof, BODY, headerFor(OLD_SECRET), [SECRET, OLD_SECRET])).toBe("GENUINE");
    expect(judged(proof, BODY, headerFor(OLD_SECRET))).toBe("BAD_SIGNATURE");
  });

  it("prove nothing when there is none, or an empty one", () => {
    expect(judged(proof, BODY, headerFor(SECRET), [])).toBe("NOT_CONFIGURED");
    expect(judged(proof, BODY, headerFor(""), [""])).toBe("NOT_CONFIGURED");
    expect(judged(proof, BODY, headerFor(""), ["", SECRET])).toBe("BAD_SIGNATURE");
  });
});

describe("a genuine RootFi delivery", () => {
  it("that names a sync is known by the hash of its body, because no id is documented", () => {
    const { deliveryId, fingerprint } = kept({ event: "SYNC_COMPLETED", sync_id: "1" });
    expect([deliveryId, /^[0-9a-f]{64}$/.test(fingerprint)]).toEqual([fingerprint, true]);
    expect(kept({ event: "SYNC_COMPLETED", sync_id: "2" }).deliveryId).not.toBe(deliveryId);
  });

  it.each([
    [{ event: "connection.changed", company_id: 496 }],
    [{ event: "CONNECTION_CHANGED" }],
    [{ event: "SYNC_COMPLETED", company_id: 496 }],
  ])("that names no sync is another one a second later: %j", (content) => {
    const at = (ms: number) => kept(content, new Date(NOW.getTime() + ms)).deliveryId;
    expect(at(999)).toBe(at(0));
    expect(at(1_000)).not.toBe(at(0));
  });

  it("that names a sync stays the same one, whenever it is sent again", () => {
    const content = { event: "SYNC_COMPLETED", sync_id: "1" };
    expect(kept(content, new Date(NOW.getTime() + 3_600_000)).deliveryId).toBe(kept(content).deliveryId);
  });

  it.each(["{", "[]", "null", '"text"', "{}", '{"id":1}', `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`])(
    "is useless when it tells neither what happened nor to which sync: %.20s",
    (text) => {
      expect(judged(BY_VALUE, bytesOf(text), SECRET)).toBe("MALFORMED");
    },
  );

  it("is useless when its bytes are no text", () => {
    expect(judged(BY_VALUE, Buffer.from([0x22, 0xff, 0x22]), SECRET)).toBe("MALFORMED");
  });

  it("about records holds none of them, and no id that is a record's", () => {
    const event = {
      company_id: 12,
      data_model: "ACCOUNTS",
      type: "UPDATE",
      id: "planted",
      data: { id: "planted", name: "planted" },
    };
    expect(kept(event).payload).toEqual({ event: "DATA_MODEL_CHANGES" });
    expect(kept({ ...event, type: "DATA_MODEL_CHANGES" }).payload).toEqual({ event: "DATA_MODEL_CHANGES" });
    expect(kept({ type: "planted text?", data: "planted" })).toMatchObject({
      name: "OTHER",
      payload: { event: "OTHER" },
    });
  });

  it("about a sync holds two ids and nothing of the rest, whatever that is", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (rest) => {
        const { payload } = kept({ ...rest, event: "SYNC_COMPLETED", data: { ...rest, planted: "planted text" } });
        expect(["event", "sync_id", "company_id"]).toEqual(expect.arrayContaining(Object.keys(payload)));
      }),
      SETTINGS,
    );
  });
});

describe("what a RootFi event means", () => {
  const run = (remoteId: string, linkedAccountRemoteId: string | null) => [
    { kind: "RUN", remoteId, definitionRemoteId: null, linkedAccountRemoteId },
  ];

  it.each([
    [{ event: "SYNC_COMPLETED", sync_id: "s-1", company_id: 12, status: "SUCCESS" }, run("s-1", "12")],
    [{ type: "SYNC_COMPLETED", syncId: "s-1", rootfi_company_id: "12" }, run("s-1", "12")],
    [{ event_type: "sync.completed", id: 7, companyId: 12 }, run("7", "12")],
    [{ event: "sync.started", data: { id: "s-1", company_id: 12 } }, run("s-1", "12")],
    [{ event: "SYNC_COMPLETED", id: "event-1", data: { sync_id: "s-1" } }, run("s-1", null)],
    [{ sync_id: "s-1", company_id: 12, status: "FAILED" }, run("s-1", "12")],
    [{ event: "SYNC_COMPLETED", company_id: 12 }, [{ kind: "RUNS" }]],
    [{ event: "SYNC_COMPLETED", sync_id: { a: 1 } }, [{ kind: "RUNS" }]],
    [{ event: "CONNECTION_CHANGED", company_id: 12 }, [{ kind: "CATALOG" }]],
    [{ event: "connection.changed", company_id: 496 }, [{ kind: "CATALOG" }]],
    [{ type: "DATA_MODEL_CHANGES", sync_id: "s-1" }, []],
    [{ type: "INTEGRATION", company_id: 12 }, []],
  ])("%j", (content, hints) => {
    expect(hintsOf(content)).toEqual(hints);
  });

  it("is something for any stored JSON, and never a state", () => {
    const events = fc.constantFrom("SYNC_COMPLETED", "SYNC_STARTED", "UNNAMED", "CONNECTION_CHANGED", "__proto__");
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.oneof(events, fc.jsonValue()),
        fc.jsonValue(),
        (other, event, id) => {
          const payload = JSON.parse(JSON.stringify({ ...other, event, sync_id: id, company_id: id })) as JsonObject;
          for (const { kind } of interpretWebhook(payload)) expect(kind).not.toBe("OBSERVATION");
        },
      ),
      SETTINGS,
    );
  });
});
