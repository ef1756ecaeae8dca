// Model syncs made, switched and deleted: the exact requests, and what becomes of answers that are lost, refused or broken.
import { describe, expect, it } from "vitest";
import { repliesInOrder } from "../../support/fake-vendor.ts";
import type { RawReply } from "../../support/fake-vendor.ts";
import { refusal } from "../../support/provider-values.ts";
import { conformance } from "./conformance.ts";
import { FULL_BODY, FULL_DRAFT, MODEL_ID, PASSPHRASE, RAW_SYNC, SMALL_DRAFT, schedule, target } from "./full-sync.ts";
import { CONNECTION_ID, SYNC_ID, editorOf, polytomicAt, polytomicWith } from "./polytomic-at-fake-vendor.ts";
import { contract } from "./sandbox-client.ts";

const KEY = "0d3f8f4e-8f0a-4c59-8d0e-5d7f3f1f7a10";
const SYNC = `/api/syncs/${SYNC_ID}`;
const NEXT_RUN = { to: `GET ${SYNC}/status`, body: { data: { next_execution_time: "2026-03-03T05:30:00Z" } } };
const manual = { ...RAW_SYNC, schedule: { frequency: "manual" } };
const cutOff: RawReply = (response) => response.destroy();

describe("making a polytomic sync", () => {
  it("sends all of a draft under the key, and gives what the vendor made of it with its next run", async () => {
    await using at = await polytomicWith({ to: "POST /api/syncs", body: { data: RAW_SYNC } }, NEXT_RUN);
    expect(await editorOf(at).create(FULL_DRAFT, KEY)).toMatchObject({
      remoteId: SYNC_ID,
      name: "Users to contacts",
      linkedAccountRemoteId: CONNECTION_ID,
      nextRunAt: new Date("2026-03-03T05:30:00Z"),
      hasEncryptionPassphrase: true,
      detailed: true,
    });
    expect(at.sent()[0]).toEqual({ request: "POST /api/syncs", body: FULL_BODY });
    expect(at.vendor.requests[0]?.headers).toMatchObject({ ...conformance.headers, "idempotency-key": KEY });
    contract?.checkRequestBody({ method: "POST", path: "/api/syncs", body: at.sent()[0]?.body });
  });

  it("leaves out of a small draft what the vendor is to decide, and asks for no next run where there is none", async () => {
    await using at = await polytomicWith({ to: "POST /api/syncs", body: { data: manual } });
    await editorOf(at).create({ ...SMALL_DRAFT, identity: null, encryptionPassphrase: null, filterLogic: null }, KEY);
    const body = {
      name: "Users to contacts",
      mode: "append",
      fields: [{ source: { model_id: MODEL_ID, field: "email" }, target: "Email" }],
      schedule: { frequency: "manual" },
      target: { connection_id: CONNECTION_ID, object: "Contact" },
    };
    expect(at.sent()).toEqual([{ request: "POST /api/syncs", body }]);
    contract?.checkRequestBody({ method: "POST", path: "/api/syncs", body });
  });

  const schedules = [
    ["CONTINUOUS", {}, { frequency: "continuous" }],
    ["HOURLY", { minute: "15" }, { frequency: "hourly", minute: "15" }],
    ["WEEKLY", { dayOfWeek: "monday", hour: "04" }, { frequency: "weekly", day_of_week: "monday", hour: "04" }],
    [
      "CRON",
      { minute: "0", hour: "*/6", dayOfMonth: "1", month: "*" },
      { frequency: "custom", minute: "0", hour: "*/6", day_of_month: "1", month: "*" },
    ],
    ["CRON", { rawFrequency: "builder" }, { frequency: "builder" }],
    [
      "AFTER_RUN",
      { runAfterRemoteIds: [SYNC_ID], runAfterSuccessOnly: true },
      {
        frequency: "runafter",
        run_after: { sync_ids: [SYNC_ID], bulk_sync_ids: [] },
        run_after_success_only: true,
      },
    ],
    [
      "EXTERNAL",
      { externalConnectionId: CONNECTION_ID, externalJobId: "40312" },
      { frequency: "dbtcloud", connection_id: CONNECTION_ID, job_id: 40_312 },
    ],
  ] as const;
  it.each(schedules)("writes a schedule in the vendor's words: %s %j", async (frequency, parts, expected) => {
    await using at = await polytomicWith({ to: "POST /api/syncs", body: { data: manual } });
    const draft = { ...SMALL_DRAFT, schedule: schedule({ frequency, ...parts }) };
    expect(editorOf(at).check(draft)).toEqual([]);
    await editorOf(at).create(draft, KEY);
    const body = at.vendor.requests[0]?.json();
    expect(body).toMatchObject({ schedule: expected });
    expect(body).toHaveProperty(["schedule"], expected);
    contract?.checkRequestBody({ method: "POST", path: "/api/syncs", body });
  });

  it("names the properties of a target object that is to be made", async () => {
    await using at = await polytomicWith({ to: "POST /api/syncs", body: { data: manual } });
    const create = { folder: "shared", name: "Leads" };
    await editorOf(at).create({ ...SMALL_DRAFT, target: target({ object: null, create }) }, KEY);
    expect(at.vendor.requests[0]?.json()).toHaveProperty(["target"], { connection_id: CONNECTION_ID, create });
  });

  it("lengthens a key that is too short for the vendor", async () => {
    await using at = await polytomicWith({ to: "POST /api/syncs", body: { data: manual } });
    await editorOf(at).create(SMALL_DRAFT, "k1");
    expect(at.vendor.requests[0]?.headers["idempotency-key"]).toBe("syncgraph-k1");
  });

  it("is asked for again under the same key when the answer is lost", async () => {
    const replies = repliesInOrder(cutOff, { json: { data: manual } });
    await using at = await polytomicAt(replies, { limits: { tries: 3 } });
    expect(await editorOf(at).create(SMALL_DRAFT, KEY)).toMatchObject({ remoteId: SYNC_ID });
    expect(at.vendor.requests.map(({ headers }) => headers["idempotency-key"])).toEqual([KEY, KEY]);
    expect(at.vendor.requests[1]?.body).toBe(at.vendor.requests[0]?.body);
  });

  it("may be asked for again when the first request with its key goes on still", async () => {
    const message = "a request with this idempotency key is in flight";
    await using at = await polytomicAt(() => ({ status: 409, json: { status: 409, message } }));
    const failure = await refusal(editorOf(at).create(SMALL_DRAFT, KEY));
    expect(failure).toMatchObject({ code: "PROVIDER_CONFLICT", retryable: true, sent: true });
  });

  it("is over when the vendor refuses the draft, with the vendor's reason", async () => {
    await using at = await polytomicAt(() => ({ status: 422, json: { message: "target.object: unknown" } }));
    expect(await refusal(editorOf(at).create(FULL_DRAFT, KEY))).toMatchObject({
      code: "PROVIDER_REJECTED",
      retryable: false,
      message: "polytomic-eu: POST /api/syncs: expected success, got 422: target.object: unknown",
    });
  });

  const broken: readonly (readonly [string, object])[] = [
    ["null data", { json: { data: null } }],
    ["no data", { json: {} }],
    ["a sync without an id", { json: { data: { name: "made" } } }],
    ["a web page", { text: "<html></html>" }],
    ["nothing", {}],
  ];
  it.each(broken)("does not understand an answer with %s, but was sent", async (_name, reply) => {
    await using at = await polytomicAt(() => reply);
    const failure = await refusal(editorOf(at).create(SMALL_DRAFT, KEY));
    expect(failure).toMatchObject({ code: "PROVIDER_BAD_RESPONSE", sent: true });
  });

  it("is made even if its next run cannot be read", async () => {
    const replies = repliesInOrder({ json: { data: RAW_SYNC } }, { status: 500, json: {} });
    await using at = await polytomicAt(replies);
    expect(await editorOf(at).create(FULL_DRAFT, KEY)).toMatchObject({ remoteId: SYNC_ID, nextRunAt: null });
  });
});

