// Changes of a model sync that meet other people's, and those that fail: nothing is sent twice, and nothing is told that must stay secret.
import { describe, expect, it } from "vitest";
import { DefinitionKind } from "../../../src/domain/definition.ts";
import { repliesInOrder } from "../../support/fake-vendor.ts";
import type { FakeReply } from "../../support/fake-vendor.ts";
import { refusal } from "../../support/provider-values.ts";
import { PASSPHRASE, RAW_SYNC, UPDATED_AT, WRITABLE, keeping } from "./full-sync.ts";
import { SYNC_ID, editorOf, linesOf, polytomicAt } from "./polytomic-at-fake-vendor.ts";

const SYNC = `/api/syncs/${SYNC_ID}`;
const ANYTIME = { expectedUpdatedAt: null };

describe("a polytomic sync that others have changed", () => {
  it("since the caller read it is left alone", async () => {
    await using at = await polytomicAt(keeping());
    const editing = editorOf(at).update(
      SYNC_ID,
      { name: "Renamed" },
      { expectedUpdatedAt: new Date("2026-03-01T00:00:00Z") },
    );
    expect(await refusal(editing)).toMatchObject({
      code: "EDIT_CONFLICT",
      retryable: false,
      sent: false,
      message: `polytomic-eu: update sync "${SYNC_ID}": expected it as changed at 2026-03-01T00:00:00.000Z, got a change of 2026-03-02T11:00:00.000Z; nothing was changed`,
    });
    expect(linesOf(at.vendor.requests)).toEqual([`GET ${SYNC}`]);
  });

  it("at a time the vendor does not tell is left alone too", async () => {
    await using at = await polytomicAt(keeping({ ...RAW_SYNC, updated_at: null }));
    const editing = editorOf(at).update(SYNC_ID, { name: "Renamed" }, { expectedUpdatedAt: UPDATED_AT });
    expect(await refusal(editing)).toMatchObject({ code: "EDIT_CONFLICT", sent: false });
  });

  it("not since then is changed, however the time is written", async () => {
    await using at = await polytomicAt(keeping({ ...RAW_SYNC, updated_at: "2026-03-02T12:00:00.000+01:00" }));
    await editorOf(at).update(SYNC_ID, { name: "Renamed" }, { expectedUpdatedAt: UPDATED_AT });
    expect(linesOf(at.vendor.requests)).toContain(`PUT ${SYNC}`);
  });

  const answered = (changes: object): FakeReply => ({ json: { data: { ...RAW_SYNC, name: "Renamed", ...changes } } });
  const status: FakeReply = { json: { data: {} } };

  it("while the change was made is told, and by what", async () => {
    const other = { filters: [], schedule: { frequency: "manual" }, encryption_passphrase: "planted by others" };
    await using at = await polytomicAt(repliesInOrder(answered({}), answered(other), answered(other)));
    const failure = await refusal(editorOf(at).update(SYNC_ID, { name: "Renamed" }, ANYTIME));
    expect(failure).toMatchObject({ code: "EDIT_CONFLICT", retryable: false, sent: true });
    expect(failure.message).toBe(
      `polytomic-eu: update sync "${SYNC_ID}": the change was made, but schedule, filters, encryption_passphrase stand otherwise than before it: another edit came in between, or the vendor changed them along`,
    );
    expect(linesOf(at.vendor.requests)).toEqual([`GET ${SYNC}`, `PUT ${SYNC}`, `GET ${SYNC}`]);
  });

  it("only by the look of the answer is read again, and then the change is good", async () => {
    const masked = { encryption_passphrase: undefined, fields: undefined };
    await using at = await polytomicAt(repliesInOrder(answered({}), answered(masked), answered({}), status));
    const answer = await editorOf(at).update(SYNC_ID, { name: "Renamed" }, ANYTIME);
    expect(answer).toMatchObject({ name: "Renamed", hasEncryptionPassphrase: true });
    expect(answer.fields).toHaveLength(2);
  });

  it("only in words that say the same is not taken for changed", async () => {
    const { override_fields: _overrides, ...plain } = RAW_SYNC;
    const fields = [{ target: "Email", source: RAW_SYNC.fields[0]?.source, new: false, sync_mode: "updateOrCreate" }];
    const before = { ...plain, fields, overrides: [], policies: ["b", "a"], sync_all_records: false };
    const after = {
      ...before,
      name: "Renamed",
      fields: [{ encryption_enabled: false, source: RAW_SYNC.fields[0]?.source, target: "Email" }],
      override_fields: null,
      overrides: null,
      policies: ["a", "b"],
      sync_all_records: null,
      schedule: { frequency: "daily", hour: "05", minute: "30", day_of_week: null, run_after: null },
      updated_at: "2026-03-02T12:00:00Z",
      last_run: "some field that comes and goes",
    };
    await using at = await polytomicAt(repliesInOrder({ json: { data: before } }, { json: { data: after } }, status));
    expect(await editorOf(at).update(SYNC_ID, { name: "Renamed" }, ANYTIME)).toMatchObject({ name: "Renamed" });
  });

  it("by a read under way from before the change is read anew", async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await using at = await polytomicAt(async (request, index) => {
      if (index === 0) {
        await released;
        return { json: { data: { ...RAW_SYNC, name: "Old" } } };
      }
      return (await keeping()(request, index)) ?? {};
    });
    const listing = at.provider.getDefinition(SYNC_ID, DefinitionKind.ModelSync);
    await at.vendor.untilRequests(1);
    await editorOf(at).update(SYNC_ID, { mode: "update" }, ANYTIME);
    release();
    await listing;
    expect(at.vendor.requests.find(({ method }) => method === "PUT")?.json()).toMatchObject({ name: WRITABLE.name });
  });
});

