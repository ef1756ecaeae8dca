// Cursors that somebody changed, took from another list or tenant, or kept from another version: refused, or the very same place.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import type { LedgerPlace } from "../../src/domain/ledger-place.ts";
import { ledgerCursor, pageCursor, parseLedgerCursor, parsePageCursor } from "../../src/graphql/cursors.ts";
import { tried } from "../support/properties.ts";
import { thrownCode } from "../support/thrown-code.ts";

const sequences = fc.nat({ max: 999_999_999_999_999 });
const tenants = fc.string({ unit: "grapheme", maxLength: 40 });
const hexadecimal = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });
const ledgerIds = hexadecimal(16);
const marks = fc.option(hexadecimal(12));
/** Also such as versions before gave, which name no ledger. */
const places: fc.Arbitrary<LedgerPlace> = fc.oneof(
  fc.record({ sequence: sequences, ledgerId: ledgerIds, mark: marks }),
  sequences.map((sequence) => ({ sequence, ledgerId: null, mark: null })),
);

/** The place that a cursor is read as; the code where it is refused. */
function read(tenant: string, cursor: string): LedgerPlace | string {
  try {
    return parseLedgerCursor(tenant, cursor);
  } catch {
    return String(thrownCode(() => parseLedgerCursor(tenant, cursor)));
  }
}

/** The same place without the name of its ledger, which is refused wherever it matters. */
const unnamed = ({ sequence }: LedgerPlace): LedgerPlace => ({ sequence, ledgerId: null, mark: null });

const textOf = (cursor: string): string => Buffer.from(cursor, "base64url").toString("utf8");
const cursorOf = (text: string): string => Buffer.from(text).toString("base64url");

describe("a ledger cursor", () => {
  it("gives back the place it was made from, ledger and transition too", () => {
    fc.assert(
      fc.property(tenants, places, (tenant, place) => {
        expect(read(tenant, ledgerCursor(tenant, place))).toEqual(place);
      }),
      tried(1_000),
    );
  });

  it("begins with what versions before wrote, so that they read it", () => {
    fc.assert(
      fc.property(tenants, places, (tenant, place) => {
        const [old, now] = [ledgerCursor(tenant, place.sequence), ledgerCursor(tenant, place)].map(textOf);
        expect(now?.split(".").slice(0, 3).join(".")).toBe(old);
      }),
      tried(1_000),
    );
  });

  it("with any one bit of it changed is refused, or reads as the place it was made for", () => {
    fc.assert(
      fc.property(tenants, places, (tenant, place) => {
        const bytes = Buffer.from(ledgerCursor(tenant, place), "latin1");
        const others = Array.from({ length: bytes.length * 8 }, (_, bit) => {
          const changed = Buffer.from(bytes);
          changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
          return read(tenant, changed.toString("latin1"));
        });
        const allowed = new Set([place, unnamed(place), ErrorCode.CursorInvalid].map((one) => JSON.stringify(one)));
        expect(others.filter((other) => !allowed.has(JSON.stringify(other)))).toEqual([]);
      }),
      tried(100),
    );
  });

  it("cut, lengthened or put together from two is refused, or reads as one of the two places", () => {
    fc.assert(
      fc.property(tenants, places, places, fc.nat(), fc.nat(), (tenant, one, other, from, to) => {
        const [left, right] = [ledgerCursor(tenant, one), ledgerCursor(tenant, other)];
        const mixed = left.slice(0, from % (left.length + 1)) + right.slice(to % (right.length + 1));
        expect([ErrorCode.CursorInvalid, one, other, unnamed(one), unnamed(other)]).toContainEqual(read(tenant, mixed));
      }),
      tried(1_000),
    );
  });

  it("with the ledger or the transition of another one put in is refused", () => {
    fc.assert(
      fc.property(
        tenants,
        sequences,
        ledgerIds,
        ledgerIds,
        marks,
        marks,
        (tenant, sequence, one, other, mark, last) => {
          fc.pre(one !== other || mark !== last);
          const parts = textOf(ledgerCursor(tenant, { sequence, ledgerId: one, mark })).split(".");
          parts[3] = other;
          parts[4] = last ?? "";
          expect(read(tenant, cursorOf(parts.join(".")))).toBe(ErrorCode.CursorInvalid);
        },
      ),
      tried(1_000),
    );
  });

  it("of another tenant is refused", () => {
    fc.assert(
      fc.property(tenants, tenants, places, (tenant, other, place) => {
        fc.pre(tenant !== other);
        expect(read(other, ledgerCursor(tenant, place))).toBe(ErrorCode.CursorInvalid);
      }),
      tried(1_000),
    );
  });

  it("of another version is refused", () => {
    fc.assert(
      fc.property(tenants, places, fc.string({ maxLength: 3 }), (tenant, place, version) => {
        fc.pre(version !== "1");
        const [, ...rest] = textOf(ledgerCursor(tenant, place)).split(".");
        expect(read(tenant, cursorOf([version, ...rest].join(".")))).toBe(ErrorCode.CursorInvalid);
      }),
      tried(1_000),
    );
  });
});

describe("a page cursor", () => {
  const lists = fc.oneof(
    fc.constantFrom(
      "linkedAccounts",
      "syncs CREATED_AT DESC",
      "syncs CREATED_AT ASC",
      "syncs OBSERVED_AT DESC",
      "tasks",
    ),
    fc.string({ unit: "grapheme" }),
  );
  const texts = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"));
  const positions = fc.oneof(
    fc.record({ value: texts, id: texts }),
    fc.record({ value: fc.integer({ min: -8.64e15, max: 8.64e15 }), id: texts }),
  );

  it("of another list, or of the same list in another order, is refused", () => {
    fc.assert(
      fc.property(lists, lists, positions, (list, other, place) => {
        fc.pre(list !== other);
        const sortKey = typeof place.value === "string" ? "text" : "number";
        expect(thrownCode(() => parsePageCursor(other, pageCursor(list, place), sortKey))).toBe(
          ErrorCode.CursorInvalid,
        );
        expect(parsePageCursor(list, pageCursor(list, place), sortKey)).toEqual(place);
      }),
      tried(1_000),
    );
  });

  it("that was changed is refused, or is a place of the same list and of the same kind", () => {
    fc.assert(
      fc.property(lists, positions, fc.nat(), (list, place, bit) => {
        const bytes = Buffer.from(pageCursor(list, place), "latin1");
        const at = bit % (bytes.length * 8);
        bytes.writeUInt8(bytes.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3);
        const sortKey = typeof place.value === "string" ? "text" : "number";
        const changed = bytes.toString("latin1");
        const isPlace = ({ value, id }: { readonly value: unknown; readonly id: unknown }): boolean =>
          typeof value === typeof place.value && typeof id === "string";
        expect(kindOf(() => isPlace(parsePageCursor(list, changed, sortKey)))).not.toBe("another place");
      }),
      tried(1_000),
    );
  });
});

/** Whether a read is refused as it must be, or gives what was expected. */
function kindOf(read: () => boolean): "refused" | "a place" | "another place" {
  try {
    return read() ? "a place" : "another place";
  } catch (error) {
    return error instanceof GatewayError && error.code === ErrorCode.CursorInvalid ? "refused" : "another place";
  }
}