describe("the passphrase of a polytomic sync", () => {
  const sentences = [
    ["whole", `encryption_passphrase "${PASSPHRASE}" is too weak`],
    ["in part", `encryption_passphrase begins with "${PASSPHRASE.slice(0, 9)}"`],
    ["cut by the length of messages", `${"x".repeat(238)} ${PASSPHRASE}`],
    ["in a text that is no JSON", `panic: ${PASSPHRASE}`],
  ] as const;
  it.each(sentences)("is in no error, though the vendor repeats it: %s", async (_name, message) => {
    await using at = await polytomicAt(() => ({ status: 422, json: { message } }));
    const failure = await refusal(editorOf(at).create(FULL_DRAFT, KEY));
    expect(failure).toMatchObject({ code: "PROVIDER_REJECTED", httpStatus: 422, sent: true });
    expect(failure.message).toBe(
      "polytomic-eu: create sync: expected success, got 422; the reason is left out, because it may repeat a secret",
    );
    const shown = [failure.stack, JSON.stringify(failure), String(failure.cause)].join("\n");
    expect(shown).not.toMatch(/plan|phra|cust/);
  });

  it("is in no error either when it is short", async () => {
    await using at = await polytomicAt(() => ({ status: 422, json: { message: "passphrase 7q! is too short" } }));
    const failure = await refusal(editorOf(at).create({ ...FULL_DRAFT, encryptionPassphrase: "7q!" }, KEY));
    expect(failure.message).not.toContain("7q!");
  });
});

