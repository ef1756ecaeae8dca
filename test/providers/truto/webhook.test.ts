// Truto's webhooks: which deliveries count as genuine, what is kept of them, and what each event means.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { WebhookEvent } from "../../../src/domain/webhook-port.ts";
import { observationOf } from "../../../src/providers/truto/map.ts";
import { interpretWebhook, webhookVerifier } from "../../../src/providers/truto/webhook.ts";
import { parseRun } from "../../../src/providers/truto/wire-types.ts";
import { bytesOf, delivery, hmac, judgement, withBitFlipped } from "../webhook-delivery.ts";
import { wireRun } from "./sync-job.ts";

const SECRET = "5e0c6a5e-0f5b-4d6c-9b6e-2f4f6d1f0a11";
const OLD_SECRET = "b1f9b0c8-93a1-4b7e-8f7d-6a5e4d3c2b1a";
const NOW = new Date("2026-04-02T06:03:42.000Z");
const RUN_ID = "22bb6f0e-1111-4c22-8d33-44e555f66077";
const SETTINGS = { seed: 20261122, numRuns: 300 };

const envelope = (changes: Readonly<Record<string, unknown>> = {}) => ({
  id: "3a0da6ba-b2d1-473f-957c-51f6825e3623",
  event: "sync_job_run:completed",
  payload: wireRun({ id: RUN_ID, status: "completed" }),
  created_at: "2026-04-02T06:03:41.000Z",
  ...changes,
});
const BODY = bytesOf(envelope());
const signed = (body: Uint8Array, secret = SECRET): string =>
  `format=sha256,v=${hmac("sha256", secret, body).toString("hex")}`;
const verdictOn = (body: Uint8Array, header: string | null, secrets: readonly string[] = [SECRET], receivedAt = NOW) =>
  webhookVerifier(secrets)(delivery(body, header === null ? {} : { "x-truto-signature": header }, receivedAt));
const judged = (...given: Parameters<typeof verdictOn>): string => judgement(verdictOn(...given));

function kept(changes: Readonly<Record<string, unknown>>): WebhookEvent {
  const body = bytesOf(envelope(changes));
  const verdict = verdictOn(body, signed(body));
  if (!verdict.genuine) throw new Error(verdict.refusal);
  return verdict.event;
}
const hintsOf = (changes: Readonly<Record<string, unknown>>) => interpretWebhook(kept(changes).payload, NOW);

describe("the signature of a Truto delivery", () => {
  it("is checked against a vector that a third program computed", () => {
    const body = '{"id":"1","event":"test","payload":{"foo":"bar"},"created_at":"2026-04-02T06:03:41.000Z"}';
    const header = "format=sha256,v=bac641ce37088791158053ca6944770f757e5ee6484666cdb9f5954bf5975769";
    expect(judged(bytesOf(body), header)).toBe("GENUINE");
  });

  it.each([
    ["right", signed(BODY), "GENUINE"],
    ["in the other order", signed(BODY).split(",").toReversed().join(","), "GENUINE"],
    ["with blanks after the comma", signed(BODY).replace(",", ", "), "GENUINE"],
    ["behind one of an unknown format", `format=sha512,v=abc,${signed(BODY)}`, "GENUINE"],
    ["behind a wrong one", `format=sha256,v=${"0".repeat(64)},${signed(BODY)}`, "GENUINE"],
    ["missing", null, "BAD_SIGNATURE"],
    ["empty", "", "BAD_SIGNATURE"],
    ["garbage", "=,=,v,,format", "BAD_SIGNATURE"],
    ["without its format", signed(BODY).replace("format=sha256,", ""), "BAD_SIGNATURE"],
    ["of an unknown format alone", signed(BODY).replace("sha256", "sha257"), "BAD_SIGNATURE"],
    ["cut short", signed(BODY).slice(0, -1), "BAD_SIGNATURE"],
    ["too long", `${signed(BODY)}0`, "BAD_SIGNATURE"],
    ["in capitals", signed(BODY).replace(/v=.*/, (text) => `v=${text.slice(2).toUpperCase()}`), "BAD_SIGNATURE"],
    ["of another secret", signed(BODY, "other"), "BAD_SIGNATURE"],
    ["of another body", signed(bytesOf(envelope({ id: "another" }))), "BAD_SIGNATURE"],
  ])("is judged when it is %s", (_case, header, expected) => {
    expect(judged(BODY, header)).toBe(expected);
  });

  it.each([
    ["written anew with blanks", bytesOf(JSON.stringify(envelope(), null, 1))],
    ["with a line break at its end", bytesOf(`${BODY.toString("utf8")}\r\n`)],
    ["empty", Buffer.alloc(0)],
  ])("does not fit a body that is %s", (_case, body) => {
    expect(judged(body, signed(BODY))).toBe("BAD_SIGNATURE");
  });

  it("fits no body and no signature of which one bit was changed", () => {
    const header = signed(BODY);
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (bit, inBody) => {
        const verdict = inBody
          ? judged(withBitFlipped(BODY, bit), header)
          : judged(BODY, withBitFlipped(Buffer.from(header), bit).toString("latin1"));
        expect(verdict).toBe("BAD_SIGNATURE");
      }),
      SETTINGS,
    );
  });

  it("may be of either secret during a rotation, and of the old one no longer afterwards", () => {
    expect(judged(BODY, signed(BODY), [SECRET, OLD_SECRET])).toBe("GENUINE");
    expect(judged(BODY, signed(BODY, OLD_SECRET), [SECRET, OLD_SECRET])).toBe("GENUINE");
    expect(judged(BODY, signed(BODY, OLD_SECRET))).toBe("BAD_SIGNATURE");
  });

  it("proves nothing without a secret, or with an empty one", () => {
    expect(judged(BODY, signed(BODY), [])).toBe("NOT_CONFIGURED");
    expect(judged(BODY, signed(BODY, ""), [""])).toBe("NOT_CONFIGURED");
    expect(judged(BODY, signed(BODY, ""), ["", SECRET])).toBe("BAD_SIGNATURE");
  });
});

