// Cursors: whole round trips; what was tampered with, is another list's or another tenant's is refused.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { ledgerCursor, pageCursor, parseLedgerCursor, parsePageCursor } from "../../src/graphql/cursors.ts";
import { thrownCode } from "../support/thrown-code.ts";

const names = fc.string({ unit: "grapheme" });
const moments = fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 });

describe("page cursors", () => {
  it("give back the place they were made from, by name or by time", () => {
    fc.assert(
      fc.property(fc.oneof(names, moments), names, (value, id) => {
        expect(
          parsePageCursor("tasks", pageCursor("tasks", { value, id }), typeof value === "string" ? "text" : "number"),
        ).toEqual({ value, id });
      }),
    );
  });

  it("refuse every other text with CURSOR_INVALID and nothing else", () => {
    const texts = fc.oneof(fc.string({ unit: "binary" }), fc.base64String(), fc.json().map(base64url));
    fc.assert(
      fc.property(texts, fc.constantFrom("text" as const, "number" as const), (text, sortedBy) => {
        expect(thrownCode(() => parsePageCursor("tasks", text, sortedBy))).toBe(ErrorCode.CursorInvalid);
      }),
    );
  });

  it.each([
    ["of another list", pageCursor("transitions", { value: 1, id: "a" })],
    ["of the same list in another order", pageCursor("syncs CREATED_AT ASC", { value: 1, id: "a" })],
    ["of another version", base64url(JSON.stringify(["0", "syncs CREATED_AT DESC", 1, "a"]))],
    ["with a text where a time belongs", pageCursor("syncs CREATED_AT DESC", { value: "1' or 1=1", id: "a" })],
    ["with a time no calendar has", pageCursor("syncs CREATED_AT DESC", { value: Number.MAX_SAFE_INTEGER, id: "a" })],
    ["with half a millisecond", base64url('["1","syncs CREATED_AT DESC",0.5,"a"]')],
    ["with an object for an id", base64url('["1","syncs CREATED_AT DESC",1,{"$ne":null}]')],
    [
      "with a zero byte, which a database may not take",
      pageCursor("syncs CREATED_AT DESC", { value: 1, id: "\u0000" }),
    ],
    ["with something added", base64url('["1","syncs CREATED_AT DESC",1,"a",1]')],
    ["of nothing", ""],
  ])("refuse one %s", (_case, cursor) => {
    expect(thrownCode(() => parsePageCursor("syncs CREATED_AT DESC", cursor, "number"))).toBe(ErrorCode.CursorInvalid);
  });

  it("refuse a time where a name belongs", () => {
    expect(thrownCode(() => parsePageCursor("tasks", pageCursor("tasks", { value: 1, id: "a" }), "text"))).toBe(
      ErrorCode.CursorInvalid,
    );
    expect(thrownCode(() => parsePageCursor("tasks", pageCursor("tasks", { value: "a\u0000", id: "a" }), "text"))).toBe(
      ErrorCode.CursorInvalid,
    );
  });
});

describe("ledger cursors", () => {
  const sequences = fc.nat({ max: 999_999_999_999_999 });

  it("give back the number they were made from", () => {
    fc.assert(
      fc.property(names, sequences, (tenant, sequence) => {
        expect(parseLedgerCursor(tenant, ledgerCursor(tenant, sequence))).toMatchObject({ sequence, ledgerId: null });
      }),
    );
  });

  it("of one tenant are refused to every other", () => {
    fc.assert(
      fc.property(names, names, sequences, (tenant, other, sequence) => {
        fc.pre(tenant !== other);
        expect(thrownCode(() => parseLedgerCursor(other, ledgerCursor(tenant, sequence)))).toBe(
          ErrorCode.CursorInvalid,
        );
      }),
    );
  });

  it("with another number put in are refused", () => {
    fc.assert(
      fc.property(sequences, sequences, (sequence, other) => {
        fc.pre(sequence !== other);
        const text = Buffer.from(ledgerCursor("t1", sequence), "base64url").toString("utf8");
        expect(thrownCode(() => parseLedgerCursor("t1", base64url(text.replace(`.${sequence}.`, `.${other}.`))))).toBe(
          ErrorCode.CursorInvalid,
        );
      }),
    );
  });

  it("refuse every other text with CURSOR_INVALID and nothing else", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.base64String(),
      fc.string().map((text) => base64url(`1.${text}`)),
      fc.nat().map((sequence) => base64url(`1.${sequence}`)),
      fc.nat().map((sequence) => base64url(`1.-${sequence}.000000000000`)),
      fc.constant(ledgerCursor("t1", 5)).map((cursor) => cursor.repeat(20)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(thrownCode(() => parseLedgerCursor("t1", text))).toBe(ErrorCode.CursorInvalid);
      }),
    );
  });
});

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}