describe("switching a polytomic sync", () => {
  it.each([true, false])("has an endpoint of its own, after which the sync is read: %s", async (active) => {
    await using at = await polytomicWith(
      { to: `POST ${SYNC}/activate`, body: { data: { id: SYNC_ID, active } } },
      { to: `GET ${SYNC}`, body: { data: { ...manual, active } } },
    );
    expect(await editorOf(at).setActive(SYNC_ID, active)).toMatchObject({ remoteId: SYNC_ID, active });
    expect(at.sent()).toEqual([
      { request: `POST ${SYNC}/activate`, body: { active } },
      { request: `GET ${SYNC}`, body: null },
    ]);
    for (const { headers } of at.vendor.requests) expect(headers).toMatchObject(conformance.headers);
  });

  it("says that it was switched when only reading it back fails", async () => {
    const replies = repliesInOrder({ json: { data: {} } }, { status: 503, json: {} });
    await using at = await polytomicAt(replies);
    expect(await refusal(editorOf(at).setActive(SYNC_ID, true))).toMatchObject({
      code: "PROVIDER_UNAVAILABLE",
      sent: true,
      message: expect.stringMatching(/503; the change itself was made, only reading it back failed$/) as string,
    });
  });

  it("of an unknown sync is refused as the vendor refuses it", async () => {
    await using at = await polytomicAt(() => ({ status: 404, json: {} }));
    expect(await refusal(editorOf(at).setActive(SYNC_ID, true))).toMatchObject({ code: "PROVIDER_NOT_FOUND" });
    expect(at.vendor.requests).toHaveLength(1);
  });
});

describe("deleting a polytomic sync", () => {
  it("is one request, and done when the vendor answers nothing", async () => {
    await using at = await polytomicAt(() => ({}));
    await editorOf(at).delete(SYNC_ID);
    expect(at.vendor.requests).toMatchObject([{ method: "DELETE", path: SYNC, body: "" }]);
    expect(at.vendor.requests[0]?.headers).toMatchObject(conformance.headers);
  });

  it("is done when there is no such sync, also when its first answer was lost", async () => {
    const replies = repliesInOrder(cutOff, { status: 404, json: {} });
    await using at = await polytomicAt(replies, { limits: { tries: 3 } });
    await editorOf(at).delete(SYNC_ID);
    expect(at.vendor.requests).toHaveLength(2);
  });

  it("fails when the vendor refuses it", async () => {
    await using at = await polytomicAt(() => ({ status: 409, json: { message: "sync is locked" } }));
    expect(await refusal(editorOf(at).delete(SYNC_ID))).toMatchObject({ code: "PROVIDER_CONFLICT" });
  });
});

describe("cancelling whatever runs of a polytomic sync", () => {
  it("is one request without a body", async () => {
    await using at = await polytomicAt(() => ({ json: { data: { message: "queued" } } }));
    await at.provider.cancelAll?.(SYNC_ID);
    expect(at.vendor.requests).toMatchObject([{ method: "POST", path: `${SYNC}/cancel`, body: "" }]);
    expect(at.vendor.requests[0]?.headers).toMatchObject(conformance.headers);
  });

  it("is not sent again, because another run may have begun", async () => {
    await using at = await polytomicAt(() => ({ status: 503, json: {} }), { limits: { tries: 3 } });
    const failure = await refusal(at.provider.cancelAll?.(SYNC_ID) ?? Promise.resolve());
    expect(failure).toMatchObject({ code: "PROVIDER_UNAVAILABLE", sent: true });
    expect(at.vendor.requests).toHaveLength(1);
  });
});