describe("the time of a Truto delivery", () => {
  it.each([
    ["five minutes ago", -300_000, "GENUINE"],
    ["a moment more ago", -300_001, "STALE"],
    ["in five minutes", 300_000, "GENUINE"],
    ["in a moment more", 300_001, "STALE"],
  ])("is judged when it is %s", (_case, offsetMs, expected) => {
    const body = bytesOf(envelope({ created_at: new Date(NOW.getTime() + offsetMs).toISOString() }));
    expect(judged(body, signed(body))).toBe(expected);
  });

  it("is read without a zone as UTC", () => {
    const body = bytesOf(envelope({ created_at: "2026-04-02 06:03:41" }));
    expect(judged(body, signed(body))).toBe("GENUINE");
  });

  it.each([undefined, null, 1e18, "soon", ""])("makes a delivery useless when it is %s", (createdAt) => {
    const body = bytesOf(envelope({ created_at: createdAt }));
    expect(judged(body, signed(body))).toBe("MALFORMED");
  });
});

describe("a genuine Truto delivery", () => {
  it("is known by the id in its body and by the hash of all of it", () => {
    const event = kept({});
    expect(event).toMatchObject({ deliveryId: envelope().id, name: "sync_job_run:completed" });
    expect(event.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(kept({ environment_id: "other" })).toMatchObject({ deliveryId: event.deliveryId });
    expect(kept({ environment_id: "other" }).fingerprint).not.toBe(event.fingerprint);
  });

  it("is known by that hash alone when it has no id", () => {
    const event = kept({ id: null });
    expect(event.deliveryId).toBe(event.fingerprint);
  });

  it.each([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["without an event", JSON.stringify(envelope({ event: undefined }))],
    ["nested beyond use", `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`],
  ])("is useless when it is %s", (_case, text) => {
    expect(judged(bytesOf(text), signed(bytesOf(text)))).toBe("MALFORMED");
  });

  it("is useless when its bytes are no text", () => {
    const body = Buffer.from([0x22, 0xff, 0x22]);
    expect(judged(body, signed(body))).toBe("MALFORMED");
  });

  it("may call its event event_type", () => {
    expect(kept({ event: undefined, event_type: "test" }).name).toBe("test");
  });

  it("has a name of one line that fits into a log", () => {
    expect(kept({ event: `a\nb${"c".repeat(500)}` }).name).toMatch(/^a\u240Ab\S{97}$/u);
  });
});

describe("what is kept of a Truto event", () => {
  it.each(["sync_job_run:record", "sync_job_run:record_error"])("%s holds ids and no record", (event) => {
    const records = [{ id: "planted-1", email: "planted@example.com" }];
    const payload = {
      resource: "crm/contacts",
      records,
      meta: { sync_job_run_id: RUN_ID, note: "planted" },
      id: "planted text",
    };
    expect(kept({ event, payload }).payload).toEqual({ event, sync_job_run_id: RUN_ID });
  });

  it("of a run is without arguments and what they were put into", () => {
    const run = wireRun({
      args: { token: "planted" },
      resources: [{ resource: "tickets", query: { key: "planted" }, type: "request" }],
    });
    const { payload } = kept({ payload: run });
    expect(JSON.stringify(payload)).not.toContain("planted");
    expect(payload).toMatchObject({ run: { resources: [{ name: "tickets", type: "request" }] } });
  });

  it("of an account is without its context", () => {
    const payload = { id: "account-1", context: { oauth: { token: "planted" } } };
    expect(kept({ event: "integrated_account:updated", payload }).payload).toEqual({
      event: "integrated_account:updated",
      id: "account-1",
    });
  });

  it("is small JSON without a planted text, whatever the payload is", () => {
    const planted = "planted text, with a blank";
    const events = fc.constantFrom(
      "sync_job_run:record",
      "integrated_account:created",
      "record:updated",
      "test",
      "sync_job_run:deleted",
    );
    fc.assert(
      fc.property(events, fc.jsonValue({ maxDepth: 4 }), (event, other) => {
        const { payload } = kept({
          event,
          payload: { id: planted, records: [planted, other], meta: { id: [planted], other } },
        });
        expect(JSON.stringify(payload)).not.toContain(planted);
      }),
      SETTINGS,
    );
  });
});

describe("what a Truto event means", () => {
  it.each(["created", "started", "updated", "rate_limited", "completed", "failed"])(
    "sync_job_run:%s says what a poll of the run says",
    (word) => {
      const status = word === "started" || word === "updated" ? "running" : word;
      const run = wireRun({
        id: RUN_ID,
        status,
        args: { a: 1 },
        resources: [
          { resource: "tickets", method: "list" },
          { name: "store", type: "spool" },
        ],
        resource_stats: { tickets: { list: { fetched: 3, cursor: "text" } }, store: { write: { fetched: 3 } } },
      });
      const place = { definitionRemoteId: null, linkedAccountRemoteId: null };
      const polled = observationOf(parseRun(run, { provider: "p", request: "r", httpStatus: 200 }), {
        source: "WEBHOOK",
        observedAt: NOW,
        ...place,
      });
      expect(hintsOf({ event: `sync_job_run:${word}`, payload: run })).toEqual([
        { kind: "OBSERVATION", observation: polled },
      ]);
      expect(polled.status).toBe({ created: "CREATED", completed: "SUCCESS", failed: "FAILED" }[word] ?? "RUNNING");
    },
  );

  it("a run without counters tells of no tasks, as in a poll", () => {
    const [hint] = hintsOf({ event: "sync_job_run:updated", payload: wireRun({ status: "running" }) });
    expect(hint).toMatchObject({ kind: "OBSERVATION", observation: { status: "RUNNING" } });
    expect(JSON.stringify(hint)).not.toContain('"tasks"');
  });

  it("sync_job_run:updated with resources by name counts like a poll too", () => {
    const run = wireRun({ status: "running", resources: { tickets: { method: "list" } } });
    const [hint] = hintsOf({ event: "sync_job_run:updated", payload: run });
    expect(hint).toMatchObject({ kind: "OBSERVATION", observation: { facts: { models: ["tickets"] } } });
  });

  const ids = { sync_job_id: "job-1", integrated_account_id: "account-1" };
  const run = { kind: "RUN", remoteId: RUN_ID, definitionRemoteId: "job-1", linkedAccountRemoteId: "account-1" };
  it.each([
    ["sync_job_run:completed", { id: RUN_ID, ...ids }, [run]],
    [
      "sync_job_run:failed",
      { id: RUN_ID, status: 7 },
      [{ ...run, definitionRemoteId: null, linkedAccountRemoteId: null }],
    ],
    ["sync_job_run:failed", { status: "failed" }, [{ kind: "RUNS" }]],
    ["sync_job_run:completed", "nothing", [{ kind: "RUNS" }]],
    ["sync_job_run:deleted", { id: RUN_ID, status: "running", ...ids }, [run]],
    ["sync_job_run:record", { meta: { sync_job_run_id: RUN_ID } }, []],
    ["sync_job_run:record_error", { meta: { sync_job_run_id: RUN_ID } }, []],
    ["integrated_account:authentication_error", { id: "account-1" }, [{ kind: "CATALOG" }]],
    ["sync_job_cron_trigger:failed", { id: "trigger-1", ...ids }, [{ kind: "RUNS" }]],
    ["api_token:created", { id: "token-1" }, []],
    ["sync_job_run:of_tomorrow", { id: RUN_ID, status: "completed" }, []],
    ["test", { foo: "bar" }, []],
  ])("%s of %j", (event, payload, hints) => {
    expect(hintsOf({ event, payload })).toEqual(hints);
  });

  it("is something for any stored JSON, and never a success by another word than completed", () => {
    const events = fc.constantFrom(
      "sync_job_run:completed",
      "sync_job_run:failed",
      "sync_job_run:deleted",
      "integrated_account:x",
      "x",
    );
    const runs = fc.record({
      id: fc.string(),
      status: fc.oneof(fc.string(), fc.constant("completed"), fc.jsonValue()),
      resource_stats: fc.jsonValue(),
    });
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        events,
        fc.oneof(runs, fc.jsonValue()),
        (other, event, run) => {
          const payload = JSON.parse(JSON.stringify({ ...other, event, run })) as JsonObject;
          for (const hint of [
            ...interpretWebhook(payload, NOW),
            ...interpretWebhook({ ...payload, event: null }, NOW),
          ]) {
            if (hint.kind !== "OBSERVATION") continue;
            expect(hint.observation.status === "SUCCESS").toBe(hint.observation.rawStatus === "completed");
          }
        },
      ),
      SETTINGS,
    );
  });
});