describe("a change of a polytomic sync that fails", () => {
  it("is not sent again when its answer is lost", async () => {
    await using at = await polytomicAt(
      ({ method }) => (method === "PUT" ? (response) => response.destroy() : { json: { data: RAW_SYNC } }),
      { limits: { tries: 3 } },
    );
    const failure = await refusal(editorOf(at).update(SYNC_ID, { name: "Renamed" }, ANYTIME));
    expect(failure).toMatchObject({ code: "PROVIDER_UNAVAILABLE", sent: true });
    expect(linesOf(at.vendor.requests)).toEqual([`GET ${SYNC}`, `PUT ${SYNC}`]);
  });

  it("before it is sent has changed nothing", async () => {
    await using at = await polytomicAt(() => ({ status: 503, json: {} }), { limits: { tries: 3 } });
    const failure = await refusal(editorOf(at).update(SYNC_ID, { name: "Renamed" }, ANYTIME));
    expect(failure).toMatchObject({ code: "PROVIDER_UNAVAILABLE", retryable: true, sent: false });
    expect(linesOf(at.vendor.requests)).not.toContain(`PUT ${SYNC}`);
  });

  const { schedule: _schedule, ...timeless } = RAW_SYNC;
  const unfit: readonly (readonly [string, object, string])[] = [
    ["lacks its schedule", timeless, 'expected "data.schedule" to be there, got nothing'],
    ["has null for its target", { ...RAW_SYNC, target: null }, 'expected "data.target" to be there, got null'],
    [
      "masks the passphrase",
      { ...RAW_SYNC, encryption_passphrase: "********" },
      'expected "data.encryption_passphrase" to be the passphrase itself, to be sent back, got a masked one',
    ],
    [
      "holds a number that does not survive being read",
      { ...RAW_SYNC, overrides: [{ field_id: "f", value: [2 ** 60] }] },
      'expected "data.overrides" to be numbers that can be sent back as they are, got a larger one',
    ],
  ];
  it.each(unfit)("is not sent when the vendor's answer %s", async (_name, sync, problem) => {
    await using at = await polytomicAt(keeping(sync));
    const failure = await refusal(editorOf(at).update(SYNC_ID, { name: "Renamed" }, ANYTIME));
    expect(failure).toMatchObject({ code: "PROVIDER_BAD_RESPONSE", sent: false });
    expect(failure.message).toBe(`polytomic-eu: GET ${SYNC}: ${problem}`);
    expect(linesOf(at.vendor.requests)).toEqual([`GET ${SYNC}`]);
  });

  it("with a masked passphrase is sent when it brings one", async () => {
    const sync = { ...RAW_SYNC, encryption_passphrase: "********" };
    await using at = await polytomicAt(keeping(sync));
    await editorOf(at).update(SYNC_ID, { encryptionPassphrase: "planted anew" }, ANYTIME);
    expect(at.vendor.requests[1]?.json()).toEqual({ ...WRITABLE, encryption_passphrase: "planted anew" });
  });

  it("does not tell the passphrase it carried, though the vendor repeats it", async () => {
    await using at = await polytomicAt(({ method, body }) =>
      method === "PUT"
        ? { status: 400, json: { message: `cannot use ${body.slice(-120)}` } }
        : { json: { data: RAW_SYNC } },
    );
    const failure = await refusal(editorOf(at).update(SYNC_ID, { name: "Renamed" }, ANYTIME));
    expect(failure).toMatchObject({ code: "PROVIDER_REJECTED", httpStatus: 400 });
    expect([failure.stack, JSON.stringify(failure), String(failure.cause)].join()).not.toContain(
      PASSPHRASE.slice(0, 7),
    );
  });

  it.each([{ data: null }, { data: { id: 7 } }, [], 7])(
    "has been sent when its answer cannot be read: %j",
    async (json) => {
      await using at = await polytomicAt(repliesInOrder({ json: { data: RAW_SYNC } }, { json }));
      const failure = await refusal(editorOf(at).update(SYNC_ID, { name: "Renamed" }, ANYTIME));
      expect(failure).toMatchObject({ code: "PROVIDER_BAD_RESPONSE", sent: true });
    },
  );
});
